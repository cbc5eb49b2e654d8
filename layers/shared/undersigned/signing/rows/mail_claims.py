"""Mail claims: the requests for which one person was emailed on one day, across all campaigns.

| row | pk | sk |
|---|---|---|
| a signer's day | `MAIL_CLAIM#<signer>` | `<day>` (UTC) |
| an organizer's period | `MAIL_CLAIM#organizer:<campaign>` | `<day>` |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.sending_once import Claim
from undersigned.base.table import ConditionFailedError, Repository, Update
from undersigned.signing.rules.mail_budgets import CLAIMS_KNOWN_FOR, mail_limit
from undersigned.signing.rules.signatures import requested_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.base.stack import Stack
    from undersigned.signing.rules.forms import FormMail
    from undersigned.signing.rules.mail_budgets import MailLimit


def mail_claim_partition(person: str) -> str:
    """Return the partition of a person's mail claims."""
    return f"MAIL_CLAIM#{person}"


def locate(person: str, at: datetime) -> Key:
    """Return the key of a person's mail claims on the day (UTC) of a moment."""
    return Key(mail_claim_partition(person), at.astimezone(UTC).date().isoformat())


@dataclass(frozen=True, kw_only=True)
class MailClaim(Claim):
    """The claim of a person's email about a campaign, within the limit of a day. Only emails that left count.

    The email is sent once since the day of `since`, and counts on the day of `on`, or on the day when it leaves. With
    `by`, the first one to claim it is the only one who may, as often as it must. `known_for` is how long the row is
    kept. Without `writes`, nothing is written before the email: so the table must just have taken another write.
    """

    person: str
    campaign: str
    request: str
    limit: MailLimit
    since: datetime
    known_for: timedelta
    on: datetime | None = None
    by: str | None = None
    writes: bool = True

    def take(self, stack: Stack) -> bool:
        """Check that the email was not sent before, and that the table takes writes."""
        claims, at = MailClaims(stack.table), self.on or stack.clock()
        return claims.claim(self, at) if self.writes else claims.may_send(self, at)

    def note_sent(self, stack: Stack) -> None:
        """Note that the email left, or that SES refused it for good."""
        MailClaims(stack.table).record_sent(self, self.on or stack.clock())


def claim_of(mail: FormMail) -> MailClaim:
    """Return the claim of the email that a form requests. All waiting forms of a signer share one reminder."""
    form = mail.form
    asked_at = requested_at(form.mail_request) or mail.about.signed_at
    return MailClaim(
        person=form.signer,
        campaign=form.campaign,
        request=f"reminder-{form.campaign}" if form.is_reminder else form.mail_request,
        limit=mail_limit(mail.lane),
        since=form.signed_at - CLAIMS_KNOWN_FOR if form.is_reminder else asked_at,
        known_for=CLAIMS_KNOWN_FOR,
        # The budgets of a counted one were just written.
        writes=not mail.is_counted,
    )


class MailClaims(Repository):
    """Mail claims in the table."""

    def claim(self, email: MailClaim, at: datetime) -> bool:
        """Check that an email may be sent at a moment, and that the table takes writes."""
        if any(email.request in values.get("sent", ()) for values in self._known(email.person, email.since)):
            return False
        is_free = (
            ~Attr("sent").contains(email.request)
            & _has_fewer("sent", email.limit.in_all)
            & _has_fewer(_sent_about(email.campaign), email.limit.of_campaign)
        )
        # A claim alone doesn't count as sent, because its email may have to wait. But if the table takes no writes,
        # this one fails first, so no email is sent that can't be recorded.
        claimed: dict[str, object] = {"expires_at": int((at + email.known_for).timestamp())}
        if email.by is not None:
            claimed[f"{email.request}_by"] = email.by
            is_free &= Attr(f"{email.request}_by").not_exists() | Attr(f"{email.request}_by").eq(email.by)
        try:
            self._table.update(Update(locate(email.person, at), assign=claimed, when=is_free))
        except ConditionFailedError:
            return False
        return True

    def may_send(self, email: MailClaim, at: datetime) -> bool:
        """Return the answer of `claim`, and write nothing."""
        today = locate(email.person, at).sk
        return not any(
            email.request in values.get("sent", ()) or (values["sk"] == today and _is_full(values, email))
            for values in self._known(email.person, min(email.since, at))
        )

    def sent_or_full_on(self, email: MailClaim) -> datetime | None:
        """Return the first day since its request that has the email as sent, or the person's limit as reached.

        The day is given as its beginning (UTC). None if there is no such day.
        """
        for values in self._known(email.person, email.since):
            if email.request in values.get("sent", ()) or _is_full(values, email):
                return datetime.fromisoformat(values["sk"]).replace(tzinfo=UTC)
        return None

    def _known(self, person: str, since: datetime) -> Iterator[Values]:
        return self._table.query(mail_claim_partition(person), at_least=locate(person, since).sk, consistent=True)

    def record_sent(self, email: MailClaim, at: datetime) -> None:
        """Record that a claimed email was sent, or that SES refused it for good."""
        expiry = {"expires_at": int((at + email.known_for).timestamp())}
        sent = {"sent": {email.request}, _sent_about(email.campaign): {email.request}}
        self._table.update(Update(locate(email.person, at), assign=expiry, add=sent))


def _sent_about(campaign: str) -> str:
    """Return the attribute that holds the sent requests about a campaign.

    Expressions take no hyphen in a name, and ids of campaigns have no underscore.
    """
    return f"sent_{campaign.replace('-', '_')}"


def _is_full(day: Values, email: MailClaim) -> bool:
    about_it = day.get(_sent_about(email.campaign), ())
    return len(day.get("sent", ())) >= email.limit.in_all or len(about_it) >= email.limit.of_campaign


def _has_fewer(name: str, most: int) -> ConditionBase:
    return Attr(name).not_exists() | Attr(name).size().lt(most)
