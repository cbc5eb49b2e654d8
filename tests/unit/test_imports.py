"""Check that no files import each other in a circle, not even for their types, and that tests replace no wiring."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PLACES = ("layers/shared", "cli")

REPLACED = {
    # What takes most of the time of thousands of histories: typesetting, composing and drawing.
    "undersigned.base.fonts.font_book",
    "undersigned.delivering.packing._letter",
    "undersigned.delivering.printing.packets.typeset",
    "undersigned.delivering.printing.typesetter._COMPILATIONS_UNTIL_FORGOTTEN",
    "undersigned.signing.emails.confirmation",
    "undersigned.workshop.printing.share_pictures.share_pictures",
    # Files of the program.
    "undersigned.base.assets._FOLDER",
    "undersigned.base.fonts.FONT_PACKAGES",
    "undersigned.base.languages.CATALOGS",
    "undersigned_cli.campaign_folder.empty_files",
    "undersigned_cli.commands.deploying.PROJECT",
    "undersigned_cli.commands.stack.ROOT",
    # The DNS, a terminal, and the stack in CloudFormation.
    "undersigned_cli.commands.dead_letters._physical_id",
    "undersigned_cli.commands.doctor.txt_records",
    "undersigned_cli.deploying.questions.sys",
    # A moment at which nothing is called: a crash or another's step comes there, or a step is counted or may not come.
    "undersigned.delivering.delivering.email_of",
    "undersigned.people.signing_in.is_code",
    "undersigned.signing.confirmation_emails.send",
    "undersigned.workshop.drafting.read_campaign",
    "undersigned.workshop.drafting.write",
    "undersigned.workshop.logos._drawn",
}


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("undersigned", "undersigned_cli", "functions", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    assert list(TopologicalSorter(imports).static_order())


def test_tests_replace_only_these_parts_of_modules() -> None:
    """Limits are in `Stack.limits`; a call of AWS fails, or something comes before it, by the world's `watch`."""
    texts = (file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    assert {part for text in texts if "setattr" in text for part in replaced_in(text)} == REPLACED


def replaced_in(text: str) -> Iterator[str]:
    """Yield the parts of the product's modules that a file replaces with `setattr`."""
    tree = ast.parse(text)
    imported = {
        name.asname or name.name: f"{found.module}.{name.name}"
        for found in ast.walk(tree)
        if isinstance(found, ast.ImportFrom)
        for name in found.names
    }
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "setattr":
            match call.args:
                case [ast.Constant(value=str(part)), _]:
                    pass
                case [ast.Name(id=name), ast.Constant(value=str(attribute)), _] if name in imported:
                    part = f"{imported[name]}.{attribute}"
                case _:
                    continue
            module = part.rpartition(".")[0].replace(".", "/")
            if any((ROOT / place / f"{module}{end}").is_file() for place in PLACES for end in (".py", "/__init__.py")):
                yield part
