"""The event sources of template.yaml. They hand functions records of the stream, messages of a queue, or an hour.

They also say what Lambda does with an answer. Both the local stack and the tests use them.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from undersigned_cli.local.resources import ACCOUNT, REGION
from undersigned_cli.local.template import STACK, event_sources, load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    type Invoke = Callable[[str, Any], Collection[str] | None]
    """Hands an event to a function (its logical id). Returns what its answer says failed; None if the function did."""

type Record = Mapping[str, Any]
"""A record of the stream, as Lambda passes it."""


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A function (its logical id) that reads the stream, the most records in a batch, and the most retries."""

    function: str
    batch_size: int
    retries: int
    bisects: bool
    dead_letters: str
    patterns: tuple[Any, ...]

    def wants(self, record: Record) -> bool:
        """Return whether a filter lets a record through ("Filter rule syntax", Lambda developer guide)."""
        return any(_matches(record, pattern) for pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A function and the queue whose messages it gets (logical ids), and the most messages at once."""

    function: str
    queue: str
    batch_size: int

    def event(self, messages: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the event with messages as SQS hands them out."""
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-{self.queue}",
                    "awsRegion": REGION,
                }
                for message in messages
            ]
        }

    def hand_over(self, messages: Sequence[Mapping[str, Any]], invoke: Invoke) -> list[Mapping[str, Any]]:
        """Hand messages to the function, and return those that are done. The others come again."""
        failed = invoke(self.function, self.event(messages))
        return [message for message in messages if failed is not None and message["MessageId"] not in failed]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function that is invoked with an input at each time of a cron expression, which is in a time zone."""

    function: str
    expression: str
    time_zone: str
    input: Any
    dead_letters: str

    def comes_at(self, moment: datetime) -> bool:
        """Say whether it is due in the minute of a moment."""
        minute, hour, day, month, weekday, _year = self.expression.removeprefix("cron(").removesuffix(")").split()
        there = moment.astimezone(ZoneInfo(self.time_zone))
        values = (there.minute, there.hour, there.day, there.month, f"{there:%a}".upper())
        return all(map(_fits, (minute, hour, day, month, weekday), values))


type Source = StreamSource | QueueSource | Schedule


@cache
def sources() -> tuple[Source, ...]:
    """Return all event sources but the API, in the template's order."""
    return tuple(
        _source(function, kind, given)
        for function, _, kind, given in event_sources(load_template())
        if kind != "HttpApi"
    )


def stream_source(function: str) -> StreamSource:
    """Return the source of a function (its logical id) that reads the stream."""
    return next(each for each in sources() if isinstance(each, StreamSource) and each.function == function)


def queue_source(queue: str) -> QueueSource:
    """Return the source that is a queue (its logical id)."""
    return next(each for each in sources() if isinstance(each, QueueSource) and each.queue == queue)


def schedule(function: str) -> Schedule:
    """Return the schedule of a function (its logical id)."""
    return next(each for each in sources() if isinstance(each, Schedule) and each.function == function)


