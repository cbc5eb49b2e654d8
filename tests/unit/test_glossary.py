"""Check that every name in docs/glossary.md exists in the code, and that keys of rows have its words."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.product_files import ADAPTERS, PRODUCT, RULES, product_files
from tests.support.rows import row_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|[^|]*\|$", GLOSSARY, flags=re.MULTILINE)
[ENTITIES] = re.findall(
    r"^## Entities$(.+?)^## ", (ROOT / "docs/data-model.md").read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
)
WORDS = {
    word
    for term in re.findall(r"^\| ([^|`(]+)", GLOSSARY + ENTITIES, flags=re.MULTILINE)
    for word in re.findall(r"[a-z-]+", term.lower())
}
NO_ENTITYS = {"all", "day", "head", "hour", "meta"}
"""Words of keys that say only when, or that an entity has one row."""
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
    files = PRODUCT.rglob("*.py")
    names = {name for file in files for name in names_of(ast.parse(file.read_text("utf-8")).body)}

    assert ("target", "Target") in IN_CODE
    assert [f"{word}: there is no {name} in the code" for word, name in IN_CODE if name not in names] == []


def words_of_keys(module: Path) -> Iterator[str]:
    """Yield the fixed words of the keys that a module makes: those before a `#`, and what `Key` is given as it is."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        match node:
            case ast.Constant(value=str(text)) if re.match(r"[A-Z][A-Z_]+#", text):
                yield from re.findall(r"[A-Z_]+(?=#)", text)
            case ast.Call(func=ast.Name(id="Key"), args=[*_, ast.Constant(value=str(text))]) if text.isupper():
                yield text


def is_known(word: str) -> bool:
    spoken = word.lower()
    return any(
        {part, part.removesuffix("s"), part.removesuffix("d")} & (WORDS | NO_ENTITYS)
        for part in (spoken.replace("_", "-"), spoken.rpartition("_")[2])
    )


def test_each_word_in_a_key_is_in_the_glossary_or_names_its_entity() -> None:
    words = {word for module in product_files(*ADAPTERS, *RULES) for word in words_of_keys(module)}
    words |= {word for kind in row_classes() for word in re.findall(r"[A-Z][A-Z_]+", f"{kind.pk} {kind.sk}")}

    assert {"CAMPAIGN", "CONTROLS", "GONE", "SOURCE", "STOP"} <= words
    assert [word for word in sorted(words) if not is_known(word)] == []
