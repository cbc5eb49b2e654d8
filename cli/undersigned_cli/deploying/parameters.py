"""The parameters of template.yaml, which are a stack's settings: their meanings and their values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from undersigned_cli.cloudformation import read_template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as the template has it. CloudFormation checks values, too, but only after the build."""

    name: str
    given: Mapping[str, Any]

    @property
    def description(self) -> str:
        """Return what the parameter means."""
        return str(self.given["Description"])

    @property
    def default(self) -> str | None:
        """Return the default; None if the parameter needs a value."""
        return str(self.given["Default"]) if "Default" in self.given else None

    def plain(self, value: str) -> str:
        """Return a value that has no mistake as CloudFormation has it: 9, not 09."""
        return str(int(value)) if self.given["Type"] == "Number" else value

    def mistake_in(self, value: str) -> str | None:
        """Return what is wrong with a value and what to give instead, or None."""
        if allowed := self.given.get("AllowedValues"):
            return None if value in allowed else f"is {value!r}; give {', '.join(allowed[:-1])} or {allowed[-1]}"
        if self.given["Type"] == "Number":
            least, most = self.given.get("MinValue", 0), self.given.get("MaxValue")
            is_good = re.fullmatch("[0-9]{1,9}", value) and least <= int(value) <= (most or int(value))
            upper = f" to {most}" if most else " or more"
            return None if is_good else f"is {value!r}; give a whole number, {least}{upper}"
        is_good = re.search(self.given["AllowedPattern"], value)
        if self.name == "DeliveryTimeZone" and not (is_good and value in available_timezones()):
            return f"is {value!r}; give the name of a time zone, such as {self.default}"
        if len(value) > self.given.get("MaxLength", len(value)):
            return f"has {len(value)} characters; give at most {self.given['MaxLength']}"
        return None if is_good else f"is {value!r}. {self.description}"


def parameters_of(template: Path) -> dict[str, Parameter]:
    """Return the parameters of a template by name, in its order."""
    return {name: Parameter(name, given) for name, given in read_template(template)["Parameters"].items()}
