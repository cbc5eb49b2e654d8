"""Errors that keep the local stack from running, each with a message of one line."""

from __future__ import annotations

from undersigned.domain.errors import UndersignedError


class LocalStackError(UndersignedError):
    """The local stack can't start or is not running. The message says what to do and which log has more."""


class PortTakenError(LocalStackError):
    """Another program uses a port."""

    def __init__(self, server: str, port: int, reason: str | None) -> None:
        """Name the server that needs the port, and why it can't have it."""
        super().__init__(
            f"port {port} for {server} is not free ({reason}); end the program that uses it, or choose another port"
        )
