"""Run MiniStack after patching where it differs from AWS. Its own Python runs this file; nothing imports it.

Each function closes a gap of MiniStack 1.5.33 that a test here meets. When a new MiniStack closes one itself, delete
the function.
"""

# MiniStack is not in the type checker's environment, and its gaps can be closed only by patching its internals.
# mypy: ignore-errors

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import string
import sys
import tempfile
import threading
import time
import zipfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import apigateway, dynamodb, eventbridge, lambda_svc, scheduler, ses_v2, sqs
from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from collections.abc import Callable

_THIS_MACHINE = re.compile(rb"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)
_KEY = b"x-amz-security-token"
_NO_KEY = b"This is an emulator for tests; show its key.\n"


def ask_for_the_key() -> None:
    """Answer only who shows the stack's key, under this machine's name. MiniStack answers all, and any page may read.

    A signed link shows the key in its query. A browser's Origin is for the API, which decides about it itself.
    """
    key, answer_all = os.environ["AWS_SESSION_TOKEN"].encode(), app.app

    def is_allowed(scope: dict) -> bool:
        headers = dict(scope["headers"])
        signed_link = parse_qs(scope["query_string"]) if scope["method"] == "GET" else {}
        shown = headers.get(_KEY) or signed_link.get(b"X-Amz-Security-Token", [b""])[0]
        to_api = scope["path"].startswith("/_aws/execute-api/")
        return (
            hmac.compare_digest(shown, key)
            and _THIS_MACHINE.fullmatch(headers.get(b"host", b"")) is not None
            and (to_api or b"origin" not in headers)
        )

    async def answer(scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not is_allowed(scope):
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_NO_KEY))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _NO_KEY})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            # No function sees the key.
            seen = [header for header in scope.get("headers", []) if header[0] != _KEY]
            await answer_all({**scope, "headers": seen}, receive, send)

    app.app = answer


def allow_events_of_ses() -> None:
    """Accept events of source `aws.ses` in PutEvents. AWS accepts them from SES only, but here the stand-in is SES."""
    eventbridge._put_events.__defaults__ = (True,)


def forward_requests_as_api_gateway_does() -> None:
    """Send OPTIONS to its route, which MiniStack itself would refuse, and pass on the client's address and cookies.

    API Gateway answers OPTIONS only for an API that has CORS settings, which the template's API doesn't:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    execute, invoke = apigateway._handle_execute_in_scope, lambda_svc._execute_function_with_config_scope

    async def execute_any_method(api: str, stage: str, path: str, method: str, *rest: Any) -> Any:
        # MiniStack doesn't recognize the method in lowercase, and treats it like any other.
        return await execute(api, stage, path, "options" if method == "OPTIONS" else method, *rest)

    def invoke_by_request(function: dict, event: dict) -> Any:
        if http := event.get("requestContext", {}).get("http"):
            http["method"] = http["method"].upper()
            # The front appends the client's address.
            http["sourceIp"] = event["headers"].get("x-forwarded-for", http["sourceIp"]).rpartition(",")[2].strip()
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
            if cookies := event["headers"].pop("cookie", ""):
                event["cookies"] = [cookie.strip() for cookie in cookies.split(";")]
        return invoke(function, event)

    apigateway._handle_execute_in_scope = execute_any_method
    lambda_svc._execute_function_with_config_scope = invoke_by_request


def share_few_workers() -> None:
    """Make invocations wait for one of a few workers of their function. MiniStack starts a worker for each.

    Otherwise a burst of SES events would start a hundred Python processes. On AWS, such events wait, too.
    """
    run = lambda_svc._execute_function_dispatch
    most = max(4, 2 * (os.cpu_count() or 1))
    workers: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(most))

    def run_when_one_is_free(function: dict, config: dict, *arguments: Any) -> Any:
        with workers[config["FunctionName"]]:
            return run(function, config, *arguments)

    lambda_svc._execute_function_dispatch = run_when_one_is_free


def unpack_layers_once() -> None:
    """Share a layer's files between workers. MiniStack unpacks them for each cold start."""
    shared = Path(tempfile.gettempdir()) / "layers"

    class Archive(zipfile.ZipFile):
        def extractall(self, path: str) -> None:
            if not Path(path).name.startswith("layer_"):
                super().extractall(path)
                return
            content = repr([(member.filename, member.CRC) for member in self.infolist()])
            folder = shared / hashlib.sha256(content.encode()).hexdigest()
            with unpacking:
                if not folder.exists():
                    super().extractall(folder.with_suffix(".new"))
                    folder.with_suffix(".new").rename(folder)
            Path(path).rmdir()
            Path(path).symlink_to(folder)

    unpacking = threading.Lock()
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": Archive})


