"""Drafts: a campaign's files before they are published."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003  (drafts are read by annotations)
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003

from undersigned.base.errors import LOAD_AGAIN, GivenError, NotNowError
from undersigned.base.languages import Message

MOST_BYTES = 4_000_000
"""The most bytes of all files of a draft together, in UTF-8."""

DRAFTED = "settings"
"""The name of the text that has a draft's settings, as JSON."""

_FILE = re.compile(rf"{DRAFTED}|letter(?:\.[a-z]{{2,3}}(?:-[A-Za-z0-9]{{2,8}})*)?\.md|targets\.csv|logo\.png")
_MOST_FILES = 50


MOST_VERSIONS = 10
"""How many earlier versions of a draft are kept."""


@dataclass(frozen=True, slots=True)
class DraftVersion:
    """A draft as somebody saved it, without its files. `stored` is its id in the bucket."""

    revision: int
    by: str
    stored: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The texts of a campaign, by the names of its files, as somebody last saved them; its settings under DRAFTED.

    `revision` grows with each change, also from a discarded draft to the next one. It is 0 for the files of a published
    campaign without a draft. It `is_published` if it has no changes of its own. `tag` and `stored` are its tag and its
    id in the bucket. `earlier` are the last MOST_VERSIONS versions before this one, the newest first.
    """

    campaign: str
    revision: int
    changed_by: str
    changed_at: datetime | None = None
    is_published: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    tag: str = field(default="", compare=False)
    stored: str = field(default="", compare=False)
    earlier: tuple[DraftVersion, ...] = field(default=(), compare=False)

    @property
    def version(self) -> DraftVersion:
        """Return it as a version, to keep beside the next one."""
        return DraftVersion(self.revision, self.changed_by, self.stored, self.changed_at)


class DraftFilesError(GivenError):
    """These files can't be in a draft; says why not, and the way out."""


class IdTakenError(NotNowError):
    """An id is taken, or no campaign can have it; says which, and the way out."""


class UnreadableDraftError(NotNowError):
    """A draft's files can't be read, because something else wrote them. Carries the draft without them."""

    def __init__(self, draft: Draft) -> None:
        """Keep the draft."""
        super().__init__(Message("This draft can’t be read. Discard it, and begin again."))
        self.draft = draft


class ChangedMeanwhileError(NotNowError):
    """Somebody else changed the draft or the campaign; carries the current draft. Nothing was overwritten."""

    def __init__(self, current: Draft | None) -> None:
        """Keep the current draft; None if it was discarded."""
        super().__init__(
            Message("Somebody else changed the campaign meanwhile. Nothing was overwritten. Look at it, and try again.")
            if current
            else Message("Somebody else discarded the draft meanwhile. Look at the campaign again.")
        )
        self.current = current


def check_files(files: Mapping[str, str]) -> None:
    """Raise DraftFilesError for an unknown file name, a character that can't be stored, or more than MOST_BYTES."""
    for name in files:
        if not _FILE.fullmatch(name):
            raise DraftFilesError(
                Message(
                    "A campaign has no file “%(name)s”. Its files are campaign.toml, letter.md, targets.csv, and a "
                    "letter.<language>.md for each further language.",
                    {"name": name[:100]},
                ),
                plainly=LOAD_AGAIN,
            )
    if not all(_is_text(text) for text in files.values()):
        raise DraftFilesError(
            Message("A file has a character that can’t be stored. Type it again instead of pasting it.")
        )
    size = sum(len(text.encode()) for text in files.values())
    if size > MOST_BYTES or len(files) > _MOST_FILES:
        raise DraftFilesError(
            Message(
                "The files have %(size)s bytes, more than the maximum of %(most)s. Remove some recipients or codes.",
                {"size": f"{size:,}", "most": f"{MOST_BYTES:,}"},
            )
        )


def _is_text(text: str) -> bool:
    """Say whether UTF-8 can encode a text: JSON can hold lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
