"""Answers of an AWS account that the local stack lacks: its costs, by moto, and a request for a quota.

moto's server needs Flask, so a server of ours gives the AWS CLI's requests to moto. moto has made-up costs only, and no
requests for quotas: those get an answer of ours, which knows one quota and grants nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from werkzeug.wrappers import Request

LAMBDA_CONCURRENCY = ("lambda", "L-B99A9384")
"""Lambda's quota of concurrent executions: https://docs.aws.amazon.com/general/latest/gr/lambda-service.html."""

NEW_ACCOUNT = 10
"""How many concurrent executions many new accounts have."""

_SERVICE = re.compile(r"Credential=[^/]+/\d+/[\w-]+/([\w-]+)/aws4_request")
_RESULTS = "http://motoapi.amazonaws.com/moto-api/static/ce/cost-and-usage-results"


@dataclass(slots=True)
class Account:
    """Answers requests of the AWS CLI. `asked` has what each said, by operation."""

    asked: dict[str, list[Any]] = field(default_factory=dict)

    def cost(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Let moto's Cost Explorer give the next new question these results."""
        _by_moto("POST", _RESULTS, json.dumps({"results": [{"ResultsByTime": [*results]}]}).encode())

    def answer(self, request: Request) -> Response:
        """Answer a request in AWS's JSON protocol."""
        operation = (request.headers.get("X-Amz-Target", "")).rpartition(".")[2]
        body = request.get_data()
        values = json.loads(body)
        self.asked.setdefault(operation, []).append(values)
        if operation == "RequestServiceQuotaIncrease":
            return _for_a_quota(values)
        service = _SERVICE.search(request.headers.get("Authorization", ""))
        assert service
        return _by_moto(
            request.method, f"https://{service[1]}.us-east-1.amazonaws.com/", request.get_data(), request.headers
        )


def _by_moto(method: str, url: str, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> Response:
    named = HTTPHeaders()
    for name, value in headers:
        named[name] = value
    prepared = AWSPreparedRequest(method, url, named, body, stream_output=False)
    answered = BotocoreStubber().process_request(prepared)
    assert answered, f"moto has no {url}"
    status, answered_headers, said = answered
    content = said if isinstance(said, bytes) else said.encode()
    return Response(content, status, {str(name): str(value) for name, value in answered_headers.items()})


def _for_a_quota(values: Mapping[str, Any]) -> Response:
    """Answer as RequestServiceQuotaIncrease of the Service Quotas API does for an open request."""
    if (values["ServiceCode"], values["QuotaCode"]) != LAMBDA_CONCURRENCY:
        return _refused("NoSuchResourceException", "The specified resource does not exist.")
    if values["DesiredValue"] <= NEW_ACCOUNT:
        return _refused(
            "IllegalArgumentException", "You must provide a quota value greater than the current quota value"
        )
    requested = {"Id": "0" * 32, "QuotaName": "Concurrent executions", "Status": "PENDING", **values}
    return _json(200, {"RequestedQuota": requested})


def _refused(code: str, message: str) -> Response:
    return _json(400, {"__type": code, "message": message})


def _json(status: int, values: Mapping[str, Any]) -> Response:
    return Response(json.dumps(values), status, content_type="application/x-amz-json-1.1")
