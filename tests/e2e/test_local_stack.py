"""The local stack itself: what the command line and the other end-to-end tests rely on."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.e2e.waiting import wait_for
from tests.free_ports import FREE_PORTS, free_port
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.running import connect
from undersigned_cli.local.settings import Ports
from undersigned_cli.local.stack import LocalStack
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack

OUTPUTS = {"PublicUrl", "TableName", "PacketBucketName", "DeliveryQueueUrl", "SecretArn", "ConfigurationSetName"}
CAMPAIGN = "local-stack"
ONCE = Config(retries={"total_max_attempts": 1})

OF_A_PARENT = """
import sys, time
from pathlib import Path
from tests.free_ports import FREE_PORTS
from undersigned_cli.local.stack import LocalStack
LocalStack(Path(sys.argv[1]), ports=FREE_PORTS, schedules=False).start()
print("started", flush=True)
time.sleep(600)
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
    address = f"{stack.environment['AWS_ENDPOINT_URL']}/_control"
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


def logged(stack: RunningStack, function: str, words: str = "") -> list[str]:
    """Return the lines that a function has logged that contain these words."""
    lines = (stack.state / "logs" / "stack.log").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if f'"function_name":"{function}"' in line and words in line]


@pytest.fixture(scope="module")
def form(stack: RunningStack) -> str:
    """Return the address of a campaign that only these tests sign."""
    return pushed(stack)


def pushed(stack: RunningStack) -> str:
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
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


def test_another_process_finds_the_running_stack(stack: RunningStack) -> None:
    assert connect(stack.state) == stack


def test_the_public_address_reaches_each_api_function(stack: RunningStack) -> None:
    assert request(f"{stack.public_url}/campaigns/none-such")[0] == 404
    assert request(f"{stack.public_url}/organizer/campaigns/none-such/counts")[0] == 401


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
        return len(logged(stack, "Tally")) + len(logged(stack, "SendConfirmations"))

    time.sleep(1)
    before = invocations()

    table = stack.client("dynamodb")
    item = {"pk": {"S": "OTHER#row"}, "sk": {"S": "1"}}
    table.put_item(TableName=stack.outputs["TableName"], Item=item)
    table.delete_item(TableName=stack.outputs["TableName"], Key=item)
    time.sleep(1)

    assert invocations() == before


def test_ses_events_arrive_through_the_templates_own_rule(stack: RunningStack) -> None:
    tags = {"kind": "delivery", "campaign": "unknown", "target": "unknown", "period": "2026-11-30", "attempt": "1"}
    send(
        stack,
        "bounce@simulator.amazonses.com",
        ConfigurationSetName="DeliveryMailConfiguration",
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
    control(stack, next=["throttle"])

    with pytest.raises(ClientError, match="TooManyRequestsException"):
        send(stack, "chief@police.example")

    assert send(stack, "chief@police.example")


def test_an_answer_can_be_lost_after_the_email_was_accepted(stack: RunningStack) -> None:
    before = len(stack.mails())
    control(stack, next=["lost answer"])

    with pytest.raises(ConnectionClosedError):
        send(stack, "chief@police.example")

    assert len(stack.mails()) == before + 1


def test_a_failing_function_is_reported_in_one_line(stack: RunningStack) -> None:
    with pytest.raises(LocalStackError, match="Tally failed"):
        stack.invoke("Tally", {})
    with pytest.raises(LocalStackError, match="no function Nothing; it has Deliver, ExportSignatures,"):
        stack.invoke("Nothing", {})


def test_the_logs_include_the_functions_and_the_requests(stack: RunningStack) -> None:
    request(f"{stack.public_url}/campaigns/none-such")

    logs = stack.logs()
    assert "== stack.log" in logs
    assert "the front: " in logs


def test_the_inbox_and_the_example_website_are_on_another_origin(stack: RunningStack) -> None:
    send(stack, "chief@police.example")

    status, page = request(stack.inbox_url)
    assert status == 200
    assert "chief@police.example" in page
    status, page = request(f"{stack.example_url}embed/iframe")
    assert f'src="{stack.public_url}/campaigns/end-demand-illinois/embed"' in page
    assert not stack.inbox_url.startswith(stack.public_url)


def test_a_restart_keeps_rows_queue_secret_and_emails(tmp_path: Path) -> None:
    local_stack = LocalStack(tmp_path, ports=Ports(free_port(), free_port()), schedules=False)
    stack = local_stack.start()
    form = pushed(stack)
    [queue] = [url for url in stack.client("sqs").list_queues()["QueueUrls"] if "JobsFailed" in url]
    stack.client("sqs").send_message(QueueUrl=queue, MessageBody="kept")
    sign(form, "grace@signers.example")
    link = confirmation_link(stack, "grace@signers.example")
    before = (count(form), stack.mails(), secret_of(stack))

    local_stack.stop()
    with pytest.raises(LocalStackError, match="no local stack is running"):
        connect(stack.state)
    with local_stack as again:
        assert again == replace(stack, process=again.process, environment=again.environment)
        assert (count(form), again.mails(), secret_of(again)) == before
        assert again.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"
        assert request(link, {})[0] == 200, "a link from before the restart still works"
        wait_for(lambda: count(form) > before[0], "a letter that the stream brings")


def secret_of(stack: RunningStack) -> str:
    return str(stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["SecretArn"])["SecretString"])


