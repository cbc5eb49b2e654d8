"""API keys, stored by the SHA-256 of their texts. The texts are not stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import NEW, Check, Put, Repository, read_row, read_rows
from undersigned.people.rules.api_keys import ApiKey

if TYPE_CHECKING:
    from undersigned.people.rules.people import Member


class ApiKeys(Repository):
    """API keys in the table."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key consistently by the SHA-256 of its text."""
        values = self._table.get(ApiKey.locate(campaign=campaign, digest=digest), consistent=True)
        return read_row(ApiKey.read, values) if values else None

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys consistently."""
        found = self._table.query(ApiKey.partition(campaign=campaign), consistent=True)
        return tuple(read_rows(ApiKey.read, found))

    def put_api_key(self, key: ApiKey, member: Member | None = None) -> None:
        """Write a new key. Raises ChangedError if it exists, or if the `member` who makes it is no owner any more."""
        # An administrator has no row.
        is_owner = [Check(member.own_key(), Attr("role").eq("owner"))] if member and member.at is not None else []
        self._table.transact([Put(key.item(), NEW), *is_owner])

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key."""
        self._table.delete(ApiKey.locate(campaign=campaign, digest=digest))
