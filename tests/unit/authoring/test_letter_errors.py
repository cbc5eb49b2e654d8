"""Test that a page says each error of a letter in its own words, without the file's names and syntax."""

from __future__ import annotations

import re

import pytest

from tests.integration.test_mistakes_in_spanish import LETTERS
from undersigned.authoring.letters import compile_letter
from undersigned.authoring.mistakes import Mistake, MistakesError
from undersigned.authoring.typed_letters import read_typed
from undersigned.domain.letter_fields import DEEPEST, MOST_TAGS
from undersigned.web.workshop.frame import shown_in_letter

OTHERS = {
    "too many conditions": "{% if note %}" * (DEEPEST + 1) + "x" + "{% endif %}" * (DEEPEST + 1),
    "too many fields": "{{ note }} " * (MOST_TAGS + 1),
    "a condition without an end": "{% if note %}x",
    "an end without a condition": "x{% endif %}",
    "two elses": "{% if note %}a{% else %}b{% else %}c{% endif %}",
    "a field in an address": "https://a.example/{{ date }}",
    "too long": "a " * 20_000,
    "a label of nothing": "Phone:\n\nEmail: Fax:\n",
}
FILES_WORDS = re.compile(
    r"\{\{|\{%|%\}|merge|combinación|condition|condición|\.md|\.toml|_|\bline \d|línea \d", re.IGNORECASE
)


@pytest.mark.parametrize("letter", [*LETTERS.values(), *OTHERS.values()], ids=[*LETTERS, *OTHERS])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_page_says_an_error_of_a_letter_in_its_own_words(letter: str, language: str) -> None:
    found: tuple[Mistake, ...] = ()
    for read in (compile_letter, lambda text: read_typed(text, language)):
        try:
            read(letter)
        except MistakesError as error:
            found += error.mistakes
    for mistake in found:
        said = shown_in_letter(mistake, letter, language).message
        assert not FILES_WORDS.search(said), said
        assert said[0].isupper()
        assert said.endswith(".")
    assert found or letter == OTHERS["a label of nothing"]
