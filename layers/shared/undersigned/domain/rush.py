"""Rushes: when many people sign at once, some things are done for a batch of them instead of one by one."""

from __future__ import annotations

from zlib import crc32

RUSH = 25
"""How many emails in one batch of the stream are a rush."""

COUNTED_LATER = RUSH
"""From how many new letters in one batch on they are counted later. A batch is what comes in a second in one of the
stream's shards, so few campaigns ever see that."""

DRAWN_OF = 16
"""Of how many emails one is drawn, which then stands for all of them in the budgets of a rush."""


def is_drawn(mail_request: str) -> bool:
    """Say whether an email is drawn. It depends on the random id of its request only, so it stays the same."""
    return crc32(mail_request.encode()) % DRAWN_OF == 0
