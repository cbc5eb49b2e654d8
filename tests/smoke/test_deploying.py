"""`make deploy` as a stranger runs it: in a clean clone, at a terminal, against the emulator."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.smoke.deploy import STACK_NAME, architecture
from tests.smoke.stack import DeployedStack
from tests.support.terminal import Terminal
from tests.support.waiting import wait_for
from undersigned_cli.deploying.environments import clean_environment
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.smoke.deploy import Deployed, Deployment
    from tests.support.running import RunningStack
    from undersigned_cli.local.serving import HttpService

pytestmark = pytest.mark.nightly

CAMPAIGN = "end-demand-illinois"
SIGNER = "ada.specimen@gmail.com"
"""An address of a known provider, which is not looked up in the DNS. The stand-in for SES sends nothing."""

ANSWERS = (
    ("Region", "us-est-1"),
    ("Region", ""),
    ("SenderIdentity", "letters.example.org"),
    ("SenderAddress", "letters@example.com"),
    ("SenderAddress", ""),
    ("OperatorEmail", "the operator"),
    ("OperatorEmail", "operator@example.org"),
    ("AdminEmail", ""),
    ("Weekly", "Friday at four"),
    ("Weekly", "FRI 25 Europe/Madrid"),
    ("Weekly", "FRI 16 Europe/Madrid"),
)
"""The answers of a person, with a mistake at some questions."""

CHANGES = "Deploy this changeset?"

SAM = (".uv/bin/uv", "run", "--quiet", "--locked", "--isolated", "--only-group", "sam", "sam")


@dataclass
class Checkout:
    """A clean clone, and the emulator in place of AWS."""

    folder: Path
    addresses: dict[str, str]
    front_port: int = 0

    @contextmanager
    def run(self, *command: str) -> Iterator[Terminal]:
        """Run a command at a terminal."""
        environment = {**clean_environment(os.environ), **self.addresses, "SAM_CLI_POLL_DELAY": "0.2"}
        terminal = Terminal(command, self.folder, environment)
        try:
            yield terminal
        finally:
            terminal.close()

    def deploy(self, *arguments: str, code: int = 0) -> str:
        """Run `make deploy` without a question, and return what the terminal shows."""
        with self.run("make", "deploy", "ARGS=--yes", *arguments) as terminal:
            assert terminal.end() == code, terminal.transcript
            return terminal.transcript

    def write(self, **settings: str) -> None:
        """Change settings as a person does: type a value into its line."""
        file = self.folder / "samconfig.toml"
        text = file.read_text(encoding="utf-8")
        for name, value in settings.items():
            text, changed = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
            assert changed == 1
        file.write_text(text, encoding="utf-8")


def control(addresses: dict[str, str], **controls: Any) -> None:
    """Tell the SES stand-in what to say."""
    key = {"X-Amz-Security-Token": addresses["AWS_SESSION_TOKEN"]}
    request = Request(f"{addresses['AWS_ENDPOINT_URL_SESV2']}/_control", json.dumps(controls).encode(), key)  # noqa: S310
    with urlopen(request, timeout=60) as answer:  # noqa: S310
        assert answer.status == 200


class NotDeployed(DeployedStack):
    """The stack without its deployment, which a person makes in a clone."""

    checkout: Checkout
    transcript = ""

    def _deploy(self, deployment: Deployment, public: HttpService) -> Deployed:
        self.checkout.addresses = dict(deployment.addresses)
        self.checkout.front_port = public.port
        control(self.checkout.addresses, account={"ProductionAccessEnabled": False})
        with self.checkout.run("make", "deploy") as terminal:
            for question, answer in ANSWERS:
                terminal.answer(f"\n   {question}", answer)
            terminal.answer(CHANGES, "y")
            assert terminal.end() == 0, terminal.transcript
            self.transcript = terminal.transcript
        deployed = deployment.deployed()
        assert deployed
        return deployed


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("clone") / "undersigned"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)  # noqa: S603, S607
    subprocess.run(["make", "setup"], cwd=folder, env=clean_environment(os.environ), check=True)  # noqa: S607
    return Checkout(folder, {})


@pytest.fixture(scope="module")
def not_deployed(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NotDeployed]:
    made = NotDeployed(tmp_path_factory.mktemp("stack"))
    made.checkout = checkout
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running(not_deployed: NotDeployed) -> RunningStack:
    """Return the stack that a stranger deployed by answering questions."""
    return not_deployed.start()


def parameters(running: RunningStack, stack: str = STACK_NAME) -> dict[str, str]:
    [found] = running.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}


def test_six_answers_deploy_a_stack(running: RunningStack, not_deployed: NotDeployed, checkout: Checkout) -> None:
    shown = not_deployed.transcript

    assert (
        parameters(running).items()
        >= {
            "SenderIdentity": "letters.example.org",
            "SenderAddress": "letters@letters.example.org",
            "OperatorEmail": "operator@example.org",
            "AdminEmail": "operator@example.org",
            "DeliveryDay": "FRI",
            "DeliveryHour": "16",
            "DeliveryTimeZone": "Europe/Madrid",
        }.items()
    )
    assert "in AWS account 000000000000, region us-east-1, as arn:aws:iam::000000000000:root" in shown
    for mistake in (
        "is 'us-est-1'; give a region",
        "is 'letters@example.com', but SenderIdentity is 'letters.example.org'",
        "is 'the operator'. The email address",
        "DeliveryDay is 'Friday'; give MON,",
        "DeliveryHour is '25'; give a whole number, 0 to 23",
    ):
        assert mistake in shown
    table = running.outputs["TableName"]
    assert running.client("dynamodb").describe_table(TableName=table)["Table"]["DeletionProtectionEnabled"]


def test_the_end_says_what_to_do_next(running: RunningStack, not_deployed: NotDeployed) -> None:
    _, _, todo = not_deployed.transcript.partition("What to do next")

    identity = running.client("sesv2").get_email_identity(EmailIdentity="letters.example.org")
    tokens = identity["DkimAttributes"]["Tokens"]
    assert len(tokens) == 3
    for token in tokens:
        assert f"{token}._domainkey.letters.example.org CNAME {token}.dkim.amazonses.com" in todo
    assert "bounce.letters.example.org MX 10 feedback-smtp." in todo
    assert 'bounce.letters.example.org TXT "v=spf1 include:amazonses.com ~all"' in todo
    assert '_dmarc.letters.example.org: "v=DMARC1; p=none' in todo or "DMARC" in todo
    assert "production access" in todo
    assert "undersigned doctor" in todo
    keep_transcript(not_deployed.transcript)


def keep_transcript(shown: str) -> None:
    """Keep it for people to read, without most of what SAM prints."""
    folder = ROOT / ".undersigned"
    folder.mkdir(exist_ok=True)
    (folder / "make-deploy.txt").write_text(shown, encoding="utf-8")


def test_the_answers_are_private_and_outside_git(running: RunningStack, checkout: Checkout) -> None:
    assert running.outputs
    assert stat.S_IMODE((checkout.folder / "samconfig.toml").stat().st_mode) == 0o600
    assert changes_in_git(checkout) == b""


def changes_in_git(checkout: Checkout) -> bytes:
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=checkout.folder, check=True, capture_output=True).stdout  # noqa: S603


def test_a_changed_setting_is_deployed_and_stays(running: RunningStack, checkout: Checkout) -> None:
    wanted = {
        "PublicUrl": f"http://127.0.0.1:{checkout.front_port}",
        "Architecture": architecture(),
        "PacketRetentionDays": "40",
    }
    checkout.write(
        PublicUrl=f'"{wanted["PublicUrl"]}"',
        Architecture=f'"{wanted["Architecture"]}"',
        PacketRetentionDays=wanted["PacketRetentionDays"],
    )
    assert "PacketRetentionDays: '90' becomes '40'" in checkout.deploy()
    assert parameters(running).items() >= wanted.items()

    assert "No changes to deploy" in checkout.deploy()
    assert parameters(running).items() >= wanted.items()
    table = running.outputs["TableName"]
    assert running.client("dynamodb").describe_table(TableName=table)["Table"]["DeletionProtectionEnabled"]


def test_a_letter_goes_the_whole_way(running: RunningStack, checkout: Checkout) -> None:
    run_undersigned(checkout, "campaign", "push", f"campaigns/{CAMPAIGN}")
    form = {
        "name": "Ada Specimen",
        "email": SIGNER,
        "address_line": "1 Sample Street",
        "locality": "Evanston",
        "region": "IL",
        "postal_code": "60201",
        "target": "evanston",
        "signature": "Ada Specimen",
    }
    post(f"{running.public_url}/campaigns/{CAMPAIGN}/signatures", form)
    link = re.search(r"https?://\S+/confirm/\S+", text_of(running, "confirmation"))
    assert link
    assert link[0].startswith(running.public_url)
    post(link[0], {})
    wait_for(lambda: b"Ada" in run_undersigned(checkout, "signatures", CAMPAIGN, "--status", "confirmed"))
    run_undersigned(checkout, "deliver", CAMPAIGN, "--yes")

    assert "Evanston" in text_of(running, "delivery")


def text_of(running: RunningStack, kind: str) -> str:
    """Wait for an email of a kind, and return its text."""
    [raw] = wait_for(lambda: [mail.raw for mail in running.mails() if mail.tags["kind"] == kind], f"a {kind} email")
    part = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert part
    return str(part.get_content())


def post(address: str, values: dict[str, str]) -> None:
    with urlopen(Request(address, urlencode(values).encode(), {"Accept": "application/json"}), timeout=60) as answer:  # noqa: S310
        assert answer.status < 300


def run_undersigned(checkout: Checkout, *arguments: str) -> bytes:
    """Run a command of the clone on the deployed stack."""
    done = subprocess.run(  # noqa: S603
        [".venv/bin/undersigned", *arguments],
        cwd=checkout.folder,
        env={**clean_environment(os.environ), **checkout.addresses},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_a_lost_file_is_written_from_the_deployed_stack(running: RunningStack, checkout: Checkout) -> None:
    before = parameters(running)
    (checkout.folder / "samconfig.toml").unlink()
    shown = checkout.deploy()

    assert "samconfig.toml has the settings now of the deployed stack." in shown
    assert parameters(running) == before
    text = (checkout.folder / "samconfig.toml").read_text(encoding="utf-8")
    assert '\nPacketRetentionDays = "40"\n' in text
    assert '\nAdminEmail = "operator@example.org"\n' in text


def test_a_wrong_setting_stops_before_anything_is_built(running: RunningStack, checkout: Checkout) -> None:
    assert running.outputs
    checkout.write(DeliveryHour="24")
    try:
        shown = checkout.deploy(code=2)
    finally:
        checkout.write(DeliveryHour="16")

    assert "samconfig.toml: DeliveryHour is '24'; give a whole number, 0 to 23" in shown
    assert "Building" not in shown


KEPT: dict[str, Callable[[Any], list[str]]] = {
    "dynamodb": lambda client: client.list_tables()["TableNames"],
    "s3": lambda client: [bucket["Name"] for bucket in client.list_buckets()["Buckets"]],
    "secretsmanager": lambda client: [secret["Name"] for secret in client.list_secrets()["SecretList"]],
    "sesv2": lambda client: [one["IdentityName"] for one in client.list_email_identities()["EmailIdentities"]],
}
"""Lists what a removed stack leaves behind, by service."""


def test_a_creation_that_fails_in_the_middle_can_be_tried_again(running: RunningStack, checkout: Checkout) -> None:
    """The second stack ends with a wait for something that never comes; without it, the next try succeeds."""
    template, file = (checkout.folder / name for name in ("template.yaml", "samconfig.staging.toml"))
    usual = template.read_text(encoding="utf-8")
    settings = (checkout.folder / "samconfig.toml").read_text(encoding="utf-8")
    for old, new in (("letters.example.org", "staging.example.org"), ('"undersigned"', '"undersigned-staging"')):
        settings = settings.replace(old, new)
    file.write_text(settings, encoding="utf-8")
    before = {service: of(running.client(service)) for service, of in KEPT.items()}
    broken = """
  BrokenHandle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Broken:
    Type: AWS::CloudFormation::WaitCondition
    DependsOn: [Table, PacketBucket, DraftBucket, Secret, SenderEmailIdentity]
    Properties: {Handle: !Ref BrokenHandle, Timeout: 1}