def isolate_failed_starts() -> None:
    """Fail only the invocation whose worker dies at its start. MiniStack ends all workers of the function."""
    invoke = lambda_runtime.Worker.invoke

    def invoke_or_fail(worker: Any, *arguments: Any, **named: Any) -> dict:
        try:
            return invoke(worker, *arguments, **named)
        except (OSError, RuntimeError) as error:
            return {"status": "error", "error": str(error), "cold_start": True, "log": ""}

    lambda_runtime.Worker.invoke = invoke_or_fail


def retry_events() -> None:
    """Deliver events of rules and schedules with retries, then as a dead letter. MiniStack delivers them once.

    It also knows no settings for the events of an alias.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    def invoke(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            _, alias = lambda_svc._lambda_function_name_and_qualifier_from_arn(arn)
            settings = lambda_svc._functions[name]["event_invoke_configs"].get(alias)
            record = {**lambda_svc._execution_record_for_config(function, config), "event_invoke_config": settings}
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = invoke


def shorten_delays() -> None:
    """Divide the time for which a program hides or delays a message by UNDERSIGNED_HURRY, because tests can't wait."""
    hurry = float(os.environ["UNDERSIGNED_HURRY"])

    def hurried(act: Callable[..., Any], seconds: str) -> Callable[..., Any]:
        return lambda data, queue: act(
            {**data, seconds: ceil(int(data[seconds]) / hurry)} if seconds in data else data, queue
        )

    for action, seconds in (("ChangeMessageVisibility", "VisibilityTimeout"), ("SendMessage", "DelaySeconds")):
        sqs._HANDLERS[action] = hurried(sqs._HANDLERS[action], seconds)


def hide_own_packages() -> None:
    """Show Lambda workers only their layers, from the start, so that a package missing from a layer fails."""
    installed = Path(lambda_runtime.__file__).parents[2]
    lambda_runtime._PYTHON_WORKER_SCRIPT = (
        "import os, sys\n"
        f"sys.path.remove({str(installed)!r})\n"
        "_layers = filter(None, os.environ.get('_LAMBDA_LAYERS_DIRS', '').split(os.pathsep))\n"
        "sys.path.extend(os.path.join(layer, 'python') for layer in _layers)\n" + lambda_runtime._PYTHON_WORKER_SCRIPT
    )


def run_prelude() -> None:
    """Run UNDERSIGNED_PRELUDE, a test's code, in each Lambda worker before it imports its function."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = os.environ["UNDERSIGNED_PRELUDE"] + lambda_runtime._PYTHON_WORKER_SCRIPT


def make_secrets_without_punctuation() -> None:
    """Make secrets without punctuation if the template says so: one that began with `{` would be read as JSON."""
    make = provisioners._sm_secret_string

    def made(properties: dict[str, Any]) -> str:
        wanted = properties.get("GenerateSecretString", {})
        if wanted.get("ExcludePunctuation"):
            wanted = wanted | {"ExcludeCharacters": wanted.get("ExcludeCharacters", "") + string.punctuation}
        return make(properties | {"GenerateSecretString": wanted})

    provisioners._sm_secret_string = made


def give_identities_dkim_tokens() -> None:
    """Give an identity of the template the DKIM records that it waits for. MiniStack gives them to others only."""
    make = provisioners._ses_email_identity_create

    def made(logical_id: str, properties: dict, stack_name: str) -> tuple:
        result = make(logical_id, properties, stack_name)
        identity = ses_v2._identities[result[0]]
        identity["DkimAttributes"] = ses_v2._easy_dkim_attributes(result[0], identity["IdentityType"], {})
        return result

    provisioners._RESOURCE_HANDLERS["AWS::SES::EmailIdentity"]["create"] = made


def fire_no_schedules() -> None:
    """Fire no schedule: a test runs the jobs when it wants them."""
    scheduler._tick_schedules = lambda: None


def take_alarms_of_several_metrics() -> None:
    """Take an alarm of an expression for one of its first metric. MiniStack has none of the metrics."""
    record = provisioners._cw_metric_alarm_record

    def of_first_metric(name: str, properties: dict) -> dict:
        stated = [part["MetricStat"] for part in properties.get("Metrics", ()) if "MetricStat" in part]
        for first in stated[:1]:
            kept = {key: value for key, value in properties.items() if key != "Metrics"}
            properties = kept | first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = of_first_metric


def read_streams_as_lambda_does() -> None:
    """Give each stream consumer its own thread, retries, partial failures and bisection.

    MiniStack reads all streams in one thread, treats a partial failure as success, and retries without limit. How
    Lambda does it: https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    lambda_svc._poll_dynamodb_streams = _wake_stream_readers


