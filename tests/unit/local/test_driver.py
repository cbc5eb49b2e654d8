"""What the local stack's driver looks for in a queue."""

from __future__ import annotations

import boto3
from moto import mock_aws

from undersigned_cli.local.driver import holds_messages


@mock_aws
def test_a_queue_holds_only_messages_that_it_would_hand_out() -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="mails")["QueueUrl"]
    assert not holds_messages(url)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
    assert not holds_messages(url)
    sqs.send_message(QueueUrl=url, MessageBody="now")
    assert holds_messages(url)
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["now"]
    assert not holds_messages(url)
