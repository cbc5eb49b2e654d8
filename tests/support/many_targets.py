"""Campaigns with very many targets: their towns, their queue, and how many calls they take."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, override

from tests.support.world import Watch, client_of, publish_files
from undersigned.delivering.queue import DeliveryMessage, read_message

if TYPE_CHECKING:
    from tests.support.world import World

MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)
HEADING = "id,title,title_es,name,department,locality,email,postal_codes"


class Counting(Watch):
    """Counts calls by operation, and how many are made at once."""

    def __init__(self, seconds: float = 0.002) -> None:
        self.seconds = seconds
        self.calls: Counter[str] = Counter()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    @override
    def before(self, _function: str, operation: str, _params: Any) -> None:
        with self._lock:
            self.calls[operation] += 1
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.seconds)

    @override
    def after(self, _function: str, _operation: str) -> None:
        with self._lock:
            self._now -= 1


def publish_towns(world: World, towns: int) -> None:
    """Publish the shipped campaign with this number of towns in place of its targets."""
    rows = "\n".join(
        f"town-{number},Police Chief,,Avery Sample,Town {number} Police,Town {number},"
        f"chief@town-{number}.example,{61000 + number}"
        for number in range(towns)
    )
    publish_files(world, {"targets.csv": f"{HEADING}\n{rows}\n"})


def queued_for(world: World) -> list[str]:
    """Return the targets of the queued deliveries, in order, and empty the queue."""
    messages = map(read_message, bodies(world))
    keys = [message.key for message in messages if isinstance(message, DeliveryMessage)]
    assert {key.period for key in keys} == {"2026-11-30"}
    return [key.target for key in keys]


def bodies(world: World) -> list[str]:
    messages = world.receive(queue := world.queues["DeliveryQueue"])
    for message in messages:
        client_of("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]
