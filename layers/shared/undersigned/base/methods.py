"""HEAD requests: answered like GET, without the body (RFC 9110, 9.3.2)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    type Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def answering_head(handler: Handler) -> Handler:
    """Make a handler of HTTP API events answer HEAD, too. Powertools' resolver would need a second route for each."""

    @wraps(handler)
    def answer(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = event["requestContext"]
        if request["http"]["method"] != "HEAD":
            return handler(event, context)
        as_get = {**event, "requestContext": {**request, "http": {**request["http"], "method": "GET"}}}
        return {**handler(as_get, context), "body": "", "isBase64Encoded": False}

    return answer
