"""Keep the figures that a run measured, and write them into docs/reliability.md when `make figures` says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".undersigned" / "figures.json"
PAGE = ROOT / "docs" / "reliability.md"
_BEGIN, _END = "<!-- figures: written by the commands, not by hand -->", "<!-- end of figures -->"
_HEAD = "| What | Figure | By | On |\n|---|---|---|---|\n"


def keep(file: str, figures: dict[str, object]) -> None:
    """Keep the figures that a file of tests measured, in place of their old values."""
    command = f"pytest --scale=nightly {Path(file).relative_to(ROOT)}"
    rows = _kept()
    today = datetime.now(UTC).date().isoformat()
    rows |= {what: f"| {what} | {figure} | `{command}` | {today} |" for what, figure in figures.items()}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def main() -> None:
    """Write the kept figures into the page's table, in place of their old values."""
    before, rest = PAGE.read_text(encoding="utf-8").split(_BEGIN)
    table, after = rest.split(_END)
    rows = {line.split("|")[1].strip(): line for line in table.strip().splitlines()[2:]} | _kept()
    PAGE.write_text(f"{before}{_BEGIN}\n\n{_HEAD}{'\n'.join(rows.values())}\n\n{_END}{after}", encoding="utf-8")


def _kept() -> dict[str, str]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


if __name__ == "__main__":
    main()
