"""The dashboard's buttons: pause, approve, hold, retry and try deliveries; take letters out, and let them through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import can_name
from functions.organizer_api.session import Pages, Visit, done
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

buttons = Pages()


@buttons.post("/pause", "manage")
def pause(visit: Visit) -> Response[str]:
    """Let nothing more go out."""
    wired.wiring.steering_wheel().pause(visit.campaign, visit.by, visit.reason())
    return done("paused")


@buttons.post("/resume", "manage")
def resume(visit: Visit) -> Response[str]:
    """Let the campaign go on."""
    wired.wiring.steering_wheel().resume(visit.campaign, visit.by, visit.reason())
    return done("resumed")


@buttons.post("/approve", "manage")
def approve(visit: Visit) -> Response[str]:
    """Approve the period that the page showed, and queue its deliveries."""
    period = visit.posted("period")
    if not can_name("period", period):
        message = "no period is called so"
        raise NotFoundError(message)
    wired.wiring.steering_wheel().approve(visit.campaign, period, visit.by, visit.reason())
    return done("approved")


@buttons.post("/targets/<target>/hold", "manage")
def hold(visit: Visit, target: str) -> Response[str]:
    """Hold one addressee's letters back."""
    wired.wiring.steering_wheel().hold(visit.campaign, target, visit.by, visit.reason())
    return done("held", f"/targets/{target}")


@buttons.post("/targets/<target>/release", "manage")
def release(visit: Visit, target: str) -> Response[str]:
    """Let one addressee's letters go again."""
    wired.wiring.steering_wheel().release(visit.campaign, target, visit.by, visit.reason())
    return done("released", f"/targets/{target}")


@buttons.post("/targets/<target>/test", "manage")
def test(visit: Visit, target: str) -> Response[str]:
    """Send the next mail to the organizer instead."""
    wired.wiring.steering_wheel().test(visit.campaign, target, wired.wiring.period(), visit.by, visit.reason())
    return done("tested", f"/targets/{target}")


@buttons.post("/deliveries/<period>/<target>/retry", "manage")
def retry(visit: Visit, period: str, target: str) -> Response[str]:
    """Send a delivery once more."""
    wired.wiring.steering_wheel().retry(DeliveryKey(visit.campaign, target, period), visit.by, visit.reason())
    return done("retried", f"/deliveries/{period}/{target}")


@buttons.post("/signatures/<signer>/remove", "manage")
def remove(visit: Visit, signer: str) -> Response[str]:
    """Take a letter out and erase it."""
    wired.organizing.remove(visit.campaign, signer, visit.by, visit.reason())
    return done("removed", f"/signatures/{signer}")


@buttons.post("/signatures/<signer>/release", "manage")
def let_out(visit: Visit, signer: str) -> Response[str]:
    """Let a letter out of the quarantine."""
    wired.organizing.release(visit.campaign, signer, visit.by, visit.reason())
    return done("let-out", f"/signatures/{signer}")
