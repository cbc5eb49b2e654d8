"""Every command that the runbook names, run on the local stack, on a campaign with a letter that bounced.

Commands of AWS run in a shell with the runbook's own functions and the AWS CLI of uv.lock. It is version 1: PyPI has no
other. It takes some minutes and changes the stack's secret, so only `make rehearse` runs it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from tests.e2e.test_doctor import physical_id
from tests.e2e.test_metrics import confirm, sign
from tests.e2e.waiting import wait_for
from tests.integration.test_runbook_commands import NAMED_ONLY
from tests.template.test_runbook_commands import DEFINED, OURS, of_the_shell
from undersigned.domain.errors import UndersignedError
from undersigned.domain.schedule import period_of
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.processes import Environments, find_uv
from undersigned_cli.local.stack import PROJECT
from undersigned_cli.main import app
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from undersigned_cli.local.running import RunningStack

pytestmark = pytest.mark.rehearsed

CAMPAIGN = "end-demand-illinois"

THE_CLI = """
set -euo pipefail
# Version 1 knows no other format than raw, and no option for it.
aws() {
    local words=() word
    # And it looks for SQS at an old address of AWS, whatever AWS_ENDPOINT_URL says.
    [ "$1" != sqs ] || words+=(--endpoint-url "$AWS_ENDPOINT_URL")
    for word in "$@"; do
        case "$word" in --cli-binary-format | raw-in-base64-out) ;; *) words+=("$word") ;; esac
    done
    command aws "${words[@]}"
}
"""

AT_AWS_ONLY = {
    "ce get-cost-and-usage",
    "service-quotas request-service-quota-increase",
    "sesv2 delete-suppressed-destination",
}
"""The local stack has no such service, or no suppression list. The AWS CLI checks their options and values only."""

CHECKED_ONLY = """
set -euo pipefail
aws() { command aws "$@" --generate-cli-skeleton output; }
"""


def shell(stack: RunningStack, script: str, setup: str = THE_CLI + DEFINED) -> subprocess.CompletedProcess[str]:
    """Run a piece of the runbook in bash, with the AWS CLI and the stack's environment."""
    environments = Environments(find_uv(PROJECT), PROJECT, stack.state / "environments")
    nobodys = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    return subprocess.run(  # noqa: S603
        environments.command("awscli", "bash", "-c", setup + script),
        env={**environments.variables("awscli"), **stack.environment, **nobodys},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def filled_in(piece: str, stack: RunningStack, signed: Mapping[str, str]) -> str:
    """Put what a person looks up first into a piece of the runbook."""
    functions = stack.client("lambda")
    if " UUID" in piece:
        name = physical_id(stack, "SendConfirmations")
        mappings = functions.list_event_source_mappings(FunctionName=f"{name}:live")["EventSourceMappings"]
        piece = piece.replace(" UUID", f" {mappings[0]['UUID']}")
    if "SHARD" in piece:
        streams = stack.client("dynamodbstreams")
        [stream] = streams.list_streams(TableName=stack.outputs["TableName"])["Streams"]
        shards = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        start = shards[0]["SequenceNumberRange"]["StartingSequenceNumber"]
        piece = piece.replace("SHARD", shards[0]["ShardId"]).replace(
            "sequence-number START", f"sequence-number {start}"
        )
    if re.search(r"(version|qualifier) 4\d\b", piece):
        name = physical_id(stack, "Deliver")
        # Lambda publishes no second version of what has not changed.
        functions.update_function_configuration(FunctionName=name, Description=f"for {piece[:200]}")
        version = functions.publish_version(FunctionName=name)["Version"]
        piece = re.sub(r"(version|qualifier) 4\d\b", rf"\1 {version}", piece)
    if "--query-id" in piece:
        asked = stack.client("logs").start_query(
            logGroupName=physical_id(stack, "OrganizerApiLogGroup"),
            startTime=0,
            endTime=1,
            queryString="fields @message",
        )
        piece = piece.replace("…", asked["queryId"])
    for name in re.findall(r'"(\w+)": "…"', piece):
        piece = piece.replace(f'"{name}": "…"', f'"{name}": "{signed[name]}"')
    return piece.replace("ADDRESS", "bounce@simulator.amazonses.com")


@pytest.fixture(scope="module")
def bounced(stack: RunningStack) -> Stack:
    """Sign a letter, confirm it and deliver it to an address that bounces."""
    deployed = Stack(stack.outputs, stack.client)
    wiring = deployed.wiring()
    folder = campaign_folder.read(PROJECT / "campaigns" / CAMPAIGN)
    targets = tuple(replace(target, email="bounce@simulator.amazonses.com") for target in folder.targets)
    push(replace(folder, targets=targets), wiring.campaigns)
    sign(stack, "ada@runbook.example", "60201", campaign=CAMPAIGN)
    confirm(stack, "ada@runbook.example")
    wait_for(lambda: wiring.signatures.has_waiting(CAMPAIGN, "evanston"))
    now = datetime.now(UTC)
    stack.invoke("PlanDeliveries", {"scheduled_time": now.isoformat(), "campaign": CAMPAIGN})
    wait_for(lambda: any(one.state == "bounced" for one in wiring.deliveries.deliveries(CAMPAIGN, "evanston")))
    return deployed


def test_every_command_of_aws_runs(stack: RunningStack, bounced: Stack) -> None:
    wiring = bounced.wiring()
    [signature] = wiring.signatures.listed_signatures(CAMPAIGN)
    signed = {"campaign": CAMPAIGN, "signer": signature.signer, "request": signature.mail_request}
    failed, at_aws_only = {}, set()
    for piece in of_the_shell():
        script = filled_in(piece, stack, signed)
        assert "…" not in script
        result = shell(stack, script)
        if called := {name for name in AT_AWS_ONLY if f"aws {name} " in piece}:
            # When the emulator learns them, they run there.
            assert result.returncode != 0, called
            at_aws_only |= called
            result = shell(stack, script, CHECKED_ONLY)
        if result.returncode != 0:
            failed[piece] = result.stderr[-500:]

    assert failed == {}
    assert at_aws_only == AT_AWS_ONLY


def test_what_the_commands_of_aws_print(stack: RunningStack, bounced: Stack) -> None:
    assert bounced.outputs["TableName"] == shell(stack, "id Table").stdout.strip()
    # The emulator takes `?ERROR ?timeout` for lines with both words; for CloudWatch, one of them is enough.
    printed = shell(stack, "lines RecordFeedbackLogGroup 1h ERROR").stdout
    assert '"message":"mail event"' in printed
    assert '"bounce"' in printed


@pytest.mark.parametrize("wrong", ["aws sqs purge-queue --url x", "peek NoQueue", "aws logs tail x"])
def test_a_wrong_command_of_aws_fails(stack: RunningStack, wrong: str) -> None:
    assert shell(stack, wrong).returncode != 0


@pytest.mark.parametrize("wrong", ["aws ce get-cost-and-usage --granularity DAILY", "aws ce get-cost --metrics x"])
def test_a_wrong_command_that_runs_at_aws_only_fails(stack: RunningStack, wrong: str) -> None:
    assert shell(stack, wrong, CHECKED_ONLY).returncode != 0


def test_every_command_of_ours_runs(
    stack: RunningStack, bounced: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "CAMPAIGN": CAMPAIGN,
        "TARGET": "evanston",
        "DAY": period_of(datetime.now(UTC), bounced.outputs["DeliveryTimeZone"]),
        "DIR": str(PROJECT / "campaigns" / CAMPAIGN),
        "FILE": "letters.csv",
        "EMAIL": "administrator@enddemand.example",
    }
    monkeypatch.chdir(tmp_path)
    failed, refused = {}, set()
    here = ["--local", "--state", str(stack.state)]
    for command in sorted(set(OURS) - NAMED_ONLY):
        words = [places.get(word, word) for word in shlex.split(command)[1:]]
        result = CliRunner().invoke(app, [*words, *here])
        if isinstance(result.exception, UndersignedError):
            refused.add(command)
        elif result.exit_code != 0:
            failed[command] = result.exception or result.output

    assert failed == {}
    # Each says why: it makes no sense for these letters, needs a person who answers, or found what it reports.
    assert len(refused) < len(OURS) / 2
