"""Test the organizers' API: what it returns about signatures and deliveries, and what organizers' actions do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.refusals import Refusing
from tests.support.organizers import act
from tests.support.world import CAMPAIGN, PERIOD, load_event
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import SHARDS
from undersigned.delivering.feedback import read_mail_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import World

BASE = f"/organizer/campaigns/{CAMPAIGN}"
HEADERS = {"authorization": "Bearer us_letters"}


@pytest.fixture(autouse=True)
def _key(world: World) -> None:
    world.put_key("us_letters", "letters")


def get(world: World, path: str) -> Any:
    answer = world.get(BASE + path, headers=HEADERS)
    assert answer.status == 200, answer.body
    return answer.json


def post(world: World, path: str, values: Mapping[str, object] | None = None) -> int:
    """Press a button of the dashboard."""
    return act(world, path, values).status


def erase(world: World, signer: str) -> int:
    return post(world, f"/signatures/{signer}/erase", {"why": "asked"})


def sign(world: World, people: int, **changes: object) -> list[str]:
    """Sign as several people, one second apart; return their addresses, newest first."""
    for number in range(people):
        world.clock.advance(seconds=1)
        world.sign(email=f"signer{number}@signers.example", **changes)
    return [f"signer{number}@signers.example" for number in reversed(range(people))]


# Counts


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("target", {"evanston": 1, "wilmette": 1}),
        ("day", {PERIOD: 2}),
    ],
)
def test_counts_take_a_query_of_each_shard_and_add_up(world: World, by: str, counts: dict[str, int]) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    world.calls.clear()
    found = get(world, f"/counts?by={by}")
    assert (found["signatures"], found["counts"]) == (2, counts)
    assert world.calls.count("dynamodb:Query") == SHARDS


# Signatures


def test_signatures_are_listed_in_pages_newest_first(world: World) -> None:
    expected, found, path = sign(world, 5), [], "/signatures?limit=2"
    while True:
        page = get(world, path)
        found.append([row["email"] for row in page["signatures"]])
        if page["next"] is None:
            break
        path = f"/signatures?limit=2&cursor={page['next']}"
    assert found == [expected[:2], expected[2:4], expected[4:]]


@pytest.mark.parametrize("status", ["pending", "confirmed", "withdrawn", "erased", "quarantined"])
def test_signatures_are_found_by_their_status(world: World, status: str) -> None:
    world.sign(email="pending@signers.example")
    confirmed = world.confirmed(email="confirmed@signers.example")
    assert confirmed
    withdrawn = world.confirmed(email="withdrawn@signers.example")
    world.post(f"{world.own_page(withdrawn.to)}/withdraw")
    world.confirmed(email="erased@signers.example")
    assert erase(world, world.signer("erased@signers.example")) == 303
    world.sign(email="quarantined@signers.example", topic="cheap pills")
    found = get(world, f"/signatures?status={status}")["signatures"]
    assert [(row["status"], row["email"]) for row in found] == [
        (status, "" if status == "erased" else f"{status}@signers.example")
    ]


def test_signatures_are_found_by_their_suspicion(world: World) -> None:
    world.confirmed()
    world.confirmed(email="eve@signers.example", topic="cheap pills")
    for suspicion in ("any", "trap"):
        [row] = get(world, f"/signatures?suspicion={suspicion}")["signatures"]
        assert (row["email"], row["status"], row["quarantine"]) == ("eve@signers.example", "confirmed", "trap")
    assert get(world, "/signatures?suspicion=no+mailbox")["signatures"] == []


def test_a_filter_that_finds_little_stops_at_a_limit_and_says_so(world: World) -> None:
    world.limit(rows_read=3)
    world.sign(email="wilmette@signers.example", postal_code="60091")
    sign(world, 4)
    page = get(world, "/signatures?target=wilmette&limit=5")
    assert (page["ended_early"], page["signatures"]) == (True, [])
    page = get(world, f"/signatures?target=wilmette&limit=5&cursor={page['next']}")
    assert (page["ended_early"], page["next"]) == (False, None)
    assert [row["email"] for row in page["signatures"]] == ["wilmette@signers.example"]


def test_an_erased_letter_does_not_count_and_has_nothing_personal(world: World) -> None:
    world.confirmed()
    [row] = get(world, "/signatures")["signatures"]
    for _ in range(2):
        assert erase(world, row["id"]) == 303
    world.run_stream()
    erased = get(world, f"/signatures/{row['id']}")
    assert {erased[name] for name in ("name", "email", "address_line", "note", "signature")} == {""}
    assert get(world, "/counts")["signatures"] == 0
    assert get(world, "/deliveries/next")["targets"] == []


def test_a_letter_that_is_being_sent_cannot_be_erased_yet(world: World) -> None:
    world.confirmed()
    [row] = get(world, "/signatures")["signatures"]
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    assert erase(world, row["id"]) == 409
    assert get(world, f"/signatures/{row['id']}")["status"] == "confirmed"


def test_a_letter_is_released_from_quarantine_once(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    [row] = get(world, "/signatures?status=quarantined")["signatures"]
    assert row["quarantine"] == "trap"
    assert post(world, f"/signatures/{row['id']}/release", {"why": "I know her"}) == 303
    before = len(world.sent)
    world.run_stream()
    assert len(world.sent) == before + 1
    assert get(world, f"/signatures/{row['id']}")["status"] == "pending"
    assert post(world, f"/signatures/{row['id']}/release") == 409


# Deliveries


def test_the_next_deliveries_say_what_holds_them_back(world: World) -> None:
    world.confirmed()
    post(world, "/pause", {"why": "a mistake"})
    post(world, "/targets/evanston/hold", {"why": "retires"})
    shown = get(world, "/deliveries/next")
    assert (shown["period"], shown["paused"]) == (PERIOD, True)
    assert shown["targets"] == [{"target": "evanston", "waiting": 1, "held_because": "held by the organizer: retires"}]


def test_deliveries_are_listed_newest_first_and_filtered_by_target_and_period(world: World) -> None:
    for week in range(3):
        world.confirmed(email=f"ada{week}@signers.example")
        world.confirmed(email=f"bo{week}@signers.example", postal_code="60091")
        world.week()
        world.clock.advance(days=7)
    days = ["2026-12-08", "2026-12-01", PERIOD]
    expected = [(day, target) for day in days for target in ("evanston", "wilmette")]
    found, path = [], "/deliveries?limit=4"
    while True:
        page = get(world, path)
        found += [(delivery["period"], delivery["target"]) for delivery in page["deliveries"]]
        if page["next"] is None:
            break
        path = f"/deliveries?limit=4&cursor={page['next']}"
    assert found == expected
    one = get(world, "/deliveries?target=wilmette&period=2026-12-01")["deliveries"]
    assert [(delivery["period"], delivery["target"]) for delivery in one] == [("2026-12-01", "wilmette")]
    assert world.get(f"{BASE}/deliveries?target=nobody", headers=HEADERS).status == 404


def test_a_delivery_lists_its_mail_events_with_their_times(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("send", world.deliveries[0])
    world.clock.advance(minutes=1)
    world.feedback("bounce", world.deliveries[0])
    [delivery] = get(world, "/deliveries")["deliveries"]
    assert (delivery["state"], delivery["message_id"]) == ("bounced", world.deliveries[0].message_id)
    assert [(event["kind"], event["at"]) for event in delivery["events"]] == [
        ("send", "2026-11-24T18:00:00+00:00"),
        ("bounce", "2026-11-24T18:01:00+00:00"),
    ]


# Controls


def test_a_test_email_does_not_change_the_delivery(world: World) -> None:
    world.confirmed()
    assert post(world, "/targets/evanston/test", {"why": "before Monday"}) == 303
    world.run_queue()
    test_mail = world.sent[-1]
    assert test_mail.to == "editor@enddemand.example"
    assert test_mail.mail["subject"].strip().startswith("[Test] 1 signed letter for")
    assert test_mail.tags == {"kind": "test", "campaign": CAMPAIGN, "target": "evanston"}
    assert len(test_mail.pdfs) == 1
    assert get(world, "/deliveries")["deliveries"] == []
    assert get(world, "/deliveries/next")["targets"][0]["waiting"] == 1
    world.feedback("bounce", test_mail)
    assert get(world, "/deliveries/next")["targets"][0]["held_because"] is None
    world.week()
    assert [sent.to for sent in world.deliveries] == ["chief@evanston-police.example"]


def test_events_of_a_test_email_are_ignored() -> None:
    event = load_event("record_feedback_bounce")
    event["detail"]["mail"]["tags"] |= {"kind": ["test"]}
    assert read_mail_event(event) is None


def test_without_letters_there_is_no_test_email(world: World) -> None:
    assert post(world, "/targets/evanston/test") == 409
    assert post(world, "/targets/atlantis/test") == 404
    assert world.run_queue() == []


def test_a_campaign_pauses_and_resumes(world: World) -> None:
    assert post(world, "/pause", {"why": "a mistake in the letter"}) == 303
    assert get(world, "")["paused"]
    assert post(world, "/resume") == 303
    assert not get(world, "")["paused"]


def test_a_bounced_email_is_sent_again(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert get(world, "/targets")["targets"][1]["held_because"] == "email to this address bounced"
    assert post(world, f"/deliveries/{PERIOD}/evanston/retry", {"why": "corrected"}) == 303
    world.run_queue()
    assert [sent.tags["attempt"] for sent in world.deliveries] == ["1", "2"]


def test_an_email_without_an_outcome_is_settled(world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    evanston = f"/deliveries/{PERIOD}/evanston"
    assert get(world, evanston)["needs_attention"] == "no outcome"
    assert get(world, "/targets")["targets"][1]["needs_attention"] == [{"period": PERIOD, "question": "no outcome"}]
    assert post(world, f"{evanston}/settle-as-sent", {}) == 400
    revision = get(world, evanston)["revision"]
    assert post(world, f"{evanston}/settle-as-sent", {"why": "they called"}) == 400
    decided = {"why": "they called", "revision": revision}
    assert post(world, f"{evanston}/settle-as-sent", decided) == 303
    assert get(world, evanston)["state"] == "sent"
    assert get(world, evanston)["needs_attention"] is None
    assert post(world, f"{evanston}/settle-as-not-sent", {"revision": revision}) == 409


def test_a_bounced_email_that_did_not_arrive_is_settled(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    evanston = f"/deliveries/{PERIOD}/evanston"
    assert post(world, f"{evanston}/retry", {"revision": get(world, evanston)["revision"]}) == 303
    world.run_queue()
    assert len(world.deliveries) == 2


def test_a_bounced_email_is_closed_unsent_and_the_address_is_corrected(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    evanston = f"/deliveries/{PERIOD}/evanston"
    revision = get(world, evanston)["revision"]
    assert post(world, f"{evanston}/settle-as-sent", {"revision": revision}) == 409
    assert post(world, f"{evanston}/close-unsent", {"why": "closed", "revision": revision}) == 303
    assert get(world, evanston)["state"] == "closed_unsent"
    assert get(world, evanston)["needs_attention"] is None
    assert post(world, "/targets/evanston/address", {"email": "chief"}) == 400
    saved = {"email": "new.chief@Evanston.example", "why": "they called"}
    assert post(world, "/targets/evanston/address", saved) == 303
    assert get(world, "/targets")["targets"][1]["email"] == "new.chief@evanston.example"


def test_targets_are_listed_in_pages(world: World) -> None:
    first = get(world, "/targets?limit=2")
    rest = get(world, f"/targets?limit=200&cursor={first['next']}")
    ids = [target["id"] for target in first["targets"] + rest["targets"]]
    assert ids == sorted(target.id for target in Campaigns(world.stack.table).targets(CAMPAIGN))
    assert rest["next"] is None
