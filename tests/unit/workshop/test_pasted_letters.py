"""Test that a pasted letter keeps its lists, lines and paragraphs, and that its blanks become placeholders."""

from __future__ import annotations

import re
from textwrap import fill

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.growth import check_growth_of
from tests.support.signatures import CHIEF, ROBIN
from undersigned.campaigns.rules.letter_fields import LONGEST_LETTER
from undersigned.campaigns.rules.letters import read_blocks, render_html
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError, TooMuchError
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.typed_letters import typed_letter

FIELDS = "{{ target.name }}\n\n{{ signature }}\n\n{{ date }}\n\n{{ signer.name }}\n\n{{ signer.address }}\n"


WRAPPED = (
    "I write to you as a neighbor of the river and of the road beside it, on which far too many cars have gone far too "
    "fast for far too long. Our School is beside it."
)


def blocks_of(pasted: str) -> list[tuple[str, str]]:
    """Import a text with all fields after it, and return the blocks of the letter before them."""
    letter = pasted_letter(f"{pasted}\n\n{FIELDS}", "en")
    blocks = read_blocks(render_html(compile_letter(letter), CHIEF, ROBIN))
    return [(block.kind, block.text) for block in blocks[:-5]]


LONG = (
    "I write to you as a neighbor of the river and of the road beside it, on which far too many cars have gone far too "
    "fast for far too long, by day and by night, past our houses and past our school."
)
SHORTER = "It need not stay this way: other towns have slowed their cars, and nobody wants the old days back there now."

WORD = (
    "Coalition for Slow Streets\r\n100 Made Up Road, Suite 5\r\nSampleton, IL 60201\r\nNovember 27, 2026\r\n\r\n"
    f"Dear Chief:\r\n{LONG}\r\nWe ask for three things:\r\n•\tSigns at the school,\x0bon both sides\r\n"
    "o\tin the fall\r\n•\tA walk at the river\r\n"
    f"\u00a0\r\n{SHORTER}\r\n1.\tPaint the lines.\r\n2.\tMend the lamps.\r\n{LONG}\r\n"
    "Sincerely,\r\n\r\n\r\nRobin Resident\r\nMember of the Board\r\n"
)


def test_a_letter_from_word_keeps_its_paragraphs_lists_and_lines() -> None:
    assert blocks_of(WORD) == [
        ("paragraph", "Coalition for Slow Streets\n100 Made Up Road, Suite 5\nSampleton, IL 60201\nNovember 27, 2026"),
        ("paragraph", "Dear Chief:"),
        ("paragraph", LONG),
        ("paragraph", "We ask for three things:"),
        ("bullet", "Signs at the school,\non both sides"),
        ("bullet", "in the fall"),
        ("bullet", "A walk at the river"),
        ("paragraph", SHORTER),
        ("number", "Paint the lines."),
        ("number", "Mend the lamps."),
        ("paragraph", LONG),
        ("paragraph", "Sincerely,"),
        ("paragraph", "Robin Resident\nMember of the Board"),
    ]


GMAIL = """\
Dear Chief Sample,

I write to you as a neighbor of the river and of the road beside it, on
which far too many cars have gone far too fast for far too long. Our
School is beside it.

We ask for two things:

   - Signs at the school, on both sides, and a walk at the river that
   everybody can see
   - A lamp

   1. In the fall
   2. In the spring

This is what we ask.

Sincerely,

Robin Resident
Member of the Board

Coalition for Slow Streets
100 Made Up Road, Suite 5
Sampleton, IL 60201
"""


def test_an_email_wrapped_at_72_columns_has_whole_paragraphs_and_keeps_its_lines() -> None:
    assert blocks_of(GMAIL) == [
        ("paragraph", "Dear Chief Sample,"),
        ("paragraph", WRAPPED),
        ("paragraph", "We ask for two things:"),
        ("bullet", "Signs at the school, on both sides, and a walk at the river that everybody can see"),
        ("bullet", "A lamp"),
        ("number", "In the fall"),
        ("number", "In the spring"),
        ("paragraph", "This is what we ask."),
        ("paragraph", "Sincerely,"),
        ("paragraph", "Robin Resident\nMember of the Board"),
        ("paragraph", "Coalition for Slow Streets\n100 Made Up Road, Suite 5\nSampleton, IL 60201"),
    ]


