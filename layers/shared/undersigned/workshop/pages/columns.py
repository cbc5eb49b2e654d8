"""The page on which an organizer says what each column of a spreadsheet is, before anything is saved.

The rows wait in the page itself, compressed, and come back with the choice. So they are neither stored nor logged, and
nothing is left of them if somebody goes away.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from undersigned.base.languages import Message
from undersigned.base.posted_files import encodable
from undersigned.people.pages.typed import packed, unpacked
from undersigned.workshop import targets as targets_file
from undersigned.workshop.column_choice import FIRST_ROWS, Choice, unneeded, used_twice
from undersigned.workshop.pages.frame import COLUMNS, ShownMistake, fingerprint, heading_of, workshop_page
from undersigned.workshop.setting_kinds import LONGEST_TEXT
from undersigned.workshop.table_texts import MOST_COLUMNS, MOST_ROWS
from undersigned.workshop.target_tables import is_column
from undersigned.workshop.texts import on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from undersigned.base.page import Page
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.pages.recipients import Upload

SAME = ("title", "department", "locality")
"""The columns that can have the same text in all rows."""

_ROWS_SHOWN = 3
_ROW_NUMBERS = tuple(str(number) for number in range(FIRST_ROWS + 1))
_LONGEST_SHOWN = 60


def columns(  # noqa: PLR0913  (what the page shows)
    workshop: Workshop,
    rows: Sequence[Sequence[str]],
    choice: Choice,
    upload: Upload,
    *,
    kept_list: str,
    is_refused: bool,
) -> Page:
    """Render each column with a choice and its cells in the first rows, and its mistakes if it `is_refused`.

    The page keeps the rows, and the list of recipients if something in it was typed and is not saved.
    """
    below = rows[choice.headings :]
    labels = labels_of(workshop, rows, choice)
    mistakes = tuple(_mistakes_of(workshop, rows, choice, labels)) if is_refused else ()
    return workshop_page(
        "workshop/pages/columns.html",
        workshop,
        "recipients",
        targets_file.FILE,
        left=mistakes,
        is_error=is_refused,
        columns=[(column, heading_of(column, workshop.language)) for column in _ours(workshop)],
        labels=labels,
        errors={mistake.address.removeprefix("#"): mistake.message for mistake in mistakes},
        choice=choice,
        same=[(column, heading_of(column, workshop.language)) for column in SAME],
        shown=[[_short(cells[place]) for cells in below[:_ROWS_SHOWN]] for place in range(len(labels))],
        first_rows=[_short(", ".join(filter(None, cells))) for cells in rows[:FIRST_ROWS]],
        total=len(below),
        upload=upload,
        kept_list=kept_list,
        rows=packed(json.dumps(rows, ensure_ascii=False)),
    )


def _ours(workshop: Workshop) -> Iterator[str]:
    """Yield the columns that can be chosen, with the titles in the campaign's other languages."""
    yield from COLUMNS
    in_table = workshop.table.columns
    titles = {f"title_{language}" for language in workshop.letter_languages[1:]}
    yield from sorted({*titles, *in_table} - set(COLUMNS) - {column for column in in_table if not is_column(column)})


def labels_of(workshop: Workshop, rows: Sequence[Sequence[str]], choice: Choice) -> list[str]:
    """Return what each column is called: its heading, or its number."""
    headings = rows[choice.headings - 1] if choice.headings else [""] * len(choice.columns)
    return [
        _short(heading) or workshop.viewer.say(Message("Column %(number)s", {"number": place}))
        for place, heading in enumerate(headings, start=1)
    ]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _mistakes_of(
    workshop: Workshop, rows: Sequence[Sequence[str]], choice: Choice, labels: Sequence[str]
) -> Iterator[ShownMistake]:
    """Yield the mistakes in a choice, each at its field."""
    if not any(choice.columns):
        says = Message("choose what it is, or what another column is")
        yield ShownMistake("#column-0", labels[0], workshop.viewer.say(says))
    for column in used_twice(choice):
        place = [number for number, one in enumerate(choice.columns) if one == column][1]
        name = heading_of(column, workshop.language)
        says = Message("an earlier column is “%(name)s”, too; choose “Not used” for one of them", {"name": name})
        yield ShownMistake(f"#column-{place}", labels[place], workshop.viewer.say(says))
    for column in unneeded(rows, choice):
        says = Message("every row has its own; leave this empty, or choose “Not used” for the column")
        yield ShownMistake(f"#same-{column}", heading_of(column, workshop.language), workshop.viewer.say(says))


def posted_rows(posted: Mapping[str, object]) -> list[list[str]]:
    """Return the rows that the page kept; none if no page of ours wrote them."""
    try:
        rows = json.loads(unpacked(posted.get("rows")))
    except (ValueError, RecursionError):
        return []
    if not isinstance(rows, list) or len(rows) > MOST_ROWS + 1 or not rows:
        return []
    width = len(rows[0]) if isinstance(rows[0], list) else 0
    if not 0 < width <= MOST_COLUMNS or not all(isinstance(cells, list) and len(cells) == width for cells in rows):
        return []
    return [[encodable(str(cell)) for cell in cells] for cells in rows]


def posted_choice(posted: Mapping[str, object], rows: Sequence[Sequence[str]]) -> Choice:
    """Return the choice that was posted."""
    chosen = [posted.get(f"column-{place}") for place in range(len(rows[0]) if rows else 0)]
    columns = tuple(column if isinstance(column, str) and is_column(column) else "" for column in chosen)
    headings = posted.get("headings")
    # Each of 10,000 rows gets the text.
    same = {column: on_one_line(str(posted.get(f"same-{column}", "")))[: LONGEST_TEXT + 1] for column in SAME}
    return Choice(
        columns,
        min(int(headings), len(rows)) if headings in _ROW_NUMBERS else 0,
        {column: text for column, text in same.items() if text},
    )


def is_by_another_row(posted: Mapping[str, object]) -> bool:
    """Say whether the columns were chosen by the headings of another row than the posted row."""
    return posted.get("do") == "headings" or posted.get("chosen-by", posted.get("headings")) != posted.get("headings")


def kept_choice(rows: Sequence[Sequence[str]], posted: Mapping[str, object]) -> dict[str, str]:
    """Return the fields in which another page keeps the choice for these rows."""
    names = [name for name in posted if name == "headings" or name.startswith(("column-", "same-"))]
    return {**{name: str(posted[name]) for name in names}, "chosen-for": fingerprint(as_pasted(rows))}


def chosen_before(rows: Sequence[Sequence[str]], posted: Mapping[str, object]) -> Choice | None:
    """Return the choice that a page kept, if it is for these rows."""
    if posted.get("chosen-for") != fingerprint(as_pasted(rows)):
        return None
    return posted_choice(posted, rows)


def as_pasted(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a spreadsheet copies them."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(rows)
    return text.getvalue()
