"""Test events on the bus: one for each change of a letter or delivery, none lost, none with personal data."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from tests import world as worlds
from tests.world import CAMPAIGN, CONTEXT, Sent, World
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

BUS = "undersigned-events"

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with worlds.world(monkeypatch, announces_events=True, fast=True) as new:
        yield new


class Listener:
    """Records the events that the bus accepts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._events: list[dict[str, Any]] = []
        put = client().put_events

        def put_events(*, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
            answer: dict[str, Any] = put(Entries=Entries)
            for entry in Entries:
                assert entry["EventBusName"] == BUS
                self._events.append(entry | {"Detail": json.loads(entry["Detail"])})
            return answer

        monkeypatch.setattr(client(), "put_events", put_events)

    def new_events(self) -> list[dict[str, Any]]:
        """Return the events since the last call, each validated by its schema."""
        events, self._events = self._events, []
        for event in events:
            validator(event["DetailType"]).validate(event["Detail"])
        return events


def client() -> Any:
    """Return the tally's EventBridge client."""
    return importlib.import_module("functions.tally.wired").announcing.bus._client


def validator(kind: str) -> Any:
    name = kind.split(".")[1]
    schema = json.loads((ROOT / "docs" / "schemas" / f"{name}-event.json").read_text(encoding="utf-8"))
    # Readers must accept fields that are added later. We announce none that the schema lacks.
    schema["additionalProperties"] = False
    return Draft202012Validator(schema, format_checker=FormatChecker())


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["DetailType"].removeprefix("undersigned.") for event in events]


@pytest.fixture
def listener(world: World, monkeypatch: pytest.MonkeyPatch) -> Listener:
    return Listener(monkeypatch)


def withdraw(world: World, mail: Sent) -> None:
    page = world.get(mail.link("confirm")).body
    world.post(page.partition('action="')[2].partition('"')[0])


def test_a_letter_has_an_event_when_it_is_confirmed_and_not_before(world: World, listener: Listener) -> None:
    world.sign()
    world.run_stream()
    assert listener.new_events() == []
    world.press(world.sent[-1].link("confirm"))
    world.run_stream()
    [event] = listener.new_events()
    [row] = [row for _, row in world.wiring.signatures.newest_signatures(CAMPAIGN)]
    assert event["DetailType"] == "undersigned.signature.confirmed"
    assert event["Source"] == "undersigned"
    assert event["Detail"] | {"id": ""} == {
        "id": "",
        "at": world.clock.now.isoformat(),
        "campaign": CAMPAIGN,
        "target": "evanston",
        "signature": row.signer,
    }


def test_a_withdrawn_or_erased_letter_has_an_event(world: World, listener: Listener) -> None:
    mail = world.confirmed()
    withdraw(world, mail)
    world.run_stream()
    [row] = [row for _, row in world.wiring.signatures.newest_signatures(CAMPAIGN)]
    world.wiring.signing.erasing.erase(CAMPAIGN, row.signer)
    world.run_stream()
    events = listener.new_events()
    assert kinds(events) == ["signature.confirmed", "signature.withdrawn", "signature.erased"]
    assert len({event["Detail"]["id"] for event in events}) == 3


def test_signing_again_after_withdrawing_has_a_new_event(world: World, listener: Listener) -> None:
    withdraw(world, world.confirmed())
    world.clock.advance(seconds=1)
    world.confirmed()
    events = listener.new_events()
    assert kinds(events) == ["signature.confirmed", "signature.withdrawn", "signature.confirmed"]
    assert len({event["Detail"]["id"] for event in events}) == 3


def test_each_state_of_a_delivery_has_an_event(world: World, listener: Listener) -> None:
    world.confirmed()
    world.week()
    world.feedback("delivery", world.deliveries[0])
    world.run_stream()
    events = listener.new_events()
    assert kinds(events) == [
        "signature.confirmed",
        "delivery.open",
        "delivery.sending",
        "delivery.sent",
        "delivery.delivered",
    ]
    assert events[-1]["Detail"] | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "campaign": CAMPAIGN,
        "target": "evanston",
        "period": "2026-11-24",
        "attempt": 1,
        "letters": 1,
        "way": "email",
    }


def test_deleting_a_delivery_with_its_campaign_has_no_event(world: World, listener: Listener) -> None:
    world.confirmed()
    world.week()
    world.run_stream()
    listener.new_events()
    world.wiring.campaign_rows.delete_others(CAMPAIGN, lambda: False)

    [gone] = [record for record in world.new_records() if record["dynamodb"]["Keys"]["pk"]["S"].startswith("DELIVERY#")]

    assert gone["eventName"] == "REMOVE"
    assert world.handlers["tally"]({"Records": [gone]}, CONTEXT) == {"batchItemFailures": []}
    assert listener.new_events() == []


def test_a_delivery_that_bounced_twice_has_two_events(world: World, listener: Listener) -> None:
    world.confirmed()
    world.week()
    for _ in range(2):
        world.feedback("bounce", world.deliveries[-1])
        world.wiring.delivering.controls.retry(KEY, "key", "the address is corrected")
        world.run_queue()
    world.run_stream()
    bounced = [event for event in listener.new_events() if event["DetailType"] == "undersigned.delivery.bounced"]
    assert len({event["Detail"]["id"] for event in bounced}) == len(bounced) == 2


def test_events_have_nothing_that_a_signer_typed(world: World, listener: Listener) -> None:
    world.confirmed(
        name="Zebulon Unmistakable", address_line="77 Quince Road", note="", email="zeb@unmistakable.example"
    )
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.run_stream()
    published = json.dumps(listener.new_events(), default=str).lower()
    assert "unmistakable" not in published
    assert "quince" not in published
    assert "police.example" not in published


