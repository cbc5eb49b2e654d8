"""Check that each combination of settings deploys, or is refused by a rule before anything changes."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.template.reading import functions
from undersigned_cli.local.template import TemplateError, load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned_cli.local.template import Template

REQUIRED = {
    "SenderIdentity": "example.org",
    "SenderAddress": "letters@example.org",
    "OperatorEmail": "someone@example.org",
}

TOGETHER: dict[str, list[Any]] = {
    "Cdn": ["false", "true"],
    "PublicUrl": ["", "https://letters.example.org"],
    "CdnCertificate": ["", "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-0000-0000-000000000000"],
}
"""Settings that could depend on each other, in all their combinations."""

ALONE: dict[str, Any] = {
    "AdminEmail": "administrator@example.org",
    "Architecture": "x86_64",
    "DeliveryDay": "SUN",
    "ManageIdentity": "false",
    "MonthlyBudget": 50,
    "RequireTls": "false",
}
"""Another value of each setting that decides what a stack has. Each is tried beside all combinations of the others."""

OF_AWS = {
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/undersigned/0a1b2c3d",
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}


def combinations() -> Iterator[dict[str, Any]]:
    for values in product(*TOGETHER.values()):
        together = dict(zip(TOGETHER, values, strict=True))
        yield REQUIRED | together
        for name, value in ALONE.items():
            yield REQUIRED | together | {name: value}


def refusals(template: Template, settings: Mapping[str, Any]) -> list[str]:
    """Return what the template's rules say against these settings."""
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if resolve(rule.get("RuleCondition", {"Fn::Equals": ["", ""]}), settings)
        for assertion in rule["Assertions"]
        if not resolve(assertion["Assert"], settings)
    ]


def exists(template: Template, entry: Mapping[str, Any], settings: Mapping[str, Any]) -> bool:
    condition = entry.get("Condition")
    return condition is None or bool(resolve(template["Conditions"][condition], settings))


def mistakes(template: Template, settings: Mapping[str, Any]) -> list[str]:
    """Return what CloudFormation would fail at: a reference to what is not there, a list that is too short."""
    made = {name for name, resource in template["Resources"].items() if exists(template, resource, settings)}
    # Resources that SAM makes beside a function.
    for name, function in functions(template).items():
        made |= {f"{name}Role", *(f"{name}{event}" for event in function.get("Events", {}))}
    text = str(template["Resources"]) + str(template["Outputs"])
    attributes = re.findall(r"'Fn::GetAtt': \['(\w+)', '([\w.]+)'\]", text) + re.findall(r"\$\{(\w+)\.([\w.]+)\}", text)
    aliases = {f"{name}.Alias": name for name in functions(template)}
    known = OF_AWS | dict(settings) | {name: name for name in made} | aliases
    known |= {f"{name}.{attribute}": name for name, attribute in attributes if name in made}
    found = []
    for name, entry in (template["Resources"] | template["Outputs"]).items():
        if not exists(template, entry, settings):
            continue
        try:
            resolve({key: value for key, value in entry.items() if key != "Metadata"}, known)
        except (TemplateError, IndexError) as error:
            found.append(f"{name}: {error!r}")
    return found


@pytest.fixture(scope="module")
def template() -> Template:
    return load_template()


def test_each_combination_of_settings_deploys_or_is_refused(template: Template) -> None:
    tried = list(combinations())
    assert {name for settings in tried for name in settings} <= template["Parameters"].keys()
    assert {
        (tuple(settings.items()), tuple(found))
        for settings in tried
        if not refusals(template, settings) and (found := mistakes(template, settings))
    } == set()


def test_only_a_domain_of_a_cdn_without_a_certificate_is_refused(template: Template) -> None:
    refused = [settings for settings in combinations() if refusals(template, settings)]

    assert {(one["Cdn"], one["PublicUrl"] != "", one["CdnCertificate"]) for one in refused} == {("true", True, "")}


def test_every_condition_is_met_by_some_combination_and_missed_by_another(template: Template) -> None:
    for name, condition in template["Conditions"].items():
        assert {bool(resolve(condition, settings)) for settings in combinations()} == {True, False}, name


def test_a_reference_to_what_a_stack_does_not_have_is_a_mistake() -> None:
    template = load_template()
    template["Outputs"]["Proof"] = {"Value": {"Ref": "Distribution"}}
    assert mistakes(template, REQUIRED | {"Cdn": "false"}) == [
        "Proof: TemplateError('Distribution has no value before the stack is deployed')"
    ]
