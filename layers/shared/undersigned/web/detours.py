"""Detours: requests that don't come through the proxy that is the only way to the stack."""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.domain.proxies import Proxy
    from undersigned.web.methods import Handler

_REFUSAL = {
    "type": "about:blank",
    "title": "This address is closed",
    "status": 403,
    "detail": "Use the public address of these pages.",
}


def refusing_detours(proxy: Callable[[], Proxy]) -> Callable[[Handler], Handler]:
    """Make a handler of HTTP API events refuse requests on a way that is closed."""

    def refusing(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
            return handler(event, context) if proxy().admits(event["headers"]) else _refused()

        return answer

    return refusing


def _refused() -> dict[str, Any]:
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    body = json.dumps(_REFUSAL)
    return {"statusCode": 403, "headers": headers, "body": body, "isBase64Encoded": False, "cookies": []}
