"""Routes for programs that read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from undersigned.base.routes import ScopedRoutes
from undersigned.people import security_log
from undersigned.people.access import KeyRefusedError, KeyScopeError, TooManyRefusalsError, authorize
from undersigned.people.requests import ApiRequest, bearer_key, check_names
from undersigned.people.rules.api_keys import KeyScope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.routes import Request, Route


class ApiRoutes(ScopedRoutes[KeyScope]):
    """Routes for programs that send a key of the campaign."""

    address = "/organizer/campaigns/<campaign>"

    def serve(self, request: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Check the request's key and call the handler."""
        names = {**parts}
        campaign, scope, name = names.pop("campaign"), cast("KeyScope", route.scope), route.handler.__name__
        text = bearer_key(request.event.headers)
        try:
            key = authorize(request.stack, campaign, text)
        except (KeyRefusedError, TooManyRefusalsError) as error:
            security_log.key_refused(request.stack, campaign, error)
            raise
        with security_log.refusals(request.stack, "API", key, campaign, name):
            if not key.allows(scope):
                raise KeyScopeError(scope)
        if scope == "letters":
            security_log.requested(key, "API", name)
        check_names(names)
        return route.handler(ApiRequest(request.stack, request.event, campaign, key), **names)
