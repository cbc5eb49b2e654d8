"""Access: check API keys, and make a wrong one wait. A valid key never waits for others' failures."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from undersigned.base.abuse_counters import AbuseCounters
from undersigned.base.errors import JUST_A_MOMENT, UndersignedError
from undersigned.base.languages import Message
from undersigned.base.networks import RATE_WINDOW, window_of
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import digest_of, group_of_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.base.scopes import Scope
    from undersigned.base.stack import Stack
    from undersigned.people.rules.api_keys import ApiKey, KeyScope
    from undersigned.people.rules.people import Member

MOST_REFUSALS = 10
"""The most wrong keys of one group that are refused in a minute. Further ones have to wait.

The limit protects the table from programs that repeat a wrong key. Keys need no protection by it: they have 256 random
bits, and the API takes 200 requests in a second.
"""

_WHO_MAY: Mapping[Scope, Message] = {
    "read": Message("Ask an owner of the campaign to invite you."),
    "manage": Message(
        "To see letters or change anything, you must be an editor or an owner of the campaign. Ask an owner."
    ),
    "own": Message("Only owners can do this. Ask an owner of the campaign, or the person who runs the system."),
}


class KeyRefusedError(UndersignedError):
    """No valid key for this campaign: it is missing, wrong, expired, revoked or another campaign's."""

    status = 401
    title = Message("A key is missing or wrong")
    detail = Message(
        "Send `Authorization: Bearer <key>` with a key of this campaign. `undersigned key create` creates one."
    )


class ScopeError(UndersignedError):
    """The person is known, but may not do this; carries the scope that it takes."""

    status = 403
    title = Message("You may not do this")

    def __init__(self, held: Scope, needed: Scope) -> None:
        """Keep the scope that it takes."""
        super().__init__(f"this takes the scope {needed}, and there is {held}")
        self.detail = _WHO_MAY[needed]


class KeyScopeError(UndersignedError):
    """The key is known, but may not read this; carries the scope that it takes."""

    status = 403
    title = Message("This key may not read this")

    def __init__(self, needed: KeyScope) -> None:
        """Keep the scope that it takes."""
        super().__init__(f"this takes a key with the scope {needed}")
        self.detail = Message(
            "Use a key with the scope `%(scope)s`. `undersigned key create --scope %(scope)s` creates one.",
            {"scope": needed},
        )


class TooManyRefusalsError(UndersignedError):
    """This key is wrong, and such keys were sent too often; carries how long to wait, in seconds."""

    status = 429
    title = JUST_A_MOMENT

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many wrong keys; wait {seconds} s")
        self.retry_after = seconds
        self.detail = Message.counted(
            "This key is wrong, and was sent too often. Wait %(seconds)s second, then send the right key.",
            "This key is wrong, and was sent too often. Wait %(seconds)s seconds, then send the right key.",
            seconds,
            {"seconds": seconds},
        )


def authorize(stack: Stack, campaign: str, text: str) -> ApiKey:
    """Return the campaign's key with this text.

    Raises KeyRefusedError if no valid key of the campaign has this text, or TooManyRefusalsError if too many such keys
    were refused in this minute.
    """
    if not text:
        message = "no key was sent"
        raise KeyRefusedError(message)
    now, digest = stack.clock(), digest_of(text)
    found = ApiKeys(stack.table).api_key(campaign, digest) if ID_PATTERN.fullmatch(campaign) else None
    if found is None or not found.is_opened_by(digest, now):
        _count_refusal(stack, campaign, digest, now)
        message = "this key does not open this campaign"
        raise KeyRefusedError(message)
    return found


def _count_refusal(stack: Stack, campaign: str, digest: str, now: datetime) -> None:
    """Count a wrong key by the beginning of its digest and its campaign. Raises TooManyRefusalsError."""
    window, group = window_of(now, RATE_WINDOW), group_of_refusal(campaign, digest)
    counters = AbuseCounters(stack.table)
    refused = counters.refusals(group, window)
    if refused >= MOST_REFUSALS:
        raise TooManyRefusalsError(ceil((window + RATE_WINDOW - now).total_seconds()))
    counters.set_refusals(group, window, refused + 1)


def check_scope(member: Member, scope: Scope) -> None:
    """Raise ScopeError unless a person has a scope."""
    if not member.allows(scope):
        raise ScopeError(member.scope, scope)
