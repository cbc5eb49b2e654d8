"""The weeks on a stack whose workers die: plan, deliver, receive SES's events, until all is quiet."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.acting import Decisions
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import UNSETTLED_FOR, DeliveryKey
from undersigned_cli.dead_letters import DeadLetters
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.mail_store import MailStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.running import RunningStack
    from tests.soak.faults import Killer
    from undersigned.base.stack import Stack
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned_cli.local.mail_store import StoredMail

HIDDEN_FOR = 45
"""Seconds for which a queue hides a message whose consumer died. In the template, they are up to 90 minutes."""

PATIENCE = 400.0
"""Seconds without any change after which deliveries are not quiet."""

A_WHILE = timedelta(seconds=15)
SCHEDULE_TRIES = 11
"""EventBridge Scheduler retries ten times, as the template says."""


class Weeks:
    """Runs a campaign's weekly deliveries, skips the hour that a delivery may wait, and decides what is in doubt."""

    def __init__(self, stack: RunningStack, opened: Stack, campaign: str, killer: Killer, rng: Random) -> None:
        self.hours_skipped = 0
        self.questions = 0
        self.put_back = 0
        self._stack = stack
        self._campaigns = Campaigns(opened.table)
        self._deliveries = Deliveries(opened.table)
        self._controls = Decisions(opened)
        self._campaign = campaign
        self._killer = killer
        self._rng = rng
        self._store = MailStore(stack.state / "mails")
        self._read: list[StoredMail] = []
        self._recorded: set[str] = set()
        self._sqs = stack.client("sqs")
        self._queues: list[str] = self._sqs.list_queues()["QueueUrls"]
        for url in self._queues:
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(HIDDEN_FOR)})
        self._dead = DeadLetters(opened=opened, client=stack.client, physical_id=self._url_of)

    def plan(self, at: datetime, deaths: int) -> list[dict[str, str]]:
        """Run the week as its schedule does, with retries. The first `deaths` tries end with a killed worker."""
        planned: list[dict[str, str]] = []
        for attempt in range(SCHEDULE_TRIES):
            if attempt < deaths:
                threading.Thread(target=self._kill_planner, args=(self._rng.uniform(0, 1.2),), daemon=True).start()
            try:
                planned += self._stack.run_job("plan", at)["deliveries"]
            except LocalStackError:
                continue
            if attempt >= deaths:
                break
        return planned

    def _kill_planner(self, pause: float) -> None:
        time.sleep(pause)
        deadline = time.monotonic() + 5
        while not self._killer.kill("RunJobs") and time.monotonic() < deadline:
            time.sleep(0.02)

    def until_quiet(self) -> None:
        """Wait until each delivery is settled and all queues are empty. Raises AssertionError if it takes too long."""
        deadline = time.monotonic() + PATIENCE
        deaths = 1
        before: object = None
        while time.monotonic() < deadline:
            waiting = self.messages()
            if deaths and any("FeedbackQueue" in queue for queue in waiting) and self._killer.kill("RecordFeedback"):
                # It takes ten events at a time, so it is seldom busy when the killer looks.
                deaths -= 1
            deliveries = self.deliveries()
            if (waiting, deliveries) != before:
                before, deadline = (waiting, deliveries), time.monotonic() + PATIENCE
            unsettled = [delivery for delivery in deliveries if not delivery.is_settled]
            if not unsettled and not self.messages():
                return
            self._skip_an_hour([delivery for delivery in unsettled if delivery.state == "sending"])
            self._decide([delivery for delivery in unsettled if delivery.state == "in_doubt"])
            if any("DeliveriesFailed" in queue for queue in waiting):
                self._put_back()
            time.sleep(0.1)
        states = Counter(delivery.state for delivery in self.deliveries())
        message = f"deliveries are not quiet: {dict(states)}, {self.messages()}"
        raise AssertionError(message)

    def _put_back(self) -> None:
        """Put back the dead letters of deliveries, as an operator does.

        A worker that is killed every few seconds can fail at a delivery of thousands of letters ten times.
        """
        for letter in self._dead.letters("DeliveriesFailed"):
            assert letter.makes_sense, letter.verdict
            self._dead.put_back(letter)
            self.put_back += 1

    def _url_of(self, logical_id: str) -> str:
        return next(url for url in self._queues if f"-{logical_id}-" in url)

    def messages(self) -> dict[str, int]:
        """Return how many messages are in each queue that isn't empty, including hidden, delayed and dead ones."""
        found = {url.rpartition("/")[2]: self._messages(url) for url in self._queues}
        return {queue: number for queue, number in found.items() if number}

    def _messages(self, url: str) -> int:
        kinds = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"]
        return sum(int(found[kind]) for kind in kinds)

    def deliveries(self) -> list[Delivery]:
        return [
            delivery
            for target in self._campaigns.targets(self._campaign)
            for delivery in self._deliveries.deliveries(self._campaign, target.id)
        ]

    def mails(self) -> list[StoredMail]:
        """Return the campaign's delivery emails that SES accepted."""
        for mail in self._mails_since(len(self._read) + 1):
            self._read.append(mail)
        return [mail for mail in self._read if self._is_delivery(mail)]

    def _mails_since(self, number: int) -> Iterator[StoredMail]:
        while mail := self._store.mail(number):
            yield mail
            number += 1

    def _is_delivery(self, mail: StoredMail) -> bool:
        return (mail.tags.get("kind"), mail.tags.get("campaign")) == ("delivery", self._campaign)

    def _skip_an_hour(self, sending: list[Delivery]) -> None:
        """Move back the start of attempts without an event, once the event of every accepted email is recorded.

        After an hour on AWS, no function that began before is running, and SES's events have arrived.
        """
        old = [
            delivery
            for delivery in sending
            if delivery.last.since and A_WHILE < datetime.now(UTC) - delivery.last.since < UNSETTLED_FOR
        ]
        if not old or not self._all_are_recorded():
            return
        self._killer.kill("Deliver")
        for delivery in old:
            self._deliveries.change(_moved_back(delivery), delivery)
        self.hours_skipped += 1

    def _decide(self, in_doubt: list[Delivery]) -> None:
        """Act as a person who reads the outbox: an email that SES accepted has arrived, any other one is sent again."""
        for delivery in in_doubt:
            key = delivery.key
            wanted = {"target": key.target, "period": key.period, "attempt": str(delivery.attempt)}
            has_arrived = any(wanted.items() <= mail.tags.items() for mail in self.mails())
            self._controls.settle(key, "a person", "", "sent" if has_arrived else "not sent")
            self.questions += 1

    def _all_are_recorded(self) -> bool:
        """Return whether the Send event of each accepted email is recorded."""
        for mail in self.mails():
            if mail.message_id not in self._recorded:
                tags = mail.tags
                key = DeliveryKey(tags["campaign"], tags["target"], tags["period"])
                events = self._deliveries.mail_events(key)
                self._recorded.update(event.message_id for event in events if event.kind == "send")
        return self._recorded.issuperset(mail.message_id for mail in self.mails())


def _moved_back(delivery: Delivery) -> Delivery:
    assert delivery.last.since
    return replace(delivery, last=replace(delivery.last, since=delivery.last.since - UNSETTLED_FOR))
