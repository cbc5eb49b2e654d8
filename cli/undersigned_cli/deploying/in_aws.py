"""The deployed stack in AWS, and the steps of a deployment that SAM doesn't do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    import boto3

_NOT_THERE = ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE", "ROLLBACK_COMPLETE")
"""CloudFormation keeps the name of a stack whose changes were never made, or whose creation failed."""


@dataclass(frozen=True, slots=True)
class StackInAws:
    """A stack by its name, in the account and region of a session."""

    name: str
    session: boto3.Session

    def client(self, service: str) -> Any:  # noqa: ANN401  (boto3 makes its clients at run time)
        """Return a client of the stack's region."""
        client: Any = self.session.client
        return client(service)

    def caller(self) -> tuple[str, str]:
        """Return whose credentials these are: the account's id, and the name of the user or role."""
        answer = self.client("sts").get_caller_identity()
        return answer["Account"], answer["Arn"]

    def parameters(self) -> dict[str, str] | None:
        """Return the parameters of the deployed stack; None if there is none."""
        found = self._found()
        if found is None or found["StackStatus"] in _NOT_THERE:
            return None
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}

    def delete_what_failed(self) -> None:
        """Delete a stack whose creation failed and left only its name: nothing else can be done with it."""
        found = self._found()
        if found and found["StackStatus"] == "ROLLBACK_COMPLETE":
            self.delete()

    def delete(self) -> None:
        """Delete the stack, and wait until it is gone."""
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=self.name)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=self.name)

    def resources(self) -> dict[str, str]:
        """Return the physical ids of all resources, by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            one["LogicalResourceId"]: one["PhysicalResourceId"]
            for page in pages
            for one in page["StackResourceSummaries"]
            if "PhysicalResourceId" in one
        }

    def has_identity(self, identity: str) -> bool:
        """Return whether SES has an identity already. A stack can't create it then."""
        ses = self.client("sesv2")
        try:
            ses.get_email_identity(EmailIdentity=identity)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFoundException":
                raise
            return False
        return True

    def protect_table(self) -> None:
        """Turn on the table's deletion protection. It begins without, so that a failed creation can delete it."""
        protect_table(self.client("dynamodb"), self.resources()["Table"])

    def _found(self) -> Any:  # noqa: ANN401  (the description of a stack)
        try:
            return self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return None


def protect_table(dynamodb: Any, table: str) -> None:  # noqa: ANN401  (a client)
    """Turn on a table's deletion protection, if it is off."""
    if not dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
