"""The local stack itself: what the command line and the other end-to-end tests rely on."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from typer.testing import CliRunner

from tests.support.local_stack import local_stack_process
from tests.support.waiting import wait_for
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.deploying.environments import clean_environment
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.template import ROOT
from undersigned_cli.main import app
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import RunningStack

OUTPUTS = {
    "PublicUrl",
    "TableName",
    "PacketBucketName",
    "DraftBucketName",
    "DeliveryQueueUrl",
    "SecretArn",
    "ConfigurationSetName",
}
CAMPAIGN = "local-stack"
ONCE = Config(retries={"total_max_attempts": 1})


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
        DeployedStack(stack.outputs, stack.client).opened(),
        replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)),
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


def test_a_command_finds_the_stack_by_the_environment_that_it_prints(stack: RunningStack, form: str) -> None:
    shown = stack.command("campaign", "list", "--json")

    assert [one["signatures"] for one in json.loads(shown.stdout) if one["campaign"] == CAMPAIGN] == [count(form)]


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


def test_a_row_that_is_not_a_signature_reaches_no_reader(stack: RunningStack, form: str) -> None:
    table = stack.client("dynamodb")
    item = {"pk": {"S": "OTHER#row"}, "sk": {"S": "1"}}
    table.put_item(TableName=stack.outputs["TableName"], Item=item)
    table.delete_item(TableName=stack.outputs["TableName"], Key=item)

    # The stream is in order, and a reader fails on a row that it doesn't know: this letter would never count.
    before = count(form)
    sign(form, "after@signers.example")
    assert request(confirmation_link(stack, "after@signers.example"), {})[0] == 200
    wait_for(lambda: count(form) > before)


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
    status, page = request(f"{stack.desk_url}/embed/iframe")
    assert f'src="{stack.public_url}/campaigns/end-demand-illinois/embed"' in page
    assert not stack.inbox_url.startswith(stack.public_url)


def test_a_taken_port_is_named_in_one_line(stack: RunningStack, tmp_path: Path) -> None:
    port = int(stack.public_url.rpartition(":")[2])

    with (
        pytest.raises(LocalStackError, match=f"^port {port} for the front is not free .*choose another port$"),
        local_stack_process(tmp_path, port=port),
    ):
        pass


def test_it_says_how_commands_find_it_begins_anew_and_stops_with_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "0001.json").write_text("of the last start")
    command = (sys.executable, "-c", "from undersigned_cli.main import run; run()", "local", "--state", str(tmp_path))
    environment = {**clean_environment(os.environ), "AWS_PROFILE": "none-such"}
    with subprocess.Popen(  # noqa: S603
        (*command, "--port", "0", "--desk-port", "0"), stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        [shown] = [line for line in takewhile(lambda line: "Press Ctrl-C" not in line, lines) if "  export " in line]
        found = dict(each.split("=", 1) for each in shown.split()[1:])
        listed = CliRunner(env=found).invoke(app, ["campaign", "list", "--json"])
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0

    assert json.loads(listed.stdout) == []
    assert not (tmp_path / "mails").exists()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