def test_a_second_stack_refuses_a_state_folder_in_use(stack: RunningStack) -> None:
    with pytest.raises(LocalStackError, match=f"^another local stack is running with {re.escape(str(stack.state))}"):
        LocalStack(stack.state, ports=FREE_PORTS).start()


def test_a_taken_port_is_named_in_one_line(stack: RunningStack, tmp_path: Path) -> None:
    port = int(stack.public_url.rpartition(":")[2])

    with pytest.raises(LocalStackError, match=f"^port {port} for the front is not free .*choose another port$"):
        LocalStack(tmp_path, ports=Ports(port, 0)).start()


def test_a_stack_ends_with_its_parent_and_keeps_its_rows(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OF_A_PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:  # noqa: S603
        assert parent.stdout
        assert parent.stdout.readline() == "started\n"
        running = connect(tmp_path)
        key = {"pk": {"S": "OTHER#row"}, "sk": {"S": "1"}}
        running.client("dynamodb").put_item(TableName=running.outputs["TableName"], Item=key)
        port = int(running.public_url.rpartition(":")[2])
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: not listens(port), seconds=20)

    with LocalStack(tmp_path, ports=FREE_PORTS, schedules=False) as again:
        table = again.outputs["TableName"]
        assert again.client("dynamodb").get_item(TableName=table, Key=key)["Item"] == key


def test_a_stack_that_stops_while_it_sends_loses_no_form_and_sends_no_email_twice(tmp_path: Path) -> None:
    signers = [f"signer{number}@mail.example" for number in range(20)]
    said: list[str] = []
    # More than a program's forms get in an hour.
    budgets = {"MAIL_BUDGETS": "10000 2000 100000 100000"}
    stack = LocalStack(tmp_path, ports=FREE_PORTS, schedules=False, variables=budgets, report=said.append)
    form = pushed(stack.start())
    for signer in signers:
        sign(form, signer)
    began = time.monotonic()
    stack.stop()

    assert time.monotonic() - began < 15
    assert not [line for line in said if "did not stop" in line]
    with LocalStack(tmp_path, ports=FREE_PORTS, schedules=False, variables=budgets) as again:
        wait_for(lambda: {mail.to[0] for mail in again.mails()} >= {*signers})
        assert Counter(mail.to[0] for mail in again.mails()) == Counter(signers)


def test_a_stack_that_was_killed_starts_again_with_what_it_last_saved(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path, ports=FREE_PORTS, schedules=False)
    first = stack.start()
    secret = secret_of(first)
    stack.stop()
    os.kill(stack.start().process, signal.SIGKILL)
    stack.stop()

    with LocalStack(tmp_path, ports=FREE_PORTS, schedules=False) as again:
        assert secret_of(again) == secret


def test_a_changed_template_begins_anew_and_says_so(tmp_path: Path) -> None:
    with LocalStack(tmp_path, ports=FREE_PORTS, schedules=False) as first:
        secret = secret_of(first)
    with LocalStack(tmp_path, ports=FREE_PORTS, schedules=False, parameters={"RequireTls": "false"}) as again:
        assert secret_of(again) != secret
        assert "so this stack begins anew" in again.logs()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
