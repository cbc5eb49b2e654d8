"""Tokens: one of each kind, tried on every route, as issued and as forged."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from tests.support.organizers import Browser
from tests.support.world import ADA, ADMINISTRATOR, CAMPAIGN, DASHBOARD, FORM, PERIOD, SITE, client_of
from undersigned.base.links import Links
from undersigned.base.purposes import PURPOSES
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rules.stops import mailbox_digest
from undersigned.people.rows.people import People
from undersigned.people.rows.sign_ins import SignIns
from undersigned.people.rules.api_keys import digest_of
from undersigned.people.rules.people import Person, person_id
from undersigned.people.sessions import post_tokens
from undersigned.signing.abuse_checks import judge
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from tests.support.world import Answer, World

DIGEST = digest_of("us_letters")

CHIEF = "chief@evanston-police.example"

SESSION = "5" * 32

ROUTES = {
    "confirm": [("GET", "/confirm/{}"), ("POST", "/confirm/{}")],
    "letter": [
        ("GET", "/letters/{}"),
        *((method, f"/letters/{{}}/{button}") for method in ("POST", "GET") for button in ("withdraw", "no-news")),
    ],
    # The button would delete the form.
    "disown": [("GET", "/disown/{}")],
    "packets": [
        ("GET", "/packets/{}"),
        ("GET", "/packets/{}/1"),
        ("GET", "/packets/{}/pages/1"),
    ],
    "office": [("GET", "/office/{}"), ("POST", "/office/{}/stop")],
    "cover": [("GET", "/packets-sent/{}")],
}


def issued(world: World, campaign: str = CAMPAIGN, links: Links | None = None) -> dict[str, str]:
    """Return a token of each kind, for something that exists. Without others, the stack's keys sign."""
    links = links or world.stack.links
    signer = signer_id(world.stack.secret(), "ada@signers.example")
    return {
        "confirm": links.sign("confirm", campaign, signer, "661097a9d6800"),
        "letter": links.sign("letter", campaign, signer),
        "disown": links.sign("disown", campaign, signer),
        "packets": links.sign("packets", campaign, "evanston", PERIOD),
        "office": links.sign("office", campaign, "evanston", mailbox_digest(CHIEF)),
        "cover": links.sign("cover", campaign, "evanston"),
        "form": links.sign("form", campaign),
        # These are about no campaign. Another session doesn't exist.
        "person": links.sign(
            "person", person_id(world.stack.secret(), ADMINISTRATOR), SESSION if campaign == CAMPAIGN else "1" * 32
        ),
        "typed": links.sign("typed", "0" * 32, f"{DASHBOARD}/workshop/letter", "eA=="),
        "post": post_tokens(links, "anything")[0],
    }


def opened(world: World, token: str) -> set[str]:
    """Return the kinds of routes that a token opens."""
    found = {
        kind
        for kind, routes in ROUTES.items()
        for method, path in routes
        if world.request(method, path.format(token)).status in {200, 302, 303}
    }
    cookies = [f"__Host-session={token}"]
    if world.get(f"{DASHBOARD}/deliveries", cookies=cookies).status == 200:
        found.add("person")
    campaign = catalog_of(world.stack).entry(CAMPAIGN).campaign
    world.clock.advance(seconds=10)
    if judge(world.stack, campaign, {"form": token}, "198.51.100.7", None).suspicion is None:
        found.add("form")
    return found


def make_what_exists(world: World) -> None:
    """Make what the tokens of `issued` are about."""
    administrator = Person(person_id(world.stack.secret(), ADMINISTRATOR), ADMINISTRATOR)
    later = world.clock.now + timedelta(days=30)
    People(world.stack.table).put_session(administrator, SESSION, later)
    world.confirmed()
    world.week()


@pytest.mark.asvs("9.2.2")
def test_a_token_opens_only_routes_of_its_own_kind(world: World) -> None:
    make_what_exists(world)
    for kind, token in issued(world).items():
        assert opened(world, token) == {kind} - {"post", "typed"}, kind
    # The same tokens under another secret, and tokens for a campaign that doesn't exist.
    forged = issued(world, CAMPAIGN, Links(lambda *_: ("t" * 64,), world.clock))
    elsewhere = issued(world, "another-campaign")
    for tokens in (forged, elsewhere):
        for kind, token in tokens.items():
            assert opened(world, token) == set(), kind
    late = issued(world)
    for kind, terms in PURPOSES.items():
        began = world.clock.now
        world.clock.now = began + terms.valid_for + timedelta(seconds=1)
        assert opened(world, late[kind]) == set(), kind
        world.clock.now = began