def _source(function: str, kind: str, given: Mapping[str, Any]) -> Source:
    match kind:
        case "DynamoDB":
            return StreamSource(
                function,
                int(given["BatchSize"]),
                int(given["MaximumRetryAttempts"]),
                bool(given["BisectBatchOnFunctionError"]),
                given["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0],
                tuple(json.loads(each["Pattern"]) for each in given["FilterCriteria"]["Filters"]),
            )
        case "SQS":
            return QueueSource(function, given["EventSourceArn"]["Fn::GetAtt"][0], int(given["BatchSize"]))
        case "ScheduleV2":
            return Schedule(
                function,
                resolve(given["ScheduleExpression"]),
                resolve(given["ScheduleExpressionTimezone"]),
                json.loads(given.get("Input", "{}")),
                given["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0],
            )
        case _:
            message = f"{function} has an event source that nothing drives here: {kind}"
            raise NotImplementedError(message)


def _matches(value: Any, pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(value.get(name), part) for name, part in pattern.items())
    return any(_is(value, rule) for rule in pattern)


def _is(value: Any, rule: Any) -> bool:
    match rule:
        case {"prefix": beginning}:
            return isinstance(value, str) and value.startswith(beginning)
        case {"exists": True}:
            return value is not None
        case dict():
            message = f"no rule {rule} here"
            raise NotImplementedError(message)
        case _:
            return bool(value == rule)


@dataclass(slots=True)
class StreamReader:
    """How far a function has read a shard of the stream, and how often it has tried the next records."""

    source: StreamSource
    next: int = 0
    tries: int = 0
    _sizes: deque[int] = field(default_factory=deque)
    """The sizes of the next batches, which are parts of a failed batch."""

    def batch[R: Record](self, shard: Sequence[R]) -> Sequence[R]:
        """Return the next records of a shard: a batch, or the first part of a failed batch."""
        return shard[self.next : self.next + (self._sizes[0] if self._sizes else self.source.batch_size)]

    def hand_over(
        self, batch: Sequence[Record], invoke: Invoke, read: Callable[[Sequence[Record]], Sequence[Record]] = list
    ) -> Sequence[Record]:
        """Hand a batch, as it is `read`, to the function. Return the records that are given up."""
        wanted = [record for record in read(batch) if self.source.wants(record)]
        return self.note(batch, invoke(self.source.function, {"Records": wanted}) if wanted else ())

    def note(self, batch: Sequence[Record], failed: Collection[str] | None) -> Sequence[Record]:
        """Go on after a batch. Return the records that are given up; the dead-letter queue gets a message about them.

        `failed` has the sequence numbers in `batchItemFailures`; None if the function failed. From the first failure
        on, the records come again, or the whole batch in two halves. Source: "Error handling for DynamoDB event source
        mappings", Lambda developer guide.
        """
        if failed is not None and not failed:
            return self._go_on(batch)
        numbers = [number_of(record) for record in batch]
        # Lambda takes an identifier that isn't in the batch as a failure of the whole batch.
        first = min((numbers.index(number) if number in numbers else 0 for number in failed or ()), default=0)
        self.tries = self.tries + 1 if first == 0 else 1
        if self.tries > self.source.retries:
            self._go_on(batch)
            return batch
        self.next += first
        left = len(batch) - first
        if self._sizes:
            self._sizes.popleft()
        halves = (left // 2, left - left // 2) if failed is None and self.source.bisects else (left,)
        self._sizes.extendleft(half for half in reversed(halves) if half)
        return ()

    def _go_on(self, batch: Sequence[Record]) -> Sequence[Record]:
        self.next += len(batch)
        self.tries = 0
        if self._sizes:
            self._sizes.popleft()
        return ()


_ONLY_KEYS = 2


def as_lambda_does(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Return records of moto's with their times as numbers.

    moto writes two records for an upsert. The first one, which has nothing but the key, is left out.
    """
    return [
        {
            **record,
            "dynamodb": {
                **change,
                "ApproximateCreationDateTime": change["ApproximateCreationDateTime"].timestamp(),
            },
        }
        for record in records
        if len((change := record["dynamodb"]).get("NewImage", "gone")) > _ONLY_KEYS
    ]


def number_of(record: Record) -> str:
    """Return a record's sequence number. An answer names the record by it."""
    return cast("str", record["dynamodb"]["SequenceNumber"])


def failures_in(answer: Any) -> frozenset[str]:
    """Return the identifiers in a function's `batchItemFailures`."""
    return frozenset(failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures") or ())


def _fits(rule: str, value: object) -> bool:
    """Say whether a field of a cron expression takes a value: `*`, `?`, `5`, `MON` or `0/5`."""
    if rule in {"*", "?"}:
        return True
    start, _, step = rule.partition("/")
    return (int(str(value)) - int(start)) % int(step) == 0 if step else rule == str(value)
