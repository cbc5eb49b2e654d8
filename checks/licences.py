"""Write docs/licences.md: what ships with a deployed stack, and under which licences.

Licences come from the metadata of the installed packages, whose versions uv.lock fixes. A licence that is not known to
be compatible with our MIT licence is an error, in a package or in a Rust crate that it is compiled from.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
ASSETS = ROOT / "layers" / "shared" / "undersigned" / "assets" / "LICENCES.md"
LAYERS = ("dependencies", "typesetting")

COMPATIBLE = {
    *("MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "PSF-2.0", "Unicode-3.0", "BSL-1.0"),
    *("Apache-2.0", "Apache-2.0 WITH LLVM-exception", "CC0-1.0", "Unlicense"),
    "OFL-1.1",  # fonts keep this licence, and may ship with software under any licence
    "MPL-2.0",  # requires the source of its own files only, which is public and unchanged
}
"""SPDX identifiers of licences that are compatible with shipping next to MIT code."""

CLASSIFIERS = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: MIT No Attribution License (MIT-0)": "MIT-0",
}
"""Classifiers that name one licence. `BSD License` does not: it can have two, three or four clauses."""

IN_WORDS = {"Apache License 2.0": "Apache-2.0", "Dual License": ""}
"""Words in metadata that stand for an SPDX identifier. If it names no licence, the text of the licence decides."""

TEXTS = {
    "MIT": "Permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "BSD-3-Clause": "Neither the name of the copyright holder nor the names of its contributors may be used to endorse",
}
"""Text that identifies the licence of a package whose metadata names none."""

HEAD = """\
# Licences of what ships

Undersigned is under the [MIT licence](../LICENSE). A deployed stack also contains the packages and files below. All of
them may ship with code under the MIT licence. `make licences` writes this page. `make lint` fails when the page is out
of date, and when something ships whose licence is not known to fit.
"""
CRATES = """
Typst and resvg are compiled from Rust crates. The metadata of their wheels lists each crate and its licence (`sboms/`),
and `make lint` checks these, too.
"""


class LicenceError(Exception):
    """Something that ships has no licence, or one that is not known to be compatible."""


def page() -> str:
    """Return what docs/licences.md must say now."""
    parts = [HEAD]
    for layer in LAYERS:
        parts.append(f"\n## layers/{layer}\n\n| package | version | licence |\n|---|---|---|\n")
        parts += [_row(name, distribution(name)) for name in _packages(layer)]
    parts += [CRATES, "\n## In browsers\n\n", *_assets()]
    parts.append(
        "\nThe texts of these licences are in [that folder](../layers/shared/undersigned/assets/LICENCES.md).\n"
    )
    return "".join(parts)


def licence_of(package: Distribution) -> str:
    """Return a package's SPDX expression, from its metadata or else from the text of its licence."""
    said = package.metadata.get("License-Expression") or package.metadata.get("License") or ""
    said = IN_WORDS.get(said, said)
    if said and fits(said):
        return said
    classified = [CLASSIFIERS.get(line) for line in package.metadata.get_all("Classifier", ())]
    found = said or next(filter(None, classified), None) or _by_text(package)
    if not found or not fits(found):
        message = f"{package.name}: {found or 'no licence found'}; if it is compatible, add it to checks/licences.py"
        raise LicenceError(message)
    return found


def fits(expression: str) -> bool:
    """Return whether an SPDX expression allows a compatible choice. AND binds tighter than OR."""
    flat = expression
    while inner := re.search(r"\(([^()]*)\)", flat):
        flat = flat.replace(inner[0], "MIT" if fits(inner[1]) else "incompatible")
    return any(all(term.strip() in COMPATIBLE for term in choice.split(" AND ")) for choice in flat.split(" OR "))


def crates_that_do_not_fit(package: Distribution) -> list[str]:
    """Return the crates in a wheel's bill of materials (CycloneDX) whose licences are not known to be compatible."""
    found = []
    for bill in _files(package, "/sboms/"):
        for crate in json.loads(bill)["components"]:
            licences = [_spdx(licence) for licence in crate.get("licenses", ())]
            if not licences or not all(map(fits, licences)):
                found.append(f"{crate['name']} ({' AND '.join(licences) or 'no licence found'})")
    return found


def _packages(layer: str) -> list[str]:
    requirements = (ROOT / "layers" / layer / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([\w.-]+)==", requirements, flags=re.MULTILINE)


def _row(name: str, package: Distribution) -> str:
    if crates := crates_that_do_not_fit(package):
        message = f"{name}: its crates {', '.join(crates)}; if they are compatible, add them to checks/licences.py"
        raise LicenceError(message)
    return f"| [{name}](https://pypi.org/project/{name}/) | {package.version} | {licence_of(package)} |\n"


def _by_text(package: Distribution) -> str | None:
    texts = [" ".join(text.split()) for text in _files(package, "LICENSE")]
    return next((name for name, words in TEXTS.items() if any(words in text for text in texts)), None)


def _files(package: Distribution, part: str) -> list[str]:
    """Return the texts of a package's metadata files that have `part` in their paths."""
    return [file.read_text() for file in package.files or () if ".dist-info/" in str(file) and part in str(file)]


def _spdx(licence: dict[str, dict[str, str] | str]) -> str:
    named = licence.get("license")
    return str(licence.get("expression") or (named.get("id") or named.get("name") if isinstance(named, dict) else None))


def _assets() -> list[str]:
    """Return the table of third-party files that browsers load."""
    return [line for line in ASSETS.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("|")]


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` print how it differs."""
    try:
        now = page()
    except LicenceError as error:
        print(f"licences: {error}", file=sys.stderr)
        return 1
    if "--check" not in arguments:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    before = PAGE.read_text(encoding="utf-8")
    sys.stderr.writelines(
        difflib.unified_diff(before.splitlines(keepends=True), now.splitlines(keepends=True), "docs/licences.md", "now")
    )
    return int(before != now)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
