"""What offices answered, as API and on a recipient's page: record an answer, and delete it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard import recipient_page
from functions.organizer_api.dashboard_routes import dashboard_routes, done, viewer_of
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.errors import GivenError, NotNowError
from undersigned.web.answers import dashboard_page, data
from undersigned.web.organizer_requests import posted_text
from undersigned.web.signing.signer_values import answer_values

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.domain.delivering.answers import Answer
    from undersigned.web.organizer_requests import ApiRequest, DashboardRequest

routes, pages = campaign_routes(), dashboard_routes()


@routes.get("/targets/<target>/answers", "read")
def list_answers(request: ApiRequest, target: str) -> Response[str]:
    """List a target's answers, newest first."""
    known = wired.stack.campaigns.target(request.campaign, target)
    found = wired.stack.delivering.answering.of_target(request.campaign, known)
    return data({"answers": [_values(answer) for answer in found]})


@routes.does("record answer")
def record_answer(request: ApiRequest, target: str) -> Response[str]:
    """Record an answer."""
    return data(_values(_record(request, target, is_public=request.flag("public"))), status=201)


@routes.does("delete answer")
def delete_answer(request: ApiRequest, target: str, answer: str) -> Response[str]:
    """Delete an answer."""
    wired.stack.delivering.answering.delete(request.campaign, target, answer, request.by)
    return data({"target": target, "id": answer})


@pages.does("record answer")
def record(request: DashboardRequest, target: str) -> Response[str]:
    """Record an answer. After a mistake, show the form again with what was typed."""
    try:
        _record(request, target, is_public=request.ticked("public"))
    except (GivenError, NotNowError) as error:
        typed = {name: request.posted(name) for name in ("day", "text", "public")}
        shown = recipient_page(viewer_of(request), target, typed=typed, error=error.on_page)
        return dashboard_page(shown, status=400 if isinstance(error, GivenError) else 409)
    return done(request, "answer-recorded", f"/targets/{target}")


@pages.does("delete answer")
def delete(request: DashboardRequest, target: str, answer: str) -> Response[str]:
    """Delete an answer."""
    wired.stack.delivering.answering.delete(request.campaign, target, answer, request.by)
    return done(request, "answer-deleted", f"/targets/{target}")


def _record(request: ApiRequest, target: str, *, is_public: bool) -> Answer:
    day, text = (posted_text(request.event, name) for name in ("day", "text"))
    answering = wired.stack.delivering.answering
    return answering.record(request.campaign, target, day, text, request.by, is_public=is_public)


def _values(answer: Answer) -> dict[str, object]:
    return {
        "id": answer.id,
        **answer_values(answer),
        "public": answer.is_public,
        "by": answer.by,
        "at": answer.at.isoformat(),
    }
