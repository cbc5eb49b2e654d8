"""The report as tests read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.world import World


def section(world: World, heading: str) -> str:
    """Return a section of the last report's text, in one line."""
    text = world.mails("report")[-1].text.replace("\r", "")
    found = re.search(rf"\n{heading.upper()}\n(.*?)\n\n(?:[A-Z, ]+\n|Open the dashboard)", text, re.DOTALL)
    assert found, f"no {heading} in:\n{text}"
    return " ".join(found[1].split())
