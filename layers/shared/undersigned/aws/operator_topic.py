"""SNS: the topic of the alarms, which the operator's address subscribes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sns(Protocol):
    """The part of boto3's client that is used here."""

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> Mapping[str, Any]:  # noqa: N803  (AWS's names)
        """Publish a message to a topic's subscribers."""


class OperatorTopic:
    """The topic of the alarms."""

    def __init__(self, client: Sns, topic_arn: str) -> None:
        """Keep the client and the topic's ARN."""
        self._client = client
        self._topic_arn = topic_arn

    def tell(self, subject: str, text: str) -> None:
        """Send the operator an email. The subject has at most 100 ASCII characters."""
        self._client.publish(TopicArn=self._topic_arn, Subject=subject, Message=text)
