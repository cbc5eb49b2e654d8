"""Test every door of organizers, as the router lists it, with everyone who could ask for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.doors.doors import (
    FOREIGN,
    FOREIGN_SITES,
    KEY_SCOPES,
    OPEN,
    PEOPLE,
    Door,
    add_everyone,
    ask,
    ask_api,
    doors,
    filled,
)
from tests.support.organizers import SAME_ORIGIN, Browser, signed_in
from tests.support.world import CAMPAIGN
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import digest_of

if TYPE_CHECKING:
    from tests.support.world import Answer, World
    from undersigned.people.rules.people import Role

USELESS = {"no key": None, "wrong": "us_wrong", "expired": "us_expired", "revoked": "us_revoked", "other": "us_foreign"}


@pytest.fixture
def peopled(world: World) -> World:
    add_everyone(world)
    return world


def rows(world: World) -> list[str]:
    """Return what is stored, without the counters of wrong keys."""
    assert world.memory
    return sorted(str(item) for item in world.memory.items() if not item["pk"]["S"].startswith("RATE#"))


def closed_doors() -> list[Door]:
    return [door for door in doors() if door.scope != OPEN]


def test_nobody_gets_anything_without_a_session(peopled: World) -> None:
    before = rows(peopled)
    for door in closed_doors():
        if not door.is_api:
            answer = Browser(peopled).request(door.method, filled(peopled, door), {} if door.method == "POST" else None)
            if door.path == "/organizer":
                assert "Your email address" in answer.body
            else:
                assert (answer.status, answer.headers["location"]) == (303, "/organizer"), door
    assert rows(peopled) == before


@pytest.mark.asvs("8.3.1")
@pytest.mark.parametrize("kind", USELESS)
def test_a_useless_key_always_gets_the_same_answer(peopled: World, kind: str) -> None:
    peopled.put_key("us_expired", "letters", expires_at=peopled.clock.now)
    peopled.put_key("us_revoked", "letters")
    ApiKeys(peopled.stack.table).remove_api_key(CAMPAIGN, digest_of("us_revoked"))
    overview = next(door for door in doors() if door.is_api)
    same = ask_api(peopled, overview, "us_nothing", "none-such")
    assert same.status == 401
    for door in doors():
        if door.is_api:
            # The same wrong key again and again would have to wait.
            peopled.clock.advance(minutes=1)
            assert ask_api(peopled, door, USELESS[kind]) == same, door


@pytest.mark.asvs("8.2.2", "8.4.1")
def test_another_campaigns_people_and_keys_find_nothing(peopled: World) -> None:
    browser = signed_in(peopled, "foreign@enddemand.example", FOREIGN)
    for door in doors():
        if door.is_api:
            # They ask their own campaign for what only the first one has.
            if re.search(r"\{(?!campaign)", door.path):
                assert ask_api(peopled, door, "us_foreign", FOREIGN).status == 404, door
        elif door.is_of_campaign:
            foreign, missing = ask(browser, door), ask(browser, door, "none-such")
            assert (foreign.status, foreign.body) == (missing.status, missing.body) == (404, missing.body), door
            if door.method == "GET" and re.search(r"\{(signer|export|period)", door.path):
                assert ask(browser, door, FOREIGN).status == 404, door


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("role", PEOPLE)
def test_a_person_may_do_what_their_role_may_and_nothing_else(peopled: World, role: Role) -> None:
    browser = signed_in(peopled, PEOPLE[role])
    assert peopled.memory
    before = rows(peopled)
    for door in closed_doors():
        if door.is_of_campaign and not door.is_api:
            may, restore = door.is_open_to(role), peopled.memory.save()
            answer = ask(browser, door)
            assert (answer.status == 403) != may, (door, answer.status)
            if not may:
                assert rows(peopled) == before, door
            elif door.method == "GET":
                assert answer.status in {200, 302, 303}, (door, answer.status)
            else:
                assert answer.status < 500, (door, answer.status)
                restore()


@pytest.mark.asvs("8.2.1")
@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_a_key_reads_what_its_scope_may_and_changes_nothing(peopled: World, scope: str) -> None:
    before = rows(peopled)
    for door in doors():
        if door.is_api:
            assert door.method == "GET", door
            answer = ask_api(peopled, door, f"us_{scope}")
            assert answer.status == (200 if scope in {door.scope, "letters"} else 403), (door, answer.status)
    assert rows(peopled) == before


@pytest.mark.asvs("8.2.3")
def test_a_viewer_never_sees_who_signed(peopled: World) -> None:
    def shows(answer: Answer) -> bool:
        return bool(re.search(rb"Ada Specimen|signers\.example|1 Sample", answer.content))

    viewer, owner, seen = signed_in(peopled, PEOPLE["viewer"]), signed_in(peopled, PEOPLE["owner"]), 0
    for door in closed_doors():
        if door.method != "GET":
            continue
        if door.is_api:
            assert not shows(ask_api(peopled, door, "us_counts")), door
            seen += shows(ask_api(peopled, door, "us_letters"))
            continue
        assert not shows(ask(viewer, door)), door
        seen += shows(ask(owner, door))
    assert seen > 5, "others see them"


@pytest.mark.asvs("7.4.4")
@pytest.mark.parametrize("role", PEOPLE)
def test_a_page_has_no_button_and_no_link_that_refuses_its_reader(peopled: World, role: Role) -> None:
    """A viewer sees what needs attention, without the buttons of those who may do something about it."""
    peopled.feedback("bounce", peopled.deliveries[0])
    peopled.sign(email="bot@signers.example", form="")
    peopled.run_stream()
    peopled.clock.advance(days=4)
    reader = signed_in(peopled, PEOPLE[role])
    patterns = [(door, re.compile(re.sub(r"{\w+}", "[^/]+", door.path))) for door in doors()]
    seen = 0
    for door in closed_doors():
        if door.method != "GET" or door.is_api:
            continue
        page = ask(reader, door)
        if page.status != 200 or "text/html" not in page.headers.get("content-type", ""):
            continue
        found = {("POST", address) for address in re.findall(r'<form method="post" action="([^"#]+)', page.body)}
        if '<main id="main"' in page.body and door.path != "/organizer/guide/{page}":
            assert ("POST", "/organizer/sign-out") in found, door
        found |= {("GET", address) for address in re.findall(r'<a[^>]* href="(/organizer[^"#?]*)', page.body)}
        for method, address in found:
            meant = [it for it, like in patterns if it.method == method and like.fullmatch(address)]
            assert any(it.is_open_to(role) for it in meant), (door, method, address)
            seen += 1
    assert seen > 30


@pytest.mark.asvs("3.5.1")
def test_a_button_needs_the_token_of_the_session_and_is_pressed_on_our_own_pages(peopled: World) -> None:
    owner, other = signed_in(peopled, PEOPLE["owner"]), signed_in(peopled, PEOPLE["editor"])
    token, before = owner.post_token, rows(peopled)
    tokens: tuple[object, ...] = ("", "x", "\ud800", "ü", other.post_token, *owner.jar.values(), None, [], 7)
    as_json = {**SAME_ORIGIN, "content-type": "application/json"}
    for door in closed_doors():
        if door.method == "POST" and door.path != "/organizer/new":
            path = filled(peopled, door)
            answers = [owner.post(path, raw=json.dumps({"token": it}).encode(), headers=as_json) for it in tokens]
            answers += [owner.post(path, {"token": token}, headers=headers) for headers in FOREIGN_SITES]
            assert {(it.status, it.cookies) for it in answers} == {(403, ())}, door
    assert rows(peopled) == before


@pytest.mark.asvs("14.3.2")
def test_a_page_is_not_cached_and_not_framed(peopled: World) -> None:
    owner = signed_in(peopled, PEOPLE["owner"])
    for door in closed_doors():
        if door.method == "GET" and not door.is_api:
            headers = ask(owner, door).headers
            assert headers["cache-control"] == "no-store", door
            if "text/html" in headers.get("content-type", ""):
                is_mail = door.path.endswith("/email")
                is_framed = is_mail or door.path.endswith("/preview/page")
                policy = headers["content-security-policy"]
                assert f"frame-ancestors {"'self'" if is_framed else "'none'"}" in policy, door
                assert "default-src 'none'" in policy, door
                assert f"form-action {"'none'" if is_framed else "'self'"}" in policy, (door, policy)
                assert ("sandbox" in policy) == is_mail, (door, policy)
                assert headers["referrer-policy"] == ("no-referrer" if is_framed else "same-origin"), door
