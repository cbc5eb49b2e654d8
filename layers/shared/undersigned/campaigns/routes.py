"""Routes for everybody: the front page, the count and the picture of a campaign, and files for pages and programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import bitmap, data, file, page
from undersigned.base.assets import asset
from undersigned.base.errors import NotFoundError
from undersigned.base.languages import chosen_language
from undersigned.base.reader import language_for, language_in_link
from undersigned.base.routes import OpenRoutes
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.counts import public_count
from undersigned.campaigns.public_frame import front_page
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()

SCRIPT_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
ASSET_CACHE = "public, max-age=31536000, immutable"
CHANGED_CACHE = "public, max-age=60"
COUNT_CACHE = "public, max-age=5, stale-if-error=86400"
SHARED_CACHE = "public, max-age=600, stale-while-revalidate=3600, stale-if-error=86400"
FRONT_CACHE = "public, max-age=3600"


@routes.get("/")
def show_front(request: Request) -> Response[str]:
    """Say what this address is for. Reads nothing, and names no campaign."""
    return page(front_page(language_for(request.event)), cache=FRONT_CACHE)


@routes.get("/campaigns/<campaign>/count")
def show_count(request: Request, campaign: str) -> Response[str]:
    """Return the public count, with one read of the table."""
    found = public_count(request.stack, campaign)
    values = {
        "campaign": found.campaign,
        "signatures": found.signatures,
        "goal": found.goal,
        "shows_goal": found.shows_goal,
        "as_of": request.stack.clock().isoformat(timespec="seconds"),
    }
    return data(values, cache=COUNT_CACHE, for_any_site=True)


@routes.get("/campaigns/<campaign>/share.png")
def show_share_picture(request: Request, campaign: str) -> Response[bytes]:
    """Answer with the picture that other sites show beside a link to the form, with one read of the table."""
    languages = find_campaign(request.stack, campaign).campaign.languages
    language = chosen_language(languages, language_in_link(request.event), None)
    return bitmap(Campaigns(request.stack.table).share_picture(campaign, language), cache=SHARED_CACHE)


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
