"""The deployed stack: the real template on MiniStack, as the SAM CLI builds and deploys it."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import requests
from werkzeug.wrappers import Response

from tests.smoke.deploy import Deployment, architecture
from tests.smoke.emulator import HOST, REGION, Emulator, client_environment
from tests.support.free_ports import free_port
from tests.support.running import RunningStack, client_of
from undersigned_cli.deploying.environments import Environments, find_uv
from undersigned_cli.deploying.in_aws import protect_table
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.gateway import Gateway
from undersigned_cli.local.mail_service import MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.serving import HttpService, for_key_holders
from undersigned_cli.local.stack import PARAMETERS
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from werkzeug.wrappers import Request

    from tests.smoke.deploy import Deployed


class DeployedStack:
    """Starts, deploys and stops a stack. As a context manager, it returns the running stack."""

    def __init__(self, state: Path) -> None:
        """Configure the stack, without starting it. `state` is the folder of its data."""
        self._state = state.resolve()
        self._logs = self._state / "logs"
        self._ends = ExitStack()

    def __enter__(self) -> RunningStack:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> RunningStack:
        """Start the stack. On a LocalStackError, stop what was started."""
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything that was started."""
        self._ends.close()

    def _start(self) -> RunningStack:
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        environments = Environments(find_uv(ROOT), ROOT, self._state / "environments")
        emulator_port = free_port()
        public, mail = self._opened("the front"), self._opened("SES")
        known_key = secrets.token_urlsafe(32)
        addresses = client_environment(emulator_port, mail.port, known_key, REGION)
        # The stand-in asks the emulator's own SES v2 what the template made.
        emulator_only = {**addresses, "AWS_ENDPOINT_URL_SESV2": addresses["AWS_ENDPOINT_URL"]}
        clients = cache(partial(client_of, emulator_only))

        emulator = Emulator(self._state / "emulator", self._logs / "emulator.log", emulator_port, mail.port, known_key)
        self._ends.callback(emulator.stop, emulator.start(environments))
        service = MailService(
            MailStore(self._state / "mails"),
            clients,
            partial(_forward, emulator_port),
            cache(partial(_topics_of, clients)),
            print,
        )
        service.start()
        self._ends.callback(service.stop)
        mail.answer = for_key_holders(known_key, service.answer)
        deployment = Deployment(self._state / "sam", self._logs, environments, addresses, clients)
        deployed = self._deploy(deployment, public)
        running = RunningStack(
            state=self._state,
            public_url=public.url,
            desk_url="",
            outputs=deployed.outputs,
            functions=deployed.functions,
            environment=addresses,
        )
        # MiniStack ignores the OpenAPI document in which SAM writes the API's routes.
        public.answer = Gateway(running.invoke, public.port, print).answer
        return running

    def _opened(self, name: str) -> HttpService:
        server = HttpService(name, 0, self._logs / "http.log")
        self._ends.callback(server.stop)
        server.start()
        return server

    def _deploy(self, deployment: Deployment, public: HttpService) -> Deployed:
        parameters = {**PARAMETERS, "PublicUrl": public.url, "Architecture": architecture()}
        deployment.build(parameters)
        deployment.deploy(parameters)
        deployed = deployment.deployed()
        if deployed is None:
            message = f"the deployment failed; see {self._logs / 'sam-deploy.log'} and emulator.log in the same folder"
            raise LocalStackError(message)
        # As `make deploy` does, so that the doctor finds nothing here either.
        protect_table(deployment.client("dynamodb"), deployed.outputs["TableName"])
        return deployed


def _forward(emulator_port: int, request: Request) -> Response:
    """Give what is no email to the emulator."""
    answer = requests.request(
        request.method,
        f"http://{HOST}:{emulator_port}{request.environ['RAW_URI']}",
        data=request.get_data(),
        headers=dict(request.headers),
        timeout=60,
    )
    # The name of an error is in a header.
    kept = {name: value for name, value in answer.headers.items() if name.lower().startswith(("content-type", "x-amz"))}
    return Response(answer.content, answer.status_code, kept)


def _topics_of(client: Callable[[str], Any], configuration_set: str) -> tuple[str, ...]:
    """Return the topics that the template made destinations of a configuration set's events."""
    answer = client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=configuration_set)
    return tuple(
        destination["SnsDestination"]["TopicArn"]
        for destination in answer["EventDestinations"]
        if "SnsDestination" in destination
    )


def physical_id(stack: RunningStack, logical_id: str) -> str:
    found = stack.client("cloudformation").describe_stack_resource(
        StackName="undersigned", LogicalResourceId=logical_id
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def control(stack: RunningStack, **controls: Any) -> None:
    """Tell the SES stand-in what to say."""
    address = f"{stack.environment['AWS_ENDPOINT_URL_SESV2']}/_control"
    with urlopen(UrlRequest(address, json.dumps(controls).encode(), stack.key_header), timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
