"""Answers: pages, JSON and problems, each with its security headers."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.base.assets import Asset
    from undersigned.base.errors import Problem
    from undersigned.base.page import Page

PRIVATE = "no-store"
"""The `Cache-Control` of an answer that only one person may see. No search engine lists it either."""

_WORTH_COMPRESSING = 1_000

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # a page's address can hold a signer's token
    "Strict-Transport-Security": "max-age=31536000",
    # Pages and pictures have policies of their own.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
# For answers that are the same for everybody. With `*`, a site can't read an answer to a request with cookies.
_FOR_ANY_SITE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


def page(  # noqa: PLR0913  (an answer's parts)
    shown: Page,
    *,
    status: int = 200,
    cache: str = PRIVATE,
    hosts: Sequence[str] = (),
    runs_scripts: bool = False,
    sends_forms: bool = True,
    has_frames: bool = False,
    retry_after: int | None = None,
) -> Response[str]:
    """Answer with a page that only pages on the origins `hosts` may frame; `*` is all of them.

    Without `sends_forms`, its forms do nothing. With `has_frames`, it shows other pages of ours in frames.
    """
    posts_to = "'self'" if sends_forms else "'none'"
    sources = f"'self' '{_hash(shown.script)}'" if shown.script else "'self'"
    scripts = f"script-src {sources}; connect-src 'self'; " if runs_scripts else ""
    frames = "frame-src 'self'; " if has_frames else ""
    headers = {
        **_HEADERS,
        "Content-Security-Policy": (
            f"default-src 'none'; style-src '{_hash(shown.style)}'; font-src 'self'; img-src 'self' data:; {scripts}"
            f"{frames}form-action {posts_to}; base-uri 'none'; frame-ancestors {' '.join(hosts) or "'none'"}"
        ),
        # For browsers that don't support frame-ancestors. This header can't name sites.
        **({} if hosts else {"X-Frame-Options": "DENY"}),
        "Vary": "Accept, Accept-Encoding, Accept-Language",
        **_kept(cache),
        **_retry(retry_after),
    }
    return Response(status, "text/html; charset=utf-8", shown.html, headers, compress=True)


def dashboard_page(
    shown: Page, *, status: int = 200, has_frames: bool = False, retry_after: int | None = None
) -> Response[str]:
    """Answer with a page of the dashboard."""
    answer = page(shown, status=status, runs_scripts=True, has_frames=has_frames, retry_after=retry_after)
    # Dashboard addresses have no secret in them, and with no-referrer, browsers would hide the origin of a post.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


@lru_cache(maxsize=64)
def _hash(content: str) -> str:
    """Return the hash with which a Content-Security-Policy allows only this style sheet or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def data(
    values: Mapping[str, object], *, status: int = 200, cache: str = PRIVATE, for_any_site: bool = False
) -> Response[str]:
    """Answer with JSON. With `for_any_site`, scripts on any site may read it."""
    body = json.dumps(values, ensure_ascii=False)
    readers = _FOR_ANY_SITE if for_any_site else {"Vary": "Accept, Accept-Encoding, Accept-Language, Origin"}
    headers = {**_HEADERS, **readers, **_kept(cache)}
    # Previews are large and frequent. A count is so small that compressing would make it larger.
    return Response(status, "application/json", body, headers, compress=len(body) > _WORTH_COMPRESSING)


def file(asset: Asset, *, cache: str, for_any_site: bool = False) -> Response[str | bytes]:
    """Answer with a file for our own pages or, with `for_any_site`, for any page. Fonts are already compressed."""
    readers = _FOR_ANY_SITE if for_any_site else {"Cross-Origin-Resource-Policy": "same-origin"}
    headers = {**_HEADERS, **readers, "Vary": "Accept-Encoding", "Cache-Control": cache}
    compress = not asset.media_type.startswith("font/")
    # Powertools would encode JSON in bytes a second time.
    content: str | bytes = asset.content.decode() if asset.media_type == "application/json" else asset.content
    return Response(200, asset.media_type, content, headers, compress=compress)


def download(content: bytes, media_type: str, filename: str) -> Response[bytes]:
    """Answer with a file for one person, which a browser saves instead of opening."""
    headers = {
        **_HEADERS,
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cross-Origin-Resource-Policy": "same-origin",
        **_kept(PRIVATE),
    }
    return Response(200, media_type, content, headers)


def framed_mail(html: str) -> Response[str]:
    """Answer with an email for a frame on one of our pages. It runs no script and loads nothing."""
    headers = {
        **_HEADERS,
        "Content-Security-Policy": (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'self'"
        ),
        **_kept(PRIVATE),
    }
    return Response(200, "text/html; charset=utf-8", html, headers, compress=True)


def private_picture(png: bytes) -> Response[bytes]:
    """Answer with a PNG for one person, on a page of ours."""
    headers = {**_HEADERS, "Cross-Origin-Resource-Policy": "same-origin", **_kept(PRIVATE)}
    return Response(200, "image/png", png, headers)


def bitmap(png: bytes, *, cache: str) -> Response[bytes]:
    """Answer with a PNG that any site may show."""
    return Response(200, "image/png", png, {**_HEADERS, **_FOR_ANY_SITE, "Cache-Control": cache})


def moved(location: str, *, status: int = 303) -> Response[str]:
    """Redirect to another address; with 303, the browser follows with a GET."""
    return Response(status, None, "", {**_HEADERS, "Location": location, **_kept(PRIVATE)})


def preflight() -> Response[str]:
    """Answer a CORS preflight request with the methods and headers that scripts may send."""
    headers = {
        **_HEADERS,
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "content-type, accept",
        "Access-Control-Max-Age": "7200",
        "Vary": "Origin",
    }
    return Response(204, None, "", headers)


def problem_details(found: Problem, language: str) -> Response[str]:
    """Answer with a problem and its way out, with an entry for each field that has errors (RFC 9457)."""
    title, detail = found.title.in_language(language), found.detail.in_language(language)
    values: dict[str, object] = {"type": "about:blank", "title": title, "status": found.status, "detail": detail}
    if found.errors:
        values["errors"] = [
            {"field": error.field, "detail": error.message.in_language(language)} for error in found.errors
        ]
    headers = {**_HEADERS, **_kept(PRIVATE), "Vary": "Origin", **_retry(found.retry_after)}
    return Response(found.status, "application/problem+json", json.dumps(values, ensure_ascii=False), headers)


def _kept(cache: str) -> dict[str, str]:
    """Return the headers for caches, and for search engines, which find the links that people pass on."""
    return {"Cache-Control": cache} | ({"X-Robots-Tag": "noindex, nofollow"} if cache == PRIVATE else {})


def _retry(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}
