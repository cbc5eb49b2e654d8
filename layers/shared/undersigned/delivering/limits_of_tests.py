"""Limits of test emails, of drafts and of deliveries: there are few, and recipients get none."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from undersigned.base.email_addresses import canonical_email, email_mistake, mailable
from undersigned.base.errors import NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.stops import mailbox_digest
from undersigned.people.rows.sign_ins import SignIns
from undersigned.people.rules.people import MOST_TESTS_AN_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Target

_COUNTED_FOR = timedelta(hours=2)


def address_of_test(stack: Stack, campaign: str, address: str, *, is_own: bool, targets: Iterable[Target] = ()) -> str:
    """Return the address of a test email as emails need it.

    `is_own` says that somebody who is signed in gets it at their own address. `targets` are recipients besides those
    that the campaign has. Raises NotNowError if it is no address, a mailbox that an office stopped, or a recipient's: a
    recipient gets a test only as the signed-in person.
    """
    if email_mistake(address):
        raise NotNowError(
            Message("“%(email)s” is not an email address. Give one such as ada@example.org.", {"email": address})
        )
    address = mailable(address)
    published = tuple(Campaigns(stack.table).targets(campaign))
    if any(mailbox_digest(address) in target.stops for target in published):
        raise NotNowError(
            Message(
                "An office stopped the emails to %(email)s, so no test goes there. Send it to another address.",
                {"email": address},
            )
        )
    recipients = () if is_own else (*targets, *published)
    if canonical_email(address) in {canonical_email(target.email) for target in recipients if target.email}:
        raise NotNowError(
            Message(
                "%(email)s is a recipient of this campaign, and recipients get no tests. Send it to another address.",
                {"email": address},
            )
        )
    return address


def count_test(stack: Stack, who: str) -> None:
    """Count a test that a person asks for; `who` is empty for the operator, who has no limit.

    Raises NotNowError if the limit of an hour is reached.
    """
    now = stack.clock()
    hour = now.astimezone(UTC).isoformat(timespec="hours")
    if who and SignIns(stack.table).count(who, "TESTS", hour, expires_at=now + _COUNTED_FOR) > MOST_TESTS_AN_HOUR:
        raise NotNowError(
            Message(
                "You can send %(number)s test emails in an hour. Wait for the next hour.",
                {"number": MOST_TESTS_AN_HOUR},
            )
        )
