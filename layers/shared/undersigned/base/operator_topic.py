"""SNS: the topic of the alarms, which the operator's address subscribes to."""

from __future__ import annotations

from typing import Any


class OperatorTopic:
    """The topic of the alarms."""

    def __init__(self, client: Any, topic_arn: str) -> None:  # noqa: ANN401
        """Keep the client and the topic's ARN."""
        self._client = client
        self._topic_arn = topic_arn

    def tell(self, subject: str, text: str) -> None:
        """Send the operator an email. The subject has at most 100 ASCII characters."""
        self._client.publish(TopicArn=self._topic_arn, Subject=subject, Message=text)
