"""Test the organizers' API: what it returns about signatures and deliveries, and what its actions do."""

from __future__ import annotations

import hashlib
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.refusals import Refusing
from tests.world import CAMPAIGN, PERIOD, load_event
from undersigned.aws.counts import SHARDS
from undersigned.aws.mail_events import read_mail_event
from undersigned.services.counting import organizing, screening

if TYPE_CHECKING:
    from tests.world import Answer, World

BASE = f"/organizer/campaigns/{CAMPAIGN}"
HEADERS = {"authorization": "Bearer us_manage"}


@pytest.fixture(autouse=True)
def _key(world: World) -> None:
    world.put_key("us_manage", "manage")


def get(world: World, path: str) -> Any:
    answer = world.get(BASE + path, headers=HEADERS)
    assert answer.status == 200, answer.body
    return answer.json


def post(world: World, path: str, values: object = None, method: str = "POST") -> Answer:
    return world.request(method, BASE + path, values, as_json=True, headers=HEADERS)


def sign(world: World, people: int, **changes: object) -> list[str]:
    """Sign as several people, one second apart; return their addresses, newest first."""
    for number in range(people):
        world.clock.advance(seconds=1)
        world.sign(email=f"signer{number}@signers.example", **changes)
    return [f"signer{number}@signers.example" for number in reversed(range(people))]


# Counts


def test_counts_by_domain_show_a_provider_that_loses_emails(world: World) -> None:
    world.confirmed()
    sign(world, 2)
    world.sign(email="bo@Outlook.com")
    world.run_stream()
    assert get(world, "/counts?by=domain") == {
        "campaign": CAMPAIGN,
        "signatures": 1,
        "by": "domain",
        "counts": {
            "other": {"signed": 3, "confirmed": 1},
            "outlook.com": {"signed": 1, "confirmed": 0},
        },
    }


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("target", {"evanston": 1, "wilmette": 1}),
        ("day", {PERIOD: 2}),
        ("hour", {f"{PERIOD}T18": 2}),
        ("locality", {"evanston": 2}),
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
    world.post(f"/letters/{token_of(world, withdrawn.to)}/withdraw")
    world.confirmed(email="erased@signers.example")
    erased = find(world, "erased@signers.example")
    assert post(world, f"/signatures/{erased['id']}", {"why": "asked"}, "DELETE").status == 200
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


def screen(world: World, **values: object) -> Any:
    answer = post(world, "/signatures/screen", values)
    assert answer.status == 200, answer.body
    return answer.json


def test_letters_are_screened_in_slices(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "MOST_CHANGED", 2)
    for name in ("ada", "bo", "cy"):
        world.clock.advance(seconds=1)
        world.confirmed(email=f"{name}@college.example")
    world.sign(email="di@college.example", topic="cheap pills")
    chosen = {"domain": "college.example", "signed_before": "2026-11-24T20:00:00+00:00"}
    looked = screen(world, **chosen)
    assert (looked["places"]["waiting"], looked["places"]["quarantined"], looked["changed"]) == (3, 1, 0)
    first = screen(world, **chosen, action="erase", why="a wave")
    assert (first["changed"], first["places"]["quarantined"]) == (2, 1)
    second = screen(world, **chosen, action="erase", why="a wave", cursor=first["next"])
    assert (second["changed"], second["places"]["waiting"]) == (2, 2)
    assert screen(world, **chosen, action="erase", why="a wave")["changed"] == 0
    assert [row["status"] for row in get(world, "/signatures")["signatures"]] == ["erased"] * 3


def test_evidence_names_the_wave_and_the_domain(world: World) -> None:
    sign(world, 10)
    found = get(world, "/signatures/evidence")
    assert (found["letters"], found["suspicions"]) == (10, {})
    assert (found["wave"]["letters"], found["domain"]) == (10, {"domain": "signers.example", "letters": 10})
    [row, *_] = get(world, "/signatures")["signatures"]
    assert found["wave"]["network"] == row["network"]


REMOVAL = {"domain": "signers.example", "action": "erase", "why": "a wave"}


def test_letters_that_are_not_on_hold_are_kept_if_only_those_on_hold_are_removed(world: World) -> None:
    world.confirmed()
    assert screen(world, **REMOVAL, on_hold=True)["changed"] == 0
    assert screen(world, **REMOVAL, on_hold=False)["changed"] == 1


def find(world: World, email: str) -> Any:
    answer = post(world, "/signatures/find", {"email": email})
    assert answer.status == 200
    return answer.json


def token_of(world: World, email: str) -> str:
    row = find(world, email)
    return world.wiring.tokens.for_signer("letter", CAMPAIGN, row["id"])


def test_a_signature_is_found_by_its_email_address_in_two_reads(world: World) -> None:
    sign(world, 3)
    world.calls.clear()
    row = find(world, "Signer1@Signers.example")
    assert row["email"] == "signer1@signers.example"
    assert world.calls[-2:] == ["dynamodb:Query", "dynamodb:GetItem"]
    assert get(world, f"/signatures/{row['id']}") == row
    for nobody in ("signer9@signers.example", "signer", "@", "a" * 300):
        assert post(world, "/signatures/find", {"email": nobody}).status == 404


