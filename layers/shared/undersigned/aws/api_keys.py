"""API keys, stored by the SHA-256 of their texts. The texts are not stored.

| row | pk | sk |
|---|---|---|
| key | `KEY#<campaign>` | `<digest>` (hex) |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast, override

from undersigned.aws.dynamodb import NEW, Key, read_moment, written
from undersigned.domain.api_keys import ApiKey, Scope
from undersigned.services.ports import ApiKeyStore

if TYPE_CHECKING:
    from undersigned.aws.dynamodb import Table, Values


def key_partition(campaign: str) -> str:
    """Return the partition of a campaign's keys."""
    return f"KEY#{campaign}"


def locate(campaign: str, digest: str) -> Key:
    """Return where the API key with this SHA-256 (hex) is stored."""
    return Key(key_partition(campaign), digest)


class ApiKeys(ApiKeyStore):
    """API keys in the table. A key's label is stored as `note`."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def api_key(self, campaign: str, digest: str) -> ApiKey | None:
        values = self._table.get(locate(campaign, digest), consistent=True)
        return _read(values) if values else None

    @override
    def api_keys(self, campaign: str) -> tuple[ApiKey, ...]:
        return tuple(map(_read, self._table.query(key_partition(campaign), consistent=True)))

    @override
    def put_api_key(self, key: ApiKey) -> None:
        values = {
            **locate(key.campaign, key.digest)._asdict(),
            "scope": key.scope,
            "note": key.label,
            "created_at": written(key.created_at),
            "valid_until": written(key.expires_at),
        }
        self._table.put(values, NEW)

    @override
    def remove_api_key(self, campaign: str, digest: str) -> None:
        self._table.delete(locate(campaign, digest))


def _read(values: Values) -> ApiKey:
    return ApiKey(
        campaign=values["pk"].partition("#")[2],
        digest=values["sk"],
        scope=cast("Scope", values["scope"]),
        label=values["note"],
        created_at=datetime.fromisoformat(values["created_at"]),
        expires_at=read_moment(values.get("valid_until")),
    )
