"""Which confirmation emails may go now, and which are postponed on their rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.mail_budgets import budgets_of, given_back_by, giving_back, lane_of, taking
from undersigned.domain.rush import DRAWN_OF, RUSH, is_drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from undersigned.domain.mail_budgets import Budget, BudgetSizes, Sending
    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import MailBudgetStore, Post

_KNOWN_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Budgeted:
    """Which emails of a batch may not go now, by their place, and when each is tried again.

    `is_recorded` says whether something was written to the table just now.
    """

    until: dict[int, datetime]
    is_recorded: bool


@dataclass(kw_only=True, frozen=True, slots=True)
class MailBudgeting:
    """Takes emails out of their budgets, a batch at a time."""

    budgets: MailBudgetStore
    post: Post
    sizes: BudgetSizes
    clock: Callable[[], datetime]
    _known: list[tuple[datetime, Sending]] = field(default_factory=list, init=False)

    def sending(self) -> Sending:
        """Return whether confirmation emails go out, as it was half a minute ago at most."""
        now = self.clock()
        if not self._known or now - self._known[0][0] >= _KNOWN_FOR:
            self._known[:] = [(now, self.budgets.sending(now))]
        return self._known[0][1]

    def budgeted(
        self,
        asking: Sequence[Signature],
        confirmed: Sequence[Signature] = (),
        *,
        released: Collection[Signature] = (),
        may_come_again: bool = False,
    ) -> Budgeted:
        """Take a batch of emails from their budgets. Return which may not go now, and when each is tried again.

        Emails that a person released, and those to people who have confirmed, count in no budget. `confirmed` are
        signatures that were just confirmed.

        In a rush, most networks and domains have an email or two in a batch. Then one of 16 emails stands for all: it
        takes 16 from those budgets, and the others only read whether they have room. So such a budget is kept on
        average, and not exactly.

        If the batch `may_come_again`, whole or in parts, record what the budgets have counted, and count it once. Only
        a process that dies between the two, which are next to each other, counts a batch twice.
        """
        now, sending, has_quota = self.clock(), self.sending(), self.post.has_quota()
        until = {
            number: now
            for number, signature in enumerate(asking)
            if not has_quota or not sending.is_open(lane_of(signature))
        }
        counted = {
            number: budgets
            for number, signature in enumerate(asking)
            if number not in until and signature.status == "pending" and signature not in released
            if (budgets := budgets_of(signature, self.sizes, now))
        }
        back = [signature for signature in confirmed if given_back_by(signature, self.sizes, now)]
        known: frozenset[str] = frozenset()
        if may_come_again and (counted or back):
            known = self.budgets.already_counted(
                [*(taking(asking[number]) for number in counted), *map(giving_back, back)]
            )
        counted = {number: budgets for number, budgets in counted.items() if taking(asking[number]).id not in known}
        back = [signature for signature in back if giving_back(signature).id not in known]
        changes = _Changes(self.budgets)
        try:
            unsent = self._take_all(asking, counted, until, changes)
            self._give_back(unsent, back, now, changes)
            entries = [
                *(taking(asking[number]) for number in counted if number not in until),
                *map(giving_back, back),
            ]
            if may_come_again and entries:
                self.budgets.record_counted(entries)
        except Exception:
            # The batch comes again.
            changes.undo()
            raise
        return Budgeted(until, is_recorded=may_come_again and bool(entries))

    def _take_all(
        self,
        asking: Sequence[Signature],
        counted: Mapping[int, tuple[Budget, ...]],
        until: dict[int, datetime],
        changes: _Changes,
    ) -> dict[Budget, int]:
        """Take emails from their budgets, one kind after the other. Return what those took that are postponed.

        Adds to `until` when each of those is tried again.
        """
        now = self.clock()
        taken: defaultdict[int, list[tuple[Budget, int]]] = defaultdict(list)
        unsent: defaultdict[Budget, int] = defaultdict(int)
        for kind in ("suspicious", "network", "domain", "unconfirmed"):
            groups: defaultdict[Budget, list[int]] = defaultdict(list)
            for number, budgets in counted.items():
                for budget in budgets:
                    if budget.kind == kind and number not in until:
                        groups[budget].append(number)
            few = {budget for budget, some in groups.items() if _is_drawn_from(budget, len(some), len(counted))}
            used_up = self.budgets.without_room(few) if few else frozenset()
            for budget, numbers in groups.items():
                weights = [_weight(asking[number], budget in few) for number in numbers]
                room = 0 if budget in used_up else changes.take(budget, sum(weights))
                for number, weight in zip(numbers, weights, strict=True):
                    # Of a budget with a little room, an email that stands for others may take the rest.
                    if budget not in used_up and (not weight or room > 0):
                        taken[number].append((budget, min(weight, max(room, 0))))
                        room -= weight
                        continue
                    until[number] = now if budget.is_of_hour else budget.ends
                    for earlier, amount in taken[number]:
                        unsent[earlier] += amount
        return unsent

    def put_back(self, signatures: Sequence[Signature]) -> None:
        """Give emails back to their budgets that were not sent."""
        now = self.clock()
        unsent: defaultdict[Budget, int] = defaultdict(int)
        for signature in signatures:
            for budget in budgets_of(signature, self.sizes, now):
                unsent[budget] += 1
        self._give_back(unsent, (), now, _Changes(self.budgets))

    def _give_back(
        self, unsent: Mapping[Budget, int], confirmed: Sequence[Signature], now: datetime, changes: _Changes
    ) -> None:
        groups: defaultdict[Budget, list[Signature]] = defaultdict(list)
        for signature in confirmed:
            for budget in given_back_by(signature, self.sizes, now):
                groups[budget].append(signature)
        back = {
            budget: sum(_weight(each, _is_drawn_from(budget, len(some), len(confirmed))) for each in some)
            for budget, some in groups.items()
        }
        for budget in dict.fromkeys((*unsent, *back)):
            if unsent.get(budget, 0) or back.get(budget, 0):
                changes.give_back(budget, unsent=unsent.get(budget, 0), confirmed=back.get(budget, 0))


@dataclass(frozen=True, slots=True)
class _Changes:
    """Changes budgets, and can undo it."""

    budgets: MailBudgetStore
    _done: list[tuple[Budget, int, int]] = field(default_factory=list, init=False)

    def take(self, budget: Budget, emails: int) -> int:
        """Take up to so many emails from a budget; return how many there were."""
        if not emails:
            return 0
        granted = self.budgets.take(budget, emails)
        self._done.append((budget, -granted, 0))
        return granted

    def give_back(self, budget: Budget, *, unsent: int, confirmed: int) -> None:
        """Give emails back to a budget."""
        self.budgets.give_back(budget, unsent=unsent, confirmed=confirmed)
        self._done.append((budget, unsent, confirmed))

    def undo(self) -> None:
        """Undo all that was done."""
        for budget, unsent, confirmed in self._done:
            self.budgets.give_back(budget, unsent=-unsent, confirmed=-confirmed)


def _is_drawn_from(budget: Budget, emails: int, of: int) -> bool:
    """Say whether so few emails of a batch are for a budget that one of 16 stands for all, which are a rush."""
    return of >= RUSH and not budget.is_of_hour and emails < DRAWN_OF


def _weight(signature: Signature, is_drawn_from: bool) -> int:  # noqa: FBT001
    """Return how many emails one stands for."""
    return 1 if not is_drawn_from else DRAWN_OF if is_drawn(signature.mail_request) else 0
