"""Every kind of email, with long words and links."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.signatures import adas_form, adas_signature
from undersigned.base.emails import Mail, Sender
from undersigned.campaigns.rules.campaigns import Answer
from undersigned.campaigns.rules.stops import Stop
from undersigned.delivering.emails import organizer_mails
from undersigned.delivering.emails.answer import answer_email
from undersigned.delivering.emails.delivery import DeliverySummary, delivery_email
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.emails import reports
from undersigned.organizing.rules.reports import SECTIONS, Report, ReportLine
from undersigned.people import emails as people_mails
from undersigned.people.rules.people import Member, Person
from undersigned.signing import emails as signers_mails
from undersigned.signing.rules.forms import FormMail
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign

FOLDER = campaign_folder.read(Path(__file__).parents[2] / "campaigns" / "end-demand-illinois")
TARGET = FOLDER.targets[0]
SENDER = Sender("letters@enddemand.example", "https://letters.example")
NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)
TOKEN = "eyJ0b2tlbiI6" * 20
ANSWER = Answer(NOON.date(), "We have read your letters.", is_public=False, by="maria", at=NOON)
STOP = Stop(NOON, "We take letters by our web form only.", accepted_at=NOON)
_SAID = {
    "target": TARGET.id,
    "note": f"https://letters.example/{TOKEN}",
    "letter": FOLDER.letter.version,
    "addressee": TARGET.addressee,
}
FORM, SIGNED = adas_form(**_SAID), adas_signature(**_SAID)
AGREED = adas_signature(**_SAID, updates=True)


def delivery(campaign: Campaign, pdfs: list[bytes] | None) -> Mail:
    summary = DeliverySummary(2, 2, date(2026, 11, 1), (1,), 1)
    key = DeliveryKey(campaign.id, TARGET.id, "2026-11-30")
    return delivery_email(
        SENDER,
        campaign,
        TARGET,
        key,
        summary,
        attempt=1,
        pdfs=pdfs,
        packets_token=TOKEN,
        sent_on=date(2026, 11, 30),
        office_url=f"https://letters.example/office/{TOKEN}",
    )


def confirmation(campaign: Campaign, mail: FormMail) -> Mail:
    return signers_mails.confirmation(
        mail,
        SENDER,
        campaign,
        TARGET,
        FOLDER.letter,
        confirm_token=TOKEN,
        letter_token=TOKEN,
        disown_token=TOKEN,
        confirm_until=NOON,
        next_delivery=NOON,
    )


def every_email(accent: str | None = "#c2410c", request: str | None = FOLDER.campaign.request) -> dict[str, Mail]:
    campaign = replace(FOLDER.campaign, accent=accent, request=request)
    report = Report(
        campaign,
        "2026-11-30",
        tuple(ReportLine(TARGET, section, 1_234, "wrong address", period="2026-11-23") for section in SECTIONS),
        12,
    )
    person = Person("0" * 16, "maria.featherstonehaugh@neighbors-of-cook-county.example")
    return {
        "confirm": confirmation(campaign, FormMail(FORM)),
        "reminder": confirmation(campaign, FormMail(replace(FORM, is_reminder=True))),
        "signed": confirmation(campaign, FormMail(FORM, SIGNED)),
        "delivery": delivery(campaign, [b"%PDF"]),
        "download": delivery(campaign, None),
        "waiting": organizer_mails.waiting(SENDER, campaign, "2026-11-30", 1_234, 12),
        "ready": organizer_mails.ready(SENDER, campaign, TARGET, "2026-11-30"),
        "report": reports.report(SENDER, report, NOON),
        "sign-in": people_mails.sign_in(SENDER, person.email, "en", "123456"),
        "invitation": people_mails.invitation(
            SENDER, campaign, Member(campaign.id, person.id, person.email, "owner", by=person.email)
        ),
        "answer": answer_email(SENDER, campaign, TARGET, ANSWER, AGREED, letter_token=TOKEN),
        "stopped": organizer_mails.stopped(SENDER, campaign, TARGET, STOP),
    }
