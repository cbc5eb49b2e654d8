"""Rushes: when many people sign at once, some things are done for a batch of them instead of one by one."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

RUSH = 25
"""How many emails in one batch of the stream are a rush."""

COUNTED_LATER = RUSH
"""From how many new letters in one batch on they are counted later. A batch is what comes in a second in one of the
stream's shards, so few campaigns ever see that."""

DRAWN_OF = 16
"""Of how many emails one is drawn, which then stands for all of them in the budgets of a rush."""

SLOW_BATCH = timedelta(seconds=5)
"""How long a batch takes, at the pace of SES, from which on it is slow."""

_LONGEST_BATCH = timedelta(seconds=30)
"""How long a batch sends emails, because those of the next batches wait for it. The last call may take 12 s more."""

_OLDEST_OF_SLOW = timedelta(seconds=20)
"""How old the emails of a slow batch may be before they go into the queue instead."""

_OLDEST_OF_RUSH = timedelta(seconds=40)
"""The same for any batch of a rush: more people sign than the stream's reader can send to, however fast SES is."""


def longest_batch(age: timedelta, emails: int, *, is_slow: bool) -> timedelta:
    """Return how long a batch sends its emails, of which the oldest has this age. The rest goes into the queue.

    So the stream stays less than a minute behind, and what is left of the time is used for sending.
    """
    if not is_slow and emails < RUSH:
        return _LONGEST_BATCH
    oldest = _OLDEST_OF_SLOW if is_slow else _OLDEST_OF_RUSH
    return max(timedelta(), min(_LONGEST_BATCH, oldest - age))


def may_be_queued(age: timedelta) -> bool:
    """Say whether emails of this age may be in the queue already, because a batch with them came before."""
    return age >= _OLDEST_OF_SLOW


def is_drawn(mail_request: str) -> bool:
    """Say whether an email is drawn. It depends on the id of its request only, so it stays the same."""
    return crc32(mail_request.encode()) % DRAWN_OF == 0
