"""The deployment: the real SAM CLI builds the real template.yaml and deploys it to the emulator."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.smoke.programs import run_to_end
from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from undersigned_cli.deploying.environments import Environments

STACK_NAME = "undersigned"
_ARTIFACTS = "undersigned-artifacts"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed stack: its outputs, and the functions' names by their logical ids."""

    outputs: dict[str, str]
    functions: dict[str, str]


def architecture() -> str:
    """Return Lambda's name of this machine's architecture. The layers are compiled for it.

    Raises LocalStackError.
    """
    machine = platform.machine().lower()
    known = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    if machine in known:
        return known[machine]
    message = f"this machine is {machine}; Lambda's layers exist for x86_64 and arm64 only: use such a machine"
    raise LocalStackError(message)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Builds and deploys the template of a source tree."""

    folder: Path
    logs: Path
    environments: Environments
    addresses: Mapping[str, str]
    client: Callable[[str], Any]

    def build(self, parameters: Mapping[str, str]) -> None:
        """Run `sam build`, which takes what did not change from its cache."""
        self._sam(
            "build",
            *("--template-file", str(self.environments.project / "template.yaml")),
            *("--build-dir", str(self._built)),
            *("--cache-dir", str(self.folder / "cache")),
            *("--cached", "--parallel"),
            *_overrides(parameters),
        )

    def deploy(self, parameters: Mapping[str, str]) -> None:
        """Run `sam deploy`. It succeeds when there is nothing to change."""
        s3 = self.client("s3")
        # S3 takes every region's name here but that of us-east-1.
        place = s3.meta.region_name
        elsewhere = {} if place == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": place}}
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=_ARTIFACTS, **elsewhere)
        if (stack := self._stack()) and stack["StackStatus"] == "ROLLBACK_COMPLETE":
            # The first deployment failed. There is nothing to keep, and CloudFormation can't update such a stack.
            self.client("cloudformation").delete_stack(StackName=STACK_NAME)
        self._sam(
            "deploy",
            *("--template-file", str(self._built / "template.yaml")),
            *("--stack-name", STACK_NAME),
            *("--s3-bucket", _ARTIFACTS, "--no-resolve-s3"),
            *("--capabilities", "CAPABILITY_IAM"),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
            *_overrides(parameters),
        )

    def deployed(self) -> Deployed | None:
        """Return the stack in the emulator; None when there is no complete one."""
        stack = self._stack()
        if stack is None or stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return None
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
        functions = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }
        return Deployed({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}, functions)

    def _stack(self) -> Mapping[str, Any] | None:
        try:
            stacks = self.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
        except ClientError:
            return None
        return next(iter(stacks), None)

    @property
    def _built(self) -> Path:
        return self.folder / "build"

    def _sam(self, verb: str, *arguments: str) -> None:
        self.folder.mkdir(exist_ok=True)
        run_to_end(
            f"sam {verb}",
            self.environments.command("sam", "sam", verb, *arguments),
            log=self.logs / f"sam-{verb}.log",
            # SAM keeps its builds in the folder where it runs, and removes those of other builds from there.
            folder=self.folder,
            environment={
                **self.environments.variables("sam"),
                **self.addresses,
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "0.5",
                "__SAM_CLI_APP_DIR": str(self.folder / "app"),
                # Use no AWS profile, neither its region nor its keys.
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            },
        )


def _overrides(parameters: Mapping[str, str]) -> list[str]:
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
