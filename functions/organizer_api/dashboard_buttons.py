"""The dashboard's buttons: pause, approve, hold, retry and try deliveries; take letters out, and let them through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import can_name
from functions.organizer_api.session import DashboardRequest, Pages, done
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

buttons = Pages()


@buttons.post("/pause", "manage")
def pause(request: DashboardRequest) -> Response[str]:
    """Let nothing more go out."""
    wired.stack.delivery_controls().pause(request.campaign, request.by, request.reason())
    return done("paused")


@buttons.post("/resume", "manage")
def resume(request: DashboardRequest) -> Response[str]:
    """Let the campaign go on."""
    wired.stack.delivery_controls().resume(request.campaign, request.by, request.reason())
    return done("resumed")


@buttons.post("/approve", "manage")
def approve(request: DashboardRequest) -> Response[str]:
    """Approve the period that the page showed, and queue its deliveries."""
    period = request.posted("period")
    if not can_name("period", period):
        message = "there is no such period"
        raise NotFoundError(message)
    wired.stack.delivery_controls().approve(request.campaign, period, request.by, request.reason())
    return done("approved")


@buttons.post("/targets/<target>/hold", "manage")
def hold(request: DashboardRequest, target: str) -> Response[str]:
    """Hold one addressee's letters back."""
    wired.stack.delivery_controls().hold(request.campaign, target, request.by, request.reason())
    return done("held", f"/targets/{target}")


@buttons.post("/targets/<target>/release", "manage")
def release(request: DashboardRequest, target: str) -> Response[str]:
    """Let one addressee's letters go again."""
    wired.stack.delivery_controls().release(request.campaign, target, request.by, request.reason())
    return done("released", f"/targets/{target}")


@buttons.post("/targets/<target>/test", "manage")
def test(request: DashboardRequest, target: str) -> Response[str]:
    """Send the next mail to the organizer instead."""
    wired.stack.delivery_controls().test(request.campaign, target, wired.stack.period(), request.by, request.reason())
    return done("tested", f"/targets/{target}")


@buttons.post("/deliveries/<period>/<target>/retry", "manage")
def retry(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Send a delivery once more."""
    wired.stack.delivery_controls().retry(DeliveryKey(request.campaign, target, period), request.by, request.reason())
    return done("retried", f"/deliveries/{period}/{target}")


@buttons.post("/signatures/<signer>/remove", "manage")
def remove(request: DashboardRequest, signer: str) -> Response[str]:
    """Take a letter out and erase it."""
    wired.organizing.remove(request.campaign, signer, request.by, request.reason())
    return done("removed", f"/signatures/{signer}")


@buttons.post("/signatures/<signer>/release", "manage")
def let_out(request: DashboardRequest, signer: str) -> Response[str]:
    """Let a letter out of the quarantine."""
    wired.organizing.release(request.campaign, signer, request.by, request.reason())
    return done("let-out", f"/signatures/{signer}")
