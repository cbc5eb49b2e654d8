"""Ports for a local stack that runs next to others."""

from __future__ import annotations

import socket

from undersigned_cli.local.serving import HOST
from undersigned_cli.local.settings import Ports

FREE_PORTS = Ports(0, 0)
"""Each port is chosen when the stack starts."""


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
