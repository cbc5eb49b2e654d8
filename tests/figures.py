"""Write figures into docs/reliability.md. The command that measures a figure calls this."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- figures: written by the commands, not by hand -->", "<!-- end of figures -->"
_HEAD = "| What | Figure | By | On |\n|---|---|---|---|\n"


def write(command: str, figures: dict[str, object], page: Path = PAGE) -> None:
    """Write the figures that a command (`make soak`) measured into the page's table, in place of their old values."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(_BEGIN)
    table, closed, after = rest.partition(_END)
    if not (found and closed):
        message = f"{page.name} lacks the markers for figures: {_BEGIN} … {_END}"
        raise ValueError(message)
    lines = [line for line in table.strip().splitlines()[2:] if line]
    rows = {line.split("|")[1].strip(): line for line in lines}
    today = datetime.now(UTC).date().isoformat()
    rows |= {what: f"| {what} | {figure} | `{command}` | {today} |" for what, figure in figures.items()}
    page.write_text(f"{before}{_BEGIN}\n\n{_HEAD}{'\n'.join(rows.values())}\n\n{_END}{after}", encoding="utf-8")
