"""Budgets of confirmation emails: how many go to people who have not confirmed yet, and when a brake stops them.

Anybody can make us email a stranger: that is what a form does. SES reviews an account at 5 % bounces or 0.1 %
complaints and pauses it at 10 % or 0.5 %, and the weekly deliveries stop with it ("Reputation metrics messages", SES
developer guide). So emails to strangers have budgets, and stop long before that. Emails over a budget wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.base.providers import KNOWN

if TYPE_CHECKING:
    from undersigned.signing.rules.signatures import Signature

Lane = Literal["clean", "suspicious"]
"""Whether an email is about a form with a suspicion. Each lane has its own brake, so that bots can't stop people's."""

MailReport = Literal["bounced", "complained"]
"""SES's reports about an email that did harm: it bounced for good, or its reader marked it as spam."""

LANES: tuple[Lane, ...] = ("clean", "suspicious")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

_BRAKED_OVER = DAY
_FEWEST_BOUNCES, _MOST_BOUNCED = 20, 0.03
_FEWEST_COMPLAINTS, _MOST_COMPLAINED = 3, 0.0005
"""A single person who marks one email as spam must not stop everybody's."""


def lane_of(signature: Signature) -> Lane:
    """Return the lane of the email that a pending signature requests."""
    return "suspicious" if signature.reported_status == "quarantined" else "clean"


def hour_of(moment: datetime) -> datetime:
    """Return the start of the hour (UTC)."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day_of(moment: datetime) -> datetime:
    return hour_of(moment).replace(hour=0)


@dataclass(frozen=True, slots=True)
class BudgetSizes:
    """How many unconfirmed emails a budget has: an hour's for suspicious forms and for all, a day's for the others."""

    suspicious_an_hour: int
    an_hour: int
    a_network: int
    a_domain: int


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of emails in one window. `of` is a hash of the network or the domain; it is empty for the stack's own.

    Emails over it wait until `ends`. In an hour's budget, they wait until it has room again.
    """

    kind: Literal["suspicious", "unconfirmed", "network", "domain"]
    of: str
    begins: datetime
    limit: int

    @property
    def is_of_hour(self) -> bool:
        """Say whether the budget is the stack's for an hour. The others are for a day."""
        return not self.of

    @property
    def ends(self) -> datetime:
        """Return the end of the window."""
        return self.begins + (HOUR if self.is_of_hour else DAY)


def budgets_of(signature: Signature, sizes: BudgetSizes, now: datetime) -> tuple[Budget, ...]:
    """Return the budgets of an email to a pending signer, in the order in which it takes from them."""
    hour, day = hour_of(now), _day_of(now)
    found = [Budget("suspicious", "", hour, sizes.suspicious_an_hour)] if lane_of(signature) == "suspicious" else []
    if signature.network:
        found.append(Budget("network", signature.network, day, sizes.a_network))
    domain = signature.email.rpartition("@")[2].lower()
    if domain not in KNOWN:
        # Table keys name no stranger's domain.
        hashed = hashlib.sha256(f"{day.date()} {domain}".encode()).hexdigest()[:16]
        found.append(Budget("domain", hashed, day, sizes.a_domain))
    found.append(Budget("unconfirmed", "", hour, sizes.an_hour))
    return tuple(found)


def given_back_by(confirmed: Signature, sizes: BudgetSizes, now: datetime) -> tuple[Budget, ...]:
    """Return the budgets to which a signer gives an email back by confirming: only unconfirmed ones count.

    The share of suspicious forms gets none back, or a bot with a mailbox would get a larger one. A network has another
    name each day.
    """
    is_of_today = _day_of(confirmed.signed_at) == _day_of(now)
    return tuple(budget for budget in budgets_of(confirmed, sizes, now) if budget.is_of_hour or is_of_today)


@dataclass(frozen=True, slots=True)
class HourOfMails:
    """The outcomes of an hour's confirmation emails, by lane: sent, bounced, and marked as spam."""

    begins: datetime
    sent: dict[Lane, int]
    bounced: dict[Lane, int]
    complained: dict[Lane, int]


@dataclass(frozen=True, slots=True)
class Sending:
    """Decides whether confirmation emails go out, by an operator's stop and by the outcomes of the last day.

    `short_of_quota` says that confirmation emails have used up their share of SES's daily quota.
    """

    stopped: bool
    hours: tuple[HourOfMails, ...]
    short_of_quota: bool = False

    def is_braked(self, lane: Lane) -> bool:
        """Say whether a lane's emails have to wait, because too many bounced or were marked as spam."""
        sent = max(1, sum(hour.sent[lane] for hour in self.hours))
        bounced = sum(hour.bounced[lane] for hour in self.hours)
        complained = sum(hour.complained[lane] for hour in self.hours)
        return (bounced >= _FEWEST_BOUNCES and bounced >= _MOST_BOUNCED * sent) or (
            complained >= _FEWEST_COMPLAINTS and complained >= _MOST_COMPLAINED * sent
        )

    def is_open(self, lane: Lane) -> bool:
        """Say whether emails of a lane may go."""
        return not self.stopped and not self.is_braked(lane)


def first_hour_that_counts(now: datetime) -> datetime:
    """Return the first hour whose bounces and complaints count for the brake."""
    return hour_of(now - _BRAKED_OVER)
