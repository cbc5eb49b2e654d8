"""Hand the stream's records, the queues' messages and the schedules to their functions, as AWS does by itself."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.account import CALLED, LOCK, backend
from undersigned_cli.local.sources import (
    QueueSource,
    Schedule,
    StreamReader,
    StreamSource,
    as_lambda_does,
    failures_in,
    number_of,
    sources,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PAUSE = 0.2
"""Seconds between two looks when nobody calls AWS: a message or a batch may become due by itself."""

_LONGEST_PAUSE = 30.0
"""Seconds until a batch that failed comes again, at most."""

_TRIES = 3
"""How often a schedule's invocation is tried ("How Lambda handles errors and retries with asynchronous invocation")."""


@dataclass(slots=True)
class _Invocation:
    """An invocation by a schedule, when it is tried next, and how often it has been tried."""

    schedule: Schedule
    at: float = 0.0
    tries: int = 0


class Driver:
    """Drives the functions from one thread, in the order and with the batches of the template."""

    def __init__(
        self,
        known: Mapping[str, Any],
        invoke: Callable[[str, Any], Any],
        sqs: Any,
        log: Callable[[str], None],
        *,
        schedules: bool,
    ) -> None:
        """Prepare. `known` has the addresses of queues, and `log` gets a line for each invocation that fails."""
        found = sources()
        self._known = known
        self._invoke = invoke
        self._sqs = sqs
        self._log = log
        self._schedules = [each for each in found if isinstance(each, Schedule)] if schedules else []
        self._queues = [each for each in found if isinstance(each, QueueSource)]
        self._readers = [StreamReader(each) for each in found if isinstance(each, StreamSource)]
        self._read_at: dict[str, float] = defaultdict(float)
        self._invocations: list[_Invocation] = []
        self._minute = _this_minute()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="driver", daemon=True)

    def start(self) -> None:
        """Start."""
        self._thread.start()

    def stop(self) -> None:
        """Wait for running invocations, then stop."""
        self._stopped.set()
        CALLED.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            CALLED.clear()
            try:
                if not self._step():
                    CALLED.wait(_PAUSE)
            except Exception as error:  # noqa: BLE001  (the next step may work)
                self._log(f"the driver failed: {error!r}")
                self._stopped.wait(1)

    def _step(self) -> bool:
        """Do what is due, unless the stack is stopping, and return whether there was anything."""
        jobs: list[Callable[[], bool]] = [partial(self._read, reader) for reader in self._readers]
        jobs += [partial(self._receive, source) for source in self._queues]
        jobs += [self._invoke_by_schedule]
        done = [job() for job in jobs if not self._stopped.is_set()]
        return any(done)

    def _read(self, reader: StreamReader) -> bool:
        """Hand a reader of the stream its next records."""
        function = reader.source.function
        with LOCK:
            batch = [read.record for read in reader.batch(shard_of(self._known["Table"]))]
        if not batch or time.monotonic() < self._read_at[function]:
            return False
        if given_up := reader.hand_over(batch, self._failures, as_lambda_does):
            self._bury(reader.source.dead_letters, {"numbers": [number_of(record) for record in given_up]})
        if reader.tries:
            self._read_at[function] = time.monotonic() + min(2.0**reader.tries, _LONGEST_PAUSE)
        return True

    def _failures(self, function: str, event: Any) -> frozenset[str] | None:
        try:
            return failures_in(self._invoke(function, event))
        except Exception as error:  # noqa: BLE001  (Lambda reports any error of a function, and tries again)
            self._log(f"{function} failed: {error!r}")
            return None

    def _receive(self, source: QueueSource) -> bool:
        """Hand a function messages of its queue."""
        url = self._known[source.queue]
        if not holds_messages(url):
            return False
        received = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=source.batch_size, AttributeNames=["All"]
        ).get("Messages", [])
        if not received:
            return False
        for message in source.hand_over(received, self._failures):
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _invoke_by_schedule(self) -> bool:
        now = _this_minute()
        if now != self._minute:
            self._minute = now
            self._invocations += [_Invocation(each) for each in self._schedules if each.comes_at(now)]
        due = next((each for each in self._invocations if each.at <= time.monotonic()), None)
        if due is None:
            return False
        schedule = due.schedule
        if self._failures(schedule.function, schedule.input) is None:
            due.tries += 1
            due.at = time.monotonic() + 60 * due.tries
            if due.tries < _TRIES:
                return True
            self._bury(schedule.dead_letters, schedule.input)
        self._invocations.remove(due)
        return True

    def _bury(self, queue: str, letter: Any) -> None:
        self._sqs.send_message(QueueUrl=self._known[queue], MessageBody=json.dumps(letter))


def shard_of(table: str) -> list[Any]:
    """Return the only shard of a table's stream. Each of moto's items has its `record`."""
    records: list[Any] = backend("dynamodb").tables[table].stream_shard.items
    return records


def holds_messages(url: str) -> bool:
    """Return whether a queue would hand out a message now.

    A delayed one doesn't count: the driver would ask for it without a pause, and everybody else would wait for moto.
    """
    # Asked so often that a call of moto's would take too long.
    with LOCK:
        return bool(backend("sqs").queues[url.rpartition("/")[2]].messages)


def _this_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)
