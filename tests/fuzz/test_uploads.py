"""Uploads: any bytes become a table or mistakes, and settings that are written are read as they were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.inputs import given, mutated, st, texts, tried
from tests.support.logos import JPEG, png
from tests.support.spreadsheets import read_pasted
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.logos import read_logo
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.settings import values_of
from undersigned.workshop.starting import empty_files
from undersigned.workshop.target_tables import read_table
from undersigned.workshop.targets import COLUMNS, read_targets
from undersigned.workshop.texts import text_of
from undersigned.workshop.writing import files_of_folder

if TYPE_CHECKING:
    from undersigned.workshop.setting_kinds import Value
    from undersigned.workshop.target_tables import TargetTable

FOLDER = Path(__file__).parents[2] / "campaigns" / "end-demand-illinois"
TABLE = (FOLDER / "targets.csv").read_text(encoding="utf-8")
PASTED = "Position\tFull name\tOffice\tTown\tE-mail\tZIP\r\nMayor\tAda\tHall\tOak\ta@b.example\t60201; 602*\r\n"
SETTINGS = [
    (FOLDER / "campaign.toml").read_text(encoding="utf-8"),
    files_of_folder(empty_files("new"))["campaign.toml"],
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")

UPLOADS = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda text, encoding: text.encode(encoding, errors="replace"),
        st.one_of(mutated([TABLE, TABLE.replace(",", ";"), PASTED]), texts(400)),
        st.sampled_from(ENCODINGS),
    ),
)


PICTURES = [png(8, 4).decode("latin-1"), JPEG.decode("latin-1")]


@tried(60)
@given(mutated(PICTURES))
def test_any_picture_is_a_small_logo_or_a_mistake(content: str) -> None:
    try:
        logo = read_logo(content.encode("latin-1", errors="replace"))
    except MistakesError as error:
        assert len(error.mistakes) == 1
    else:
        assert len(logo.png) <= 10_000
        assert logo.size <= (160, 60)
        assert read_logo(logo.png) == logo


@tried(60)
@given(UPLOADS)
def test_any_upload_is_a_table_or_mistakes(content: bytes) -> None:
    try:
        table = read_pasted(text_of("upload.csv", content)).with_ids()
    except MistakesError as error:
        assert error.mistakes
        return
    assert {*COLUMNS} <= {*table.columns}
    assert all(tuple(row) == table.columns for row in table.rows)
    made = [table.cell(row, "id") for row in range(len(table.rows))]
    assert all(made)
    written = table.text()
    again = read_table(written)
    assert (again.columns, again.rows) == (table.columns, table.rows)
    for mistake in read_targets(written, None).mistakes:
        assert mistake.line is None or 1 <= mistake.line <= written.count("\n")
        assert mistake.column is None or mistake.column in table.columns
    assert table.replaced_by(table).rows == table.rows
    assert all(ID_PATTERN.fullmatch(new) for new in _new_ids(table))


def _new_ids(table: TargetTable) -> list[str]:
    """Return the ids that the rows get if they have none."""
    named = replace(table, rows=tuple({**row, "id": ""} for row in table.rows)).with_ids()
    return [row["id"] for row in named.rows if any(row.values())]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), texts(100, surrogates=False), st.lists(texts(20), max_size=3)
)


@tried(60)
@given(
    mutated(SETTINGS, edits=2),
    st.sampled_from(("title", "goal", "closes", "languages", "organizer.email", "es.title", "sources", "no", "a.b.c")),
    VALUES,
)
def test_any_setting_is_written_as_it_is_read_or_refused(text: str, name: str, value: Value) -> None:
    try:
        changed = DraftSettings(values_of(text)).changed({name: value})
    except MistakesError as error:
        assert str(error)
        return
    found = changed.values.get(name)
    assert found == value or (name.startswith("es.") and name not in changed.values) or value is None
