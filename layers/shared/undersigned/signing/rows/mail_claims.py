"""Mail claims: the requests for which one person was emailed on one day, across all campaigns.

| row | pk | sk |
|---|---|---|
| a signer's day | `MAIL_CLAIM#<signer>` | `<day>` (UTC) |
| an organizer's period | `MAIL_CLAIM#organizer:<campaign>` | `<day>` |
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Key
from undersigned.base.table import ConditionFailedError, Repository, Update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.signing.rules.mail_budgets import MailLimit


def mail_claim_partition(person: str) -> str:
    """Return the partition of a person's mail claims."""
    return f"MAIL_CLAIM#{person}"


def locate(person: str, at: datetime) -> Key:
    """Return the key of a person's mail claims on the day (UTC) of a moment."""
    return Key(mail_claim_partition(person), at.astimezone(UTC).date().isoformat())


class MailClaims(Repository):
    """Mail claims in the table."""

    def claim(  # noqa: PLR0913  (an email and its limits)
        self,
        person: str,
        campaign: str,
        request: str,
        at: datetime,
        *,
        limit: MailLimit,
        since: datetime,
        known_for: timedelta,
        by: str | None = None,
    ) -> bool:
        """Check that the email for a request may be sent, within a person's limit of a day (UTC).

        Return False if this email was sent since the day of `since`, or if the limit is reached. Only sent emails
        count, not claims, except that with `by` the first one to claim it is the only one who may, as often as it
        must. `known_for` is how long the row is kept.
        """
        if any(request in values.get("sent", ()) for values in self._known(person, since)):
            return False
        is_free = (
            ~Attr("sent").contains(request)
            & _has_fewer("sent", limit.in_all)
            & _has_fewer(_sent_about(campaign), limit.of_campaign)
        )
        # A claim alone doesn't count as sent, because its email may have to wait. But if the table takes no writes,
        # this one fails first, so no email is sent that can't be recorded.
        claimed: dict[str, object] = {"expires_at": int((at + known_for).timestamp())}
        if by is not None:
            claimed[f"{request}_by"] = by
            is_free &= Attr(f"{request}_by").not_exists() | Attr(f"{request}_by").eq(by)
        try:
            self._table.update(Update(locate(person, at), assign=claimed, when=is_free))
        except ConditionFailedError:
            return False
        return True

    def may_send(  # noqa: PLR0913  (an email and its limits)
        self, person: str, campaign: str, request: str, at: datetime, *, limit: MailLimit, since: datetime
    ) -> bool:
        """Return the answer of `claim`, and write nothing."""
        today = locate(person, at).sk
        return not any(
            request in values.get("sent", ()) or (values["sk"] == today and _is_full(values, campaign, limit))
            for values in self._known(person, min(since, at))
        )

    def is_settled(self, person: str, campaign: str, request: str, *, limit: MailLimit, since: datetime) -> bool:
        """Say whether the email for a request was sent, or the limit was reached on a day since then."""
        return any(
            request in values.get("sent", ()) or _is_full(values, campaign, limit)
            for values in self._known(person, since)
        )

    def _known(self, person: str, since: datetime) -> Iterator[Values]:
        return self._table.query(mail_claim_partition(person), at_least=locate(person, since).sk, consistent=True)

    def record_sent(self, person: str, campaign: str, request: str, at: datetime, known_for: timedelta) -> None:
        """Record that a claimed email was sent, or that SES refused it for good."""
        expiry = {"expires_at": int((at + known_for).timestamp())}
        sent = {"sent": {request}, _sent_about(campaign): {request}}
        self._table.update(Update(locate(person, at), assign=expiry, add=sent))


def _sent_about(campaign: str) -> str:
    """Return the attribute that holds the sent requests about a campaign.

    Expressions take no hyphen in a name, and ids of campaigns have no underscore.
    """
    return f"sent_{campaign.replace('-', '_')}"


def _is_full(day: Values, campaign: str, limit: MailLimit) -> bool:
    return len(day.get("sent", ())) >= limit.in_all or len(day.get(_sent_about(campaign), ())) >= limit.of_campaign


def _has_fewer(name: str, most: int) -> ConditionBase:
    return Attr(name).not_exists() | Attr(name).size().lt(most)
