"""The security log: who signed in, whose key was refused, and who opened letters and packets. It names no signer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.organizers import Browser, add, code_in, someone
from tests.support.world import CAMPAIGN, DASHBOARD, PERIOD
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.people import security_log
from undersigned.people.access import ScopeError
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import ApiKey, KeyScope, digest_of
from undersigned.people.rules.people import person_id
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from tests.support.world import World

API = f"/organizer/campaigns/{CAMPAIGN}"
BY = {"campaign": CAMPAIGN, "by": f"key {digest_of('us_letters')[:12]}"}
OUR_FIELDS = ("event", "campaign", "by", "route", "way", "reason", "more", "target", "period", "packet")


@pytest.fixture(autouse=True)
def sent(world: World) -> None:
    """Make a campaign with a sent letter, and one key of each scope."""
    began, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    scopes: tuple[KeyScope, ...] = ("counts", "letters")
    for scope in scopes:
        key = ApiKey(CAMPAIGN, digest_of(f"us_{scope}"), scope, "Robin’s laptop", began, ends)
        ApiKeys(world.stack.table).put_api_key(key)
    world.confirmed(name="Zanzibar", email="zanzibar@signers.example")
    world.week()


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the lines of the security log since the last call."""
    records = [vars(record) for record in caplog.records if record.getMessage() == "security"]
    caplog.clear()
    return [{name: record[name] for name in OUR_FIELDS if name in record} for record in records]


@pytest.mark.asvs("16.3.1", "16.3.2")
def test_refused_keys_are_logged_and_what_is_typed_as_a_campaign_is_not(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"event": "key refused", "way": "API", "reason": "KeyRefusedError"}
    for path, campaign in ((API, CAMPAIGN), ("/organizer/campaigns/Zanzibar@signers.example", "")):
        world.clock.advance(minutes=1)
        assert world.get(path, headers={"authorization": "Bearer us_wrong"}).status == 401
        assert logged(caplog) == [{**refused, "campaign": campaign}]


def ask(world: World, path: str, key: str = "us_letters") -> int:
    return world.get(API + path, headers={"authorization": f"Bearer {key}"}).status


@pytest.mark.asvs("16.3.2")
def test_what_a_person_may_not_do_is_logged_with_who_and_what(world: World, caplog: pytest.LogCaptureFixture) -> None:
    email = "zanzibar@enddemand.example"
    by = f"person {add(world, email, 'viewer')[:12]}"
    maria = Browser(world)
    maria.sign_in(email)
    token = maria.token
    caplog.clear()
    who: Any = {"by": by, "way": "dashboard"}
    tried: list[Any] = [
        (lambda: maria.see("/signatures"), 403, {"campaign": CAMPAIGN, "route": "signatures", "reason": "ScopeError"}),
        (
            lambda: maria.post("/targets/evanston/hold", {"why": "x", "token": "of another session"}),
            403,
            {"campaign": CAMPAIGN, "route": "hold", "reason": "ForeignPostError"},
        ),
        (
            lambda: maria.post("/organizer/sign-out", {"token": token}, headers={"sec-fetch-site": "cross-site"}),
            403,
            {"campaign": "", "route": "sign_out", "reason": "ForeignPostError"},
        ),
        (
            lambda: maria.see(dashboard_path("another-campaign")),
            404,
            {"campaign": "another-campaign", "route": "overview", "reason": "NotFoundError"},
        ),
        (
            lambda: maria.see(dashboard_path("Zanzibar@x.example")),
            404,
            {"campaign": "", "route": "overview", "reason": "NotFoundError"},
        ),
        (lambda: maria.see("/organizer/new"), 403, {"campaign": "", "route": "show_form", "reason": "ScopeError"}),
    ]
    for attempt, status, facts in tried:
        world.clock.advance(minutes=1)
        assert attempt().status == status
        assert logged(caplog) == [{"event": "refused", **who, **facts}]
    assert "zanzibar" not in str([vars(record) for record in caplog.records])


@pytest.mark.asvs("16.3.2")
def test_what_a_key_may_not_do_is_logged_with_the_key(world: World, caplog: pytest.LogCaptureFixture) -> None:
    by = f"key {digest_of('us_counts')[:12]}"
    assert ask(world, "/signatures", "us_counts") == 403
    refused = {"event": "refused", "campaign": CAMPAIGN, "by": by, "way": "API", "reason": "KeyScopeError"}
    assert logged(caplog) == [{**refused, "route": "list_signatures"}]


def test_a_session_that_was_forged_or_has_ended_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert world.get(DASHBOARD, cookies=["__Host-session=forged"]).status == 303
    assert world.get(DASHBOARD).status == 303, "nobody is signed in, and nothing is refused"
    assert logged(caplog) == [{"event": "refused", "campaign": "", "way": "dashboard", "reason": "SignedOutError"}]


def test_a_post_of_another_site_to_the_sign_in_forms_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.post("/organizer/sign-in", {"email": "zanzibar@signers.example"}, headers={"sec-fetch-site": "cross-site"})
    assert logged(caplog) == [
        {"event": "refused", "campaign": "", "way": "dashboard", "route": "ask", "reason": "ForeignPostError"}
    ]