def test_a_repeated_record_announces_the_same_event(world: World, listener: Listener) -> None:
    world.confirmed()
    world.week()
    records = world.new_records()
    assert [record["dynamodb"]["Keys"]["pk"]["S"].partition("#")[0] for record in records].count("DELIVERY") == 3
    for _ in range(2):
        assert world.handlers["tally"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    world.handlers["tally"]({"Records": records[::-1]}, CONTEXT)
    events = [event for event in listener.new_events() if event["DetailType"].startswith("undersigned.delivery")]
    assert len(events) == 9
    assert len({event["Detail"]["id"] for event in events}) == 3


def refuse(monkeypatch: pytest.MonkeyPatch, refusing: list[set[int]]) -> list[int]:
    """Make PutEvents refuse the given entries, call by call; return the sizes of the calls."""
    put, sizes = client().put_events, []

    def put_events(*, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        refused = refusing.pop(0) if refusing else set()
        sizes.append(len(Entries))
        taken = [entry for number, entry in enumerate(Entries) if number not in refused]
        if taken:
            put(Entries=taken)
        return {
            "FailedEntryCount": len(refused),
            "Entries": [
                {"ErrorCode": "ThrottlingException"} if number in refused else {"EventId": str(number)}
                for number in range(len(Entries))
            ],
        }

    monkeypatch.setattr(client(), "put_events", put_events)
    return sizes


def test_events_that_the_bus_refuses_are_retried(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = refuse(monkeypatch, [{0}])
    world.confirmed()
    assert sizes == [1, 1]
    assert kinds(listener.new_events()) == ["signature.confirmed"]


def test_events_refused_for_longer_are_retried_with_only_their_record(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.week()
    listener.new_events()
    records = world.new_records()
    refuse(monkeypatch, [{1}, {0}, {0}])
    answer = world.handlers["tally"]({"Records": records}, CONTEXT)
    deliveries = [record for record in records if "DELIVERY#" in record["dynamodb"]["Keys"]["pk"]["S"]]
    assert answer == {"batchItemFailures": [{"itemIdentifier": deliveries[1]["dynamodb"]["SequenceNumber"]}]}
    assert kinds(listener.new_events()) == ["delivery.open", "delivery.sent"]
    assert world.handlers["tally"]({"Records": [deliveries[1]]}, CONTEXT) == {"batchItemFailures": []}
    assert kinds(listener.new_events()) == ["delivery.sending"]


def test_a_failing_bus_loses_no_event_and_does_not_stop_the_counts(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sign()
    world.run_stream()
    world.press(world.sent[-1].link("confirm"))
    records = world.new_records()

    def crash(**_: Any) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(client(), "put_events", crash)
        answer = world.handlers["tally"]({"Records": records}, CONTEXT)
    confirmed = [record["dynamodb"]["SequenceNumber"] for record in records if record["eventName"] == "INSERT"]
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == confirmed[-1:]
    count = world.wiring.counts.count(CAMPAIGN)
    assert count
    assert count.signatures == 1


def test_more_events_than_a_call_accepts_are_sent_in_several_calls(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = refuse(monkeypatch, [])
    for number in range(11):
        world.sign(email=f"signer{number}@signers.example")
    world.run_stream()
    for mail in world.sent[-11:]:
        world.press(mail.link("confirm"))
    world.handlers["tally"]({"Records": world.new_records()}, CONTEXT)
    assert sizes == [10, 1]
    assert len({event["Detail"]["signature"] for event in listener.new_events()}) == 11


def test_a_damaged_record_is_reported_and_the_others_are_announced(world: World, listener: Listener) -> None:
    world.confirmed()
    world.week()
    listener.new_events()
    records = world.new_records()
    del records[-1]["dynamodb"]["NewImage"]["attempt"]
    answer = world.handlers["tally"]({"Records": records}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": records[-1]["dynamodb"]["SequenceNumber"]}]}
    assert kinds(listener.new_events()) == ["delivery.open", "delivery.sending"]


def test_a_stack_without_a_bus_announces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with worlds.world(monkeypatch, fast=True) as world:
        world.confirmed()
        world.week()
        world.run_stream()
        assert not [call for call in world.calls if call.startswith("events:")]


def test_events_cause_no_calls_to_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {}
    for announces_events in (False, True):
        with monkeypatch.context() as patch, worlds.world(patch, announces_events=announces_events, fast=True) as world:
            world.confirmed()
            world.week()
            world.run_stream()
            calls[announces_events] = sorted(call for call in world.calls if call.startswith("dynamodb:"))
    assert len(calls[True]) > 10
    assert calls[True] == calls[False]


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("undersigned.signature.confirmed", {"signature": "Ada"}),
        ("undersigned.signature.confirmed", {"email": "ada@signers.example"}),
        ("undersigned.delivery.sent", {"letters": "1"}),
        ("undersigned.delivery.sent", {"at": "yesterday"}),
    ],
)
def test_a_schema_refuses_wrong_details(kind: str, detail: dict[str, object]) -> None:
    good: dict[str, object] = {
        "id": "6f0b5a0e-3f0c-5d55-9a3b-2f6c1d1f7a10",
        "at": "2026-11-30T15:00:00+00:00",
        "campaign": CAMPAIGN,
        "target": "evanston",
    }
    of_kind = (
        {"signature": "0" * 32}
        if ".signature." in kind
        else {"period": "2026-11-30", "attempt": 1, "letters": 3, "way": "email"}
    )
    assert validator(kind).is_valid(good | of_kind)
    assert not validator(kind).is_valid(good | of_kind | detail)
