"""Check the CDN of the template: off by default, no way for anything private, and keys of what changes a page."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws_from_template import resolve
from tests.cdn import API_HOST, PARAMETERS, PUBLIC_HOST, TEMPLATE, behaviors, distribution
from tests.openapi_document import OPERATIONS
from tests.template.reading import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE = re.compile(r"/(confirm|letters|packets|organizer)(/.*)?")
"""Addresses with a token, and those of organizers."""

OF_CDN = ("PublicPages", "PagesInCdn", "CountsInCdn", "FilesInCdn", "ToTheApi")


def behavior_of(path: str) -> Any:
    return next(behavior for behavior in behaviors() if behavior.fits(path))


def example(path: str) -> str:
    return re.sub(r"\{\w+\}", "x1", path)


def test_a_stack_has_no_cdn_by_default() -> None:
    template = TEMPLATE

    assert resolve({"Fn::If": ["HasCdn", "yes", "no"]}) == "no"
    assert {template["Resources"][name].get("Condition") for name in OF_CDN} == {"HasCdn"}
    assert {name for name, resource in template["Resources"].items() if "CloudFront" in resource["Type"]} == set(OF_CDN)
    assert resolve(template["Resources"]["Api"]["Properties"]["RouteSettings"])
    assert "StageVariables" not in resolve({**_api(), "AccessLogSettings": None})


def _api() -> dict[str, Any]:
    properties: dict[str, Any] = TEMPLATE["Resources"]["Api"]["Properties"]
    return properties


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS if PRIVATE.fullmatch(path)} | {"/organizer"}))
def test_no_address_with_a_token_or_of_organizers_reaches_the_api_through_the_cdn(path: str) -> None:
    for variant in (example(path), example(path) + "/", example(path).upper().replace("X1", "x1"), "//" + path):
        assert behavior_of(variant).is_redirect


@pytest.mark.parametrize("path", sorted({path for method, path in OPERATIONS if method == "GET"}))
def test_every_other_get_does(path: str) -> None:
    assert behavior_of(example(path)).is_redirect == bool(PRIVATE.fullmatch(path))


def test_nothing_is_posted_to_the_cdn_and_nothing_that_identifies_a_visitor_passes_it() -> None:
    found = behaviors()

    assert {behavior.methods for behavior in found} == {frozenset({"GET", "HEAD"})}
    assert {behavior.cookies for behavior in found} == {"none"}
    assert {header for behavior in found for header in behavior.headers} == {"accept", "accept-language", "origin"}
    # Without such a policy, CloudFront sends the API what the key holds, and nothing else.
    config = distribution()
    assert not [
        each for each in (*config["CacheBehaviors"], config["DefaultCacheBehavior"]) if "OriginRequestPolicyId" in each
    ]


def test_only_encrypted_connections_are_used() -> None:
    config = distribution()
    every = (*config["CacheBehaviors"], config["DefaultCacheBehavior"])

    assert {behavior["ViewerProtocolPolicy"] for behavior in every} == {"redirect-to-https"}
    assert [origin["CustomOriginConfig"] for origin in config["Origins"]] == [
        {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    ]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_the_answer_alone_says_for_how_long_it_is_kept() -> None:
    resources = TEMPLATE["Resources"]
    policies = [
        resource["Properties"]["CachePolicyConfig"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudFront::CachePolicy"
    ]

    assert len(policies) == 3
    assert {(policy["MinTTL"], policy["DefaultTTL"]) for policy in policies} == {(0, 0)}
    assert {error["ErrorCachingMinTTL"] for error in distribution()["CustomErrorResponses"]} == {1}


def test_the_distribution_has_the_domains_of_the_parameters() -> None:
    config = distribution()

    assert config["Aliases"] == [PUBLIC_HOST.removeprefix("https://")]
    assert [origin["DomainName"] for origin in config["Origins"]] == [API_HOST.removeprefix("https://")]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == PARAMETERS["CdnCertificate"]


def test_without_domains_of_its_own_it_takes_those_of_aws() -> None:
    resources = TEMPLATE["Resources"]
    known = {name: name for name in resources} | {"Cdn": "true", "Api": "a1b2", "ToTheApi.FunctionARN": "f"}
    known |= {
        "AWS::Region": "us-east-1",
        "AWS::URLSuffix": "amazonaws.com",
        "PublicPages.DomainName": "d1.cloudfront.net",
    }
    config = resolve(resources["PublicPages"]["Properties"]["DistributionConfig"], known)

    assert "Aliases" not in config
    assert config["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert config["Origins"][0]["DomainName"] == "a1b2.execute-api.us-east-1.amazonaws.com"
    outputs = TEMPLATE["Outputs"]
    assert resolve(outputs["PublicUrl"]["Value"], known) == "https://d1.cloudfront.net"
    assert resolve(outputs["ApiUrl"]["Value"], known) == "https://a1b2.execute-api.us-east-1.amazonaws.com"
    assert resolve(_api()["StageVariables"], known) == {"cdn": "https://d1.cloudfront.net"}


@pytest.mark.parametrize(
    ("parameters", "base"),
    [
        ({}, "https://a1.execute-api.us-east-1.amazonaws.com"),
        ({"PublicUrl": "https://letters.example.org"}, "https://letters.example.org"),
        ({"Cdn": "true"}, "https://a1.execute-api.us-east-1.amazonaws.com"),
        ({"Cdn": "true", "PublicUrl": "https://sign.example.org"}, "https://a1.execute-api.us-east-1.amazonaws.com"),
        (
            {"Cdn": "true", "PublicUrl": "https://sign.example.org", "ApiUrl": "https://letters.example.org"},
            "https://letters.example.org",
        ),
    ],
)
def test_links_in_emails_lead_to_the_apis_own_address(parameters: dict[str, str], base: str) -> None:
    template = TEMPLATE
    known = {"Api": "a1", "AWS::Region": "us-east-1", "AWS::URLSuffix": "amazonaws.com", **parameters}
    senders = [
        variables["API_URL"]
        for name, resource in template["Resources"].items()
        if name not in {"PublicApi", "OrganizerApi"}
        and "API_URL" in (variables := resource.get("Properties", {}).get("Environment", {}).get("Variables", {}))
    ]

    assert len(senders) == 4
    assert {resolve(value, known) for value in senders} == {base}
    assert resolve(template["Outputs"]["ApiUrl"]["Value"], known) == base


RULES: list[tuple[dict[str, str], bool]] = [
    ({}, True),
    ({"PublicUrl": "https://letters.example.org"}, True),
    ({"Cdn": "true"}, True),
    ({"Cdn": "true", "ApiUrl": "https://letters.example.org"}, True),
    (PARAMETERS, True),
    # Without a certificate for the CDN's domain, browsers would refuse it.
    ({"Cdn": "true", "PublicUrl": "https://letters.example.org"}, False),
    ({**PARAMETERS, "PublicUrl": API_HOST}, False),
    ({"ApiUrl": "https://letters.example.org"}, False),
]


@pytest.mark.parametrize(("parameters", "is_allowed"), RULES)
def test_addresses_that_would_lead_nowhere_are_refused(parameters: dict[str, str], *, is_allowed: bool) -> None:
    broken = [
        assertion["AssertDescription"]
        for rule in TEMPLATE["Rules"].values()
        if resolve(rule["RuleCondition"], parameters)
        for assertion in rule["Assertions"]
        if not resolve(assertion["Assert"], parameters)
    ]

    assert (broken == []) == is_allowed, broken


def test_no_resource_depends_on_itself() -> None:
    """The API's stage names the CDN, which names the API. To cfn-lint, API and stage are one, as in the file."""
    resources = translated(
        TEMPLATE, {"SenderIdentity": "a.example", "SenderAddress": "a@a.example", "OperatorEmail": "a@a.example"}
    )["Resources"]
    waits = {name: set(_named(resource)) & resources.keys() for name, resource in resources.items()}
    ready: set[str] = set()
    while found := {name for name, needed in waits.items() if name not in ready and needed <= ready}:
        ready |= found

    assert set(resources) - ready == set()
    assert "PublicPages" in waits["ApiApiGatewayDefaultStage"]


def _named(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), _]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{(\w+)", text)
        case {"Fn::Sub": [str(text), dict(own)]}:
            yield from itertools.chain(set(re.findall(r"\$\{(\w+)", text)) - own.keys(), _named(own))
        case dict():
            depends = value.get("DependsOn", [])
            yield from [depends] if isinstance(depends, str) else depends
            for item in value.values():
                yield from _named(item)
        case list():
            for item in value:
                yield from _named(item)
