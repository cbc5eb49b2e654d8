"""Every command that the runbook names, run on the deployed template, on a campaign with a letter that bounced.

Commands of AWS run in a shell with the runbook's own functions and the AWS CLI of uv.lock. It is version 1: PyPI has no
other. tests/smoke/account.py answers for an AWS account where the local stack can't. It takes some minutes and
changes the stack's secret, so only `make nightly` runs it.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.smoke.account import Account
from tests.smoke.signers import confirm, sign
from tests.smoke.stack import physical_id
from tests.support.runbook import DEFINED, NAMED_ONLY, OURS, of_the_shell
from tests.support.waiting import wait_for
from undersigned.base.errors import UndersignedError
from undersigned.campaigns.rules.cadence import period_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.deploying.environments import Environments, find_uv
from undersigned_cli.local.serving import HttpService
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.support.running import RunningStack

pytestmark = pytest.mark.nightly

CAMPAIGN = "end-demand-illinois"
BOUNCES = "bounce@simulator.amazonses.com"

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

COSTS = [
    {
        "TimePeriod": {"Start": "2026-11-01", "End": "2026-11-02"},
        "Total": {},
        "Groups": [
            {"Keys": ["Amazon Simple Email Service"], "Metrics": {"UnblendedCost": {"Amount": "1.6", "Unit": "USD"}}}
        ],
        "Estimated": True,
    }
]
"""A day's answer of Cost Explorer, from its API reference."""

type Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def account() -> Account:
    """Return what answers for the AWS account."""
    made = Account()
    made.cost(COSTS)
    return made


@pytest.fixture(scope="module")
def shell(stack: RunningStack, account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Yield what runs a piece of the runbook in bash, with the AWS CLI, the stack's environment and the account."""
    service = HttpService("the account", 0, tmp_path_factory.mktemp("account") / "http.log")
    service.answer = account.answer
    service.start()
    environments = Environments(find_uv(ROOT), ROOT, stack.state / "environments")
    environment = {
        **environments.variables("awscli"),
        **stack.environment,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ENDPOINT_URL_COST_EXPLORER": service.url,
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": service.url,
    }

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            environments.command("awscli", "bash", "-c", THE_CLI + DEFINED + script),
            env=environment,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )

    yield run
    service.stop()


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
            logGroupName=physical_id(stack, "FunctionsLogGroup"),
            startTime=0,
            endTime=1,
            queryString="fields @message",
        )
        piece = piece.replace("…", asked["queryId"])
    for name in re.findall(r'"(\w+)": "…"', piece):
        piece = piece.replace(f'"{name}": "…"', f'"{name}": "{signed[name]}"')
    return piece.replace("ADDRESS", BOUNCES)


@pytest.fixture(scope="module")
def bounced(stack: RunningStack) -> DeployedStack:
    """Sign a letter, confirm it and deliver it to an address that bounces."""
    deployed = DeployedStack(stack.outputs, stack.client)
    opened = deployed.opened()
    folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    targets = tuple(replace(target, email=BOUNCES) for target in folder.targets)
    push(opened, replace(folder, targets=targets))
    sign(stack, "ada.runbook@gmail.com", "60201", campaign=CAMPAIGN)
    confirm(stack, "ada.runbook@gmail.com")
    wait_for(lambda: Signatures(opened.table).has_waiting(CAMPAIGN, "evanston"))
    stack.run_job("plan", datetime.now(UTC), CAMPAIGN)
    wait_for(lambda: any(one.state == "bounced" for one in Deliveries(opened.table).deliveries(CAMPAIGN, "evanston")))
    return deployed


def piece_with(command: str) -> str:
    """Return the runbook's only piece with a command."""
    [piece] = [piece for piece in of_the_shell() if command in piece]
    return piece


def printed_by(shell: Shell, script: str) -> str:
    """Run a piece of the runbook, and return what it prints."""
    result = shell(script)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_command_of_aws_runs(stack: RunningStack, bounced: DeployedStack, shell: Shell) -> None:
    opened = bounced.opened()
    [signature] = Signatures(opened.table).listed_signatures(CAMPAIGN)
    signed = {"campaign": CAMPAIGN, "signer": signature.signer, "form": signature.form}
    failed = {}
    for piece in of_the_shell():
        script = filled_in(piece, stack, signed)
        assert "…" not in script
        result = shell(script)
        if result.returncode != 0:
            failed[piece] = result.stderr[-500:]

    assert failed == {}


