from __future__ import annotations

import re
from collections import Counter
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signatures import CHIEF, ROBIN
from undersigned.authoring.letters import TAG, compile_letter
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.paper_form import import_letter
from undersigned.domain.authoring.letters import as_text, read_blocks, render_html


def letter_of(form: str) -> str:
    """Import a form, without the indentation of its lines, and render it."""
    letter, _ = import_letter(dedent(form))
    return as_text(read_blocks(render_html(compile_letter(letter), CHIEF, ROBIN)))


def body(*lines: str) -> str:
    """Return a form with these lines and all blanks that a letter needs."""
    return "\n".join(("Police Chief ____", "", *lines, "", "(signature)", "", "(date)", "", "(name)", "", "(address)"))


def findings_of(form: str) -> list[str]:
    return [str(finding) for finding in import_letter(dedent(form))[1]]


CONVERTED = (
    "\ufeff\r\n\r\nPolice Chief \\_\\_\\_\\_\\_\\_\\_\\_\r\n\r\nDear Police Chief \\_\\_\\_\\_\\_\\_,\r\n\r\n"
    "Speeding (formerly called “racing”) costs us **dearly**. See www.sampleton.example/news and fine\r\n"
    "drivers \\$1,000 or _more_.\r\n\r\nSincerely,\r\n\r\n(signature)\r\n\r\nDate: \\_\\_\\_\\_\\_\r\n\r\n"
    "(name)\r\n\r\n(address)\r\n"
)

CAPTIONS_BELOW = """
    Police Chief ______________
    Sampleton Police Department

    Dear ________________:

    \tPlease slow the cars on our street, and soon.

    Respectfully,

    ____________________          ____________
    (signature)\t(date)

    ____________________
    (print name)

    ____________________
    ____________________
    (address)
"""

LABELS_BEFORE = """
    To: Chief of Police (name)

    Dear Chief (last name),

    I, ____________, a resident of ___________, ask you to
    keep the bridge open. Hardly anybody swims.

    **Signature:** _________________   **Date:** ___/___/____
    **Name (please print):** _______
    **Address:** _____
    **City, State, Zip:** ________
"""

LABELS_ABOVE = """
    Police Chief
    ______

    Dear Police Chief ______,

    Plant more trees.

    Yours truly,

    ______

    Name:
    ______
    Date:
    Address:
    ______
    ______
"""

BRACKETS = """
    Police Chief [Name]

    Dear Police Chief [Name],

    Open the library on Sundays.

    X___________________
    *[Date]*
    __________________(name)
    ___________________ [Street address]
"""

TABS = "Dear Police Chief ____,\n\nRing the bells.\n\nSignature:\t\t\tDate:\t\nName:\t\t\tAddress:\t\t\n"


def test_a_form_from_a_converter_is_imported_without_its_escapes() -> None:
    assert letter_of(CONVERTED) == dedent("""\
        Police Chief Avery Sample

        Dear Police Chief Avery Sample,

        Speeding (formerly called “racing”) costs us dearly. See
        www.sampleton.example/news and fine drivers $1,000 or more.

        Sincerely,

        R. Resident

        Date: November 30, 2026

        Robin Resident

        5 Placeholder Lane
        Sampleton, IL 60201
        """)


def test_merge_fields_replace_captions_below_blank_lines() -> None:
    assert letter_of(CAPTIONS_BELOW) == dedent("""\
        Police Chief Avery Sample
        Sampleton Police Department

        Dear Police Chief Avery Sample:

        Please slow the cars on our street, and soon.

        Respectfully,

        R. Resident
        November 30, 2026

        Robin Resident

        5 Placeholder Lane
        Sampleton, IL 60201
        """)


