"""CPU time of public_api's handler for a signature, a confirmation and a count, with AWS's answers stubbed.

botocore builds, signs and reads each request as ever; only the connection is replaced, by answers made beforehand from
the real campaign's items. So the figure is what our code and its libraries take, without any network.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import statistics
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.aws_from_template import environment_of
from tests.world import ADA, CAMPAIGN, CONTEXT, ROOT, load_event
from undersigned.aws import items, keys
from undersigned.domain.abuse_checks import FormToken
from undersigned.domain.signatures import Signature, signer_id
from undersigned.settings import Settings
from undersigned.wiring import Wiring
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP = 50
REQUESTS = 400
REPEATS = 5
SECRET = "s" * 64
SIZES = (1, 1_000_000)
NOW = datetime.now(UTC)


def measure() -> dict[str, dict[str, float]]:
    """Return CPU milliseconds a request, the median of some runs, for each step and number of signatures."""
    return {
        f"{name}, {size:,} signed": {"cpu_ms": round(cost, 2)}
        for size in SIZES
        for name, cost in _measure_at(size).items()
    }


def _measure_at(signatures: int) -> dict[str, float]:
    answers = _Answers(signatures)
    handler = _handler(answers)
    confirm = answers.tokens.for_signer("confirm", CAMPAIGN, answers.row.signer)
    form = answers.tokens.for_form(FormToken(CAMPAIGN, "5f1d7a2b3c4d5e6f", False, NOW - timedelta(minutes=1)))  # noqa: FBT003
    requests = {
        "sign": _request("POST", f"/campaigns/{CAMPAIGN}/signatures", {**ADA, "form": form}),
        "confirm": _request("POST", f"/confirm/{confirm}", {}),
        "count": _request("GET", f"/campaigns/{CAMPAIGN}/count"),
    }
    expected = {"sign": 303, "confirm": 303, "count": 200}
    for name, request in requests.items():
        answer = handler(request(), CONTEXT)
        assert answer["statusCode"] == expected[name], (name, answer)
    return {name: _cpu_ms(handler, request) for name, request in requests.items()}


def _cpu_ms(handler: Callable[[Any, Any], Any], request: Callable[[], Any]) -> float:
    times = []
    for repeat in range(REPEATS + 1):
        count = REQUESTS if repeat else WARM_UP
        events = [request() for _ in range(count)]
        start = time.process_time()
        for event in events:
            handler(event, CONTEXT)
        if repeat:
            times.append((time.process_time() - start) / count * 1000)
    return statistics.median(times)


def _request(method: str, path: str, values: dict[str, object] | None = None) -> Callable[[], Any]:
    event = load_event("public_api_get_campaign")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    if values is not None:
        event["headers"]["content-type"] = "application/x-www-form-urlencoded"
        event["body"] = urlencode(values)
    text = json.dumps(event)
    return lambda: json.loads(text)


def _handler(answers: _Answers) -> Callable[[Any, Any], Any]:
    known = {"TABLE_NAME": "table", "SECRET_ARN": "secret", "PACKET_BUCKET": "bucket"}
    environment = environment_of("PublicApi", **known)
    os.environ |= environment | {"AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}

    def client(service: str, **options: Any) -> Any:
        made = boto3.client(service, **options)  # type: ignore[call-overload]
        made.meta.events.register("before-send", answers.answer)
        return made

    wired = importlib.import_module("functions.public_api.wired")
    wired.stack = Wiring(Settings(environment), client=client)  # type: ignore[attr-defined]
    wired.signing = wired.stack.signing()  # type: ignore[attr-defined]
    handler: Callable[[Any, Any], Any] = importlib.import_module("functions.public_api.app").handler
    return handler


class _Answers:
    """What AWS would answer, from the real campaign's items."""

    def __init__(self, signatures: int) -> None:
        folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
        campaign, targets = folder.campaign, [target for target in folder.targets if target.id == "evanston"]
        self.row = _row(campaign.letter)
        count = {**keys.counter(CAMPAIGN, "TOTAL")._asdict(), "signatures": signatures, "goal": campaign.goal}
        self._items = {
            tuple(keys.campaign(CAMPAIGN)): items.to_item(items.campaign_values(campaign)),
            tuple(keys.letter(CAMPAIGN, campaign.letter)): items.to_item(items.letter_values(CAMPAIGN, folder.letter)),
            tuple(keys.counter(CAMPAIGN, "TOTAL")): items.to_item(count),
        }
        self._targets = [
            items.to_item({**keys.target(CAMPAIGN, target.id)._asdict(), **items.target_settings(target)})
            for target in targets
        ]
        self.tokens = Wiring(Settings({}), client=lambda *_, **__: None).tokens
        self.tokens._secret = lambda: SECRET

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        body = json.dumps(self._body(operation, json.loads(request.body))).encode()
        raw = io.BytesIO(body)
        raw.stream = lambda *_, **__: iter([body])  # type: ignore[attr-defined]
        headers = {"content-type": "application/x-amz-json-1.0", "content-length": str(len(body))}
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), raw)

    def _body(self, operation: str, asked: Any) -> Any:
        match operation:
            case "GetItem":
                found = self._items.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
                return {"Item": found} if found else {}
            case "Query":
                return {"Items": self._targets, "Count": len(self._targets)}
            case "UpdateItem" if asked["Key"]["pk"]["S"].startswith("RATE#"):
                return {"Attributes": {counter: {"N": "1"} for counter in asked["ExpressionAttributeNames"].values()}}
            case "UpdateItem" if "ReturnValues" in asked:
                values = items.pending_signature_values(self.row) | {
                    "status": "confirmed",
                    "confirmed_at": NOW.isoformat(),
                    "confirmed_on": NOW.date().isoformat(),
                }
                return {"Attributes": items.to_item(values | keys.signature(CAMPAIGN, self.row.signer)._asdict())}
            case "TransactWriteItems":
                return {}
            case "GetSecretValue":
                return {"SecretString": SECRET}
            case _:
                raise NotImplementedError(operation)


def _row(letter: str) -> Signature:
    ada: dict[str, Any] = dict(ADA)
    return Signature(
        campaign=CAMPAIGN,
        signer=signer_id(SECRET, ada["email"]),
        status="pending",
        version=1,
        target="evanston",
        note="",
        updates=False,
        letter=letter,
        signed_at=NOW,
        signed_on=NOW.date(),
        mail_request="5f1d7a2b3c4d5e6f",
        expires_at=NOW + timedelta(days=14),
        **ada,
    )


if __name__ == "__main__":
    with redirect_stdout(io.StringIO()):
        figures = measure()
    print(json.dumps(figures, indent=1))
