"""Reports of the stack, on the real template: to organizers by email, to other programs on the bus."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.e2e.waiting import wait_for
from undersigned.domain.delivering.schedule import period_of
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.running import RunningStack

CAMPAIGN = "reports-and-events"
ORGANIZER = "organizer@reports.example"


@dataclass
class Observed:
    """A campaign whose weeks need an approval, and a program that listens on the bus."""

    stack: RunningStack
    queue: str

    def page(self, url: str, values: dict[str, str] | None = None) -> str:
        body = urlencode(values).encode() if values is not None else None
        with urlopen(Request(url, body), timeout=60) as answer:  # noqa: S310
            return str(answer.read().decode())

    def link(self, to: str, kind: str, path: str) -> str:
        """Return the link in the only email of a kind to an address."""
        mails = wait_for(
            lambda: [mail for mail in self.stack.mails() if mail.to == (to,) and mail.tags["kind"] == kind]
        )
        [mail] = mails
        part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
        assert part
        found = re.search(rf"{re.escape(self.stack.public_url)}/{path}\S*", part.get_content())
        assert found
        return found[0]

    def receive(self, kinds: list[str]) -> list[dict[str, Any]]:
        """Wait for events of these kinds, and return all events since the last call."""
        received: list[dict[str, Any]] = []

        def enough() -> bool:
            sqs = self.stack.client("sqs")
            for message in sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
                received.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            return not Counter(kinds) - Counter(event["detail-type"] for event in received)

        wait_for(enough, f"each of {kinds}")
        return received


@pytest.fixture(scope="module")
def observed(stack: RunningStack) -> Iterator[Observed]:
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    organizer = replace(folder.campaign.organizer, email=ORGANIZER)
    campaign = replace(folder.campaign, id=CAMPAIGN, approval=True, organizer=organizer)
    push(replace(folder, campaign=campaign), Stack(stack.outputs, stack.client).wiring().campaigns)
    sqs, events = stack.client("sqs"), stack.client("events")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = stack.outputs["EventBusName"]
    pattern = json.dumps({"source": ["undersigned"], "detail": {"campaign": [CAMPAIGN]}})
    events.put_rule(Name="listener", EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule="listener", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
    yield Observed(stack, queue)
    events.remove_targets(Rule="listener", EventBusName=bus, Ids=["listener"])
    events.delete_rule(Name="listener", EventBusName=bus)
    sqs.delete_queue(QueueUrl=queue)


def test_a_week_is_approved_by_email_published_and_reported(observed: Observed) -> None:
    stack, now = observed.stack, datetime.now(UTC)
    period = period_of(now, stack.outputs["DeliveryTimeZone"])
    observed.page(
        f"{stack.public_url}/campaigns/{CAMPAIGN}/signatures",
        {
            "name": "Ada Specimen",
            "email": "ada@reports.example",
            "address_line": "1 Sample Street",
            "locality": "Evanston",
            "region": "IL",
            "postal_code": "60201",
            "signature": "Ada Specimen",
        },
    )
    observed.page(observed.link("ada@reports.example", "confirmation", "confirm/"), {})
    [confirmed] = observed.receive(["undersigned.signature.confirmed"])
    assert (confirmed["source"], confirmed["detail"]["target"]) == ("undersigned", "evanston")

    wiring = Stack(stack.outputs, stack.client).wiring()
    wait_for(lambda: wiring.signatures.has_waiting(CAMPAIGN, "evanston"))
    for _ in range(2):
        planned = stack.run_job("plan", now, CAMPAIGN)
        assert (planned["deliveries"], len(planned["awaiting_approval"])) == ([], 1)
    link = observed.link(ORGANIZER, "approval", "organizer/approve/")
    assert "Ready to send" in observed.page(link)
    assert wiring.campaigns.controls(CAMPAIGN).approved == {}
    assert "Approved" in observed.page(link, {})
    received = observed.receive([f"undersigned.delivery.{state}" for state in ("open", "sending", "sent", "delivered")])
    assert {event["detail"]["period"] for event in received} == {period}
    [delivered] = [event for event in received if event["detail-type"] == "undersigned.delivery.delivered"]
    assert delivered["detail"]["letters"] == 1

    # A report is about what left from its day's delivery hour on, which is nine.
    for _ in range(2):
        stack.run_job("report", now - timedelta(hours=9), CAMPAIGN)
    [report] = [mail for mail in stack.mails() if mail.tags.get("kind") == "report" and mail.to == (ORGANIZER,)]
    assert b"1 sent, 0 not sent" in report.raw
