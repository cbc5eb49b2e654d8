"""The stack that a command works on, found by its name in AWS or wherever AWS_ENDPOINT_URL leads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from undersigned.base.errors import UndersignedError
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned_cli.local.template import STACK as STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SETTING_OF_OUTPUT = {
    "TableName": "TABLE_NAME",
    "PacketBucketName": "PACKET_BUCKET",
    "DraftBucketName": "DRAFT_BUCKET",
    "DeliveryQueueUrl": "DELIVERY_QUEUE_URL",
    "SecretArn": "SECRET_ARN",
    "OrganizersSecretArn": "ORGANIZERS_SECRET_ARN",
    "SenderAddress": "SENDER_ADDRESS",
    "ConfigurationSetName": "CONFIGURATION_SET",
    "DeliveryDay": "DELIVERY_DAY",
    "DeliveryHour": "DELIVERY_HOUR",
    "DeliveryTimeZone": "DELIVERY_TIME_ZONE",
    "PublicUrl": "PUBLIC_URL",
    "WaitingMailsUrl": "WAITING_MAILS_URL",
    "PeopleMailsUrl": "PEOPLE_MAILS_URL",
}
_SETTING_OF_SOME_OUTPUT = {"AdminEmail": "ADMIN_EMAIL"}
"""The output that a stack without an administrator lacks."""


class StackError(UndersignedError):
    """The stack doesn't exist, is not an Undersigned stack, or failed."""


def session(region: str | None = None) -> boto3.Session:
    """Return a session of the usual profile, in this region or in AWS_REGION.

    The AWS CLI reads that variable, and boto3 doesn't.
    """
    return boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A deployed stack: its outputs, a function that makes AWS clients for it, and its name."""

    outputs: Mapping[str, str]
    client: Callable[..., Any]
    name: str = STACK_NAME

    @classmethod
    def in_aws(cls, name: str) -> DeployedStack:
        """Find a stack by its name, with the usual AWS profile; raises StackError."""
        client: Any = session().client
        try:
            answer = client("cloudformation").describe_stacks(StackName=name)
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            message = (
                f"there is no stack {name!r} in this account and region; deploy it, use --stack-name, or export what "
                "`undersigned local` prints"
            )
            raise StackError(message) from error
        outputs = answer["Stacks"][0].get("Outputs", [])
        return cls({output["OutputKey"]: output["OutputValue"] for output in outputs}, client, name)

    def opened(self) -> Stack:
        """Return the stack that use cases take; raises StackError."""
        missing = [output for output in _SETTING_OF_OUTPUT if output not in self.outputs]
        if missing:
            message = (
                f"the stack has no output {missing[0]}; check that it is an Undersigned stack "
                "and that its deployment is complete"
            )
            raise StackError(message)
        known = _SETTING_OF_OUTPUT | _SETTING_OF_SOME_OUTPUT
        settings = {setting: self.outputs[output] for output, setting in known.items() if output in self.outputs}
        # A command has all the time that it needs.
        return Stack(Settings({**settings, "PLANS_AT_ONCE": "1"}), client=self.client)
