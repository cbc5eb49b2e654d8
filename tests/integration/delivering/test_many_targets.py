"""Plans for campaigns with very many targets."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.many_targets import MONDAY, Counting, bodies, publish_towns, queued_for
from tests.support.waiting_rows import DUE, waiting_row
from tests.support.world import CAMPAIGN, client_of, world
from undersigned.base.errors import ChangedError
from undersigned.base.limits import Limits
from undersigned.base.queue import NotQueuedError
from undersigned.base.table import Table, to_item
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.planning import NotPlannedError, make_plan
from undersigned.delivering.trays import oldest_letters
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, tray_position, tray_shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.world import World

TOWNS = 45


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world in which a letter waits for each of 45 towns, and none for the five after them."""
    with world(monkeypatch, fast=True) as made:
        publish_towns(made, TOWNS + 5)
        for number in range(TOWNS):
            put_letter(made, f"town-{number}", signer_number(number))
        made.clock.now = MONDAY
        yield made


def signer_number(number: int) -> str:
    """Return a signer's id. Consecutive ones are in different shards."""
    return f"{number:08x}{number:024x}"


def put_letter(world: World, target: str, signer: str, *, campaign: str = CAMPAIGN) -> None:
    put_row(world, signer, waiting_row(campaign, target, signer), campaign=campaign)


def put_row(world: World, signer: str, values: Mapping[str, object], *, campaign: str = CAMPAIGN) -> None:
    row = {**Signature.locate(campaign=campaign, signer=signer)._asdict(), **values}
    client_of("dynamodb").put_item(TableName=world.stack.settings.table_name, Item=to_item(row))


def test_deliveries_are_queued_ten_in_a_call(many: World) -> None:
    many.watch = watch = Counting()
    planned = many.plan()
    assert [key["target"] for key in planned["deliveries"]] == sorted(f"town-{number}" for number in range(TOWNS))
    assert queued_for(many) == [key["target"] for key in planned["deliveries"]]
    assert watch.calls["sqs:SendMessageBatch"] == 5, "one for each ten deliveries"
    assert watch.calls["sqs:SendMessage"] == 0
    assert watch.most == 1, "a test's calls are made in order, unless it says otherwise"


def test_several_blocks_of_targets_are_planned_at_once_with_the_same_result(many: World) -> None:
    in_order = many.plan()
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])
    many.variables["PLANS_AT_ONCE"] = "4"
    many.restart("run_jobs")
    many.watch = watch = Counting()
    assert many.plan() == in_order
    assert watch.most == 4
    assert sorted(queued_for(many)) == sorted(key["target"] for key in in_order["deliveries"])


def test_a_preview_asks_about_several_blocks_at_once_too(many: World) -> None:
    many.variables["PLANS_AT_ONCE"] = "3"
    many.restart("run_jobs")
    many.watch = watch = Counting()
    campaign = Campaigns(many.stack.table).campaign(CAMPAIGN)
    lines = make_plan(many.stacks["run_jobs"], campaign, "2026-11-30").lines
    assert watch.most == 3
    assert [line.letters for line in lines] == [1] * TOWNS
    assert lines == make_plan(many.stack, campaign, "2026-11-30").lines


