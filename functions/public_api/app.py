"""The public API: the front page, the form, the confirmation, pages of signers and offices, the count and assets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from undersigned.base.errors import NotFoundError, UndersignedError, problem_of
from undersigned.base.last_slash import without_last_slash
from undersigned.base.methods import answering_head
from undersigned.base.reader import language_for, wants_json
from undersigned.base.routes import Request
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.campaigns import routes as campaigns
from undersigned.campaigns.problem_page import problem
from undersigned.delivering.routes import office, own_letter, packets
from undersigned.signing import routes as signing
from undersigned.signing.sites import check_site, readable

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.base.methods import Handler

TABLES = (signing.routes, campaigns.routes, own_letter.routes, packets.routes, office.routes)


def make_handler(stack: Stack) -> Handler:
    """Make the handler of a stack. Scripts on a campaign's sites may read its answers."""
    app = APIGatewayHttpResolver()
    for table in TABLES:
        table.add_to(app, stack)

    def request() -> Request:
        return Request(stack, app.current_event)

    def refuse_foreign_posts(app: APIGatewayHttpResolver, answer: NextMiddleware) -> Response[str]:
        check_site(request())
        return answer(app)

    app.use([refuse_foreign_posts])
    app.exception_handler(UndersignedError)(lambda error: signing.answer_error(request(), error))
    app.not_found(lambda _error: _answer_no_route(app.current_event))

    @answering_head
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return readable(stack, event, app.resolve(event, context))

    return handler


def _answer_no_route(event: APIGatewayProxyEventV2) -> Response[str]:
    no_page = problem_of(NotFoundError(), "signer")
    return without_last_slash(event) or problem(no_page, language_for(event), as_json=wants_json(event))


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "secret_arn",
            "packet_bucket",
            "forms_a_minute",
            "accepts_reserved_domains",
            "packet_days",
            "schedule",
            "public_url",
            "cdn_proof_arn",
            "people_mails_url",
        )
    )
)
