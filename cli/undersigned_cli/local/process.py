"""The process of a local stack: `python -m undersigned_cli.local.process`, with its settings in its standard input.

It runs until its standard input ends, because then the program that started it has ended. It tells that program in one
line that it has started, or why it can't.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import secrets
import signal
import sys
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from undersigned_cli.local import example_site, inbox, running
from undersigned_cli.local.account import load, open_account, save
from undersigned_cli.local.clients import endpoint
from undersigned_cli.local.driver import Driver
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.functions import Functions
from undersigned_cli.local.gateway import Gateway
from undersigned_cli.local.mail_service import MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.resources import make_all, topics_of
from undersigned_cli.local.running import RunningStack, client_environment
from undersigned_cli.local.serving import HttpService, for_key_holders
from undersigned_cli.local.settings import PARAMETERS, VARIABLES
from undersigned_cli.local.template import ROOT, is_there, load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from undersigned_cli.local.serving import Answer
    from undersigned_cli.local.settings import LocalSettings


def start(settings: LocalSettings, ends: ExitStack) -> None:
    """Start a stack, which stops when `ends` is closed. Raises LocalStackError if it can't start."""
    state = settings.state
    ends.enter_context(_claimed(state))
    log = state / "logs" / "http.log"
    front = HttpService("the front", settings.ports.front, log)
    desk = HttpService("the inbox", settings.ports.desk, log)
    clients = HttpService("AWS clients", 0, log)
    key = secrets.token_urlsafe(32)
    environment = client_environment(clients.url, key)

    open_account()
    os.environ |= {name: value for name, value in environment.items() if name != "AWS_ENDPOINT_URL"}
    parameters = {**PARAMETERS, "PublicUrl": front.url, **settings.parameters}
    file, made = state / "account.pickle", _fingerprint(settings.parameters)
    kept = load(file, made)
    if file.exists() and not kept:
        say("template.yaml has changed since the last stop, so this stack begins anew")
    known = kept["known"] | parameters if kept else make_all(boto3.client, parameters)

    # Emails go to the stand-in, and a signed link must lead to a server. moto answers all else in this process.
    os.environ |= {"AWS_ENDPOINT_URL_SESV2": clients.url, "AWS_ENDPOINT_URL_S3": clients.url}
    functions = Functions(known, VARIABLES | dict(settings.variables), boto3.client, say)
    store = MailStore(state / "mails")
    mails = MailService(
        store, cache(boto3.client), endpoint(functions.invoke), lambda name: topics_of(name, known), say
    )
    driver = Driver(known, functions.invoke, boto3.client("sqs"), say, schedules=settings.schedules)
    clients.answer = for_key_holders(key, mails.answer)
    front.answer = Gateway(functions.invoke, front.port, say).answer
    desk.answer = _desk(inbox.inbox(store), example_site.example_site(front.url, desk.url))
    # The last one to stop is named first: the pages, then the functions, then what functions call while they finish, so
    # that nothing changes after the state was saved.
    ends.callback(lambda: save(file, made, {"known": known, "positions": driver.positions}))
    mails.start()
    ends.callback(mails.stop)
    clients.start()
    ends.callback(clients.stop)
    driver.start(kept["positions"] if kept else {})
    ends.callback(driver.stop)
    for server in (desk, front):
        server.start()
        ends.callback(server.stop)
    RunningStack(
        state=state,
        public_url=front.url,
        inbox_url=f"{desk.url}{inbox.PATH}",
        example_url=f"{desk.url}/",
        outputs={
            name: str(resolve(output["Value"], known))
            for name, output in load_template()["Outputs"].items()
            if is_there(output, known)
        },
        functions={name: name for name in functions},
        environment=environment,
        process=os.getpid(),
    ).write()
    ends.callback(running.forget, state)


def say(line: str) -> None:
    """Write a line into the log of this process."""
    print(line, flush=True)  # noqa: T201


def _claimed(state: Path) -> Any:
    """Lock the state folder against a second stack while this process runs."""
    lock = (state / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"another local stack is running with {state}; stop it, or choose another state folder"
        raise LocalStackError(message) from None
    return lock


def _fingerprint(parameters: Mapping[str, str]) -> str:
    """Return a hash of the inputs from which resources are made."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8") + (ROOT / "uv.lock").read_text(encoding="utf-8")
    return hashlib.sha256(f"{text}{sorted(parameters.items())}".encode()).hexdigest()


def _desk(mails: Answer, website: Answer) -> Answer:
    """Serve the inbox and the example website on one origin, which is not the public one."""
    return lambda request: (mails if request.path.startswith(inbox.PATH) else website)(request)


def main() -> None:
    """Run a stack until standard input ends."""
    settings = pickle.load(sys.stdin.buffer)  # noqa: S301  (our own parent wrote it)
    parent = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    # At a shutdown, the program that started this one ends, too, and so does standard input.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with ExitStack() as ends:
        try:
            start(settings, ends)
        except LocalStackError as error:
            print(error, file=parent, flush=True)
        else:
            print("started", file=parent, flush=True)
            sys.stdin.buffer.read()
            say("stopping")
    # Python's own end would free each object of moto's, which takes seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
