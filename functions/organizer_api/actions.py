"""Actions on deliveries and letters: each handler answers a program, and a button of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, get_args

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import dashboard_routes, done
from functions.organizer_api.next_deliveries import line_values
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.delivering.deliveries import DeliveryKey, Settlement
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message
from undersigned.domain.signing.addresses import email_mistake
from undersigned.web.answers import data
from undersigned.web.organizer_requests import DashboardRequest, posted_text
from undersigned.web.posted import UNREADABLE_ADDRESS, ProgramError, posted_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.people.actions import Action
    from undersigned.web.organizer_requests import ApiRequest

    type Handler = Callable[..., Done]

routes, buttons = campaign_routes(), dashboard_routes()


@dataclass(frozen=True, slots=True)
class Done:
    """The result of an action: the API's answer, and the dashboard's page, with the word for its sentence there."""

    values: Mapping[str, object]
    word: str
    page: str = ""
    status: int = 200


def does(action: Action) -> Callable[[Handler], Handler]:
    """Register a handler for an action, for programs and for the dashboard's button."""

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(request: ApiRequest, **names: str) -> Response[str]:
            made = handler(request, **names)
            return data(made.values, status=made.status)

        @wraps(handler)
        def go_on(request: DashboardRequest, **names: str) -> Response[str]:
            made = handler(request, **names)
            return done(request, made.word, made.page)

        routes.does(action)(answer)
        buttons.does(action)(go_on)
        return handler

    return register


@does("pause")
def pause(request: ApiRequest) -> Done:
    """Pause a campaign's deliveries."""
    wired.stack.delivering.controls.pause(request.campaign, request.by, request.why())
    return Done({"paused": True}, "paused")


@does("resume")
def resume(request: ApiRequest) -> Done:
    """Resume a campaign's deliveries, from the next plan on."""
    wired.stack.delivering.controls.resume(request.campaign, request.by, request.why())
    return Done({"paused": False}, "resumed")


@does("approve")
def approve(request: ApiRequest, period: str) -> Done:
    """Approve a period's deliveries, for letters that had come at `look`, and queue them."""
    controls, look = wired.stack.delivering.controls, request.look()
    plan = controls.approve(request.campaign, period, request.by, request.why(), look=look, again=request.again)
    return Done({"period": period, "queued": [key.target for key in plan.queued]}, "approved")


@does("deliver")
def deliver(request: ApiRequest) -> Done:
    """Queue the letters that wait, for all targets or for one, without waiting for the campaign's hour."""
    if request.event.query_string_parameters:
        raise ProgramError(
            Message("Put what you want in the body, as JSON: `target`, `again` and `why`."), UNREADABLE_ADDRESS
        )
    period, target = _period_of(request), request.posted_name("target")
    plan = wired.stack.delivering.controls.deliver(
        request.campaign, period, request.by, request.why(), only=target, again=request.again
    )
    values = {"period": period, "deliveries": [line_values(line) for line in plan.lines]}
    return Done(values, "delivered" if plan.going else "not-delivered", f"/targets/{target}" if target else "", 202)


def _period_of(request: ApiRequest) -> str:
    return wired.stack.operating.overviews.period(wired.stack.campaigns.campaign(request.campaign))


@does("hold")
def hold(request: ApiRequest, target: str) -> Done:
    """Hold one target's letters; the reason is required."""
    why = request.why(required=True)
    wired.stack.delivering.controls.hold(request.campaign, target, request.by, why)
    return Done({"target": target, "hold": why}, "held", f"/targets/{target}")


@does("release")
def release(request: ApiRequest, target: str) -> Done:
    """Release a target's letters for the next plan."""
    wired.stack.delivering.controls.release(request.campaign, target, request.by, request.why())
    return Done({"target": target, "hold": None}, _while_paused(request, "released"), f"/targets/{target}")


def _while_paused(request: ApiRequest, word: str) -> str:
    """Return the word for what was done; while the campaign is paused, nothing goes with the next delivery."""
    return f"{word}-while-paused" if wired.stack.campaigns.controls(request.campaign).paused else word


@does("correct address")
def set_address(request: ApiRequest, target: str) -> Done:
    """Save the address that takes a target's email, or remove it: its letters then go by hand or post."""
    typed, controls = request.address(), wired.stack.delivering.controls
    email = controls.set_address(request.campaign, target, typed, request.by, request.why())
    word = "address-saved" if email else "address-removed"
    return Done({"target": target, "email": email}, word, f"/targets/{target}")


@does("send resume link")
def send_resume_link(request: ApiRequest, target: str) -> Done:
    """Send the mailbox that was stopped the link that resumes once more."""
    wired.stack.delivering.controls.send_resume_link(request.campaign, target, request.by, request.why())
    return Done({"target": target, "status": "queued"}, "link-sent", f"/targets/{target}", status=202)


