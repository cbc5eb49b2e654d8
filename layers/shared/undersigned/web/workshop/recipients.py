"""The step with the table of recipients: typed, pasted or uploaded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.authoring import targets as targets_file
from undersigned.authoring.mistakes import Mistake, MistakesError
from undersigned.authoring.target_tables import TargetTable
from undersigned.domain.languages import Message
from undersigned.web.workshop.frame import (
    COLUMNS,
    ROWS_SHOWN,
    ShownMistake,
    by_rows,
    heading_of,
    step_of,
    workshop_page,
)
from undersigned.web.workshop.merging import fingerprints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from undersigned.authoring.target_tables import Row
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Workshop


_EMPTY_ROWS = 3
_MOST_NAMED = 20
_LONGEST_NAMED = 60


_CELL = re.compile(r"cell-([0-9]{1,5})-(.+)")


NOTHING_PASTED = Mistake(
    targets_file.FILE, None, Message("there are no rows; paste some, or choose a file that has some")
)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the table of recipients. `number` is 0-based, and `was` its name; a new row has none.

    `errors` are by column, and "" has those of the row.
    """

    number: int
    was: str
    cells: Mapping[str, str]
    errors: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Upload:
    """Rows that were pasted or uploaded, and what became of them.

    `error` says why they could not be read; `pasted` is their text then, and `replaces` what was to become of the list.
    Of rows that were taken, `taken` is their number, `replaced` how many of them are of recipients who were there,
    `unused` are the columns that were left out, `without_codes` the names of the recipients who lost their postal
    codes, and `before` is the list as it was, packed, to undo it.
    """

    pasted: str = ""
    replaces: bool = False
    error: MistakesError | None = None
    unused: Sequence[str] = ()
    without_codes: Sequence[str] = ()
    taken: int = 0
    replaced: int = 0
    before: str = ""


_NO_UPLOAD = Upload()


