"""The API's routes, each below a campaign's address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from undersigned.services.people.access import KeyRefusedError, TooManyRefusalsError, check_scope
from undersigned.web import security_log
from undersigned.web.described_fields import described_fields
from undersigned.web.organizer_requests import ApiRequest, bearer_key, check_names
from undersigned.web.scoped_routes import ScopedRoutes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.domain.people.api_keys import Scope
    from undersigned.web.scoped_routes import Handler

_LARGEST_BODY = 6_000_000
"""The most bytes that Lambda takes. Each handler has a lower limit of its own."""


def campaign_routes() -> ScopedRoutes:
    """Make routes for programs that send one of the campaign's keys."""
    return ScopedRoutes("/organizer/campaigns/<campaign>", _serve, for_programs=True)


def _serve(event: APIGatewayProxyEventV2, scope: Scope, parts: Mapping[str, str], handler: Handler) -> object:
    """Check the request's key and call the request's handler."""
    names = {**parts}
    campaign = names.pop("campaign")
    text = bearer_key(event.headers)
    try:
        key = wired.access.authorize(campaign, text)
    except (KeyRefusedError, TooManyRefusalsError) as error:
        security_log.key_refused(campaign, "API", error)
        raise
    with security_log.refusals("API", key, campaign, handler.__name__):
        check_scope(key, scope)
    security_log.requested(key, "API", handler.__name__, scope)
    check_names(names)
    request = ApiRequest(campaign, key, event)
    fields = described_fields(event.http_method, event.path)
    if fields is not None:
        request.check_fields(fields, _LARGEST_BODY)
    return handler(request, **names)