@pytest.mark.parametrize(
    "pasted",
    [
        "We ask for:\n•\tSigns\n•\tLamps\n",
        "We ask for:\r\n\r\n•\tSigns\r\n\r\n•\tLamps\r\n",
        "We ask for:\n·\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0 Signs\n·\u00a0\u00a0\u00a0\u00a0 Lamps\n",
        "We ask for:\n\uf0b7\tSigns\n\uf0b7\tLamps\n",
        "We ask for:\n§\tSigns\n§\tLamps\n",
        "We ask for:\no\tSigns\no\tLamps\n",
        "We ask for:\n    • Signs\n    • Lamps\n",  # LibreOffice
        "We ask for:\n\n   * Signs\n   * Lamps\n",  # a text file of Google Docs
        "We ask for:\n*\tSigns\n*\tLamps\n",  # Outlook
        "We ask for:\n–\tSigns\n–\tLamps\n",
        "We ask for:\n•Signs\n•Lamps\n",
        "We ask for:\n-\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0 Signs\n-\tLamps\n",
    ],
)
def test_every_kind_of_bullet_makes_a_list(pasted: str) -> None:
    assert blocks_of(pasted) == [("paragraph", "We ask for:"), ("bullet", "Signs"), ("bullet", "Lamps")]


@pytest.mark.parametrize(
    "pasted",
    [
        "We ask for:\n1.\tSigns\n2.\tLamps\n",
        "We ask for:\n1)\tSigns\n2)\tLamps\n",
        "We ask for:\n1.\u00a0\u00a0\u00a0 Signs\n2.\u00a0\u00a0\u00a0 Lamps\n",
        "We ask for:\n   1. Signs\n   2. Lamps\n",
        "We ask for:\r\n\r\n1. Signs\r\n\r\n2. Lamps\r\n",
    ],
)
def test_every_kind_of_number_makes_a_numbered_list(pasted: str) -> None:
    assert blocks_of(pasted) == [("paragraph", "We ask for:"), ("number", "Signs"), ("number", "Lamps")]


def test_lettered_entries_stay_lines_with_their_letters() -> None:
    assert blocks_of("(a) more signs, and bigger ones than\nthose we have,\n(b) more lamps\n") == [
        ("paragraph", "(a) more signs, and bigger ones than those we have,\n(b) more lamps")
    ]


@pytest.mark.parametrize(
    "prose",
    [
        "The river and the road beside it\n– both of them ours – are in danger, and have been so for years.",
        "Ya sea de día o de noche, por la calle\no por el río, pedimos que vayan despacio por nuestra ciudad.",
        "They have promised it to all of us in the fall of the year\n2026. The signs have not come, and none say why.",
        "Semantic line breaks are for Markdown.\nThey end each sentence with a line of its own.",
    ],
)
def test_a_wrapped_sentence_stays_one_paragraph(prose: str) -> None:
    assert blocks_of(prose) == [("paragraph", prose.replace("\n", " "))]


@pytest.mark.parametrize(
    "lines",
    [
        "Sincerely,\nRobin Resident\nMember of the Board",
        "Atentamente,\nRobin Resident\nMiembro de la Junta",
        "Chief Avery Sample\nSampleton Police Department\n1 Made Up Road\nSampleton, IL 60201",
        "Parents of Oakton\n12 Oak St.\nOakton, OH 43085\nparents@oakton.example\nwww.oakton.example\n614-555-0100",
    ],
)
def test_the_lines_of_a_closing_or_an_address_stay_lines(lines: str) -> None:
    assert blocks_of(lines) == [("paragraph", lines)]


def test_no_space_stands_before_the_backslash_of_a_line_break() -> None:
    assert pasted_letter("Act by 3 p.m. \\\nThank you.", "en") == "Act by 3 p.m.\\\nThank you.\n"


def test_a_soft_break_of_word_or_pages_is_a_line_break() -> None:
    assert blocks_of("Slow the cars.\vNow.\u2028Please.") == [("paragraph", "Slow the cars.\nNow.\nPlease.")]


PARAGRAPHS = (
    LONG,
    (
        "Other towns have slowed their cars. They painted lines, put up lamps and told everybody why, and in the "
        "end it was cheaper than a single crash, as their own books show."
    ),
)


