"""Test the fixes for the emulator, such as reading streams and firing schedules as AWS does, on a fake MiniStack."""

from __future__ import annotations

import importlib.util
import string
import sys
import zipfile
from contextlib import nullcontext, suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.deployed import emulator

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/letters/stream/2026"


class Function:
    """A function with fixed answers. It records the sequence numbers of each batch that it gets."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.batches: list[list[str]] = []

    def execute(self, _function: Any, event: Any) -> Any:
        self.batches.append([record["dynamodb"]["SequenceNumber"] for record in event["Records"]])
        return self.answers.pop(0) if self.answers else {"body": {"batchItemFailures": []}}


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def given_up() -> list[Any]:
    return []


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, function: Function, given_up: list[Any]) -> Any:
    """Load the emulator's script on a fake MiniStack whose stream has the records 1 to 4."""
    records = [
        {"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": 9e9}} for number in range(1, 5)
    ]
    fakes: dict[str, Any] = {
        "app": SimpleNamespace(),
        "core.lambda_runtime": SimpleNamespace(),
        "core.responses": SimpleNamespace(request_scope=lambda *_: nullcontext()),
        "services.apigateway": SimpleNamespace(),
        "services.dynamodb": SimpleNamespace(
            _tables={"letters": {"LatestStreamArn": ARN}},
            stream_start_position=lambda _: 0,
            stream_end_position=lambda _: len(records),
            stream_records_since=lambda _, position, limit: records[position : position + limit],
        ),
        "services.eventbridge": SimpleNamespace(),
        "services.ses_v2": SimpleNamespace(),
        "services.sqs": SimpleNamespace(),
        "services.scheduler": SimpleNamespace(_schedules=SimpleNamespace(_data={})),
        "services.lambda_svc": SimpleNamespace(
            _get_func_record_for_qualifier=lambda *_: ({}, {}),
            _dynamodb_stream_positions={},
            _apply_filter_criteria=lambda found, _: found,
            _execute_function=function.execute,
            _send_ddb_stream_failure_record=lambda *arguments: given_up.append(arguments),
        ),
        "services.cloudformation.provisioners": SimpleNamespace(
            # MiniStack knows ExcludeCharacters only.
            _sm_secret_string=lambda properties: properties["GenerateSecretString"].get("ExcludeCharacters", "")
        ),
    }
    for name in ("ministack", "ministack.core", "ministack.services", "ministack.services.cloudformation"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    for name, fake in fakes.items():
        monkeypatch.setitem(sys.modules, f"ministack.{name}", fake)
        package, _, module = f"ministack.{name}".rpartition(".")
        setattr(sys.modules[package], module, fake)
    path = Path(emulator.__file__).with_name("emulator_process.py")
    spec = importlib.util.spec_from_file_location("emulator_process", path)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "emulator_process", loaded)
    spec.loader.exec_module(loaded)
    return loaded


def mapping(**changed: Any) -> dict[str, Any]:
    return {
        "UUID": "mapping",
        "EventSourceArn": ARN,
        "FunctionName": "tally",
        "StartingPosition": "TRIM_HORIZON",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 2,
    } | changed


def read(process: Any, times: int, **changed: Any) -> Any:
    reader = process._StreamReader()
    for _ in range(times):
        process._read_batch(mapping(**changed), reader)
    return reader


def failures(*numbers: int) -> dict[str, Any]:
    return {"body": {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers]}}


def test_a_successful_batch_is_not_read_again(process: Any, function: Function) -> None:
    read(process, 2)

    assert function.batches == [["1", "2", "3", "4"]]


def test_a_partial_failure_is_retried_from_its_first_record(process: Any, function: Function) -> None:
    function.answers = [failures(4, 3)]

    read(process, 3, BisectBatchOnFunctionError=False)

    assert function.batches == [["1", "2", "3", "4"], ["3", "4"]]


def test_a_failed_batch_is_halved_until_the_bad_record_is_alone(process: Any, function: Function) -> None:
    function.answers = [{"error": True}, {"error": True}]

    read(process, 4)

    assert function.batches == [["1", "2", "3", "4"], ["1", "2"], ["1"], ["2", "3", "4"]]


def test_an_unknown_failed_record_fails_the_whole_batch(process: Any, function: Function) -> None:
    function.answers = [failures(99)]

    read(process, 2, BisectBatchOnFunctionError=False)

    assert function.batches == [["1", "2", "3", "4"]] * 2


def test_a_record_without_retries_left_is_sent_to_the_failure_destination(
    process: Any, function: Function, given_up: list[Any]
) -> None:
    function.answers = [failures(1)] * 3

    read(process, 4, BatchSize=1)

    assert function.batches == [["1"], ["1"], ["1"], ["2"]]
    assert [arguments[-1] for arguments in given_up] == ["RetryAttemptsExhausted"]


def test_each_retry_waits_longer(process: Any, function: Function) -> None:
    function.answers = [{"error": True}] * 2

    assert read(process, 2, BatchSize=1).tries == 2


def test_a_worker_that_dies_at_start_is_only_a_failed_invocation(process: Any) -> None:
    class Worker:
        def invoke(self, event: Any, request: str, *, depth: int) -> Any:
            if event == "killed":
                message = "Worker process exited immediately"
                raise RuntimeError(message)
            return {"status": "ok", "result": (event, request, depth)}

    process.lambda_runtime.Worker = Worker
    process.isolate_failed_starts()

    assert Worker().invoke("well", "1", depth=2)["result"] == ("well", "1", 2)
    assert Worker().invoke("killed", "1", depth=2)["error"] == "Worker process exited immediately"


