"""The pages of a stack with a CDN in Chromium: two hosts, on which people sign as on one; and the front page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import looks
from tests.cdn import TEMPLATE
from tests.world import ADA, CAMPAIGN
from tests.world import world as make_world
from undersigned.settings import Settings
from undersigned_cli.local.serving import HttpService, Response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.chromium import Visitor
    from tests.world import World
    from undersigned_cli.local.serving import Request

FORM = f"/campaigns/{CAMPAIGN}"


@dataclass
class Hosts:
    """The CDN, and the API on another site. API Gateway itself refuses the next `throttled` posts."""

    world: World
    public: str
    api: str
    throttled: int = 0
    posted: list[str] = field(default_factory=list)

    def answer_of_cdn(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(403)
        return self._pass(request)

    def answer_of_api(self, request: Request) -> Response:
        if request.method == "POST":
            self.posted.append(request.path)
            if self.throttled:
                self.throttled -= 1
                return Response(429, (("Content-Type", "application/json"),), b'{"message":"Too Many Requests"}')
        return self._pass(request)

    def _pass(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        # CloudFront sends the origin's host.
        headers |= {"host": self.api.removeprefix("http://"), "x-forwarded-proto": "http"}
        body = request.body if request.method == "POST" else None
        answer = self.world.request(request.method, request.target, headers=headers, raw=body)
        return Response(answer.status, tuple(answer.headers.items()), answer.content)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hosts]:
    with make_world(monkeypatch, fast=True) as world:
        from functions.public_api import wired  # noqa: PLC0415  (it reads the environment)

        cdn, api = (HttpService(name, 0, tmp_path / f"{name}.log") for name in ("cdn", "api"))
        made = Hosts(world, f"http://localhost:{cdn.port}", api.url)
        variables = {**wired.stack.settings.variables, "PUBLIC_URL": made.public, "API_URL": made.api, "CDN": "true"}
        monkeypatch.setattr(wired.stack, "settings", Settings(variables))
        cdn.answer, api.answer = made.answer_of_cdn, made.answer_of_api
        for service in (cdn, api):
            service.start()
        yield made
        for service in (cdn, api):
            service.stop()


def fill_in(page: Page, **changes: str) -> None:
    for name, value in (ADA | changes).items():
        field_ = page.locator(f"form [name={name}]")
        if name not in {"form", "updates", "target"} and field_.count() and field_.first.is_visible():
            field_.first.fill(str(value))


def test_a_form_of_the_cdn_is_sent_to_the_api_again_when_that_has_refused_it(visitor: Visitor, hosts: Hosts) -> None:
    # API Gateway's own answer lets no other site read it, so the script sees none.
    visitor.expect("blocked by CORS policy")
    visitor.expect("not loaded, net::ERR_FAILED: .*/signatures")
    hosts.throttled = 1
    page = visitor.open(hosts.public + FORM)
    fill_in(page)

    page.locator("#send").click()

    expect(page.locator("#wait")).to_contain_text("What you typed is kept, and we try again in")
    assert page.locator("[name=name]").input_value() == ADA["name"]
    page.wait_for_url(f"{hosts.public}{FORM}/signed**", timeout=20_000)
    assert hosts.posted == [f"{FORM}/signatures"] * 2
    hosts.world.run_stream()
    assert [mail.to for mail in hosts.world.sent] == [ADA["email"]]


def test_a_mistake_is_shown_at_the_apis_host_with_what_was_typed_and_can_be_corrected_there(
    visitor: Visitor, hosts: Hosts
) -> None:
    page = visitor.open(hosts.public + FORM)
    fill_in(page, email="nobody")
    page.locator("#send").click()
    page.wait_for_url(f"{hosts.api}{FORM}/signatures**", timeout=20_000)
    assert page.locator("[name=name]").input_value() == ADA["name"]

    page.locator("[name=email]").fill(str(ADA["email"]))
    page.locator("#send").click()

    page.wait_for_url(f"{hosts.api}{FORM}/signed**", timeout=20_000)


@pytest.mark.parametrize(("width", "dark", "language"), looks.looks(320, 1280, ("en", "es")))
def test_the_front_page_is_accessible_and_fits(
    visitor: Visitor, hosts: Hosts, width: int, *, dark: bool, language: str
) -> None:
    page = visitor.open(f"{hosts.public}/?lang={language}", width=width, dark=dark)

    expect(page.locator("html")).to_have_attribute("lang", language)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visitor.assert_accessible(page)
    assert page.locator("a").count() == 1, "the other language"


def test_what_is_not_public_is_redirected_to_the_apis_own_address(visitor: Visitor) -> None:
    [code, values] = TEMPLATE["Resources"]["ToTheApi"]["Properties"]["FunctionCode"]["Fn::Sub"]
    assert set(values) == {"Address"}
    query = {"lang": {"value": "es"}, "tag": {"value": "a", "multiValue": [{"value": "a"}, {"value": "b%20c"}]}}
    event = {"request": {"method": "GET", "uri": "/confirm/a~b", "querystring": query}}
    code = code.replace("${Address}", "https://letters.example")

    answer = visitor.open().evaluate(f"() => {{ {code} return handler({json.dumps(event)}); }}")

    assert answer["statusCode"] == 302
    assert answer["headers"]["location"]["value"] == "https://letters.example/confirm/a~b?lang=es&tag=a&tag=b%20c"
    assert answer["headers"]["cache-control"]["value"] == "no-store"
