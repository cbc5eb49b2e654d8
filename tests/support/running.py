"""A stack that runs in another process: the local one, or the deployed one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from typer.testing import CliRunner

from undersigned.campaigns.rules.cadence import period_of
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.serving import HEADER
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from typer.testing import Result

    from undersigned_cli.local.mail_store import StoredMail

ALIAS = "live"
"""The alias of every function in template.yaml."""

LONGEST_FUNCTION = 900
"""Seconds; Lambda's limit."""


def client_of(environment: Mapping[str, str], service: str, **settings: Any) -> Any:
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
    """Its addresses, its resources, its emails and its logs."""

    state: Path
    public_url: str
    desk_url: str
    outputs: dict[str, str]
    functions: dict[str, str]
    environment: dict[str, str]

    @property
    def inbox_url(self) -> str:
        return f"{self.desk_url}/inbox"

    @property
    def key_header(self) -> dict[str, str]:
        """Return the header that shows the stack's key, for requests without an AWS client."""
        return {HEADER: self.environment["AWS_SESSION_TOKEN"]}

    def client(self, service: str, **settings: Any) -> Any:
        """Make an AWS client for this stack, as boto3.client does."""
        return client_of(self.environment, service, **settings)

    def command(self, *words: str) -> Result:
        """Run a command of `undersigned` on this stack, as in a terminal with its environment."""
        return CliRunner(env=self.environment).invoke(app, [*words])

    def mails(self) -> list[StoredMail]:
        """Return all accepted emails, oldest first."""
        return MailStore(self.state / "mails").mails()

    def invoke(self, function: str, event: Any) -> Any:
        """Invoke a function by its logical id, and return its result; raises LocalStackError when it fails."""
        once = Config(read_timeout=LONGEST_FUNCTION, retries={"total_max_attempts": 1})
        answer = self.client("lambda", config=once).invoke(
            FunctionName=self.functions[function], Qualifier=ALIAS, Payload=json.dumps(event).encode()
        )
        result = json.loads(answer["Payload"].read() or "null")
        if answer.get("FunctionError"):
            message = f"{function} failed: {result.get('errorMessage', result)}; the logs are in {self.state / 'logs'}"
            raise LocalStackError(message)
        return result

    def run_job(self, job: str, at: datetime, campaign: str | None = None) -> Any:
        """Run a job by hand for the day of a moment, about all campaigns or one, and return what it did."""
        day = period_of(at, self.outputs["DeliveryTimeZone"])
        return self.invoke("RunJobs", {"jobs": [job], "day": day, "campaign": campaign})[job]

    def logs(self) -> str:
        """Return the logs: of the functions and the stack, of requests, and of emails."""
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')}" for log in sorted((self.state / "logs").glob("*.log"))
        )
