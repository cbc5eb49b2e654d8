"""Routes: tables of addresses and the functions that answer them.

A table only notes its routes, so a process can serve several stacks: each app gets the routes bound to its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from undersigned.base.reader import base_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.base.languages import Message
    from undersigned.base.stack import Stack

    type Handler = Callable[..., Response[Any]]
    type Labels = Callable[[str], Message | None]


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and the stack that answers it."""

    stack: Stack
    event: APIGatewayProxyEventV2

    @property
    def base_url(self) -> str:
        """Return the base address of all pages."""
        return base_url(self.event, self.stack.settings.public_url)


class Route(NamedTuple):
    """A route. Variable parts of its path are in angle brackets. Without a scope, anyone may ask for it.

    With `keeps`, what was typed into its form is kept when the session is over. `keeps` returns a field's label, or
    None for a value that the form sends along.
    """

    method: str
    path: str
    scope: str | None
    handler: Handler
    keeps: Labels | None = None


class RouteTable:
    """Routes that are served in one way, below one address."""

    address = ""

    def __init__(self) -> None:
        """Start without routes."""
        self.routes: list[Route] = []

    def add_to(self, app: APIGatewayHttpResolver, stack: Stack) -> None:
        """Let an app answer the routes with a stack."""
        for route in self.routes:
            app.route(route.path, route.method)(self._bound(app, stack, route))

    def _bound(self, app: APIGatewayHttpResolver, stack: Stack, route: Route) -> Handler:
        def answer(**parts: str) -> Response[Any]:
            return self.serve(Request(stack, app.current_event), route, parts)

        return answer

    def serve(self, request: Request, route: Route, parts: Mapping[str, str]) -> Response[Any]:
        """Answer a request with the route's handler. `parts` are the named parts of its address."""
        return route.handler(request, **parts)

    def note[Decorated: Handler](
        self, method: str, path: str, scope: str | None, keeps: Labels | None = None
    ) -> Callable[[Decorated], Decorated]:
        """Note a function as the handler of a route."""

        def noted(handler: Decorated) -> Decorated:
            self.routes.append(Route(method, f"{self.address}{path}", scope, handler, keeps))
            return handler

        return noted


class OpenRoutes(RouteTable):
    """Routes that anyone may ask for."""

    def get[Decorated: Handler](self, path: str) -> Callable[[Decorated], Decorated]:
        """Note the handler for GET."""
        return self.note("GET", path, None)

    def post[Decorated: Handler](self, path: str) -> Callable[[Decorated], Decorated]:
        """Note the handler for POST."""
        return self.note("POST", path, None)

    def options[Decorated: Handler](self, path: str) -> Callable[[Decorated], Decorated]:
        """Note the handler for OPTIONS."""
        return self.note("OPTIONS", path, None)


class ScopedRoutes[Needed: str](RouteTable):
    """Routes that each name a scope, so that none is open by mistake."""

    def get[Decorated: Handler](self, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        """Note the handler for GET."""
        return self.note("GET", path, scope)

    def post[Decorated: Handler](
        self, path: str, scope: Needed, keeps: Labels | None = None
    ) -> Callable[[Decorated], Decorated]:
        """Note the handler for POST, which may keep what was typed."""
        return self.note("POST", path, scope, keeps)
