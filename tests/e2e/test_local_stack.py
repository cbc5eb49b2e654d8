"""The local stack itself: what the command line and the other end-to-end tests rely on."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws_from_template import load_template
from tests.e2e.waiting import wait_for
from tests.free_ports import FREE_PORTS
from tests.template.reading import LAYER, of_type
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.deploy import STACK_NAME
from undersigned_cli.local.front import front
from undersigned_cli.local.running import connect
from undersigned_cli.local.serving import HttpService
from undersigned_cli.local.stack import PROJECT, LocalStack, LocalStackError
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack

OUTPUTS = {"PublicUrl", "TableName", "PacketBucketName", "DeliveryQueueUrl", "SecretArn", "ConfigurationSetName"}
CAMPAIGN = "local-stack"
ONCE = Config(retries={"total_max_attempts": 1})

EMULATOR_ALONE = """
import sys, time
from pathlib import Path
from undersigned_cli.local.emulator import Emulator
from undersigned_cli.local.processes import Environments, find_uv
folder, project, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
environments = Environments(find_uv(project), project, folder / "environments")
Emulator(folder / "emulator", folder / "emulator.log", port, port, "key", schedules=False).start(environments)
print("started", flush=True)
time.sleep(600)
"""

MIRROR = """
import base64, gzip, json

def handler(event, context):
    seen = {**event["requestContext"]["http"], "body": event.get("body"), "encoded": event["isBase64Encoded"]}
    answer = gzip.compress(json.dumps(seen).encode())
    if event["rawPath"] == "/nothing":
        return {"statusCode": 204, "headers": {"Access-Control-Max-Age": "600"}}
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "Content-Encoding": "gzip", "Vary": "Origin, Accept-Encoding"},
        "cookies": ["a=1; HttpOnly", "b=2"],
        "body": base64.b64encode(answer).decode(),
        "isBase64Encoded": True,
    }
"""


def request(url: str, values: dict[str, str] | None = None) -> tuple[int, str]:
    body = urlencode(values).encode() if values is not None else None
    try:
        with urlopen(Request(url, body, {"Accept": "application/json"}), timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def control(stack: RunningStack, **wanted: Any) -> None:
    address = f"{stack.environment['AWS_ENDPOINT_URL_SESV2']}/_control"
    with urlopen(Request(address, json.dumps(wanted).encode(), stack.key_header), timeout=10):  # noqa: S310
        pass


def send(stack: RunningStack, to: str, **changed: Any) -> str:
    message = EmailMessage()
    message["From"] = stack.outputs["SenderAddress"]
    message["To"] = to
    message["Subject"] = "A test email"
    message.set_content("Good day")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="packet.pdf")
    wanted = {
        "FromEmailAddress": stack.outputs["SenderAddress"],
        "Destination": {"ToAddresses": [to]},
        "Content": {"Raw": {"Data": message.as_bytes()}},
        "ConfigurationSetName": stack.outputs["ConfigurationSetName"],
        "EmailTags": [{"Name": "kind", "Value": "test"}],
    }
    return str(stack.client("sesv2", config=ONCE).send_email(**wanted | changed)["MessageId"])


def logged(stack: RunningStack, function: str, words: str) -> list[str]:
    """Return the lines in a function's log group that contain these words."""
    name = stack.functions[function]
    group = stack.client("lambda").get_function(FunctionName=name)["Configuration"]["LoggingConfig"]["LogGroup"]
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"] if words in event["message"]]


@pytest.fixture(scope="module")
def form(stack: RunningStack) -> str:
    """Return the address of a campaign that only these tests sign."""
    folder = campaign_folder.read(PROJECT / "campaigns" / "end-demand-illinois")
    push(
        replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)),
        Stack(stack.outputs, stack.client).wiring().campaigns,
    )
    return f"{stack.public_url}/campaigns/{CAMPAIGN}"


def sign(form: str, email: str) -> None:
    status, answer = request(
        f"{form}/signatures",
        {
            "name": "Ada Specimen",
            "email": email,
            "address_line": "1 Sample Street",
            "locality": "Evanston",
            "region": "IL",
            "postal_code": "60201",
            "signature": "Ada Specimen",
        },
    )
    assert status == 202, answer


