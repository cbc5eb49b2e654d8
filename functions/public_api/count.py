"""The count, as JSON for any site's scripts, and the picture beside a shared link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import bitmap, data
from undersigned.base.languages import chosen_language
from undersigned.base.reader import language_in_link
from undersigned.base.routes import OpenRoutes
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.counts import public_count
from undersigned.wiring import cases

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request

routes = OpenRoutes()

COUNT_CACHE = "public, max-age=5, stale-if-error=86400"
SHARED_CACHE = "public, max-age=600, stale-while-revalidate=3600, stale-if-error=86400"


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
    return bitmap(cases(request.stack).campaigns.share_picture(campaign, language), cache=SHARED_CACHE)
