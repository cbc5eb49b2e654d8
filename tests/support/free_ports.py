"""A port for a server that runs next to others."""

from __future__ import annotations

import socket

from undersigned_cli.local.serving import HOST


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
