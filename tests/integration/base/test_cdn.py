"""Test a stack with a CDN: one address for everything, what is kept, and that nothing private is.

`tests/support/cdn.py` is the CDN: the distribution in template.yaml, in front of the handlers.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from tests.support.cdn import API_HOST, KEPT, Cdn, behavior_of, in_front_of
from tests.support.logos import png
from tests.support.openapi_document import route_of, routes
from tests.support.organizers import add, code_in
from tests.support.packets import links_of_office
from tests.support.world import ADA, CAMPAIGN, FORM, PUBLIC_URL
from undersigned.base.assets import asset_path
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.logos import read_logo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import Answer, World

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "en-US,en;q=0.9"}
OURS = {"origin": PUBLIC_URL, "sec-fetch-site": "same-origin"}


@pytest.fixture
def cdn(world: World, monkeypatch: pytest.MonkeyPatch) -> Cdn:
    return in_front_of(world, monkeypatch)


# One address


def test_a_letter_goes_the_whole_way_at_one_address(cdn: Cdn, world: World) -> None:
    form = re.findall('name="form" value="([^"]+)"', cdn.get(FORM, BROWSER).body)[0]
    world.clock.advance(seconds=5)
    signed = cdn.request("POST", f"{FORM}/signatures", {**ADA, "form": form}, headers=OURS)
    assert (signed.status, "ada@signers.example" in signed.body) == (200, True)
    world.run_stream()
    mail = world.sent[-1]
    assert API_HOST not in mail.text
    link = mail.link("confirm")
    assert cdn.get(link, BROWSER).status == 200
    thanks = cdn.request("POST", link, {}, headers=OURS)
    assert f'value="{PUBLIC_URL}{FORM}"' in thanks.body
    own = "/letters/" + re.findall(r"/letters/([^/\"]+)", thanks.body)[0]
    assert cdn.request("POST", f"{own}/withdraw", {}, headers=OURS).status == 200
    assert cdn.get(own, {"accept": "application/json"}).json["status"] == "withdrawn"

    assert {key[0] for key in cdn.kept} == {FORM}


def test_people_sign_in_and_read_their_dashboard_at_the_same_address(cdn: Cdn, world: World) -> None:
    add(world, "ann@example.org", "owner")
    asked = cdn.request("POST", "/organizer/sign-in", {"email": "ann@example.org"}, headers=OURS)
    assert asked.status == 303
    world.run_people_mails()
    answer = cdn.request("POST", asked.headers["location"], {"code": code_in(world.sent[-1])}, headers=OURS)
    assert answer.status == 303
    session = _kept_by_browser(answer)

    assert "ann@example.org" in cdn.get("/organizer", BROWSER, cookies=session).body
    assert "ann@example.org" not in cdn.get("/organizer", BROWSER).body
    assert cdn.kept == {}


def _kept_by_browser(answer: Answer) -> list[str]:
    return [cookie.partition(";")[0] for cookie in answer.cookies]


def test_a_program_brings_its_key_through_the_cdn(cdn: Cdn) -> None:
    path = f"/organizer/campaigns/{CAMPAIGN}"

    assert cdn.get(path, {"authorization": "Bearer us_none"}).status == 401
    assert cdn.asked == [path]


def test_a_form_is_sent_to_the_host_of_its_page(cdn: Cdn) -> None:
    page = cdn.get(FORM, BROWSER)

    posts = {f"{FORM}/{action}" for action in ("signatures", "preview")}
    assert set(re.findall(r'(?:action|formaction)="([^"?]+)', page.body)) == posts
    policy = page.headers["content-security-policy"]
    assert "form-action 'self';" in policy
    assert "connect-src 'self';" in policy


def test_other_sites_are_refused_or_allowed_as_without_a_cdn(cdn: Cdn, world: World) -> None:
    site = "https://www.enddemand.example"
    world.change(allowed_origins=(site,))
    for origin, status in ((site, 202), ("https://evil.example", 403)):
        assert cdn.request("OPTIONS", f"{FORM}/signatures", headers={"origin": origin}).status == 204
        answer = cdn.request(
            "POST", f"{FORM}/signatures", {**ADA, "form": world.form()}, headers={"origin": origin}, as_json=True
        )
        assert answer.status == status
        assert answer.headers.get("access-control-allow-origin") == (site if origin == site else None)
    assert cdn.request("OPTIONS", f"{FORM}/targets", headers={"origin": site}).status == 204


def test_without_a_domain_of_its_own_each_request_says_where_the_cdn_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn = in_front_of(world, monkeypatch, PUBLIC_URL="")
    own, headers = "https://d1.cloudfront.net", {"origin": "https://d1.cloudfront.net"}
    for function in ("public_api", "organizer_api"):
        handler = world.handlers[function]

        def through_aws(event: dict[str, Any], context: object, handler: Any = handler) -> object:
            return handler({**event, "stageVariables": {"cdn": own}}, context)

        monkeypatch.setitem(world.handlers, function, through_aws)

    assert f'<link rel="canonical" href="{own}{FORM}">' in cdn.get(FORM, BROWSER).body
    assert cdn.request("POST", f"{FORM}/signatures", {**ADA, "form": world.form()}, headers=headers).status == 200
    assert cdn.request("POST", "/organizer/sign-in", {"email": "a@example.org"}, headers=headers).status == 303


# Answers that the CDN keeps


def test_the_second_visitor_gets_what_the_cdn_has_kept(cdn: Cdn) -> None:
    paths = ["/", f"{FORM}/privacy", f"{FORM}/signed", f"{FORM}/count", "/embed.js"]
    for path in paths:
        assert cdn.get(path, BROWSER) is cdn.get(path, BROWSER)

    assert cdn.asked == paths


def test_an_asset_is_kept_for_a_year(cdn: Cdn, world: World) -> None:
    for _ in range(2):
        cdn.get(asset_path("form.js"))
        world.clock.advance(days=300)

    assert cdn.asked == [asset_path("form.js")]


def test_the_count_is_asked_for_again_after_some_seconds(cdn: Cdn, world: World) -> None:
    for _ in range(3):
        cdn.get(f"{FORM}/count", BROWSER | {"origin": "https://any.example"})
        cdn.get(f"{FORM}/count?visitor=1", {"accept-language": "fr"})
        world.clock.advance(seconds=6)

    assert len(cdn.asked) == 3


def test_each_visitor_gets_from_the_cdn_what_the_api_would_answer(cdn: Cdn, world: World) -> None:
    """Other visitors have filled the cache before: with other languages, types, sites and cookies."""
    pages = ("", "/embed", "/signed", "/privacy", "/targets?postal_code=60201")
    for page, language, accept in product(pages, ("es", "en"), ("text/html", "application/json")):
        other = {"cookie": "lang=es", "origin": "https://x.example"}
        cdn.get(FORM + page, {"accept": accept, "accept-language": language, **other})
    for page, language, accept in product(pages, ("es-MX,es;q=0.9", "en-GB"), (BROWSER["accept"], "application/json")):
        mine = {"accept": accept, "accept-language": language}
        got = cdn.get(FORM + page, mine)
        own = world.get(FORM + page, headers={"host": API_HOST, **mine})
        assert (got.status, got.headers["content-type"]) == (own.status, own.headers["content-type"])
        assert got.body == own.body


def test_what_an_address_asks_for_is_part_of_the_key(cdn: Cdn) -> None:
    queries = ("lang=es", "theme=dark", "embedded=1", "postal_code=60201", "source=flyer")
    for query in queries:
        cdn.get(f"{FORM}/signed?{query}", BROWSER)
        cdn.get(f"{FORM}/signed?{query}&utm_source=x&fbclid=y", BROWSER)

    assert len(cdn.asked) == len(queries)


# Each route and its Cache-Control

TOKENS = re.compile(r"/(confirm|letters|disown|packets|office|packets-sent|organizer)(/.*)?")


def asked(world: World) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every public route, and of each with a token also with a bad one."""
    logo, campaigns = read_logo(png(32, 32)), Campaigns(world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), logo=logo))
    yield "GET", f"/assets/logos/{CAMPAIGN}/{logo.digest}"
    world.sign()
    world.run_stream()
    confirm = world.sent[-1].link("confirm")
    yield "GET", confirm
    world.sign(email="not@signers.example")
    world.run_stream()
    disown = world.sent[-1].link("disown")
    letter = world.press(confirm)
    assert letter.status == 200
    own = "/letters/" + re.search(r"/letters/([^/\"]+)", letter.body)[1]  # type: ignore[index]
    world.run_stream()
    world.week()
    world.post(f"{links_of_office(world)[0]}/stop")
    packets = "/packets/" + world.stack.links.sign("packets", CAMPAIGN, "evanston", "2026-11-24")
    for path in (
        *(*links_of_office(world), "/office/forged", "/packets-sent/forged"),
        *(f"{links_of_office(world)[0]}/stop", "/office/forged/stop"),
        *(FORM + part for part in ("", "/embed", "/signed", "/privacy", "/count", "/share.png")),
        *(FORM + part for part in ("/targets?postal_code=60201", "/preview", "/signatures")),
        *("/", "/embed.js", "/openapi.json", asset_path("embed.js")),
        *(own, f"{own}?confirmed=1", f"{own}/withdraw", f"{own}/no-news", "/letters/forged", "/confirm/forged"),
        *(disown, "/disown/forged"),
        *(packets + part for part in ("", "/1", "/pages/1")),
        *("/packets/forged" + part for part in ("", "/1", "/pages/1")),
    ):
        yield "GET", path
    for path in (
        f"{FORM}/signatures",
        f"{FORM}/preview",
        confirm,
        f"{own}/no-news",
        f"{own}/withdraw",
        disown,
        f"{links_of_office(world)[0]}/stop",
        f"{links_of_office(world)[0]}/received",
    ):
        yield "POST", path


