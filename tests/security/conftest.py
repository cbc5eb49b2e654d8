"""The stack in memory, as the integration tests have it."""

from __future__ import annotations

from tests.integration.conftest import world

__all__ = ["world"]