def confirmation_link(stack: RunningStack, email: str) -> str:
    mails = wait_for(lambda: [mail for mail in stack.mails() if mail.to == (email,)])
    part = message_from_bytes(mails[-1].raw, policy=default).get_body(("plain",))
    assert part
    found = re.search(rf"{re.escape(stack.public_url)}/confirm/\S+", part.get_content())
    assert found
    return found[0]


def count(form: str) -> int:
    return int(json.loads(request(f"{form}/count")[1])["signatures"])


def test_the_outputs_of_the_template_are_present(stack: RunningStack) -> None:
    assert set(stack.outputs) >= OUTPUTS
    assert stack.outputs["PublicUrl"] == stack.public_url


def test_each_stack_builds_in_its_own_folder(local_stack: LocalStack, stack: RunningStack) -> None:
    folder = local_stack._state / "sam"

    assert (folder / ".aws-sam" / "deps").is_dir(), "SAM removes from here what other builds have left"
    assert len(list((folder / "cache").iterdir())) == len(of_type(load_template(), LAYER))


def test_another_process_finds_the_running_stack(stack: RunningStack) -> None:
    assert connect(stack.state) == stack


def test_the_public_address_reaches_each_api_function(stack: RunningStack) -> None:
    request(f"{stack.public_url}/campaigns/none-such")
    request(f"{stack.public_url}/organizer/campaigns/none-such/counts")

    assert logged(stack, "PublicApi", "START")
    assert logged(stack, "OrganizerApi", "START")


def test_the_address_without_a_path_says_what_it_is_for(stack: RunningStack) -> None:
    status, page = request(f"{stack.public_url}/")

    assert status == 200
    assert "Letters that many people sign" in page


def test_a_signature_row_reaches_both_readers_of_the_stream(stack: RunningStack, form: str) -> None:
    before = count(form)

    sign(form, "ada@signers.example")

    assert request(confirmation_link(stack, "ada@signers.example"), {})[0] == 200
    wait_for(lambda: count(form) > before)


def test_a_row_that_is_not_a_signature_reaches_no_reader(stack: RunningStack) -> None:
    def invocations() -> int:
        return len(logged(stack, "Tally", "START")) + len(logged(stack, "SendConfirmations", "START"))

    time.sleep(2)
    before = invocations()

    table = stack.client("dynamodb")
    item = {"pk": {"S": "OTHER#row"}, "sk": {"S": "1"}}
    table.put_item(TableName=stack.outputs["TableName"], Item=item)
    table.delete_item(TableName=stack.outputs["TableName"], Key=item)
    time.sleep(3)

    assert invocations() == before


def test_ses_events_arrive_through_the_templates_own_rule(stack: RunningStack) -> None:
    tags = {"kind": "delivery", "campaign": "unknown", "target": "unknown", "period": "2026-11-30", "attempt": "1"}
    found = stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="DeliveryMailConfiguration"
    )

    send(
        stack,
        "bounce@simulator.amazonses.com",
        ConfigurationSetName=found["StackResourceDetail"]["PhysicalResourceId"],
        EmailTags=[{"Name": name, "Value": value} for name, value in tags.items()],
    )

    # One event says that it was sent, one that it bounced. Each comes by the rule, and by the topic.
    wait_for(lambda: len(logged(stack, "RecordFeedback", "no such delivery")) >= 2)


def test_an_accepted_email_is_stored_as_it_was_sent(stack: RunningStack) -> None:
    message_id = send(stack, "chief@police.example")

    mail = stack.mails()[-1]
    assert (mail.message_id, mail.to, mail.tags) == (message_id, ("chief@police.example",), {"kind": "test"})
    assert b'filename="packet.pdf"' in mail.raw


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"FromEmailAddress": "letters@elsewhere.example"}, "MessageRejected"),
        ({"ConfigurationSetName": "none-such"}, "NotFoundException"),
        ({"EmailTags": [{"Name": "delivery", "Value": "a#b"}]}, "BadRequestException"),
    ],
)
def test_an_email_that_ses_would_refuse_is_refused(stack: RunningStack, wrong: dict[str, Any], code: str) -> None:
    before = len(stack.mails())

    with pytest.raises(ClientError) as refused:
        send(stack, "chief@police.example", **wrong)

    assert refused.value.response["Error"]["Code"] == code
    assert len(stack.mails()) == before


