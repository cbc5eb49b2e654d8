"""The events that SES publishes for an email: to EventBridge, and their details to SNS.

Their format: https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html. The addresses of the mailbox
simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html.
"""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.running import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from undersigned_cli.local.mail_store import StoredMail

_SIMULATOR = "simulator.amazonses.com"


class Fate(StrEnum):
    """What happens to an email to an address."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BOUNCED_FOR_NOW = "bounced-for-now"
    SUPPRESSED = "suppressed"
    COMPLAINED = "complained"
    DELAYED = "delayed"
    REJECTED = "rejected"
    SILENT = "silent"
    """Sent, with no later event."""


_SIMULATED = {
    "bounce": Fate.BOUNCED,
    "complaint": Fate.COMPLAINED,
    "suppressionlist": Fate.SUPPRESSED,
}


def fate_of(address: str, set_fates: Mapping[str, Fate]) -> Fate:
    """Return an address's fate: the one set for it, the mailbox simulator's (also `bounce+label@…`), or delivered."""
    local, _, domain = address.lower().rpartition("@")
    if fate := set_fates.get(address.lower()):
        return fate
    if domain == _SIMULATOR:
        return _SIMULATED.get(local.partition("+")[0], Fate.DELIVERED)
    return Fate.DELIVERED


def events_of(mail: StoredMail, set_fates: Mapping[str, Fate], at: datetime) -> Iterator[dict[str, Any]]:
    """Yield the PutEvents entries for an email in SES's order: sent, then each recipient's fate."""
    fates = [(address, fate_of(address, set_fates)) for address in mail.to]
    if any(fate is Fate.REJECTED for _, fate in fates):
        yield _entry(mail, "Email Rejected", "Reject", at, {"reject": {"reason": "Bad content"}})
        return
    yield _entry(mail, "Email Sent", "Send", at, {"send": {}})
    for address, fate in fates:
        yield from _events_of_fate(mail, address, fate, at)


def _events_of_fate(mail: StoredMail, address: str, fate: Fate, at: datetime) -> Iterator[dict[str, Any]]:
    match fate:
        case Fate.DELIVERED:
            yield _delivery(mail, address, at)
        case Fate.BOUNCED:
            yield _bounce(mail, address, at, ("Permanent", "General"), "smtp; 550 5.1.1 user unknown")
        case Fate.SUPPRESSED:
            yield _bounce(mail, address, at, ("Permanent", "Suppressed"), "smtp; 554 5.7.1 address is suppressed")
        case Fate.BOUNCED_FOR_NOW:
            yield _bounce(mail, address, at, ("Transient", "MailboxFull"), "smtp; 552 5.2.2 mailbox full")
        case Fate.COMPLAINED:
            yield _delivery(mail, address, at)
            complaint = {
                "complainedRecipients": [{"emailAddress": address}],
                "timestamp": _time(at),
                "feedbackId": f"{mail.message_id}-complaint",
                "complaintFeedbackType": "abuse",
            }
            yield _entry(mail, "Email Complaint Received", "Complaint", at, {"complaint": complaint})
        case Fate.DELAYED:
            delay = {
                "timestamp": _time(at),
                "delayType": "TransientCommunicationFailure",
                "delayedRecipients": [
                    {"emailAddress": address, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1"}
                ],
            }
            yield _entry(mail, "Email Delivery Delayed", "DeliveryDelay", at, {"deliveryDelay": delay})
        case Fate.SILENT | Fate.REJECTED:
            return


def _delivery(mail: StoredMail, address: str, at: datetime) -> dict[str, Any]:
    delivery = {
        "timestamp": _time(at),
        "processingTimeMillis": 500,
        "recipients": [address],
        "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "a8-50.smtp-out.amazonses.com",
    }
    return _entry(mail, "Email Delivered", "Delivery", at, {"delivery": delivery})


def _bounce(mail: StoredMail, address: str, at: datetime, kind: tuple[str, str], diagnosis: str) -> dict[str, Any]:
    status = diagnosis.split()[2]
    bounce = {
        "feedbackId": f"{mail.message_id}-bounce",
        "bounceType": kind[0],
        "bounceSubType": kind[1],
        "bouncedRecipients": [
            {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": diagnosis}
        ],
        "timestamp": _time(at),
        "reportingMTA": "dsn; a8-50.smtp-out.amazonses.com",
    }
    return _entry(mail, "Email Bounced", "Bounce", at, {"bounce": bounce})


def _entry(
    mail: StoredMail, detail_type: str, event_type: str, at: datetime, detail: Mapping[str, Any]
) -> dict[str, Any]:
    configuration_set = mail.envelope.configuration_set
    return {
        "Source": "aws.ses",
        "DetailType": detail_type,
        "Time": at,
        "Resources": [f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{configuration_set}"],
        "Detail": {"eventType": event_type, "mail": _mail(mail), **detail},
    }


def _mail(mail: StoredMail) -> dict[str, Any]:
    message = message_from_bytes(mail.raw, policy=default)
    sender = mail.envelope.sender
    domain = sender.rpartition("@")[2]
    return {
        "timestamp": _time(mail.at),
        "source": sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": mail.message_id,
        "destination": list(mail.to),
        "headersTruncated": False,
        "headers": [{"name": name, "value": str(value)} for name, value in message.items()],
        "commonHeaders": {
            "from": [str(message["From"] or sender)],
            "to": [address for _, address in getaddresses([str(message["To"] or "")])],
            "messageId": mail.message_id,
            "subject": str(message["Subject"] or ""),
        },
        "tags": {
            "ses:source-tls-version": ["TLSv1.3"],
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [mail.envelope.configuration_set or ""],
            "ses:source-ip": ["127.0.0.1"],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["undersigned-local"],
            **{name: [value] for name, value in mail.tags.items()},
        },
    }


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
