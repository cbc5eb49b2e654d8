"""API keys, stored by the SHA-256 of their texts. The texts are not stored.

| row | pk | sk |
|---|---|---|
| key | `KEY#<campaign>` | `<digest>` (hex) |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import (
    NEW,
    Check,
    Key,
    Put,
    Repository,
    read_choice,
    read_row,
    read_rows,
    written,
)
from undersigned.people.rows.people import of_campaign
from undersigned.people.rules.api_keys import ApiKey, KeyScope

if TYPE_CHECKING:
    from undersigned.base.table import Values
    from undersigned.people.rules.people import Member


def key_partition(campaign: str) -> str:
    """Return the partition of a campaign's keys."""
    return f"KEY#{campaign}"


def locate(campaign: str, digest: str) -> Key:
    """Return the key of the row of the API key with this SHA-256 (hex)."""
    return Key(key_partition(campaign), digest)


class ApiKeys(Repository):
    """API keys in the table. A key's label is stored as `note`."""

    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        """Read a key consistently by the SHA-256 of its text."""
        values = self._table.get(locate(campaign, digest), consistent=True)
        return read_row(_read, values) if values else None

    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        """List a campaign's keys consistently."""
        return tuple(read_rows(_read, self._table.query(key_partition(campaign), consistent=True)))

    def put_api_key(self, key: ApiKey, member: Member | None = None) -> None:
        """Write a new key. Raises ChangedError if it exists, or if the `member` who makes it is no owner any more."""
        # An administrator has no row.
        is_owner = (
            [Check(of_campaign(key.campaign, member.person.id), Attr("role").eq("owner"))]
            if member and member.at is not None
            else []
        )
        self._table.transact([Put(_item(key), NEW), *is_owner])

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key."""
        self._table.delete(locate(campaign, digest))


def _item(key: ApiKey) -> Values:
    return {
        **locate(key.campaign, key.digest)._asdict(),
        "scope": key.scope,
        "note": key.label,
        "created_at": written(key.created_at),
        "valid_until": written(key.expires_at),
        "by": key.by,
        "maker": key.maker,
    }


def _read(values: Values) -> ApiKey:
    return ApiKey(
        campaign=values["pk"].partition("#")[2],
        digest=values["sk"],
        scope=read_choice(KeyScope, values["scope"]),
        label=values["note"],
        created_at=datetime.fromisoformat(values["created_at"]),
        expires_at=datetime.fromisoformat(values["valid_until"]),
        by=values["by"],
        maker=values.get("maker"),
    )
