"""Paper forms: any text becomes a letter's Markdown, which compiles or has mistakes."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.inputs import given, mutated, st, texts, tried
from undersigned.workshop.letters import compile_letter
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pasted_letters import pasted_letter

LETTER = (Path(__file__).parents[2] / "campaigns" / "end-demand-illinois" / "letter.md").read_text(encoding="utf-8")
PAPER = """\
Dear Chief ____________,

My name is ______________ and I live in (town), at [address].
I ask the ________ Police Department to do it by ___ day of ______, 20__.

Sincerely,

X______________________    Date: __/__/____
Print name:
Street ___________  City _________  State __  Zip ______
(please print)   Phone: ____________
"""
PIECES = st.lists(
    st.sampled_from(
        (
            "____", "\\_\\_\\_\\_", "___ ", "X___", "__/__/____", "___ day of ____, 20__", "(name)", "[address]",
            "\\[town\\]", "(print name)", "(please print)", "Date:", "Name: ", "Address", "City, State, Zip", "Dear ",
            "Chief of Police", "I live in ", "Sincerely,", "Phone: ", "Signature", "\n", "\n\n", "\t", "   ", "  \n",
            "\\\n", "*", "**", "{{ date }}", "{{", "}", "\\{", "and so on ", ", ", ".", ":", "- ", "# ", "\ufeff", "\f",
            "\u00a0", "\u200b", "Police Department", "é", "李", "\u202e",
        )
    ),
    max_size=60,
).map("".join)  # fmt: skip


@tried(150)
@given(st.one_of(PIECES, mutated([PAPER, LETTER]), texts(400)))
def test_any_paper_form_is_a_letter_or_has_mistakes(text: str) -> None:
    letter = pasted_letter(text, "en")
    assert letter.endswith("\n")
    for source in (letter, pasted_letter(letter, "en")):
        try:
            compile_letter(source)
        except MistakesError as error:
            assert error.mistakes
