"""Actions on deliveries and letters: the handlers of the dashboard's buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from functions.organizer_api.dashboard import recipient_page
from functions.organizer_api.dashboard_routes import DashboardRoutes, done, viewer_of
from undersigned.base.answers import dashboard_page
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import GivenError, NotNowError
from undersigned.base.posted import posted_values
from undersigned.campaigns.activity import perform
from undersigned.delivering.rules.deliveries import DeliveryKey, Settlement
from undersigned.organizing.actions import ACTIONS
from undersigned.wiring import cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.event_handler import Response

    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.people.requests import DashboardRequest

buttons = DashboardRoutes()


def _button(name: str) -> Callable[..., Response[str]]:
    """Return the handler of an action that is one function: it gets the ids of the address and the form's fields."""

    def pressed(request: DashboardRequest, **ids: str) -> Response[str]:
        given = {field: request.posted(field) for field, _ in ACTIONS[name].fields()}
        word = perform(request.stack, name, request.campaign, given | ids, request.by)
        return done(request, word, "".join(f"/{kind}s/{of}" for kind, of in ids.items()))

    pressed.__name__ = name.replace(" ", "_")
    return pressed


for _action in ("pause", "resume", "hold", "release", "lift stop", "count on paper"):
    buttons.does(_action)(_button(_action))


@buttons.does("deliver")
def deliver(request: DashboardRequest) -> Response[str]:
    """Send now: queue the letters that the page showed, for all targets or for one."""
    period, target = _period_of(request), request.posted_name("target")
    plan = cases(request.stack).delivering.controls.deliver(
        request.campaign, period, request.by, request.why(), seen_at=request.seen_at(), only=target
    )
    return done(request, "delivered" if plan.going else "not-delivered", f"/targets/{target}" if target else "")


def _period_of(request: DashboardRequest) -> str:
    return cases(request.stack).operating.overviews.period(cases(request.stack).campaigns.campaign(request.campaign))


def _while_paused(request: DashboardRequest, word: str) -> str:
    """Return the word for what was done; while the campaign is paused, nothing goes with the next delivery."""
    return f"{word}-while-paused" if cases(request.stack).campaigns.controls(request.campaign).paused else word


@buttons.does("correct address")
def set_address(request: DashboardRequest, target: str) -> Response[str]:
    """Save the address that takes a target's email, or remove it: its letters then go by hand or post."""
    typed, controls = request.address(), cases(request.stack).delivering.controls
    email = controls.set_address(request.campaign, target, typed, request.by, request.why())
    return done(request, "address-saved" if email else "address-removed", f"/targets/{target}")


@buttons.does("record answer")
def save_answer(request: DashboardRequest, target: str) -> Response[str]:
    """Save or delete an answer. After a mistake, show the form again with what was typed."""
    try:
        answer = cases(request.stack).delivering.controls.save_answer(
            request.campaign,
            target,
            request.posted("day"),
            request.posted("text"),
            request.by,
            is_public=request.ticked("public"),
            revision=request.posted("revision"),
        )
    except (GivenError, NotNowError) as error:
        typed = {name: request.posted(name) for name in ("day", "text", "public")}
        shown = recipient_page(request, viewer_of(request), target, typed=typed, error=error.detail)
        return dashboard_page(shown, status=error.status)
    return done(request, "answer-recorded" if answer else "answer-deleted", f"/targets/{target}")


@buttons.does("test")
def test(request: DashboardRequest, target: str) -> Response[str]:
    """Send the target's next email to the person who is signed in instead, as a test."""
    person, period = request.person, _period_of(request)
    cases(request.stack).delivering.controls.test(
        request.campaign, target, period, request.by, request.why(), who=person.id, to=person.email
    )
    return done(request, "test-sent", f"/targets/{target}")


@buttons.does("retry")
def retry(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Send a delivery again that bounced or is held, to the address that was typed beside the button."""
    controls = cases(request.stack).delivering.controls
    if "email" in posted_values(request.event):
        typed = request.address()
        if mistake := email_mistake(typed):
            raise GivenError(mistake)
        if typed != cases(request.stack).campaigns.target(request.campaign, target).email:
            controls.set_address(request.campaign, target, typed, request.by, request.why())
    opened = controls.retry(
        DeliveryKey(request.campaign, target, period), request.by, request.why(), revision=request.revision()
    )
    return done(request, _sent_again(opened), f"/deliveries/{period}/{target}")


def _sent_again(opened: Delivery) -> str:
    return "goes-by-hand" if opened.way == "by hand" else "retried"


@buttons.does("settle as sent")
def settle(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Settle a delivery: decide whether its email was sent. One that was not is sent again."""
    outcome, key = request.decision("outcome", get_args(Settlement)), DeliveryKey(request.campaign, target, period)
    settled = cases(request.stack).delivering.controls.settle(
        key, request.by, request.why(), outcome, revision=request.revision(required=True)
    )
    word = "settled-as-sent" if outcome == "sent" else _sent_again(settled)
    return done(request, word, f"/deliveries/{period}/{target}")


@buttons.does("close unsent")
def close_unsent(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Decide that the letters of a delivery are sent no more; the reason is required."""
    key, revision = DeliveryKey(request.campaign, target, period), request.revision(required=True)
    cases(request.stack).delivering.controls.close_unsent(key, request.by, request.why(), revision=revision)
    return done(request, "closed-unsent", f"/deliveries/{period}/{target}")


@buttons.does("hand over")
def hand_over(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Record the day on which an office got the letters of a delivery by hand, with a note."""
    key = DeliveryKey(request.campaign, target, period)
    cases(request.stack).delivering.controls.hand_over(
        key, request.day("day"), request.posted("note"), request.by, revision=request.revision(required=True)
    )
    return done(request, "handed-over", f"/deliveries/{period}/{target}")


@buttons.does("erase")
def erase(request: DashboardRequest, signer: str) -> Response[str]:
    """Erase a letter with everything personal in it; the reason is required."""
    arrived = cases(request.stack).counting.organizing.erase(request.campaign, signer, request.by, request.why())
    sheet = cases(request.stack).counting.organizing.letter(request.campaign, signer).sheet if arrived else ""
    word = "erased-on-paper" if sheet else "erased-after-sending" if arrived else "erased"
    return done(request, word, f"/signatures/{signer}")


@buttons.does("release from quarantine")
def release_letter(request: DashboardRequest, signer: str) -> Response[str]:
    """Release a letter from quarantine, or from hold."""
    status = cases(request.stack).counting.organizing.release(request.campaign, signer, request.by, request.why())
    word = _while_paused(request, "ended-hold") if status == "confirmed" else "released-letter"
    return done(request, word, f"/signatures/{signer}")
