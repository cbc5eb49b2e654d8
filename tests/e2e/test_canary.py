"""The canary on the local stack: its letters take the whole way, and its three emails have the simulator's outcomes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from undersigned.domain.canaries import OUTCOMES, SIGNER, SIMULATOR, STATE_OF, canary_id, canary_target
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from undersigned_cli.local.running import RunningStack


pytestmark = pytest.mark.rehearsed


def test_every_step_happens_once_a_day(stack: RunningStack) -> None:
    wiring = Stack(stack.outputs, stack.client).wiring()
    sqs, sns = stack.client("sqs"), stack.client("sns")
    queue = sqs.create_queue(QueueName="operator")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    [topic] = [found["TopicArn"] for found in sns.list_topics()["Topics"] if "-Alarms" in found["TopicArn"]]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    before = len(stack.mails())
    try:
        missed = stack.invoke("CheckLetters", {})["missed"]
        told = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=queue)

    assert (missed, [json.loads(message["Body"]).get("Subject") for message in told]) == (None, [])
    sent = [to for mail in stack.mails()[before:] for to in mail.to if to.endswith(SIMULATOR)]
    assert sent.count(SIGNER) == len(OUTCOMES)
    letters = [to for to in sent if to != SIGNER]
    assert sorted(to.partition("+")[0] for to in letters) == sorted(OUTCOMES)
    for outcome in OUTCOMES:
        # The target of the day, which follows the stack's time zone.
        targets = [canary_target(outcome, day).id for day in range(7)]
        deliveries = [one for target in targets for one in wiring.deliveries.deliveries(canary_id(outcome), target)]
        assert [(one.state, one.letters) for one in deliveries] == [(STATE_OF[outcome], 1)]
