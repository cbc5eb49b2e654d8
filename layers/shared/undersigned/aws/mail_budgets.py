"""Mail budgets: what each has left in its window, what became of each hour's confirmation emails, and the stop.

| row | pk | sk |
|---|---|---|
| an hour of the stack | `MAILS#stack` | `HOUR#<UTC>`; of a large budget also `HOUR#<UTC>#<1…15>`, its shards |
| an operator's stop | `MAILS#stack` | `STOP` |
| a network's or a domain's day | `MAILS#<kind>#<hash>` | `<day>` (UTC) |

A batch writes each of its budgets once, so an hour's row takes as many writes a second as there are batches. A large
budget is for many batches at once, so each of its shards has a part of it. A partition takes 1,000 writes a second
("Best practices for designing and using partition keys", DynamoDB developer guide).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import ConditionFailedError, Key, Update
from undersigned.domain.mail_budgets import LANES, HourOfMails, Sending, first_hour_that_counts, hour_of
from undersigned.services.ports import MailBudgetStore

if TYPE_CHECKING:
    from collections.abc import Collection

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.aws.dynamodb import Table, Values
    from undersigned.domain.mail_budgets import Budget, Lane, MailReport

_OF_STACK = "MAILS#stack"
_HOUR = "HOUR#"
_STOP = Key(_OF_STACK, "STOP")
_KEPT_FOR = timedelta(days=2)
"""After the end of the window, longer than what the brake looks at."""

_SENT = "sent"

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
    def room(self, budgets: Collection[Budget]) -> dict[Budget, int]:
        keys = {budget: [budget_key(budget, shard) for shard in range(self._shards_of(budget))] for budget in budgets}
        rows = {
            Key(row["pk"], row["sk"]): row
            for row in self._table.batch_get({key for some in keys.values() for key in some})
        }
        # An hour's row has two budgets.
        taken = {
            budget: sum(int(rows.get(key, {}).get(budget.kind, 0)) for key in some) for budget, some in keys.items()
        }
        return {budget: budget.limit - taken[budget] for budget in budgets}

    @override
    def give_back(self, budget: Budget, *, unsent: int = 0, confirmed: int = 0) -> None:
        shards = self._shards_of(budget)
        shard = self._random.randrange(shards) if shards > 1 else 0
        self._table.update(_change(budget, shard, -unsent - confirmed, -unsent))

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
