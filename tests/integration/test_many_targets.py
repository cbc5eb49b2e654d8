"""Plans for campaigns with very many targets."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting_rows import waiting_row
from tests.world import CAMPAIGN, client_of, publish_files, world
from undersigned.aws.dynamodb import Table, to_item
from undersigned.aws.queue import NotQueuedError, read_message
from undersigned.aws.signatures import Signatures, hold_shards, signature_key, tray_shards
from undersigned.services.planning import NotPlannedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
            put_letter(made, f"town-{number}", f"{number:032x}", shard=number % 4)
        made.clock.now = MONDAY
        yield made


def put_letter(world: World, target: str, signer: str, *, campaign: str = CAMPAIGN, shard: int = 0) -> None:
    put_row(world, signer, waiting_row(campaign, target, signer, shard), campaign=campaign)


def put_row(world: World, signer: str, values: Mapping[str, object], *, campaign: str = CAMPAIGN) -> None:
    row = {**signature_key(campaign, signer)._asdict(), **values}
    client_of("dynamodb").put_item(TableName=world.wiring.settings.table_name, Item=to_item(row))


def queued_for(world: World) -> list[str]:
    """Return the targets of the queued deliveries, in order, and empty the queue."""
    keys = [read_message(body).key for body in bodies(world)]
    assert {key.period for key in keys} == {"2026-11-30"}
    return [key.target for key in keys]


def bodies(world: World) -> list[str]:
    messages = world.receive(queue := world.queues["DeliveryQueue"])
    for message in messages:
        client_of("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]


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
    from functions.run_jobs import wired  # noqa: PLC0415  (the world has just wired it)

    in_order = many.plan()
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])
    monkeypatch.setattr(wired, "planning", replace(wired.planning, at_once=4))
    many.watch = watch = Counting()
    assert many.plan() == in_order
    assert watch.most == 4
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])


def test_a_preview_asks_about_several_blocks_at_once_too(many: World) -> None:
    from functions.run_jobs import wired  # noqa: PLC0415  (the world has just wired it)

    planning = replace(wired.planning, at_once=3)
    many.watch = watch = Counting()
    campaign = many.wiring.campaigns.campaign(CAMPAIGN)
    lines = planning.preview(campaign, "2026-11-30").lines
    assert watch.most == 3
    assert [line.letters for line in lines] == [1] * TOWNS
    assert lines == many.wiring.planning().preview(campaign, "2026-11-30").lines


@pytest.fixture
def all_at_once(many: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Fifty targets are many in this world, for which one call reads the trays."""
    monkeypatch.setattr("undersigned.services.planning.MANY_TARGETS", TOWNS + 5)
    return many


