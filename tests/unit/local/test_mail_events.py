from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from undersigned_cli.local.mail_events import Fate, events_of, fate_of
from undersigned_cli.local.mail_store import StoredMail

AT = datetime(2026, 11, 30, 15, 0, 0, 123456, tzinfo=UTC)


def mail_to(*recipients: str) -> StoredMail:
    tags = {"kind": "delivery", "target": "evanston"}
    return StoredMail(b"", "0001-id-000000", "letters@enddemand.example", recipients, "set", tags, AT)


def kinds(*recipients: str, **fates: str) -> list[str]:
    set_fates = {f"{name}@police.example": Fate(fate) for name, fate in fates.items()}
    return [event["detail"]["eventType"] for event in events_of(mail_to(*recipients), set_fates, AT)]


def first(recipient: str, index: int = 0, **fates: str) -> Any:
    set_fates = {f"{name}@police.example": Fate(fate) for name, fate in fates.items()}
    return list(events_of(mail_to(recipient), set_fates, AT))[index]


def test_an_email_is_sent_and_then_delivered() -> None:
    assert kinds("chief@police.example") == ["Send", "Delivery"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("success@simulator.amazonses.com", ["Send", "Delivery"]),
        ("bounce@simulator.amazonses.com", ["Send", "Bounce"]),
        ("Bounce+evanston@simulator.amazonses.com", ["Send", "Bounce"]),
        ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
        ("suppressionlist@simulator.amazonses.com", ["Send", "Bounce"]),
        ("ooto@simulator.amazonses.com", ["Send", "Delivery"]),
        ("bounce@police.example", ["Send", "Delivery"]),
    ],
)
def test_the_mailbox_simulators_addresses_behave_as_in_ses(address: str, expected: list[str]) -> None:
    assert kinds(address) == expected


def test_an_address_can_be_given_another_fate() -> None:
    assert kinds("chief@police.example", chief="bounced") == ["Send", "Bounce"]
    assert kinds("chief@police.example", chief="silent") == ["Send"]


def test_a_fate_is_found_in_any_case_of_the_address() -> None:
    assert fate_of("Chief@Police.Example", {"chief@police.example": Fate.BOUNCED}) is Fate.BOUNCED


def test_a_simulated_bounce_is_permanent_and_a_reply_of_an_absent_person_is_not() -> None:
    assert first("bounce@simulator.amazonses.com", 1)["detail"]["bounce"]["bounceType"] == "Permanent"
    absent = first("chief@police.example", 1, chief="bounced-for-now")["detail"]["bounce"]
    assert (absent["bounceType"], absent["bouncedRecipients"][0]["emailAddress"]) == (
        "Transient",
        "chief@police.example",
    )


def test_an_email_to_a_suppressed_address_bounces_for_that() -> None:
    assert first("suppressionlist@simulator.amazonses.com", 1)["detail"]["bounce"]["bounceSubType"] == "Suppressed"


def test_the_event_has_the_format_of_ses_on_eventbridge() -> None:
    event = first("chief@police.example")

    assert (event["source"], event["detail-type"]) == ("aws.ses", "Email Sent")
    mail = event["detail"]["mail"]
    assert mail["messageId"] == "0001-id-000000"
    assert mail["destination"] == ["chief@police.example"]
    assert mail["timestamp"] == "2026-11-30T15:00:00.123456Z"


def test_every_tag_is_a_list_next_to_the_tags_of_ses() -> None:
    tags = first("chief@police.example")["detail"]["mail"]["tags"]

    assert tags["kind"] == ["delivery"]
    assert tags["ses:configuration-set"] == ["set"]


def test_each_recipient_has_a_separate_fate() -> None:
    assert kinds("chief@police.example", "bounce@simulator.amazonses.com") == ["Send", "Delivery", "Bounce"]
