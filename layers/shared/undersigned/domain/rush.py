"""Rushes: when many people sign at once, some things are done for a batch of them instead of one by one."""

from __future__ import annotations

RUSH = 25
"""How many emails in one batch of the stream are a rush."""

COUNTED_LATER = RUSH
"""From how many new letters in one batch on they are counted later. A batch is what comes in a second in one of the
stream's shards, so few campaigns ever see that."""