def test_a_filter_that_finds_little_stops_at_a_limit_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organizing, "MOST_ROWS_READ", 3)
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
        assert post(world, f"/signatures/{row['id']}", {"why": "asked"}, "DELETE").json["status"] == "erased"
    world.run_stream()
    erased = get(world, f"/signatures/{row['id']}")
    assert {erased[name] for name in ("name", "email", "address_line", "note", "signature")} == {""}
    assert get(world, "/counts")["signatures"] == 0
    assert get(world, "/deliveries/next")["targets"] == []


def test_a_letter_that_is_being_sent_cannot_be_erased_over_the_api_yet(world: World) -> None:
    world.confirmed()
    [row] = get(world, "/signatures")["signatures"]
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    answer = post(world, f"/signatures/{row['id']}", {"why": "asked"}, "DELETE")
    assert (answer.status, answer.headers["content-type"]) == (409, "application/problem+json")
    assert get(world, f"/signatures/{row['id']}")["status"] == "confirmed"


def test_a_letter_is_released_from_quarantine_once(world: World) -> None:
    world.sign(topic="cheap pills")
    world.run_stream()
    [row] = get(world, "/signatures?status=quarantined")["signatures"]
    assert row["quarantine"] == "trap"
    assert post(world, f"/signatures/{row['id']}/release", {"why": "I know her"}).status == 200
    before = len(world.sent)
    world.run_stream()
    assert len(world.sent) == before + 1
    assert get(world, f"/signatures/{row['id']}")["status"] == "pending"
    assert post(world, f"/signatures/{row['id']}/release").status == 409


# Deliveries