def test_one_call_reads_the_trays_of_very_many_targets_with_the_same_result(
    many: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = many.plan()
    queued = queued_for(many)
    monkeypatch.setattr("undersigned.services.planning.MANY_TARGETS", TOWNS + 5)
    many.watch = watch = Counting()
    assert many.plan() == one_by_one
    assert queued_for(many) == queued
    assert watch.calls["dynamodb:Scan"] == 1
    assert watch.calls["dynamodb:Query"] < 2 * (TOWNS + 5), "the deliveries of each target, and no tray"


def test_a_preview_counts_the_letters_of_very_many_targets_with_one_call(all_at_once: World) -> None:
    put_letter(all_at_once, "town-3", "f" * 32)
    campaign = all_at_once.wiring.campaigns.campaign(CAMPAIGN)
    lines = all_at_once.wiring.planning().preview(campaign, "2026-11-30").lines
    assert {line.target.id: line.letters for line in lines} == {
        f"town-{number}": 2 if number == 3 else 1 for number in range(TOWNS)
    }


def test_trays_that_one_call_does_not_read_are_asked_one_by_one(
    all_at_once: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first call has read says nothing of the targets that it has not reached."""
    monkeypatch.setattr("tests.faults.memory._ITEMS_OF_A_PAGE", TOWNS - 1)
    all_at_once.watch = watch = Counting()
    planned = all_at_once.plan()
    assert [key["target"] for key in planned["deliveries"]] == sorted(f"town-{number}" for number in range(TOWNS))
    assert watch.calls["dynamodb:Scan"] == 1
    assert watch.calls["dynamodb:Query"] > 2 * TOWNS


@dataclass
class Trays:
    """Sixty letters that move at random. `been` has the trays in which each has been."""

    world: World
    rng: random.Random
    been: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    pages: int = 0

    def move(self, number: int) -> None:
        """Put a letter into a tray of this or of another campaign, on hold, or into no index."""
        signer, target, shard = f"{number:032x}", f"town-{self.rng.randrange(6)}", number % 4
        own, other = tray_shards(CAMPAIGN, target), tray_shards("another", target)
        due = self.rng.choice([own, own, other, hold_shards(CAMPAIGN), None])
        put_row(self.world, signer, {"due": due[shard], "due_at": "2026-11-25"} if due else {})
        self.been[signer].append(target if due == own else None)

    def scan(self, **request: Any) -> Any:
        """Scan as DynamoDB's client does, and move some letters before the next page."""
        page = client_of("dynamodb").scan(**request)
        self.pages += 1
        for number in self.rng.sample(range(60), 5):
            self.move(number)
        return page


@pytest.mark.parametrize("seed", range(20))
def test_each_letter_that_stays_in_its_tray_is_counted_once_while_others_move(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A letter that moves while the trays are read is counted at most once for each tray in which it has been."""
    rng = random.Random(seed)  # noqa: S311
    monkeypatch.setattr("tests.faults.memory._ITEMS_OF_A_PAGE", rng.randrange(5, 15))
    with world(monkeypatch, fast=True) as made:
        trays = Trays(made, rng)
        for number in range(60):
            trays.move(number)
        client: Any = trays
        signatures = Signatures(Table(client, made.wiring.settings.table_name))
        found = signatures.signers_by_target(CAMPAIGN, [f"town-{number}" for number in range(6)], 100)
    assert trays.pages > 1
    assert found is not None
    counted = {target: len({*signers}) for target, signers in found.items()}
    assert counted == {target: len(signers) for target, signers in found.items()}
    stayed = Counter(been[0] for been in trays.been.values() if len(been) == 1 and been[0])
    ever = Counter(target for been in trays.been.values() for target in set(been) if target)
    for target in ever:
        assert stayed[target] <= counted.get(target, 0) <= ever[target]
    assert counted.keys() <= ever.keys()


def test_if_the_one_call_fails_all_targets_are_planned_and_the_error_is_told(
    all_at_once: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undersigned.aws.dynamodb.Table.partitions", lambda *_, **__: 1 / 0)
    with pytest.raises(NotPlannedError) as failed:
        all_at_once.plan()
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert sorted(queued_for(all_at_once)) == sorted(f"town-{number}" for number in range(TOWNS))
    campaign = all_at_once.wiring.campaigns.campaign(CAMPAIGN)
    assert len(all_at_once.wiring.planning().preview(campaign, "2026-11-30").lines) == TOWNS


def test_trays_of_another_campaign_and_letters_on_hold_are_not_counted(all_at_once: World) -> None:
    put_letter(all_at_once, "town-47", "a" * 32, campaign="another")
    put_row(all_at_once, "b" * 32, {"due": hold_shards(CAMPAIGN)[0], "due_at": "2026-11-25"})
    put_letter(all_at_once, "a-town-that-left", "c" * 32)
    planned = all_at_once.plan()
    assert {key["target"] for key in planned["deliveries"]} == {f"town-{number}" for number in range(TOWNS)}


def test_one_call_finds_the_letters_of_many_recipients(all_at_once: World) -> None:
    put_letter(all_at_once, "town-3", "f" * 32)
    signatures = all_at_once.wiring.signatures
    found = signatures.signers_by_target(CAMPAIGN, ["town-2", "town-3", "town-47"], 1)
    assert found == {"town-2": [f"{2:032x}"], "town-3": ["f" * 32, f"{3:032x}"]}
    for town in ("town-2", "town-3", "town-47"):
        assert bool(found.get(town)) == signatures.has_waiting(CAMPAIGN, town)


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
    from functions.run_jobs import wired  # noqa: PLC0415  (the world has just wired it)

    client: Any = vars(wired.planning.queue)["_client"]
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
