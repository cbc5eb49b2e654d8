"""Replacing the CDN's proof, in Secrets Manager and in CloudFront."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from undersigned.base.cdn_proof import PROOF_HEADER
from undersigned_cli.stacks import StackError

if TYPE_CHECKING:
    from undersigned_cli.stacks import DeployedStack


def replace_proof(stack: DeployedStack, new: str) -> None:
    """Make `new` the proof. If a replacement was cut short, finish that one instead. Raises StackError without a CDN.

    CloudFormation reads the secret only when the distribution changes, and then it finds the same value.
    """
    if "CdnProofArn" not in stack.outputs:
        message = "the stack has no CDN; turn it on with Cdn=true first"
        raise StackError(message)
    arn, distribution = stack.outputs["CdnProofArn"], stack.outputs["DistributionId"]
    secrets, cloudfront = stack.client("secretsmanager"), stack.client("cloudfront")
    found = cloudfront.get_distribution_config(Id=distribution)
    header = _proof_in(found["DistributionConfig"])
    proof = secrets.get_secret_value(SecretId=arn)["SecretString"]
    if header["HeaderValue"] == proof:
        proof = new
        secrets.put_secret_value(SecretId=arn, SecretString=proof)
    header["HeaderValue"] = proof
    cloudfront.update_distribution(
        Id=distribution, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"]
    )


def _proof_in(config: Any) -> Any:  # noqa: ANN401  (boto3's answer)
    [origin] = config["Origins"]["Items"]
    return next(header for header in origin["CustomHeaders"]["Items"] if header["HeaderName"].lower() == PROOF_HEADER)