def test_the_next_delivery_is_shown_as_it_is_sent_without_the_offices_link(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Specimen")
    shown = get(world, "/deliveries/next/evanston")
    file = world.get(f"{BASE}/deliveries/next/evanston/mail", headers=HEADERS)
    packet = world.get(shown["packets"][0]["link"], headers=HEADERS)
    assert hashlib.sha256(packet.content).hexdigest() == shown["packets"][0]["sha256"]
    assert packet.headers["content-disposition"] == 'attachment; filename="evanston-1.pdf"'
    world.week()
    [sent] = world.deliveries
    assert (shown["to"], shown["subject"], shown["attached"]) == (sent.to, sent.mail["subject"], True)
    assert sent.copy == (shown["text"], shown["html"])
    assert sent.pdfs == [packet.content]
    as_file = message_from_bytes(file.content, policy=policy.default)
    assert [part.get_payload(decode=True) for part in as_file.iter_attachments()] == sent.pdfs
    [packet_sent] = get(world, f"/deliveries/{PERIOD}/evanston")["packets"]
    assert packet_sent["sha256"] == shown["packets"][0]["sha256"]


def test_showing_the_next_delivery_changes_nothing(world: World) -> None:
    world.confirmed()
    table = world.wiring.settings.table_name
    before = world.wiring.client("dynamodb").scan(TableName=table)["Items"]
    for path in ("", "/evanston", "/evanston/mail", "/evanston/packets/1"):
        assert world.get(f"{BASE}/deliveries/next{path}", headers=HEADERS).status == 200
    assert world.wiring.client("dynamodb").scan(TableName=table)["Items"] == before


def test_an_email_too_large_for_an_answer_gets_an_explanation(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.confirmed()
    monkeypatch.setattr("functions.organizer_api.next_deliveries.MOST_BYTES", 1_000)
    monkeypatch.setattr("functions.organizer_api.next_deliveries.MOST_LETTERS", 1)
    answer = world.get(f"{BASE}/deliveries/next/evanston/mail", headers=HEADERS)
    assert (answer.status, "--preview" in answer.json["detail"]) == (409, True)
    world.confirmed(email="bo@signers.example")
    answer = world.get(f"{BASE}/deliveries/next/evanston", headers=HEADERS)
    assert (answer.status, "2 letters are waiting" in answer.json["detail"]) == (409, True)


def test_the_next_deliveries_say_what_holds_them_back(world: World) -> None:
    world.confirmed()
    post(world, "/pause", {"why": "a mistake"})
    post(world, "/targets/evanston/hold", {"why": "retires"})
    shown = get(world, "/deliveries/next")
    assert (shown["period"], shown["paused"], shown["may_begin"]) == (PERIOD, True, False)
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


@pytest.mark.moto
def test_a_packet_is_downloaded_from_s3_by_a_short_lived_link(world: World) -> None:
    world.confirmed()
    world.week()
    answer = world.get(f"{BASE}/deliveries/{PERIOD}/evanston/packets/1", headers=HEADERS)
    assert answer.status == 302
    assert f"/packets/{CAMPAIGN}/{PERIOD}/evanston/0001/0.pdf?" in answer.headers["location"]
    assert "X-Amz-Expires=300" in answer.headers["location"]
    path = f"{BASE}/deliveries/{PERIOD}/evanston/packets/1?double_sided=yes"
    assert world.get(path, headers=HEADERS).status == 404, "only a delivery by hand has this file"


# Controls


def test_a_test_email_does_not_change_the_delivery(world: World) -> None:
    world.confirmed()
    assert post(world, "/targets/evanston/test", {"why": "before Monday"}).status == 202
    world.run_queue()
    test_mail = world.sent[-1]
    campaign = world.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    assert test_mail.to == campaign.organizer.email
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
    assert post(world, "/targets/evanston/test").status == 409
    assert post(world, "/targets/atlantis/test").status == 404
    assert world.run_queue() == []


@pytest.mark.parametrize(
    ("day", "status"),
    [(PERIOD, 200), ("2026-11-01", 200), ("2026-11-30", 409), ("2026-10-01", 409), ("1990-01-01", 409)],
)
def test_only_a_day_of_the_last_month_can_be_approved(world: World, day: str, status: int) -> None:
    world.change(approval=True)
    world.confirmed()
    assert post(world, f"/deliveries/{day}/approve").status == status
    assert (len(world.run_queue()) == 1) == (status == 200)


def test_a_campaign_pauses_and_resumes(world: World) -> None:
    assert post(world, "/pause", {"why": "a mistake in the letter"}).json == {"paused": True}
    assert get(world, "")["paused"]
    assert post(world, "/resume").json == {"paused": False}
    assert not get(world, "")["paused"]


def test_a_bounced_email_is_sent_again_over_the_api(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert get(world, "/targets")["targets"][1]["held_because"] == "email to this address bounced"
    assert post(world, f"/deliveries/{PERIOD}/evanston/retry", {"why": "corrected"}).status == 202
    world.run_queue()
    assert [sent.tags["attempt"] for sent in world.deliveries] == ["1", "2"]


def test_an_email_without_an_outcome_is_settled_over_the_api(world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    evanston = f"/deliveries/{PERIOD}/evanston"
    assert get(world, evanston)["needs_attention"] == "no outcome"
    assert get(world, "/targets")["targets"][1]["needs_attention"] == [{"period": PERIOD, "question": "no outcome"}]
    for damaged in ({}, {"outcome": "yes"}, {"outcome": None, "why": "they called"}, {"outcome": True}):
        assert post(world, f"{evanston}/settle", damaged).status == 400
    revision = get(world, evanston)["revision"]
    assert post(world, f"{evanston}/settle", {"outcome": "sent", "why": "they called"}).status == 400
    settled = post(world, f"{evanston}/settle", {"outcome": "sent", "why": "they called", "revision": revision})
    assert settled.json == {"target": "evanston", "period": PERIOD, "state": "sent"}
    assert get(world, evanston)["needs_attention"] is None
    assert post(world, f"{evanston}/settle", {"outcome": "not sent", "revision": revision}).status == 409


def test_a_bounced_email_that_did_not_arrive_is_settled_over_the_api(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    evanston = f"/deliveries/{PERIOD}/evanston"
    decision = {"outcome": "not sent", "revision": get(world, evanston)["revision"]}
    assert post(world, f"{evanston}/settle", decision).json["state"] == "open"
    world.run_queue()
    assert len(world.deliveries) == 2


def test_a_bounced_email_is_given_up_and_the_address_is_corrected_over_the_api(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    evanston = f"/deliveries/{PERIOD}/evanston"
    revision = get(world, evanston)["revision"]
    assert post(world, f"{evanston}/settle", {"outcome": "sent", "revision": revision}).status == 409
    given_up = post(world, f"{evanston}/settle", {"outcome": "given up", "why": "closed", "revision": revision})
    assert given_up.json == {"target": "evanston", "period": PERIOD, "state": "given_up"}
    assert get(world, evanston)["needs_attention"] is None
    assert post(world, "/targets/evanston/address", {"email": "chief"}).status == 400
    saved = post(world, "/targets/evanston/address", {"email": "new.chief@Evanston.example", "why": "they called"})
    assert saved.json == {"target": "evanston", "email": "new.chief@evanston.example"}
    assert get(world, "/targets")["targets"][1]["email"] == "new.chief@evanston.example"


def test_the_activity_log_is_listed_in_pages(world: World) -> None:
    for number in range(3):
        world.clock.advance(seconds=1)
        post(world, "/pause", {"why": f"reason {number}"})
    first = get(world, "/audit?limit=2")
    second = get(world, f"/audit?limit=2&cursor={first['next']}")
    assert [entry["why"] for entry in first["entries"] + second["entries"]] == ["reason 2", "reason 1", "reason 0"]
    assert second["next"] is None


def test_targets_are_listed_in_pages(world: World) -> None:
    first = get(world, "/targets?limit=2")
    rest = get(world, f"/targets?limit=200&cursor={first['next']}")
    ids = [target["id"] for target in first["targets"] + rest["targets"]]
    assert ids == sorted(target.id for target in world.wiring.campaigns.targets(CAMPAIGN))
    assert rest["next"] is None
