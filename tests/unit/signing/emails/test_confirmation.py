"""Test the emails to a signer."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.signatures import adas_form, adas_signature, changed
from undersigned.base import languages
from undersigned.base.emails import Mail, Sender
from undersigned.campaigns.rules.drawings import Drawing
from undersigned.signing import emails
from undersigned.signing.rules.forms import Form, FormMail
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from email.message import EmailMessage

    from undersigned.signing.rules.forms import FormOrLetter

FOLDER = campaign_folder.read(Path(__file__).parents[4] / "campaigns" / "end-demand-illinois")
NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)
SIGNATURE = adas_signature(
    target=FOLDER.targets[0].id,
    signature='Ada "S" <b>',
    letter=FOLDER.letter.version,
)
DRAWING = Drawing.posted([[40, 120, 80, 30, 110, 150, 180, 60, 260, 140, 420, 90, 560, 110], [300, 40]])
assert DRAWING is not None
DRAWN = changed(SIGNATURE, drawing=DRAWING.text)


def confirmation_of(signature: FormOrLetter) -> Mail:
    return emails.confirmation(
        FormMail(signature) if isinstance(signature, Form) else FormMail(adas_form(), signature),
        Sender("letters@enddemand.example", "https://letters.example"),
        FOLDER.campaign,
        FOLDER.targets[0],
        FOLDER.letter,
        confirm_token="token",
        disown_token="token",
        confirm_until=NOON,
        letter_token="token",
        next_delivery=NOON,
    )


def test_an_email_to_a_signer_is_of_no_list() -> None:
    [whole, *_] = parts_of(confirmation_of(SIGNATURE))
    assert not [name for name in whole.keys() if name.startswith("List-")]  # noqa: SIM118  (a message yields no names)


@pytest.mark.parametrize("language", languages.languages())
def test_a_name_with_a_period_at_its_end_makes_no_double_period(language: str) -> None:
    department = replace(FOLDER.targets[0], department="Elmwood P.D.")
    organizer = replace(FOLDER.campaign.organizer, name="Neighbors & Friends, Inc.")
    campaign = replace(FOLDER.campaign, organizer=organizer, language=language)
    version = FOLDER.letters[language]
    mail = emails.confirmation(
        FormMail(adas_form()),
        Sender("letters@enddemand.example", "https://letters.example"),
        campaign,
        department,
        version,
        confirm_token="token",
        disown_token="token",
        confirm_until=NOON,
        letter_token="token",
        next_delivery=NOON,
    )
    for content in (mail.text, mail.html):
        assert re.search(r"Elmwood P\.D\.\s+[SW]", content)
        assert re.search(r"Friends, Inc\.\s+[PT]", content)
        assert ".." not in content


def parts_of(mail: Mail) -> list[EmailMessage]:
    return list(message_from_bytes(mail.as_bytes(), policy=policy.default).walk())


@pytest.mark.parametrize("bundle", [None, "2026-11-30#0001"])
def test_a_drawn_signature_is_a_picture_that_the_html_refers_to(bundle: str | None) -> None:
    whole, text, related, html, picture = parts_of(confirmation_of(replace(DRAWN, bundle=bundle)))
    types = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    assert [part.get_content_type() for part in (whole, text, related, html, picture)] == types
    assert related.get_param("type") == "text/html"
    [image] = re.findall(r"<img [^>]*>", html.get_content())
    assert image.startswith(f'<img src="cid:{picture["Content-ID"].strip("<>")}" alt="Ada &#34;S&#34; &lt;b&gt;" ')
    assert "<svg" not in html.get_content()
    assert 'Sincerely,\r\n\r\nAda "S" <b>\r\n' in text.get_content()


def test_the_picture_has_twice_the_displayed_resolution() -> None:
    _, _, _, html, picture = parts_of(confirmation_of(DRAWN))
    shown = re.search(r'width="(\d+)" height="(\d+)"', html.get_content())
    assert shown
    png = picture.get_content()
    assert png.startswith(b"\x89PNG")
    for pixels, side in zip(struct.unpack(">II", png[16:24]), shown.groups(), strict=True):
        assert abs(pixels - 2 * int(side)) <= 2
    assert len(png) < 20_000


def test_equal_drawings_make_equal_emails_and_different_ones_differ() -> None:
    other = changed(DRAWN, drawing="[[10,20,300,180]]")
    assert confirmation_of(DRAWN).as_bytes() == confirmation_of(DRAWN).as_bytes()
    assert confirmation_of(DRAWN).pictures[0].content_id != confirmation_of(other).pictures[0].content_id


def test_a_typed_signature_has_no_picture() -> None:
    assert [part.get_content_type() for part in parts_of(confirmation_of(SIGNATURE))] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_the_confirmation_email_has_no_drawing() -> None:
    mail = confirmation_of(adas_form(drawing=DRAWN.words.drawing))
    assert mail.pictures == ()
    assert "<img" not in mail.html
    assert "<svg" not in mail.html
