"""The routes of programs that read, each below a campaign's address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from undersigned.people import security_log
from undersigned.people.access import KeyRefusedError, KeyScopeError, TooManyRefusalsError, authorize
from undersigned.people.requests import ApiRequest, bearer_key, check_names
from undersigned.people.scoped_routes import ScopedRoutes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.people.rules.api_keys import KeyScope
    from undersigned.people.scoped_routes import Handler


def campaign_routes() -> ScopedRoutes[KeyScope]:
    """Make routes for programs that send one of the campaign's keys."""
    return ScopedRoutes("/organizer/campaigns/<campaign>", _serve)


def _serve(event: APIGatewayProxyEventV2, scope: KeyScope, parts: Mapping[str, str], handler: Handler) -> object:
    """Check the request's key and call the request's handler."""
    names = {**parts}
    campaign = names.pop("campaign")
    text = bearer_key(event.headers)
    try:
        key = authorize(wired.stack, campaign, text)
    except (KeyRefusedError, TooManyRefusalsError) as error:
        security_log.key_refused(campaign, error)
        raise
    with security_log.refusals("API", key, campaign, handler.__name__):
        if not key.allows(scope):
            raise KeyScopeError(scope)
    if scope == "letters":
        security_log.requested(key, "API", handler.__name__)
    check_names(names)
    return handler(ApiRequest(campaign, event, key), **names)
