"""Abuse counters: forms by network, and wrong keys by group. All of them expire.

| row | pk | sk |
|---|---|---|
| a network in a window | `RATE#<hash>` (another hash in each window) | `META` |
| wrong keys of a group, in the group's last window | `RATE#KEYS#<group>` | `META` |
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from undersigned.base.errors import BusyError
from undersigned.base.networks import NETWORK_SHARE, RATE_WINDOW, counted_visit
from undersigned.base.rows import Key
from undersigned.base.table import Repository, Update

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.networks import Visit
    from undersigned.base.stack import Stack

_NETWORK = "network"
"""The attribute that counts all forms of a network. Other attributes count the forms of each address."""

_REFUSALS_KEPT_FOR = timedelta(days=1)


def _network_key(hashed: str) -> Key:
    return Key(f"RATE#{hashed}", "META")


def _group_key(group: int) -> Key:
    return Key(f"RATE#KEYS#{group}", "META")


class AbuseCounters(Repository):
    """Abuse counters in the table."""

    def count_form(self, visit: Visit) -> tuple[int, int]:
        """Count a form. Return how many the visitor's network and their address have sent in this window."""
        of_address = f"address_{visit.address[:12]}"
        counted = self._table.update(
            Update(
                _network_key(visit.network),
                assign={"expires_at": int((visit.ends_at + RATE_WINDOW).timestamp())},
                add={_NETWORK: 1, of_address: 1},
            ),
            returns="UPDATED_NEW",
        )
        return int(counted[_NETWORK]), int(counted[of_address])

    def refusals(self, group: int, window: datetime) -> int:
        """Read how many wrong keys of a group were refused in a window."""
        values = self._table.get(_group_key(group))
        return int(values["refused"]) if values and values["window"] == window.isoformat() else 0

    def set_refusals(self, group: int, window: datetime, amount: int) -> None:
        """Write how many wrong keys of a group were refused in a window, in place of an earlier window."""
        # Two at once may count as one. Then one more wrong key is refused before others have to wait.
        values = {
            "window": window.isoformat(),
            "refused": amount,
            "expires_at": int((window + _REFUSALS_KEPT_FOR).timestamp()),
        }
        self._table.update(Update(_group_key(group), assign=values))


def admit(stack: Stack, kind: str, address: str, most: int) -> None:
    """Count a form of a kind from an IP address.

    Raises BusyError if the address has sent more than `most` within a minute, or its network five times as many.
    """
    now = stack.clock()
    visit = counted_visit(f"{kind}:{stack.token_keys()[0]}", address, now)
    of_network, of_address = AbuseCounters(stack.table).count_form(visit)
    if of_address > most or of_network > NETWORK_SHARE * most:
        raise BusyError(ceil((visit.ends_at - now).total_seconds()))
