"""Check that every name in docs/glossary.md exists in the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|[^|]*\|$", (ROOT / "docs/glossary.md").read_text("utf-8"), flags=re.MULTILINE
)
IN_CODE = [(word, name) for word, code in ROWS for name in re.findall(r"`(.+?)`", code)]


def names_of(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.ClassDef(name=name):
                yield name
                yield from (f"{name}.{member}" for member in names_of(node.body))
            case ast.FunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.TypeAlias(name=ast.Name(id=name)):
                yield name


def test_each_name_in_the_glossary_exists_in_the_code() -> None:
    files = (ROOT / "layers/shared/undersigned").rglob("*.py")
    names = {name for file in files for name in names_of(ast.parse(file.read_text("utf-8")).body)}

    assert ("target", "Target") in IN_CODE
    assert [f"{word}: there is no {name} in the code" for word, name in IN_CODE if name not in names] == []
