"""The error of a local stack that can't run."""

from __future__ import annotations

from undersigned.base.errors import UndersignedError


class LocalStackError(UndersignedError):
    """The local stack can't start or is not running. The message says what to do and which log has more."""
