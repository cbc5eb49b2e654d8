"""The dashboard's buttons: control deliveries, erase letters, and release letters from quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, done
from undersigned.domain.deliveries import DeliveryKey
from undersigned.web.organizer_requests import check_names

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.deliveries import Settlement
    from undersigned.web.organizer_requests import DashboardRequest

buttons = dashboard_routes()


@buttons.post("/pause", "manage")
def pause(request: DashboardRequest) -> Response[str]:
    """Pause the campaign's deliveries."""
    wired.stack.delivery_controls().pause(request.campaign, request.by, request.reason())
    return done(request, "paused")


@buttons.post("/resume", "manage")
def resume(request: DashboardRequest) -> Response[str]:
    """Resume the campaign's deliveries."""
    wired.stack.delivery_controls().resume(request.campaign, request.by, request.reason())
    return done(request, "resumed")


@buttons.post("/approve", "manage")
def approve(request: DashboardRequest) -> Response[str]:
    """Approve what the page showed of its period, and queue its deliveries."""
    period = request.posted("period")
    check_names({"period": period})
    controls = wired.stack.delivery_controls()
    controls.approve(request.campaign, period, request.by, request.reason(), look=request.look())
    return done(request, "approved")


@buttons.post("/deliver", "manage")
def deliver(request: DashboardRequest) -> Response[str]:
    """Send what waits now, for all targets."""
    return _deliver(request, None)


@buttons.post("/targets/<target>/deliver", "manage")
def deliver_to(request: DashboardRequest, target: str) -> Response[str]:
    """Send what waits for one target now."""
    return _deliver(request, target)


def _deliver(request: DashboardRequest, target: str | None) -> Response[str]:
    period = wired.stack.period(request.campaign)
    controls = wired.stack.delivery_controls()
    plan = controls.deliver(request.campaign, period, request.by, request.reason(), only=target)
    return done(request, "delivered" if plan.going else "not-delivered", f"/targets/{target}" if target else "")


@buttons.post("/targets/<target>/hold", "manage")
def hold(request: DashboardRequest, target: str) -> Response[str]:
    """Hold one target's letters."""
    wired.stack.delivery_controls().hold(request.campaign, target, request.by, request.reason())
    return done(request, "held", f"/targets/{target}")


@buttons.post("/targets/<target>/release", "manage")
def release(request: DashboardRequest, target: str) -> Response[str]:
    """Release one target's letters."""
    wired.stack.delivery_controls().release(request.campaign, target, request.by, request.reason())
    return done(request, _while_paused(request, "released"), f"/targets/{target}")


def _while_paused(request: DashboardRequest, what: str) -> str:
    """Return the word for what was done; while the campaign is paused, nothing goes with the next delivery."""
    return f"{what}-while-paused" if wired.organizing.controls(request.campaign).paused else what


@buttons.post("/targets/<target>/test", "manage")
def test(request: DashboardRequest, target: str) -> Response[str]:
    """Send the target's next email to the person who is signed in instead, as a test; with a key, to the organizer."""
    person = request.session.person
    wired.stack.delivery_controls().test(
        request.campaign,
        target,
        wired.stack.period(request.campaign),
        request.by,
        request.reason(),
        who=person.id if person else request.by,
        to=person.email if person else None,
    )
    return done(request, "test-sent" if person else "tested", f"/targets/{target}")


@buttons.post("/deliveries/<period>/<target>/retry", "manage")
def retry(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Send a delivery again."""
    key = DeliveryKey(request.campaign, target, period)
    wired.stack.delivery_controls().retry(key, request.by, request.reason(), revision=request.posted("revision"))
    return done(request, "retried", f"/deliveries/{period}/{target}")


@buttons.post("/deliveries/<period>/<target>/settle-as-sent", "manage")
def settle_as_sent(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Decide that the email of a delivery was sent."""
    return _settle(request, DeliveryKey(request.campaign, target, period), "sent", "settled-as-sent")


@buttons.post("/deliveries/<period>/<target>/settle-as-not-sent", "manage")
def settle_as_not_sent(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Decide that the email of a delivery was not sent, and send it again."""
    return _settle(request, DeliveryKey(request.campaign, target, period), "not sent", "retried")


@buttons.post("/deliveries/<period>/<target>/settle-as-handed-over", "manage")
def settle_as_handed_over(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Decide that the letters of a bounced delivery reached the office in another way."""
    return _settle(request, DeliveryKey(request.campaign, target, period), "handed over", "handed-over")


@buttons.post("/deliveries/<period>/<target>/settle-as-given-up", "manage")
def settle_as_given_up(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Decide that the letters of a bounced delivery are sent no more."""
    return _settle(request, DeliveryKey(request.campaign, target, period), "given up", "given-up")


def _settle(request: DashboardRequest, key: DeliveryKey, outcome: Settlement, what: str) -> Response[str]:
    controls = wired.stack.delivery_controls()
    controls.settle(key, request.by, request.reason(), outcome, revision=request.posted("revision"))
    return done(request, what, f"/deliveries/{key.period}/{key.target}")


@buttons.post("/targets/<target>/address", "manage")
def set_address(request: DashboardRequest, target: str) -> Response[str]:
    """Save the address that takes a target's email, from the page of a bounced delivery or of the target."""
    period = request.posted("period")
    check_names({"period": period} if period else {})
    controls = wired.stack.delivery_controls()
    controls.set_address(request.campaign, target, request.posted("email"), request.by, request.reason())
    return done(request, "address-saved", f"/deliveries/{period}/{target}" if period else f"/targets/{target}")


@buttons.post("/signatures/<signer>/remove", "manage")
def remove(request: DashboardRequest, signer: str) -> Response[str]:
    """Erase a letter."""
    arrived = wired.organizing.remove(request.campaign, signer, request.by, request.reason())
    return done(request, "removed-after-sending" if arrived else "removed", f"/signatures/{signer}")


@buttons.post("/signatures/<signer>/release", "manage")
def release_from_quarantine(request: DashboardRequest, signer: str) -> Response[str]:
    """Release a letter from quarantine, or from hold."""
    status = wired.organizing.release(request.campaign, signer, request.by, request.reason())
    what = _while_paused(request, "ended-hold") if status == "confirmed" else "released-letter"
    return done(request, what, f"/signatures/{signer}")
