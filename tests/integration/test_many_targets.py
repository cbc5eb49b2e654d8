"""Plans for campaigns with very many targets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.world import CAMPAIGN, client_of, publish_files, world
from undersigned.aws.dynamodb import to_item
from undersigned.aws.queue import NotQueuedError, read_message
from undersigned.aws.signatures import signature_key, tray_shards
from undersigned.services.planning import NotPlannedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World

MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
TOWNS = 45
HEADING = "id,title,title_es,name,department,locality,email,postal_codes"


class Counting:
    """Counts calls by operation, and how many are made at once."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def before(self, _function: str, operation: str, _params: Any) -> None:
        with self._lock:
            self.calls[operation] += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.002)

    def after(self, _function: str, _operation: str) -> None:
        with self._lock:
            self._now -= 1

    def retries(self, _function: str, _operation: str) -> bool:
        return False


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which a letter waits for each of 45 towns, and none for the five after them."""
    with world(monkeypatch, fast=True) as made:
        rows = "\n".join(
            f"town-{number},Police Chief,,Avery Sample,Town {number} Police,Town {number},"
            f"chief@town-{number}.example,{61000 + number}"
            for number in range(TOWNS + 5)
        )
        publish_files(made, {"targets.csv": f"{HEADING}\n{rows}\n"})
        for number in range(TOWNS):
            shard = tray_shards(CAMPAIGN, f"town-{number}")[number % 4]
            row = {**signature_key(CAMPAIGN, f"{number:032x}")._asdict(), "due": shard, "due_at": "2026-11-25"}
            client_of("dynamodb").put_item(TableName=made.wiring.settings.table_name, Item=to_item(row))
        made.clock.now = MONDAY
        yield made


def queued_for(world: World) -> list[str]:
    """Return the targets of the queued deliveries, in order, and empty the queue."""
    keys = [read_message(body).key for body in bodies(world)]
    assert {key.period for key in keys} == {"2026-11-30"}
    return [key.target for key in keys]


def bodies(world: World) -> list[str]:
    sqs, found = client_of("sqs"), []
    while messages := sqs.receive_message(QueueUrl=world.queue_url, MaxNumberOfMessages=10).get("Messages", []):
        found += [message["Body"] for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=world.queue_url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_deliveries_are_queued_ten_in_a_call(many: World) -> None:
    many.watch = watch = Counting()
    planned = many.plan()
    assert [key["target"] for key in planned["deliveries"]] == sorted(f"town-{number}" for number in range(TOWNS))
    assert queued_for(many) == [key["target"] for key in planned["deliveries"]]
    assert watch.calls["sqs:SendMessageBatch"] == 6, "one for each ten targets, some of which have no letters"
    assert watch.calls["sqs:SendMessage"] == 0
    assert watch.most == 1, "a test's calls are made in order, unless it says otherwise"


def test_several_blocks_of_targets_are_planned_at_once_with_the_same_result(
    many: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.plan_deliveries import app  # noqa: PLC0415  (the world has just wired it)

    in_order = many.plan()
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])
    monkeypatch.setattr(app, "planning", replace(app.planning, at_once=4))
    many.watch = watch = Counting()
    assert many.plan() == in_order
    assert watch.most == 4
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])


def test_a_preview_asks_about_several_blocks_at_once_too(many: World) -> None:
    from functions.plan_deliveries import app  # noqa: PLC0415  (the world has just wired it)

    planning = replace(app.planning, at_once=3)
    many.watch = watch = Counting()
    campaign = many.wiring.campaigns.campaign(CAMPAIGN)
    lines = planning.preview(campaign, "2026-11-30").lines
    assert watch.most == 3
    assert [line.letters for line in lines] == [1] * TOWNS
    assert lines == many.wiring.planning().preview(campaign, "2026-11-30").lines


def test_a_message_that_sqs_does_not_take_is_sent_again(many: World) -> None:
    pauses: list[float] = []
    many.sleep = pauses.append
    with refusing(times=2) as sent:
        many.plan()
    assert [*dict.fromkeys(pauses)] == [0.1, 0.4], "SQS gets time to recover"
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))
    assert sum(sent[::3]) == TOWNS
    assert {*sent[1::3], *sent[2::3]} == {1}


def test_a_plan_fails_if_sqs_goes_on_refusing_and_the_next_one_queues_the_rest(many: World) -> None:
    with refusing(times=100), pytest.raises(NotPlannedError) as failed:
        many.plan()
    assert isinstance(failed.value.__cause__, NotQueuedError)
    assert "1 messages" in str(failed.value.__cause__)
    many.plan()
    assert {*queued_for(many)} == {f"town-{number}" for number in range(TOWNS)}


@contextmanager
def refusing(times: int) -> Iterator[list[int]]:
    """Let SQS refuse the first message of each batch so often; note how many messages each call has."""
    from functions.plan_deliveries import app  # noqa: PLC0415  (the world has just wired it)

    client: Any = vars(app.planning.queue)["_client"]
    sent: list[int] = []
    refused = Counter[str]()
    really = client.send_message_batch

    def send(*, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803
        sent.append(len(Entries))
        first, *others = Entries
        is_refused = (len(Entries) > 1 or refused[first["MessageBody"]]) and refused[first["MessageBody"]] < times
        if not is_refused:
            return really(QueueUrl=QueueUrl, Entries=Entries)
        refused[first["MessageBody"]] += 1
        if others:
            really(QueueUrl=QueueUrl, Entries=others)
        return {"Failed": [{"Id": first["Id"], "SenderFault": False, "Code": "InternalError"}]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "send_message_batch", send, raising=False)
        yield sent
