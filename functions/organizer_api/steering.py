"""Steering: pause, approve, hold, retry and try deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import Asked, Routes
from undersigned.domain.deliveries import DeliveryKey
from undersigned.http.answers import data

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

routes = Routes()


@routes.post("/pause", "manage")
def pause(asked: Asked) -> Response[str]:
    """Let nothing more of a campaign go out."""
    wired.wiring.steering_wheel().pause(asked.campaign, asked.by, asked.why())
    return data({"paused": True})


@routes.post("/resume", "manage")
def resume(asked: Asked) -> Response[str]:
    """Let a campaign go on with the next plan."""
    wired.wiring.steering_wheel().resume(asked.campaign, asked.by, asked.why())
    return data({"paused": False})


@routes.post("/deliveries/<period>/approve", "manage")
def approve(asked: Asked, period: str) -> Response[str]:
    """Approve a period's deliveries, and queue them."""
    plan = wired.wiring.steering_wheel().approve(asked.campaign, period, asked.by, asked.why())
    return data({"period": period, "queued": [key.target for key in plan.queued]})


@routes.post("/targets/<target>/hold", "manage")
def hold(asked: Asked, target: str) -> Response[str]:
    """Hold one target's letters back, for a reason."""
    why = asked.why(required=True)
    wired.wiring.steering_wheel().hold(asked.campaign, target, asked.by, why)
    return data({"target": target, "hold": why})


@routes.post("/targets/<target>/release", "manage")
def release(asked: Asked, target: str) -> Response[str]:
    """Let a target's letters go again, with the next plan."""
    wired.wiring.steering_wheel().release(asked.campaign, target, asked.by, asked.why())
    return data({"target": target, "hold": None})


@routes.post("/targets/<target>/test", "manage")
def test(asked: Asked, target: str) -> Response[str]:
    """Send the mail that would go now to the organizer instead."""
    wired.wiring.steering_wheel().test(asked.campaign, target, wired.wiring.period(), asked.by, asked.why())
    return data({"target": target, "status": "queued"}, status=202)


@routes.post("/deliveries/<period>/<target>/retry", "manage")
def retry(asked: Asked, period: str, target: str) -> Response[str]:
    """Send a delivery that failed, came back or is held, once more."""
    wired.wiring.steering_wheel().retry(DeliveryKey(asked.campaign, target, period), asked.by, asked.why())
    return data({"target": target, "period": period, "status": "queued"}, status=202)
