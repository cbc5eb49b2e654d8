"""Networks: visitors as limits and rows know them, without a way back to an IP address."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

RATE_WINDOW = timedelta(minutes=1)
NETWORK_SHARE = 5
"""A network may send this many times the forms of one address."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a form comes from: an IP address, and the network that it belongs to."""

    address: str
    network: str

    @classmethod
    def at(cls, address: str) -> Visitor:
        """Return the visitor at an IP address: IPv4 in its /24 network, IPv6 as a customer's /64 in its /48 network."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return cls(address, address)
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        own, shared = (32, 24) if ip.version == 4 else (64, 48)  # noqa: PLR2004  (IP's versions)
        return cls(*(str(ipaddress.ip_network((ip, prefix), strict=False)) for prefix in (own, shared)))


def window_of(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the window that contains a moment."""
    return moment - timedelta(seconds=moment.timestamp() % length.total_seconds())


def hashed_network(key: str, address: str, moment: datetime) -> str:
    """Hash the network of an IP address on a day in UTC (48 bits, hex). On another day it has another hash."""
    day = moment.astimezone(UTC).date().isoformat()
    return hmac.new(key.encode(), f"{day} {Visitor.at(address).network}".encode(), hashlib.sha256).hexdigest()[:12]


class Visit(NamedTuple):
    """A visitor as counters know them until the window `ends_at`: hashes of the network and of the address."""

    network: str
    address: str
    ends_at: datetime


def counted_visit(key: str, address: str, moment: datetime) -> Visit:
    """Hash an IP address and its network (128 bits, hex) for the window of a moment.

    The hashes can't be reversed by guessing, nor followed into the next window.
    """
    visitor, window = Visitor.at(address), window_of(moment, RATE_WINDOW)
    network, own = (
        hmac.new(key.encode(), f"{window.isoformat()} {part}".encode(), hashlib.sha256).hexdigest()[:32]
        for part in (visitor.network, visitor.address)
    )
    return Visit(network, own, window + RATE_WINDOW)
