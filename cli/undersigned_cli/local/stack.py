"""The local stack: the real template on an emulator, with a public address, an inbox and an example website."""

from __future__ import annotations

import fcntl
import socket
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from undersigned_cli.deploying.in_aws import protect_table
from undersigned_cli.local import example_site, inbox, key, running
from undersigned_cli.local.api_routes import make_routes
from undersigned_cli.local.deploy import STACK_NAME, Deployment, architecture, fingerprint
from undersigned_cli.local.emulator import REGION, Emulator, client_environment
from undersigned_cli.local.errors import LocalStackError, PortTakenError
from undersigned_cli.local.front import front
from undersigned_cli.local.mail_service import MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.memory import Memory, Ports
from undersigned_cli.local.processes import Environments, find_uv
from undersigned_cli.local.running import RunningStack
from undersigned_cli.local.serving import HOST, HttpService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from undersigned_cli.local.deploy import Deployed
    from undersigned_cli.local.serving import Request, Response

__all__ = ["LocalStack", "LocalStackError", "Ports", "RunningStack", "connect"]

PROJECT = Path(__file__).parents[3]
"""The source tree that contains this package."""

SENDER_IDENTITY = "enddemand.example"
SENDER_ADDRESS = f"letters@{SENDER_IDENTITY}"
OPERATOR_ADDRESS = f"operator@{SENDER_IDENTITY}"
ADMIN_EMAIL = f"administrator@{SENDER_IDENTITY}"
"""The administrator of a local stack. The inbox shows the emails with which they sign in."""

VARIABLES = {"FORMS_A_MINUTE": "300", "ACCEPT_RESERVED_DOMAINS": "true"}
"""What functions get in place of the template's values: everybody signs from here, with addresses like a@b.example."""

connect = running.connect


