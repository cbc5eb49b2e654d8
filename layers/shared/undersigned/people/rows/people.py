"""People: their roles, readable from the campaign and from the person, and their sessions.

| row | pk | sk |
|---|---|---|
| a campaign's person | `PEOPLE#<campaign>` | `<person>` |
| a person's campaign | `PERSON#<person>` | `<campaign>` |
| session | `SESSION#<person>` | `<id>` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import (
    NEW,
    Check,
    Delete,
    Key,
    Put,
    Repository,
    read_choice,
    read_moment,
    read_row,
    read_rows,
    written,
)
from undersigned.people.rules.people import Member, Person, Role

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from undersigned.base.table import Values, Write


def people_partition(campaign: str) -> str:
    """Return the partition of a campaign's people."""
    return f"PEOPLE#{campaign}"


def of_campaign(campaign: str, person: str) -> Key:
    """Return the key of a person among a campaign's people."""
    return Key(people_partition(campaign), person)


def of_person(person: str, campaign: str) -> Key:
    """Return the key of a campaign among a person's campaigns."""
    return Key(f"PERSON#{person}", campaign)


def _session_key(person: str, session: str) -> Key:
    return Key(f"SESSION#{person}", session)


class People(Repository):
    """People in the table."""

    def members(self, campaign: str) -> tuple[Member, ...]:
        """Read a campaign's people consistently, in the order of their ids."""
        return tuple(read_rows(_of_campaign, self._rows(people_partition(campaign))))

    def member(self, campaign: str, person: str) -> Member | None:
        """Read a person's role in a campaign consistently."""
        row = self._table.get(of_campaign(campaign, person), consistent=True)
        return read_row(_of_campaign, row) if row else None

    def campaigns_of(self, person: str) -> tuple[Member, ...]:
        """Read a person's roles consistently, in the order of the campaigns' ids."""
        return tuple(read_rows(_of_person, self._rows(of_person(person, "").pk)))

    def put(self, member: Member, known: Member | None, *, another_owner: Member | None = None) -> None:
        """Write a role that is new or `known`; if given, only while another person is an owner. Raises ChangedError."""
        unchanged = NEW if known is None else Attr("role").eq(known.role)
        values = {"email": member.person.email, "role": member.role, "by": member.by, "at": written(member.at)}
        keys = _keys(member)
        self._transact([Put({**key._asdict(), **values}, unchanged) for key in keys], another_owner)

    def remove(self, known: Member, *, another_owner: Member | None = None) -> None:
        """Remove a role; if given, only while another person is an owner. Raises ChangedError."""
        unchanged = Attr("role").eq(known.role)
        self._transact([Delete(key, unchanged) for key in _keys(known)], another_owner)

    def _transact(self, writes: list[Write], another_owner: Member | None) -> None:
        if another_owner is not None:
            key = of_campaign(another_owner.campaign, another_owner.person.id)
            writes.append(Check(key, Attr("role").eq("owner")))
        self._table.transact(writes)

    def session(self, person: str, session: str, campaign: str | None = None) -> tuple[Person | None, Member | None]:
        """Read the person of a session and their role in a campaign, consistently. None if either doesn't exist."""
        keys = [_session_key(person, session)]
        keys += [of_person(person, campaign)] if campaign else []
        rows = {row["pk"].partition("#")[0]: row for row in self._table.batch_get(keys)}
        known, role = ([rows[kind]] if kind in rows else [] for kind in ("SESSION", "PERSON"))
        # A person with a damaged session signs in again.
        return (
            next(read_rows(lambda row: Person(person, row["email"]), known), None),
            next(read_rows(_of_person, role, whole=True), None),
        )

    def put_session(self, person: Person, session: str, expires_at: datetime) -> None:
        """Write a new session."""
        values = {"email": person.email, "expires_at": int(expires_at.timestamp())}
        self._table.put({**_session_key(person.id, session)._asdict(), **values}, NEW)

    def end_session(self, person: str, session: str) -> None:
        """Delete a session, if it exists."""
        self._table.delete(_session_key(person, session))

    def end_sessions(self, person: str) -> None:
        """Delete all sessions of a person."""
        for row in self._rows(_session_key(person, "").pk):
            self._table.delete(Key(row["pk"], row["sk"]))

    def _rows(self, pk: str) -> Iterator[Values]:
        return self._table.query(pk, consistent=True)


def _keys(member: Member) -> tuple[Key, Key]:
    return (
        of_campaign(member.campaign, member.person.id),
        of_person(member.person.id, member.campaign),
    )


def _of_campaign(values: Values) -> Member:
    return _member(values["pk"].partition("#")[2], values["sk"], values)


def _of_person(values: Values) -> Member:
    return _member(values["sk"], values["pk"].partition("#")[2], values)


def _member(campaign: str, person: str, values: Values) -> Member:
    return Member(
        campaign,
        Person(person, values["email"]),
        read_choice(Role.__value__, values["role"]),
        values["by"],
        read_moment(values["at"]),
    )
