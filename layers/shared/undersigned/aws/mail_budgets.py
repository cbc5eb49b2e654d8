"""Mail budgets: what each has left in its window, what became of each hour's confirmation emails, and the stop.

| row | pk | sk |
|---|---|---|
| an hour of the stack | `MAILS#stack` | `HOUR#<UTC>`; of a large budget also `HOUR#<UTC>#<1…15>`, its shards |
| an operator's stop | `MAILS#stack` | `STOP` |
| a network's or a domain's day | `MAILS#<kind>#<hash>` | `<day>` (UTC) |
| what a batch has counted | `MAILS#counted#<two seconds>` | a hash of it |

A batch writes each of its budgets once, so an hour's row takes as many writes a second as there are batches. A large
budget is for many batches at once, so each of its shards has a part of it. A partition takes 1,000 writes a second
("Best practices for designing and using partition keys", DynamoDB developer guide).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import batched
from random import Random, SystemRandom
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import ConditionFailedError, Key, Update
from undersigned.domain.mail_budgets import LANES, LENGTH_OF_ID, HourOfMails, Sending, first_hour_that_counts, hour_of
from undersigned.services.ports import MailBudgetStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.aws.dynamodb import Table, Values
    from undersigned.domain.mail_budgets import Budget, Entry, Lane, MailReport

_OF_STACK = "MAILS#stack"
_HOUR = "HOUR#"
_STOP = Key(_OF_STACK, "STOP")
_KEPT_FOR = timedelta(days=2)
"""After the end of the window, longer than what the brake looks at."""

_SENT = "sent"

_COUNTED = "counted"
_SECONDS = 2
"""How many seconds of requests and confirmations have one partition of what was counted. A batch writes a row for each,
and reads all of each: at 3,333 signatures a second, some 80 kB."""

_SHARDS = 16
_LARGE = 36_000
"""From how many emails an hour on a budget has shards: ten a second."""


def hour_key(moment: datetime, shard: int = 0) -> Key:
    """Return the key of an hour, or of a shard of it."""
    return Key(_OF_STACK, f"{_HOUR}{hour_of(moment):%Y-%m-%dT%H}" + (f"#{shard}" if shard else ""))


def budget_key(budget: Budget, shard: int = 0) -> Key:
    """Return the key of the row that has a budget, or a shard of it."""
    if budget.is_of_hour:
        return hour_key(budget.begins, shard)
    return Key(f"MAILS#{budget.kind}#{budget.of}", budget.begins.date().isoformat())


class MailBudgets(MailBudgetStore):
    """Mail budgets in the table."""

    def __init__(self, table: Table, random: Random | None = None) -> None:
        """Keep the table, and what chooses shards."""
        self._table = table
        self._random = random or SystemRandom()

    @override
    def take(self, budget: Budget, emails: int) -> int:
        shards = self._shards_of(budget)
        first = self._random.randrange(shards) if shards > 1 else 0
        granted = 0
        # The others are asked only when a shard is used up.
        for number in range(shards):
            granted += self._take(budget, (first + number) % shards, budget.limit // shards, emails - granted)
            if granted == emails:
                break
        return granted

    def _take(self, budget: Budget, shard: int, limit: int, emails: int) -> int:
        try:
            has_room = Attr(budget.kind).not_exists() | Attr(budget.kind).lt(limit)
            taken = self._table.update(_change(budget, shard, emails, emails, has_room), returns="UPDATED_NEW")
        except ConditionFailedError:
            return 0
        granted = max(0, emails - max(0, int(taken[budget.kind]) - limit))
        if granted < emails:
            unsent = emails - granted
            self._table.update(_change(budget, shard, -unsent, -unsent))
        return granted

    @override
    def without_room(self, budgets: Collection[Budget]) -> frozenset[Budget]:
        keys = {budget_key(budget): budget for budget in budgets}
        found = ((keys[Key(row["pk"], row["sk"])], row) for row in self._table.batch_get(keys))
        return frozenset(budget for budget, row in found if int(row.get(budget.kind, 0)) >= budget.limit)

    @override
    def give_back(self, budget: Budget, *, unsent: int = 0, confirmed: int = 0) -> None:
        shards = self._shards_of(budget)
        shard = self._random.randrange(shards) if shards > 1 else 0
        self._table.update(_change(budget, shard, -unsent - confirmed, -unsent))

    @override
    def already_counted(self, entries: Collection[Entry]) -> frozenset[str]:
        rows = (row for pk in _by_seconds(entries) for row in self._table.query(pk, consistent=True))
        return frozenset(
            "".join(some) for row in rows for some in batched(row[_COUNTED], LENGTH_OF_ID, strict=True)
        ) & {entry.id for entry in entries}

    @override
    def record_counted(self, entries: Collection[Entry]) -> None:
        tried: list[tuple[Key, Values]] = []
        try:
            for pk, some in _by_seconds(entries).items():
                ids = "".join(sorted(entry.id for entry in some))
                key = Key(pk, hashlib.sha256(ids.encode()).hexdigest()[:16])
                tried.append((key, _expiry(max(entry.at for entry in some))))
                self._table.update(Update(key, assign={_COUNTED: ids, **tried[-1][1]}))
        except Exception:
            # The last one may have been written, too, and only its answer lost.
            for key, expiry in tried:
                self._table.update(Update(key, assign={_COUNTED: "", **expiry}))
            raise

    def _shards_of(self, budget: Budget) -> int:
        return _SHARDS if budget.is_of_hour and budget.limit >= _LARGE else 1

    @override
    def sending(self, now: datetime) -> Sending:
        first = hour_key(first_hour_that_counts(now)).sk
        rows = list(self._table.query(_OF_STACK, at_least=first))
        return Sending(
            stopped=any(row["sk"] == _STOP.sk for row in rows),
            hours=tuple(_read_hour(row) for row in rows if row["sk"].startswith(_HOUR)),
        )

    @override
    def record_report(self, kind: MailReport, lane: Lane, at: datetime) -> None:
        self._table.update(Update(hour_key(at), assign=_expiry(hour_of(at)), add={f"{kind}_{lane}": 1}))

    @override
    def stop(self) -> None:
        self._table.put({**_STOP._asdict()})

    @override
    def start(self, now: datetime) -> None:
        self._table.delete(_STOP)
        reports = [f"{kind}_{lane}" for kind in ("bounced", "complained") for lane in LANES]
        for hour in self.sending(now).hours:
            self._table.update(Update(hour_key(hour.begins), remove=reports))


def _by_seconds(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group entries by the partition that records them."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        seconds = int(entry.at.timestamp()) // _SECONDS * _SECONDS
        found[f"MAILS#{_COUNTED}#{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"].append(entry)
    return found


def _change(budget: Budget, shard: int, emails: int, sent: int, when: ConditionBase | None = None) -> Update:
    add: dict[str, int] = {budget.kind: emails}
    if budget.kind == "unconfirmed" and sent:
        add[_SENT] = sent
    return Update(budget_key(budget, shard), assign=_expiry(budget.ends), add=add, when=when)


def _expiry(ends: datetime) -> Values:
    return {"expires_at": int((ends + _KEPT_FOR).timestamp())}


def _read_hour(values: Values) -> HourOfMails:
    suspicious = int(values.get("suspicious", 0))
    return HourOfMails(
        datetime.strptime(values["sk"].split("#")[1], "%Y-%m-%dT%H").replace(tzinfo=UTC),
        {"clean": int(values.get(_SENT, 0)) - suspicious, "suspicious": suspicious},
        *({lane: int(values.get(f"{kind}_{lane}", 0)) for lane in LANES} for kind in ("bounced", "complained")),
    )
