"""Routes for organizers: each one names the scope that it takes, so that none is open by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.routes import RouteTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.routes import Handler


class ScopedRoutes[Needed: str](RouteTable):
    """Routes that take a scope."""

    def get[Decorated: Handler](self, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        """Note the handler for GET."""
        return self.note("GET", path, scope)

    def post[Decorated: Handler](self, path: str, scope: Needed) -> Callable[[Decorated], Decorated]:
        """Note the handler for POST."""
        return self.note("POST", path, scope)