@pytest.mark.asvs("16.3.3")
def test_a_flood_of_refusals_is_one_line_a_minute(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        ask(world, "", f"us_wrong {number}")
        ask(world, "/signatures", "us_counts")
    first = logged(caplog)
    assert [line["event"] for line in first] == ["key refused", "refused"], "another's refusal is not lost in the flood"
    world.clock.advance(seconds=59.9)
    ask(world, "", "us_wrong")
    assert logged(caplog) == []
    world.clock.advance(seconds=0.2)
    ask(world, "", "us_wrong")
    assert [line["more"] for line in logged(caplog)] == [30]


@pytest.mark.asvs("16.2.1")
def test_what_an_organizer_opens_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    signer = signer_id(world.stack.secret(), "zanzibar@signers.example")
    editor = someone(world, "editor")
    by = f"person {person_id(world.stack.secret(), 'editor@enddemand.example')[:12]}"
    assert ask(world, f"/signatures/{signer}") == 200
    assert editor.see(f"/signatures/{signer}").status == 200
    assert editor.see(f"/deliveries/{PERIOD}/evanston/packets/1").status == 302
    assert logged(caplog) == [
        {"event": "request", **BY, "way": "API", "route": "show_signature"},
        {"event": "request", **BY, "by": by, "way": "dashboard", "route": "signature"},
        {"event": "request", **BY, "by": by, "way": "dashboard", "route": "fetch_packet"},
    ]


def test_figures_that_a_program_polls_are_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(world, "/counts") == ask(world, "/deliveries") == 200
    assert logged(caplog) == []


def test_what_a_link_opens_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    mail = world.sent[0]
    packets = "/packets/" + world.stack.links.sign("packets", CAMPAIGN, "evanston", PERIOD)
    world.get(packets)
    world.get(f"{packets}/1")
    letter = world.get(mail.link("confirm"), as_json=True).json["links"]["letter"]
    world.get(letter)
    delivery = {"campaign": CAMPAIGN, "target": "evanston", "period": PERIOD}
    assert logged(caplog) == [
        {"event": "packet opened", **delivery, "packet": "1"},
        {"event": "letter opened", "campaign": CAMPAIGN},
        {"event": "letter opened", "campaign": CAMPAIGN},
    ]


@pytest.mark.asvs("16.2.5")
def test_the_security_log_names_no_signer_and_has_no_key(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = signer_id(world.stack.secret(), "zanzibar@signers.example")
    mail = world.sent[0]
    capsys.readouterr()
    ask(world, f"/signatures/{signer}")
    ask(world, "/signatures?email=zanzibar%40signers.example")
    ask(world, "", "us_zanzibar")
    world.get(mail.link("confirm"))
    lines = capsys.readouterr().out + json.dumps([str(vars(record)) for record in caplog.records])
    for secret in ("zanzibar", signer, "us_letters", mail.link("confirm").rpartition("/")[2], "laptop"):
        assert secret not in lines.lower()


@pytest.mark.asvs("16.2.2", "16.2.4", "16.4.1")
def test_a_line_is_one_json_object_with_its_time_zone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    hostile = 'key "0"\r\n{"message": "security", "event": "sign-in"}\x1b[2J'
    refusal = ScopeError("read", "manage")
    security_log.refused(world.stack, refusal, "API", by=hostile, campaign=CAMPAIGN, route="show_signature")
    line = security_log.logger.registered_formatter.format(caplog.records[-1])
    assert line.isprintable(), "one line, and nothing that a terminal obeys"
    said = json.loads(line)
    assert (said["message"], said["event"], said["by"]) == ("security", "refused", hostile)
    assert datetime.fromisoformat(said["timestamp"]).utcoffset() is not None


def test_people_are_in_the_log_by_their_ids(world: World, caplog: pytest.LogCaptureFixture) -> None:
    email = "zanzibar@enddemand.example"
    person = f"person {add(world, email, 'editor')[:12]}"
    maria = Browser(world)
    caplog.clear()
    maria.ask(email)
    maria.type_code("no code")
    Browser(world).type_code(code_in(world.sent[-1]))
    maria.type_code(code_in(world.sent[-1]))
    maria.see("/signatures")
    maria.see("/people")
    records = [record.__dict__ for record in caplog.records if record.message == "security"]
    assert "zanzibar" not in str([record.__dict__ for record in caplog.records])
    assert [{name: record[name] for name in OUR_FIELDS if record.get(name)} for record in records] == [
        {"event": "sign-in asked"},
        {"event": "sign-in refused", "way": "dashboard", "reason": "WrongCodeError"},
        {"event": "sign-in refused", "way": "dashboard", "reason": "SignInError"},
        {"event": "sign-in", "by": person},
        {"event": "request", "campaign": CAMPAIGN, "by": person, "way": "dashboard", "route": "signatures"},
        {
            "event": "refused",
            "campaign": CAMPAIGN,
            "by": person,
            "route": "show_people",
            "way": "dashboard",
            "reason": "ScopeError",
        },
    ]
