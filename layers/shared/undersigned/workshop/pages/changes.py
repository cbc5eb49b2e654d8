"""What differs between two versions of a campaign, by name, in the words of the page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from undersigned.base.languages import Message, name_of
from undersigned.workshop import logos as logo_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.campaigns import language_of_file
from undersigned.workshop.described_settings import label_of
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.pages.frame import heading_of, table_in
from undersigned.workshop.rules.changes import Change
from undersigned.workshop.rules.drafts import DRAFTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MOST_NAMED = 100
"""The most recipients that are named if they differ."""

_NO_SETTINGS = {
    "organizer": Message("Organization"),
    "translations": Message("Texts in further languages"),
    "logo": Message("Logo"),
}
"""The words for attributes of a campaign that no single setting describes."""


def changes(before: Mapping[str, str], after: Mapping[str, str], language: str) -> tuple[str, ...]:
    """Return the names of what differs between the files of two versions."""
    letters = (letter_name(file, language) for file in changed_letters(before, after))
    has_logo = before.get(logo_file.FILE) == after.get(logo_file.FILE)
    return (
        *letters,
        *_settings(before, after, language),
        *(() if has_logo else [Message("Logo").in_language(language)]),
        *islice(_recipients(before, after, language), _MOST_NAMED),
    )


def changed_letters(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the files of the letters that differ."""
    files = {*before, *after} - {DRAFTED, targets_file.FILE, logo_file.FILE}
    return sorted(file for file in files if before.get(file, "") != after.get(file, ""))


def letter_name(file: str, language: str) -> str:
    """Return the name of a letter's file."""
    of = language_of_file(file)
    label = Message("Letter (%(language)s)", {"language": name_of(of)}) if of else Message("Letter")
    return label.in_language(language)


def _settings(before: Mapping[str, str], after: Mapping[str, str], language: str) -> Iterator[str]:
    old, new = (DraftSettings.read(files.get(DRAFTED, "")) for files in (before, after))
    for name, setting in (dict(new.described()) | dict(old.described())).items():
        was, now = (document.values.get(name, setting.default) for document in (old, new))
        if was != now and name != "id":
            yield label_of(name).in_language(language)


def _recipients(before: Mapping[str, str], after: Mapping[str, str], language: str) -> Iterator[str]:
    tables = [table_in(files.get(targets_file.FILE, "")) for files in (before, after)]
    old, new = ({row.get("id", ""): row for row in table.rows} if table else {} for table in tables)
    for one in {**old, **new}:
        was, now = old.get(one), new.get(one)
        if was == now:
            continue
        shown = now or was or {}
        name = shown.get("name") or shown.get("locality") or one
        if was is None:
            message = _added(name)
        elif now is None:
            message = _removed(name)
        else:
            columns = [column for column in {**was, **now} if was.get(column, "") != now.get(column, "")]
            message = _recipient_changed(name, columns, language)
        yield message.in_language(language)


def _added(name: str) -> Message:
    return Message("Recipient %(name)s: added", {"name": name})


def _removed(name: str) -> Message:
    return Message("Recipient %(name)s: removed", {"name": name})


def _recipient_changed(name: str, columns: Iterable[str], language: str) -> Message:
    headings = ", ".join(heading_of(column, language) for column in columns)
    return Message("Recipient %(name)s: %(columns)s", {"name": name, "columns": headings})


def logged_change(text: str, recipients: Mapping[str, str], language: str) -> str:
    """Return a change that the activity log names, in the words of the page; any other text as it is.

    `recipients` has the words for those that the campaign has now, by id.
    """
    try:
        change = Change.read(text)
    except ValueError:
        return text
    name = recipients.get(change.of, change.of)
    match change.kind:
        case "settings":
            # A changed letter has an entry of its own.
            known = (_NO_SETTINGS.get(each) or label_of(each) for each in change.names if each != "letter")
            return ", ".join(label.in_language(language) for label in known)
        case "changed" if "retired" not in change.names:
            columns = ("title" if each == "titles" else each for each in change.names)
            message = _recipient_changed(name, columns, language)
        case "letter":
            message = Message("Letter (%(language)s)", {"language": name_of(change.of)})
        case "new campaign":
            message = Message("New campaign")
        case "more":
            message = Message("%(number)s more", {"number": change.of})
        case "retired":
            message = _removed(name)
        case _:
            message = _added(name)
    return message.in_language(language)
