"""People of a campaign: invite them, change their roles and remove them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.errors import NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.rows import Key
from undersigned.campaigns.activity import record
from undersigned.campaigns.rules.controls import AuditEntry
from undersigned.people.directory import find_person, id_of
from undersigned.people.keys import revoke_keys_of
from undersigned.people.queue import people_mails
from undersigned.people.rows.people import People
from undersigned.people.rules.api_keys import ApiKey
from undersigned.people.rules.people import MOST_PEOPLE, Member

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Role


# Each returns more than a notice, which the command prints, and one can revoke keys as well.
ACTIONS |= {
    "add person": Action(
        Message("Invited somebody"),
        "person add",
        "/people",
        scope="own",
        done={"invited": Message("Invited. An email says how to sign in.")},
    ),
    "change role": Action(
        Message("Changed somebody’s role"),
        "person role",
        "/people/<person>/role",
        scope="own",
        done={"role-changed": Message("The role is changed. It takes effect at once.")},
    ),
    "remove person": Action(
        Message("Removed somebody"),
        "person remove",
        "/people/<person>/remove",
        scope="own",
        done={"person-removed": Message("Removed. They can’t open this campaign any more.")},
    ),
}


class PeopleError(NotNowError):
    """The people or keys of a campaign can't be changed like this; says why, and the way out."""


def members_of(stack: Stack, campaign: str) -> tuple[Member, ...]:
    """Return a campaign's people, by address."""
    return tuple(sorted(People(stack.table).members(campaign), key=lambda member: member.email.casefold()))


def invite(stack: Stack, campaign: str, email: str, role: Role, by: str) -> Member:
    """Give the person with an address a role in a campaign that exists, and email them an invitation.

    `email_mistake` must have accepted the address. A person with this role is only invited again. Raises PeopleError if
    the person has another role or the campaign has too many.
    """
    known = People(stack.table).members(campaign)
    member = Member(campaign, id_of(stack, email), email, role, by, stack.clock())
    earlier = next((other for other in known if other.id == member.id), None)
    if earlier is not None and earlier.role != role:
        raise PeopleError(Message("This person is on the list already. Change their role there."))
    if earlier is None and len(known) >= MOST_PEOPLE:
        raise PeopleError(
            Message("A campaign has %(most)s people at most. Remove somebody first.", {"most": MOST_PEOPLE})
        )
    if earlier is None:
        People(stack.table).put(member, None)
    record(stack, campaign, "add person", by, f"{email} {role}")
    people_mails(stack).put_invitation(campaign, member.id)
    return member


def change_role(stack: Stack, campaign: str, person: str, role: Role, by: str) -> Member:
    """Give a person another role. Their keys are revoked, because only an owner has keys.

    Raises NotFoundError, PeopleError for the last owner, ChangedError.
    """
    known = _member(stack, campaign, person)
    changed = replace(known, role=role)
    if known.role != role:
        another_owner = _other_owner(stack, known)
        revoke_keys_of(stack, campaign, person, by)
        People(stack.table).put(changed, known, another_owner=another_owner)
        # They may have made another one meanwhile.
        revoke_keys_of(stack, campaign, person, by)
        record(stack, campaign, "change role", by, f"{known.email} {role}")
    return changed


def remove(stack: Stack, campaign: str, person: str, by: str) -> tuple[Member, int]:
    """Remove a person and revoke their keys. Their sessions no longer open the campaign. Return the number of keys.

    Raises NotFoundError, PeopleError for the last owner, ChangedError.
    """
    known = _member(stack, campaign, person)
    another_owner = _other_owner(stack, known)
    # First, so that a run that fails leaves the person on the list.
    keys = revoke_keys_of(stack, campaign, person, by)
    People(stack.table).remove(known, another_owner=another_owner)
    # They may have made another one meanwhile.
    keys += revoke_keys_of(stack, campaign, person, by)
    record(stack, campaign, "remove person", by, known.email)
    if find_person(stack, person) is None:
        People(stack.table).end_sessions(person)
    return known, len(keys)


def delete_access(stack: Stack, campaign: str) -> None:
    """Delete a campaign's people, its keys and its activity log, before another campaign gets its id."""
    for key in People(stack.table).keys(campaign):
        stack.table.delete(key)
    for partition in (ApiKey.partition(campaign=campaign), AuditEntry.partition(campaign=campaign)):
        for row in stack.table.query(partition, consistent=True):
            stack.table.delete(Key(row["pk"], row["sk"]))


def _member(stack: Stack, campaign: str, person: str) -> Member:
    found = People(stack.table).member(campaign, person)
    if found is None:
        message = f"{campaign} has no such person"
        raise NotFoundError(message)
    return found


def _other_owner(stack: Stack, known: Member) -> Member | None:
    """Return an owner who stays when this one goes; None if no owner has to. Raises PeopleError if nobody stays."""
    if known.role != "owner" or stack.settings.admin_email:
        return None
    for other in People(stack.table).members(known.campaign):
        if other.role == "owner" and other.id != known.id:
            return other
    raise PeopleError(Message("This is the last owner. Make somebody else an owner first."))
