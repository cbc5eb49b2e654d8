"""CPU time of public_api's handler for a form, a signature, a confirmation and a count, with AWS's answers stubbed.

botocore builds, signs and reads each request as ever; only the connection is replaced, by answers from the items that
the same steps left in a table in memory. So the figure is what our code and its libraries take, without any network.
"""

from __future__ import annotations

import importlib
import io
import json
import secrets
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, override
from urllib.parse import urlencode

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.goals import Benchmark, Limit
from tests.aws_from_template import environment_of
from tests.world import ADA, CAMPAIGN, CONTEXT, client_of, load_event, world
from undersigned.aws.counts import counter_key
from undersigned.aws.signatures import signature_key
from undersigned.aws.stream import read_change
from undersigned.domain.signatures import signer_id
from undersigned.domain.tallies import TOTAL
from undersigned.services.ports import Post
from undersigned.settings import Settings
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from benchmarks.goals import Figures, Size
    from undersigned.rendering.mails import Mail

SIGNED = (1, 1_000_000)
WARM_UP = 50
REQUESTS: dict[Size, int] = {"full": 400, "small": 20}
REPEATS: dict[Size, int] = {"full": 5, "small": 1}

GOALS = (
    Limit("sign, *", ("cpu_ms",), at_most=4, timed=True),
    Limit("confirm, *", ("cpu_ms",), at_most=3, timed=True),
)

type Item = dict[str, Any]
type Handler = Callable[[Any, Any], Any]


def measure(size: Size) -> Figures:
    """Return CPU milliseconds a request, the median of some runs, for each step and number of signatures."""
    recorded = _record()
    figures: Figures = {}
    for signed in SIGNED:
        aws = _StubbedAws(recorded, signed)
        with pytest.MonkeyPatch.context() as monkeypatch:
            handler = _handler(monkeypatch, aws, recorded.now)
            for step in _steps(recorded, signed):
                cost = _cpu_ms(handler, aws, step, REQUESTS[size], REPEATS[size])
                figures[f"{step.name}, {signed:,} signed"] = {"cpu_ms": round(cost, 2)}
    return figures | _of_stream(REQUESTS[size], REPEATS[size])


def _of_stream(times: int, repeats: int) -> Figures:
    """Return the CPU milliseconds that the stream's readers take for a record and, with SES stubbed, for an email."""
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch, fast=True) as made:
        assert made.sign().status == 303
        [record] = made.new_records()
        [signature] = read_change(record).asking
        text = json.dumps(record)
        wired = importlib.import_module("functions.send_confirmations.wired")
        confirmations = replace(wired.confirmations, post=_Written())

        def send() -> None:
            assert confirmations.send(replace(signature, signer=secrets.token_hex(16)), claims=False) == "sent"

        return {
            "read a record of the stream": {
                "cpu_ms": round(_median_ms(lambda: read_change(json.loads(text)), times, repeats), 3)
            },
            "send a confirmation email": {"cpu_ms": round(_median_ms(send, times, repeats), 2)},
        }


class _Written(Post):
    """Writes emails as for SES, and sends none."""

    @override
    def get_ready(self) -> None:
        pass

    @override
    def send(self, mail: Mail) -> str:
        return str(len(mail.as_bytes()))

    @override
    def is_slow(self, emails: int, seconds: float) -> bool:
        return False

    @override
    def has_quota(self) -> bool:
        return True


def _median_ms(act: Callable[[], object], times: int, repeats: int) -> float:
    runs = []
    for _ in range(1 + repeats):
        start = time.process_time()
        for _ in range(times):
            act()
        runs.append((time.process_time() - start) / times * 1000)
    return statistics.median(runs[1:])


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A stack in which one person has signed and confirmed: its items, the person's own apart, and what was sent."""

    items: Mapping[tuple[str, str], Item]
    confirmed: Item
    secret: str
    form: str
    confirm: str
    now: datetime


def _record() -> _Recorded:
    with pytest.MonkeyPatch.context() as monkeypatch, world(monkeypatch) as made:
        confirm = made.confirmed().link("confirm")
        secret = made.wiring.secret()
        found = client_of("dynamodb").scan(TableName=made.wiring.settings.table_name)["Items"]
        items = {(item["pk"]["S"], item["sk"]["S"]): item for item in found}
        confirmed = items.pop(signature_key(CAMPAIGN, signer_id(secret, str(ADA["email"]))))
        return _Recorded(items, confirmed, secret, made.form(), confirm, made.clock.now)


@dataclass(frozen=True, slots=True)
class _Step:
    """A request, the call to AWS that it is made for, and how to see that it did what it is for."""

    name: str
    event: str
    call: str
    has_happened: Callable[[Any, Any], bool]
    """Takes the handler's answer, and what was asked of AWS in that call."""