def test_an_injected_throttle_happens_once(stack: RunningStack) -> None:
    control(stack, throttle_next=1)

    with pytest.raises(ClientError, match="TooManyRequestsException"):
        send(stack, "chief@police.example")

    assert send(stack, "chief@police.example")


def test_the_send_rate_can_be_enforced(stack: RunningStack) -> None:
    control(stack, max_send_rate=1, enforce_rate=True)
    try:
        assert stack.client("sesv2").get_account()["SendQuota"]["MaxSendRate"] == 1
        # What the test before sent counts, too, and a busy machine sends one a second.
        with pytest.raises(ClientError, match="Maximum sending rate exceeded"):  # noqa: PT012
            for _ in range(60):
                send(stack, "chief@police.example")
    finally:
        control(stack, max_send_rate=14, enforce_rate=False)


def test_an_answer_can_be_lost_after_the_email_was_accepted(stack: RunningStack) -> None:
    before = len(stack.mails())
    control(stack, lose_next_answers=1)

    with pytest.raises(ConnectionClosedError):
        send(stack, "chief@police.example")

    assert len(stack.mails()) == before + 1


def test_a_failing_function_is_reported_in_one_line(stack: RunningStack) -> None:
    with pytest.raises(LocalStackError, match="Tally failed"):
        stack.invoke("Tally", {})
    with pytest.raises(LocalStackError, match="no function Nothing; it has Deliver, ExportSignatures,"):
        stack.invoke("Nothing", {})


def test_the_logs_include_the_functions_and_the_emulator(stack: RunningStack) -> None:
    request(f"{stack.public_url}/campaigns/none-such")

    logs = stack.logs()
    assert "START RequestId" in logs
    assert "== emulator.log" in logs


def test_the_inbox_and_the_example_website_are_on_another_origin(stack: RunningStack) -> None:
    send(stack, "chief@police.example")

    status, page = request(stack.inbox_url)
    assert status == 200
    assert "chief@police.example" in page
    status, page = request(f"{stack.example_url}embed/iframe")
    assert f'src="{stack.public_url}/campaigns/end-demand-illinois/embed"' in page
    assert not stack.inbox_url.startswith(stack.public_url)


@pytest.mark.nightly
def test_a_restart_keeps_rows_queue_secret_and_emails(local_stack: LocalStack, stack: RunningStack, form: str) -> None:
    sqs = stack.client("sqs")
    [queue] = [url for url in sqs.list_queues()["QueueUrls"] if "JobsFailed" in url]
    sqs.send_message(QueueUrl=queue, MessageBody="kept")
    sign(form, "grace@signers.example")
    link = confirmation_link(stack, "grace@signers.example")
    before = (count(form), stack.mails(), secret_of(stack))

    local_stack.stop()
    with pytest.raises(LocalStackError, match="no local stack is running"):
        connect(stack.state)
    again = local_stack.start()

    assert again == stack
    assert (count(form), again.mails(), secret_of(again)) == before
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"
    assert request(link, {})[0] == 200, "a link from before the restart still works"
    wait_for(lambda: count(form) > before[0], "a letter that the stream brings")


