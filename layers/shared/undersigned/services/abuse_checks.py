"""Abuse checks: issue form tokens, limit how many forms a network may post, and detect forms that bots filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from undersigned.domain.abuse_checks import (
    NETWORK_SHARE,
    PACE_WINDOW,
    PACE_WINDOWS,
    RATE_WINDOW,
    TRAP,
    FormToken,
    Suspicion,
    Visitor,
    has_jumped,
    hashed_address,
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

ALGORITHM, COST, PREFIX = "PBKDF2/SHA-256", 2_000, "00"
"""A proof takes 256 tries of 2,000 rounds on average: about a second on a phone. Checking it takes one try."""

_PACE_KEPT_FOR = timedelta(seconds=15)


class BusyError(UndersignedError):
    """One network posts more forms than people do, and must wait; carries how long, in seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many forms from one network; wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """What a copy of the form carries: its token, and a challenge (JSON) if it must bring a proof of work."""

    token: str
    challenge: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The suspicion about a form, if there is one, and its form token, if it has one."""

    suspicion: Suspicion | None
    form: FormToken | None


@dataclass(kw_only=True, frozen=True, slots=True)
class AbuseChecks:
    """Issues form tokens, and judges posted forms."""

    counters: AbuseCounterStore
    tokens: Tokens
    keys: Callable[[], Sequence[str]]
    forms_a_minute: int
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    _jumped: dict[str, tuple[datetime, bool]] = field(default_factory=dict, init=False)

    def issue_form(self, campaign: Campaign, earlier_token: object = None) -> IssuedForm:
        """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
        form = self._read(campaign, earlier_token)
        if form is None:
            form = FormToken(campaign.id, self.new_id(), self.needs_proof(campaign), self.clock())
        return IssuedForm(self.tokens.for_form(form), self._challenge(form) if form.needs_proof else None)

    def needs_proof(self, campaign: Campaign) -> bool:
        """Say whether new forms need a proof of work: always, never, or while people sign much faster than usual."""
        if campaign.proof_of_work != "when-busy":
            return campaign.proof_of_work == "always"
        now = self.clock()
        known = self._jumped.get(campaign.id)
        if known is None or now - known[0] >= _PACE_KEPT_FOR:
            current = window_of(now, PACE_WINDOW)
            windows = [current - back * PACE_WINDOW for back in reversed(range(PACE_WINDOWS))]
            sign_ups = self.counters.sign_ups(campaign.id, since=windows[0])
            known = now, has_jumped([sign_ups.get(window, 0) for window in windows])
            self._jumped[campaign.id] = known
        return known[1]

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

    def judge(self, campaign: Campaign, values: Mapping[str, object], origin: str | None) -> Verdict:
        """Judge whether a form looks like a bot's. `origin` is the site that posted it, as the browser reports it."""
        form = self._read(campaign, values.get("form"))
        # Without a token we can't tell whether the form needed a proof. Assume so if new forms need one.
        is_known = origin in campaign.allowed_origins and (form is not None or not self.needs_proof(campaign))
        found = suspicion(
            form,
            now=self.clock(),
            is_trapped=bool(values.get(TRAP)),
            is_from_known_site=is_known,
            has_proof=form is not None and form.needs_proof and self._is_proof(values.get("proof"), form),
        )
        return Verdict(found, form)

    def _read(self, campaign: Campaign, token: object) -> FormToken | None:
        try:
            form = self.tokens.read_form(token) if isinstance(token, str) else None
        except TokenError:
            return None
        return form if form and form.campaign == campaign.id else None

    def _hashed(self, address: str, window: datetime) -> str:
        return hashed_address(f"address:{self.keys()[0]}", address, window)

    def _challenge(self, form: FormToken) -> str:
        from altcha import create_challenge

        challenge = create_challenge(
            ALGORITHM, COST, key_prefix=PREFIX, data={"form": form.nonce}, hmac_secret=self._proof_keys()[0]
        )
        return json.dumps(challenge.to_dict())

    def _is_proof(self, proof: object, form: FormToken) -> bool:
        """Say whether a proof solves the challenge of this form token, which counts once."""
        from altcha import Payload, verify_solution

        if not isinstance(proof, str):
            return False
        try:
            payload = Payload.from_base64(proof)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        of_form = payload.challenge.parameters.data == {"form": form.nonce}
        return of_form and any(verify_solution(payload, key).verified for key in self._proof_keys())

    def _proof_keys(self) -> list[str]:
        return [f"proof:{key}" for key in self.keys()]
