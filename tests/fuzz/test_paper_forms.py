"""Paper forms: any text becomes a letter's Markdown with a finding for each blank, or mistakes with line numbers."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.inputs import given, mutated, st, texts, tried
from undersigned.authoring.letters import compile_letter
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.paper_form import import_letter
from undersigned.authoring.paper_labels import fields_after, fields_of_label

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
def test_any_paper_form_is_a_letter_or_mistakes(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    try:
        letter, findings = import_letter(text)
    except MistakesError as error:
        assert error.mistakes
        assert all(mistake.line in range(1, lines + 1) and "; " in mistake.message for mistake in error.mistakes)
        return
    assert all(1 <= finding.line <= lines and str(finding) for finding in findings)
    assert letter.endswith("\n")
    again, _ = import_letter(letter)
    for source in (letter, again):
        try:
            compile_letter(source)
        except MistakesError as error:
            assert error.mistakes


@tried(60)
@given(st.one_of(PIECES, texts(100)))
def test_any_words_are_a_label_or_none(words: str) -> None:
    assert isinstance(fields_of_label(words), tuple)
    assert isinstance(fields_after(words), tuple)