def test_labels_before_blank_lines_are_kept() -> None:
    assert letter_of(LABELS_BEFORE) == dedent("""\
        To: Chief of Police Avery Sample

        Dear Chief Avery Sample,

        I, Robin Resident, a resident of Sampleton, ask you to keep the bridge
        open. Hardly anybody swims.

        Signature: R. Resident
        Date: November 30, 2026
        Name (please print): Robin Resident
        Address: 5 Placeholder Lane
        City, State, Zip: Sampleton, IL 60201
        """)


def test_a_label_above_a_blank_line_differs_from_a_caption_by_its_colon() -> None:
    assert letter_of(LABELS_ABOVE) == dedent("""\
        Police Chief
        Avery Sample

        Dear Police Chief Avery Sample,

        Plant more trees.

        Yours truly,

        R. Resident

        Name:
        Robin Resident
        Date: November 30, 2026
        Address:
        5 Placeholder Lane
        Sampleton, IL 60201
        """)


def test_placeholders_in_brackets_are_blanks() -> None:
    assert letter_of(BRACKETS) == dedent("""\
        Police Chief Avery Sample

        Dear Police Chief Avery Sample,

        Open the library on Sundays.

        R. Resident
        November 30, 2026
        Robin Resident
        5 Placeholder Lane
        Sampleton, IL 60201
        """)


def test_labels_followed_only_by_tabs_are_blanks() -> None:
    assert letter_of(TABS) == dedent("""\
        Dear Police Chief Avery Sample,

        Ring the bells.

        Signature: R. Resident
        Date: November 30, 2026
        Name: Robin Resident
        Address: 5 Placeholder Lane
        Sampleton, IL 60201
        """)


@pytest.mark.parametrize("form", [CONVERTED, CAPTIONS_BELOW, LABELS_BEFORE, LABELS_ABOVE, BRACKETS, TABS])
def test_importing_an_imported_letter_changes_nothing(form: str) -> None:
    letter, _ = import_letter(dedent(form))

    assert import_letter(letter) == (letter, ())


def test_every_blank_is_reported_with_its_line_and_its_merge_field() -> None:
    assert findings_of(CAPTIONS_BELOW) == [
        "line 2: “Police Chief ____” → {{ target.name }}",
        "line 5: “Dear ____” → {{ target.title }} {{ target.name }}",
        "line 11: “(signature) ____” → {{ signature }}",
        "line 11: “(date) ____” → {{ date }}",
        "line 14: “(print name) ____” → {{ signer.name }}",
        "line 17: “____” → removed: the address field already fills this line",
        "line 18: “(address) ____” → {{ signer.address }}",
    ]


def test_a_link_is_no_placeholder() -> None:
    letter, findings = import_letter("Read [address](https://example.org).\n")

    assert letter == "Read [address](https://example.org).\n"
    assert not findings


@pytest.mark.parametrize(
    "prose",
    [
        "The act (formerly SB 3558) is in force and has been so for years.",
        "The bill (name of the act) was read in the house a third time.",
        "Every level of government (state) has a part to play in all of this.",
        "Every level of government (city, state) has a part to play in all of this.",
        "See [the address](https://sampleton.example/address) of the hall for more on this.",
        "Its sponsor (signed) the bill that we have waited for all summer.",
        "In her last days __init__ was a word (print) of which nobody knew the sense.",
    ],
)
def test_parentheses_in_a_sentence_are_not_blanks(prose: str) -> None:
    letter, findings = import_letter(body(prose))

    assert prose in letter
    assert len(findings) == 5


@pytest.mark.parametrize(
    ("sentence", "imported"),
    [
        ("My name is (name) and I have lived among you for many years.", "My name is {{ signer.name }} and"),
        ("I live in (town), where the river has risen for many years.", "I live in {{ signer.locality }}, where"),
        ("As your neighbor in [Your Town] I have seen the river rise.", "in {{ signer.locality }} I have"),
        (
            "I have lived for many years at the river and now live at ____, above it.",
            "live at {{ signer.address_line }}",
        ),
        (
            "As a long and happy resident of\n______, I see the river from my window.",
            "of\n{{ signer.locality }}, I see",
        ),
    ],
)
def test_the_words_before_a_blank_in_a_sentence_give_its_meaning(sentence: str, imported: str) -> None:
    assert imported in import_letter(body(sentence))[0]