@pytest.mark.parametrize("width", [60, 72, 90, 98, 104, 112, 130])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_wrapped_text_is_never_cut_within_a_sentence(width: int, between: str) -> None:
    """Text copied from a PDF has no blank line between paragraphs."""
    pasted = between.join(fill(text, width) for text in PARAGRAPHS)
    shown = [text for _, text in blocks_of(f"Dear Chief,\n\n{pasted}")][1:]
    assert " ".join(shown) == " ".join(PARAGRAPHS)
    assert all(text.endswith(".") for text in shown)


def test_one_long_line_does_not_cut_the_wrapped_text_around_it() -> None:
    pasted = f"{fill(PARAGRAPHS[0], 72)}\n\n{LONG}\n\n{fill(PARAGRAPHS[1], 60)}\n\n- {LONG}\n- lamps"
    assert [text for _, text in blocks_of(pasted)] == [PARAGRAPHS[0], LONG, PARAGRAPHS[1], LONG, "lamps"]


@pytest.mark.parametrize("end", ["in August,", "with care,", "  in Sampleton,", "with Robin,", "with respect,"])
def test_the_last_line_of_an_entry_is_no_closing(end: str) -> None:
    pasted = (
        f"We ask you to\n\n1. paint the crossing before the term begins again\n{end}\n2. mend the lamps, and\n3. go."
    )
    assert blocks_of(pasted)[1:] == [
        ("number", f"paint the crossing before the term begins again {end.strip()}"),
        ("number", "mend the lamps, and"),
        ("number", "go."),
    ]


def test_a_sentence_that_begins_like_a_closing_is_none() -> None:
    assert blocks_of("In short,\nthe lamps are broken\nand we want them mended") == [
        ("paragraph", "In short, the lamps are broken and we want them mended")
    ]


@pytest.mark.parametrize(
    "mistake", ["| Year | Cars |\n|---|---|\n| 2024 | 900 |", "Our demands\n-----------\nSlow the cars"]
)
def test_what_a_letter_cannot_have_is_still_refused(mistake: str) -> None:
    with pytest.raises(MistakesError, match="can’t have"):
        blocks_of(mistake)


def test_names_below_quotations_and_closings_are_no_list() -> None:
    pasted = "“We will act.”\n— Chief Sample\n\n“We will not.”\n— The Mayor\n\nSincerely,\n\n— Robin\n— Sam"
    assert {kind for kind, _ in blocks_of(pasted)} == {"paragraph"}


MARKS = st.sampled_from(
    [
        "", "", "", "•\t", "• ", "•", "o\t", "§\t", "·\u00a0\u00a0\u00a0", "– ", "-\t", "- ", "* ", "+ ", "1. ",
        "1.\t", "(1) ", "a. ", "b) ", "i.\t", "\t•\t", "    • ", "   - ",
        "  ", "\t",
    ]
)  # fmt: skip
PHRASES = st.sampled_from(
    [
        "Dear Chief,", "Sincerely,", "Thank you,", "Robin Resident", "Director of the", "Sampleton, IL 60201",
        "and so on", "We ask you to slow the cars that go past our school, and soon.", LONG, SHORTER,
        "Signs:", "Lamps;", "Now.", "100 Made Up Road", "- odd", "• odd", "1. odd", "river\vroad",
        "two  blanks", "ends in spaces  ", "a\\", "one\v\vtwo",
    ]
)  # fmt: skip
LINES = st.lists(st.one_of(st.just(""), st.tuples(MARKS, PHRASES).map("".join)), max_size=12)
ENDS = st.sampled_from(["\n", "\r\n"])
# Single letters can be bullets.
WORDS = re.compile(r"[^\W\d_]{2,}")


@given(LINES, ENDS)
def test_no_word_is_lost_or_moved_and_the_letter_compiles_and_is_stable(lines: list[str], end: str) -> None:
    pasted = end.join(lines)
    letter = pasted_letter(f"{pasted}\n\n{FIELDS}", "en")
    blocks = read_blocks(render_html(compile_letter(letter), CHIEF, ROBIN))
    assert WORDS.findall(" ".join(block.text for block in blocks[:-5])) == WORDS.findall(pasted)
    assert pasted_letter(letter, "en") == letter


