"""Mail limits: how many confirmation emails one address gets in a day, so that nobody is flooded with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from undersigned.signing.rules.signatures import PENDING_FOR

if TYPE_CHECKING:
    from undersigned.signing.rules.signatures import Signature


class MailLimit(NamedTuple):
    """The most emails in a day (UTC): about one campaign, and about all campaigns together.

    So forms of one campaign can't use up a person's emails of another.
    """

    of_campaign: int
    in_all: int


CLAIMS_KNOWN_FOR = PENDING_FOR + timedelta(days=2)
"""How long an email is known: for as long as its row may request it, and two days for a late message."""

OF_PEOPLE = MailLimit(3, 9)

OF_QUARANTINE = MailLimit(1, 3)
"""The limit for emails about forms that look like a bot's."""


def mail_limit(signature: Signature) -> MailLimit:
    """Return the limit of the person who signed."""
    return OF_QUARANTINE if signature.reported_status == "quarantined" else OF_PEOPLE
