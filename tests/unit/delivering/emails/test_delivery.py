"""Test the email of a delivery."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from html import unescape
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from undersigned.base.emails import Mail, Sender
from undersigned.base.limits import Limits
from undersigned.campaigns.rules.letters import read_blocks, render_html, specimen
from undersigned.delivering.emails.delivery import DeliverySummary, delivery_email
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned_cli import campaign_folder

FOLDER = campaign_folder.read(Path(__file__).parents[4] / "campaigns" / "end-demand-illinois")
KEY = DeliveryKey("end-demand-illinois", "evanston", "2026-11-30")


OFFICE = f"https://letters.example/office/{'t0ken~.-' * 25}"


def mail_of(letters: int, pdfs: list[bytes] | None = None, **other: Any) -> Mail:
    """Return a delivery's email. `other` may name its `campaign`, `office_url`, and `of` how many packets there are."""
    of = other.get("of") or len(pdfs or "-")
    return delivery_email(
        Sender("letters@enddemand.example", "https://letters.example"),
        other.get("campaign", FOLDER.campaign),
        FOLDER.targets[0],
        KEY,
        DeliverySummary(letters, letters, date(2026, 11, 1), tuple(range(1, of + 1)), of),
        attempt=1,
        pdfs=pdfs,
        packets_token="token",
        sent_on=date(2026, 12, 1),
        office_url=other.get("office_url", OFFICE),
    )


@pytest.mark.parametrize("pdfs", [1, 3, 0])
def test_the_email_has_no_word_of_the_letter_and_no_name_of_a_signer(pdfs: int) -> None:
    """Filters quarantine emails by their words, and offices forward them. The files have both."""
    mail = mail_of(9, [b"%PDF"] * pdfs or None, of=pdfs or 9)
    letter = read_blocks(render_html(FOLDER.letter.template, FOLDER.targets[0], specimen("en")))
    sentences = [line for block in letter for line in block.text.splitlines() if len(line) > 40]
    assert len(sentences) > 5
    for content in (" ".join(mail.text.split()), " ".join(unescape(mail.html).split())):
        assert not [sentence for sentence in sentences if sentence in content]
        assert "prostitut" not in content.lower()
        assert "signature)" not in content


def test_a_heading_of_the_text_is_underlined_on_the_next_line() -> None:
    assert re.findall(r"(\w+)\n={70}\n\n", mail_of(2).text) == ["FOR", "LETTERS", "THIS", "OFFICE"]


def test_the_email_says_in_the_organizers_sentence_what_is_asked_or_else_in_the_title() -> None:
    for request, said in (("Please fund lights at <our> crossings.",) * 2, (None, FOLDER.campaign.title)):
        mail = mail_of(2, campaign=replace(FOLDER.campaign, request=request))
        for content in (mail.text, unescape(mail.html)):
            assert re.search(rf"(?i)what the letters ask for.*[\s>]{re.escape(said)}", content, re.DOTALL)


@pytest.mark.parametrize("pdfs", [1, 3, 0])
def test_the_office_gets_a_link_to_the_files_because_a_gateway_may_remove_those_that_are_attached(pdfs: int) -> None:
    of = pdfs or 9
    mail = mail_of(9, [b"%PDF"] * pdfs or None, of=of)
    copy = mail_of(9, [b"%PDF"] * pdfs or None, of=of, office_url=None)
    for content in (mail.text, mail.html):
        assert "https://letters.example/packets/token" in content
    assert "/packets/" not in copy.text + copy.html


def test_the_subject_says_how_many_letters_of_which_day_and_what_about() -> None:
    about = "Police Chief Avery Sample, November 30, 2026: End Demand Illinois"
    assert mail_of(1612).subject == f"1,612 signed letters for {about}"
    assert mail_of(1).subject == f"1 signed letter for {about}"


@pytest.mark.parametrize(
    ("pdfs", "files"),
    [
        (1, ["evanston-2026-11-30.pdf"]),
        (3, [f"evanston-2026-11-30-{number}-of-3.pdf" for number in (1, 2, 3)]),
        (0, ["evanston-2026-11-30-1-of-9.pdf", "evanston-2026-11-30-9-of-9.pdf"]),
    ],
)
def test_an_email_that_is_printed_alone_says_from_whom_to_whom_and_when_it_came_and_which_files_go_with_it(
    pdfs: int, files: list[str]
) -> None:
    mail = mail_of(9, [b"%PDF"] * pdfs or None, of=pdfs or 9)
    organizer, target = FOLDER.campaign.organizer, FOLDER.targets[0]
    facts = (organizer.name, organizer.email, str(organizer.telephone), str(organizer.website), target.name)
    for content in (mail.text, unescape(mail.html)):
        for fact in (*facts, target.department, "December 1, 2026", *files):
            assert fact in content


