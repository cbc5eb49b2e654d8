"""The step with the table of recipients: typed, pasted or uploaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.base.posted_files import LARGEST_UPLOAD, TOO_LARGE
from undersigned.workshop import targets as targets_file
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.pages.frame import (
    COLUMNS,
    ROWS_SHOWN,
    ShownMistake,
    by_hand_words,
    by_rows,
    heading_of,
    named,
    step_of,
    workshop_page,
)
from undersigned.workshop.target_tables import TargetTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.target_tables import Row

_CELL = re.compile(r"cell-([0-9]{1,5})-(.+)")


NOTHING_PASTED = Mistake(
    targets_file.FILE, None, Message("there are no rows; paste some, or choose a file that has some")
)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the table of recipients. `number` is 0-based. `was` is the recipient's name so far; a new row has none.

    `errors` are by column, and "" has those of the row.
    """

    number: int
    was: str
    cells: Mapping[str, str]
    errors: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """Rows that were pasted or uploaded, and their outcome.

    If they could not be read, `error` says why, `pasted` is their text, and `replaces` says whether they were to
    replace the list. Otherwise `taken` counts them, and `replaced` counts the rows whose recipient was in the list.
    `unused` are the columns that were left out, `without_codes` the names of recipients who lost their postal codes,
    and `before` is the earlier list, packed, to undo it. `chosen` are the fields of a choice of columns that somebody
    left to go back.
    """

    pasted: str = ""
    replaces: bool = False
    error: MistakesError | None = None
    unused: Sequence[str] = ()
    without_codes: Sequence[str] = ()
    taken: int = 0
    replaced: int = 0
    before: str = ""
    chosen: Mapping[str, str] = field(default_factory=dict)


_NO_UPLOAD = Upload()


def recipients(workshop: Workshop, page: int, upload: Upload = _NO_UPLOAD, *, kept_list: str = "") -> Page:
    """Render a page of the table of recipients, with each mistake at its cell. It keeps the list that is not saved.

    Ids are made automatically, and have a column only while an id is wrong.
    """
    table = workshop.table
    notes = workshop.shown(
        [note for note in (*workshop.checked.warnings, *workshop.checked.notes) if step_of(note.file) == "recipients"]
    )
    by_hand = [
        row.get("name") or workshop.viewer.say(Message("Row %(number)s", {"number": number}))
        for number, row in enumerate(table.rows, start=1)
        if any(row.values()) and not row.get("email")
    ]
    values: dict[str, object] = {
        "by_hand": workshop.viewer.say(by_hand_words(by_hand)) if by_hand else "",
        "kept_list": kept_list,
        "pasted": upload.pasted,
        "replaces": upload.replaces,
        "notes": notes,
        "upload": upload,
        "limit": (LARGEST_UPLOAD, workshop.viewer.say(TOO_LARGE)),
        "unused": named(upload.unused),
        "without_codes": named(upload.without_codes),
        "next_step": workshop.address(workshop.next("recipients")),
    }
    if upload.error:
        mistakes = upload.error.mistakes
        values["left"] = tuple(ShownMistake("#pasted", "", workshop.viewer.say(one.on_page)) for one in mistakes)
        values["is_error"] = True
    pages = max(1, -(-(len(table.rows) + 1) // ROWS_SHOWN))
    page = min(max(1, page), pages)
    wrong = {mistake.column for mistake in workshop.mistakes_of("recipients")}
    shown = [column for column in COLUMNS if column != "id" or column in wrong]
    columns = [*shown, *(column for column in table.columns if column not in COLUMNS)]
    return workshop_page(
        "workshop/pages/recipients.html",
        workshop,
        "recipients",
        targets_file.FILE,
        columns=[(column, heading_of(column, workshop.language)) for column in columns],
        rows=_rows(workshop, table, columns, page, is_last=page == pages),
        page=page,
        pages=pages,
        total=len(table.rows),
        **values,
    )


def _rows(
    workshop: Workshop, table: TargetTable, columns: Sequence[str], page: int, *, is_last: bool
) -> list[ShownRow]:
    first = (page - 1) * ROWS_SHOWN
    row_on = {line: row for row, line in enumerate(table.lines[first : first + ROWS_SHOWN], start=first)}
    errors: dict[int, dict[str, list[str]]] = {}
    for mistake in workshop.mistakes_of("recipients"):
        if mistake.line in row_on:
            column = mistake.column if mistake.column in columns else ""
            messages = errors.setdefault(row_on[mistake.line], {}).setdefault(column or "", [])
            messages.append(workshop.viewer.say(by_rows(mistake.on_page, table)))
    names = row_names(table)
    shown = [
        ShownRow(
            number, names[number], {column: table.cell(number, column) for column in columns}, errors.get(number, {})
        )
        for number in range(first, min(first + ROWS_SHOWN, len(table.rows)))
    ]
    if is_last:
        shown.append(ShownRow(len(table.rows), "", dict.fromkeys(columns, ""), {}))
    return shown


def _posted_rows(posted: Mapping[str, object]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Return each posted row: its number, the id that it had, and its cells."""
    rows: dict[int, dict[str, str]] = {}
    for name, cell in posted.items():
        if isinstance(cell, str) and (found := _CELL.fullmatch(name)):
            rows.setdefault(int(found[1]), {})[found[2]] = cell
    for number, cells in sorted(rows.items()):
        was = posted.get(f"was-{number}")
        yield number, was if isinstance(was, str) else "", targets_file.tidy(cells.items())


def changed_rows(table: TargetTable, posted: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a posted page's rows that differ from a table's, or that are marked."""
    known: list[Row] = [{}, *table.rows]
    return {
        name: value
        for number, was, cells in _posted_rows(posted)
        if f"remove-{number}" in posted
        or not any(all(row.get(column, "") == cell for column, cell in cells.items()) for row in known)
        for name, value in {
            **{f"cell-{number}-{column}": cell for column, cell in cells.items()},
            f"was-{number}": was,
            f"remove-{number}": posted.get(f"remove-{number}"),
        }.items()
    }


def posted_table(table: TargetTable, posted: Mapping[str, object]) -> TargetTable:
    """Return the table with a posted page's rows in place of those with the same names, and new ones at the end.

    A row that was emptied or marked is removed.
    """
    typed = list(_posted_rows(posted))
    # The page may have had a column that is no longer in the table, or not yet.
    filled = (column for _, _, cells in typed for column, cell in cells.items() if cell)
    columns = tuple(dict.fromkeys((*table.columns, *targets_file.COLUMNS, *filled)))
    rows: dict[str | int, Row] = dict(zip(row_names(table), table.as_columns(columns).rows, strict=True))
    for number, was, cells in typed:
        place, before = was or number, rows.get(was, dict.fromkeys(columns, ""))
        if posted.get(f"remove-{number}") == "yes" or not any(cells.values()):
            rows.pop(place, None)
        else:
            rows[place] = {**before, **cells}
    return TargetTable(columns, tuple(rows.values())).as_columns(columns).with_ids(table)


def row_names(table: TargetTable) -> tuple[str, ...]:
    """Return a name of its own for each row: its id, with a number if another row has that id by mistake."""
    names: dict[str, None] = {}
    for number in range(len(table.rows)):
        name = table.cell(number, "id")
        names[name if name and name not in names else f"{name}#{number}"] = None
    return tuple(names)