def test_what_the_commands_of_aws_print(bounced: DeployedStack, shell: Shell) -> None:
    assert bounced.outputs["TableName"] == printed_by(shell, "id Table").strip()
    # The emulator takes `?ERROR ?timeout` for lines with both words; for CloudWatch, one of them is enough.
    printed = printed_by(shell, "lines FunctionsLogGroup 1h ERROR")
    assert '"message":"mail event"' in printed
    assert '"bounce"' in printed


def test_an_address_is_deleted_from_the_suppression_list(
    stack: RunningStack, bounced: DeployedStack, shell: Shell
) -> None:
    ses = stack.client("sesv2")
    mail = f"From: {bounced.opened().settings.sender_address}\r\n\r\nGood day"
    ses.send_email(Destination={"ToAddresses": [BOUNCES]}, Content={"Raw": {"Data": mail.encode()}})
    wait_for(lambda: is_suppressed(ses, BOUNCES))
    printed_by(shell, filled_in(piece_with("delete-suppressed-destination"), stack, {}))

    assert not is_suppressed(ses, BOUNCES)


def is_suppressed(ses: Any, address: str) -> bool:
    try:
        ses.get_suppressed_destination(EmailAddress=address)
    except ses.exceptions.NotFoundException:
        return False
    return True


def test_the_costs_are_those_of_each_service_by_day(account: Account, shell: Shell) -> None:
    today = datetime.now(UTC).astimezone().date()
    printed = json.loads(printed_by(shell, piece_with("aws ce get-cost-and-usage")))

    assert printed["ResultsByTime"] == COSTS
    assert account.asked["GetCostAndUsage"][-1] == {
        "TimePeriod": {"Start": f"{today:%Y-%m}-01", "End": f"{today + timedelta(days=1)}"},
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
    }


def test_a_higher_quota_of_functions_at_once_is_asked_for(shell: Shell) -> None:
    assert int(printed_by(shell, piece_with("AccountLimit.ConcurrentExecutions"))) > 0
    requested = json.loads(printed_by(shell, piece_with("request-service-quota-increase")))["RequestedQuota"]

    named = {name: requested[name] for name in ("QuotaName", "DesiredValue", "Status")}
    assert named == {"QuotaName": "Concurrent executions", "DesiredValue": 1000, "Status": "PENDING"}


ASK = "aws service-quotas request-service-quota-increase --service-code lambda"


@pytest.mark.parametrize(
    "wrong",
    [
        "aws sqs purge-queue --url x",
        "peek NoQueue",
        "aws logs tail x",
        "aws ce get-cost-and-usage --granularity DAILY",
        "aws ce get-cost --metrics x",
        f"{ASK} --quota-code L-B99A9385 --desired-value 1000",
        f"{ASK} --quota-code L-B99A9384 --desired-value 10",
        "aws sesv2 delete-suppressed-destination --email-address nobody.runbook@gmail.com",
    ],
)
def test_a_wrong_command_of_aws_fails(shell: Shell, wrong: str) -> None:
    assert shell(wrong).returncode != 0


def test_every_command_of_ours_runs(
    stack: RunningStack, bounced: DeployedStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "CAMPAIGN": CAMPAIGN,
        "TARGET": "evanston",
        "DAY": period_of(datetime.now(UTC), bounced.outputs["DeliveryTimeZone"]),
        "DIR": str(ROOT / "campaigns" / CAMPAIGN),
        "FILE": "letters.csv",
        "EMAIL": "administrator@enddemand.example",
    }
    monkeypatch.chdir(tmp_path)
    failed, refused = {}, set()
    for command in sorted(set(OURS) - NAMED_ONLY):
        words = [places.get(word, word) for word in shlex.split(command)[1:]]
        result = stack.command(*words)
        if isinstance(result.exception, UndersignedError):
            refused.add(command)
        elif result.exit_code != 0:
            failed[command] = result.exception or result.output

    assert failed == {}
    # Each says why: it makes no sense for these letters, needs a person who answers, or found what it reports.
    assert len(refused) < len(OURS) / 2
