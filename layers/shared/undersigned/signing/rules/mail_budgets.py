"""Budgets of confirmation emails: which may leave now, and which wait.

Anybody can make us email a stranger: that is what a form does. SES reviews an account at 5 % bounces or 0.1 %
complaints and pauses it at 10 % or 0.5 %, and the weekly deliveries stop with it ("Reputation metrics messages", SES
developer guide). The rules, each with a test that fails without it:

1. An email to a stranger counts in its budgets. One to a person who has confirmed counts in none, nor does one whose
   form an organizer released: test_a_released_letter_gets_its_email_at_once_outside_every_budget.
2. Each network (test_one_network_causes_so_many_unconfirmed_emails_a_day) and each domain that is no large provider's
   (test_one_domain_gets_so_many_unconfirmed_emails_a_day_unless_it_is_a_providers) has so many emails a day, and the
   stack so many an hour (test_an_hour_has_so_many_unconfirmed_emails).
3. Suspicious forms share a few of the hour's emails:
   test_forms_without_a_token_share_ten_emails_an_hour_and_none_is_lost.
4. An email takes from all its budgets, or from none: test_an_email_that_one_budget_postpones_is_taken_from_no_other.
   One that SES does not take is given back (test_an_email_that_ses_does_not_take_stays_postponed_and_in_its_budget).
5. Only unconfirmed emails count: to confirm gives an email back
   (test_emails_that_are_confirmed_give_their_network_room), but not to another day's budgets
   (test_an_email_of_yesterday_that_is_confirmed_gives_its_domain_no_room_today), nor to the share of suspicious forms
   (test_a_bot_that_confirms_gets_no_larger_share), nor to a budget that is nearly untouched
   (test_confirmations_write_to_no_budget_that_is_nearly_untouched).
6. An email without room waits on its form, in an index, and holds up no other:
   test_a_person_is_mailed_at_once_while_hundreds_of_forms_are_over_a_limit,
   test_a_network_without_room_holds_up_no_other_postponed_email.
7. Emails that bounce or are marked as spam stop the others of their lane, and people never wait behind bots:
   test_bounces_delay_emails_to_strangers_and_deliveries_go_on, test_complaints_delay_emails_but_one_person_can_not,
   test_bounces_of_suspicious_forms_delay_no_email_of_a_person,
   test_people_whose_emails_wait_get_them_before_suspicious_forms.
8. An operator can stop all of them: test_an_operator_stops_and_starts_confirmation_emails.
9. A fifth of SES's daily quota stays for deliveries: test_deliveries_keep_their_share_of_the_daily_quota.
10. One person gets few emails a day about a campaign (test_forms_of_one_campaign_use_up_no_emails_of_another) and in
    all (test_a_person_gets_nine_emails_a_day_over_all_campaigns), and fewer about suspicious forms
    (test_bots_cause_one_email_a_day_for_a_campaign_and_three_in_all).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from undersigned.base.providers import KNOWN
from undersigned.signing.rules.signatures import PENDING_FOR

if TYPE_CHECKING:
    from undersigned.signing.rules.forms import FormMail, FormOrLetter
    from undersigned.signing.rules.signatures import Lane, Signature

SHARE_OF_QUOTA = 0.8
"""The share of SES's daily quota that confirmation emails may use up. The rest stays for deliveries."""

LANES: tuple[Lane, ...] = ("clean", "suspicious")
"""In the order in which postponed emails leave."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

type Kind = Literal["suspicious", "network", "reminders", "domain", "unconfirmed"]

KINDS: tuple[Kind, ...] = ("suspicious", "network", "reminders", "domain", "unconfirmed")
"""The kinds of budgets, in the order in which an email takes from them."""

UNTOUCHED = 0.1
"""Up to this share of a budget, nothing is given back: nobody misses the room, and a rush saves the writes."""


@dataclass(frozen=True, slots=True)
class BudgetSizes:
    """How many unconfirmed emails a budget has: an hour's for suspicious forms and for all, a day's for the others."""

    suspicious_an_hour: int
    an_hour: int
    a_network: int
    a_domain: int


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of emails from `begins` on. `of` is a hash of the network or the domain; the stack's own have none.

    The stack's are for an hour, the others for a day (UTC).
    """

    kind: Kind
    of: str
    begins: datetime
    limit: int

    @property
    def is_of_hour(self) -> bool:
        """Say whether the budget is the stack's for an hour."""
        return not self.of

    @property
    def ends(self) -> datetime:
        """Return the end of its time."""
        return self.begins + (HOUR if self.is_of_hour else DAY)

    def next_try(self, now: datetime) -> datetime:
        """Return when an email over it is tried again: as soon as the hour has room, or after the day."""
        return now if self.is_of_hour else self.ends


def start_of_hour(moment: datetime) -> datetime:
    """Return the start of the hour (UTC)."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def budgets_of(mail: FormMail, sizes: BudgetSizes, now: datetime) -> tuple[Budget, ...]:
    """Return the budgets that an email takes from, in the order of `KINDS`; none if it isn't counted."""
    if not mail.is_counted:
        return ()
    kind: Kind = "reminders" if mail.form.is_reminder else "network"
    of_lane = Budget("suspicious", "", start_of_hour(now), sizes.suspicious_an_hour)
    return (*((of_lane,) if mail.lane == "suspicious" else ()), *_budgets_of(mail.form, sizes, now, kind))


def given_back_by(confirmed: Signature, sizes: BudgetSizes, now: datetime) -> tuple[Budget, ...]:
    """Return the budgets to which a signer gives an email back by confirming.

    A bot with a mailbox gets no larger share of suspicious forms. A network has another name each day.
    """
    is_of_today = start_of_hour(confirmed.signed_at).date() == start_of_hour(now).date()
    return tuple(budget for budget in _budgets_of(confirmed, sizes, now) if budget.is_of_hour or is_of_today)


def _budgets_of(
    signed: FormOrLetter, sizes: BudgetSizes, now: datetime, of_network: Kind = "network"
) -> tuple[Budget, ...]:
    hour = start_of_hour(now)
    day = hour.replace(hour=0)
    found = [Budget(of_network, signed.network, day, sizes.a_network)] if signed.network else []
    if (domain := signed.words.email_domain) not in KNOWN:
        # Table keys name no stranger's domain.
        hashed = hashlib.sha256(f"{day.date()} {domain}".encode()).hexdigest()[:16]
        found.append(Budget("domain", hashed, day, sizes.a_domain))
    found.append(Budget("unconfirmed", "", hour, sizes.an_hour))
    return tuple(found)


MailReport = Literal["bounced", "complained"]
"""SES's reports about an email that did harm: it bounced for good, or its reader marked it as spam."""

_FEWEST_BOUNCES, _MOST_BOUNCED = 20, 0.03
_FEWEST_COMPLAINTS, _MOST_COMPLAINED = 3, 0.0005
"""A single person who marks one email as spam must not stop everybody's."""


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
    return start_of_hour(now - DAY)


# One person's emails

CLAIMS_KNOWN_FOR = PENDING_FOR + timedelta(days=2)
"""How long an email is known: for as long as its form may request it, and two days for a late message."""


class MailLimit(NamedTuple):
    """The most emails in a day (UTC): about one campaign, and about all campaigns together.

    So forms of one campaign can't use up a person's emails of another.
    """

    of_campaign: int
    in_all: int


def mail_limit(lane: Lane) -> MailLimit:
    """Return the limit for the emails to a signer; another one if their form looks like a bot's."""
    return MailLimit(1, 3) if lane == "suspicious" else MailLimit(3, 9)
