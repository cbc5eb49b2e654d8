"""What happens by itself in AWS: the stream's records, the queues' messages and the schedules reach their functions."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.account import CALLED, LOCK, backend
from undersigned_cli.local.sources import (
    QueueSource,
    Schedule,
    StreamReader,
    StreamSource,
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

_ONLY_KEYS = 2


@dataclass(slots=True)
class _Waiting:
    """When a stream's reader, or an invocation by a schedule, is tried again."""

    at: float = 0.0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class _Invocation:
    schedule: Schedule
    event: Any
    waiting: _Waiting = field(default_factory=_Waiting)


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
        self._known = known
        self._invoke = invoke
        self._sqs = sqs
        self._log = log
        self._schedules = [each for each in sources() if isinstance(each, Schedule)] if schedules else []
        self._queues = [each for each in sources() if isinstance(each, QueueSource)]
        self._readers = [StreamReader(each) for each in sources() if isinstance(each, StreamSource)]
        self._waiting = {reader.source.function: _Waiting() for reader in self._readers}
        self._invocations: list[_Invocation] = []
        self._minute = _minute_of(datetime.now(UTC))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="driver", daemon=True)

    @property
    def positions(self) -> dict[str, int]:
        """How many records of the stream each reader has read, by function."""
        return {reader.source.function: reader.next for reader in self._readers}

    def start(self, positions: Mapping[str, int]) -> None:
        """Start, with the readers at these positions."""
        for reader in self._readers:
            reader.next = positions.get(reader.source.function, 0)
        self._thread.start()

    def stop(self) -> None:
        """Finish what runs, then stop."""
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
        """Do what is due, and return whether there was anything."""
        done = [self._read(reader) for reader in self._readers]
        done += [self._receive(source) for source in self._queues]
        done += [self._invoke_by_schedule()]
        return any(done)

    # The stream

    def _read(self, reader: StreamReader) -> bool:
        waiting = self._waiting[reader.source.function]
        with LOCK:
            batch = [_as_lambda_does(each) for each in reader.batch(_shard(self._known["Table"]))]
        if not batch or time.monotonic() < waiting.at:
            return False
        wanted = [record for record in batch if not _is_half_an_upsert(record) and reader.source.wants(record)]
        failed = self._failures(reader.source.function, wanted) if wanted else frozenset[str]()
        given_up = reader.note(batch, failed)
        waiting.tries = reader.tries
        waiting.at = time.monotonic() + min(2.0**waiting.tries, _LONGEST_PAUSE) if waiting.tries else 0.0
        if given_up:
            self._bury(reader.source.dead_letters, {"numbers": [number_of(record) for record in given_up]})
        return True

    def _failures(self, function: str, records: list[Any]) -> frozenset[str] | None:
        try:
            return failures_in(self._invoke(function, {"Records": records}))
        except Exception as error:  # noqa: BLE001  (Lambda reports any error of a function, and tries again)
            self._log(f"{function} failed: {error!r}")
            return None

    # The queues

    def _receive(self, source: QueueSource) -> bool:
        url = self._known[source.queue]
        if not _has_visible(url):
            return False
        received = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=source.batch_size, AttributeNames=["All"]
        ).get("Messages", [])
        if not received:
            return False
        records = [_record_of(message, self._known[f"{source.queue}.Arn"]) for message in received]
        failed = self._failures(source.function, records)
        for message in received:
            if failed is not None and message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return True

    # The schedules

    def _invoke_by_schedule(self) -> bool:
        now = _minute_of(datetime.now(UTC))
        if now != self._minute:
            self._minute = now
            self._invocations += [_Invocation(each, each.input) for each in self._schedules if each.comes_at(now)]
        due = next((each for each in self._invocations if each.waiting.at <= time.monotonic()), None)
        if due is None:
            return False
        try:
            self._invoke(due.schedule.function, due.event)
        except Exception as error:  # noqa: BLE001  (Lambda reports any error of a function, and tries again)
            self._log(f"{due.schedule.function} failed: {error!r}")
            due.waiting.tries += 1
            due.waiting.at = time.monotonic() + 60 * due.waiting.tries
            if due.waiting.tries < _TRIES:
                return True
            self._bury(due.schedule.dead_letters, due.event)
        self._invocations.remove(due)
        return True

    def _bury(self, queue: str, letter: Any) -> None:
        self._sqs.send_message(QueueUrl=self._known[queue], MessageBody=json.dumps(letter))


def _shard(table: str) -> list[Any]:
    records: list[Any] = backend("dynamodb").tables[table].stream_shard.items
    return records


def _as_lambda_does(read: Any) -> dict[str, Any]:
    """Return a record of moto's with its time as a number."""
    record = dict(read.record)
    change = record["dynamodb"]
    return {
        **record,
        "dynamodb": {
            **change,
            "ApproximateCreationDateTime": change["ApproximateCreationDateTime"].timestamp(),
        },
    }


def _is_half_an_upsert(record: Any) -> bool:
    """Say whether a record is the first of the two that moto writes for an upsert: it has nothing but the key."""
    return len(record["dynamodb"].get("NewImage", "gone")) <= _ONLY_KEYS


def _has_visible(url: str) -> bool:
    # Asked so often that a call of moto's would take too long.
    with LOCK:
        return any(message.visible for message in backend("sqs").queues[url.rpartition("/")[2]]._messages)  # noqa: SLF001


def _record_of(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }


def _minute_of(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
