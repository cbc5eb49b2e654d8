"""The public API: the front page, the form, the confirmation, pages of signers and offices, the count and assets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

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
from undersigned.base.reader import is_embedded, language_for, theme_of, wants_json
from undersigned.base.routes import Request
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.campaigns import routes as campaigns
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.problem_page import problem
from undersigned.delivering.routes import office, own_letter, packets
from undersigned.signing import routes as signing
from undersigned.signing.letters import ExpiredError
from undersigned.signing.sign import ClosedError
from undersigned.signing.sites import foreign_site, readable_by, site_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.methods import Handler
    from undersigned.campaigns.rules.campaigns import Campaign

TABLES = (signing.routes, campaigns.routes, own_letter.routes, packets.routes, office.routes)


def make_handler(stack: Stack) -> Handler:
    """Make the handler of a stack. Scripts on a campaign's sites may read its answers."""
    app = APIGatewayHttpResolver()
    for table in TABLES:
        table.add_to(app, stack)

    def request() -> Request:
        return Request(stack, app.current_event)

    def refuse_foreign_posts(app: APIGatewayHttpResolver, answer: NextMiddleware) -> Response[str]:
        _check_site(request())
        return answer(app)

    app.use([refuse_foreign_posts])
    app.exception_handler(UndersignedError)(lambda error: _answer_error(request(), error))
    app.not_found(lambda _error: _answer_no_route(app.current_event))

    @answering_head
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        answer = app.resolve(event, context)
        site, campaign = site_of(event)
        if not site or not campaign or "Access-Control-Allow-Origin" in answer["headers"]:
            return answer
        return readable_by(answer, site) if _is_allowed(stack, campaign, site) else answer

    return handler


def _is_allowed(stack: Stack, campaign: str, site: str) -> bool:
    """Say whether scripts of a site (an origin) may read a campaign's answers."""
    try:
        return site in find_campaign(stack, campaign).campaign.allowed_origins
    except NotFoundError:
        return False


def _check_site(request: Request) -> None:
    """Refuse what a website makes its visitors' browsers send, unless the campaign allows the website."""
    if request.event.http_method == "POST" and (site := foreign_site(request.event, request.base_url)):
        _, campaign = site_of(request.event.raw_event)
        if campaign is None or not _is_allowed(request.stack, campaign, site):
            raise RequestError(
                403,
                Message("This website can’t send the form"),
                Message("The letter’s organizer hasn’t allowed it. Sign on the letter’s own page."),
            )


def _answer_error(request: Request, error: UndersignedError) -> Response[str]:
    event = request.event
    as_json = wants_json(event)
    if isinstance(error, ClosedError) and not as_json:
        return signing.closed(request, error.campaign.id)
    about, can_sign = _campaign_of(request, error)
    return problem(
        problem_of(error, "signer"),
        language_for(event),
        as_json=as_json,
        framed=_framed(request),
        theme=theme_of(event),
        about=about,
        can_sign=can_sign,
    )


def _campaign_of(request: Request, error: UndersignedError) -> tuple[Campaign | None, bool]:
    """Return the campaign of a signer's link that leads to no letter, and whether people can sign.

    None if it isn't known, or can't be read now.
    """
    if not isinstance(error, ExpiredError | TokenExpiredError) or not error.campaign:
        return None, False
    try:
        found = find_campaign(request.stack, error.campaign)
        error.can_sign = found.is_open(request.stack.clock())
    except (DamagedRowsError, NotFoundError, ThrottledError):
        return None, False
    return found.campaign, error.can_sign


def _framed(request: Request) -> Campaign | None:
    """Return the campaign whose framed form sent the request, because the same frame must show the answer."""
    _, campaign = site_of(request.event.raw_event)
    if campaign is None or not is_embedded(request.event):
        return None
    try:
        return find_campaign(request.stack, campaign).campaign
    except NotFoundError:
        return None


def _answer_no_route(event: APIGatewayProxyEventV2) -> Response[str]:
    no_page = problem_of(NotFoundError(), "signer")
    return without_last_slash(event) or problem(no_page, language_for(event), as_json=wants_json(event))


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "secret_arn",
            "packet_bucket",
            "forms_a_minute",
            "accepts_reserved_domains",
            "packet_days",
            "schedule",
            "public_url",
            "cdn_proof_arn",
            "people_mails_url",
        )
    )
)
