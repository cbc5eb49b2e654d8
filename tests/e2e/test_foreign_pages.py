"""Any web page can send requests to 127.0.0.1. No page reads or changes anything of the developer's local stack.

The attacker has two pages. One is on a website of its own. The other is on a host name that the attacker points at
127.0.0.1 once its page is loaded (DNS rebinding): to the browser, our servers are then of its own origin.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
from werkzeug.wrappers import Response

from tests.support.chromium import REBOUND
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.support.chromium import Visitor
    from tests.support.running import RunningStack

PAGE = '<!doctype html><html lang="en"><title>Attack</title><main><h1>Attack</h1></main></html>'
FETCH = """
async ([address, options]) => {
    try {
        const answer = await fetch(address, options);
        return [answer.status, await answer.text()];
    } catch (refused) {
        return [0, ""];
    }
}
"""


@pytest.fixture
def foreign(visitor: Visitor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield a page of another website. `localhost` and `127.0.0.1` are different sites to a browser."""
    service = HttpService("a foreign website", 0, tmp_path_factory.mktemp("foreign") / "http.log")
    service.answer = lambda _: Response(PAGE, mimetype="text/html")
    service.start()
    yield visitor.open(service.url.replace("127.0.0.1", "localhost"))
    service.stop()


@pytest.fixture
def rebound(visitor: Visitor) -> Callable[[str], Page]:
    """Return a function that opens a page on the attacker's host name and the port of one of our servers."""
    visitor.expect(f"a request to another machine: http://{REBOUND}")

    # Any answer will do, because the browser takes it for a page of the attacker's. A page that Playwright makes up
    # would not: Chromium lets none from outside this machine send requests to it, which not all browsers prevent.
    def opened(server: str) -> Page:
        return visitor.open(f"{server.replace('127.0.0.1', REBOUND)}/attack")

    return opened


def fetch(page: Page, address: str, method: str = "GET", body: str | None = None, mode: str = "cors") -> list[object]:
    """Return the status and the text that the page's script can read; 0 if it can read nothing."""
    found: list[object] = page.evaluate(FETCH, [address, {"method": method, "body": body, "mode": mode}])
    return found


def buckets(stack: RunningStack) -> set[str]:
    return {bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]}


def seed(stack: RunningStack) -> int:
    address = f"{stack.environment['AWS_ENDPOINT_URL']}/_control"
    with urlopen(Request(address, headers=stack.key_header), timeout=10) as answer:  # noqa: S310
        return int(json.loads(answer.read())["seed"])


def test_a_foreign_page_cannot_read_or_change_the_account(stack: RunningStack, foreign: Page, visitor: Visitor) -> None:
    account = stack.environment["AWS_ENDPOINT_URL"]
    visitor.expect("blocked by CORS policy", "not loaded, net::ERR_FAILED")

    assert fetch(foreign, f"{account}/2015-03-31/functions") == [0, ""]
    assert fetch(foreign, f"{account}/of-a-foreign-page", "PUT") == [0, ""]
    assert "of-a-foreign-page" not in buckets(stack)


def test_a_rebound_page_cannot_read_or_change_the_account(stack: RunningStack, rebound: Callable[[str], Page]) -> None:
    page = rebound(stack.environment["AWS_ENDPOINT_URL"])

    status, text = fetch(page, "/2015-03-31/functions")
    assert (status, "undersigned" in str(text)) == (421, False)
    assert fetch(page, "/of-a-rebound-page", "PUT")[0] == 421
    assert "of-a-rebound-page" not in buckets(stack)


def test_a_foreign_page_cannot_control_the_ses_stand_in(stack: RunningStack, foreign: Page) -> None:
    ses = stack.environment["AWS_ENDPOINT_URL"]
    before = seed(stack)

    fetch(foreign, f"{ses}/_control", "POST", json.dumps({"seed": before + 1}), "no-cors")

    assert seed(stack) == before


def test_a_rebound_page_cannot_control_the_ses_stand_in(stack: RunningStack, rebound: Callable[[str], Page]) -> None:
    page = rebound(stack.environment["AWS_ENDPOINT_URL"])
    before = seed(stack)

    assert fetch(page, "/_control")[0] == 421
    assert fetch(page, "/_control", "POST", json.dumps({"seed": before + 1}))[0] == 421
    assert seed(stack) == before


def test_a_foreign_page_cannot_frame_the_inbox(stack: RunningStack, foreign: Page) -> None:
    with foreign.expect_response(stack.inbox_url) as framed:
        foreign.evaluate(
            "address => document.body.append(Object.assign(document.createElement('iframe'), {src: address}))",
            stack.inbox_url,
        )

    assert framed.value.status == 403
    assert "cross-site" in framed.value.text()


def test_a_rebound_page_cannot_read_the_inbox(stack: RunningStack, rebound: Callable[[str], Page]) -> None:
    page = rebound(stack.desk_url)

    status, text = fetch(page, "/inbox")

    assert (status, "Inbox" in str(text)) == (421, False)


def test_a_rebound_page_cannot_use_the_public_address(stack: RunningStack, rebound: Callable[[str], Page]) -> None:
    page = rebound(stack.public_url)

    assert fetch(page, "/dashboard")[0] == 421
    assert fetch(page, "/campaigns/none-such/signatures", "POST", "name=x")[0] == 421


def test_a_foreign_origin_at_the_public_address_is_left_to_the_product(stack: RunningStack) -> None:
    wanted = Request(f"{stack.public_url}/embed.js", headers={"Origin": "https://elsewhere.example"})  # noqa: S310

    with urlopen(wanted, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