def test_an_event_is_retried_with_the_settings_of_its_alias(process: Any) -> None:
    invoked: list[Any] = []
    settings = {"MaximumRetryAttempts": 2}
    process.lambda_svc._functions = {"tally": {"event_invoke_configs": {"live": settings}}}
    process.lambda_svc._lambda_function_name_and_qualifier_from_arn = lambda arn: arn.split(":")
    process.lambda_svc._get_func_record_for_ref = lambda arn: (
        ({"version": "1"}, {"Timeout": 10}, "tally") if arn == "tally:live" else (None, None, arn)
    )
    process.lambda_svc._execution_record_for_config = lambda function, _: function
    process.lambda_svc.invoke_async_with_retry = lambda *arguments: invoked.append(arguments)
    process.retry_events()

    process.eventbridge._dispatch_to_lambda("tally:live", '{"detail": {}}')
    process.eventbridge._dispatch_to_lambda("nothing:live", "{}")

    assert invoked == [({"version": "1", "event_invoke_config": settings}, {"detail": {}})]


def test_a_layer_is_unpacked_once_for_all_workers(
    process: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.tempfile, "gettempdir", lambda: str(tmp_path))
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as archive:
        archive.writestr("python/module.py", "")
    process.unpack_layers_once()

    for folder in ("one/layer_0", "two/layer_0", "two/code"):
        (tmp_path / folder).mkdir(parents=True)
        with process.lambda_runtime.zipfile.ZipFile(tmp_path / "layer.zip") as archive:
            archive.extractall(tmp_path / folder)

    modules = [(tmp_path / folder / "python/module.py") for folder in ("one/layer_0", "two/layer_0", "two/code")]
    assert all(module.is_file() for module in modules)
    assert [modules[0].samefile(module) for module in modules] == [True, True, False]


def test_hidden_and_delayed_messages_come_sooner_if_set(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    process.sqs._HANDLERS = dict.fromkeys(("ChangeMessageVisibility", "SendMessage"), lambda *call: calls.append(call))
    monkeypatch.setenv("UNDERSIGNED_HURRY", "180")
    process.shorten_delays()

    process.sqs._HANDLERS["ChangeMessageVisibility"]({"VisibilityTimeout": 3601, "ReceiptHandle": "a"}, "queue")
    process.sqs._HANDLERS["SendMessage"]({"DelaySeconds": 900}, "queue")
    process.sqs._HANDLERS["SendMessage"]({"MessageBody": "now"}, "queue")

    assert calls == [
        ({"VisibilityTimeout": 21, "ReceiptHandle": "a"}, "queue"),
        ({"DelaySeconds": 5}, "queue"),
        ({"MessageBody": "now"}, "queue"),
    ]


# The key


KEY, OURS = (b"x-amz-security-token", b"the-key"), (b"host", b"127.0.0.1:4566")


class Guarded:
    """The emulator with its key. It records the headers of the requests that MiniStack gets."""

    def __init__(self, process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        async def answer(scope: Any, _receive: Any, send: Any) -> None:
            self.seen.append(scope.get("headers"))
            await send({"status": 200})

        self.seen: list[Any] = []
        self.app = process.app
        self.app.app = answer
        monkeypatch.setenv("AWS_SESSION_TOKEN", "the-key")
        process.ask_for_the_key()

    def request(self, *headers: tuple[bytes, bytes], method: str = "GET", path: str = "/", query: bytes = b"") -> int:
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers)}
        sent = self.send(scope)
        return int(sent[0]["status"])

    def send(self, scope: dict[str, Any]) -> list[dict[str, Any]]:
        async def keep(message: dict[str, Any]) -> None:
            sent.append(message)

        sent: list[dict[str, Any]] = []
        # Nothing here waits, so it needs no event loop, which would open sockets.
        with suppress(StopIteration):
            self.app.app(scope, None, keep).send(None)
        return sent


@pytest.fixture
def guarded(process: Any, monkeypatch: pytest.MonkeyPatch) -> Guarded:
    return Guarded(process, monkeypatch)


def test_the_emulator_answers_only_requests_with_the_key(guarded: Guarded) -> None:
    assert guarded.request(OURS, KEY) == 200
    assert guarded.request(OURS) == 403
    assert guarded.request(OURS, (KEY[0], b"another")) == 403
    assert guarded.seen == [[OURS]], "MiniStack doesn't get the key"


@pytest.mark.parametrize("header", [(b"host", b"rebound.example:4566"), (b"origin", b"http://rebound.example:4566")])
def test_the_emulator_refuses_a_foreign_host_or_origin_even_with_the_key(
    guarded: Guarded, header: tuple[bytes, bytes]
) -> None:
    assert guarded.request(OURS, KEY, header) == 403
    assert guarded.seen == []


def test_a_signed_link_shows_the_key_but_changes_nothing(guarded: Guarded) -> None:
    link = b"X-Amz-Signature=x&X-Amz-Security-Token=the-key"

    assert guarded.request(OURS, query=link) == 200
    assert guarded.request(OURS, query=link, method="PUT") == 403


def test_the_api_decides_about_origins_itself(guarded: Guarded) -> None:
    assert guarded.request(OURS, KEY, (b"origin", b"null"), path="/_aws/execute-api/api/$default/x") == 200


def test_the_emulator_opens_no_web_socket(guarded: Guarded) -> None:
    assert guarded.send({"type": "websocket", "headers": [OURS, KEY]}) == [{"type": "websocket.close"}]


def test_a_secret_has_no_punctuation_if_the_template_says_so(process: Any) -> None:
    process.make_secrets_without_punctuation()
    make = process.provisioners._sm_secret_string

    assert set(make({"GenerateSecretString": {"ExcludePunctuation": True}})) == set(string.punctuation)
    assert make({"GenerateSecretString": {"ExcludeCharacters": "l1"}}) == "l1"
