"""The mail to a chief's office."""

from __future__ import annotations

import re
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from undersigned.domain.deliveries import DeliveryKey, PacketRecord, Sender
from undersigned.rendering import mails
from undersigned.rendering.mails import NAMES_IN_MAIL, DeliverySummary, Mail
from undersigned_cli import campaign_folder

FOLDER = campaign_folder.read(Path(__file__).parents[3] / "campaigns" / "end-demand-illinois")
KEY = DeliveryKey("end-demand-illinois", "evanston", "2026-11-30")


def mail_of(letters: int, pdfs: list[bytes] | None = None, name: str = "Signer No") -> Mail:
    packet = PacketRecord(1, 1, letters, 1000, "0" * 64, letters, date(2026, 11, 1), ("v",))
    signers = tuple((f"{name}{number}", "Evanston") for number in range(min(letters, NAMES_IN_MAIL)))
    return mails.delivery(
        Sender("letters@enddemand.example", "https://letters.example"),
        FOLDER.campaign,
        FOLDER.targets[0],
        KEY,
        DeliverySummary(letters, letters, date(2026, 11, 1), (FOLDER.letter,), signers, (packet,)),
        attempt=1,
        pdfs=pdfs,
        packets_token="token",
    )


@pytest.mark.parametrize(("letters", "unlisted"), [(200, None), (201, "1"), (1612, "1,412")])
def test_the_first_200_signers_are_listed_and_the_mail_says_where_the_others_are(
    letters: int, unlisted: str | None
) -> None:
    mail = mail_of(letters)
    for said in (mail.text, mail.html):
        assert len(re.findall(r"Signer No\d+", said)) == 200
        assert ("stand in the packets" in said) is (unlisted is not None)
        assert unlisted is None or f"the other {unlisted} stand in the packets" in said


def test_a_busy_office_sees_in_the_subject_how_many_and_what_about() -> None:
    assert mail_of(1612).subject == "1,612 signed letters for Police Chief Avery Sample: End Demand Illinois"
    assert mail_of(1).subject == "1 signed letter for Police Chief Avery Sample: End Demand Illinois"


def test_equal_mails_are_equal_bytes() -> None:
    assert mail_of(3, [b"%PDF"]).as_bytes() == mail_of(3, [b"%PDF"]).as_bytes()


def test_a_hostile_name_is_text_and_adds_no_header() -> None:
    written = mail_of(1, [b"%PDF"], name="</td><script>x</script>\r\nBcc: x@y.example ").as_bytes()
    mail = message_from_bytes(written, policy=policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert mail["Bcc"] is None
    assert [part.get_filename() for part in mail.iter_attachments()] == ["letters-2026-11-30.pdf"]
