"""People: their roles, readable from the campaign (`Member`) and from the person, and their sessions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key, Row
from undersigned.base.table import NEW, Check, Delete, Put, Repository, read_row, read_rows
from undersigned.people.rules.people import Member, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.base.rows import Values
    from undersigned.base.table import Write


@dataclass(frozen=True, slots=True)
class CampaignOfPerson(Member):
    """The same role among the campaigns of a person. It is read as a `Member`."""

    pk, sk = "PERSON#{id}", "{campaign}"


@dataclass(frozen=True, slots=True)
class SessionOfPerson(Row):
    """A session, for which a browser has a token."""

    pk, sk = "SESSION#{person}", "{id}"

    person: str
    id: str
    email: str
    expires_at: datetime


class People(Repository):
    """People in the table."""

    def members(self, campaign: str) -> tuple[Member, ...]:
        """Read a campaign's people consistently, in the order of their ids."""
        return tuple(read_rows(Member.read, self._rows(Member.partition(campaign=campaign))))

    def member(self, campaign: str, person: str) -> Member | None:
        """Read a person's role in a campaign consistently."""
        row = self._table.get(Member.locate(campaign=campaign, id=person), consistent=True)
        return read_row(Member.read, row) if row else None

    def campaigns_of(self, person: str) -> tuple[Member, ...]:
        """Read a person's roles consistently, in the order of the campaigns' ids."""
        return tuple(read_rows(_read_campaign, self._rows(CampaignOfPerson.partition(id=person))))

    def keys(self, campaign: str) -> Iterator[Key]:
        """Return the keys of a campaign's people's rows, the owners' last: only an owner can go on with deleting."""
        rows = self._table.query(Member.partition(campaign=campaign), consistent=True)
        for row in sorted(rows, key=lambda row: row["role"] == "owner"):
            yield CampaignOfPerson.locate(id=row["sk"], campaign=campaign)
            yield Key(row["pk"], row["sk"])

    def put(self, member: Member, known: Member | None, *, another_owner: Member | None = None) -> None:
        """Write a role that is new or `known`; if given, only while another person is an owner. Raises ChangedError."""
        unchanged = NEW if known is None else Attr("role").eq(known.role)
        self._transact([Put(row.item(), unchanged) for row in _rows_of(member)], another_owner)

    def remove(self, known: Member, *, another_owner: Member | None = None) -> None:
        """Remove a role; if given, only while another person is an owner. Raises ChangedError."""
        unchanged = Attr("role").eq(known.role)
        self._transact([Delete(row.own_key(), unchanged) for row in _rows_of(known)], another_owner)

    def _transact(self, writes: list[Write], another_owner: Member | None) -> None:
        if another_owner is not None:
            writes.append(Check(another_owner.own_key(), Attr("role").eq("owner")))
        self._table.transact(writes)

    def session(self, person: str, session: str, campaign: str | None = None) -> tuple[Person | None, Member | None]:
        """Read the person of a session and their role in a campaign, consistently. None if either doesn't exist."""
        of_session = SessionOfPerson.locate(person=person, id=session)
        of_role = CampaignOfPerson.locate(id=person, campaign=campaign)
        rows = self._table.batch_get([of_session, of_role] if campaign else [of_session])
        found = {Key(row["pk"], row["sk"]): [row] for row in rows}
        # A person with a damaged session signs in again.
        known = next(read_rows(SessionOfPerson.read, found.get(of_session, [])), None)
        role = next(read_rows(_read_campaign, found.get(of_role, []), whole=True), None)
        return Person(person, known.email) if known else None, role

    def put_session(self, person: Person, session: str, expires_at: datetime) -> None:
        """Write a new session."""
        self._table.put(SessionOfPerson(person.id, session, person.email, expires_at).item(), NEW)

    def end_session(self, person: str, session: str) -> None:
        """Delete a session, if it exists."""
        self._table.delete(SessionOfPerson.locate(person=person, id=session))

    def end_sessions(self, person: str) -> None:
        """Delete all sessions of a person."""
        for row in self._rows(SessionOfPerson.partition(person=person)):
            self._table.delete(Key(row["pk"], row["sk"]))

    def _rows(self, pk: str) -> Iterator[Values]:
        return self._table.query(pk, consistent=True)


def _rows_of(member: Member) -> tuple[Member, Member]:
    return member, CampaignOfPerson(**asdict(member))


def _read_campaign(values: Values) -> Member:
    return Member(**asdict(CampaignOfPerson.read(values)))
