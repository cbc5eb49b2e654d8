"""The local stack: the real functions on moto in this process, with an inbox and an example website."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from undersigned_cli.local import example_site, inbox
from undersigned_cli.local.account import open_account
from undersigned_cli.local.clients import endpoint
from undersigned_cli.local.driver import Driver
from undersigned_cli.local.functions import Functions
from undersigned_cli.local.gateway import Gateway
from undersigned_cli.local.mail_service import MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.resources import REGION, make_all, name_outputs, topics_of
from undersigned_cli.local.serving import HttpService, for_key_holders
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SENDER_IDENTITY = "enddemand.example"
ADMIN_EMAIL = f"administrator@{SENDER_IDENTITY}"
"""The administrator of a local stack. The inbox shows the emails with which they sign in."""

VARIABLES = {"FORMS_A_MINUTE": "300", "ACCEPT_RESERVED_DOMAINS": "true"}
"""Variables in place of the template's: everybody signs from here, with addresses like a@b.example."""

PARAMETERS = {
    "SenderIdentity": SENDER_IDENTITY,
    "SenderAddress": f"letters@{SENDER_IDENTITY}",
    "OperatorEmail": f"operator@{SENDER_IDENTITY}",
    "AdminEmail": ADMIN_EMAIL,
    # All signers of a demo or a test are on this machine, which counts as one network.
    "UnconfirmedMailsANetwork": "100000",
    "UnconfirmedMailsADomain": "100000",
}


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running local stack. `environment` has the variables with which AWS clients of other programs reach it."""

    state: Path
    public_url: str
    desk_url: str
    outputs: Mapping[str, str]
    environment: Mapping[str, str]
    store: MailStore
    invoke: Callable[[str, Any], Any]

    @property
    def inbox_url(self) -> str:
        """Return the address of the inbox, which is on one origin with the example website."""
        return f"{self.desk_url}{inbox.PATH}"


@contextmanager
def local_stack(  # noqa: PLR0913
    state: Path,
    *,
    port: int,
    desk_port: int,
    schedules: bool = True,
    parameters: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[LocalStack]:
    """Run an empty stack. A process can have only one, for its whole life. Raises LocalStackError.

    `state` is the folder of its emails and logs, and what this process prints meanwhile is in the logs, too. Without
    `schedules`, the template's schedules never fire. `parameters` overrides template parameters, and `variables` the
    functions' environment variables.
    """
    state = state.resolve()
    log = state / "logs" / "http.log"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as ends:
        front = HttpService("the front", port, log)
        desk = HttpService("the inbox", desk_port, log)
        clients = HttpService("AWS clients", 0, log)
        for leftover in ("logs", "mails"):
            shutil.rmtree(state / leftover, ignore_errors=True)
        log.parent.mkdir()
        output = ends.enter_context((state / "logs" / "stack.log").open("w", encoding="utf-8", buffering=1))
        ends.enter_context(redirect_stdout(output))
        ends.enter_context(redirect_stderr(output))
        environment = _use_only_this_stack(clients.url)
        open_account()
        known = make_all(boto3.client, {**PARAMETERS, "PublicUrl": front.url, **(parameters or {})})
        outputs = name_outputs(boto3.client("cloudformation"), known)

        # Emails go to the stand-in, and a signed link must lead to a server. moto answers all else in this process.
        os.environ |= {"AWS_ENDPOINT_URL_SESV2": clients.url, "AWS_ENDPOINT_URL_S3": clients.url}
        functions = Functions(known, VARIABLES | dict(variables or {}), boto3.client, print)
        store = MailStore(state / "mails")
        mails = MailService(
            store, cache(boto3.client), endpoint(functions.invoke), lambda name: topics_of(name, known), print
        )
        driver = Driver(known, functions.invoke, boto3.client("sqs"), print, schedules=schedules)
        clients.answer = for_key_holders(environment["AWS_SESSION_TOKEN"], mails.answer)
        front.answer = Gateway(functions.invoke, front.port, print).answer
        website = example_site.example_site(front.url, desk.url)
        emails = inbox.inbox(store)
        desk.answer = lambda request: (emails if request.path.startswith(inbox.PATH) else website)(request)
        # They stop in the other order: pages, then functions, then what functions call while they finish.
        for part in (mails, clients, driver, desk, front):
            part.start()
            ends.callback(part.stop)
        yield LocalStack(state, front.url, desk.url, outputs, environment, store, functions.invoke)


def _use_only_this_stack(address: str) -> dict[str, str]:
    """Forget this process's AWS settings, and return the variables that point other programs at the stack.

    They show its key as their session token. Nobody checks their signatures.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    key = secrets.token_urlsafe(32)
    environment = {
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": key,
        "AWS_SESSION_TOKEN": key,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    os.environ |= environment
    # The functions' modules are in the checkout only.
    sys.path.insert(0, str(ROOT))
    return {"AWS_ENDPOINT_URL": address, **environment}
