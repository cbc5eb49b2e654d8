"""template.yaml as data: its resources, functions and event sources, so that nothing here is defined a second time."""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from undersigned_cli.cloudformation import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[3]
"""The source tree that contains this package."""

STACK = "undersigned"

type Template = dict[str, Any]


class TemplateError(Exception):
    """template.yaml doesn't have the thing that was asked for."""


def load_template() -> Template:
    """Return a copy of template.yaml as data, with `!Ref X` as `{"Ref": "X"}`. The caller may change it."""
    return deepcopy(_parsed())


def environment_of(function: str, known: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment variables of a function (its logical id); `known` is as in `resolve`."""
    return {name: str(value) for name, value in resolve(variables_of(_parsed(), function), known).items()}


def is_there(entry: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """Say whether a resource or an output has no condition, or a true one."""
    return "Condition" not in entry or resolve(_parsed()["Conditions"][entry["Condition"]], known)


def names() -> dict[str, str]:
    """Return values to resolve without a stack: each resource, and each parameter without a default, has its name."""
    resources = _parsed()["Resources"]
    given = [name for name, entry in _parsed()["Parameters"].items() if "Default" not in entry]
    return {name: name for name in (*given, *resources, *(f"{name}.Arn" for name in resources))}


def variables_of(template: Template, function: str) -> dict[str, Any]:
    """Return a function's environment variables, including those of Globals, with the values as in the template."""
    try:
        properties = template["Resources"][function]["Properties"]
    except KeyError:
        message = f"template.yaml has no function {function}"
        raise TemplateError(message) from None
    shared: dict[str, Any] = template["Globals"]["Function"]["Environment"]["Variables"]
    own: dict[str, Any] = properties.get("Environment", {}).get("Variables", {})
    return shared | own


def event_sources(template: Template) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """List what calls functions, each as function, name, kind (as SAM's `Type`) and properties."""
    for name, resource in template["Resources"].items():
        given = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Serverless::Function":
                for event, source in given.get("Events", {}).items():
                    yield name, event, source["Type"], source["Properties"]
            case "AWS::Lambda::EventSourceMapping":
                function = given["FunctionName"]["Ref"].removesuffix(".Alias")
                kind = "DynamoDB" if "StartingPosition" in given else "SQS"
                yield function, name.removeprefix(function), kind, given


def resolve(value: Any, known: Mapping[str, Any] | None = None) -> Any:
    """Return a value of the template with its intrinsic functions resolved.

    Parameters have their defaults. `known` has the values of resources (`Table`) and of their attributes (`Table.Arn`).
    """
    defaults = {name: entry["Default"] for name, entry in _parsed()["Parameters"].items() if "Default" in entry}
    return _resolve(value, {"AWS::StackName": STACK, **defaults, **(known or {})})


def _resolve(value: Any, known: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911, PLR0912 - one line per intrinsic function
    match value:
        case {"Ref": name}:
            return _look_up(name, known)
        case {"Fn::GetAtt": [resource, attribute]}:
            return _look_up(f"{resource}.{attribute}", known)
        case {"Fn::Sub": [str(text), dict(own)]}:
            return _resolve({"Fn::Sub": text}, {**known, **_resolve(own, known)})
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda name: str(_look_up(name[1], known)), text)
        case {"Fn::If": [condition, yes, no]}:
            return _resolve(yes if _resolve(_parsed()["Conditions"][condition], known) else no, known)
        case {"Fn::Equals": [left, right]}:
            return _resolve(left, known) == _resolve(right, known)
        case {"Fn::Not": [condition]}:
            return not _resolve(condition, known)
        case {"Fn::And": conditions}:
            return all(_resolve(condition, known) for condition in conditions)
        case {"Fn::Select": [index, items]}:
            return _resolve(items, known)[int(index)]
        case {"Fn::Split": [separator, text]}:
            return _resolve(text, known).split(separator)
        case dict():
            resolved = {key: _resolve(item, known) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not _NO_VALUE}
        case list():
            return [found for item in value if (found := _resolve(item, known)) is not _NO_VALUE]
        case _:
            return value


_NO_VALUE = object()
"""CloudFormation leaves out a property with this value."""


def _look_up(name: str, known: Mapping[str, Any]) -> Any:
    if name == "AWS::NoValue" and name not in known:
        return _NO_VALUE
    if name not in known:
        message = f"{name} has no value before the stack is deployed"
        raise TemplateError(message)
    return known[name]


@cache
def _parsed() -> Template:
    return read_template(ROOT / "template.yaml")


def properties_of(logical_id: str, *, resolved: bool = True) -> dict[str, Any]:
    """Return the properties of a resource; `resolved` ones have the defaults of parameters."""
    properties: dict[str, Any] = _parsed()["Resources"][logical_id]["Properties"]
    return properties if not resolved else dict(resolve(properties))
