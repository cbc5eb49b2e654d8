"""The events that SES publishes for an email: to EventBridge, and their details to SNS.

`events/` has an example of each, in SES's format:
https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html and
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html. The addresses of the mailbox
simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html.
"""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from undersigned_cli.local.mail_store import StoredMail

_SIMULATOR = "simulator.amazonses.com"
_RECIPIENT = "chief@evanston-police.example"
"""The recipient of the email in each example."""


class Fate(StrEnum):
    """The outcome of an email to an address."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BOUNCED_FOR_NOW = "bounced-for-now"
    SUPPRESSED = "suppressed"
    COMPLAINED = "complained"
    SILENT = "silent"
    """Sent, with no later event."""


_CASES = {
    Fate.DELIVERED: ("delivery",),
    Fate.BOUNCED: ("bounce",),
    Fate.BOUNCED_FOR_NOW: ("out_of_office",),
    Fate.SUPPRESSED: ("bounce",),
    Fate.COMPLAINED: ("delivery", "complaint"),
    Fate.SILENT: (),
}
_SIMULATED = {
    "bounce": Fate.BOUNCED,
    "complaint": Fate.COMPLAINED,
    "suppressionlist": Fate.SUPPRESSED,
}


def fate_of(address: str, set_fates: Mapping[str, Fate]) -> Fate:
    """Return an address's fate: as set for it, as in SES's mailbox simulator (also `bounce+label@…`), or delivered."""
    local, _, domain = address.lower().rpartition("@")
    if fate := set_fates.get(address.lower()):
        return fate
    return _SIMULATED.get(local.partition("+")[0], Fate.DELIVERED) if domain == _SIMULATOR else Fate.DELIVERED


def events_of(mail: StoredMail, set_fates: Mapping[str, Fate], at: datetime) -> Iterator[dict[str, Any]]:
    """Yield the events about an email in SES's order: sent, then each recipient's fate."""
    tags = {"ses:configuration-set": mail.configuration_set or "", **mail.tags}
    yield event_of("send", mail.message_id, mail.to[0], tags, at)
    for address in mail.to:
        fate = fate_of(address, set_fates)
        for case in _CASES[fate]:
            event = event_of(case, mail.message_id, address, tags, at)
            if fate is Fate.SUPPRESSED:
                event["detail"]["bounce"]["bounceSubType"] = "Suppressed"
            yield event


def event_of(case: str, message_id: str, to: str, tags: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """Return the event about an email to an address, as EventBridge passes it: the example of a case, filled in.

    A `suppressed_bounce` or a `suppressed_complaint` is about an email that SES did not send, because the address is on
    the account's suppression list for that reason.
    """
    kind = case.removeprefix("suppressed_")
    event: dict[str, Any] = json.loads(_example(kind).replace(f'"{_RECIPIENT}"', json.dumps(to)))
    if kind != case:
        event["detail"][kind][f"{kind}SubType"] = "OnAccountSuppressionList"
    event["detail"]["mail"]["messageId"] = message_id
    event["detail"]["mail"]["tags"] |= {name: [value] for name, value in tags.items()}
    for part in event["detail"].values():
        if "timestamp" in part:
            part["timestamp"] = at.isoformat().replace("+00:00", "Z")
    return event


@cache
def _example(case: str) -> str:
    return (ROOT / "events" / f"record_feedback_{case}.json").read_text(encoding="utf-8")
