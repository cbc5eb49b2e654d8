"""The dashboard of organizers, and what programs with a key can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from functions.organizer_api import (
    actions,
    campaign,
    dashboard,
    deliveries,
    exports,
    keys,
    new_campaign,
    next_deliveries,
    people,
    screening,
    session,
    sign_in,
    signatures,
    workshop,
    workshop_preview,
    workshop_publishing,
    workshop_recipients,
    workshop_versions,
)
from functions.organizer_api.dashboard_routes import language_of
from undersigned.base.errors import NotFoundError, UndersignedError, problem_of
from undersigned.base.languages import SOURCE
from undersigned.base.last_slash import without_last_slash
from undersigned.base.methods import answering_head
from undersigned.campaigns.problem_page import problem

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
# The first route that matches an address answers it, so `deliveries/next` comes before `deliveries/<period>`.
for module in (campaign, signatures, exports, next_deliveries, deliveries):
    app.include_router(module.routes.router)
for router in (
    session.routes.router,
    sign_in.router,
    dashboard.pages.router,
    actions.buttons.router,
    screening.pages.router,
    people.pages.router,
    keys.pages.router,
    new_campaign.routes.router,
    workshop.pages.router,
    workshop_recipients.pages.router,
    workshop_preview.pages.router,
    workshop_versions.pages.router,
    workshop_publishing.pages.router,
):
    app.include_router(router)


@answering_head
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the HTTP API."""
    return app.resolve(event, context)


def _answer_error(error: UndersignedError) -> Response[str]:
    found = problem_of(error, "program")
    answer = problem(found, SOURCE, as_json=True)
    if found.status == 401:  # noqa: PLR2004  (RFC 9110, 15.5.2, requires the header)
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer_no_route(_error: Exception) -> Response[str]:
    event = app.current_event
    if redirect := without_last_slash(event):
        return redirect
    if "text/html" in (event.headers.get("accept") or ""):
        return problem(problem_of(NotFoundError(), "organizer"), language_of(event), as_json=False)
    return _answer_error(NotFoundError("/openapi.json lists every address"))


app.exception_handler(UndersignedError)(_answer_error)
app.not_found(_answer_no_route)
