"""Each mistake of a parser has a sentence of our own, so a Spanish page of the workshop has no English reason."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import TYPE_CHECKING

import pytest
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from tests.support.bad_files import CASES, HEADER
from tests.support.organizers import member
from tests.support.world import CAMPAIGN
from undersigned.workshop import drafting
from undersigned.workshop.drafting import NotSavedError

if TYPE_CHECKING:
    from tests.support.world import World


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.lower()))


SAME = words_in(f"{HEADER} title_es organizer true false use invisible")
"""Words that an English and a Spanish sentence may share: names, values, and two words that both languages have."""


def reason_of_the_library(file: str, text: str) -> str:
    """Return what the parser itself says about a text, or an empty text if it reads it."""
    try:
        if file == "letter.md":
            SandboxedEnvironment().parse(text)
        else:
            list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, RecursionError, TemplateError, csv.Error) as error:
        return str(error)
    return ""


def mistakes_on(page: str) -> str:
    """Return the words of a page's list of mistakes, without places, merge fields and names between backticks."""
    found = re.search(r'id="mistakes".*?<ul>(.*?)</ul>', page, re.DOTALL)
    assert found, page
    bare = re.sub(r"<code>.*?</code>|<a .*?</a>|<[^>]*>|{{.*?}}|{%.*?%}", " ", found[1], flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


@pytest.mark.parametrize("file", CASES)
def test_a_spanish_page_has_no_english_reason(world: World, file: str) -> None:
    browser, stack, left = member(world, "maria@enddemand.example", "editor"), world.stack, {}
    for name, text in CASES[file].items():
        try:
            drafting.write(stack, CAMPAIGN, drafting.draft_of(stack, CAMPAIGN).revision, {file: text}, "ann")
        except NotSavedError as refused:
            english, spanish = (
                " ".join(mistake.says.in_language(language) for mistake in refused.mistakes)
                for language in ("en", "es")
            )
        else:
            english, spanish = (
                mistakes_on(browser.see(f"/workshop/preview?lang={language}").body) for language in ("en", "es")
            )
        reason = words_in(reason_of_the_library(file, text))
        if shared := (words_in(english) | reason) & words_in(spanish) - words_in(text) - SAME:
            left[name] = shared, spanish
    assert left == {}
