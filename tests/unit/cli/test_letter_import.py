from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from undersigned.base.errors import UndersignedError
from undersigned_cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

PAPER = "Mayor ____\n\nDear Mayor ____,\n\nPlant trees.\n\nSincerely,\n\n(signature)\n(date)\n(name)\n(address)\n"


def test_an_imported_letter_replaces_a_file_only_with_force(tmp_path: Path) -> None:
    paper, letter = tmp_path / "paper.txt", tmp_path / "letter.md"
    paper.write_text(PAPER, encoding="utf-8")
    letter.write_text("my own letter", encoding="utf-8")
    command = ["letter", "import", str(paper), "-o", str(letter)]

    with pytest.raises(UndersignedError, match="is there already; name another file with -o, or replace it with"):
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert letter.read_text(encoding="utf-8") == "my own letter"

    done = CliRunner().invoke(app, [*command, "--force"], catch_exceptions=False)
    assert done.exit_code == 1
    assert "letter.md:1: [fill in] is a blank; replace it with what belongs there" in " ".join(done.output.split())
    assert letter.read_text(encoding="utf-8").startswith("Mayor [fill in]\n\nDear Mayor [fill in],\n\nPlant trees.")
    assert "\n\n{{ note }}\n" in letter.read_text(encoding="utf-8")