def test_an_organizer_without_telephone_or_website_has_no_empty_line_for_it() -> None:
    plain = replace(FOLDER.campaign, organizer=replace(FOLDER.campaign.organizer, telephone=None, website=None))
    mail = mail_of(1, campaign=plain)
    assert not re.search("Telephone|Website|None", mail.text + mail.html)


def header_lines(mail: Mail) -> list[str]:
    return mail.as_bytes().partition(b"\r\n\r\n")[0].decode().split("\r\n")


def test_programs_learn_which_list_an_email_is_of_and_how_to_stop_it_with_one_click() -> None:
    """A program that knows RFC 8058 posts to the address, so it stands on one line, and is not encoded."""
    lines = header_lines(mail_of(1))
    assert "List-Id: <end-demand-illinois.enddemand.example>" in lines
    assert f"List-Unsubscribe: <{OFFICE}/stop>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_a_copy_for_the_organizer_has_no_link_that_acts_for_the_office() -> None:
    mail = mail_of(1, office_url=None)
    assert "List-Unsubscribe" not in mail.as_bytes().decode()
    assert "/office/" not in mail.as_bytes().decode() + mail.html + mail.text
    assert "Only the recipient’s email has the links." in " ".join(mail.text.split())


def test_an_email_with_as_many_pdfs_as_are_attached_passes_servers_that_take_10_mb() -> None:
    packet = 1_832_141
    pdfs = [bytes(packet), bytes(packet), bytes(packet), bytes(Limits.attached - 3 * packet)]
    assert Limits.attached * 4 // 3 < len(mail_of(953, pdfs).as_bytes()) < 10_000_000


def test_equal_emails_have_equal_bytes() -> None:
    assert mail_of(3, [b"%PDF"]).as_bytes() == mail_of(3, [b"%PDF"]).as_bytes()


_WORDS = st.lists(
    st.sampled_from(
        [
            "Save",
            "the",
            "Östlund",
            "—",
            "¡Sí",
            "puede!",
            "O'Brien",
            '"Bob"',
            "Zoë,",
            "(12)",
            "Ångström:",
            "=?x?=",
            "x" * 90,
        ]
    ),
    min_size=1,
    max_size=24,
).map(" ".join)
"""Texts of headers. Readers see no space between two encoded words, so it matters what is encoded together."""


@given(_WORDS, _WORDS)
@example(
    "1,612 signed letters for Police Chief Avery Sample: End Demand Illinois",
    "Neighbors of Cook County and of Lake County, Illinois, and their Friends",
)
@example(
    "Chief 日本語 O'Brien Police \"Bob\" O'Brien 日本語 and Zoë, — Peña Library the — (12) se",
    'Ångström: "Bob" Östlund Save — letters 123 Peña — se Library the Library Zoë,',
)
def test_a_subject_and_a_senders_name_are_read_as_they_were_written(subject: str, name: str) -> None:
    written = replace(mail_of(1, office_url=None), subject=subject, sender_name=name).as_bytes()
    assert all(len(line) <= 78 for line in written.partition(b"\r\n\r\n")[0].splitlines())
    # Some programs show a space for a fold before the first word.
    assert not re.search(rb"^(?:Subject|From):\s*\r\n", written, re.MULTILINE)
    assert message_from_bytes(written, policy=policy.default)["Subject"] == subject
    mail = message_from_bytes(written)
    assert str(make_header(decode_header(mail["Subject"]))).replace("\r\n", "") == subject
    phrase, _, address = mail["From"].replace("\r\n", "").rpartition(" <")
    assert address == "letters@enddemand.example>"
    quoted = phrase.startswith('"') and name.isascii()
    assert (phrase[1:-1].replace('\\"', '"') if quoted else str(make_header(decode_header(phrase)))) == name


@pytest.mark.asvs("1.2.1")
def test_a_hostile_sentence_is_text_and_adds_no_header() -> None:
    hostile = "</td><script>x</script>\r\nBcc: x@y.example "
    written = mail_of(1, [b"%PDF"], campaign=replace(FOLDER.campaign, request=hostile)).as_bytes()
    mail = message_from_bytes(written, policy=policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert mail["Bcc"] is None
    assert [part.get_filename() for part in mail.iter_attachments()] == ["end-demand-illinois-evanston-2026-11-30.pdf"]