def _steps(recorded: _Recorded, signed: int) -> tuple[_Step, ...]:
    form = {**ADA, "form": recorded.form}
    return (
        _Step(
            "sign",
            _event("POST", f"/campaigns/{CAMPAIGN}/signatures", form),
            "UpdateItem",
            lambda answer, asked: answer["statusCode"] == 303 and str(ADA["name"]) in json.dumps(asked),
        ),
        _Step(
            "confirm",
            _event("POST", recorded.confirm, {}),
            "UpdateItem",
            lambda answer, asked: answer["statusCode"] == 200 and '"confirmed"' in json.dumps(asked),
        ),
        _Step(
            "count",
            _event("GET", f"/campaigns/{CAMPAIGN}/count"),
            "GetItem",
            lambda answer, _: json.loads(answer["body"])["signatures"] == signed,
        ),
        _Step(
            "form",
            _event("GET", f"/campaigns/{CAMPAIGN}", accept="text/html"),
            "GetItem",
            lambda answer, _: answer["statusCode"] == 200 and 'name="postal_code"' in answer["body"],
        ),
    )


def _event(method: str, path: str, values: dict[str, object] | None = None, *, accept: str | None = None) -> str:
    event = load_event("public_api_get_campaign")
    if accept:
        event["headers"]["accept"] = accept
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    if values is not None:
        event["headers"]["content-type"] = "application/x-www-form-urlencoded"
        event["body"] = urlencode(values)
    return json.dumps(event)


def _cpu_ms(handler: Handler, aws: _StubbedAws, step: _Step, requests: int, repeats: int) -> float:
    answer = handler(json.loads(step.event), CONTEXT)
    assert step.has_happened(answer, aws.asked[step.call]), (step.name, answer)
    aws.calls.clear()
    _run(handler, step, WARM_UP)
    times = [_run(handler, step, requests) for _ in range(repeats)]
    assert aws.calls[step.call] >= WARM_UP + repeats * requests
    return statistics.median(times)


def _run(handler: Handler, step: _Step, requests: int) -> float:
    """Return the milliseconds of CPU that each of so many requests took."""
    events = [json.loads(step.event) for _ in range(requests)]
    start = time.process_time()
    for event in events:
        handler(event, CONTEXT)
    return (time.process_time() - start) / requests * 1000


def _handler(monkeypatch: pytest.MonkeyPatch, aws: _StubbedAws, now: datetime) -> Handler:
    known = {"TABLE_NAME": "table", "SECRET_ARN": "secret", "PACKET_BUCKET": "bucket"}
    environment = environment_of("PublicApi", **known)
    stack = Wiring(Settings(environment), client=aws.client, clock=lambda: now)
    wired = importlib.import_module("functions.public_api.wired")
    monkeypatch.setattr(wired, "stack", stack)
    monkeypatch.setattr(wired, "signing", stack.signing())
    handler: Handler = importlib.import_module("functions.public_api.app").handler
    return handler


class _StubbedAws:
    """Answers as AWS would, from recorded items; keeps what it was asked last, and how often."""

    def __init__(self, recorded: _Recorded, signed: int) -> None:
        total = counter_key(CAMPAIGN, TOTAL)
        self._items = {**recorded.items, total: recorded.items[total] | {"signatures": {"N": str(signed)}}}
        self._confirmed = recorded.confirmed
        self._secret = recorded.secret
        self.asked: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()

    def client(self, service: str, **options: Any) -> Any:
        made = _client(service, **options)
        made.meta.events.register("before-send", self._send)
        return made

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        asked = json.loads(request.body)
        self.calls[operation] += 1
        self.asked[operation] = asked
        body = json.dumps(self._answer(operation, asked)).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "content-length": str(len(body))}
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), _Body(body))

    def _answer(self, operation: str, asked: Any) -> Any:
        match operation:
            case "GetItem":
                found = self._items.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
                return {"Item": found} if found else {}
            case "Query":
                items = self._found(asked)
                return {"Items": items, "Count": len(items)}
            case "UpdateItem" if asked["ReturnValues"] == "UPDATED_NEW":
                return {"Attributes": {name: {"N": "1"} for name in asked["ExpressionAttributeNames"].values()}}
            case "UpdateItem" if asked["ReturnValues"] == "ALL_NEW":
                return {"Attributes": self._confirmed}
            case "UpdateItem":
                return {}
            case "GetSecretValue":
                return {"SecretString": self._secret}
            case _:
                raise NotImplementedError(operation)

    def _found(self, asked: Any) -> list[Item]:
        assert "begins_with" in asked["KeyConditionExpression"], asked
        return self._of_partition(*(value["S"] for value in asked["ExpressionAttributeValues"].values()))

    def _of_partition(self, pk: str, beginning: str) -> list[Item]:
        return [item for (partition, sk), item in self._items.items() if partition == pk and sk.startswith(beginning)]


def _client(service: Any, **options: Any) -> Any:
    keys: dict[str, Any] = {"aws_access_key_id": "benchmark", "aws_secret_access_key": "benchmark"}  # they open nothing
    return boto3.client(service, region_name="us-east-1", **keys, **options)


class _Body(io.BytesIO):
    """An answer's body as botocore reads it."""

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return [self.getvalue()]


BENCHMARK = Benchmark("CPU of public_api's handler, with AWS stubbed", GOALS, measure)
