from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from undersigned.aws.stream import failures_from, is_of_delivery, read_change, read_delivery_change

EVENTS = Path(__file__).parents[3] / "events"


def record(event: str) -> Any:
    return json.loads((EVENTS / f"{event}.json").read_text(encoding="utf-8"))["Records"][0]


def test_a_deliverys_record_has_its_earlier_state_and_the_time_of_the_change() -> None:
    change = read_delivery_change(record("tally_delivery_sent"))
    assert (change.before, change.delivery.state, change.delivery.letters) == ("sending", "sent", 44)
    assert change.at == datetime(2026, 11, 30, 15, 0, 10, tzinfo=UTC)


def test_a_new_row_has_no_earlier_state() -> None:
    new = record("tally_delivery_sent")
    del new["dynamodb"]["OldImage"]
    assert read_delivery_change(new).before is None


def test_a_signatures_record_has_its_earlier_status() -> None:
    change = read_change(record("tally_confirmed"))
    assert (change.before, change.signature.status) == ("pending", "confirmed")


@pytest.mark.parametrize(
    ("found", "of_delivery"),
    [(record("tally_delivery_sent"), True), (record("tally_confirmed"), False), ({}, False), ({"dynamodb": 1}, False)],
)
def test_damaged_records_are_not_taken_for_deliveries(found: Any, *, of_delivery: bool) -> None:
    assert is_of_delivery(found) is of_delivery


def test_a_record_that_failed_twice_is_reported_once() -> None:
    failed = record("tally_confirmed")
    assert len(failures_from([failed, failed])["batchItemFailures"]) == 1


def test_a_restored_row_sends_no_email_and_publishes_no_event() -> None:
    new = record("tally_confirmed")
    new["eventName"] = "INSERT"
    del new["dynamodb"]["OldImage"]
    assert read_change(new).asking
    new["dynamodb"]["NewImage"]["restored"] = {"S": "2026-11-24T18:00:00+00:00"}
    assert not read_change(new).asking
    sent = record("tally_delivery_sent")
    del sent["dynamodb"]["OldImage"]
    sent["dynamodb"]["NewImage"]["restored"] = {"S": "2026-11-24T18:00:00+00:00"}
    assert read_delivery_change(sent).before == "sent"


def test_a_restored_row_that_is_signed_again_sends_an_email() -> None:
    changed = record("tally_confirmed")
    for image in ("OldImage", "NewImage"):
        changed["dynamodb"][image]["restored"] = {"S": "2026-11-24T18:00:00+00:00"}
    changed["dynamodb"]["NewImage"]["mail_request"] = {"S": "692c0000-00000002"}
    assert read_change(changed).asking
