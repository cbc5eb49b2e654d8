"""People of a campaign, and its keys: invite people, change their roles and remove them; make keys and revoke them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.delivering.controls import AuditEntry
from undersigned.domain.errors import ExplainedError, NotFoundError
from undersigned.domain.languages import Message
from undersigned.domain.people.api_keys import DIGITS_SHOWN, ApiKey, checked_label, digest_of
from undersigned.domain.people.people import MOST_PEOPLE, Member, Person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.aws.api_keys import ApiKeys
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.people import People
    from undersigned.aws.queue import PeopleMails
    from undersigned.domain.people.actions import Action
    from undersigned.domain.people.api_keys import Scope
    from undersigned.domain.people.people import Role
    from undersigned.services.people.access import Holder
    from undersigned.services.people.directory import Directory
    from undersigned.services.people.known_campaigns import KnownCampaigns


class PeopleError(ExplainedError):
    """The people or keys of a campaign can't be changed like this; says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Heir:
    """A person or key that takes over keys: the name in the activity log, and the maker of the keys from then on."""

    name: str
    maker: str | None


@dataclass(frozen=True, slots=True)
class Removed:
    """Somebody who was removed from a campaign, and the keys that were revoked or taken over."""

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
        member = Member(campaign, Person(self.directory.id_of(email), email), role, by, self.clock())
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
        """Give a person another role, and revoke those of their keys that may do more.

        Raises NotFoundError, PeopleError for the last owner, ChangedError.
        """
        known = self.member(campaign, person)
        changed = replace(known, role=role)
        if known.role != role:
            another_owner = self._other_owner(known)
            with self.keys.going_with(campaign, person, by, but=changed):
                self.people.put(changed, known, another_owner=another_owner)
            self._record(campaign, "change role", by, f"{known.person.email} {role}")
        return changed

    def remove(
        self, campaign: str, person: str, by: str, holder: Holder | None = None, *, takes_over: bool = False
    ) -> Removed:
        """Remove a person, whose sessions open the campaign no more, and revoke their keys.

        Or let `holder`, who removes the person, take over the keys; without a holder, the command line does. Raises as
        `set_role` does, and PeopleError if somebody would take over their own keys.
        """
        known = self.member(campaign, person)
        heir = Heir(by, holder.maker if holder else None) if takes_over else None
        if heir and heir.maker == person:
            raise PeopleError(Message("You can’t take over your own keys. Another owner can, who removes you."))
        another_owner = self._other_owner(known)
        with self.keys.going_with(campaign, person, by, heir=heir) as keys:
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

    def _record(self, campaign: str, action: Action, by: str, about: str) -> None:
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

    def make(  # noqa: PLR0913  (what the form has)
        self,
        campaign: str,
        scope: Scope,
        label: str,
        expires_at: datetime | None,
        by: str,
        *,
        holder: Holder | None = None,
    ) -> tuple[str, ApiKey]:
        """Make a key, and return its text, which is not kept. `holder` makes it; without one, the command line does.

        Raises GivenError for a label that can't be kept, and ChangedError if the holder was removed meanwhile.
        """
        label = checked_label(label)
        text, maker = new_key_text(), holder.maker if holder else None
        key = ApiKey(campaign, digest_of(text), scope, label, self.clock(), expires_at, by, maker)
        self.keys.put_api_key(key, holder)
        self._record(campaign, "create key", by, f"{key.digest[:DIGITS_SHOWN]} {scope}", label)
        return text, key

    @contextmanager
    def going_with(
        self, campaign: str, person: str, by: str, *, heir: Heir | None = None, but: Member | None = None
    ) -> Iterator[list[ApiKey]]:
        """Revoke a person's keys while the block removes the person, or let an heir take them over. Yield them.

        With `but`, keys that may do no more than this role stay. It happens before the block, so that a run that fails
        leaves the person on the list, and after it, because the person may make another key meanwhile.
        """

        def let_go() -> None:
            # While keys are revoked, one of them can still make another.
            while keys := self._keys_of_person(campaign, person, but):
                for key in keys:
                    self._let_go(key, by, heir)
                gone.extend(keys)

        gone: list[ApiKey] = []
        let_go()
        yield gone
        let_go()

    def _keys_of_person(self, campaign: str, person: str, but: Member | None) -> list[ApiKey]:
        found = [key for key in self.keys.api_keys(campaign) if key.maker == person]
        return [key for key in found if but is None or not but.allows(key.scope)]

    def _let_go(self, key: ApiKey, by: str, heir: Heir | None) -> None:
        if heir:
            self.keys.hand_over(replace(key, by=heir.name, maker=heir.maker))
        else:
            self.keys.remove_api_key(key.campaign, key.digest)
        self._record(key.campaign, "take over key" if heir else "revoke key", by, key.digest[:DIGITS_SHOWN], "")

    def revoke(self, campaign: str, digits: str, by: str) -> ApiKey:
        """Revoke the key whose SHA-256 begins with these digits. Raises NotFoundError unless there is exactly one."""
        found = [key for key in self.keys.api_keys(campaign) if key.digest.startswith(digits)]
        if len(found) != 1:
            message = f"{campaign} has no such key"
            raise NotFoundError(message)
        self.keys.remove_api_key(campaign, found[0].digest)
        self._record(campaign, "revoke key", by, found[0].digest[:DIGITS_SHOWN], "")
        return found[0]

    def _record(self, campaign: str, action: Action, by: str, about: str, why: str) -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())
