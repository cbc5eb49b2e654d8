"""What can keep the local stack from running, in one line each."""

from __future__ import annotations

from undersigned.domain.errors import UndersignedError


class LocalStackError(UndersignedError):
    """The local stack can't start, or isn't there; says the way out and where the rest stands."""
