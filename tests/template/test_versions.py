"""Check that a deploy publishes a version of each function that it changes, and of no other.

`live`, the alias that everything calls, names the published version. A change without a new version would have no
effect. A new version without a change fails the deploy: "A version for this Lambda function exists".
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.template.function_rules import ALIAS
from tests.template.reading import functions, of_type, translated
from undersigned_cli.local.template import load_template, resolve

if TYPE_CHECKING:
    from undersigned_cli.local.template import Template

FUNCTIONS = functions(load_template()).keys()

CHANGES = {
    "AdminEmail": "administrator@example.org",
    "Architecture": "x86_64",
    "Cdn": "true",
    "DeliveryDay": "FRI",
    "DeliveryHour": "11",
    "DeliveryTimeZone": "America/New_York",
    "MonthlyBudget": "50",
    "OperatorEmail": "operator@example.org",
    "PacketRetentionDays": "60",
    "PublicUrl": "https://letters.example.org",
    "RequireTls": "false",
    "SenderAddress": "other@example.org",
    "UnconfirmedMailsADomain": "40",
    "UnconfirmedMailsANetwork": "60",
}
"""Another value of each parameter that a function could depend on."""

BEFORE = {
    "SenderIdentity": "example.org",
    "SenderAddress": "letters@example.org",
    "OperatorEmail": "someone@example.org",
}


@cache
def _transformed(parameters: frozenset[tuple[str, str]], packaged: frozenset[tuple[str, str]]) -> Template:
    return translated(load_template(), dict(parameters), dict(packaged))


def transformed(parameters: dict[str, str], packaged: dict[str, str] | None = None) -> Template:
    """Return the template after the SAM transform, once for all tests: nobody may change it."""
    return _transformed(frozenset(parameters.items()), frozenset((packaged or {}).items()))


def published(
    parameters: dict[str, str] | None = None, packaged: dict[str, str] | None = None
) -> dict[str, tuple[str, str]]:
    """Return what identifies each function's version: CloudFormation publishes another when this changes.

    It is the resource's logical id, or else the description ("AWS::Lambda::Version", Description: "Update requires:
    Replacement", CloudFormation template reference).
    """
    values = BEFORE | (parameters or {})
    resources = transformed(values, packaged)["Resources"]
    found = {}
    for function in FUNCTIONS:
        alias = resources.get(f"{function}Alias{ALIAS}", {}).get("Properties", {})
        [version, _] = alias.get("FunctionVersion", {}).get("Fn::GetAtt", ["", ""])
        description = resources.get(version, {}).get("Properties", {}).get("Description", "")
        found[function] = (version, resolve(description, values))
    return found


def changed(before: dict[str, tuple[str, str]], after: dict[str, tuple[str, str]]) -> set[str]:
    return {function for function in FUNCTIONS if before[function] != after[function]}


def configured(parameters: dict[str, str]) -> dict[str, object]:
    """Return each function's properties as Lambda gets them, without the one that is no part of a version."""
    result = transformed(parameters)
    known = {name: name for name in result["Resources"]}
    known |= {f"{name}.Arn": name for name in result["Resources"]}
    known |= {"AWS::Region": "us-east-2", "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": ""}
    known |= {"Distribution.DomainName": "d1.cloudfront.net"}
    return {
        name: resolve({**properties, "ReservedConcurrentExecutions": None}, known | parameters)
        for name, properties in of_type(result, "AWS::Lambda::Function").items()
    }


@pytest.mark.parametrize("layer", ["DependenciesLayer", "SharedLayer"])
def test_a_changed_layer_publishes_a_version_of_every_function(layer: str) -> None:
    assert changed(published(packaged={layer: "one"}), published(packaged={layer: "two"})) == FUNCTIONS


def test_a_changed_layer_publishes_no_version_of_functions_without_it() -> None:
    one, two = published(packaged={"TypesettingLayer": "one"}), published(packaged={"TypesettingLayer": "two"})

    assert changed(one, two) == {"Deliver", "OrganizerApi"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_changed_code_publishes_a_version_of_its_function(function: str) -> None:
    assert changed(published(packaged={function: "one"}), published(packaged={function: "two"})) == {function}


def test_the_same_contents_give_the_same_versions() -> None:
    assert published(packaged={"SharedLayer": "one"}) == published(packaged={"SharedLayer": "one"})


@pytest.mark.parametrize("parameter", CHANGES)
def test_a_changed_parameter_publishes_a_version_of_the_functions_that_get_it(parameter: str) -> None:
    # SAM hashes the name of a parameter and not its value: aws/serverless-application-model, issue 3820.
    before, after = configured(BEFORE), configured(BEFORE | {parameter: CHANGES[parameter]})

    assert changed(published(), published({parameter: CHANGES[parameter]})) == {
        function for function in FUNCTIONS if before[function] != after[function]
    }


def test_a_cdn_at_the_same_address_publishes_no_version_of_the_functions_that_send_emails() -> None:
    address = {"PublicUrl": "https://letters.example.org"}
    one, two = published(address), published(address | {"Cdn": "true"})

    assert changed(one, two) == {"PublicApi", "OrganizerApi"}


def test_every_parameter_of_a_function_is_changed_here() -> None:
    text = str(of_type(translated(load_template(), BEFORE), "AWS::Lambda::Function"))
    named = {name for name in load_template()["Parameters"] if f"'{name}'" in text or f"${{{name}}}" in text}

    assert named <= CHANGES.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_versions_description_fits(function: str) -> None:
    _, description = published(CHANGES)[function]

    assert len(description) <= 256 - 60, "leave room for longer addresses"


def test_a_deploy_changes_the_pages_before_the_emails_that_link_to_them() -> None:
    """Code of before may not read the links of new emails."""
    resources = translated(load_template(), BEFORE)["Resources"]
    assert resources["PublicApiAliaslive"]["Type"] == "AWS::Lambda::Alias"
    assert resources["SendConfirmations"]["DependsOn"] == "PublicApiAliaslive"


MOST_OF_A_DESCRIPTION = 256
"""Characters ("PublishVersion", Lambda API reference). With more, the deployment fails."""


def longest_value(parameter: dict[str, Any]) -> str:
    """Return the longest value that a parameter takes."""
    if "AllowedValues" in parameter:
        return max(map(str, parameter["AllowedValues"]), key=len)
    return str(parameter["MaxValue"]) if parameter["Type"] == "Number" else "x" * parameter["MaxLength"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_versions_description_is_short_enough_with_the_longest_parameters(function: str) -> None:
    template = load_template()
    description = template["Resources"][function]["Properties"]["VersionDescription"]
    named = {name for name in template["Parameters"] if name in str(description)}
    longest = {name: longest_value(template["Parameters"][name]) for name in named}

    assert len(resolve(description, longest)) <= MOST_OF_A_DESCRIPTION
