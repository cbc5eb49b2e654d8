"""People of a campaign, and its keys: invite people, change their roles and remove them; make keys and revoke them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import ExplainedError, NotFoundError
from undersigned.base.languages import Message
from undersigned.campaigns.rules.controls import AuditEntry
from undersigned.people.rules.api_keys import DIGITS_SHOWN, KEY_WORKS_FOR, ApiKey, checked_label, digest_of
from undersigned.people.rules.people import MOST_PEOPLE, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.people.directory import Directory
    from undersigned.people.queue import PeopleMails
    from undersigned.people.rows.api_keys import ApiKeys
    from undersigned.people.rows.people import People
    from undersigned.people.rules.api_keys import KeyScope
    from undersigned.people.rules.people import Role
    from undersigned.services.people.known_campaigns import KnownCampaigns


class PeopleError(ExplainedError):
    """The people or keys of a campaign can't be changed like this; says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Somebody who was removed from a campaign, and their keys, which were revoked."""

    member: Member
    keys: tuple[ApiKey, ...]


@dataclass(kw_only=True, frozen=True, slots=True)
class PeopleOfCampaign:
    """Changes people's roles in a campaign."""

    campaigns: Campaigns
    people: People
    keys: KeysOfCampaign
    directory: Directory
    known: KnownCampaigns
    mails: Callable[[], PeopleMails]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def members(self, campaign: str) -> tuple[Member, ...]:
        """Return a campaign's people, by address."""
        return tuple(sorted(self.people.members(campaign), key=lambda member: member.person.email.casefold()))

    def add(self, campaign: str, email: str, role: Role, by: str) -> Member:
        """Give the person with an address a role, and email them an invitation.

        `email_mistake` must have accepted the address. A person with this role is only invited again. Raises
        NotFoundError if there is neither a campaign nor a draft of one, PeopleError if the person has another role or
        the campaign has too many.
        """
        if not self.known.has(campaign):
            message = f"there is no campaign `{campaign}`"
            raise NotFoundError(message)
        known = self.people.members(campaign)
        member = Member(campaign, self.directory.id_of(email), email, role, by, self.clock())
        earlier = next((other for other in known if other.person.id == member.person.id), None)
        if earlier is not None and earlier.role != role:
            raise PeopleError(Message("This person is on the list already. Change their role there."))
        if earlier is None and len(known) >= MOST_PEOPLE:
            raise PeopleError(
                Message("A campaign has %(most)s people at most. Remove somebody first.", {"most": MOST_PEOPLE})
            )
        if earlier is None:
            self.people.put(member, None)
        self._record(campaign, "add person", by, f"{email} {role}")
        self.mails().put_invitation(campaign, member.person.id)
        return member

    def set_role(self, campaign: str, person: str, role: Role, by: str) -> Member:
        """Give a person another role. Their keys are revoked unless they stay an owner.

        Raises NotFoundError, PeopleError for the last owner, ChangedError.
        """
        known = self.member(campaign, person)
        changed = replace(known, role=role)
        if known.role != role:
            another_owner = self._other_owner(known)
            with self.keys.going_with(campaign, person, by):
                self.people.put(changed, known, another_owner=another_owner)
            self._record(campaign, "change role", by, f"{known.person.email} {role}")
        return changed

    def remove(self, campaign: str, person: str, by: str) -> Removed:
        """Remove a person, whose sessions open the campaign no more, and revoke their keys.

        Raises NotFoundError, PeopleError for the last owner, ChangedError.
        """
        known = self.member(campaign, person)
        another_owner = self._other_owner(known)
        with self.keys.going_with(campaign, person, by) as keys:
            self.people.remove(known, another_owner=another_owner)
        self._record(campaign, "remove person", by, known.person.email)
        if self.directory.person(person) is None:
            self.people.end_sessions(person)
        return Removed(known, tuple(keys))

    def member(self, campaign: str, person: str) -> Member:
        """Return a person of a campaign. Raises NotFoundError."""
        found = self.people.member(campaign, person)
        if found is None:
            message = f"{campaign} has no such person"
            raise NotFoundError(message)
        return found

    def _other_owner(self, known: Member) -> Member | None:
        """Return an owner who stays when this one goes; None if no owner has to. Raises PeopleError if nobody stays."""
        if known.role != "owner" or self.directory.has_administrator:
            return None
        for other in self.people.members(known.campaign):
            if other.role == "owner" and other.person.id != known.person.id:
                return other
        raise PeopleError(Message("This is the last owner. Make somebody else an owner first."))

    def _record(self, campaign: str, action: str, by: str, about: str) -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about), self.new_id())


def new_key_text() -> str:
    """Return the random text of a new key."""
    return f"us_{secrets.token_urlsafe(32)}"


@dataclass(kw_only=True, frozen=True, slots=True)
class KeysOfCampaign:
    """Makes and revokes a campaign's keys."""

    campaigns: Campaigns
    keys: ApiKeys
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def keys_of(self, campaign: str) -> tuple[ApiKey, ...]:
        """Return a campaign's keys, the newest first."""
        return tuple(sorted(self.keys.api_keys(campaign), key=lambda key: key.created_at, reverse=True))

    def make(
        self, campaign: str, scope: KeyScope, label: str, by: str, *, member: Member | None = None
    ) -> tuple[str, ApiKey]:
        """Make a key for 90 days, and return its text, which is not kept.

        Without a `member`, the command line makes it. Raises GivenError for a label that can't be kept, and
        ChangedError if the member was removed meanwhile.
        """
        label, now = checked_label(label), self.clock()
        text, maker = new_key_text(), member.person.id if member else None
        key = ApiKey(campaign, digest_of(text), scope, label, now, now + KEY_WORKS_FOR, by, maker)
        self.keys.put_api_key(key, member)
        self._record(campaign, "create key", by, f"{key.digest[:DIGITS_SHOWN]} {scope}", label)
        return text, key

    @contextmanager
    def going_with(self, campaign: str, person: str, by: str) -> Iterator[list[ApiKey]]:
        """Revoke a person's keys while the block removes the person or changes their role. Yield the keys.

        It happens before the block, so that a run that fails leaves the person on the list, and after it, because the
        person may make another key meanwhile.
        """
        gone: list[ApiKey] = []
        gone += self._end_keys(campaign, person, by)
        yield gone
        gone += self._end_keys(campaign, person, by)

    def _end_keys(self, campaign: str, person: str, by: str) -> list[ApiKey]:
        found = [key for key in self.keys.api_keys(campaign) if key.maker == person]
        for key in found:
            self.keys.remove_api_key(campaign, key.digest)
            self._record(campaign, "revoke key", by, key.digest[:DIGITS_SHOWN], "")
        return found

    def revoke(self, campaign: str, digits: str, by: str) -> ApiKey:
        """Revoke the key whose SHA-256 begins with these digits. Raises NotFoundError unless there is exactly one."""
        found = [key for key in self.keys.api_keys(campaign) if key.digest.startswith(digits)]
        if len(found) != 1:
            message = f"{campaign} has no such key"
            raise NotFoundError(message)
        self.keys.remove_api_key(campaign, found[0].digest)
        self._record(campaign, "revoke key", by, found[0].digest[:DIGITS_SHOWN], "")
        return found[0]

    def _record(self, campaign: str, action: str, by: str, about: str, why: str) -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())
