"""The website of a fictional organization, which embeds a campaign's form in every possible way.

Its pages are in `example/`. Each has the strictest Content-Security-Policy that it works with. A webmaster can copy
both. docs/embedding shows the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request

    from undersigned_cli.local.serving import Answer

CAMPAIGN = "end-demand-illinois"

_ID = re.compile(r"[a-z0-9-]+")
_FOLDER = Path(__file__).parent / "example"
_FILES = {"/style.css": "text/css", "/fetch.js": "text/javascript"}
_FIELDS = {
    "name": "your full name",
    "email": "your email address",
    "address_line": "your street and house number",
    "locality": "your town or city",
    "postal_code": "your postal code",
    "target": "the recipient, because two towns share your postal code: sign on the letter’s own page",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to embed the form: the page's name, title and introduction, and the sources that its policy must allow."""

    name: str
    title: str
    lede: str
    allows: Mapping[str, str]

    @property
    def path(self) -> str:
        """Return the page's path."""
        return f"/embed/{self.name}"


WAYS = (
    Way(
        "script",
        "With the script",
        "Undersigned’s script replaces a link with the form and makes room for it. If it doesn’t run, the link stays.",
        {"script-src": "$api/embed.js", "frame-src": "$api"},
    ),
    Way(
        "iframe",
        "In a frame",
        "The form in a frame, without any script on this page.",
        {"frame-src": "$api"},
    ),
    Way(
        "own-form",
        "With a form of our own",
        "A form in our own design. The browser sends it to the letter’s address, which leads back to a page of ours.",
        {"form-action": "'self' $api"},
    ),
    Way(
        "fetch",
        "With a form and a script of our own",
        "A form in our own design. Our own script sends it, and shows each mistake at its field.",
        {"script-src": "'self'", "connect-src": "$api", "form-action": "'self' $api"},
    ),
)
_INDEX_ALLOWS = {"script-src": "$api/embed.js", "connect-src": "$api", "img-src": "$api"}


@cache
def _template(name: str) -> Template:
    return Template((_FOLDER / name).read_text(encoding="utf-8").rstrip())


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses: the API's origin, the campaign, and the site's own origin."""

    api: str
    campaign: str
    origin: str

    @property
    def query(self) -> str:
        """Return the query of links within the site, which keeps the campaign."""
        return "" if self.campaign == CAMPAIGN else f"?campaign={self.campaign}"

    def fill(self, name: str, **more: str) -> str:
        """Fill in a template of `example/`."""
        return _template(name).substitute(
            api=self.api, campaign=self.campaign, site=self.origin, query=self.query, **more
        )

    def policy(self, allows: Mapping[str, str]) -> str:
        """Return a page's Content-Security-Policy, which allows its own style sheet and the sources in `allows`."""
        directives = {"default-src": "'none'", "style-src": "'self'", "form-action": "'none'", "base-uri": "'none'"}
        filled = {name: Template(sources).substitute(api=self.api) for name, sources in allows.items()}
        return "; ".join(f"{name} {sources}" for name, sources in (directives | filled).items())

    def snippet(self, way: Way) -> str:
        """Return the HTML that embeds the form."""
        return self.fill(f"{way.name}.html", fields=_template("fields.html").template)


def example_site(public_url: str, own_url: str) -> Answer:
    """Return the handler of `/`, `/embed/…`, `/thanks` and `/mistakes`; `?campaign=ID` chooses another campaign."""

    def answer(request: Request) -> Response:
        wanted = request.args.get("campaign", CAMPAIGN)
        site = Site(public_url, wanted if _ID.fullmatch(wanted) else CAMPAIGN, own_url)
        ways = {way.path: way for way in WAYS}
        match request.path:
            case "/":
                return _page(site, "/", "Write to your chief of police", site.fill("index.html"), _INDEX_ALLOWS)
            case path if path in ways:
                return _way(site, ways[path])
            case "/thanks":
                return _page(site, "/thanks", "Thank you", site.fill("thanks.html"))
            case "/mistakes":
                return _page(site, "/mistakes", "Something is missing", _mistakes(site, request.args.get("fields", "")))
            case path if path in _FILES:
                return Response((_FOLDER / path.removeprefix("/")).read_bytes(), mimetype=_FILES[path])
            case _:
                return Response("The example website has no such page; it starts at /\n", 404)

    return answer


def _way(site: Site, way: Way) -> Response:
    snippet, policy = site.snippet(way), site.policy(way.allows)
    content = site.fill(
        "way.html", lede=way.lede, embedded=snippet, snippet=escape(snippet), policy=escape(policy, quote=False)
    )
    return _page(site, way.path, way.title, content, way.allows)


def _mistakes(site: Site, fields: str) -> str:
    named = [_FIELDS[field] for field in fields.split(",") if field in _FIELDS]
    return site.fill("mistakes.html", mistakes="\n".join(f"<li>{escape(words)}</li>" for words in named))


def _page(site: Site, path: str, title: str, content: str, allows: Mapping[str, str] | None = None) -> Response:
    links = "\n".join(
        f'<li><a href="{way.path}{site.query}"{" aria-current=page" if way.path == path else ""}>{way.title}</a></li>'
        for way in WAYS
    )
    page = site.fill("page.html", title=title, links=links, content=content)
    headers = {"Content-Security-Policy": site.policy(allows or {}), "X-Content-Type-Options": "nosniff"}
    return Response(page, 200, headers, mimetype="text/html")
