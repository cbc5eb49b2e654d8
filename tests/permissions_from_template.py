"""The functions' permissions, from template.yaml: neither moto nor MiniStack says no, so this does in tests."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws_from_template import load_template, resolve
from tests.needs_of_calls import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

    from tests.needs_of_calls import Need


def enforce(client: BaseClient, function: str) -> None:
    """Let a test fail as soon as this client is asked for what the function (its logical id) may not do."""

    def check(params: dict[str, Any], model: Any, **_: Any) -> None:
        for need in needs_of(model.service_model.service_name, model.name, params):
            if not may(function, need):
                # No exception of the kind that a handler catches.
                pytest.fail(f"template.yaml does not let {function} do {need.action} on {need.resource} {need.facts}")

    client.meta.events.register("provide-client-params", check)


def may(function: str, need: Need) -> bool:
    """Say whether one of the function's statements allows this."""
    allowing = [statement for statement in _statements(function) if _allows(statement, need)]
    for statement in allowing:
        used.update(_parts(function, statement, need))
    return bool(allowing)


used: set[str] = set()
"""The parts of the functions' statements that calls have made use of in this process."""


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
    """List a statement's parts, or those that a need is met by."""
    whose = f"{function} {statement['Sid']}"
    for action in _listed(statement["Action"]):
        if need is None or need.action == action:
            yield f"{whose}: {action}"
    for resource in _listed(statement["Resource"]):
        if need is None or fnmatchcase(need.resource, resource):
            yield f"{whose}: {resource}"
    for conditions in statement.get("Condition", {}).values():
        for fact, patterns in conditions.items():
            for pattern in _listed(patterns):
                if need is None or pattern == "SenderAddress" or fnmatchcase(need.facts[fact], pattern):
                    yield f"{whose}: {fact} {pattern}"


def _allows(statement: dict[str, Any], need: Need) -> bool:
    return (
        need.action in _listed(statement["Action"])
        and any(fnmatchcase(need.resource, resource) for resource in _listed(statement["Resource"]))
        and all(
            any(fnmatchcase(need.facts[fact], pattern) for pattern in _listed(patterns))
            for conditions in statement.get("Condition", {}).values()
            for fact, patterns in conditions.items()
            if not (fact == "ses:FromAddress" and patterns == "SenderAddress")
        )
    )


@cache
def _statements(function: str) -> list[dict[str, Any]]:
    """Return a function's statements; resources and parameters without a default stand in them by their names."""
    template = load_template()
    known = {name: name for name, entry in template["Parameters"].items() if "Default" not in entry}
    known |= {name: name for name in template["Resources"]}
    known |= {f"{name}.Arn": f"{name}.Arn" for name in template["Resources"]}
    known |= {"AWS::Partition": "aws", "AWS::Region": "us-east-2", "AWS::AccountId": "123456789012"}
    of_its_own = template["Resources"][function]["Properties"].get("Policies", [])
    # What a condition adds to its role stands in a policy beside it.
    beside_it = [
        resource["Properties"]["PolicyDocument"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": f"{function}Role"} in resource["Properties"]["Roles"]
    ]
    return [dict(resolve(statement, known)) for policy in of_its_own + beside_it for statement in policy["Statement"]]


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
