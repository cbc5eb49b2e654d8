"""Mail budgets: take emails from them, and give them back. The outcomes of each hour's emails, and the stop.

`undersigned.signing.rules.mail_budgets` has the rules.

| row | pk | sk |
|---|---|---|
| an hour of the stack | `MAILS#stack` | `HOUR#<UTC>` |
| that the daily quota is short | `MAILS#stack` | `SHORT` |
| an operator's stop | `MAILS#stack` | `STOP` |
| a network's or a domain's day | `MAILS#<kind>#<hash>` | `<day>` (UTC) |

A batch of ten emails writes each of its budgets once. So at 4,000 emails a second, an hour's row takes 400 writes a
second, of the 1,000 that a partition takes ("Best practices for designing and using partition keys", DynamoDB developer
guide).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.table import ConditionFailedError, Repository, Update, read_rows
from undersigned.signing.rules.mail_budgets import (
    KINDS,
    LANES,
    SHARE_OF_QUOTA,
    UNTOUCHED,
    BudgetSizes,
    HourOfMails,
    Sending,
    budgets_of,
    first_hour_that_counts,
    given_back_by,
    start_of_hour,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.base.stack import Stack
    from undersigned.signing.rules.forms import FormMail
    from undersigned.signing.rules.mail_budgets import Budget, MailReport
    from undersigned.signing.rules.signatures import Lane, Signature

_OF_STACK = "MAILS#stack"
_HOUR = "HOUR#"
_SHORT = Key(_OF_STACK, "SHORT")
_SHORT_FOR = timedelta(minutes=10)
"""Two runs of the five-minute schedule: each looks at the quota."""
_STOP = Key(_OF_STACK, "STOP")
_KEPT_FOR = timedelta(days=2)
"""Rows are kept after the end of their window for longer than the brake looks back."""

_SENT = "sent"

_SENDING_KNOWN_FOR = timedelta(seconds=30)


def hour_key(moment: datetime) -> Key:
    """Return the key of an hour."""
    return Key(_OF_STACK, f"{_HOUR}{start_of_hour(moment):%Y-%m-%dT%H}")


def budget_key(budget: Budget) -> Key:
    """Return the key of the row that has a budget."""
    if budget.is_of_hour:
        return hour_key(budget.begins)
    return Key(f"MAILS#{budget.kind}#{budget.of}", budget.begins.date().isoformat())


class MailBudgets(Repository):
    """Mail budgets in the table."""

    def take(self, budget: Budget, emails: int) -> int:
        """Take up to `emails` from a budget, in one write, and return how many it had."""
        has_room = Attr(budget.kind).not_exists() | Attr(budget.kind).lt(budget.limit)
        try:
            taken = self._table.update(_change(budget, emails, emails, has_room), returns="UPDATED_NEW")
        except ConditionFailedError:
            return 0
        granted = max(0, emails - max(0, int(taken[budget.kind]) - budget.limit))
        if granted < emails:
            self.give_back(budget, unsent=emails - granted)
        return granted

    def room(self, budgets: Collection[Budget]) -> dict[Budget, int]:
        """Read how many emails each of the budgets has left."""
        # An hour's row has two budgets.
        found = self._table.batch_get({budget_key(budget) for budget in budgets})
        rows = {Key(row["pk"], row["sk"]): row for row in found}
        return {budget: budget.limit - int(rows.get(budget_key(budget), {}).get(budget.kind, 0)) for budget in budgets}

    def give_back(self, budget: Budget, *, unsent: int = 0, confirmed: int = 0) -> None:
        """Give emails back to a budget: `unsent` ones, and those to people who have `confirmed`."""
        self._table.update(_change(budget, -unsent - confirmed, -unsent))

    def sending(self, now: datetime) -> Sending:
        """Read whether confirmation emails go out."""
        first = hour_key(first_hour_that_counts(now)).sk
        rows = list(self._table.query(_OF_STACK, at_least=first))
        return Sending(
            stopped=any(row["sk"] == _STOP.sk for row in rows),
            hours=tuple(read_rows(_read_hour, (row for row in rows if row["sk"].startswith(_HOUR)))),
            short_of_quota=any(row["sk"] == _SHORT.sk and row["expires_at"] > now.timestamp() for row in rows),
        )

    def note_short_of_quota(self, now: datetime) -> None:
        """Note for ten minutes that confirmation emails have used up their share of SES's daily quota."""
        self._table.update(Update(_SHORT, assign={"expires_at": int((now + _SHORT_FOR).timestamp())}))

    def record_report(self, kind: MailReport, lane: Lane, at: datetime) -> None:
        """Count a confirmation email that bounced, or was marked as spam."""
        self._table.update(Update(hour_key(at), assign=_expiry(start_of_hour(at)), add={f"{kind}_{lane}": 1}))

    def stop(self) -> None:
        """Stop all confirmation emails."""
        self._table.put({**_STOP._asdict()})

    def start(self, now: datetime) -> None:
        """End the stop, and forget the bounces and complaints of the last day."""
        self._table.delete(_STOP)
        reports = [f"{kind}_{lane}" for kind in ("bounced", "complained") for lane in LANES]
        for hour in self.sending(now).hours:
            self._table.update(Update(hour_key(hour.begins), remove=reports))


