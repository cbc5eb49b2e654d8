"""The test browser itself: a visitor reports what goes wrong in a page, and a checker what isn't accessible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from tests.support.chromium import Visitor
from undersigned_cli.local.serving import HttpService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

type Site = Callable[[Response], str]

SOUND = '<!doctype html><html lang="en"><title>Sound</title><main><h1>Sound</h1>{}</main></html>'


def html(text: str, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, named, mimetype="text/html")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Yield a function that serves a response at `/` and returns its address."""
    service = HttpService("a test's website", 0, tmp_path / "http.log")
    service.start()

    def serve(response: Response) -> str:
        service.answer = lambda request: response if request.path == "/" else Response(status=404)
        return service.url

    yield serve
    service.stop()


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (html("<script>nothing.at.all</script>"), "error in a script: .*nothing is not defined"),
        (html("<script>console.error('oh')</script>"), "on the console: oh"),
        (html("<script>1</script>", Content_Security_Policy="script-src 'none'"), "Content Security Policy"),
        (html('<link rel="stylesheet" href="/missing.css">'), "status 404: .*missing.css"),
        (html('<img src="https://tracker.example/pixel" alt="">'), "another machine: https://tracker.example/pixel"),
        (html("Away", 503), "status 503"),
        (html('<iframe src="http://127.0.0.1:9/" title="x"></iframe>'), r"not loaded, .*: http://127\.0\.0\.1:9/"),
    ],
)
def test_a_problem_in_a_page_is_reported(browser: Browser, site: Site, response: Response, problem: str) -> None:
    visitor = Visitor(browser)

    visitor.open(site(response))

    with pytest.raises(AssertionError, match=problem):
        visitor.leave()


def test_a_sound_page_and_a_form_with_mistakes_are_no_problem(visitor: Visitor, site: Site) -> None:
    visitor.open(site(html(SOUND)))
    visitor.open(site(html(SOUND, 422)))

    assert visitor.problems == []


def test_an_expected_problem_must_occur(browser: Browser, site: Site) -> None:
    visitor = Visitor(browser)
    visitor.expect("oh", "never said")

    visitor.open(site(html("<script>console.error('oh')</script>")))

    with pytest.raises(AssertionError, match=r"^The pages had problems:\nexpected, but it did not occur: never said$"):
        visitor.leave()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_accessibility_problem_is_named_with_its_element(visitor: Visitor, site: Site, *, scripts: bool) -> None:
    framed = "<iframe title='x' srcdoc='<img id=deep >'></iframe>"
    address = site(html(SOUND.format(f"<input id=nameless>{framed}"), Content_Security_Policy="script-src 'none'"))

    page = visitor.open(address, scripts=scripts)

    with pytest.raises(AssertionError, match=r"(?s)label \(critical\).*#nameless: .*image-alt.*#deep"):
        visitor.assert_accessible(page)


def test_content_that_shows_only_without_scripts_is_checked(visitor: Visitor, site: Site) -> None:
    page = visitor.open(site(html(SOUND.format("<noscript><input id=nameless></noscript>"))), scripts=False)

    with pytest.raises(AssertionError, match="#nameless"):
        visitor.assert_accessible(page)


def test_an_accessible_page_passes_without_scripts_too(visitor: Visitor, site: Site) -> None:
    page = visitor.open(
        site(html(SOUND.format("<noscript><p>Plain</p></noscript><script>document.title = 'No'</script>"))),
        scripts=False,
    )

    visitor.assert_accessible(page)

    assert page.get_by_text("Plain").is_visible()
    page.reload()
    assert page.title() == "Sound"