@pytest.mark.parametrize(
    ("line", "imported"),
    [
        ("Attn: ______", "Attn: {{ target.title }} {{ target.name }}"),
        ("Dear Police Chief ______ (name),", "Dear Police Chief {{ target.name }},"),
        ("Signature: ______ (sign here)", "Signature: {{ signature }}"),
        ("Sign your name: ______", "Sign your name: {{ signature }}"),
        ("Sincerely, ______", "Sincerely, {{ signature }}"),
        ("Signed this ___ day of ______, 20__", "Signed this {{ date }}"),
        ("Dated ______, 20__", "Dated {{ date }}"),
        ("Today’s date: __/__/____", "Today’s date: {{ date }}"),
        ("Date (mm/dd/yyyy): ______", "Date (mm/dd/yyyy): {{ date }}"),
        ("Thank you. Date: ______", "Thank you. Date: {{ date }}"),
        ("Print Name: _____ _____", "Print Name: {{ signer.name }}"),
        ("______ (name) ______ (date)", "{{ signer.name }} {{ date }}"),
        ("Home address: ______", "Home address: {{ signer.address }}"),
        ("(street, city, zip)", "{{ signer.address }}"),
        ("Street: ______", "Street: {{ signer.address_line }}"),
        ("Name and address: ______", "Name and address: {{ signer.name }}\n{{ signer.address }}"),
        ("Town: ______", "Town: {{ signer.locality }}"),
        ("State: ______", "State: {{ signer.region }}"),
        ("Zip code: ______", "Zip code: {{ signer.postal_code }}"),
        (
            "City State Zip: ______",
            "City State Zip: {{ signer.locality }}, {{ signer.region }} {{ signer.postal_code }}",
        ),
        ("Department: ______", "Department: {{ target.department }}"),
    ],
)
def test_a_label_gives_the_meaning_of_its_blank(line: str, imported: str) -> None:
    assert import_letter(line)[0] == imported + "\n"


def test_the_lines_around_a_filled_line_stay_separate_lines() -> None:
    letter, _ = import_letter("Office of the\nPolice Chief ______\n1 Made Up Road\nSampleton\n")

    assert letter == "Office of the\\\nPolice Chief {{ target.name }}\\\n1 Made Up Road\\\nSampleton\n"


def test_an_existing_merge_field_is_not_a_label() -> None:
    with pytest.raises(MistakesError, match="paper form:1: "):
        import_letter("______\n{{ signer.name }}\n")


def test_the_town_is_not_repeated_when_the_form_asks_for_it_separately() -> None:
    letter, _ = import_letter("Address: ____\nCity: ____ Zip: ____\n")

    assert letter.splitlines()[0] == "Address: {{ signer.address_line }}"


def test_the_address_is_complete_when_the_form_asks_for_no_postal_code() -> None:
    letter, _ = import_letter("I live in ____.\nAddress: ____\n")

    assert "Address: {{ signer.address }}" in letter


def test_a_word_with_a_colon_in_a_wrapped_sentence_is_not_a_blank() -> None:
    form = body("Whoever wants to know more about this may write to the following", "address:", "1 Made Up Road")

    assert "address:\\\n1 Made Up Road" in import_letter(form)[0]


def test_every_blank_without_a_clear_meaning_is_listed_by_its_line() -> None:
    with pytest.raises(MistakesError) as caught:
        import_letter(body("Favorite color: ______", "", "Email:", "", "______   ______", "", "(phone)"))

    assert [mistake.line for mistake in caught.value.mistakes] == [3, 5, 7, 7, 9]
    assert str(caught.value).startswith(
        "paper form:3: can't tell what belongs in the blank after “Favorite color:”; remove it, or write the merge"
    )


