"""Mail claims: the requests for which one person was emailed on one day, across all campaigns.

| row | pk | sk |
|---|---|---|
| a signer's day | `MAIL_CLAIM#<signer>` | `<day>` (UTC) |
| an organizer's period | `MAIL_CLAIM#organizer:<campaign>` | `<day>` |
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import ConditionFailedError, Key, Update
from undersigned.domain.reconciliations import MailDay
from undersigned.services.ports import MailClaimStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

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
        self, person: str, request: str, at: datetime, *, most: int, since: datetime, known_for: timedelta
    ) -> bool:
        known = self._table.query(mail_claim_partition(person), at_least=locate(person, since).sk, consistent=True)
        if any(request in values.get("sent", ()) for values in known):
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

    @override
    def record_refused(self, person: str, request: str, at: datetime) -> None:
        self._table.update(Update(locate(person, at), add={"refused": {request}}))

    @override
    def ask_again(self, person: str, request: str, at: datetime, known_for: timedelta) -> bool:
        asking = Update(
            locate(person, at),
            assign={"expires_at": int((at + known_for).timestamp())},
            add={"asked": {request}},
            when=~Attr("asked").contains(request),
        )
        try:
            self._table.update(asking)
        except ConditionFailedError:
            return False
        return True

    @override
    def mail_days(self, days: Iterable[tuple[str, date]]) -> Mapping[str, Sequence[MailDay]]:
        keys = [Key(mail_claim_partition(person), day.isoformat()) for person, day in days]
        found: defaultdict[str, list[MailDay]] = defaultdict(list)
        for values in self._table.batch_get(keys):
            sets = {name: frozenset(values.get(name, ())) for name in ("sent", "refused", "asked")}
            person = values["pk"].removeprefix(mail_claim_partition(""))
            found[person].append(MailDay(date.fromisoformat(values["sk"]), **sets))
        return found
