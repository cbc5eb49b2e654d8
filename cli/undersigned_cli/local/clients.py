"""The endpoint of AWS clients: moto's own server application, and the functions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Response

from undersigned_cli.local.account import CALLED, LOCK
from undersigned_cli.local.serving import as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from undersigned_cli.local.serving import Answer

_INVOCATION = re.compile(r"/2015-03-31/functions/(?P<function>\w+)/invocations")


def endpoint(invoke: Callable[[str, Any], Any]) -> Answer:
    """Return the handler of all requests of AWS clients. `invoke` invokes a function by its logical id."""
    moto = DomainDispatcherApplication(create_backend_app)

    def answer(request: Request) -> Response:
        if found := _INVOCATION.fullmatch(request.path):
            return _invoked(lambda: invoke(found["function"], json.loads(request.get_data())))
        with LOCK:
            answered = Response.from_app(moto, request.environ, buffered=True)
        CALLED.set()
        return answered

    return answer


def _invoked(run: Callable[[], Any]) -> Response:
    try:
        return as_json(run())
    except Exception as error:  # noqa: BLE001  (any error of a function is its answer)
        failed = as_json({"errorType": type(error).__name__, "errorMessage": str(error)})
        failed.headers["X-Amz-Function-Error"] = "Unhandled"
        return failed
