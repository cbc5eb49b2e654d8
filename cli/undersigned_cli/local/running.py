"""The running stack, which the command line and the tests find through `stack.json` in its state folder."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from undersigned.domain.delivering.schedule import period_of
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.mail_store import MailStore

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned_cli.local.mail_store import StoredMail

_FILE = "stack.json"
_ALIAS = "live"
"""The alias of every function in template.yaml."""
_LONGEST_FUNCTION = 900
"""Seconds; Lambda's limit."""

HEADER = "X-Amz-Security-Token"
"""The header with the stack's key."""

ACCOUNT = "123456789012"
REGION = "us-east-1"
"""Where a local stack is: moto's account, in this region."""


def client_environment(address: str, key: str) -> dict[str, str]:
    """Return the variables that point AWS clients at the local stack: its address, a region, its key.

    They show the key as their session token. Nobody checks their signatures.
    """
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": key,
        "AWS_SESSION_TOKEN": key,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client_of(environment: dict[str, str], service: str, **settings: Any) -> Any:
    """Make an AWS client as boto3.client does, but only with the endpoints and credentials of `environment`."""
    endpoint = environment.get(f"AWS_ENDPOINT_URL_{service.upper()}", environment["AWS_ENDPOINT_URL"])
    session: Any = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment["AWS_SESSION_TOKEN"],
        region_name=environment["AWS_REGION"],
    )
    return session.client(service, endpoint_url=endpoint, **settings)


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A running local stack: its addresses, its resources, its emails and its logs."""

    state: Path
    public_url: str
    inbox_url: str
    example_url: str
    outputs: dict[str, str]
    functions: dict[str, str]
    environment: dict[str, str]
    process: int

    @property
    def example_origin(self) -> str:
        """Return the example website's origin, which a campaign must allow."""
        return self.example_url.rstrip("/")

    @property
    def key_header(self) -> dict[str, str]:
        """Return the header that shows the stack's key, for requests without an AWS client."""
        return {HEADER: self.environment["AWS_SESSION_TOKEN"]}

    def client(self, service: str, **settings: Any) -> Any:
        """Make an AWS client for this stack, as boto3.client does."""
        return client_of(self.environment, service, **settings)

    def mails(self) -> list[StoredMail]:
        """Return all accepted emails, oldest first."""
        return MailStore(self.state / "mails").mails()

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke a function by its logical id, and return its result; raises LocalStackError when it fails."""
        if function not in self.functions:
            message = f"template.yaml has no function {function}; it has {', '.join(sorted(self.functions))}"
            raise LocalStackError(message)
        once = Config(read_timeout=_LONGEST_FUNCTION, retries={"total_max_attempts": 1})
        answer = self.client("lambda", config=once).invoke(
            FunctionName=self.functions[function], Qualifier=_ALIAS, Payload=json.dumps(event).encode()
        )
        result = json.loads(answer["Payload"].read() or "null")
        if answer.get("FunctionError"):
            message = f"{function} failed: {result.get('errorMessage', result)}; the logs are in {self.state / 'logs'}"
            raise LocalStackError(message)
        return result

    def run_job(self, job: str, at: datetime, campaign: str | None = None) -> Any:
        """Run a job by hand for the day of a moment, about all campaigns or one, and return what it did.

        Raises LocalStackError when it fails.
        """
        day = period_of(at, self.outputs["DeliveryTimeZone"])
        return self.invoke("RunJobs", {"jobs": [job], "day": day, "campaign": campaign})[job]

    def logs(self) -> str:
        """Return the logs: of the functions and the stack, of requests, and of emails."""
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')}" for log in sorted((self.state / "logs").glob("*.log"))
        )

    def write(self) -> None:
        """Write `stack.json`, so that this user's programs find this stack and its key."""
        write_privately(self.state / _FILE, json.dumps({**asdict(self), "state": str(self.state)}, indent=1).encode())


def write_privately(file: Path, content: bytes) -> None:
    """Write a file that nobody but its owner can read. A failure leaves the file as it was."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)


def forget(state: Path) -> None:
    """Delete `stack.json`, so that nobody finds a stack here."""
    (state / _FILE).unlink(missing_ok=True)


def connect(state: Path) -> RunningStack:
    """Return the stack that runs with this state folder; raises LocalStackError when none does."""
    try:
        known = json.loads((state / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"no local stack is running with {state}; to start one, run `undersigned local`"
        raise LocalStackError(message) from None
    stack = RunningStack(**{**known, "state": Path(known["state"])})
    address = urlsplit(stack.environment["AWS_ENDPOINT_URL"])
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
    except OSError:
        message = f"the local stack of {state} ended unexpectedly; to start it again, run `undersigned local`"
        raise LocalStackError(message) from None
    return stack
