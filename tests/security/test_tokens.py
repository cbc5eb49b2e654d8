"""Tokens: one of each kind, tried on every route, as issued and as forged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.world import ADMINISTRATOR, CAMPAIGN, DASHBOARD
from undersigned.domain.abuse_checks import FormToken
from undersigned.domain.api_keys import ApiKey, digest_of
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.people import Person, SignInRequest, person_id
from undersigned.domain.signatures import signer_id
from undersigned.domain.tokens import VALID_FOR
from undersigned.tokens import Tokens

if TYPE_CHECKING:
    from tests.world import World

PERIOD = "2026-11-24"
DIGEST = digest_of("us_manage")

REQUEST, SESSION = "0" * 32, "5" * 32

ROUTES = {
    "confirm": [("GET", "/confirm/{}"), ("POST", "/confirm/{}")],
    "letter": [("GET", "/letters/{}"), ("POST", "/letters/{}/withdraw"), ("GET", "/letters/{}/withdraw")],
    "packets": [
        ("GET", "/packets/{}"),
        ("GET", "/packets/{}/1"),
        ("GET", "/packets/{}/parts/1"),
        ("GET", "/packets/{}/archives/1"),
    ],
    "approval": [("GET", "/organizer/approve/{}"), ("POST", "/organizer/approve/{}")],
    # The button would use it up.
    "sign-in": [("GET", "/organizer/sign-in/link/{}")],
}


def issued(tokens: Tokens, world: World, campaign: str = CAMPAIGN) -> dict[str, str]:
    """Return a token of each kind, for something that exists."""
    signer = signer_id(world.wiring.secret(), "ada@signers.example")
    return {
        "confirm": tokens.for_signer("confirm", campaign, signer),
        "letter": tokens.for_signer("letter", campaign, signer),
        "packets": tokens.for_packets(DeliveryKey(campaign, "evanston", PERIOD)),
        "form": tokens.for_form(FormToken(campaign, world.clock.now)),
        "approval": tokens.for_approval(campaign, PERIOD),
        "session": tokens.for_session(campaign, DIGEST),
        # These are about no campaign. Another request, and another session, don't exist.
        "sign-in": tokens.for_sign_in(REQUEST if campaign == CAMPAIGN else "1" * 32),
        "person": tokens.for_person(
            person_id(world.wiring.secret(), ADMINISTRATOR), SESSION if campaign == CAMPAIGN else "1" * 32
        ),
        "post": tokens.for_posts("anything"),
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
        found.add("person" if world.get(f"{DASHBOARD}/people", cookies=cookies).status == 200 else "session")
    campaign = world.wiring.catalog.entry(CAMPAIGN).campaign
    world.clock.advance(seconds=10)
    if world.wiring.signing().abuse_checks.judge(campaign, {"form": token}, None) is None:
        found.add("form")
    return found


def test_a_token_opens_only_routes_of_its_own_kind(world: World) -> None:
    key = ApiKey(CAMPAIGN, DIGEST, "manage", "", datetime(2026, 1, 1, tzinfo=UTC))
    world.wiring.api_keys.put_api_key(key)
    administrator = Person(person_id(world.wiring.secret(), ADMINISTRATOR), ADMINISTRATOR)
    later = world.clock.now + timedelta(days=30)
    world.wiring.sign_ins.put(SignInRequest(REQUEST, administrator.id, None, "en", later))
    world.wiring.people.put_session(administrator, SESSION, later)
    world.confirmed()
    world.week()
    for kind, token in issued(world.wiring.tokens, world).items():
        assert opened(world, token) == {kind} - {"post"}, kind
    # The same tokens under another secret, and tokens for a campaign that doesn't exist.
    forged = issued(Tokens(lambda: ("t" * 64,), world.clock), world)
    elsewhere = issued(world.wiring.tokens, world, "another-campaign")
    for tokens in (forged, elsewhere):
        for kind, token in tokens.items():
            assert opened(world, token) == set(), kind
    late = issued(world.wiring.tokens, world)
    for kind, validity in VALID_FOR.items():
        began = world.clock.now
        world.clock.now = began + validity + timedelta(seconds=1)
        assert opened(world, late[kind]) == set(), kind
        world.clock.now = began
