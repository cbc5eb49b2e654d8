"""Abuse checks: issue form tokens, limit how many forms a network may post, and detect forms that bots filled in."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.errors import TokenError, UndersignedError
from undersigned.domain.signing.abuse_checks import (
    NETWORK_SHARE,
    TRAP,
    FormToken,
    Suspicion,
    counted_visit,
    hashed_network,
    suspicion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from undersigned.aws.abuse_counters import AbuseCounters
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.tokens import Tokens


class BusyError(UndersignedError):
    """One network posts more forms than people do, and must wait; carries how long, in seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many forms from one network; wait {seconds} s")
        self.seconds = seconds


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
    tokens: Tokens
    keys: Callable[[], Sequence[str]]
    clock: Callable[[], datetime]

    def issue_token(self, campaign: Campaign, earlier_token: object = None) -> str:
        """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
        token = self._read_token(campaign, earlier_token) or FormToken.of_window(campaign.id, self.clock())
        return self.tokens.for_form(token)

    def judge(self, campaign: Campaign, values: Mapping[str, object], address: str, origin: str | None) -> Judged:
        """Count a form from an IP address, and judge it. `origin` is the site that posted it, as browsers report it.

        Raises BusyError.
        """
        self.limit.admit(address)
        posted = values.get("form")
        token, key = self._read_token(campaign, posted), f"network:{self.keys()[0]}"
        found = suspicion(
            token,
            is_trapped=bool(values.get(TRAP)),
            is_from_known_site=origin in campaign.allowed_origins,
        )
        return Judged(found, hashed_network(key, address, self.clock()), str(posted) if token else None)

    def _read_token(self, campaign: Campaign, posted: object) -> FormToken | None:
        try:
            token = self.tokens.read_form(posted) if isinstance(posted, str) else None
        except TokenError:
            return None
        return token if token and token.campaign == campaign.id else None
