"""Test how a campaign's files are found and read. tests/unit/authoring tests what they may contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.workshop.trees import FILES
from undersigned.workshop.mistakes import MistakesError
from undersigned_cli.campaign_folder import read

if TYPE_CHECKING:
    from pathlib import Path


def mistakes_of(folder: Path) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        read(folder)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a campaign without mistakes."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md", "targets.csv"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    assert mistakes_of(folder) == [f"{name}: the file is missing; add it to the campaign’s folder"]


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md", "targets.csv"])
def test_an_empty_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text(" \n", encoding="utf-8")

    assert mistakes_of(folder) == [f"{name}: the file is empty; fill it in, or choose another one"]


@pytest.mark.parametrize("name", ["campaign.toml", "letter.md"])
def test_a_file_in_another_encoding_is_named_with_the_line_of_its_first_wrong_byte(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"rees", b"r\xe9es"))
    line = {"campaign.toml": 1, "letter.md": 3}[name]

    assert mistakes_of(folder) == [f"{name}:{line}: the file is not in UTF-8; save it with UTF-8 encoding"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_save_it(folder: Path, encoding: str, separator: str) -> None:
    path = folder / "targets.csv"
    rows = [line.replace("Blake", "Bläke").split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    quoted = "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    path.write_bytes(quoted.encode(encoding))

    compiled = read(folder)

    assert [target.name for target in compiled.targets] == ["Avery Sample", "Bläke Specimen"]
    assert compiled.targets[0].postal_codes == ("60201", "60202")
    assert [warning.message.split(";")[0] for warning in compiled.warnings] == (
        ["the file is not in UTF-8, and is read as Windows-1252"] if encoding == "cp1252" else []
    )


def test_a_table_in_no_known_encoding_is_named_with_the_line_of_its_first_wrong_byte(folder: Path) -> None:
    path = folder / "targets.csv"
    path.write_bytes(path.read_bytes().replace(b"Blake", b"Bl\x81ke"))

    assert mistakes_of(folder) == ["targets.csv:3: the file is not in UTF-8; save it with UTF-8 encoding"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"

    assert mistakes_of(folder) == [
        f"{folder}: there is no such folder; create it with the files campaign.toml, letter.md, targets.csv"
    ]


def test_a_file_that_is_too_long_is_named(folder: Path) -> None:
    (folder / "letter.md").write_text("Plant trees. " * 100_000, encoding="utf-8")

    [mistake] = mistakes_of(folder)

    assert mistake == "letter.md: the file has 1,300,000 bytes, more than the maximum of 1,000,000; remove some"


def test_other_files_in_the_folder_are_ignored(folder: Path) -> None:
    (folder / "notes.md").write_bytes(b"\xff")
    (folder / "pictures").mkdir()

    assert read(folder).campaign.id == "plant-trees"


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "targets.csv").unlink()
    (folder / "targets.csv").mkdir()

    assert mistakes_of(folder) == [
        "targets.csv: the file can’t be read (Is a directory); check its name and permissions"
    ]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r"])
def test_byte_order_marks_and_line_ends_do_not_change_the_letters_version(folder: Path, line_end: bytes) -> None:
    before = read(folder)
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", line_end))

    after = read(folder)

    assert after == before
