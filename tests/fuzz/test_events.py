"""Events: anything from the stream, a queue, SES or a schedule is read, or refused with a known error.

A damaged record never stops the other records of its batch.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.fuzz import stack
from tests.fuzz.inputs import DEEP, example, given, json_texts, mutated, mutated_values, st, texts, tried
from tests.support.world import CAMPAIGN, CONTEXT, load_event
from undersigned.base.errors import DamagedRowsError, NotFoundError
from undersigned.base.queue import SqsQueue
from undersigned.base.settings import Settings, SettingsError
from undersigned.delivering.feedback import read_mail_event
from undersigned.delivering.queue import read_message
from undersigned.organizing import queues as queue
from undersigned.signing.queue import read_waiting_message
from undersigned.signing.stream import read_change, read_form_change

if TYPE_CHECKING:
    from tests.support.world import World

NEEDS_STACK = True

DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""The errors that reading a foreign event may raise. Handlers report it as damaged, with the error's type and place."""

SES_EVENTS = [
    load_event(f"record_feedback_{case}")
    for case in ("send", "delivery", "bounce", "complaint", "out_of_office", "confirmation", "damaged")
]
RECORDS = [
    record
    for case in ("send_confirmations_signed", "tally_confirmed", "tally_damaged_record")
    for record in load_event(case)["Records"]
]
SIGNED = load_event("send_confirmations_signed")["Records"][0]
CONFIRMED = load_event("tally_confirmed")["Records"][0]


@tried(150)
@given(mutated_values(SES_EVENTS))
def test_any_ses_event_is_read_or_damaged(event: Any) -> None:
    with suppress(*DAMAGED):
        found = read_mail_event(event)
        assert found is None or found.at.year


@tried(150)
@given(mutated_values(RECORDS))
def test_any_stream_record_is_read_or_damaged(record: Any) -> None:
    with suppress(*DAMAGED, DamagedRowsError):
        read_form_change(record)
        read_change(record)


@st.composite
def damaged_records(draw: st.DrawFn, pattern: dict[str, Any]) -> dict[str, Any]:
    """Return a record whose number and key are AWS's own, and whose images are anything."""
    record: dict[str, Any] = deepcopy(pattern)
    record["dynamodb"]["SequenceNumber"] = "111111"
    record["dynamodb"]["NewImage"] = draw(mutated_values([record["dynamodb"]["NewImage"]], edits=4))
    record["eventName"] = draw(st.sampled_from(("INSERT", "MODIFY", "REMOVE")))
    if draw(st.booleans()):
        record["dynamodb"]["OldImage"] = draw(mutated_values([pattern["dynamodb"]["NewImage"]]))
    return record


OTHER_LETTERS: list[Any] = []
OTHER_FORMS: list[Any] = []


def prepare(world: World) -> None:
    world.sign(email="bo@signers.example")
    world.run_stream()
    world.press(world.sent[-1].link("confirm"))
    OTHER_LETTERS[:] = world.new_records()
    world.sign()
    OTHER_FORMS[:] = world.new_records()


@tried(40)
@given(damaged_records(CONFIRMED))
def test_a_damaged_letter_never_stops_the_others(record: dict[str, Any]) -> None:
    world = stack.as_prepared(prepare)
    event = {"Records": [record, *OTHER_LETTERS]}
    assert world.handlers["tally"](event, CONTEXT)["batchItemFailures"] in ([], [{"itemIdentifier": "111111"}])
    assert world.counts()["TOTAL"] == 1


@tried(40)
@given(damaged_records(SIGNED))
def test_a_damaged_form_never_stops_the_others(record: dict[str, Any]) -> None:
    world = stack.as_prepared(prepare)
    world.sent.clear()
    event = {"Records": [record, *OTHER_FORMS]}
    assert world.handlers["send_confirmations"](event, CONTEXT) == {"batchItemFailures": []}
    world.run_waiting_mails()
    assert "ada@signers.example" in {mail.to for mail in world.sent}


MESSAGES = [
    {"key": {"campaign": "trees", "target": "oak", "period": "2026-11-30"}, "again": True},
    {"campaign": "trees", "export": "0123456789abcdef"},
    {"campaign": "trees", "signer": "0" * 32, "form": "0" * 16},
    {"draft_test": {"campaign": "trees", "to": "ada@office.example"}},
]


@tried(120)
@given(json_texts(MESSAGES))
@example(DEEP)
@example('"x"')
def test_any_queue_message_is_read_or_damaged(body: str) -> None:
    for read in (read_message, queue.read_export_message, read_waiting_message):
        with suppress(ValueError):
            assert read(body)


@tried(30)
@given(json_texts(MESSAGES), st.sampled_from(("deliver", "export_signatures")))
def test_a_message_that_fails_is_returned_to_its_queue(body: str, function: str) -> None:
    world = stack.as_prepared(prepare)
    event = load_event("deliver_message")
    event["Records"][0]["body"] = body
    # moto can't hide a message that it didn't deliver, and the queue's own errors aren't tested here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqsQueue, "hide", lambda *_: None)
        answer = world.handlers[function](event, CONTEXT)
    assert answer["batchItemFailures"] in ([], [{"itemIdentifier": event["Records"][0]["messageId"]}])


BY_HAND = [
    {"jobs": ["plan", "report"], "day": "2026-11-30"},
    {"jobs": ["plan"], "day": "2026-11-30", "campaign": "end-demand-illinois"},
    {"jobs": ["report"], "day": "2026-11-30", "campaign": "end-demand-illinois"},
]


@tried(40)
@given(mutated_values(BY_HAND))
def test_any_event_by_hand_is_a_week_or_damaged(event: Any) -> None:
    handler = stack.as_prepared(prepare).handlers["run_jobs"]
    with suppress(*DAMAGED):
        try:
            handler(event, CONTEXT)
        except NotFoundError:
            assert event["campaign"] != CAMPAIGN, "only a campaign that doesn't exist is refused this way"


SETTINGS = {
    "DELIVERY_DAY": "MON", "DELIVERY_HOUR": "9", "DELIVERY_TIME_ZONE": "America/Chicago", "FORMS_A_MINUTE": "10",
    "BUNDLE_SIZE": "99", "SENDER_ADDRESS": "a@b.example", "PUBLIC_URL": "https://letters.example/", "TABLE_NAME": "t",
}  # fmt: skip


@tried(80)
@given(
    st.dictionaries(
        st.sampled_from(sorted(SETTINGS)), st.one_of(texts(20), mutated(sorted(SETTINGS.values()))), max_size=3
    )
)
def test_any_setting_is_valid_or_an_error(changes: dict[str, str]) -> None:
    settings = Settings(SETTINGS | changes)
    for name in ("sender", "schedule", "forms_a_minute", "bundle_size", "table_name"):
        with suppress(SettingsError, ValueError):
            assert getattr(settings, name) is not None
