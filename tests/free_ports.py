"""Ports for a local stack that runs next to others."""

from __future__ import annotations

from undersigned_cli.local.memory import Ports

FREE_PORTS = Ports(0, 0, 0, 0)
"""Each port is chosen when the stack starts."""
