"""Abuse checks: issue form tokens, limit how many forms a network may post, and detect forms that bots filled in."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.errors import BusyError, TokenError
from undersigned.signing.rules.abuse_checks import (
    FORM_WINDOW,
    NETWORK_SHARE,
    TRAP,
    Suspicion,
    counted_visit,
    hashed_network,
    suspicion,
    window_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from undersigned.base.abuse_counters import AbuseCounters
    from undersigned.base.links import Links
    from undersigned.campaigns.rules.campaigns import Campaign


@dataclass(kw_only=True, frozen=True, slots=True)
class NetworkLimit:
    """Limits how many forms a network may post."""

    counters: AbuseCounters
    keys: Callable[[], Sequence[str]]
    forms_a_minute: int
    clock: Callable[[], datetime]

    def admit(self, address: str) -> None:
        """Count a form from an IP address. Raises BusyError if the address or its network has sent too many."""
        now = self.clock()
        visit = counted_visit(f"address:{self.keys()[0]}", address, now)
        of_network, of_address = self.counters.count_form(visit)
        if of_address > self.forms_a_minute or of_network > NETWORK_SHARE * self.forms_a_minute:
            raise BusyError(ceil((visit.ends_at - now).total_seconds()))


class Judged(NamedTuple):
    """A posted form: why it looks like a bot's, the hash of its network on this day, and its token if it is valid."""

    suspicion: Suspicion | None
    network: str
    token: str | None


@dataclass(kw_only=True, frozen=True, slots=True)
class AbuseChecks:
    """Issues form tokens, and judges posted forms."""

    limit: NetworkLimit
    links: Links
    keys: Callable[[], Sequence[str]]
    clock: Callable[[], datetime]

    def issue_token(self, campaign: Campaign, earlier_token: object = None) -> str:
        """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
        issued_at = self._issued_at(campaign, earlier_token) or window_of(self.clock(), FORM_WINDOW)
        return self.links.sign("form", campaign.id, issued_at=issued_at)

    def judge(self, campaign: Campaign, values: Mapping[str, object], address: str, origin: str | None) -> Judged:
        """Count a form from an IP address, and judge it. `origin` is the site that posted it, as browsers report it.

        Raises BusyError.
        """
        self.limit.admit(address)
        posted = values.get("form")
        has_token, key = self._issued_at(campaign, posted) is not None, f"network:{self.keys()[0]}"
        found = suspicion(
            has_token=has_token,
            is_trapped=bool(values.get(TRAP)),
            is_from_known_site=origin in campaign.allowed_origins,
        )
        return Judged(found, hashed_network(key, address, self.clock()), str(posted) if has_token else None)

    def _issued_at(self, campaign: Campaign, posted: object) -> datetime | None:
        """Return the date of a campaign's form token; None for anything else."""
        try:
            link = self.links.read("form", posted) if isinstance(posted, str) else None
        except TokenError:
            return None
        return link.issued_at if link and link["campaign"] == campaign.id else None
