"""Delivery controls: pause, resume, approve, hold, release, retry, settle and test, and targets' addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.next_deliveries import line_values
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.deliveries import DeliveryKey, Settlement
from undersigned.domain.languages import Message
from undersigned.web.answers import data
from undersigned.web.organizer_requests import posted_text
from undersigned.web.posted import RequestError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.web.organizer_requests import ApiRequest

routes = campaign_routes()


@routes.post("/pause", "manage")
def pause(request: ApiRequest) -> Response[str]:
    """Pause a campaign's deliveries."""
    wired.stack.delivery_controls().pause(request.campaign, request.by, request.why())
    return data({"paused": True})


@routes.post("/resume", "manage")
def resume(request: ApiRequest) -> Response[str]:
    """Resume a campaign's deliveries, from the next plan on."""
    wired.stack.delivery_controls().resume(request.campaign, request.by, request.why())
    return data({"paused": False})


@routes.post("/deliveries/<period>/approve", "manage")
def approve(request: ApiRequest, period: str) -> Response[str]:
    """Approve a period's deliveries, for letters that had come at `look`, and queue them."""
    controls = wired.stack.delivery_controls()
    again, look = request.flag("again"), request.look()
    plan = controls.approve(request.campaign, period, request.by, request.why(), look=look, again=again)
    return data({"period": period, "queued": [key.target for key in plan.queued]})


@routes.post("/deliveries/next", "manage")
def deliver(request: ApiRequest) -> Response[str]:
    """Queue what waits now, for all targets or for one, instead of at the campaign's hour."""
    if request.event.query_string_parameters:
        raise RequestError(
            400,
            Message("We can’t read this address"),
            Message("Put what you want in the body, as JSON: `target`, `again` and `why`."),
        )
    period = wired.stack.period(request.campaign)
    target = request.posted_name("target")
    plan = wired.stack.delivery_controls().deliver(
        request.campaign, period, request.by, request.why(), only=target, again=request.flag("again")
    )
    return data({"period": period, "deliveries": [line_values(line) for line in plan.lines]}, status=202)


@routes.post("/targets/<target>/hold", "manage")
def hold(request: ApiRequest, target: str) -> Response[str]:
    """Hold one target's letters; the reason is required."""
    why = request.why(required=True)
    wired.stack.delivery_controls().hold(request.campaign, target, request.by, why)
    return data({"target": target, "hold": why})


@routes.post("/targets/<target>/release", "manage")
def release(request: ApiRequest, target: str) -> Response[str]:
    """Release a target's letters for the next plan."""
    wired.stack.delivery_controls().release(request.campaign, target, request.by, request.why())
    return data({"target": target, "hold": None})


@routes.post("/targets/<target>/address", "manage")
def set_address(request: ApiRequest, target: str) -> Response[str]:
    """Save the address that takes a target's email: a corrected one, or the same one, which works again."""
    controls = wired.stack.delivery_controls()
    email = controls.set_address(
        request.campaign, target, posted_text(request.event, "email"), request.by, request.why()
    )
    return data({"target": target, "email": email})


@routes.post("/targets/<target>/test", "manage")
def test(request: ApiRequest, target: str) -> Response[str]:
    """Send the target's next email to the organizer instead, as a test."""
    wired.stack.delivery_controls().test(
        request.campaign, target, wired.stack.period(request.campaign), request.by, request.why(), who=request.by
    )
    return data({"target": target, "status": "queued"}, status=202)


@routes.post("/deliveries/<period>/<target>/retry", "manage")
def retry(request: ApiRequest, period: str, target: str) -> Response[str]:
    """Send a delivery again that bounced or is held."""
    key = DeliveryKey(request.campaign, target, period)
    controls = wired.stack.delivery_controls()
    controls.retry(key, request.by, request.why(), again=request.flag("again"), revision=request.revision())
    return data({"target": target, "period": period, "status": "queued"}, status=202)


@routes.post("/deliveries/<period>/<target>/settle", "manage")
def settle(request: ApiRequest, period: str, target: str) -> Response[str]:
    """Decide what became of the email of a delivery. If it was not sent, it is sent again."""
    outcome, key = request.decision("outcome", get_args(Settlement)), DeliveryKey(request.campaign, target, period)
    controls = wired.stack.delivery_controls()
    again, revision = request.flag("again"), request.revision(required=True)
    settled = controls.settle(key, request.by, request.why(), outcome, again=again, revision=revision)
    return data({"target": target, "period": period, "state": settled.state})