LINES = st.lists(
    st.sampled_from(
        [
            "", "  ", "____", "\\_\\_\\_\\_", "Date:", "Date: ____", "(signature)", "(name)", "[address]", "Name",
            "Address", "Sincerely,", "Dear ____,", "Police Chief ____", "____    ____", "(name)\t(date)", "X____",
            "{{ signer.name }}", "{% if note %}", "*(date)*", "____ (name)", "____ Police Department", "{", "\t",
            "An ordinary sentence (with an aside) of more than a few words.", "Phone: ___", "(please print)", "a  b",
        ]
    ),
    max_size=8,
)  # fmt: skip


@given(LINES)
def test_any_text_is_imported_or_refused_with_a_line(lines: list[str]) -> None:
    named: set[int | None]
    try:
        letter, findings = import_letter("\n".join(lines))
        named = {finding.line for finding in findings}
    except MistakesError as error:
        letter, named = "", {mistake.line for mistake in error.mistakes}
    assert named <= set(range(1, len(lines) + 1))
    assert not letter or import_letter(letter) == (letter, ())


def words_of(text: str) -> Counter[str]:
    """Count the words of a text, without merge fields."""
    return Counter(re.findall(r"[^\W\d_]+", TAG.sub("", text)))


@given(LINES)
def test_no_word_is_lost_without_a_report(lines: list[str]) -> None:
    try:
        letter, findings = import_letter("\n".join(lines))
    except MistakesError:
        return
    reported = " ".join(finding.blank for finding in findings)
    assert words_of("\n".join(lines)) <= words_of(f"{letter} {reported}")


@pytest.mark.parametrize(
    ("form", "letter"),
    [
        ("Mayor ________\n\nDear Mayor ______,", "Mayor {{ target.name }}\n\nDear Mayor {{ target.name }},"),
        ("Senator ____\n\nDear Senator (name):", "Senator {{ target.name }}\n\nDear Senator {{ target.name }}:"),
        (
            "Council Member ____\n\nDear Council Member ____:",
            "Council Member {{ target.name }}\n\nDear Council Member {{ target.name }}:",
        ),
        (
            "The Honorable ____\n\nDear Representative ____:",
            "The Honorable {{ target.name }}\n\nDear Representative {{ target.name }}:",
        ),
        (
            "To: ______, Mayor of ______\n\nDear Mayor:",
            "To: {{ target.title }} {{ target.name }}, Mayor of {{ target.locality }}\n\nDear Mayor:",
        ),
    ],
)
def test_the_recipient_can_have_many_titles(form: str, letter: str) -> None:
    assert import_letter(form)[0] == letter + "\n"


FROM_A_PDF = """\
Police Chief [Name]
Sampleton Police Department
Dear Police Chief [Name],
The bridge over the river has been closed to people on foot for two summers
now. Children walk to school along the highway.
We ask you to send an officer to the crossing each morning, from seven to
nine, until the bridge is open again. It takes an hour and saves lives, and

the parents of this town have offered to pay for a part of it.
Sincerely,
(signature)
(date)
(name)
(address)
"""


def test_a_text_copied_from_a_pdf_keeps_its_paragraphs_and_the_sentence_that_goes_on_over_the_page() -> None:
    _, first, second, *_ = (" ".join(one.split()) for one in letter_of(FROM_A_PDF).split("\n\n"))

    assert first.startswith("The bridge")
    assert first.endswith("along the highway.")
    assert second.startswith("We ask you")
    assert "saves lives, and the parents of this town" in second


def test_a_name_after_a_blank_line_begins_a_paragraph() -> None:
    line = "Whoever crosses the bridge in the morning with a child can tell you as much"
    letter = letter_of(body(f"{line}\n\nÉliane Example, who lives beside it, has counted the cars of a whole week."))

    assert "\n\nÉliane" in letter
