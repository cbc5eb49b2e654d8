"""The AWS emulator: MiniStack in its own process."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from tests.smoke.programs import Program, last_words
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.serving import HEADER

if TYPE_CHECKING:
    from undersigned_cli.deploying.environments import Environments

ACCOUNT = "000000000000"
REGION = "us-east-1"
"""Where a local stack is, unless it is told another region."""
HOST = "127.0.0.1"

_PROCESS = Path(__file__).with_name("emulator_process.py")
_ANY = "test"
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0


def client_environment(emulator_port: int, mail_port: int, key: str, region: str = REGION) -> dict[str, str]:
    """Return the variables that point AWS clients at the local stack: endpoints, a region, its key."""
    return {
        "AWS_ENDPOINT_URL": f"http://{HOST}:{emulator_port}",
        "AWS_ENDPOINT_URL_SESV2": f"http://{HOST}:{mail_port}",
        "AWS_ACCESS_KEY_ID": _ANY,
        "AWS_SECRET_ACCESS_KEY": _ANY,
        "AWS_SESSION_TOKEN": key,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass(frozen=True, slots=True)
class Emulator:
    """How to start the emulator: the folder of its data, the ports of it and of the SES stand-in, and their key."""

    folder: Path
    log: Path
    port: int
    mail_port: int
    key: str
    region: str = REGION

    def start(self, environments: Environments) -> Program:
        """Start the emulator, and wait until it answers."""
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True)
        program = Program.start(
            "the emulator",
            environments.command("emulator", "python", "-P", str(_PROCESS)),
            log=self.log,
            folder=environments.project,
            environment={
                **environments.variables("emulator"),
                **self.settings(temporary),
                # Lambda workers inherit the emulator's environment, so their emails reach the stand-in.
                **client_environment(self.port, self.mail_port, self.key, self.region),
            },
        )
        try:
            self._wait(program)
        except BaseException:
            program.stop(patience=5)
            raise
        return program

    def stop(self, program: Program) -> None:
        """Stop the emulator and its workers."""
        program.stop(_STOP_SECONDS)

    def settings(self, temporary: Path) -> dict[str, str]:
        """Return MiniStack's settings: on this machine only, without Docker, and with all data in the folder."""
        return {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": self.region,
            "PERSIST_STATE": "0",
            "TMPDIR": str(temporary),
            "LAMBDA_EXECUTOR": "local",
            # No limit: invocations wait for a worker, and are not rejected.
            "LAMBDA_ACCOUNT_CONCURRENCY": "0",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PYTHONUNBUFFERED": "1",
        }

    def _wait(self, program: Program) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if not program.runs:
                message = f"the emulator ended during its start ({last_words(self.log)}); the output is in {self.log}"
                raise LocalStackError(message)
            if time.monotonic() > deadline:
                message = (
                    f"the emulator did not answer within {_START_SECONDS:.0f} seconds; the output is in {self.log}"
                )
                raise LocalStackError(message)
            time.sleep(0.1)

    def _answers(self) -> bool:
        connection = HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health", headers={HEADER: self.key})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
