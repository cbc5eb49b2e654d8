"""Mail claims: the requests for which one person was emailed on one day, across all campaigns.

| row | pk | sk |
|---|---|---|
| a signer's day | `MAIL_CLAIM#<signer>` | `<day>` (UTC) |
| an organizer's period | `MAIL_CLAIM#organizer:<campaign>` | `<day>` |
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import ConditionFailedError, Key, Update
from undersigned.services.ports import MailClaimStore

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.aws.dynamodb import Table


def mail_claim_partition(person: str) -> str:
    """Return the partition of a person's mail claims."""
    return f"MAIL_CLAIM#{person}"


def locate(person: str, at: datetime) -> Key:
    """Return where a person's mail claims on the day (UTC) of a moment are stored."""
    return Key(mail_claim_partition(person), at.astimezone(UTC).date().isoformat())


class MailClaims(MailClaimStore):
    """Mail claims in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def claim(
        self, person: str, request: str, at: datetime, *, most: int, known_for: timedelta = timedelta(days=2)
    ) -> bool:
        # The stream repeats a record for up to a day, so the email may have been sent the day before.
        before = self._table.get(locate(person, at - timedelta(days=1)), consistent=True)
        if before and request in before.get("sent", ()):
            return False
        is_free = ~Attr("sent").contains(request) & (Attr("sent").not_exists() | Attr("sent").size().lt(most))
        # A claim alone doesn't count as sent, because its email may have to wait. But if the table takes no writes,
        # this one fails first, so no email is sent that can't be recorded.
        expiry = {"expires_at": int((at + known_for).timestamp())}
        try:
            self._table.update(Update(locate(person, at), assign=expiry, when=is_free))
        except ConditionFailedError:
            return False
        return True

    @override
    def record_sent(self, person: str, request: str, at: datetime) -> None:
        self._table.update(Update(locate(person, at), add={"sent": {request}}))
