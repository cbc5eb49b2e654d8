"""A campaign's keys, for programs that read: make them, and revoke them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.errors import NotFoundError
from undersigned.base.languages import Message
from undersigned.campaigns.activity import record
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import DIGITS_SHOWN, KEY_WORKS_FOR, ApiKey, checked_label, digest_of

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.people.rules.api_keys import KeyScope
    from undersigned.people.rules.people import Member

ACTIONS |= {
    # It returns the key's text, which is shown once and kept nowhere.
    "create key": Action(Message("Created a key"), "key create", "/keys", scope="own"),
    # A person who is removed, or gets another role, loses theirs, too.
    "revoke key": Action(
        Message("Revoked a key"),
        "key revoke",
        "/keys/<key>/revoke",
        scope="own",
        done={"key-revoked": Message("The key is revoked. It stopped working at once.")},
    ),
}


def keys_of(stack: Stack, campaign: str) -> tuple[ApiKey, ...]:
    """Return a campaign's keys, the newest first."""
    return tuple(sorted(ApiKeys(stack.table).api_keys(campaign), key=lambda key: key.created_at, reverse=True))


def new_key_text() -> str:
    """Return the random text of a new key."""
    return f"us_{secrets.token_urlsafe(32)}"


def make_key(  # noqa: PLR0913  (a key's parts)
    stack: Stack, campaign: str, scope: KeyScope, label: str, by: str, *, member: Member | None = None
) -> tuple[str, ApiKey]:
    """Make a key for 90 days, and return its text, which is not kept.

    Without a `member`, the command line makes it. Raises GivenError for a label that can't be kept, and ChangedError if
    the member has just been removed.
    """
    label, now, text = checked_label(label), stack.clock(), new_key_text()
    maker = member.person.id if member else None
    key = ApiKey(campaign, digest_of(text), scope, label, now, now + KEY_WORKS_FOR, by, maker)
    ApiKeys(stack.table).put_api_key(key, member)
    record(stack, campaign, "create key", by, f"{key.digest[:DIGITS_SHOWN]} {scope}", label)
    return text, key


def revoke_key(stack: Stack, campaign: str, digits: str, by: str) -> None:
    """Revoke the key whose SHA-256 begins with these digits. Raises NotFoundError unless there is exactly one."""
    found = [key for key in keys_of(stack, campaign) if key.digest.startswith(digits)]
    if len(found) != 1:
        message = f"{campaign} has no such key"
        raise NotFoundError(message)
    _revoke(stack, found[0], by)


def revoke_keys_of(stack: Stack, campaign: str, person: str, by: str) -> list[ApiKey]:
    """Revoke the keys that a person made, and return them."""
    found = [key for key in keys_of(stack, campaign) if key.maker == person]
    for key in found:
        _revoke(stack, key, by)
    return found


def _revoke(stack: Stack, key: ApiKey, by: str) -> None:
    ApiKeys(stack.table).remove_api_key(key.campaign, key.digest)
    record(stack, key.campaign, "revoke key", by, key.digest[:DIGITS_SHOWN])
