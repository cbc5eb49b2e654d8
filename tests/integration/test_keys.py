"""Test what each kind of key opens on every route, and that a network can't guess keys."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.openapi_document import operation_of, routed
from tests.world import CAMPAIGN, PERIOD, Answer
from undersigned.domain.counting.exports import Export, ExportFilter
from undersigned.domain.delivering.answers import answer_id
from undersigned.domain.delivering.deliveries import DeliveryKey
from undersigned.domain.people.api_keys import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.world import World

OTHER = "another-campaign"
NOBODY = "0" * 32
EXPORT = "0123456789abcdef"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

READ, MANAGE = "us_read", "us_manage"
USELESS = {"no key": None, "wrong": "us_wrong", "expired": "us_expired", "revoked": "us_revoked", "other": "us_other"}


@dataclass(frozen=True)
class Route:
    """A route: the status for a `read` and for a `manage` key, and the body."""

    method: str
    path: str
    read: int
    manage: int
    body: Mapping[str, object] | None = None


WHY = {"why": "asked for"}
ROUTES = [
    Route("GET", "", 200, 200),
    Route("GET", "/targets", 200, 200),
    Route("GET", "/counts", 200, 200),
    Route("GET", "/audit", 403, 200),
    Route("GET", "/signatures", 403, 200),
    Route("POST", "/signatures/search", 403, 200, {"name": "Specimen"}),
    Route("POST", "/signatures/find", 403, 200, {"email": "ada@signers.example"}),
    Route("GET", "/signatures/evidence", 403, 200),
    Route("POST", "/signatures/screen", 403, 200, {"suspicion": "any"}),
    Route("GET", "/signatures/{ada}", 403, 200),
    # Before Ada's letter is erased: then her packet is deleted.
    Route("GET", f"/deliveries/{PERIOD}/evanston/packets/1", 403, 302),
    Route("DELETE", "/signatures/{ada}", 403, 200, WHY),
    Route("POST", "/signatures/{eve}/release", 403, 200, {}),
    Route("GET", "/signatures.csv", 403, 303),
    Route("POST", "/exports", 403, 202, {}),
    Route("GET", "/exports", 403, 200),
    Route("GET", f"/exports/{EXPORT}", 403, 200),
    Route("GET", "/deliveries", 200, 200),
    Route("GET", "/deliveries/next", 200, 200),
    Route("POST", "/deliveries/next", 403, 202, {}),
    Route("GET", "/deliveries/next/wilmette", 403, 200),
    Route("GET", "/deliveries/next/wilmette/mail", 403, 200),
    Route("GET", "/deliveries/next/wilmette/packets/1", 403, 200),
    # The key allows this, but the campaign needs no approval.
    Route("POST", f"/deliveries/{PERIOD}/approve", 403, 409, {}),
    Route("GET", f"/deliveries/{PERIOD}/evanston", 200, 200),
    # The key allows this, but the delivery was sent, so it can't be retried, and there is nothing to decide.
    Route("POST", f"/deliveries/{PERIOD}/evanston/retry", 403, 409, {}),
    Route("POST", f"/deliveries/{PERIOD}/evanston/settle", 403, 409, {"outcome": "sent", "revision": "1-sent"}),
    Route("POST", "/targets/evanston/address", 403, 200, {"email": "chief@evanston.example"}),
    Route("POST", f"/deliveries/{PERIOD}/evanston/handed-over", 403, 409, {"day": "2026-11-24", "revision": "1-sent"}),
    Route("POST", f"/deliveries/{PERIOD}/evanston/take-back", 403, 409, {"revision": "1-sent"}),
    # The key allows this, but no office asked.
    Route(
        "POST", "/targets/evanston/asked-address", 403, 409, {"asked": "a@b.example", "answer": "accept", "why": "x"}
    ),
    Route("POST", "/targets/evanston/on-paper", 403, 200, {"letters": 80}),
    Route("GET", "/targets/evanston/answers", 200, 200),
    Route("POST", "/targets/evanston/answers", 403, 201, {"day": PERIOD, "text": "Thank you.", "public": True}),
    Route("DELETE", f"/targets/evanston/answers/{answer_id(date.fromisoformat(PERIOD), 'Thank you.')}", 403, 200),
    # The key allows this, but the office has not stopped the emails.
    Route("POST", "/targets/evanston/resume-link", 403, 409, {}),
    Route("POST", "/pause", 403, 200, {}),
    Route("POST", "/resume", 403, 200, {}),
    Route("POST", "/targets/wilmette/hold", 403, 200, WHY),
    Route("POST", "/targets/wilmette/release", 403, 200, {}),
    Route("POST", "/targets/wilmette/test", 403, 202, {}),
    # These take the scope `own` (tests/integration/test_people.py).
    Route("GET", "/people", 403, 403),
    Route("POST", "/people", 403, 403, {"email": "new@enddemand.example", "role": "viewer"}),
    Route("POST", f"/people/{'0' * 32}", 403, 403, {"role": "viewer"}),
    Route("DELETE", f"/people/{'0' * 32}", 403, 403),
    Route("GET", "/keys", 403, 403),
    Route("POST", "/keys", 403, 403, {"scope": "read"}),
    Route("DELETE", f"/keys/{'0' * 12}", 403, 403),
    Route("GET", "/draft", 403, 200),
    Route("GET", "/draft/versions/1", 403, 404),
    Route("GET", "/draft/check", 403, 200),
    Route("GET", "/draft/effects", 403, 200),
    Route("POST", "/draft/test", 403, 202),
    Route("POST", "/draft/publish", 403, 200, {"revision": 0}),
    Route("PUT", "/draft", 403, 200, {"revision": 0, "settings": {"goal": 77}}),
    # The key allows this, but the draft has another revision.
    Route("DELETE", "/draft?revision=1", 403, 409),
    Route("POST", "/delete", 403, 403, {}),
    Route("POST", "/reopen", 403, 200, {}),
    Route("POST", "/close", 403, 200, {}),
]

OPENED_BY_A_LINK = {("GET", "/organizer/approve/{token}"), ("POST", "/organizer/approve/{token}")}
"""A person with the link from the email needs no key."""


@pytest.fixture
def campaign(world: World) -> World:
    """Return a campaign with a sent letter (Ada's), a waiting one, a quarantined one (Eve's), and each kind of key."""
    world.put_key(READ, "read")
    world.put_key(MANAGE, "manage")
    world.put_key("us_expired", "manage", expires_at=world.clock.now)
    world.put_key("us_other", "manage", OTHER)
    world.put_key("us_revoked", "manage")
    world.wiring.api_keys.remove_api_key(CAMPAIGN, digest_of("us_revoked"))
    export = Export(CAMPAIGN, EXPORT, "done", ExportFilter(), "key", world.clock.now)
    world.wiring.exports.put_export(export)
    world.wiring.bucket.write(export.file, iter([b""]))
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    world.sign(email="eve@signers.example", topic="cheap pills")
    world.run_stream()
    return world


def ask(world: World, route: Route, key: str | None, **options: Any) -> Answer:
    path = route.path.format(ada=world.signer("ada@signers.example"), eve=world.signer("eve@signers.example"))
    headers = {"authorization": f"Bearer {key}"} if key else {}
    base = options.pop("base", f"/organizer/campaigns/{CAMPAIGN}")
    return world.request(route.method, base + path, route.body, headers=headers, as_json=True, **options)


@pytest.mark.asvs("6.3.4")
def test_every_route_is_in_this_table(world: World) -> None:
    base = f"/organizer/campaigns/{CAMPAIGN}"
    covered = {
        operation_of(route.method, base + route.path.partition("?")[0].format(ada=NOBODY, eve=NOBODY))
        for route in ROUTES
    }
    assert routed("organizer_api") - OPENED_BY_A_LINK == covered


@pytest.mark.asvs("8.3.1")
@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_key_always_gets_the_same_answer(campaign: World, kind: str) -> None:
    before = rows(campaign)
    answers = []
    for route in ROUTES:
        # The same wrong key again and again would have to wait.
        campaign.clock.advance(minutes=1)
        answers.append(ask(campaign, route, USELESS[kind]))
    assert {answer.status for answer in answers} == {401}
    assert {answer.content for answer in answers} == {refused(campaign).content}
    assert {tuple(sorted(answer.headers.items())) for answer in answers} == {
        tuple(sorted(refused(campaign).headers.items()))
    }
    assert rows(campaign) == before


def refused(world: World) -> Answer:
    """Return the answer to an unknown key for an unknown campaign."""
    return ask(world, ROUTES[0], "us_nothing", base="/organizer/campaigns/none-such", source="192.0.2.99")


def rows(world: World) -> list[Any]:
    """Return all rows of the table without the counters of wrong keys."""
    table = world.wiring.settings.table_name
    items = world.wiring.client("dynamodb").scan(TableName=table)["Items"]
    return sorted((item for item in items if not item["pk"]["S"].startswith("RATE#")), key=str)


@pytest.mark.asvs("8.2.1")
def test_a_read_key_opens_what_is_not_personal_and_changes_nothing(campaign: World) -> None:
    before = rows(campaign)
    for route in ROUTES:
        answer = ask(campaign, route, READ)
        assert answer.status == route.read, (route, answer.body)
    assert rows(campaign) == before


def test_a_manage_key_opens_everything_but_people_and_keys(campaign: World) -> None:
    for route in ROUTES:
        answer = ask(campaign, route, MANAGE)
        assert answer.status == route.manage, (route, answer.content[:300])
        assert answer.headers["cache-control"] == "no-store"


def test_each_action_is_in_the_activity_log_with_its_key(campaign: World) -> None:
    for route in ROUTES:
        campaign.clock.advance(seconds=1)
        ask(campaign, route, MANAGE)
    entries = ask(campaign, Route("GET", "/audit", 403, 200), MANAGE).json["entries"]
    assert {entry["by"] for entry in entries} == {f"key {digest_of(MANAGE)[:12]}"}
    assert [entry["action"] for entry in entries] == [
        "close", "test draft", "test", "release", "hold", "resume", "pause", "delete answer", "record answer",
        "count on paper", "correct address", "deliver", "export", "export", "release from quarantine", "erase",
    ]  # fmt: skip
    assert {entry["action"]: entry["why"] for entry in entries if entry["why"]} == {
        "count on paper": "80",
        "erase": "asked for",
        "hold": "asked for",
    }


@pytest.mark.parametrize("header", ["", "Basic dXM6dXM=", "Bearer", "Bearer ", "us_manage", "Token us_manage"])
def test_only_a_bearer_key_is_accepted(world: World, header: str) -> None:
    world.put_key(MANAGE, "manage")
    assert world.get(f"/organizer/campaigns/{CAMPAIGN}", headers={"authorization": header}).status == 401


def test_only_a_wrong_key_that_is_repeated_has_to_wait(campaign: World) -> None:
    overview = ROUTES[0]
    tries = [ask(campaign, overview, "us_wrong", source=f"198.51.100.{number}").status for number in range(11)]
    assert tries == [401] * 10 + [429]
    assert ask(campaign, overview, "us_wrong", source="203.0.113.9").headers["retry-after"] == "60"
    assert ask(campaign, overview, "us_another", source="198.51.100.77").status == 401
    assert ask(campaign, overview, MANAGE, source="198.51.100.77").status == 200
    campaign.clock.advance(seconds=60)
    assert ask(campaign, overview, "us_wrong", source="198.51.100.77").status == 401


def test_a_wrong_key_that_waits_writes_nothing(campaign: World) -> None:
    for _ in range(10):
        ask(campaign, ROUTES[0], "us_wrong")
    campaign.calls.clear()
    assert ask(campaign, ROUTES[0], "us_wrong").status == 429
    assert campaign.calls == ["dynamodb:GetItem"] * 2


def test_good_keys_and_requests_without_a_key_do_not_count(campaign: World) -> None:
    for _ in range(12):
        assert ask(campaign, ROUTES[0], READ).status == 200
        assert ask(campaign, ROUTES[3], READ).status == 403
        assert ask(campaign, ROUTES[0], None).status == 401


def test_neither_a_wrong_key_nor_who_sent_it_is_stored_and_its_counter_expires(campaign: World) -> None:
    ask(campaign, ROUTES[0], "us_wrong", source="198.51.100.7")
    items = campaign.wiring.client("dynamodb").scan(TableName=campaign.wiring.settings.table_name)["Items"]
    [counter] = [item for item in items if item["pk"]["S"].startswith("RATE#KEYS#")]
    assert not any(text in str(items) for text in ("198.51", "us_wrong", digest_of("us_wrong")))
    assert int(counter["expires_at"]["N"]) <= (campaign.clock.now + timedelta(days=1)).timestamp()


_OF_A_WHOLE_CAMPAIGN = {"/deliveries/next", "/signatures/evidence", "/signatures/search"}


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_a_key_finds_nothing_of_another_campaign(campaign: World) -> None:
    """The other campaign's key requests, in its own campaign, what only the first campaign has."""
    before = rows(campaign)
    for route in ROUTES:
        if route.path.count("/") > 1 and route.path not in _OF_A_WHOLE_CAMPAIGN:
            answer = ask(campaign, route, "us_other", base=f"/organizer/campaigns/{OTHER}")
            takes_own = route.path.startswith(("/people/", "/keys/"))
            assert answer.status == (403 if takes_own else 404), (route, answer.body)
    assert rows(campaign) == before


def test_a_delivery_lists_the_letters_of_its_packets(campaign: World) -> None:
    delivery = ask(campaign, Route("GET", f"/deliveries/{PERIOD}/evanston", 200, 200), READ).json
    assert delivery["packets"][0]["letters"] == [campaign.signer("ada@signers.example")]
    assert json.dumps(delivery).count("@") == 1  # only the target's address
    assert campaign.wiring.deliveries.delivery(DeliveryKey(CAMPAIGN, "evanston", PERIOD)) is not None
