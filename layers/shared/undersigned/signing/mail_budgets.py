"""Budgets decide which confirmation emails may go now, and which are postponed on their forms."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.signing.rules.mail_budgets import budgets_of, given_back_by, lane_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from undersigned.base.mailbox import Mailbox
    from undersigned.signing.rows.mail_budgets import MailBudgets
    from undersigned.signing.rules.mail_budgets import Budget, BudgetSizes, Sending
    from undersigned.signing.rules.signatures import Signature

_KNOWN_FOR = timedelta(seconds=30)

_UNTOUCHED = 0.1
"""Up to this share of a budget, nothing is given back: nobody misses the room, and a rush saves the writes."""


@dataclass(kw_only=True, frozen=True, slots=True)
class MailBudgeting:
    """Takes emails out of their budgets, a batch at a time."""

    budgets: MailBudgets
    post: Mailbox
    sizes: BudgetSizes
    clock: Callable[[], datetime]
    _known: list[tuple[datetime, Sending]] = field(default_factory=list, init=False)

    def sending(self) -> Sending:
        """Return whether confirmation emails go out. The answer may be half a minute old."""
        now = self.clock()
        if not self._known or now - self._known[0][0] >= _KNOWN_FOR:
            self._known[:] = [(now, self.budgets.sending(now))]
        return self._known[0][1]

    def postponed(self, asking: Sequence[Signature]) -> dict[int, datetime]:
        """Take a batch of emails from their budgets. Return until when some must wait, by their place in the batch.

        Emails of forms that a person released from quarantine, and those to people who have confirmed, count in no
        budget. A batch that comes again is counted again: so a budget may be stricter, and never looser.
        """
        now, sending, has_quota = self.clock(), self.sending(), self.post.has_quota()
        until = {
            number: now
            for number, signature in enumerate(asking)
            if not has_quota or not sending.is_open(lane_of(signature))
        }
        counted = {
            number: budgets_of(signature, self.sizes, now)
            for number, signature in enumerate(asking)
            if number not in until and is_counted(signature)
        }
        taken: defaultdict[int, list[Budget]] = defaultdict(list)
        try:
            self._take_all(counted, until, taken)
        except Exception:
            # The batch comes again.
            self._give_back(taken.values())
            raise
        self._give_back(budgets for number, budgets in taken.items() if number in until)
        return until

    def _take_all(
        self, counted: Mapping[int, tuple[Budget, ...]], until: dict[int, datetime], taken: dict[int, list[Budget]]
    ) -> None:
        """Take emails from their budgets, one kind after the other, as long as each has room.

        Adds the budgets of each email to `taken`, and the next try of each email without room to `until`.
        """
        now = self.clock()
        for kind in ("suspicious", "network", "domain", "unconfirmed"):
            groups: defaultdict[Budget, list[int]] = defaultdict(list)
            for number, budgets in counted.items():
                for budget in budgets:
                    if budget.kind == kind and number not in until:
                        groups[budget].append(number)
            for budget, numbers in groups.items():
                room = self.budgets.take(budget, len(numbers))
                for number in numbers[:room]:
                    taken[number].append(budget)
                for number in numbers[room:]:
                    until[number] = now if budget.is_of_hour else budget.ends

    def put_back(self, signatures: Sequence[Signature]) -> None:
        """Give unsent emails back to their budgets."""
        now = self.clock()
        self._give_back(budgets_of(each, self.sizes, now) for each in signatures if is_counted(each))

    def _give_back(self, unsent: Iterable[Iterable[Budget]]) -> None:
        for budget, emails in _sum(unsent).items():
            self.budgets.give_back(budget, unsent=emails)

    def room(self) -> Room:
        """Return the room that budgets have, to plan postponed emails."""
        return Room(self.budgets, self.sizes, self.clock)


@dataclass(frozen=True, slots=True)
class Room:
    """The room that budgets had when a run read them, less its planned emails. Takes nothing from the budgets."""

    budgets: MailBudgets
    sizes: BudgetSizes
    clock: Callable[[], datetime]
    _left: dict[Budget, int] = field(default_factory=dict, init=False)

    def take(self, signature: Signature) -> datetime | None:
        """Plan an email. Return when it is tried again if it has no room: now, if that may come soon."""
        now = self.clock()
        needed = budgets_of(signature, self.sizes, now)
        self._left.update(self.budgets.room([budget for budget in needed if budget not in self._left]))
        for budget in needed:
            if self._left[budget] <= 0:
                return now if budget.is_of_hour else budget.ends
        for budget in needed:
            self._left[budget] -= 1
        return None


def is_counted(signature: Signature) -> bool:
    """Say whether an email counts in budgets: it goes to a stranger, and no person said that one asked for it."""
    return signature.status == "pending" and not signature.is_released


@dataclass(kw_only=True, frozen=True, slots=True)
class Freeing:
    """Gives confirmed emails back to their budgets: only unconfirmed ones count."""

    budgets: MailBudgets
    sizes: BudgetSizes
    clock: Callable[[], datetime]

    def free(self, confirmed: Sequence[Signature]) -> None:
        """Give emails back, unless the room is not needed. Calling it twice makes the budgets looser."""
        given_back = _sum(given_back_by(signature, self.sizes, self.clock()) for signature in confirmed)
        for budget, left in self.budgets.room(given_back).items():
            if left <= (1 - _UNTOUCHED) * budget.limit:
                self.budgets.give_back(budget, confirmed=given_back[budget])


def _sum(budgets: Iterable[Iterable[Budget]]) -> Counter[Budget]:
    """Return how many emails are of each budget."""
    return Counter(budget for some in budgets for budget in some)