@dataclass
class _StreamReader:
    """A consumer's state: how many records it tries together (None: its batch size), and how often it tried them."""

    busy: threading.Lock = field(default_factory=threading.Lock)
    size: int | None = None
    tries: int = 0


_stream_readers: dict[str, _StreamReader] = {}


def _wake_stream_readers() -> bool:
    for account, region, mapping in lambda_svc._iter_all_esms():
        if ":dynamodb:" in mapping.get("EventSourceArn", "") and mapping.get("Enabled", True):
            reader = _stream_readers.setdefault(mapping["UUID"], _StreamReader())
            if reader.busy.acquire(blocking=False):
                threading.Thread(target=_read_stream, args=(account, region, mapping, reader), daemon=True).start()
    return False


def _read_stream(account: str, region: str, mapping: dict, reader: _StreamReader) -> None:
    try:
        with request_scope(account, region):
            while mapping["UUID"] in lambda_svc._esms and _read_batch(mapping, reader):
                # Back off, as Lambda does.
                time.sleep(min(2 ** (reader.tries - 1), 30) if reader.tries else 0)
    finally:
        reader.busy.release()


def _read_batch(mapping: dict, reader: _StreamReader) -> bool:
    """Deliver a batch, and move on as the function's answer says; return False when there is nothing to read."""
    table = mapping["EventSourceArn"].split("/")[1]
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    if function is None or dynamodb._tables.get(table, {}).get("LatestStreamArn") != mapping["EventSourceArn"]:
        return False
    positions = lambda_svc._dynamodb_stream_positions
    oldest = dynamodb.stream_start_position(table)
    start = oldest if mapping.get("StartingPosition") == "TRIM_HORIZON" else dynamodb.stream_end_position(table)
    position = max(positions.setdefault(mapping["UUID"], start), oldest)
    records = dynamodb.stream_records_since(table, position, reader.size or mapping.get("BatchSize", 100))
    if not records:
        return False
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    result = lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
    failed = _first_failed(mapping, records, result)
    if failed is None:
        positions[mapping["UUID"]] = position + len(records)
        reader.size, reader.tries = None, 0
        return True
    positions[mapping["UUID"]] = position + failed
    rest = records[failed:]
    if mapping.get("BisectBatchOnFunctionError") and len(rest) > 1:
        reader.size, reader.tries = len(rest) // 2, 1
        return True
    reader.size, reader.tries = len(rest), reader.tries + 1
    if condition := _given_up(mapping, reader, rest):
        arn = mapping["EventSourceArn"]
        lambda_svc._send_ddb_stream_failure_record(mapping, function, rest, arn, result, condition)
        positions[mapping["UUID"]] = position + len(records)
        reader.size, reader.tries = None, 0
    return True


def _first_failed(mapping: dict, records: list[dict], result: dict) -> int | None:
    """Return the index of the first failed record; None when none failed."""
    if result.get("error"):
        return 0
    answer = result.get("body")
    if "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", ()) or not isinstance(answer, dict):
        return None
    failures = {failure.get("itemIdentifier") for failure in answer.get("batchItemFailures") or ()}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    # Lambda treats an identifier that is not in the batch as a failure of the whole batch.
    return min((numbers.index(number) if number in numbers else 0 for number in failures), default=None)


def _given_up(mapping: dict, reader: _StreamReader, records: list[dict]) -> str | None:
    retries = mapping.get("MaximumRetryAttempts", -1)
    age = mapping.get("MaximumRecordAgeInSeconds", -1)
    if 0 <= retries < reader.tries:
        return "RetryAttemptsExhausted"
    if 0 < age < time.time() - float(records[0]["dynamodb"]["ApproximateCreationDateTime"]):
        return "MaxRecordAgeExceeded"
    return None


def stop_with_parent() -> None:
    """Stop when the process at the other end of standard input has ended."""

    def watch() -> None:
        with suppress(OSError):
            sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    allow_events_of_ses()
    forward_requests_as_api_gateway_does()
    share_few_workers()
    unpack_layers_once()
    isolate_failed_starts()
    retry_events()
    shorten_delays()
    run_prelude()
    hide_own_packages()
    make_secrets_without_punctuation()
    give_identities_dkim_tokens()
    fire_no_schedules()
    take_alarms_of_several_metrics()
    read_streams_as_lambda_does()
    ask_for_the_key()
    stop_with_parent()
    sys.argv = ["ministack"]
    app.main()
