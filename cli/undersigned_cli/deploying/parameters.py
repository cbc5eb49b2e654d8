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

type Values = Mapping[str, str]
"""Values of parameters by name, as CloudFormation takes them: all of them text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its description, its default (None: it needs a value), and CloudFormation's checks."""

    name: str
    description: str
    default: str | None
    is_number: bool
    allowed: tuple[str, ...]
    pattern: str
    least: int
    most: float
    longest: float

    @property
    def is_switch(self) -> bool:
        """Return whether the parameter's values are true and false."""
        return set(self.allowed) == {"true", "false"}

    def plain(self, value: str) -> str:
        """Return a value that has no mistake as the file and CloudFormation have it: 9, not 09."""
        return str(int(value)) if self.is_number else value

    def mistake_in(self, value: str) -> str | None:
        """Return what is wrong with a value and what to give instead, or None."""
        if self.allowed:
            return None if value in self.allowed else f"is {value!r}; give {_listed(self.allowed)}"
        if self.is_number:
            is_in_range = re.fullmatch("[0-9]+", value) and self.least <= int(value) <= self.most
            upper = f" to {self.most}" if self.most != float("inf") else " or more"
            return None if is_in_range else f"is {value!r}; give a whole number, {self.least}{upper}"
        if self.name == "DeliveryTimeZone" and not (re.search(self.pattern, value) and value in available_timezones()):
            return f"is {value!r}; give the name of a time zone, such as {self.default}"
        if len(value) > self.longest:
            return f"has {len(value)} characters; give at most {self.longest}"
        return None if re.search(self.pattern, value) else f"is {value!r}. {self.description}"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a template by name, in its order, and its rules for values that go together."""

    by_name: Mapping[str, Parameter]
    rules: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, template: Path) -> Parameters:
        """Read a template."""
        read = read_template(template)
        by_name = {name: _parameter(name, given) for name, given in read["Parameters"].items()}
        return cls(by_name, tuple(read.get("Rules", {}).values()))

    @property
    def defaults(self) -> dict[str, str]:
        """Return the default values, by parameter."""
        return {name: one.default for name, one in self.by_name.items() if one.default is not None}

    def broken_rules(self, values: Values) -> list[tuple[str, str]]:
        """Return the rules that complete values break: a parameter of each rule, and the rule's words."""
        return [
            (_refs(assertion["Assert"])[0], assertion["AssertDescription"])
            for rule in self.rules
            if _holds(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), values)
            for assertion in rule["Assertions"]
            if not _holds(assertion["Assert"], values)
        ]


def _parameter(name: str, given: Mapping[str, Any]) -> Parameter:
    default = given.get("Default")
    return Parameter(
        name=name,
        description=given["Description"],
        default=None if default is None else str(default),
        is_number=given["Type"] == "Number",
        allowed=tuple(str(value) for value in given.get("AllowedValues", ())),
        pattern=given.get("AllowedPattern", ""),
        least=given.get("MinValue", 0),
        most=given.get("MaxValue", float("inf")),
        longest=given.get("MaxLength", float("inf")),
    )


def _listed(values: tuple[str, ...]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _holds(condition: Mapping[str, Any], values: Values) -> bool:
    """Evaluate a condition of a rule ("Rules section", CloudFormation user guide)."""
    [(function, operands)] = condition.items()
    match function:
        case "Fn::Equals":
            first, second = (values[one["Ref"]] if isinstance(one, dict) else str(one) for one in operands)
            return first == second
        case "Fn::Not":
            return not _holds(operands[0], values)
        case "Fn::And":
            return all(_holds(one, values) for one in operands)
        case "Fn::Or":
            return any(_holds(one, values) for one in operands)
        case _:
            message = f"rules with {function} are not supported here"
            raise NotImplementedError(message)


def _refs(condition: Any) -> list[str]:  # noqa: ANN401  (a part of a template)
    """Return the parameters that a condition names."""
    match condition:
        case {"Ref": str(name)}:
            return [name]
        case dict():
            return [name for value in condition.values() for name in _refs(value)]
        case list():
            return [name for value in condition for name in _refs(value)]
        case _:
            return []
