from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from undersigned_cli.local.example_site import WAYS, Site, example_site
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from undersigned_cli.local.example_site import Way

API, SITE = "http://127.0.0.1:8000", "http://127.0.0.1:8001"
DOCUMENTED = Site("https://letters.example.org", "my-campaign", "https://www.example.org")
PAGES = {"script": "script", "iframe": "iframe", "own-form": "own-form", "fetch": "own-form"}


def get(target: str) -> TestResponse:
    return Client(Request.application(example_site(API, SITE))).get(target)


def html(target: str) -> str:
    return get(target).text


@pytest.mark.parametrize("path", ["/", "/thanks", "/mistakes", *(way.path for way in WAYS)])
def test_each_pages_policy_denies_everything_by_default(path: str) -> None:
    policy = get(path).headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'; style-src 'self'; form-action")
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy.replace(API, "")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_page_shows_the_html_that_embeds_its_form(way: Way) -> None:
    page = html(way.path)

    [shown, header] = [unescape(code) for code in re.findall("<pre><code>(.*?)</code></pre>", page, re.DOTALL)]
    assert shown in page
    assert header == f"Content-Security-Policy: {get(way.path).headers['Content-Security-Policy']}"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_documentation_shows_the_websites_html_and_policy(way: Way) -> None:
    """The form that a script sends is documented by what it has beside the other one."""
    documented = (ROOT / "docs" / "embedding" / f"{PAGES[way.name]}.md").read_text(encoding="utf-8")
    [own_form] = (DOCUMENTED.snippet(one).splitlines() for one in WAYS if one.name == "own-form")
    lines = DOCUMENTED.snippet(way).splitlines()
    shown = [line for line in lines if line not in own_form] if way.name == "fetch" else lines

    assert f"```html\n{'\n'.join(shown)}\n```" in documented
    assert f"Content-Security-Policy: {DOCUMENTED.policy(way.allows)}\n" in documented


def test_the_documentation_shows_the_websites_own_script() -> None:
    documented = (ROOT / "docs" / "embedding" / "own-form.md").read_text(encoding="utf-8")

    assert f"```js\n{html('/fetch.js')}```" in documented


def test_a_chosen_campaign_is_kept_from_page_to_page() -> None:
    page = html("/embed/own-form?campaign=another")

    assert f'action="{API}/campaigns/another/signatures"' in page
    assert 'href="/embed/fetch?campaign=another"' in page
    assert f'value="{SITE}/thanks?campaign=another"' in page


@pytest.mark.parametrize("query", ["?campaign=%22%3E%3Cscript%3E", "?campaign=", "?campaign=../x"])
def test_an_id_that_is_not_valid_is_ignored(query: str) -> None:
    assert html(f"/embed/iframe{query}") == html("/embed/iframe")


def test_the_page_of_mistakes_names_only_known_fields() -> None:
    page = html("/mistakes?fields=name,postal_code,%3Cscript%3E")

    assert "<li>your full name</li>\n<li>your postal code</li>" in page
    assert "script" not in page.lower().replace("/embed/script", "").replace("with the script", "").replace(
        "and a script of our own", ""
    )


@pytest.mark.parametrize("path", ["/none", "/embed/none", "/style.css/../page.html"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert get(path).status_code == 404
