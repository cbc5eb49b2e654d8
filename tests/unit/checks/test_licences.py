from __future__ import annotations

import json
from importlib.metadata import Distribution
from typing import TYPE_CHECKING

import pytest

from checks.licences import LicenceError, crates_that_do_not_fit, fits, licence_of

if TYPE_CHECKING:
    from pathlib import Path


def installed(folder: Path, metadata: str = "", **files: str) -> Distribution:
    """Return a package as pip installs it, with these files next to its METADATA."""
    info = folder / "made_up-1.0.dist-info"
    files = {"METADATA": f"Metadata-Version: 2.4\nName: made-up\nVersion: 1.0\n{metadata}\n"} | files
    for name, text in files.items():
        (info / name).parent.mkdir(parents=True, exist_ok=True)
        (info / name).write_text(text, encoding="utf-8")
    (info / "RECORD").write_text("".join(f"{info.name}/{name},,\n" for name in files), encoding="utf-8")
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("(MIT OR GPL-3.0-only) AND Unicode-3.0", True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", True),
        ("", False),
    ],
)
def test_an_expression_fits_if_one_of_its_choices_fits(expression: str, *, expected: bool) -> None:
    assert fits(expression) is expected


@pytest.mark.parametrize(
    "metadata", ["License-Expression: MIT", "License: MIT", "Classifier: License :: OSI Approved :: MIT License"]
)
def test_a_licence_is_read_from_the_packages_metadata(tmp_path: Path, metadata: str) -> None:
    assert licence_of(installed(tmp_path, metadata)) == "MIT"


@pytest.mark.parametrize("metadata", ["", "License: Dual License"])
def test_a_licence_that_the_metadata_lacks_is_found_by_its_text(tmp_path: Path, metadata: str) -> None:
    words = "Permission is hereby granted, free of charge, to any\nperson obtaining a copy of this software and more"

    assert licence_of(installed(tmp_path, metadata, **{"licenses/LICENSE": words})) == "MIT"


@pytest.mark.parametrize("metadata", ["License-Expression: AGPL-3.0-only", ""])
def test_a_licence_that_does_not_fit_or_is_missing_is_an_error(tmp_path: Path, metadata: str) -> None:
    with pytest.raises(LicenceError, match=r"made-up: (AGPL-3.0-only|no licence found)"):
        licence_of(installed(tmp_path, metadata))


def test_the_licences_of_a_wheels_crates_are_checked(tmp_path: Path) -> None:
    crates = [
        {"name": "free", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
        {"name": "named", "licenses": [{"license": {"id": "Zlib"}}]},
        {"name": "strict", "licenses": [{"license": {"id": "GPL-3.0-only"}}]},
        {"name": "silent"},
    ]
    package = installed(tmp_path, **{"sboms/made_up.cyclonedx.json": json.dumps({"components": crates})})

    assert crates_that_do_not_fit(package) == ["strict (GPL-3.0-only)", "silent (no licence found)"]
