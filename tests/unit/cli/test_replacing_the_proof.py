"""Test `undersigned secret replace-proof`, against moto's Secrets Manager and CloudFront."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from undersigned.base.cdn_proof import PROOF_HEADER
from undersigned_cli.cdn import replace_proof
from undersigned_cli.stacks import DeployedStack, StackError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Deployed:
    """A stack with a CDN, as CloudFormation makes it."""

    stack: DeployedStack

    def sent(self) -> dict[str, str]:
        """Return the headers that CloudFront adds."""
        answer = boto3.client("cloudfront").get_distribution_config(Id=self.stack.outputs["DistributionId"])
        [origin] = answer["DistributionConfig"]["Origins"]["Items"]
        return {header["HeaderName"]: header["HeaderValue"] for header in origin["CustomHeaders"]["Items"]}

    def accepted(self) -> list[str]:
        secrets, arn = boto3.client("secretsmanager"), self.stack.outputs["CdnProofArn"]
        return [
            secrets.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
            for stage in ("AWSCURRENT", "AWSPREVIOUS")
        ]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    with mock_aws():
        arn = boto3.client("secretsmanager").create_secret(Name="CdnProof", SecretString="old")["ARN"]
        origin: Any = {
            "Id": "api",
            "DomainName": "a1.execute-api.us-east-2.amazonaws.com",
            "CustomHeaders": {
                "Quantity": 1,
                "Items": [{"HeaderName": PROOF_HEADER.title(), "HeaderValue": "old"}],
            },
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        }
        config: Any = {
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "api", "ViewerProtocolPolicy": "redirect-to-https"},
        }
        made = boto3.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
        yield Deployed(DeployedStack({"CdnProofArn": arn, "DistributionId": made["Id"]}, boto3.client))


def test_cloudfront_sends_the_new_proof_and_the_old_one_still_counts(deployed: Deployed) -> None:
    replace_proof(deployed.stack, "new")

    assert deployed.sent() == {PROOF_HEADER.title(): "new"}
    assert deployed.accepted() == ["new", "old"]


def test_a_replacement_that_was_cut_short_is_finished(deployed: Deployed) -> None:
    def refusing(service: str) -> Any:
        client: Any = boto3.client(service)  # type: ignore[call-overload]
        if service == "cloudfront":
            client.meta.events.register("before-call.cloudfront.UpdateDistribution", _refuse)
        return client

    with pytest.raises(ClientError):
        replace_proof(DeployedStack(deployed.stack.outputs, refusing), "new")
    assert deployed.sent() == {PROOF_HEADER.title(): "old"}

    replace_proof(deployed.stack, "newer")

    assert deployed.sent() == {PROOF_HEADER.title(): "new"}
    assert deployed.accepted() == ["new", "old"]


def _refuse(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "UpdateDistribution")


def test_a_stack_without_a_cdn_has_no_proof() -> None:
    with pytest.raises(StackError, match="has no CDN"):
        replace_proof(DeployedStack({}, boto3.client), "new")
