"""Disowned forms: somebody else typed a person's address, and the person said "I didn't sign this"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

KNOWN_FOR = timedelta(days=3)
"""How long a network's disowned forms are counted. A person reads the email within days."""

DAYS_KNOWN = KNOWN_FOR // timedelta(days=1) + 1
"""How many hashes of a network are known, since it has a new one each day."""

MANY = 3
"""So many disowned forms from one network make its other forms suspicious."""


@dataclass(frozen=True, slots=True)
class DisownedForms:
    """A campaign's disowned forms: how many there were in all, and lately by the hash of the network."""

    total: int
    networks: dict[str, int]

    @property
    def suspicious_networks(self) -> frozenset[str]:
        """Return the networks that many of them came from."""
        return frozenset(network for network, forms in self.networks.items() if forms >= MANY)