def recipients(workshop: Workshop, page: int, upload: Upload = _NO_UPLOAD) -> Page:
    """Render a page of the table of recipients, with each mistake at its cell."""
    table = workshop.table
    notes = workshop.shown(
        [note for note in (*workshop.checked.warnings, *workshop.checked.notes) if step_of(note.file) == "recipients"]
    )
    values: dict[str, object] = {
        "pasted": upload.pasted,
        "replaces": upload.replaces,
        "notes": notes,
        "upload": upload,
        "unused": _named(upload.unused),
        "without_codes": _named(upload.without_codes),
        "next_step": workshop.after("recipients").partition("?")[0],
    }
    if upload.error:
        mistakes = upload.error.mistakes
        values["mistakes"] = tuple(ShownMistake("#pasted", "", workshop.viewer.say(one.says)) for one in mistakes)
        values["mistakes_in_all"] = len(mistakes)
    if table is None:
        text = workshop.draft.files.get(targets_file.FILE, "")
        return workshop_page("workshop_recipients.html", workshop, "recipients", as_file=text, **values)
    pages = max(1, -(-(len(table.rows) + 1) // ROWS_SHOWN))
    page = min(max(1, page), pages)
    columns = [*COLUMNS, *(column for column in table.columns if column not in COLUMNS)]
    return workshop_page(
        "workshop_recipients.html",
        workshop,
        "recipients",
        as_file=None,
        columns=[(column, heading_of(column, workshop.language)) for column in columns],
        rows=_rows(workshop, table, columns, page, is_last=page == pages),
        was=fingerprints(_of_page(recipient_texts(table), table, page)),
        page=page,
        pages=pages,
        total=len(table.rows),
        **values,
    )


def _named(texts: Sequence[str]) -> list[str]:
    """Return the first texts, shortened: a spreadsheet can have thousands, and a cell a whole page."""
    named = [text if len(text) <= _LONGEST_NAMED else f"{text[:_LONGEST_NAMED]}…" for text in texts[:_MOST_NAMED]]
    return named if len(texts) <= _MOST_NAMED else [*named, "…"]


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
            messages.append(workshop.viewer.say(by_rows(mistake.says, table)))
    names = row_names(table)
    shown = [
        ShownRow(
            number, names[number], {column: table.cell(number, column) for column in columns}, errors.get(number, {})
        )
        for number in range(first, min(first + ROWS_SHOWN, len(table.rows)))
    ]
    if is_last:
        start = len(table.rows)
        shown += [ShownRow(start + extra, "", dict.fromkeys(columns, ""), {}) for extra in range(_EMPTY_ROWS)]
    return shown


def _of_page(texts: Mapping[str, str], table: TargetTable, page: int) -> dict[str, str]:
    first = (page - 1) * ROWS_SHOWN
    return {name: texts[name] for name in row_names(table)[first : first + ROWS_SHOWN]}


def posted_recipients(posted: Mapping[str, object]) -> dict[str, str | None]:
    """Return the recipients of a posted page by the ids that they had, each as JSON; None for a removed one."""
    return {
        identifier: None if posted.get(f"remove-{number}") == "yes" or not any(cells.values()) else row_text(cells)
        for number, identifier, cells in _posted_rows(posted)
        if identifier
    }


def new_recipients(posted: Mapping[str, object]) -> tuple[str, ...]:
    """Return the recipients that a posted page adds, each as JSON."""
    rows = _posted_rows(posted)
    return tuple(row_text(cells) for _, identifier, cells in rows if not identifier and any(cells.values()))


def _posted_rows(posted: Mapping[str, object]) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Return each posted row: its number, the id that it had, and its cells."""
    rows: dict[int, dict[str, str]] = {}
    for name, cell in posted.items():
        if isinstance(cell, str) and (found := _CELL.fullmatch(name)):
            rows.setdefault(int(found[1]), {})[_encodable(found[2])] = _encodable(" ".join(cell.split()))
    for number, cells in sorted(rows.items()):
        was = posted.get(f"was-{number}")
        yield number, _encodable(was) if isinstance(was, str) else "", cells


def chosen_recipients(posted: Mapping[str, object]) -> dict[str, str | None]:
    """Return the recipients that were chosen on the page of a conflict, by id, each as JSON; None for a removed one."""
    return {
        _encodable(name.removeprefix("row-")): _row(text) for name, text in posted.items() if name.startswith("row-")
    }


def recipients_added_before(posted: Mapping[str, object]) -> tuple[str, ...]:
    """Return the new recipients that the page of a conflict kept, each as JSON."""
    return tuple(row for name, text in posted.items() if name.startswith("new-") and (row := _row(text)))


def _row(value: object) -> str | None:
    try:
        cells = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    return row_text({column: str(cell) for column, cell in cells.items()}) if isinstance(cells, dict) else None


def _encodable(text: str) -> str:
    """Return a text for UTF-8. JSON can hold lone surrogates, which it can't encode."""
    return text.encode(errors="replace").decode()


def with_recipients(table: TargetTable, changes: Mapping[str, str | None], added: Iterable[str]) -> TargetTable:
    """Return the table with these rows in place of those with their ids, each as JSON; None removes one."""
    texts = {**recipient_texts(table), **changes}
    columns = tuple(dict.fromkeys((*table.columns, *targets_file.COLUMNS)))
    rows = [json.loads(text) for text in (*texts.values(), *added) if text]
    written = tuple(tuple(str(row.get(column, "")) for column in columns) for row in rows)
    return TargetTable(columns, written).with_ids(table)


def only_these(changes: Mapping[str, str | None], added: Sequence[str]) -> TargetTable:
    """Return a table of the rows that a person typed, each as JSON, without the others of the draft."""
    typed = [json.loads(text) for text in (*changes.values(), *added) if text]
    columns = dict.fromkeys((*targets_file.COLUMNS, *(column for row in typed for column in row)))
    return with_recipients(TargetTable(tuple(columns)), changes, added)


def posted_table(table: TargetTable, posted: Mapping[str, object]) -> TargetTable:
    """Return the table after a page of it was typed in. A row that was emptied or marked is removed."""
    columns = tuple(dict.fromkeys((*table.columns, *targets_file.COLUMNS)))
    rows: dict[int, Row] = dict(enumerate(table.as_columns(columns).rows))
    for number, _, cells in _posted_rows(posted):
        before = rows.get(number, ("",) * len(columns))
        typed = tuple(cells.get(column, kept) for column, kept in zip(columns, before, strict=True))
        if posted.get(f"remove-{number}") == "yes" or not any(cells.values()):
            rows.pop(number, None)
        else:
            rows[number] = typed
    return TargetTable(columns, tuple(rows[number] for number in sorted(rows))).with_ids(table)


def recipient_texts(table: TargetTable | None) -> dict[str, str]:
    """Return the rows of a table by name, each as JSON of its cells."""
    if table is None:
        return {}
    cells = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    return dict(zip(row_names(table), map(row_text, cells), strict=True))


def row_names(table: TargetTable) -> tuple[str, ...]:
    """Return a name of its own for each row: its id, with a number if another row has that id by mistake."""
    names: dict[str, None] = {}
    for number in range(len(table.rows)):
        name = table.cell(number, "id")
        names[name if name and name not in names else f"{name}#{number}"] = None
    return tuple(names)


def row_text(cells: Mapping[str, str]) -> str:
    """Return a row as JSON of its cells, without empty ones."""
    return _encodable(json.dumps({column: cell for column, cell in sorted(cells.items()) if cell}, ensure_ascii=False))