@pytest.fixture(scope="module")
def mirror(stack: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpService]:
    """Yield an HTTP API behind a front of its own. Its function returns the request, gzipped and with cookies."""
    functions, gateway = stack.client("lambda"), stack.client("apigatewayv2")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as files:
        files.writestr("mirror.py", MIRROR)
    function = functions.create_function(
        FunctionName="mirror",
        Runtime="python3.13",
        Handler="mirror.handler",
        Role="arn:aws:iam::000000000000:role/mirror",
        Code={"ZipFile": package.getvalue()},
    )
    api = gateway.create_api(Name="mirror", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function["FunctionArn"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="ANY /{proxy+}", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    service = HttpService("the mirror", 0, tmp_path_factory.mktemp("mirror") / "http.log")
    emulator_port = urlsplit(stack.environment["AWS_ENDPOINT_URL"]).port or 0
    service.answer = front(api, emulator_port, service.port, stack.environment["AWS_SESSION_TOKEN"])
    service.start()
    yield service
    service.stop()
    gateway.delete_api(ApiId=api)
    functions.delete_function(FunctionName="mirror")


def mirrored(
    mirror: HttpService, method: str, path: str = "/seen", body: bytes | None = None, *, client: str = "127.0.0.1"
) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", mirror.port, timeout=60, source_address=(client, 0))) as connection:
        connection.request(method, path, body, {"Content-Type": "image/png"})
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_each_method_reaches_the_route(mirror: HttpService, method: str) -> None:
    _, body = mirrored(mirror, method)

    assert json.loads(gzip.decompress(body))["method"] == method


def test_binary_bodies_and_repeated_headers_pass_through(mirror: HttpService) -> None:
    answer, body = mirrored(mirror, "POST", body=bytes(range(256)))

    seen = json.loads(gzip.decompress(body))
    assert seen["encoded"]
    assert base64.b64decode(seen["body"]) == bytes(range(256))
    assert answer.headers.get_all("Set-Cookie") == ["a=1; HttpOnly", "b=2"]
    assert (answer.headers["Vary"], answer.headers["Content-Encoding"]) == ("Origin, Accept-Encoding", "gzip")


def test_head_returns_only_the_headers(mirror: HttpService) -> None:
    answer, body = mirrored(mirror, "HEAD")

    assert (answer.status, answer.headers["Content-Encoding"], body) == (200, "gzip", b"")
    assert "Content-Length" not in answer.headers, "it would be 0, which isn't the length of a GET's body"


def test_an_answer_without_content_has_no_length(mirror: HttpService) -> None:
    answer, _ = mirrored(mirror, "OPTIONS", "/nothing")

    assert (answer.status, answer.headers["Access-Control-Max-Age"]) == (204, "600")
    assert "Content-Length" not in answer.headers


def test_a_function_gets_the_address_of_the_client(mirror: HttpService) -> None:
    _, body = mirrored(mirror, "GET", client="127.0.0.2")

    assert json.loads(gzip.decompress(body))["sourceIp"] == "127.0.0.2"


def secret_of(stack: RunningStack) -> str:
    return str(stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SecretArn"])["SecretString"])


def test_a_second_stack_refuses_a_state_folder_in_use(stack: RunningStack) -> None:
    with pytest.raises(LocalStackError, match=f"another local stack is running with {re.escape(str(stack.state))}"):
        LocalStack(stack.state, ports=FREE_PORTS).start()


def test_a_taken_port_is_named_in_one_line(stack: RunningStack, tmp_path: Path) -> None:
    port = int(stack.public_url.rpartition(":")[2])

    with pytest.raises(LocalStackError, match=f"^port {port} for the front is not free .*choose another port$"):
        LocalStack(tmp_path, ports=replace(FREE_PORTS, front=port)).start()


@pytest.mark.nightly
def test_a_failed_build_is_reported_in_one_line_and_leaves_nothing_running(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("pyproject.toml", "uv.lock", ".python-version"):
        shutil.copy(PROJECT / name, project)
    (project / "template.yaml").write_text("Resources: {", encoding="utf-8")
    stack = LocalStack(tmp_path / "state", project=project, ports=FREE_PORTS)

    with pytest.raises(LocalStackError) as failed:
        stack.start()

    assert "\n" not in str(failed.value)
    assert str(failed.value).endswith("state/logs/sam-build.log")
    ports = json.loads((tmp_path / "state" / "last.json").read_text(encoding="utf-8"))["ports"]
    assert not any(listens(port) for port in ports.values())


@pytest.mark.nightly
def test_the_emulator_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", EMULATOR_ALONE, str(tmp_path), str(PROJECT), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
        assert parent.stdout
        assert parent.stdout.readline() == "started\n"
        assert listens(port)
        parent.send_signal(signal.SIGKILL)

    wait_for(lambda: not listens(port), seconds=20)
    assert (tmp_path / "emulator" / "state").is_dir(), "it saved its state as it went"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
