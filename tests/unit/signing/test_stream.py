from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from undersigned.signing.rules.forms import FormName
from undersigned.signing.stream import FormChange, failures_from, read_change, read_form_change

EVENTS = Path(__file__).parents[3] / "events"


def record(event: str) -> Any:
    return json.loads((EVENTS / f"{event}.json").read_text(encoding="utf-8"))["Records"][0]


def test_a_signatures_record_has_its_earlier_status() -> None:
    change = read_change(record("tally_confirmed"))
    assert (change.before, change.signature.status, change.confirms) == ("withdrawn", "confirmed", True)


def test_a_record_that_failed_twice_is_reported_once() -> None:
    failed = record("tally_confirmed")
    assert len(failures_from([failed, failed])["batchItemFailures"]) == 1


def test_a_form_requests_its_email_when_it_is_new_and_when_it_is_released() -> None:
    new = record("send_confirmations_signed")
    name = ("end-demand-illinois", "0123456789abcdef0123456789abcdef", "0123456789abcdef")
    assert read_form_change(new) == FormChange(FormName(*name), is_new=True, is_suspicious=False)
    changed = copy.deepcopy(new)
    changed["dynamodb"]["OldImage"] = copy.deepcopy(new["dynamodb"]["NewImage"])
    assert read_form_change(changed) is None
    changed["dynamodb"]["NewImage"]["mail_request"] = {"S": "692c0000-00000002"}
    assert read_form_change(changed) == FormChange(FormName(*name), is_new=False, is_suspicious=False)


def test_what_is_restored_sends_no_email() -> None:
    restored = {"S": "2026-11-24T18:00:00+00:00"}
    letter = record("tally_confirmed")
    letter["eventName"] = "INSERT"
    del letter["dynamodb"]["OldImage"]
    assert read_change(letter).confirms
    letter["dynamodb"]["NewImage"]["restored"] = restored
    assert not read_change(letter).confirms
    form = record("send_confirmations_signed")
    form["dynamodb"]["NewImage"]["restored"] = restored
    assert read_form_change(form) is None
