"""Scopes: what somebody may do in a campaign. Each one includes those before it."""

from __future__ import annotations

from typing import Literal

Scope = Literal["read", "manage", "own"]
"""`read` gives access to counts and deliveries. Personal data and actions need `manage`; people and keys, `own`."""

_SCOPES: tuple[Scope, ...] = ("read", "manage", "own")


def includes(held: Scope, needed: Scope) -> bool:
    """Say whether one scope allows what another one does."""
    return _SCOPES.index(held) >= _SCOPES.index(needed)
