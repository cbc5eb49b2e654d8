"""Malicious organizers: a hostile campaign folder does no harm when it is pushed or rendered."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.support.growth import check_growth, check_growth_of
from tests.support.world import CAMPAIGN, ROOT
from undersigned.base.errors import LetterError
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.letter_fields import FIELDS, MOST_TAGS
from undersigned.campaigns.rules.letter_templates import filled
from undersigned.campaigns.rules.letters import SignerDetails, as_text, read_blocks, render_html
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from pathlib import Path

TARGET = Target("oak", "Police Chief", "Avery Sample", "Oakton Police", "Oakton", "a@b.example", ("60201",))
LONGEST = SignerDetails("N" * 100, "A" * 150, "T" * 80, "IL", "60201", "S" * 100, "'" * 500, date(2026, 11, 30))
LETTER = "{{ target.name }}\n\n%s\n\n{{ signer.name }}\n{{ signer.address }}\n{{ date }}\n{{ signature }}\n"

VALUES = dict.fromkeys(FIELDS, "x")

HOSTILE = {
    "an endless loop": "{% for i in range(10**9) %}x{% endfor %}",
    "a gigabyte of text": "{{ 'a' * 10**9 }}",
    "a number of millions of digits": "{{ 9**9**9 }}",
    "a condition that calculates": "{% if 9**9**9 %}x{% endif %}",
    "an attribute of the class": "{{ signer.__class__.__mro__ }}",
    "an attribute by a filter": "{{ signer|attr('__class__') }}",
    "an attribute by an index": "{{ signer['__class__'] }}",
    "a format string": "{{ '{0.__class__}'.format(signer) }}",
    "an old format string": "{{ '%999999999d' % 1 }}",
    "a call": "{{ signer.name.upper() }}",
    "a whole object": "{{ signer }}",
    "a global": "{{ cycler }}",
    "Python's builtins": "{{ __builtins__ }}",
    "the template itself": "{{ self }}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a block that calls itself": "{% block b %}{{ self.b() }}{% endblock %}",
    "another template": "{% include 'page.html' %}",
    "another template's macros": "{% import 'page.html' as page %}",
    "a parent template": "{% extends 'page.html' %}",
    "an assignment": "{% set note = 'x' * 10**9 %}{{ note }}",
    "escaping switched off": "{% autoescape false %}{{ note }}{% endautoescape %}",
    "a filter without escaping": "{{ note|safe }}",
    "a filter block": "{% filter upper %}x{% endfilter %}",
    "a conditional expression": "{{ note if note else date }}",
    "a test": "{% if note is defined %}x{% endif %}",
    "own words in own words": "{% if note %}{% if note %}x{% endif %}{% endif %}",
    "an end without a beginning": "{% endif %}",
    "a lookalike character": "{{ ｓigner.name }}",
    "too many fields": "{{ note }}" * (MOST_TAGS + 1),
    "many parentheses": "{{ " + "(" * 9_000 + "note" + ")" * 9_000 + " }}",
    "many half tags": "{{ " * 1_000,
    "a million characters": "a" * 1_000_000,
}


@pytest.mark.asvs("1.3.7")
@pytest.mark.parametrize("middle", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_template_is_refused_when_pushed_and_when_rendered(middle: str) -> None:
    with pytest.raises(MistakesError):
        compile_letter(LETTER % middle)
    # A template from the table is checked, too, however it got there.
    with pytest.raises(LetterError):
        filled(middle, VALUES)
    check_growth_of(tried, middle)


def tried(template: str) -> None:
    with suppress(LetterError):
        filled(template, VALUES)


def test_the_longest_accepted_letter_renders_in_bounded_size_and_time() -> None:
    def render(share: float) -> tuple[str, str]:
        tags, signs = int((MOST_TAGS - 5) * share), int(15_000 * share)
        html = render_html(compile_letter(LETTER % ("{{ note }} " * tags + "&" * signs)), TARGET, LONGEST)
        return html, as_text(read_blocks(html))

    html, text = render(1)
    assert len(html) < 700_000
    assert len(text) < 150_000
    check_growth(render)


SLOW = {
    "brackets": "[" * 18_000,
    "half links": "[a](" * 4_500,
    "half pictures": "![" * 9_000,
    "emphasis": "*a **b " * 2_500,
    "quotations": "> " * 9_000 + "x",
    "lists": "".join("  " * depth + "- x\n" for depth in range(130)),
    "addresses": "http://" * 2_500,
    "half addresses": "a@" * 9_000,
    "backticks": "".join("`" * length + " " for length in range(180)),
    "backslashes": "\\" * 18_000,
}


@pytest.mark.parametrize("middle", SLOW.values(), ids=SLOW)
def test_no_markdown_takes_long(middle: str) -> None:
    def read(part: str) -> None:
        with suppress(MistakesError):
            compile_letter(LETTER % part)

    check_growth_of(read, middle)


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/organizer",
        "evil",
        "#top",
        "?x",
        "java&#x0A;script:alert(1)",
        "%6aavascript:alert(1)",
        "smb://files.example/x",
        "ms-word:ofe|u|http://evil.example/x",
        "view-source:x",
        "blob:x",
        "https:evil.example",
        "https:///evil.example",
    ],
)
def test_a_link_without_a_full_address_is_a_mistake(address: str) -> None:
    with pytest.raises(MistakesError, match="write a full address"):
        compile_letter(LETTER % f"[here]({address})")


@pytest.mark.asvs("1.2.2")
@pytest.mark.parametrize(
    "words",
    [
        "[here](javascript:alert(1))",
        "[here](JaVaScRiPt&colon;alert(1))",
        "[here](data:text/html,x)",
        "[here](vbscript:x)",
        "[here](file:///etc/passwd)",
        "<javascript:alert(1)>",
    ],
)
def test_an_address_that_runs_a_script_or_reads_a_file_is_not_a_link(words: str) -> None:
    assert "<a" not in compile_letter(LETTER % words)


def test_web_email_and_telephone_addresses_are_links() -> None:
    html = compile_letter(LETTER % "[a](https://a.example/b) [b](mailto:a@b.example) [c](tel:+1) d@example.org")
    assert html.count("<a ") == 4


@pytest.mark.asvs("1.3.5")
@pytest.mark.parametrize(
    "words",
    [
        "![here](https://evil.example/pixel.png)",
        "<img src=https://evil.example/pixel.png>",
        "<svg><image href='file:///etc/passwd'/></svg>",
        "<script>alert(1)</script>",
        "<!-- hidden -->",
    ],
)
def test_a_letter_with_a_picture_or_html_is_refused(words: str) -> None:
    with pytest.raises(MistakesError):
        compile_letter(LETTER % words)


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\u202e", "\u2066", "\x85"])
def test_a_letter_with_a_control_or_bidi_character_is_refused(character: str) -> None:
    with pytest.raises(MistakesError, match="can’t be printed"):
        compile_letter(LETTER % f"Plant{character} trees.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "campaigns" / CAMPAIGN, tmp_path / CAMPAIGN)


@pytest.mark.parametrize(
    ("setting", "hostile"),
    [
        ('title = "', 'title = "Trees\\u0000'),
        ('title = "', 'title = "Trees\\u202E'),
        ('name = "', 'name = "Trees\\u001b]0;x\\u0007'),
        ('email = "', 'email = "a@b.example, c@evil.example'),
        ('email = "', 'email = "a@b.example\\r\\nBcc: c@evil.example'),
        ('email = "', 'email = "\\"a b\\"@evil.example'),
        ('email = "', 'email = "Group: a@b.example;'),
        ('email = "', 'email = "<a@b.example>'),
        ('id = "', 'id = "../another'),
        ('id = "', 'id = "another#TOTAL'),
        ("goal = ", "goal = -1 #"),
        ("goal = ", "goal = nan #"),
        ("goal = ", f"goal = {'[' * 20_000} #"),
    ],
)
def test_a_hostile_setting_is_refused(folder: Path, setting: str, hostile: str) -> None:
    file = folder / "campaign.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(setting, hostile, 1), encoding="utf-8")
    with pytest.raises(MistakesError):
        campaign_folder.read(folder)


@pytest.mark.parametrize(
    "site",
    [
        "*",
        "https://*.example.org",
        "http://example.org",
        "https://example.org/path",
        "https://a@example.org",
        "https://example.org; script-src *",
        "https://example.org' 'unsafe-inline",
        "https://example.org\\r\\nX: y",
        "javascript://example.org",
        "null",
        "file://",
    ],
)
def test_an_allowed_origin_that_admits_other_sites_is_refused(folder: Path, site: str) -> None:
    file = folder / "campaign.toml"
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if not line.startswith("allowed_origins")]
    file.write_text(f'allowed_origins = ["{site}"]\n' + "\n".join(lines), encoding="utf-8")
    with pytest.raises(MistakesError, match="allowed_origins"):
        campaign_folder.read(folder)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("name", '"Avery\x1b[2J Sample"'),
        ("name", '"Avery \u202eelpmaS"'),
        ("department", '"Police\x00"'),
        ("email", '"a@b.example,c@evil.example"'),
        ("email", '"a@b.example\nBcc: c@evil.example"'),
        ("email", '"Chief <a@b.example>, c@evil.example"'),
        ("email", '"<a@b.example> <c@evil.example>"'),
        ("email", '"a@b.example <c@evil.example>"'),
        ("email", '"undisclosed: a@b.example;"'),
        ("email", '"""a b""@evil.example"'),
        ("email", "a@b"),
        ("id", "../x"),
        ("id", "a#b"),
    ],
)
def test_a_hostile_target_is_refused(folder: Path, column: str, cell: str) -> None:
    row = {"id": "oak", "title": "Chief", "name": "A", "department": "D", "locality": "L", "email": "a@b.example"}
    row |= {"postal_codes": "60201", column: cell}
    (folder / "targets.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n", encoding="utf-8")
    with pytest.raises(MistakesError, match=f"`{column}`"):
        campaign_folder.read(folder)


def test_a_title_with_a_line_break_becomes_one_line(folder: Path) -> None:
    file = folder / "campaign.toml"
    settings = file.read_text(encoding="utf-8")
    file.write_text(settings.replace('title = "', 'title = "Trees\\r\\nBcc: c@evil.example ', 1), encoding="utf-8")
    assert campaign_folder.read(folder).campaign.title.startswith("Trees Bcc: c@evil.example ")


def test_a_name_with_a_line_break_becomes_one_line(folder: Path) -> None:
    row = 'oak,Chief,"Avery\r\nBcc: c@evil.example",D,L,a@b.example,60201'
    header = "id,title,name,department,locality,email,postal_codes"
    (folder / "targets.csv").write_text(f"{header}\n{row}\n", encoding="utf-8", newline="")
    (target,) = campaign_folder.read(folder).targets
    assert target.name == "Avery Bcc: c@evil.example"


def test_every_merge_field_is_accepted() -> None:
    assert filled("".join(f"{{{{ {name} }}}}" for name in FIELDS), VALUES) == "x" * len(FIELDS)
