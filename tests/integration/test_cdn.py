"""Test the pages of a stack with a CDN: what is cached, where forms go, and that nothing private enters a cache.

`tests/cdn.py` is the CDN: the distribution in template.yaml, in front of the handlers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.cdn import API_HOST, PUBLIC_HOST, Cdn
from tests.openapi_document import OPERATIONS, operation_of
from tests.world import ADA, CAMPAIGN
from undersigned.domain.deliveries import DeliveryKey
from undersigned.settings import Settings
from undersigned.web.assets import asset_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import Answer, World

FORM = f"/campaigns/{CAMPAIGN}"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "en-US,en;q=0.9"}


@pytest.fixture
def split(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a stack with a CDN, as the functions of the API are set with the parameters of `tests.cdn`."""
    from functions.organizer_api import wired as organizers  # noqa: PLC0415  (it reads the environment)
    from functions.public_api import wired  # noqa: PLC0415

    for module in (wired, organizers):
        variables = {**module.stack.settings.variables, "PUBLIC_URL": PUBLIC_HOST, "API_URL": API_HOST, "CDN": "true"}
        monkeypatch.setattr(module.stack, "settings", Settings(variables))
    return world


@pytest.fixture
def cdn(split: World) -> Cdn:
    return Cdn(split)


def policy_of(answer: Answer) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: value for name, _, value in (part.partition(" ") for part in parts)}


def actions(answer: Answer) -> set[str]:
    return set(re.findall(r'(?:action|formaction)="([^"?]+)', answer.body))


def test_the_form_is_sent_to_the_apis_own_host(split: World) -> None:
    page = split.get(FORM)

    assert actions(page) == {f"{API_HOST}{FORM}/signatures", f"{API_HOST}{FORM}/preview"}
    policy = policy_of(page)
    assert policy["form-action"] == policy["connect-src"] == f"'self' {API_HOST}"
    assert re.fullmatch(r"'self' 'sha256-[\w+/=]+'", policy["script-src"])


def test_without_a_cdn_the_form_names_no_host(world: World) -> None:
    page = world.get(FORM)

    assert actions(page) == {f"{FORM}/signatures", f"{FORM}/preview"}
    assert policy_of(page)["form-action"] == policy_of(page)["connect-src"] == "'self'"


@pytest.mark.parametrize("values", [ADA, {**ADA, "name": ""}], ids=["good", "with a mistake"])
def test_the_script_of_our_page_on_the_cdn_may_read_the_answer(split: World, values: dict[str, str]) -> None:
    headers = {"origin": PUBLIC_HOST, "sec-fetch-site": "cross-site"}
    answer = split.post(f"{FORM}/signatures", {**values, "form": split.form()}, as_json=True, headers=headers)

    assert answer.status == (202 if values is ADA else 422)
    assert answer.headers["access-control-allow-origin"] == PUBLIC_HOST
    assert answer.headers["access-control-expose-headers"] == "Retry-After"


def test_the_form_on_the_cdn_is_sent_without_javascript(split: World) -> None:
    """With the Referrer-Policy of our pages, browsers send the origin `null`."""
    headers = {"origin": "null", "sec-fetch-site": "cross-site"}
    answer = split.post(f"{FORM}/signatures", {**ADA, "form": split.form()}, headers=headers)

    assert (answer.status, answer.headers["location"]) == (303, f"{FORM}/signed")


def test_no_page_of_the_cdn_may_read_a_signers_letter_or_press_an_organizers_button(split: World) -> None:
    link = split.confirmed().link("confirm")
    answer = split.get(link, as_json=True, headers={"origin": PUBLIC_HOST})

    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
    assert split.post("/organizer/session", {"key": "us_none"}, headers={"origin": PUBLIC_HOST}).status == 403


def test_another_sites_script_is_refused_as_before(split: World) -> None:
    answer = split.post(f"{FORM}/signatures", ADA, as_json=True, headers={"origin": "https://evil.example"})

    assert answer.status == 403


