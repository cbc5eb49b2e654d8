"""The files that a new campaign starts with."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

from undersigned.base.languages import SOURCE
from undersigned.campaigns.rules.letters import Letter
from undersigned.workshop.settings import UNREAD
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_LETTER = """\
{{ target.title }} {{ target.name }}
{{ target.department }}

Dear {{ target.title }} {{ target.name }},

[write the letter here]

{{ note }}

Sincerely,
"""
"""A letter whose text is missing, so that nobody publishes it by accident."""

_COMMON: Mapping[str, str] = {
    SOURCE: "the and of to in is that for we you our are on",
    "es": "el la los las de que en y por para con una del se su",
}
"""Frequent words of each language."""

_EXAMPLE = files("undersigned.workshop") / "example"
"""The files of campaigns/end-demand-illinois."""


def example_files() -> dict[str, str]:
    """Return the files of the example campaign, which has no mistakes."""
    return {file.name: file.read_text(encoding="utf-8") for file in _EXAMPLE.iterdir() if file.is_file()}


def example_letter(language: str) -> str:
    """Return the letter of the example campaign in a language, or in its own."""
    files = example_files()
    return files.get(f"letter.{language}.md", files["letter.md"])


def language_of_letter(letter: str) -> str:
    """Return the language in which a letter seems to be written; English if nobody can tell."""
    words = re.findall(r"[^\W\d_]+", letter.lower())
    return max(_COMMON, key=lambda language: sum(words.count(word) for word in _COMMON[language].split()))


def empty_files(campaign: str) -> dict[str, str]:
    """Return the files of a new campaign with this id. They have mistakes until they are filled in."""
    title = campaign.replace("-", " ").capitalize()
    settings = replace(UNREAD.known, id=campaign, title=title, time_zone="")
    return files_of(settings, {"en": Letter.of("en", _LETTER, "")}, ())
