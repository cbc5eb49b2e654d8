"""Abuse checks: issue form tokens, limit how many forms a network may post, and detect forms that bots filled in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from undersigned.domain.abuse_checks import (
    NETWORK_SHARE,
    RATE_WINDOW,
    TRAP,
    FormToken,
    Suspicion,
    Visitor,
    hashed_address,
    hashed_network,
    suspicion,
    window_of,
)
from undersigned.domain.errors import TokenError, UndersignedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign
    from undersigned.services.ports import AbuseCounterStore
    from undersigned.tokens import Tokens


class BusyError(UndersignedError):
    """One network posts more forms than people do, and must wait; carries how long, in seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many forms from one network; wait {seconds} s")
        self.seconds = seconds


@dataclass(kw_only=True, frozen=True, slots=True)
class AbuseChecks:
    """Issues form tokens, and judges posted forms."""

    counters: AbuseCounterStore
    tokens: Tokens
    keys: Callable[[], Sequence[str]]
    forms_a_minute: int
    clock: Callable[[], datetime]

    def issue_form(self, campaign: Campaign, earlier_token: object = None) -> str:
        """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
        form = self._read(campaign, earlier_token) or FormToken.of_window(campaign.id, self.clock())
        return self.tokens.for_form(form)

    def admit(self, address: str) -> None:
        """Count a form from an IP address. Raises BusyError if the address or its network has sent too many."""
        visitor, now = Visitor.at(address), self.clock()
        window = window_of(now, RATE_WINDOW)
        of_network, of_address = self.counters.count_form(
            self._hashed(visitor.network, window),
            self._hashed(visitor.address, window),
            expires_at=window + 2 * RATE_WINDOW,
        )
        if of_address > self.forms_a_minute or of_network > NETWORK_SHARE * self.forms_a_minute:
            raise BusyError(ceil((window + RATE_WINDOW - now).total_seconds()))

    def network(self, address: str) -> str:
        """Return the hash of an IP address's network, which is another one each day."""
        return hashed_network(f"network:{self.keys()[0]}", address, self.clock())

    def networks(self, address: str, days: int) -> tuple[str, ...]:
        """Return the hashes of an IP address's network on this day and on those before it."""
        now = self.clock()
        return tuple(
            hashed_network(f"network:{self.keys()[0]}", address, now - timedelta(days=day)) for day in range(days)
        )

    def valid_token(self, campaign: Campaign, values: Mapping[str, object]) -> str | None:
        """Return a posted form's token if it is valid for the campaign."""
        token = values.get("form")
        return token if isinstance(token, str) and self._read(campaign, token) else None

    def judge(self, campaign: Campaign, values: Mapping[str, object], origin: str | None) -> Suspicion | None:
        """Say why a form looks like a bot's. `origin` is the site that posted it, as the browser reports it."""
        return suspicion(
            self._read(campaign, values.get("form")),
            is_trapped=bool(values.get(TRAP)),
            is_from_known_site=origin in campaign.allowed_origins,
        )

    def _read(self, campaign: Campaign, token: object) -> FormToken | None:
        try:
            form = self.tokens.read_form(token) if isinstance(token, str) else None
        except TokenError:
            return None
        return form if form and form.campaign == campaign.id else None

    def _hashed(self, address: str, window: datetime) -> str:
        return hashed_address(f"address:{self.keys()[0]}", address, window)
