"""What pages and programs load: the script for other websites, our own scripts and fonts, and the API's document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from undersigned.web.answers import file
from undersigned.web.assets import asset

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

SCRIPT_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
ASSET_CACHE = "public, max-age=31536000, immutable"
CHANGED_CACHE = "public, max-age=60"


@router.get("/embed.js")
def load_script() -> Response[str | bytes]:
    """Serve the script that puts the form or the count into another website."""
    return file(asset("embed.js"), cache=SCRIPT_CACHE, for_any_site=True)


@router.get("/openapi.json")
def describe() -> Response[str | bytes]:
    """Serve the description of the whole API."""
    return file(asset("openapi.json"), cache=SCRIPT_CACHE, for_any_site=True)


@router.get("/assets/<digest>/<name>")
def load_asset(digest: str, name: str) -> Response[str | bytes]:
    """Serve what our pages load. A page from before a deployment gets the present file."""
    found = asset(name)
    return file(found, cache=ASSET_CACHE if digest == found.digest else CHANGED_CACHE)
