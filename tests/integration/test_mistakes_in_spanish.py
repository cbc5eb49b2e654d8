"""What a parser says about a file has a sentence of our own: a Spanish page of the workshop has no English reason."""

from __future__ import annotations

import csv
import html
import io
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from tests.integration.test_draft_test_emails import signed_in
from tests.world import CAMPAIGN
from undersigned.authoring.settings import read_settings
from undersigned.authoring.toml_document import _OTHERWISE, _REASONS
from undersigned.services.drafting import NotSavedError

if TYPE_CHECKING:
    from tests.world import World


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.lower()))


SETTINGS = {
    "a setting twice": 'title = "A"\ntitle = "B"\n',
    "a table twice": '[organizer]\nname = "A"\n[organizer]\nname = "B"\n',
    "a table that is a setting": 'organizer = "A"\n[organizer.name]\n',
    "no equals sign": 'title "A"\n',
    "a colon": 'title: "A"\n',
    "a note without #": 'title = "A"\n// the goal\n',
    "a name with an accent": 'título = "A"\n',
    "no name": '= "A"\n',
    "an open table": '[organizer\nname = "A"\n',
    "an open list of tables": "[[organizer]\n",
    "an empty table": "[]\n",
    "no value": "goal =\ntitle = 'A'\n",
    "text without quotation marks": "title = Safer streets\n",
    "curly quotation marks": "title = “A”\n",
    "an answer in words": "approval = yes\n",
    "two settings on a line": "goal = 1 title = 'A'\n",
    "a comma in a number": "goal = 1,500\n",
    "a German day": "closes = 24.12.2026\n",
    "a month too many": "closes = 2026-13-01\n",
    "a day that is not": "closes = 2026-02-30\n",
    "an apostrophe": "title = 'it's'\n",
    "an open list": "sources = ['a', 'b'\n",
    "a list without a comma": "sources = ['a' 'b']\n",
    "an open inline table": "organizer = {name = 'A'\n",
    "a setting twice in an inline table": "organizer = {name = 'A', name = 'B'}\n",
    "an open text": 'title = "A',
    "a text over two lines": 'title = "A\nB"\n',
    "a text over two lines in single quotation marks": "title = 'A\nB'\n",
    "an open long text": "title = '''A",
    "a backslash": 'title = "C:\\dir"\n',
    "a short escape": 'title = "\\u12"\n',
    "half a pair": 'title = "\\ud800"\n',
    "an invisible character": "title = 'A\x01'\n",
    "an invisible character in a note": "title = 'A' # \x02\n",
    "digits without end": f"goal = {'1' * 5000}\n",
    "lists in lists": f"sources = {'[' * 5000}\n",
}
LETTERS = {
    "two others": "{% if signer.note %}a{% else %}b{% else %}c{% endif %}",
    "another condition after the other": "{% if signer.note %}a{% else %}b{% elif signer.note %}c{% endif %}",
    "no end": "{% if signer.note %}a",
    "no beginning": "a{% endif %}",
    "a loop": "{% for x in y %}a{% endfor %}",
    "a block": "{% block a %}",
    "a filter": "{{ signer.name | upper }}",
    "half a field": "{{ signer.name }",
    "half a tag": "{% if signer.note",
    "half a note": "{# a",
    "an unknown field": "{{ signer.nmae }}",
    "an empty field": "{{ }}",
    "a keyword": "{% if not %}a{% endif %}",
}
HEADER = "id,title,name,department,locality,email,postal_codes"
TABLES = {
    "an open quotation mark": f'{HEADER}\na,Chief,"Ann,City Hall,Oakton,a@b.example,60201\n',
    "words after a quotation mark": f'{HEADER}\na,Chief,"Ann"x,City Hall,Oakton,a@b.example,60201\n',
    "a quotation mark inside": f'{HEADER}\na,Chief,"Ann "Bo" Cy",City Hall,Oakton,a@b.example,60201\n',
    "a cell without end": f'{HEADER}\na,Chief,"{"x" * 140_000},City Hall,Oakton,a@b.example,60201\n',
    "no columns": "60201\n60202\n",
}
SAME = words_in(f"{HEADER} title_es organizer true false use invisible")
"""Words that an English and a Spanish sentence may share: names, values, and two words that both languages have."""
CASES = {"campaign.toml": SETTINGS, "letter.md": LETTERS, "targets.csv": TABLES}


def reason_of_the_library(file: str, text: str) -> str:
    """Return what the parser itself says about a text, or an empty text if it reads it."""
    try:
        if file == "campaign.toml":
            tomllib.loads(text)
        elif file == "letter.md":
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
    browser, drafting, left = signed_in(world), world.wiring.drafting(), {}
    for name, text in CASES[file].items():
        try:
            drafting.write(CAMPAIGN, drafting.draft(CAMPAIGN).revision, {file: text}, "ann")
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


def test_each_reason_of_the_toml_parser_has_its_own_sentence() -> None:
    """A version of `tomllib` with other reasons shows the general sentence, and fails here."""
    said = {name: read_settings(text).mistakes[0].says.text for name, text in SETTINGS.items()}
    assert {name for name, text in said.items() if text == _OTHERWISE.text} == {"an open inline table"}
    assert {says.text for says in _REASONS.values()} <= set(said.values())