def test_a_plan_of_two_thousand_targets_makes_few_calls_for_their_trays(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = [
        Target(f"town-{number:05d}", "Chief", "", "", "", f"{number}@towns.example", ()) for number in range(2_000)
    ]
    with world(monkeypatch, fast=True) as made:
        monkeypatch.setattr(type(Campaigns(made.stack.table)), "targets", lambda *_, **__: targets)
        for number, target in enumerate(targets):
            put_letter(made, target.id, signer_number(number))
        made.clock.now = MONDAY
        made.watch = watch = Counting(seconds=0)
        assert len(made.plan()["deliveries"]) == len(targets)
    of_trays = 8 * 2
    assert watch.calls["dynamodb:Query"] - len(targets) <= of_trays + 10, "and one for the deliveries of each target"
    assert watch.calls["dynamodb:BatchGetItem"] == len(targets) / 100, "the oldest letter to each may be damaged"
    assert watch.calls["dynamodb:Scan"] == 0


def test_a_plan_passes_over_the_other_letters_to_a_target(many: World) -> None:
    for number in range(100, 900):
        put_letter(many, "town-3", signer_number(number))
    many.limit(tray_step=10)
    many.watch = watch = Counting()
    planned = many.plan()
    assert {key["target"] for key in planned["deliveries"]} == {f"town-{number}" for number in range(TOWNS)}
    assert watch.calls["dynamodb:Query"] < TOWNS + 5 + 8 * 4 + 5, "100 letters to one target are a step in each shard"


def test_a_preview_counts_all_letters(many: World) -> None:
    for number in range(100, 150):
        put_letter(many, "town-3", signer_number(number))
    many.limit(tray_step=2)
    campaign = Campaigns(many.stack.table).campaign(CAMPAIGN)
    lines = make_plan(many.stack, campaign, "2026-11-30").lines
    assert {line.target.id: line.letters for line in lines} == {
        f"town-{number}": 51 if number == 3 else 1 for number in range(TOWNS)
    }


def test_letters_are_counted_for_the_target_that_a_position_names(many: World) -> None:
    """The ids of some targets begin with those of others."""
    signatures = Signatures(many.stack.table)
    for number in range(100, 130):
        put_letter(many, "town-4", signer_number(number))
    for number, target in enumerate(("town", "town-4-b", "town-40-b"), start=130):
        put_letter(many, target, signer_number(number))
    for letters in (1_000, 2):
        many.limit(tray_step=letters)
        found = signatures.how_many_wait_each(CAMPAIGN, "town-4", "town-40")
        assert (found["town-4"], found["town-4-b"], found["town-40"]) == (31, 1, 1)
        assert +Counter(found) == found, "no others are between the two"
        assert found.keys() == {"town-4", "town-4-b", "town-40"}
        assert signatures.how_many_wait_each(CAMPAIGN, "town", "town") == {"town": 1}
        assert list(signatures.waiting(CAMPAIGN, "town-4-b")) == [signer_number(131)]
        assert not signatures.has_waiting(CAMPAIGN, "town-49-b")


def test_a_letter_is_in_no_tray_of_a_target_whose_id_is_shorter(many: World) -> None:
    """It was signed again for town 40 after it was read."""
    signatures = Signatures(many.stack.table)
    [letter] = signatures.signatures(CAMPAIGN, [signer_number(40)])
    with pytest.raises(ChangedError):
        signatures.hold(replace(letter, target="town-4"))
    signatures.hold(letter)


def test_letters_are_listed_that_were_due_by_a_moment(many: World) -> None:
    """Also by one of another time zone, and without microseconds."""
    for number in range(100, 180):
        since = DUE + timedelta(seconds=number % 2, microseconds=number % 3)
        position = tray_position("town-47", since, signer_number(number))
        put_row(
            many, signer_number(number), waiting_row(CAMPAIGN, "town-47", signer_number(number)) | {"due_at": position}
        )
    signatures, zone = Signatures(many.stack.table), timezone(-timedelta(hours=6))
    for seconds, microseconds in product((-1, 0, 1, 2), (0, 1, 2)):
        until = DUE.astimezone(zone) + timedelta(seconds=seconds, microseconds=microseconds)
        due = sum((number % 2, number % 3) <= (seconds, microseconds) for number in range(100, 180))
        assert len(list(signatures.waiting(CAMPAIGN, "town-47", until=until))) == due


def test_a_target_with_damaged_letters_only_is_left_out_of_a_plan(many: World) -> None:
    many.limit(tray_step=1)
    for target, numbers in {"town-11": [11], "town-46": range(100, 120), "town-47": range(120, 140)}.items():
        for number in numbers:
            row = waiting_row(CAMPAIGN, target, signer_number(number)) | {"words": None}
            put_row(many, signer_number(number), row)
    put_letter(many, "town-47", "f" * 32)
    planned = {key["target"] for key in many.plan()["deliveries"]}
    assert planned == {f"town-{number}" for number in (*range(TOWNS), 47) if number != 11}


def test_a_letter_whose_position_is_damaged_keeps_no_other_back(many: World) -> None:
    many.limit(tray_step=1)
    for number, position in enumerate(
        ("", "town", "town-3", "town-3#", "town-3#soon#x", "town-3#2026-11-25#x", "~"), 900
    ):
        row = waiting_row(CAMPAIGN, "town-3", signer_number(number))
        put_row(many, signer_number(number), row | {"due_at": position or "#"})
    planned = many.plan()
    assert {key["target"] for key in planned["deliveries"]} == {f"town-{number}" for number in range(TOWNS)}
    [letter] = Signatures(many.stack.table).signatures(CAMPAIGN, [signer_number(903)])
    assert not letter.in_tray, "so the daily reconciliation names it"


@dataclass
class Trays:
    """Letters that move at random. `been` has the trays in which each has been."""

    world: World
    rng: random.Random
    been: dict[str, list[str | None]] = field(default_factory=lambda: defaultdict(list))
    calls: int = 0

    def move(self, number: int) -> None:
        """Put a letter into a tray of this or of another campaign, on hold, or into no index."""
        signer, target = signer_number(number), f"town-{self.rng.randrange(6)}"
        own, other = (waiting_row(campaign, target, signer) for campaign in (CAMPAIGN, "another"))
        held = own | {"due": tray_shard(CAMPAIGN, signer, "HELD")}
        row = self.rng.choice([own, own, own | {"due": other["due"]}, held, {}])
        put_row(self.world, signer, row)
        self.been[signer].append(target if row == own else None)

    def query(self, **request: Any) -> Any:
        """Query as DynamoDB's client does, and move some letters before the next call."""
        page = client_of("dynamodb").query(**request)
        self.calls += 1
        for number in self.rng.sample(range(120), 2):
            self.move(number)
        return page


@pytest.mark.parametrize("seed", range(20))
def test_each_letter_that_stays_in_its_tray_is_counted_once_while_others_move(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A letter that moves while the trays are read is counted at most once for each tray in which it has been."""
    rng = random.Random(seed)  # noqa: S311
    limits = Limits(tray_step=rng.randrange(2, 5))
    with world(monkeypatch, fast=True) as made:
        trays = Trays(made, rng)
        for number in range(120):
            trays.move(number)
        client: Any = trays
        signatures = Signatures(Table(client, made.stack.settings.table_name, limits=limits))
        counted = signatures.how_many_wait_each(CAMPAIGN, "town-0", "town-5")
        found = oldest_letters(signatures, CAMPAIGN, [f"town-{number}" for number in range(6)])
    assert trays.calls > 20
    stayed = Counter(been[0] for been in trays.been.values() if len(been) == 1 and been[0])
    ever = Counter(target for been in trays.been.values() for target in set(been) if target)
    for target in ever:
        assert stayed[target] <= counted[target] <= ever[target]
    assert {*stayed} <= {*found} <= {*ever}


def test_if_the_trays_cannot_be_read_the_next_plan_queues_all(many: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Signatures, "trays", lambda *_, **__: 1 / 0)
        with pytest.raises(NotPlannedError) as failed:
            many.plan()
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert bodies(many) == []
    many.plan()
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))


def test_trays_of_another_campaign_and_letters_on_hold_are_not_planned(many: World) -> None:
    put_letter(many, "town-47", "a" * 32, campaign="another")
    held = waiting_row(CAMPAIGN, "town-46", "b" * 32) | {"due": tray_shard(CAMPAIGN, "b" * 32, "HELD")}
    put_row(many, "b" * 32, held)
    put_letter(many, "town-3-that-left", "c" * 32)
    planned = many.plan()
    assert {key["target"] for key in planned["deliveries"]} == {f"town-{number}" for number in range(TOWNS)}
    assert Signatures(many.stack.table).how_many_held(CAMPAIGN) == 1


def test_a_message_that_sqs_does_not_take_is_sent_again(many: World) -> None:
    pauses: list[float] = []
    many.sleep = pauses.append
    with refusing(many, times=2) as sent:
        many.plan()
    assert [*dict.fromkeys(pauses)] == [0.1, 0.4], "SQS gets time to recover"
    assert sorted(queued_for(many)) == sorted(f"town-{number}" for number in range(TOWNS))
    assert sum(sent[::3]) == TOWNS
    assert {*sent[1::3], *sent[2::3]} == {1}


def test_a_plan_fails_if_sqs_goes_on_refusing_and_the_next_one_queues_the_rest(many: World) -> None:
    with refusing(many, times=100), pytest.raises(NotPlannedError) as failed:
        many.plan()
    assert isinstance(failed.value.__cause__, NotQueuedError)
    assert "1 messages" in str(failed.value.__cause__)
    many.plan()
    assert {*queued_for(many)} == {f"town-{number}" for number in range(TOWNS)}


@contextmanager
def refusing(many: World, times: int) -> Iterator[list[int]]:
    """Let SQS refuse the first message of each batch so often; note how many messages each call has."""
    client: Any = many.stacks["run_jobs"].sqs
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
