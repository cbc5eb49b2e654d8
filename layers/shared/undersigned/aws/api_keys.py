"""API keys, stored by the SHA-256 of their texts. The texts are not stored.

| row | pk | sk |
|---|---|---|
| key | `KEY#<campaign>` | `<digest>` (hex) |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import (
    NEW,
    Check,
    Key,
    Put,
    Repository,
    read_choice,
    read_moment,
    read_row,
    read_rows,
    written,
)
from undersigned.aws.people import of_campaign
from undersigned.domain.people.api_keys import ApiKey, Scope
from undersigned.domain.people.people import Member

if TYPE_CHECKING:
    from undersigned.aws.dynamodb import Values, Write


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

    def put_api_key(self, key: ApiKey, made_with: ApiKey | Member | None = None) -> None:
        """Write a new key. Raises ChangedError if it exists, or if its maker may make no more keys."""
        self._table.transact([Put(_item(key), NEW), *_may_still_make(made_with)])

    def hand_over(self, key: ApiKey) -> None:
        """Write a key's new maker. Raises ChangedError if it was revoked."""
        self._table.put(_item(key), Attr("pk").exists())

    def remove_api_key(self, campaign: str, digest: str) -> None:
        """Revoke a key."""
        self._table.delete(locate(campaign, digest))


def _may_still_make(made_with: ApiKey | Member | None) -> list[Write]:
    """Return the conditions that the person or key that makes a key was not removed at the same moment."""
    match made_with:
        case ApiKey(campaign, digest):
            return [Check(locate(campaign, digest), Attr("pk").exists())]
        case Member(campaign, person, at=at) if at is not None:
            return [Check(of_campaign(campaign, person.id), Attr("role").eq("owner"))]
        case _:
            # An administrator has no row, and neither has the command line.
            return []


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
        scope=read_choice(Scope, values["scope"]),
        label=values["note"],
        created_at=datetime.fromisoformat(values["created_at"]),
        expires_at=read_moment(values.get("valid_until")),
        by=values["by"],
        maker=values.get("maker"),
    )
