"""Abuse counters: forms by network, wrong keys by group, and sign-ups by window. All of them expire.

| row | pk | sk |
|---|---|---|
| a network in a window | `RATE#<hash>` (another hash in each window) | `META` |
| wrong keys of a group, in the group's last window | `RATE#KEYS#<group>` | `META` |
| a campaign's sign-ups in a window | `PACE#<campaign>` | `<moment>` |
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, override

from undersigned.aws.dynamodb import Key, Update
from undersigned.services.ports import AbuseCounterStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.aws.dynamodb import Table

_NETWORK = "network"
"""The attribute that counts all forms of a network. Each of its addresses has an attribute, too."""

_SIGN_UPS_KEPT_FOR = timedelta(days=1)
_REFUSALS_KEPT_FOR = timedelta(days=1)


def _network_key(hashed: str) -> Key:
    return Key(f"RATE#{hashed}", "META")


def _group_key(group: int) -> Key:
    return Key(f"RATE#KEYS#{group}", "META")


def _sign_ups_partition(campaign: str) -> str:
    return f"PACE#{campaign}"


class AbuseCounters(AbuseCounterStore):
    """Abuse counters in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def count_forms(self, network: str, addresses: Sequence[str], *, expires_at: datetime) -> tuple[int, int]:
        of_addresses = [f"address_{address[:12]}" for address in addresses]
        counted = self._table.update(
            Update(
                _network_key(network),
                assign={"expires_at": int(expires_at.timestamp())},
                add={_NETWORK: len(of_addresses), **Counter(of_addresses)},
            ),
            returns="UPDATED_NEW",
        )
        return int(counted[_NETWORK]), int(counted[of_addresses[-1]])

    @override
    def refusals(self, group: int, window: datetime) -> int:
        values = self._table.get(_group_key(group))
        return int(values["refused"]) if values and values["window"] == window.isoformat() else 0

    @override
    def set_refusals(self, group: int, window: datetime, amount: int) -> None:
        # Two at once may count as one. That only lets one more wrong key be answered as such.
        values = {
            "window": window.isoformat(),
            "refused": amount,
            "expires_at": int((window + _REFUSALS_KEPT_FOR).timestamp()),
        }
        self._table.update(Update(_group_key(group), assign=values))

    @override
    def sign_ups(self, campaign: str, since: datetime) -> dict[datetime, int]:
        found = self._table.query(_sign_ups_partition(campaign), at_least=since.isoformat())
        return {datetime.fromisoformat(values["sk"]): int(values["signed"]) for values in found}

    @override
    def add_sign_ups(self, campaign: str, window: datetime, amount: int) -> None:
        key = Key(_sign_ups_partition(campaign), window.isoformat())
        expiry = {"expires_at": int((window + _SIGN_UPS_KEPT_FOR).timestamp())}
        self._table.update(Update(key, assign=expiry, add={"signed": amount}))
