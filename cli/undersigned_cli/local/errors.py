"""What can keep the local stack from running, in one line each."""

from __future__ import annotations

from undersigned.domain.errors import UndersignedError


class LocalStackError(UndersignedError):
    """The local stack can't start, or isn't there; says the way out and where the rest stands."""


class PortTakenError(LocalStackError):
    """Another program has a port."""

    def __init__(self, server: str, port: int, reason: str | None) -> None:
        """Take what was to listen there, and why it can't."""
        super().__init__(
            f"port {port} for {server} is not free ({reason}); end the program that has it, or choose another port"
        )
