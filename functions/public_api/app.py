"""The public API: the front page, the form, the confirmation, pages of signers and offices, the count and assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from functions.public_api import assets, count, form, front, office, packets, signer, wired
from undersigned.base.errors import (
    DamagedRowsError,
    NotFoundError,
    ThrottledError,
    TokenExpiredError,
    UndersignedError,
    problem_of,
)
from undersigned.base.languages import Message
from undersigned.base.last_slash import without_last_slash
from undersigned.base.methods import answering_head
from undersigned.base.posted import RequestError
from undersigned.base.reader import base_url, is_embedded, language_for, theme_of, wants_json
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.problem_page import problem
from undersigned.signing.letters import ExpiredError
from undersigned.signing.sign import ClosedError
from undersigned.signing.sites import foreign_site, readable_by, site_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.campaigns.rules.campaigns import Campaign

logger = Logger()
app = APIGatewayHttpResolver()
for routes in (form, count, signer, packets, office, assets, front):
    app.include_router(routes.router)


@answering_head
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the HTTP API. Scripts on the campaign's sites may read the answer."""
    answer = app.resolve(event, context)
    site, campaign = site_of(event)
    if not site or not campaign or "Access-Control-Allow-Origin" in answer["headers"]:
        return answer
    return readable_by(answer, site) if _is_allowed(campaign, site) else answer


def _is_allowed(campaign: str, site: str) -> bool:
    """Say whether scripts of a site (an origin) may read a campaign's answers."""
    try:
        return site in find_campaign(wired.stack, campaign).campaign.allowed_origins
    except NotFoundError:
        return False


def _refuse_foreign_posts(app: APIGatewayHttpResolver, answer: NextMiddleware) -> Response[str]:
    """Refuse what a website makes its visitors' browsers send, unless the campaign allows the website."""
    event = app.current_event
    public_url = base_url(event, wired.stack.settings.public_url)
    if event.http_method == "POST" and (site := foreign_site(event, public_url)):
        _, campaign = site_of(event.raw_event)
        if campaign is None or not _is_allowed(campaign, site):
            raise RequestError(
                403,
                Message("This website can’t send the form"),
                Message("The letter’s organizer hasn’t allowed it. Sign on the letter’s own page."),
            )
    return answer(app)


def _answer_error(error: UndersignedError) -> Response[str]:
    as_json = wants_json(app.current_event)
    if isinstance(error, ClosedError) and not as_json:
        return form.closed(error.campaign.id)
    event, (about, can_sign) = app.current_event, _campaign_of(error)
    return problem(
        problem_of(error, "signer"),
        language_for(event),
        as_json=as_json,
        framed=_framed(),
        theme=theme_of(event),
        about=about,
        can_sign=can_sign,
    )


def _campaign_of(error: UndersignedError) -> tuple[Campaign | None, bool]:
    """Return the campaign of a signer's link that leads to no letter, and whether people can sign.

    None if it isn't known, or can't be read now.
    """
    if not isinstance(error, ExpiredError | TokenExpiredError) or not error.campaign:
        return None, False
    try:
        found = find_campaign(wired.stack, error.campaign)
        error.can_sign = found.is_open(wired.stack.clock())
    except (DamagedRowsError, NotFoundError, ThrottledError):
        return None, False
    return found.campaign, error.can_sign


def _framed() -> Campaign | None:
    """Return the campaign whose framed form sent the request, because the same frame must show the answer."""
    _, campaign = site_of(app.current_event.raw_event)
    if campaign is None or not is_embedded(app.current_event):
        return None
    try:
        return find_campaign(wired.stack, campaign).campaign
    except NotFoundError:
        return None


def _answer_no_route(_error: Exception) -> Response[str]:
    event = app.current_event
    no_page = problem_of(NotFoundError(), "signer")
    return without_last_slash(event) or problem(no_page, language_for(event), as_json=wants_json(event))


app.use([_refuse_foreign_posts])
app.exception_handler(UndersignedError)(_answer_error)
app.not_found(_answer_no_route)
