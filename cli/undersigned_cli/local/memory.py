"""What a stopped stack keeps for its next start: its ports, and what its resources were made from."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from undersigned_cli.local.serving import HOST

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "last.json"


@dataclass(frozen=True, slots=True)
class Ports:
    """The stack's ports on 127.0.0.1. 0 means the port of the last start, or any other if that is not free."""

    front: int = 8000
    desk: int = 8001
    mail: int = 0
    clients: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """The ports of the last start, and the fingerprint of what its resources were made from."""

    ports: Ports | None = None
    made: str | None = None

    @classmethod
    def read(cls, state: Path) -> Memory:
        """Return the memory in a state folder; it is empty in a new folder."""
        try:
            known = json.loads((state / _FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        return cls(Ports(**known["ports"]), known["made"])

    def write(self, state: Path) -> None:
        """Write the memory to a state folder."""
        fresh = state / f"{_FILE}.new"
        fresh.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        fresh.replace(state / _FILE)

    def ports_for(self, wanted: Ports) -> Ports:
        """Return the ports to use: for each 0, the port of the last start if it is free."""
        if self.ports is None:
            return wanted
        kept = {
            name: before
            for name, before in asdict(self.ports).items()
            if getattr(wanted, name) == 0 and _is_free(before)
        }
        return replace(wanted, **kept)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
