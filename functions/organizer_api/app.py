"""The dashboard of organizers, and what programs with a key can read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from undersigned.base.errors import NotFoundError, UndersignedError, problem_of
from undersigned.base.languages import SOURCE
from undersigned.base.last_slash import without_last_slash
from undersigned.base.methods import answering_head
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.campaigns.problem_page import problem
from undersigned.organizing.routes import (
    buttons,
    campaign,
    dashboard,
    deleting,
    deliveries,
    exports,
    front,
    next_deliveries,
    screening,
    signatures,
)
from undersigned.people.routes import keys, people, sign_in
from undersigned.people.routes.buttons import other_buttons
from undersigned.people.routes.dashboard import language_of
from undersigned.workshop.routes import new_campaign, preview, publishing, recipients, steps, versions

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.methods import Handler

_OWN = (
    campaign.routes,
    signatures.routes,
    exports.routes,
    next_deliveries.routes,
    deliveries.routes,
    front.routes,
    sign_in.routes,
    sign_in.of_session,
    dashboard.pages,
    buttons.buttons,
    screening.pages,
    people.pages,
    keys.pages,
    new_campaign.routes,
    steps.pages,
    recipients.pages,
    preview.pages,
    versions.pages,
    publishing.pages,
    deleting.pages,
)
TABLES = (*_OWN, other_buttons(_OWN))


def make_handler(stack: Stack) -> Handler:
    """Make the handler of a stack."""
    app = APIGatewayHttpResolver()
    for table in TABLES:
        table.add_to(app, stack)
    app.exception_handler(UndersignedError)(_answer_error)
    app.not_found(lambda _error: _answer_no_route(app))

    @answering_head
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return app.resolve(event, context)

    return handler


def _answer_error(error: UndersignedError) -> Response[str]:
    found = problem_of(error, "program")
    answer = problem(found, SOURCE, as_json=True)
    if found.status == 401:  # noqa: PLR2004  (RFC 9110, 15.5.2, requires the header)
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer_no_route(app: APIGatewayHttpResolver) -> Response[str]:
    event = app.current_event
    if redirect := without_last_slash(event):
        return redirect
    if "text/html" in (event.headers.get("accept") or ""):
        return problem(problem_of(NotFoundError(), "organizer"), language_of(event), as_json=False)
    return _answer_error(NotFoundError("/openapi.json lists every address"))


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "secret_arn",
            "organizers_secret_arn",
            "sender_address",
            "packet_bucket",
            "draft_bucket",
            "delivery_queue_url",
            "export_queue_url",
            "people_mails_url",
            "schedule",
            "plans_at_once",
            "public_url",
            "cdn_proof_arn",
        )
    )
)
