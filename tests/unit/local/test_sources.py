"""Test what Lambda does with an answer to a batch of the stream, and when a schedule comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from undersigned.signing.rules.forms import Form
from undersigned.signing.rules.signatures import Signature
from undersigned_cli.local.sources import QueueSource, Schedule, StreamReader, StreamSource, sources, stream_source

if TYPE_CHECKING:
    from collections.abc import Collection

SOURCE = StreamSource("Tally", batch_size=8, retries=3, bisects=True, dead_letters="TallyFailed", patterns=())
SHARD: list[Any] = [{"dynamodb": {"SequenceNumber": str(number)}} for number in range(10)]


def numbers(records: Any) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in records]


def test_a_successful_batch_is_not_read_again() -> None:
    reader = StreamReader(SOURCE)
    assert numbers(batch := reader.batch(SHARD)) == [*range(8)]
    assert not reader.note(batch, frozenset())
    assert numbers(reader.batch(SHARD)) == [8, 9]


def test_a_partial_failure_is_tried_again_from_its_first_record() -> None:
    reader = StreamReader(SOURCE)
    assert not reader.note(reader.batch(SHARD), frozenset({"5", "3"}))
    assert numbers(reader.batch(SHARD)) == [3, 4, 5, 6, 7]


def test_an_unknown_failed_record_fails_the_whole_batch() -> None:
    reader = StreamReader(SOURCE)
    reader.note(reader.batch(SHARD), frozenset({"none such"}))
    assert numbers(reader.batch(SHARD)) == [*range(8)]


def test_a_failed_batch_is_halved_until_the_bad_record_is_alone() -> None:
    reader = StreamReader(SOURCE)
    given_up: list[Any] = []
    seen: list[list[int]] = []
    while batch := reader.batch(SHARD):
        seen.append(numbers(batch))
        given_up += reader.note(batch, None if 6 in numbers(batch) else frozenset())
    assert seen[:6] == [[*range(8)], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [6, 7], [6]]
    assert numbers(given_up) == [6]
    assert seen[-1] == [8, 9]


def test_a_batch_without_tries_left_is_given_up_as_a_whole_if_it_is_not_halved() -> None:
    reader = StreamReader(replace(SOURCE, bisects=False))
    for _ in range(SOURCE.retries):
        assert not reader.note(reader.batch(SHARD), None)
    assert numbers(reader.note(reader.batch(SHARD), None)) == [*range(8)]
    assert (reader.next, reader.tries) == (8, 0)


def test_a_reader_gets_what_its_filter_lets_through_and_goes_on_after_the_rest() -> None:
    reader = StreamReader(replace(SOURCE, patterns=({"dynamodb": {"SequenceNumber": ["1", "3"]}},)))
    got: list[Any] = []

    def invoke(function: str, event: Any) -> Collection[str] | None:
        got.append((function, numbers(event["Records"])))
        return {"3"} if len(got) == 1 else ()

    assert not reader.hand_over(reader.batch(SHARD), invoke)
    assert reader.next == 3
    assert not reader.hand_over(reader.batch(SHARD), invoke)
    assert got == [("Tally", [1, 3]), ("Tally", [3])]
    assert reader.next == 8
    assert not reader.hand_over(SHARD[:1], invoke)
    assert len(got) == 2, "nothing for it in this batch"


@pytest.mark.parametrize(("failed", "done"), [(None, []), (["m1"], ["m0", "m2"]), ([], ["m0", "m1", "m2"])])
def test_messages_that_failed_are_not_done(failed: list[str] | None, done: list[str]) -> None:
    source = QueueSource("Deliver", "DeliveryQueue", batch_size=3)
    received = [{"MessageId": f"m{n}", "ReceiptHandle": "", "Body": "", "Attributes": {}} for n in range(3)]
    assert [each["MessageId"] for each in source.hand_over(received, lambda _function, _event: failed)] == done


def test_the_template_has_two_readers_one_of_new_forms_and_one_of_new_letters() -> None:
    readers = {each.function for each in sources() if isinstance(each, StreamSource)}
    assert readers == {"SendConfirmations", "Tally"}
    form, letter = Form.partition(campaign="trees", signer="a1"), Signature.locate(campaign="trees", signer="a1").pk
    for function, wanted, other in (("SendConfirmations", form, letter), ("Tally", letter, form)):
        new = {pk: {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": pk}}}} for pk in (wanted, other)}
        assert stream_source(function).wants(new[wanted])
        assert not stream_source(function).wants(new[other])


def test_the_template_gives_each_queue_one_function() -> None:
    queues = [each.queue for each in sources() if isinstance(each, QueueSource)]
    assert sorted(queues) == sorted(set(queues))
    assert {"DeliveryQueue", "FeedbackQueue", "ExportQueue"} <= set(queues)


@pytest.mark.parametrize(
    ("expression", "moment", "comes"),
    [
        ("cron(1 * * * ? *)", "2026-11-30T15:01:30", True),
        ("cron(1 * * * ? *)", "2026-11-30T15:02:00", False),
        ("cron(0/5 * * * ? *)", "2026-11-30T15:35:00", True),
        ("cron(0/5 * * * ? *)", "2026-11-30T15:36:00", False),
        ("cron(0 9 ? * MON *)", "2026-11-30T15:00:00", True),
        ("cron(0 9 ? * MON *)", "2026-11-30T09:00:00", False),
        ("cron(0 9 ? * TUE *)", "2026-11-30T15:00:00", False),
    ],
)
def test_a_schedule_comes_at_the_minute_in_its_time_zone(expression: str, moment: str, comes: bool) -> None:  # noqa: FBT001
    schedule = Schedule("RunJobs", expression, "America/Chicago", {}, "JobsFailed")

    assert schedule.comes_at(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is comes
