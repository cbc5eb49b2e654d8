"""samconfig.toml, SAM's own file with the settings of a stack. `sam build` and `sam deploy` read it, too."""

from __future__ import annotations

import json
import textwrap
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned_cli.whole_files import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from undersigned_cli.deploying.parameters import Parameter

_FILE = """\
# The settings of the stack {stack}. Change a value, then run `make deploy`.
version = 0.1

[default.undersigned]
# The AWS account of the stack. `make deploy` refuses the profile of another one.
account = "{account}"

[default.global.parameters]
stack_name = "{stack}"
# The stack can't move to another region.
region = "{region}"

[default.build.parameters]
cached = true
parallel = true

[default.deploy.parameters]
resolve_s3 = true
s3_prefix = "{stack}"
capabilities = "CAPABILITY_IAM"
confirm_changeset = true
fail_on_empty_changeset = false

# All parameters of template.yaml. Without a line, `make deploy` sets its default, and `sam deploy` keeps the value.
[default.global.parameters.parameter_overrides]
"""


class SettingsError(UndersignedError):
    """A setting in samconfig.toml is wrong, or one is missing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a stack is, and the values of its parameters."""

    region: str
    account: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SamConfig:
    """The file with the settings of a stack."""

    path: Path
    stack: str
    parameters: Mapping[str, Parameter]

    def write(self, settings: Settings) -> None:
        """Write the file with each parameter and what it means; only its owner can read it."""
        lines = [_FILE.format(stack=self.stack, account=settings.account, region=settings.region)]
        for name, parameter in self.parameters.items():
            what = textwrap.wrap(f"{parameter.description}.", 100, break_on_hyphens=False)
            value = json.dumps(settings.values[name], ensure_ascii=False)
            lines += [*(f"# {line}\n" for line in what), f"{name} = {value}\n"]
        with whole(self.path) as file:
            file.write("".join(lines).encode())

    def read(self) -> Settings:
        """Read and check the file. A parameter that it lacks has its default. Raises SettingsError."""
        try:
            content = tomllib.loads(self.path.read_text(encoding="utf-8"))["default"]
            of_sam, account = content["global"]["parameters"], content["undersigned"]["account"]
            stack, region, given = of_sam["stack_name"], of_sam["region"], dict(of_sam["parameter_overrides"])
        except (KeyError, TypeError, ValueError) as error:
            message = (
                f"{self.path.name} is not as `make deploy` writes it ({error}); correct it, or move it away: "
                "`make deploy` then writes it from the stack"
            )
            raise SettingsError(message) from error
        defaults = {name: one.default for name, one in self.parameters.items() if one.default is not None}
        values = {**defaults, **given}
        for mistake in self._mistakes(stack, values):
            message = f"{self.path.name}: {mistake}"
            raise SettingsError(message)
        return Settings(region, account, {name: one.plain(str(values[name])) for name, one in self.parameters.items()})

    def _mistakes(self, stack: str, values: Mapping[str, object]) -> Iterator[str]:
        if stack != self.stack:
            yield f"stack_name is {stack!r}; this file is for {self.stack!r}"
        for name in values.keys() - self.parameters.keys():
            yield f"there is no parameter {name}; remove its line, or give one of {', '.join(self.parameters)}"
        for name, parameter in self.parameters.items():
            value = values.get(name)
            if isinstance(value, bool) or not isinstance(value, str | int):
                yield f'{name} is {value!r}; write {name} = "value", in quotes'
            elif mistake := parameter.mistake_in(str(value)):
                yield f"{name} {mistake}"
        if mistake := mistake_in_sender(str(values["SenderAddress"]), str(values["SenderIdentity"])):
            yield f"SenderAddress {mistake}"


def mistake_in_sender(address: str, identity: str) -> str | None:
    """Return the mistake in a From address that SES would refuse for this identity, or None."""
    if identity.lower() in {address.lower(), address.rpartition("@")[2].lower()}:
        return None
    return f"is {address!r}, but SenderIdentity is {identity!r}; give an address on that domain"