def _change(budget: Budget, emails: int, sent: int, when: ConditionBase | None = None) -> Update:
    add: dict[str, int] = {budget.kind: emails}
    if budget.kind == "unconfirmed" and sent:
        add[_SENT] = sent
    return Update(budget_key(budget), assign=_expiry(budget.ends), add=add, when=when)


def _expiry(ends: datetime) -> Values:
    return {"expires_at": int((ends + _KEPT_FOR).timestamp())}


def _read_hour(values: Values) -> HourOfMails:
    suspicious = int(values.get("suspicious", 0))
    return HourOfMails(
        datetime.strptime(values["sk"].removeprefix(_HOUR), "%Y-%m-%dT%H").replace(tzinfo=UTC),
        {"clean": int(values.get(_SENT, 0)) - suspicious, "suspicious": suspicious},
        *({lane: int(values.get(f"{kind}_{lane}", 0)) for lane in LANES} for kind in ("bounced", "complained")),
    )


def may_leave(stack: Stack) -> Sending:
    """Return whether confirmation emails go out. The answer may be half a minute old."""
    now, known = stack.clock(), stack.once(_known_sending)
    if not known or now - known[0][0] >= _SENDING_KNOWN_FOR:
        known[:] = [(now, MailBudgets(stack.table).sending(now))]
    return known[0][1]


def _known_sending(_stack: Stack) -> list[tuple[datetime, Sending]]:
    return []


@dataclass(slots=True)
class _Asking:
    """An email of a batch: its budgets, the budgets from which it was taken, and its next try if it must wait."""

    budgets: tuple[Budget, ...]
    next_try: datetime | None
    taken: list[Budget] = field(default_factory=list)


def take(stack: Stack, batch: Sequence[FormMail]) -> list[datetime | None]:
    """Take a batch of emails from their budgets. Return when each is tried again, or None if it may go now.

    A batch that comes again is counted again. So a budget may be stricter than its size, and never looser.
    """
    now, sending, sizes = stack.clock(), may_leave(stack), _sizes(stack)
    has_quota = stack.confirmation_mailbox.has_quota(SHARE_OF_QUOTA)
    emails = [
        _Asking(budgets_of(each, sizes, now), None if has_quota and sending.is_open(each.lane) else now)
        for each in batch
    ]
    try:
        for kind in KINDS:
            _take_of_kind(stack, kind, [email for email in emails if email.next_try is None])
    except Exception:
        # The batch comes again.
        _give_back(stack, (email.taken for email in emails))
        raise
    _give_back(stack, (email.taken for email in emails if email.next_try))
    return [email.next_try for email in emails]


def _take_of_kind(stack: Stack, kind: str, emails: Iterable[_Asking]) -> None:
    """Take emails from their budgets of a kind, as long as each has room, in one write each."""
    asking: defaultdict[Budget, list[_Asking]] = defaultdict(list)
    for email in emails:
        for budget in email.budgets:
            if budget.kind == kind:
                asking[budget].append(email)
    for budget, some in asking.items():
        room = MailBudgets(stack.table).take(budget, len(some))
        for email in some[:room]:
            email.taken.append(budget)
        for email in some[room:]:
            email.next_try = budget.next_try(stack.clock())


def put_back(stack: Stack, unsent: Iterable[FormMail]) -> None:
    """Give unsent emails back to their budgets."""
    sizes, now = _sizes(stack), stack.clock()
    _give_back(stack, (budgets_of(each, sizes, now) for each in unsent))


def _give_back(stack: Stack, unsent: Iterable[Iterable[Budget]]) -> None:
    for budget, emails in Counter(chain.from_iterable(unsent)).items():
        MailBudgets(stack.table).give_back(budget, unsent=emails)


def free(stack: Stack, confirmed: Iterable[Signature]) -> None:
    """Give emails that were confirmed back to their budgets. Calling it twice makes these looser."""
    sizes, now = _sizes(stack), stack.clock()
    given_back = Counter(chain.from_iterable(given_back_by(each, sizes, now) for each in confirmed))
    for budget, left in MailBudgets(stack.table).room(given_back).items():
        if left <= (1 - UNTOUCHED) * budget.limit:
            MailBudgets(stack.table).give_back(budget, confirmed=given_back[budget])


class Room:
    """The room that budgets had when a run read them, less the emails that it plans. Takes nothing from them."""

    def __init__(self, stack: Stack) -> None:
        """Begin with what the budgets have."""
        self._stack = stack
        self._left: dict[Budget, int] = {}

    def plan(self, mail: FormMail) -> datetime | None:
        """Plan an email. Return when it is tried again if it has no room."""
        now = self._stack.clock()
        needed = budgets_of(mail, _sizes(self._stack), now)
        unread = [budget for budget in needed if budget not in self._left]
        self._left.update(MailBudgets(self._stack.table).room(unread))
        for budget in needed:
            if self._left[budget] <= 0:
                return budget.next_try(now)
        for budget in needed:
            self._left[budget] -= 1
        return None


def _sizes(stack: Stack) -> BudgetSizes:
    return BudgetSizes(*stack.settings.budget_sizes)