FORM = """\
\ufeffPolice Chief \\_\\_\\_\\_\\_\\_\\_\\_
Sampleton Police Department

Dear Police Chief ______,

My name is ________ and I live in ______ (town). Speeding costs us **dearly**: drivers pay \\$1,000 or more.

Signed this ___ day of ______, 20__

X___________________
(signature)

Date: __/__/____

____________________          ____________
(print name)\t(date)

_________________________
_________________________
(street, city, zip)
"""


def test_each_blank_of_a_paper_form_is_a_placeholder_with_the_words_beside_or_below_it() -> None:
    assert pasted_letter(FORM, "en") == (
        "Police Chief [fill in]\\\nSampleton Police Department\n\nDear Police Chief [fill in],\n\n"
        "My name is [fill in] and I live in [town]. Speeding costs us **dearly**: drivers pay $1,000 or more.\n\n"
        "Signed this [fill in]\n\n{{ signature }}\n\nDate: [fill in]\n\n"
        "[print name]\n{{ date }}\n\n[street, city, zip]\n"
    )


def test_placeholders_on_one_line_stay_on_it() -> None:
    assert pasted_letter("[recipient's title] [recipient's name]", "en") == "{{ target.title }} {{ target.name }}\n"


def test_the_compiler_lists_each_placeholder_with_its_line() -> None:
    with pytest.raises(MistakesError) as caught:
        compile_letter(pasted_letter("Dear ____,\n\nSlow the cars, and soon.\n\n(print name)\n", "en"))

    assert [(mistake.line, mistake.message.split(";")[0]) for mistake in caught.value.mistakes] == [
        (1, "[fill in] is a blank"),
        (5, "[print name] is a blank"),
    ]


def test_a_placeholder_has_the_words_of_the_page_s_language() -> None:
    assert pasted_letter("Sr. ____:\n\n(firma)\n", "es") == "Sr. [por completar]:\n\n{{ signature }}\n"


@pytest.mark.parametrize(
    "text",
    [
        "Act __now__ and __here__ (really), or init__ and __main.",
        "The act (formerly SB 3558) is in force.",
        "See [the page](https://a.example/x____y) or www.a.example/____ for more.",
        "(We ask for more than this.)",
        "\\(aside\\)",
        "\\[sic\\]",
    ],
)
def test_emphasis_addresses_and_remarks_are_no_blanks(text: str) -> None:
    assert pasted_letter(text, "en") == f"{text}\n"
    compile_letter(text)


def test_a_letter_copied_from_our_paper_form_comes_back_without_its_foot() -> None:
    copied = "Dear ____ [recipient's name],\n\nAct.\n\nOr sign on the web: https://a.example/c\n\n2\n"
    assert pasted_letter(copied, "en") == "Dear {{ target.name }},\n\nAct.\n"


@pytest.mark.parametrize(
    "part",
    ["[a] ", "____ ", "____\n", "___ [x ", "[", "\\[", "(name) ", "(name)\n", "x ____ y\n", "_ ", "\\_", "www.[",
     "Or sign on the web: "],
)  # fmt: skip
def test_a_long_text_is_read_in_time_that_grows_with_it(part: str) -> None:
    check_growth_of(lambda text: pasted_letter(text, "en"), (part * LONGEST_LETTER)[: LONGEST_LETTER - 1])
    with pytest.raises(TooMuchError):
        pasted_letter(part * (LONGEST_LETTER + 1), "en")


BLANKS = st.lists(
    st.sampled_from(
        [
            "", "  ", "____", "\\_\\_\\_\\_", "Date:", "Date: ____", "(signature)", "(name)", "[address]", "Name",
            "Dear ____,", "____    ____", "(name)\t(date)", "X____", "{{ signer.name }}", "*(date)*", "____ (name)",
            "An ordinary sentence (with an aside) of more than a few words.", "Phone: ___", "a  b", "\t", "__/__/__",
        ]
    ),
    max_size=8,
).map("\n".join)  # fmt: skip


@given(BLANKS)
def test_no_word_is_lost_beside_a_blank_and_importing_again_changes_nothing(text: str) -> None:
    letter = pasted_letter(text, "en")
    shown = typed_letter(letter, "en").replace("[fill in]", "")
    assert WORDS.findall(shown) == WORDS.findall(typed_letter(text, "en"))
    assert pasted_letter(letter, "en") == letter