def test_emails_and_their_pages_are_at_the_apis_host_and_what_people_share_is_at_the_cdns(split: World) -> None:
    split.sign()
    split.run_stream()
    mail = split.sent[-1]
    assert f"{API_HOST}/confirm/" in mail.text
    assert PUBLIC_HOST not in mail.text
    thanks = split.press(mail.link("confirm"))

    assert f'value="{PUBLIC_HOST}{FORM}"' in thanks.body
    assert f'<link rel="canonical" href="{PUBLIC_HOST}{FORM}">' in split.get(FORM).body


def test_without_a_domain_of_its_own_each_request_says_where_the_cdn_is(
    split: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.public_api import wired  # noqa: PLC0415

    variables = {**wired.stack.settings.variables, "PUBLIC_URL": "", "API_URL": ""}
    monkeypatch.setattr(wired.stack, "settings", Settings(variables))
    handler = split.handlers["public_api"]

    def through_aws(event: dict[str, Any], context: object) -> object:
        return handler({**event, "stageVariables": {"cdn": "https://d1.cloudfront.net"}}, context)

    monkeypatch.setitem(split.handlers, "public_api", through_aws)
    page = split.get(FORM)

    assert '<link rel="canonical" href="https://d1.cloudfront.net/campaigns/' in page.body
    assert f'action="{API_HOST}{FORM}/signatures' in page.body


# What the CDN keeps


def test_the_second_visitor_gets_what_the_cdn_has_kept(cdn: Cdn) -> None:
    paths = ["/", f"{FORM}/privacy", f"{FORM}/signed", f"{FORM}/count", f"{FORM}/count.svg", "/embed.js"]
    for path in paths:
        assert cdn.get(path, BROWSER) is cdn.get(path, BROWSER)

    assert cdn.asked == paths


def test_an_asset_is_kept_for_a_year(cdn: Cdn, split: World) -> None:
    for _ in range(2):
        cdn.get(asset_path("form.js"))
        split.clock.advance(days=300)

    assert cdn.asked == [asset_path("form.js")]


def test_the_count_is_asked_for_again_after_some_seconds(cdn: Cdn, split: World) -> None:
    for _ in range(3):
        cdn.get(f"{FORM}/count", BROWSER | {"origin": "https://any.example"})
        cdn.get(f"{FORM}/count?visitor=1", {"accept-language": "fr"})
        split.clock.advance(seconds=6)

    assert len(cdn.asked) == 3


def test_each_visitor_gets_from_the_cdn_what_the_api_would_answer(cdn: Cdn, split: World) -> None:
    """Other visitors have filled the cache before: with other languages, types, sites and cookies."""
    pages = ("", "/embed", "/signed", "/privacy", "/targets?postal_code=60201")
    for page, language, accept in product(pages, ("es", "en"), ("text/html", "application/json")):
        other = {"cookie": "lang=es", "origin": "https://x.example"}
        cdn.get(FORM + page, {"accept": accept, "accept-language": language, **other})
    for page, language, accept in product(pages, ("es-MX,es;q=0.9", "en-GB"), (BROWSER["accept"], "application/json")):
        mine = {"accept": accept, "accept-language": language}
        got = cdn.get(FORM + page, mine)
        assert got is not None
        own = split.get(FORM + page, headers={"host": "letters.example", **mine})
        assert (got.status, got.headers["content-type"]) == (own.status, own.headers["content-type"])
        assert got.body == own.body


def test_what_an_address_asks_for_is_part_of_the_key(cdn: Cdn) -> None:
    queries = ("lang=es", "theme=dark", "embedded=1", "postal_code=60201", "source=flyer")
    for query in queries:
        cdn.get(f"{FORM}/signed?{query}", BROWSER)
        cdn.get(f"{FORM}/signed?{query}&utm_source=x&fbclid=y", BROWSER)

    assert len(cdn.asked) == len(queries)


# Each route and its Cache-Control

TOKENS = re.compile(r"/(confirm|letters|packets|organizer)(/.*)?")

CACHED = {
    "/": "public, max-age=3600",
    "/campaigns/{campaign}": "public, max-age=10",
    "/campaigns/{campaign}/embed": "public, max-age=10",
    "/campaigns/{campaign}/signed": "public, max-age=5",
    "/campaigns/{campaign}/privacy": "public, max-age=300",
    "/campaigns/{campaign}/targets": "public, max-age=60",
    "/campaigns/{campaign}/count": "public, max-age=5, stale-if-error=86400",
    "/campaigns/{campaign}/count.svg": "public, max-age=5, stale-if-error=86400",
    "/campaigns/{campaign}/share.png": "public, max-age=600, stale-while-revalidate=3600, stale-if-error=86400",
    "/assets/{digest}/{name}": "public, max-age=31536000, immutable",
    "/embed.js": "public, max-age=3600, stale-while-revalidate=86400",
    "/openapi.json": "public, max-age=3600, stale-while-revalidate=86400",
}
"""What caches may keep of the answer to a GET. Of everything else, they keep nothing."""


def asked(world: World) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every public route, and of each with a token also with a bad one."""
    world.sign()
    world.run_stream()
    confirm = world.sent[-1].link("confirm")
    yield "GET", confirm
    letter = world.press(confirm)
    assert letter.status == 200
    own = "/letters/" + re.search(r"/letters/([^/\"]+)", letter.body)[1]  # type: ignore[index]
    world.run_stream()
    world.week()
    packets = "/packets/" + world.wiring.tokens.for_packets(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"))
    for path in (
        *(FORM + part for part in ("", "/embed", "/signed", "/privacy", "/count", "/count.svg", "/share.png")),
        *(FORM + part for part in ("/targets?postal_code=60201", "/preview", "/signatures")),
        *("/", "/embed.js", "/openapi.json", asset_path("embed.js")),
        *(own, f"{own}?confirmed=1", f"{own}/withdraw", f"{own}/end-links", "/letters/forged", "/confirm/forged"),
        *(packets + part for part in ("", "/1", "/archives/1", "/parts/1")),
        *("/packets/forged" + part for part in ("", "/1", "/archives/1", "/parts/1")),
    ):
        yield "GET", path
    for path in (f"{FORM}/signatures", f"{FORM}/preview", confirm, f"{own}/withdraw", f"{own}/end-links"):
        yield "POST", path


def test_every_route_says_for_how_long_it_may_be_kept(split: World) -> None:
    seen = set()
    for method, path in asked(split):
        answer = split.request(method, path, {**ADA, "form": split.form()} if method == "POST" else None)
        operation = operation_of(method, path.partition("?")[0])
        assert operation
        seen.add(operation)
        control = answer.headers["cache-control"]
        route = operation[1]
        if method == "GET" and route in CACHED:
            assert control == CACHED[route], route
            assert "set-cookie" not in answer.headers
            assert not answer.cookies
        else:
            assert control == "no-store", (method, route)
        if TOKENS.fullmatch(path.partition("?")[0]):
            assert control == "no-store", (method, route)
    of_public = {op for op in OPERATIONS if not op[1].startswith("/organizer") and op[0] in {"GET", "POST"}}
    assert seen == of_public


def test_an_error_is_not_kept(split: World) -> None:
    for path in ("/campaigns/none-such", "/campaigns/none-such/count", "/assets/none/none.js", "/nothing"):
        answer = split.get(path)
        assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


def test_a_link_of_an_email_or_a_dashboard_leaves_nothing_in_the_cdn(cdn: Cdn, split: World) -> None:
    mail = split.confirmed()
    for path in (
        mail.link("confirm"),
        mail.link("confirm").replace("confirm", "letters"),
        "/organizer",
        f"/organizer/campaigns/{CAMPAIGN}/signatures",
    ):
        assert cdn.get(path, BROWSER) is None

    assert cdn.asked == []
    assert cdn.kept == {}


def test_the_cdn_keeps_an_answer_apart_for_each_site_that_may_read_it(cdn: Cdn, split: World) -> None:
    site, other = "https://www.enddemand.example", "https://evil.example"
    campaign = split.wiring.campaigns.campaign(CAMPAIGN)
    assert campaign
    split.wiring.campaigns.put_campaign(replace(campaign, allowed_origins=(site,)))
    readers = []
    for origin in (other, site, other):
        answer = cdn.get(f"{FORM}/targets?postal_code=60201", {"accept": "application/json", "origin": origin})
        assert answer
        assert answer.json["targets"]
        readers.append(answer.headers.get("access-control-allow-origin"))

    assert readers == [None, site, None]