Outputs:
"""
    template.write_text(usual.replace("\nOutputs:\n", broken), encoding="utf-8")
    try:
        failed = checkout.deploy("STACK=staging", code=2)
    finally:
        template.write_text(usual, encoding="utf-8")

    assert "run make deploy again" in failed
    for logical_id in ("Table", "PacketBucket", "DraftBucket", "Secret", "SenderEmailIdentity"):
        assert re.search(rf"CREATE_COMPLETE\s+\S+\s+{logical_id}\b", failed)
    assert {service: of(running.client(service)) for service, of in KEPT.items()} == before
    checkout.deploy("STACK=staging")
    assert parameters(running, "undersigned-staging")["SenderIdentity"] == "staging.example.org"


def test_a_removed_stack_leaves_what_people_signed(running: RunningStack, checkout: Checkout) -> None:
    [table] = [name for name in KEPT["dynamodb"](running.client("dynamodb")) if "undersigned-staging" in name]
    with checkout.run("make", "remove-stack", "STACK=staging") as terminal:
        terminal.answer("Remove the stack undersigned-staging?", "y")
        assert terminal.end() == 0, terminal.transcript
        shown = terminal.transcript

    assert f"{table}: every letter, and what became of it" in shown
    assert "staging.example.org: your domain in SES" in shown
    assert table in KEPT["dynamodb"](running.client("dynamodb"))
    assert "SES has staging.example.org already" in checkout.deploy("STACK=staging", code=2)


def test_sam_build_and_sam_deploy_by_hand_read_the_same_file(running: RunningStack, checkout: Checkout) -> None:
    before = parameters(running)
    with checkout.run(*SAM, "build") as terminal:
        assert terminal.end() == 0, terminal.transcript
    with checkout.run(*SAM, "deploy") as terminal:
        assert terminal.end() == 0, terminal.transcript

    assert "No changes to deploy" in terminal.transcript
    assert parameters(running) == before
    assert changes_in_git(checkout) == b""


def test_what_sam_deploys_by_hand_is_what_the_file_says(running: RunningStack, checkout: Checkout) -> None:
    checkout.write(PacketRetentionDays='"50"')
    with checkout.run(*SAM, "deploy") as terminal:
        terminal.answer(CHANGES, "y")
        assert terminal.end() == 0, terminal.transcript

    assert parameters(running)["PacketRetentionDays"] == "50"
