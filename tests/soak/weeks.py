"""The weeks on a stack where workers die: plan, deliver, hear from SES, until all is quiet."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.deliveries import UNSETTLED_FOR, DeliveryKey
from undersigned_cli.local.errors import LocalStackError
from undersigned_cli.local.mail_store import MailStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.soak.trouble import Killer
    from undersigned.domain.deliveries import Delivery
    from undersigned.wiring import Wiring
    from undersigned_cli.local.mail_store import StoredMail
    from undersigned_cli.local.running import RunningStack

HIDDEN_FOR = 45
"""Seconds for which a queue hides a message whose consumer died; in the template it is up to 90 minutes."""

PATIENCE = 400.0
A_WHILE = timedelta(seconds=15)
TRIES_OF_A_SCHEDULE = 11
"""EventBridge Scheduler tries ten times again, as the template says."""


class Weeks:
    """Runs the weekly delivery of a campaign, and lets an hour pass for whoever waits for it."""

    def __init__(self, stack: RunningStack, wiring: Wiring, campaign: str, killer: Killer, chance: Random) -> None:
        self.hours_passed = 0
        self._stack = stack
        self._campaigns = wiring.campaigns
        self._deliveries = wiring.deliveries
        self._campaign = campaign
        self._killer = killer
        self._chance = chance
        self._store = MailStore(stack.state / "mails")
        self._read: list[StoredMail] = []
        self._heard: set[str] = set()
        self._sqs = stack.client("sqs")
        self._queues: list[str] = self._sqs.list_queues()["QueueUrls"]
        for url in self._queues:
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": str(HIDDEN_FOR)})

    def plan(self, at: datetime, deaths: int) -> list[dict[str, str]]:
        """Run the week as its schedule does, which tries again; so many of the tries end with a dead worker."""
        planned: list[dict[str, str]] = []
        for attempt in range(TRIES_OF_A_SCHEDULE):
            if attempt < deaths:
                threading.Thread(target=self._kill_planner, args=(self._chance.uniform(0, 1.2),), daemon=True).start()
            try:
                planned += self._stack.invoke("PlanDeliveries", {"scheduled_time": at.isoformat()})["deliveries"]
            except LocalStackError:
                continue
            if attempt >= deaths:
                break
        return planned

    def _kill_planner(self, pause: float) -> None:
        time.sleep(pause)
        deadline = time.monotonic() + 5
        while not self._killer.kill("PlanDeliveries") and time.monotonic() < deadline:
            time.sleep(0.02)

    def until_quiet(self) -> None:
        """Wait until each delivery is settled and the queue is empty. Raises AssertionError when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            unsettled = [delivery for delivery in self.deliveries() if not delivery.is_settled]
            if not unsettled and not self.messages():
                return
            self._let_an_hour_pass([delivery for delivery in unsettled if delivery.state == "sending"])
            time.sleep(0.5)
        states = Counter(delivery.state for delivery in self.deliveries())
        message = f"deliveries are not quiet: {dict(states)}, {self.messages()}"
        raise AssertionError(message)

    def messages(self) -> dict[str, int]:
        """Return how many messages lie in each queue that is not empty: hidden, delayed and dead ones, too."""
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
        """Return the campaign's accepted deliveries."""
        for mail in self._mails_since(len(self._read) + 1):
            self._read.append(mail)
        return [mail for mail in self._read if self._is_delivery(mail)]

    def _mails_since(self, number: int) -> Iterator[StoredMail]:
        while mail := self._store.mail(number):
            yield mail
            number += 1

    def _is_delivery(self, mail: StoredMail) -> bool:
        return (mail.tags.get("kind"), mail.tags.get("campaign")) == ("delivery", self._campaign)

    def _let_an_hour_pass(self, sending: list[Delivery]) -> None:
        """Put back the beginning of tries of which no event came, once every accepted mail was heard of.

        In an hour of AWS no function that began before is alive, and SES's events have come.
        """
        old = [
            delivery
            for delivery in sending
            if delivery.sending_since and A_WHILE < datetime.now(UTC) - delivery.sending_since < UNSETTLED_FOR
        ]
        if not old or not self._all_is_heard():
            return
        self._killer.kill("Deliver")
        for delivery in old:
            self._deliveries.change(_put_back(delivery), state="sending", attempt=delivery.attempt)
        self.hours_passed += 1

    def _all_is_heard(self) -> bool:
        """Say whether SES's event of each accepted mail is written down."""
        for mail in self.mails():
            if mail.message_id not in self._heard:
                tags = mail.tags
                key = DeliveryKey(tags["campaign"], tags["target"], tags["period"])
                events = self._deliveries.mail_events(key)
                self._heard.update(event.message_id for event in events if event.kind == "send")
        return self._heard.issuperset(mail.message_id for mail in self.mails())


def _put_back(delivery: Delivery) -> Delivery:
    assert delivery.sending_since
    return replace(delivery, sending_since=delivery.sending_since - UNSETTLED_FOR)