@does("accept address")
def answer_address(request: ApiRequest, target: str) -> Done:
    """Accept or decline the address that a target's office asked for."""
    answer, controls = request.decision("answer", ("accept", "decline")), wired.stack.delivering.controls
    decide = controls.accept_address if answer == "accept" else controls.decline_address
    decide(request.campaign, target, posted_text(request.event, "asked"), request.by, request.why())
    email = wired.stack.campaigns.target(request.campaign, target).email
    word = "address-saved" if answer == "accept" else "address-declined"
    return Done({"target": target, "email": email}, word, f"/targets/{target}")


@does("count on paper")
def count_on_paper(request: ApiRequest, target: str) -> Done:
    """Keep how many letters to a target were signed on paper."""
    typed = posted_values(request.event).get("letters", "")
    counted = wired.stack.delivering.controls.count_on_paper(request.campaign, target, str(typed), request.by)
    return Done({"target": target, "on_paper": counted.letters}, "counted", f"/targets/{target}")


@does("test")
def test(request: ApiRequest, target: str) -> Done:
    """Send the target's next email to the person who is signed in instead, as a test; with a key, to the organizer."""
    person, period = request.person, _period_of(request)
    who, to = (person.id, person.email) if person else (request.by, None)
    wired.stack.delivering.controls.test(request.campaign, target, period, request.by, request.why(), who=who, to=to)
    return Done(
        {"target": target, "status": "queued"}, "test-sent" if person else "tested", f"/targets/{target}", status=202
    )


@does("retry")
def retry(request: ApiRequest, period: str, target: str) -> Done:
    """Send a delivery again that bounced or is held, to the address that was typed beside the dashboard's button."""
    if isinstance(request, DashboardRequest) and "email" in posted_values(request.event):
        typed = request.address()
        if mistake := email_mistake(typed):
            raise GivenError(mistake)
        if typed != wired.stack.campaigns.target(request.campaign, target).email:
            wired.stack.delivering.controls.set_address(request.campaign, target, typed, request.by, request.why())
    wired.stack.delivering.controls.retry(
        DeliveryKey(request.campaign, target, period),
        request.by,
        request.why(),
        again=request.again,
        revision=request.revision(),
    )
    values = {"target": target, "period": period, "status": "queued"}
    return Done(values, "retried", f"/deliveries/{period}/{target}", status=202)


_SETTLED: Mapping[Settlement, str] = {
    "sent": "settled-as-sent",
    "not sent": "retried",
    "by hand": "goes-by-hand",
    "given up": "given-up",
}


@does("settle as sent")
def settle(request: ApiRequest, period: str, target: str) -> Done:
    """Settle a delivery: decide whether its email was sent. One that was not is sent again."""
    outcome, key = request.decision("outcome", get_args(Settlement)), DeliveryKey(request.campaign, target, period)
    settled = wired.stack.delivering.controls.settle(
        key, request.by, request.why(), outcome, again=request.again, revision=request.revision(required=True)
    )
    values = {"target": target, "period": period, "state": settled.state}
    return Done(values, _SETTLED[outcome], f"/deliveries/{period}/{target}")


@does("hand over")
def hand_over(request: ApiRequest, period: str, target: str) -> Done:
    """Record the day on which an office got the letters of a delivery by hand, with a note."""
    key, note = DeliveryKey(request.campaign, target, period), posted_text(request.event, "note")
    handed = wired.stack.delivering.controls.hand_over(
        key, request.day("day"), note, request.by, revision=request.revision(required=True)
    )
    values = {"target": target, "period": period, "state": handed.state}
    return Done(values, "handed-over", f"/deliveries/{period}/{target}")


@does("take back")
def take_back(request: ApiRequest, period: str, target: str) -> Done:
    """Undo the record that an office got the letters of a delivery by hand."""
    key = DeliveryKey(request.campaign, target, period)
    back = wired.stack.delivering.controls.take_back(
        key, request.by, request.why(), revision=request.revision(required=True)
    )
    values = {"target": target, "period": period, "state": back.state}
    return Done(values, "took-back", f"/deliveries/{period}/{target}")


@does("erase")
def erase(request: ApiRequest, signer: str) -> Done:
    """Erase a letter with everything personal in it; the reason is required."""
    arrived = wired.organizing.erase(request.campaign, signer, request.by, request.why(required=True))
    sheet = wired.organizing.letter(request.campaign, signer).sheet if arrived else ""
    period = arrived.period if arrived else None
    values = {"id": signer, "status": "erased", "arrived_with": period, "sheet": sheet or None}
    word = "erased-on-paper" if sheet else "erased-after-sending" if arrived else "erased"
    return Done(values, word, f"/signatures/{signer}")


@does("release from quarantine")
def release_letter(request: ApiRequest, signer: str) -> Done:
    """Release a letter from quarantine, or from hold."""
    status = wired.organizing.release(request.campaign, signer, request.by, request.why())
    word = _while_paused(request, "ended-hold") if status == "confirmed" else "released-letter"
    return Done({"id": signer, "status": status}, word, f"/signatures/{signer}")
