"""The process of a local stack: `python -m undersigned_cli.local.process`. Its environment has its settings as JSON.

It runs until its standard input ends, because then the program that started it has ended, or until it is told to.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import sys
import threading
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from undersigned_cli.local import example_site, inbox, key, running
from undersigned_cli.local.account import load, open_account, save
from undersigned_cli.local.clients import endpoint
from undersigned_cli.local.driver import Driver
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.functions import Functions
from undersigned_cli.local.gateway import Gateway
from undersigned_cli.local.mail_service import MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.memory import Memory, Ports
from undersigned_cli.local.resources import make_all, topics_of
from undersigned_cli.local.running import ANY, REGION, RunningStack, client_environment
from undersigned_cli.local.serving import HttpService
from undersigned_cli.local.settings import PARAMETERS, SETTINGS, VARIABLES, LocalSettings
from undersigned_cli.local.template import ROOT, load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from undersigned_cli.local.serving import Request, Response

_KEPT = "account.pickle"


class _Process:
    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._state = settings.state
        self._logs = settings.state / "logs"
        self._ends = ExitStack()

    def run(self) -> None:
        """Start, wait for the end, and stop. Raises LocalStackError if it can't start."""
        with self._ends:
            self._start()
            _wait_for_end()
            self._say("stopping")

    def _say(self, line: str) -> None:
        print(line, flush=True)  # noqa: T201  (into the log of this process)

    def _start(self) -> None:
        self._claim()
        memory = Memory.read(self._state)
        servers = self._open_servers(memory.ports_for(self._settings.ports))
        known_key = key.key_of(self._state)
        addresses = client_environment(servers["clients"].url, servers["mail"].url, known_key)
        open_account()
        made = fingerprint(self._settings.parameters)
        own = cache(_session(known_key).client)
        kept = self._continue(made if memory.made == made else None)
        parameters = {**PARAMETERS, "PublicUrl": servers["front"].url, **self._settings.parameters}
        known = kept["known"] | parameters if kept else make_all(own, parameters)
        Memory(Ports(**{name: server.port for name, server in servers.items()}), made).write(self._state)

        clients = _clients(servers, known_key)
        functions = Functions(known, VARIABLES | dict(self._settings.variables), clients, self._say)
        answer_clients = endpoint(functions.invoke)
        store = MailStore(self._state / "mails")
        mails = MailService(
            store,
            own,
            answer_clients,
            lambda configuration_set: topics_of(configuration_set, known),
            self._logs / "mails.log",
        )
        driver = Driver(known, functions.invoke, own("sqs"), self._say, schedules=self._settings.schedules)
        servers["clients"].answer = key.for_key_holders(known_key, answer_clients)
        servers["mail"].answer = key.for_key_holders(known_key, mails.answer)
        servers["front"].answer = Gateway(functions.invoke, servers["front"].port, self._say).answer
        website = example_site.example_site(servers["front"].url, servers["desk"].url)
        servers["desk"].answer = _desk(inbox.inbox(store), website)
        # What stops last is named first: no function and no email comes after what was saved.
        self._ends.callback(lambda: save(self._state / _KEPT, {"known": known, "positions": driver.positions}))
        mails.start()
        self._ends.callback(mails.stop)
        driver.start(kept["positions"] if kept else {})
        self._ends.callback(driver.stop)
        RunningStack(
            state=self._state,
            public_url=servers["front"].url,
            inbox_url=f"{servers['desk'].url}{inbox.PATH}",
            example_url=f"{servers['desk'].url}/",
            outputs=_outputs(known),
            functions={name: name for name in functions},
            environment=addresses,
            process=os.getpid(),
        ).write()
        self._ends.callback(running.forget, self._state)

    def _claim(self) -> None:
        """Lock the state folder against a second stack while this process runs."""
        lock = self._ends.enter_context((self._state / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another local stack is running with {self._state}; stop it, or choose another state folder"
            raise LocalStackError(message) from None

    def _open_servers(self, ports: Ports) -> dict[str, HttpService]:
        """Take all ports; raises PortTakenError for the first one that another program uses."""
        names = {"front": "the front", "desk": "the inbox", "mail": "the local SES", "clients": "AWS clients"}
        servers = {}
        for name, shown in names.items():
            servers[name] = HttpService(shown, getattr(ports, name), self._logs / "http.log")
            self._ends.callback(servers[name].stop)
            servers[name].start()
        return servers

    def _continue(self, made: str | None) -> dict[str, Any] | None:
        """Return what the last stop kept, if it was made from the same template and parameters."""
        file = self._state / _KEPT
        if not file.exists():
            return None
        if made is None:
            self._say("template.yaml has changed since the last stop, so this stack begins anew")
            return None
        return load(file)


def fingerprint(parameters: Mapping[str, str]) -> str:
    """Return a hash of what resources are made from."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8") + (ROOT / "uv.lock").read_text(encoding="utf-8")
    return hashlib.sha256(f"{text}{sorted(parameters.items())}".encode()).hexdigest()


@cache
def _session(known_key: str) -> Any:
    """Return the session of all clients. One of its own for each would read botocore's files again."""
    return boto3.Session(
        aws_access_key_id=ANY,
        aws_secret_access_key=ANY,
        aws_session_token=known_key,
        region_name=REGION,
    )


def _clients(servers: Mapping[str, HttpService], known_key: str) -> Callable[..., Any]:
    """Return a maker of clients that moto answers in this process; but emails go to the stand-in.

    S3's have the address of the server for clients, so that a signed link leads there.
    """
    addresses = {"sesv2": servers["mail"].url, "s3": servers["clients"].url}

    def client(service: str, **settings: Any) -> Any:
        return _session(known_key).client(service, endpoint_url=addresses.get(service), **settings)

    return client


def _outputs(known: Mapping[str, Any]) -> dict[str, str]:
    template = load_template()
    return {
        name: str(resolve(output["Value"], known))
        for name, output in template["Outputs"].items()
        if "Condition" not in output or resolve(template["Conditions"][output["Condition"]], known)
    }


def _desk(
    mails: Callable[[Request], Response], website: Callable[[Request], Response]
) -> Callable[[Request], Response]:
    """Serve the inbox and the example website on one origin, which is not the public one."""
    return lambda request: (mails if request.path.startswith(inbox.PATH) else website)(request)


def _wait_for_end() -> None:
    """Wait for a signal, or for the end of standard input."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    def watch() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    ended.wait()


def main() -> None:
    """Run the stack of the settings in the environment. Ends with status 1 and one line if it can't start."""
    try:
        _Process(LocalSettings.of_json(os.environ[SETTINGS])).run()
    except LocalStackError as error:
        print(f"error: {error}", flush=True)  # noqa: T201
        os._exit(1)
    # Python's own end would free each object of moto's, which takes seconds.
    os._exit(0)


if __name__ == "__main__":
    main()
