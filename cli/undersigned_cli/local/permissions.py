"""Check that a function's policy in template.yaml allows its AWS calls. moto checks no policy."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.needs import needs_of
from undersigned_cli.local.template import load_template, names, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.client import BaseClient

    from undersigned_cli.local.needs import Need


def enforce(client: BaseClient, function: str, refuse: Callable[[str], None]) -> None:
    """Call `refuse` with one line before a call of this client that a function (its logical id) may not make."""

    def check(params: dict[str, Any], model: Any, **_: Any) -> None:
        for need in needs_of(model.service_model.service_name, model.name, params):
            if not may(function, need):
                refuse(f"template.yaml does not let {function} do {need.action} on {need.resource} {need.facts}")

    client.meta.events.register("provide-client-params", check)


def may(function: str, need: Need) -> bool:
    """Return whether one of the function's statements allows the action."""
    allowing = [statement for statement in _statements(function) if _allows(statement, need)]
    for statement in allowing:
        used.update(_parts(function, statement, need))
    return bool(allowing)


used: set[str] = set()
"""The parts of the functions' statements that calls in this process have used."""


def granted() -> set[str]:
    """Return every part of every function's statements: each action, each resource, each pattern of keys."""
    functions = [
        name
        for name, resource in load_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    return {
        part for function in functions for statement in _statements(function) for part in _parts(function, statement)
    }


def _parts(function: str, statement: dict[str, Any], need: Need | None = None) -> Iterator[str]:
    """List a statement's parts, or only those that allow `need`."""
    prefix = f"{function} {statement['Sid']}"
    for action in _listed(statement["Action"]):
        if need is None or need.action == action:
            yield f"{prefix}: {action}"
    for resource in _listed(statement["Resource"]):
        if need is None or fnmatchcase(need.resource, resource):
            yield f"{prefix}: {resource}"
    for conditions in statement.get("Condition", {}).values():
        for fact, patterns in conditions.items():
            for pattern in _listed(patterns):
                if need is None or pattern == "SenderAddress" or _matches(need, fact, [pattern]):
                    yield f"{prefix}: {fact} {pattern}"


def _matches(need: Need, fact: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(need.facts[fact], pattern) for pattern in patterns)


def _allows(statement: dict[str, Any], need: Need) -> bool:
    return (
        need.action in _listed(statement["Action"])
        and any(fnmatchcase(need.resource, resource) for resource in _listed(statement["Resource"]))
        and all(
            _matches(need, fact, _listed(patterns))
            for conditions in statement.get("Condition", {}).values()
            for fact, patterns in conditions.items()
            if not (fact == "ses:FromAddress" and patterns == "SenderAddress")
        )
    )


@cache
def _statements(function: str) -> list[dict[str, Any]]:
    """Return a function's statements. A resource, or a parameter without a default, has its own name as its value."""
    template = load_template()
    known = names() | {"Cdn": "true", "AWS::Partition": "aws", "AWS::Region": "us-east-2"}
    known |= {"AWS::AccountId": "123456789012"}
    own = template["Resources"][function]["Properties"].get("Policies", [])
    # Permissions that depend on a condition are policies of their own, attached to the function's role.
    attached = [
        resource["Properties"]["PolicyDocument"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": f"{function}Role"} in resource["Properties"]["Roles"]
    ]
    return [dict(resolve(statement, known)) for policy in own + attached for statement in policy["Statement"]]


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
