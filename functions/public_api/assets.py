"""Files for pages and programs: the script for other websites, our own assets, and the API's description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import bitmap, file
from undersigned.base.assets import asset
from undersigned.base.errors import NotFoundError
from undersigned.base.routes import OpenRoutes
from undersigned.campaigns.catalog import find_campaign

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()

SCRIPT_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
ASSET_CACHE = "public, max-age=31536000, immutable"
CHANGED_CACHE = "public, max-age=60"


@routes.get("/embed.js")
def load_script(_request: Request) -> Response[str | bytes]:
    """Serve the script that embeds the form or the count in another website."""
    return file(asset("embed.js"), cache=SCRIPT_CACHE, for_any_site=True)


@routes.get("/openapi.json")
def describe(_request: Request) -> Response[str | bytes]:
    """Serve the description of the whole API."""
    return file(asset("openapi.json"), cache=SCRIPT_CACHE, for_any_site=True)


@routes.get("/assets/logos/<campaign>/<digest>")
def load_logo(request: Request, campaign: str, digest: str) -> Response[bytes]:
    """Serve a campaign's logo. A page from before a change gets the current one, cached briefly."""
    logo = find_campaign(request.stack, campaign).campaign.logo
    if logo is None:
        message = f"Campaign {campaign!r} has no logo"
        raise NotFoundError(message)
    return bitmap(logo.png, cache=ASSET_CACHE if digest == logo.digest else CHANGED_CACHE)


@routes.get("/assets/<digest>/<name>")
def load_asset(_request: Request, digest: str, name: str) -> Response[str | bytes]:
    """Serve an asset of our pages. A page from before a deployment gets the current file, cached briefly."""
    found = asset(name)
    return file(found, cache=ASSET_CACHE if digest == found.digest else CHANGED_CACHE)