def test_every_route_says_for_how_long_it_may_be_kept(world: World) -> None:
    seen = set()
    for method, path in asked(world):
        answer = world.request(method, path, {**ADA, "form": world.form()} if method == "POST" else None)
        operation = route_of("public_api", method, path.partition("?")[0])
        seen.add(operation)
        control = answer.headers["cache-control"]
        route = operation[1]
        if method == "GET" and route in KEPT:
            assert control == KEPT[route], route
            assert "set-cookie" not in answer.headers
            assert not answer.cookies
        else:
            assert control == "no-store", (method, route)
        if TOKENS.fullmatch(path.partition("?")[0]):
            assert control == "no-store", (method, route)
    assert seen == {(method, path) for method, path, _ in routes("public_api") if method in {"GET", "POST"}}


def test_an_error_is_not_kept(world: World) -> None:
    for path in ("/campaigns/none-such", "/campaigns/none-such/count", "/assets/none/none.js", "/nothing"):
        answer = world.get(path)
        assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


def test_only_the_listed_gets_may_be_kept(world: World) -> None:
    """CloudFront takes the first pattern that fits, whatever the API would do with the path."""
    every = {(method, path) for function in ("public_api", "organizer_api") for method, path, _ in routes(function)}
    assert {("POST", "/confirm/{token}"), ("GET", "/organizer/sign-in/{asked}")} <= every
    kept = set()
    for method, path in sorted(every):
        behavior = behavior_of(re.sub(r"\{\w+\}", "x1", path))
        assert method in behavior.methods, f"CloudFront refuses {method} {path}"
        if not behavior.keeps_nothing:
            kept.add((method, path))

    assert kept - {("OPTIONS", "/campaigns/{campaign}"), ("OPTIONS", "/campaigns/{campaign}/{_rest}")} == {
        ("GET", path) for path in KEPT
    }


