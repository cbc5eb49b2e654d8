"""Routes for organizers: each one names the scope that it takes, so that none is open by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from undersigned.base.scopes import Scope
from undersigned.organizing.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    type Handler = Callable[..., object]
    type Serve[Needed] = Callable[[APIGatewayProxyEventV2, Needed, Mapping[str, str], Handler], object]


class ScopedRoutes[Needed: str]:
    """Routes below an address."""

    def __init__(self, address: str, serve: Serve[Needed]) -> None:
        """Start without routes. `serve` checks each request and calls its handler.

        `serve` takes the event, the scope, the named parts of the address, and the handler.
        """
        self.router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
        self._address = address
        self._serve = serve

    def get[Decorated: Handler](self, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        """Register the handler for GET."""
        return self._route("GET", path, scope)

    def post[Decorated: Handler](self, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        """Register the handler for POST."""
        return self._route("POST", path, scope)

    def _route[Decorated: Handler](self, method: str, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        def register(handler: Decorated) -> Decorated:
            def served(**parts: str) -> object:
                return self._serve(self.router.current_event, scope, parts, handler)

            # A test asks every route for its scope.
            served.scope = scope  # type: ignore[attr-defined]
            self.router.route(f"{self._address}{path}", method)(served)
            return handler

        return register


class DashboardRoutes(ScopedRoutes[Scope]):
    """Routes of the dashboard, which also take the actions of its buttons."""

    def does[Decorated: Handler](self, action: str) -> Callable[[Decorated], Decorated]:
        """Register the handler for an action, at the address and with the scope that the table of actions has."""
        deed = ACTIONS[action]
        return self.post(deed.page, deed.scope)
