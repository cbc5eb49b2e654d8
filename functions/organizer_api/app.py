"""The organizers' API: exact counts, for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from undersigned.domain.languages import SOURCE, Message
from undersigned.http.answers import Problem, data, problem
from undersigned.http.methods import answering_head
from undersigned.services.organizing import KeyRefusedError
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
organizing = Wiring.of_environment().organizing()

COUNTED_BY = ("target", "day")


@answering_head
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request of the HTTP API."""
    return app.resolve(event, context)


@app.get("/organizer/campaigns/<campaign>/counts")
def counts(campaign: str) -> Response[str]:
    """Tell the counts by target or by day."""
    by = app.current_event.query_string_parameters.get("by", "target")
    if by not in COUNTED_BY:
        detail = Message("Add ?by=%(ways)s to the address.", {"ways": " or ?by=".join(COUNTED_BY)})
        return problem(Problem(400, Message("Counted by what?"), detail), SOURCE, as_json=True)
    found = organizing.counts(campaign, _key(), by)
    return data({"campaign": campaign, "signatures": found.total, "by": by, "counts": dict(found.by)})


def _key() -> str:
    scheme, _, key = (app.current_event.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "no key was sent"
        raise KeyRefusedError(message)
    return key.strip()


def _answer_refused(_error: KeyRefusedError) -> Response[str]:
    detail = Message(
        "Send `Authorization: Bearer <key>` with a key of this campaign; `undersigned key create` makes one."
    )
    answer = problem(Problem(401, Message("This needs a key"), detail), SOURCE, as_json=True)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer_no_route(_error: Exception) -> Response[str]:
    detail = Message("Counts are at /organizer/campaigns/{campaign}/counts.")
    return problem(Problem(404, Message("There is nothing at this address"), detail), SOURCE, as_json=True)


app.exception_handler(KeyRefusedError)(_answer_refused)
app.not_found(_answer_no_route)