def spellings(path: str) -> Iterator[str]:
    """Yield a path as people and programs may write it, and as CloudFront and API Gateway may read that."""
    _, first, rest = path.split("/", 2)
    for written in (
        path,
        f"{path}/",
        f"//{first}/{rest}",
        f"/{first}//{rest}",
        f"/{first.upper()}/{rest}",
        f"/%{ord(first[0]):x}{first[1:]}/{rest}",
        f"/{first}%2F{rest}",
        f"/{first}/{rest}?lang=es",
        f"/./{first}/{rest}",
        f"/{first}/{rest}/../../campaigns/{CAMPAIGN}",
        *(
            f"{kept}/{up}{first}/{rest}"
            for kept in ("/campaigns", "/assets")
            for up in ("../", "%2e%2e/", "..%2f", "%2F", "")
        ),
        f"{FORM}/count/../../../{first}/{rest}",
    ):
        yield written
        yield unquote(written)


def test_no_spelling_of_an_address_with_a_token_leaves_anything_in_the_cdn(cdn: Cdn, world: World) -> None:
    paths = [path for method, path in asked(world) if method == "GET" and TOKENS.fullmatch(path.partition("?")[0])]
    assert len(paths) > 10
    for path in (*paths, "/organizer/campaigns", f"/organizer/campaigns/{CAMPAIGN}/signatures"):
        for spelled in spellings(path):
            answer = cdn.get(spelled, BROWSER)
            assert answer.headers["cache-control"] == "no-store", spelled
    assert cdn.kept == {}


@pytest.mark.parametrize("first", ["confirm", "letters", "packets", "office", "packets-sent", "organizer"])
def test_an_address_with_a_token_has_no_behavior_that_keeps(first: str) -> None:
    for path in (f"/{first}", f"/{first}/", f"/{first}/x1", f"/{first}/x1/1", f"//{first}/x1", f"/{first.upper()}/x1"):
        assert behavior_of(path).keeps_nothing, path


def test_the_cdn_keeps_an_answer_apart_for_each_site_that_may_read_it(cdn: Cdn, world: World) -> None:
    site, other = "https://www.enddemand.example", "https://evil.example"
    world.change(allowed_origins=(site,))
    readers = []
    for origin in (other, site, other):
        answer = cdn.get(f"{FORM}/targets?postal_code=60201", {"accept": "application/json", "origin": origin})
        assert answer.json["targets"]
        readers.append(answer.headers.get("access-control-allow-origin"))

    assert readers == [None, site, None]