class LocalStack:
    """Starts, deploys and stops a local stack. As a context manager, it returns the running stack."""

    def __init__(  # noqa: PLR0913
        self,
        state: Path,
        *,
        project: Path = PROJECT,
        ports: Ports | None = None,
        schedules: bool = True,
        hurry: float = 1,
        prelude: str = "",
        region: str = REGION,
        parameters: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Configure the stack, without starting it.

        `state` is the folder of its data, and `project` the source tree to deploy. Without `schedules`, the template's
        schedules never fire. `hurry` divides the time for which functions hide or delay messages. `prelude` is Python
        code that each Lambda worker runs first, with which a test can watch the functions. `region` is in the ARNs
        of what it deploys. `parameters` overrides template parameters, such as PublishEvents, and `variables` the
        functions' environment variables, such as BUNDLE_SIZE. `report` gets a line about each step.
        """
        self._state = state.resolve()
        self._project = project.resolve()
        self._ports = ports or Ports()
        self._schedules = schedules
        self._hurry = hurry
        self._prelude = prelude
        self._region = region
        self._parameters = dict(parameters or {})
        self._variables = {**VARIABLES, **(variables or {})}
        self._report = report
        self._logs = self._state / "logs"
        self._store = MailStore(self._state / "mails")
        self._ends = ExitStack()

    def __enter__(self) -> RunningStack:
        """Start the stack. On a LocalStackError, stop what was started."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything that was started."""
        self.stop()

    def start(self) -> RunningStack:
        """Start the stack. On a LocalStackError, stop what was started."""
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything that was started. The emulator keeps its state on disk."""
        self._ends.close()

    def _start(self) -> RunningStack:
        if not (self._project / "template.yaml").is_file():
            message = (
                f"{self._project} has no template.yaml; `undersigned local` and `undersigned demo` run in a checkout "
                "only, with the uv and the SAM CLI that `make setup` fetches there"
            )
            raise LocalStackError(message)
        environments = Environments(find_uv(PROJECT), self._project, self._state / "environments")
        self._claim()
        memory = Memory.read(self._state)
        servers = _Servers.open(memory.ports_for(self._ports), self._logs / "http.log", self._ends)
        known_key = key.key_of(self._state)
        addresses = client_environment(servers.emulator_port, servers.mail.port, known_key, self._region)
        # The stand-in asks the emulator's own SES v2 what the template made.
        emulator_only = {**addresses, "AWS_ENDPOINT_URL_SESV2": addresses["AWS_ENDPOINT_URL"]}
        clients = cache(partial(running.client_of, emulator_only))

        self._start_emulator(environments, servers, known_key)
        self._start_mails(clients, servers, known_key)
        deployed = self._deploy(
            Deployment(self._state / "sam", self._logs, environments, addresses, clients),
            servers,
            memory,
        )
        servers.front.answer = front(deployed.api, servers.emulator_port, servers.front.port, known_key)
        website = example_site.example_site(servers.front.url, servers.desk.url)
        servers.desk.answer = _desk(inbox.inbox(self._store), website)
        stack = RunningStack(
            state=self._state,
            public_url=servers.front.url,
            inbox_url=f"{servers.desk.url}{inbox.PATH}",
            example_url=f"{servers.desk.url}/",
            outputs=deployed.outputs,
            functions=deployed.functions,
            environment=addresses,
        )
        stack.write()
        self._ends.callback(running.forget, self._state)
        self._report(f"The local stack is running: {stack.public_url}")
        return stack

    def _claim(self) -> None:
        """Lock the state folder against a second stack while this process runs."""
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._ends.enter_context((self._state / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another local stack is running with {self._state}; stop it, or choose another state folder"
            raise LocalStackError(message) from None

    def _start_emulator(self, environments: Environments, servers: _Servers, known_key: str) -> None:
        self._report("Starting the AWS emulator")
        emulator = Emulator(
            self._state / "emulator",
            self._logs / "emulator.log",
            servers.emulator_port,
            servers.mail.port,
            known_key,
            self._schedules,
            self._hurry,
            self._prelude,
            self._region,
        )
        program = emulator.start(environments)
        self._ends.callback(emulator.stop, program)

    def _start_mails(self, clients: Callable[[str], Any], servers: _Servers, known_key: str) -> None:
        service = MailService(self._store, clients, servers.emulator_port, self._logs / "mails.log")
        service.start()
        self._ends.callback(service.stop)
        servers.mail.answer = key.for_key_holders(known_key, service.answer)

    def _deploy(self, deployment: Deployment, servers: _Servers, memory: Memory) -> Deployed:
        """Build and deploy, unless this source tree is already deployed."""
        parameters = {
            "SenderIdentity": SENDER_IDENTITY,
            "SenderAddress": SENDER_ADDRESS,
            "OperatorEmail": OPERATOR_ADDRESS,
            "PublicUrl": servers.front.url,
            "AdminEmail": ADMIN_EMAIL,
            "Architecture": architecture(),
            # All signers of a demo or a test are on this machine, which counts as one network.
            "UnconfirmedMailsANetwork": "100000",
            "UnconfirmedMailsADomain": "100000",
            **self._parameters,
        }
        wanted = fingerprint(self._project, parameters, self._variables)
        if memory.deployed == wanted and (deployed := deployment.deployed()):
            self._report("Nothing changed since the last deployment")
            Memory(servers.ports, wanted).write(self._state)
            return deployed
        # Forget the fingerprint: until the deployment is complete, the state of the emulator is unknown.
        Memory(servers.ports).write(self._state)
        self._report("Building (sam build)")
        deployment.build(parameters, self._variables)
        self._report("Deploying (sam deploy)")
        deployment.deploy(parameters)
        deployed = deployment.deployed()
        if deployed is None:
            message = f"the deployment failed; see {self._logs / 'sam-deploy.log'} and emulator.log in the same folder"
            raise LocalStackError(message)
        make_routes(deployment.client, STACK_NAME, deployed.api, deployed.functions)
        # As `make deploy` does, so that the doctor finds nothing here either.
        protect_table(deployment.client("dynamodb"), deployed.outputs["TableName"])
        Memory(servers.ports, wanted).write(self._state)
        return deployed


class _Servers:
    """The stack's own HTTP servers, and the port for the emulator."""

    def __init__(self, front: HttpService, desk: HttpService, mail: HttpService, emulator_port: int) -> None:
        self.front = front
        self.desk = desk
        self.mail = mail
        self.emulator_port = emulator_port

    @classmethod
    def open(cls, ports: Ports, log: Path, ends: ExitStack) -> Self:
        """Take all ports; raises PortTakenError for the first one that another program uses."""
        emulator_port = _free_port("the emulator", ports.emulator)

        def opened(name: str, port: int) -> HttpService:
            server = HttpService(name, port, log)
            ends.callback(server.stop)
            server.start()
            return server

        return cls(
            opened("the front", ports.front),
            opened("the inbox", ports.desk),
            opened("the local SES", ports.mail),
            emulator_port,
        )

    @property
    def ports(self) -> Ports:
        """Return the ports."""
        return Ports(self.front.port, self.desk.port, self.emulator_port, self.mail.port)


def _free_port(name: str, port: int) -> int:
    """Return the port (0: any) when it is free now; raises PortTakenError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTakenError(name, port, error.strerror) from error
        return int(probe.getsockname()[1])


def _desk(
    mails: Callable[[Request], Response], website: Callable[[Request], Response]
) -> Callable[[Request], Response]:
    """Serve the inbox and the example website on one origin, which is not the public one."""
    return lambda request: (mails if request.path.startswith(inbox.PATH) else website)(request)
