"""deploy.toml: the one place where a stack's settings are. A setting has the name of its parameter in template.yaml."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import ParseError

from undersigned.domain.errors import UndersignedError
from undersigned_cli.deploying.regions import mistake_in_region
from undersigned_cli.whole_files import whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from undersigned_cli.deploying.parameters import Parameter, Parameters

REGION, ACCOUNT = "Region", "Account"
_WHERE = {
    REGION: "The region of AWS in which the stack is, such as us-east-1. It can't move later",
    ACCOUNT: "The AWS account in which it is. Another account's profile is refused",
}
_HOW = "Change a line, then run `make deploy`. A line that begins with # has the default: remove the # to change it."
_WIDTH = 100


class SettingsError(UndersignedError):
    """A line of deploy.toml is wrong, or one is missing."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a stack is, and the parameters that were chosen for it. All others have their defaults."""

    region: str
    account: str
    chosen: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file with the settings of a stack."""

    path: Path
    stack: str
    parameters: Parameters

    def write(self, settings: Settings) -> None:
        """Write the file with each setting and what it means; only its owner can read it."""
        where = {REGION: settings.region, ACCOUNT: settings.account}
        parts = [
            _comment(f"The settings of the stack {self.stack}. {_HOW}"),
            *(_written(name, what, _literal(where[name])) for name, what in _WHERE.items()),
            *(self._part(one, settings.chosen.get(one.name)) for one in self.parameters.by_name.values()),
        ]
        with whole(self.path) as file:
            file.write(("\n\n".join(parts) + "\n").encode())

    def _part(self, parameter: Parameter, value: str | None) -> str:
        shown = value if value is not None else parameter.default or ""
        line = json.loads(shown) if parameter.is_number or parameter.is_switch else shown
        return _written(parameter.name, parameter.description, _literal(line), is_default=value is None)

    def read(self) -> Settings:
        """Read and check the file. Raises SettingsError, which names the line and the fix."""
        text = self.path.read_text(encoding="utf-8")
        try:
            found = tomlkit.parse(text).unwrap()
        except ParseError as error:
            raise self._error(error.line, 'write a setting as Name = "value"', said=str(error)) from error
        given = {name: self._value(name, value, _line_of(name, text)) for name, value in found.items()}
        for name in (*_WHERE, *self.parameters.by_name):
            if name not in given and name not in self.parameters.defaults:
                message = f'{self.path.name} has no {name}; add a line {name} = "…"'
                raise SettingsError(message)
        settings = Settings(given.pop(REGION), given.pop(ACCOUNT), given)
        if wrong := self.mistakes_together(settings):
            name, mistake = wrong
            raise self._error(_line_of(name, text), mistake)
        return settings

    def complete(self, settings: Settings) -> dict[str, str]:
        """Return the values of all parameters. One that is no longer in the file has its default again."""
        return {**self.parameters.defaults, **settings.chosen}

    def mistakes_together(self, settings: Settings) -> tuple[str, str] | None:
        """Return a setting that doesn't go with the others, and its mistake, or None."""
        values = self.complete(settings)
        sender, identity = values["SenderAddress"], values["SenderIdentity"]
        if mistake := mistake_in_sender(sender, identity):
            return "SenderAddress", f"SenderAddress {mistake}"
        return next(iter(self.parameters.broken_rules(values)), None)

    def _value(self, name: str, value: Any, line: int) -> str:  # noqa: ANN401  (whatever TOML can have)
        """Return a setting as CloudFormation takes it."""
        known = (*_WHERE, *self.parameters.by_name)
        if name not in known:
            similar = get_close_matches(name, known, n=1)
            fix = f"did you mean {similar[0]}?" if similar else f"remove the line; the settings are {', '.join(known)}"
            raise self._error(line, f"there is no setting {name}; {fix}")
        if not isinstance(value, str | int):
            raise self._error(line, f'{name} is {value!r}; write it as {name} = "value"')
        text = json.dumps(value) if isinstance(value, bool) else str(value)
        if name in _WHERE:
            mistake = mistake_in_region(text) if name == REGION else _mistake_in_account(text)
        else:
            mistake = self.parameters.by_name[name].mistake_in(text)
        if mistake:
            raise self._error(line, f"{name} {mistake}")
        return text if name in _WHERE else self.parameters.by_name[name].plain(text)

    def _error(self, line: int, mistake: str, *, said: str = "") -> SettingsError:
        place = f"{self.path.name}, line {line}" if line else self.path.name
        return SettingsError(f"{place}: {f'{said}; ' if said else ''}{mistake}")


def mistake_in_sender(address: str, identity: str) -> str | None:
    """Return the mistake in a From address that SES would refuse for this identity, or None."""
    if identity.lower() in {address.lower(), address.rpartition("@")[2].lower()}:
        return None
    return f"is {address!r}, but SenderIdentity is {identity!r}; give an address on that domain"


def _mistake_in_account(text: str) -> str | None:
    return None if re.fullmatch("[0-9]{12}", text) else f"is {text!r}; give the 12 digits of the AWS account, in quotes"


def _line_of(name: str, text: str) -> int:
    """Return the number of a setting's line, or 0 if the file leaves it to its default."""
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if re.match(rf"""\s*["']?{re.escape(name)}["']?\s*=""", line)), 0)


def _written(name: str, what: str, literal: str, *, is_default: bool = False) -> str:
    return f"{_comment(f'{what}.')}\n{'# ' if is_default else ''}{name} = {literal}"


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _literal(value: object) -> str:
    """Return a value as TOML has it."""
    return str(tomlkit.item(value).as_string())
