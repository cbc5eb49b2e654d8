"""Check the CDN of the template: off by default, one address with it, a proof that nobody types, and names that fit."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cdn import PARAMETERS, STACK_ID, TEMPLATE, behaviors, distribution, known
from tests.support.world import PUBLIC_URL
from tests.template.reading import of_type, statements, translated
from undersigned.base.cdn_proof import PROOF_HEADER
from undersigned_cli.local.template import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_CDN = ("Distribution", "PagesInCdn", "FilesInCdn", "CdnProof")
LONGEST_STACK_NAME = "s" * 128


def test_a_stack_has_no_cdn_by_default() -> None:
    resources = TEMPLATE["Resources"]

    assert resolve({"Fn::If": ["HasCdn", "yes", "no"]}) == "no"
    assert {resources[name].get("Condition") for name in OF_CDN} == {"HasCdn"}
    assert {name for name, resource in resources.items() if "CloudFront" in resource["Type"]} < set(OF_CDN)
    assert "StageVariables" not in resolve({**_api(), "AccessLogSettings": None})


def _api() -> dict[str, Any]:
    properties: dict[str, Any] = TEMPLATE["Resources"]["Api"]["Properties"]
    return properties


def test_nothing_that_identifies_a_visitor_is_part_of_what_is_kept() -> None:
    kept = [behavior for behavior in behaviors() if not behavior.keeps_nothing]

    assert {method for behavior in kept for method in behavior.methods} == {"GET", "HEAD", "OPTIONS"}
    assert {behavior.cookies for behavior in kept} == {"none"}
    assert {header for behavior in kept for header in behavior.headers} == {"accept", "accept-language", "origin"}
    # Without a policy of its own, CloudFront sends the API what the key holds, and nothing else.
    assert {behavior.policies[1] for behavior in kept} == {None}


def test_whatever_is_not_listed_is_not_kept() -> None:
    *_, last = behaviors()

    assert (last.pattern, last.keeps_nothing) == ("*", True)
    assert last.methods >= {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.asvs("4.1.2", "12.1.1")
def test_only_encrypted_connections_are_used() -> None:
    config = distribution()
    every = (*config["CacheBehaviors"], config["DefaultCacheBehavior"])

    assert {behavior["ViewerProtocolPolicy"] for behavior in every} == {"redirect-to-https"}
    assert [origin["CustomOriginConfig"] for origin in config["Origins"]] == [
        {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}
    ]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"


def test_the_answer_alone_says_for_how_long_it_is_kept_and_an_error_never_is() -> None:
    resources = TEMPLATE["Resources"]
    policies = [
        resource["Properties"]["CachePolicyConfig"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudFront::CachePolicy"
    ]

    assert len(policies) == 2
    assert {(policy["MinTTL"], policy["DefaultTTL"]) for policy in policies} == {(0, 0)}
    assert {error["ErrorCachingMinTTL"] for error in distribution()["CustomErrorResponses"]} == {0}


def test_the_distribution_has_the_domain_of_the_parameters() -> None:
    config = distribution()

    assert config["Aliases"] == [PUBLIC_URL.removeprefix("https://")]
    assert [origin["DomainName"] for origin in config["Origins"]] == ["a1b2.execute-api.us-east-1.amazonaws.com"]
    assert config["ViewerCertificate"]["AcmCertificateArn"] == PARAMETERS["CdnCertificate"]


@pytest.mark.parametrize("certificate", ["", PARAMETERS["CdnCertificate"]])
def test_without_a_domain_of_its_own_it_takes_the_one_of_aws(certificate: str) -> None:
    values = known(Cdn="true", CdnCertificate=certificate)
    config = resolve(TEMPLATE["Resources"]["Distribution"]["Properties"]["DistributionConfig"], values)

    assert "Aliases" not in config
    assert config["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert resolve(_api()["StageVariables"], values) == {"cdn": "https://d1.cloudfront.net"}


@pytest.mark.parametrize(
    ("parameters", "base"),
    [
        ({}, "https://a1b2.execute-api.us-east-1.amazonaws.com"),
        ({"PublicUrl": "https://letters.example.org"}, "https://letters.example.org"),
        ({"Cdn": "true"}, "https://d1.cloudfront.net"),
        (PARAMETERS, PUBLIC_URL),
    ],
)
def test_links_in_emails_lead_to_the_one_address(parameters: dict[str, str], base: str) -> None:
    senders = [
        variables["PUBLIC_URL"]
        for name, resource in TEMPLATE["Resources"].items()
        if name not in {"PublicApi", "OrganizerApi"}
        and "PUBLIC_URL" in (variables := resource.get("Properties", {}).get("Environment", {}).get("Variables", {}))
    ]

    assert len(senders) >= 3
    assert {resolve(value, known(**parameters)) for value in senders} == {base}
    assert resolve(TEMPLATE["Outputs"]["PublicUrl"]["Value"], known(**parameters)) == base


@pytest.mark.asvs("13.3.1")
def test_the_proof_is_made_by_the_stack_and_sent_in_a_header_that_the_api_compares() -> None:
    [origin] = distribution()["Origins"]
    proof = TEMPLATE["Resources"]["CdnProof"]

    assert origin["OriginCustomHeaders"] == [
        {"HeaderName": PROOF_HEADER.title(), "HeaderValue": "{{resolve:secretsmanager:CdnProof}}"}
    ]
    assert proof["Properties"]["GenerateSecretString"]["PasswordLength"] >= 40
    assert not [name for name in TEMPLATE["Parameters"] if "proof" in name.lower() or "secret" in name.lower()]


@pytest.mark.asvs("13.3.2")
def test_only_the_functions_of_the_api_may_read_the_proof() -> None:
    readers = {owner for owner, statement in statements(TEMPLATE) if "'CdnProof'" in str(statement["Resource"])}
    users = {
        name
        for name, properties in of_type(TEMPLATE, "AWS::Serverless::Function").items()
        if "CDN_PROOF_ARN" in properties.get("Environment", {}).get("Variables", {})
    }

    assert readers == {f"{name}Role" for name in users} == {"PublicApiRole", "OrganizerApiRole"}


def test_names_fit_the_longest_stack_name_and_are_unique_among_regions() -> None:
    """An account's policies share their names. Sources: "Quotas" and the API reference of CloudFront."""
    names = []
    for region in ("1", "2"):
        stack = STACK_ID.replace("4567db12", f"4567db1{region}")
        values = known(**{"AWS::StackName": LONGEST_STACK_NAME, "AWS::StackId": stack})
        for policy in of_type(TEMPLATE, "AWS::CloudFront::CachePolicy").values():
            config = resolve(policy["CachePolicyConfig"], values)
            names.append(config["Name"])
            assert re.fullmatch(r"[\w-]{1,128}", config["Name"])
            assert len(config["Comment"]) <= 128
        properties = TEMPLATE["Resources"]["Distribution"]["Properties"]
        assert len(resolve(properties["DistributionConfig"], values)["Comment"]) <= 128

    assert len(set(names)) == len(names) == 4


RULES: list[tuple[dict[str, str], bool]] = [
    ({}, True),
    ({"PublicUrl": "https://letters.example.org"}, True),
    ({"Cdn": "true"}, True),
    (PARAMETERS, True),
    ({"CdnCertificate": PARAMETERS["CdnCertificate"]}, True),
    # Without a certificate for the CDN's domain, browsers would refuse it.
    ({"Cdn": "true", "PublicUrl": "https://letters.example.org"}, False),
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
    assert "Distribution" in waits["ApiApiGatewayDefaultStage"]


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
