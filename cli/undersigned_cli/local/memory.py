"""What a stopped stack leaves for its next start: its ports, and what was deployed."""

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
    """The stack's ports on 127.0.0.1; 0 is any free one, the same as last time if that is free."""

    front: int = 8000
    desk: int = 8001
    emulator: int = 0
    mail: int = 0

    @classmethod
    def any_free(cls) -> Ports:
        """Return ports that are chosen when the stack starts."""
        return cls(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Memory:
    """The last start's ports and, when its deployment ended well, the fingerprint of it."""

    ports: Ports | None = None
    deployed: str | None = None

    @classmethod
    def read(cls, state: Path) -> Memory:
        """Read what a state folder remembers; a new one remembers nothing."""
        try:
            known = json.loads((state / _FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        return cls(Ports(**known["ports"]), known["deployed"])

    def write(self, state: Path) -> None:
        """Remember this."""
        fresh = state / f"{_FILE}.new"
        fresh.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        fresh.replace(state / _FILE)

    def ports_for(self, wanted: Ports) -> Ports:
        """Return the ports to take: where any free one will do, the one of last time if it is free."""
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