def leaked_keys(world: World) -> list[str]:
    """Return every key in both secrets."""
    settings, client = world.stack.settings, client_of("secretsmanager")
    held = [client.get_secret_value(SecretId=arn) for arn in (settings.secret_arn, settings.organizers_secret_arn)]
    return re.findall(r"[\w-]{40,}", "".join(secret["SecretString"] for secret in held))


def test_after_a_leak_and_the_runbook_nothing_that_leaked_opens_anything(world: World, rotate: Any) -> None:
    """A thief of both secrets makes every token and code that their keys can make, before the recovery and after it."""
    make_what_exists(world)
    rotate()
    leaked = leaked_keys(world)
    assert len(leaked) == 3 + 2, "two token keys in each, and the key of ids"
    made = [Links(lambda *_, key=key: (key,), world.clock) for key in leaked]
    before = [issued(world, CAMPAIGN, links) for links in made]
    everything = {kind for tokens in before for token in tokens.values() for kind in opened(world, token)}
    assert everything == {*ROUTES, "form", "person"}, "before the recovery, the keys open everything"
    rotate("--yes", minutes=0)
    rotate("--yes", minutes=5)
    maria = Browser(world)
    maria.sign_in(ADMINISTRATOR)
    stranger = Browser(world)
    stranger.ask(ADMINISTRATOR)
    asked = SignIns(world.stack.table).request(stranger.code_page.rpartition("/")[2])
    assert asked
    for key, links, old in zip(leaked, made, before, strict=True):
        for token in [*old.values(), *issued(world, CAMPAIGN, links).values()]:
            assert opened(world, token) == set()
        code = stranger.type_code(asked.code((key,)))
        assert code.status in {400, 410}, "who read a secret signs in as the administrator"
        posted = {"why": "x", "token": post_tokens(links, maria.jar["__Host-session"])[0]}
        assert maria.post("/targets/evanston/hold", posted).status == 403


def said_in(answer: Answer) -> str:
    """Return all of an answer, and what its Base64 says."""
    whole = unquote("\n".join([answer.body, *answer.headers.values(), *answer.cookies]))
    decoded = map(base64.urlsafe_b64decode, re.findall(r"(?:[A-Za-z0-9_-]{4}){4,}", whole))
    return "\n".join([whole, *(it.decode(errors="replace") for it in decoded)])


@pytest.mark.parametrize("before", ["no letter", "confirmed", "erased"])
def test_no_answer_to_the_sender_of_a_form_holds_the_signers_id_or_the_forms(world: World, before: str) -> None:
    """The id is of the address alone, so it names its letters in other campaigns, too, and outlives an erasure."""
    world.change_and_wait(allowed_origins=(SITE,))
    signer = world.signer()
    if before != "no letter":
        world.confirmed()
    if before == "erased":
        world.erase(signer)
    sent = {**ADA, "form": world.form(), "asks": "1"}
    own = {"headers": {"origin": SITE}}
    signing, shown = f"{FORM}/signatures", f"{FORM}/preview"
    answers = [
        world.get(FORM),
        world.post(signing, sent),
        world.post(signing, sent, as_json=True),
        world.post(f"{signing}?embedded=1", sent),
        world.post(signing, {**sent, "thanks": f"{SITE}/thanks"}, **own),
        world.post(signing, {**sent, "name": "", "mistakes": f"{SITE}/mistakes"}, **own),
        world.post(signing, {**sent, "name": ""}),
        world.post(signing, {**sent, "email": "ada@gmial.com"}),
        world.post(signing, {**sent, "email": "ada@gmial.com"}, as_json=True),
        world.post(shown, sent),
        world.post(shown, sent, as_json=True),
        *(world.get(FORM + path) for path in ("/signed", "/signatures", "/preview", "/count", "/privacy")),
    ]
    ids = {signer, *(form.form for form in Forms(world.stack.table).of_signer(CAMPAIGN, signer))}
    assert len(ids) > 1
    for answer in answers:
        assert not [it for it in ids if it in said_in(answer)]
