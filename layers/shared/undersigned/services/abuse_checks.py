"""Abuse checks: issue form tokens, limit how many forms a network may post, and detect forms that bots filled in."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from undersigned.domain.abuse_checks import (
    NETWORK_SHARE,
    PACE_WINDOW,
    PACE_WINDOWS,
    PROOF_GRACE,
    RATE_WINDOW,
    TRAP,
    FirstForms,
    FormToken,
    Suspicion,
    Visitor,
    has_jumped,
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

ALGORITHM, COST, PREFIX = "PBKDF2/SHA-256", 2_000, "00"
"""A proof takes 256 tries of 2,000 rounds on average: about a second on a phone. Checking it takes one try."""

CHALLENGE = {"algorithm": ALGORITHM, "cost": COST, "keyPrefix": PREFIX, "salt": ""}
"""The parameters of each ALTCHA challenge. Its nonce is what `proof_nonce` returns. `form.js` has them, too."""

_COUNTER = re.compile("[0-9]{1,9}")

_PACE_KEPT_FOR = timedelta(seconds=15)


class BusyError(UndersignedError):
    """One network posts more forms than people do, and must wait; carries how long, in seconds."""

    def __init__(self, seconds: int) -> None:
        """Keep the seconds."""
        super().__init__(f"too many forms from one network; wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class IssuedForm:
    """What a form carries: its token, and whether its page asks for a proof of work."""

    token: str
    needs_proof: bool

    @property
    def challenge(self) -> str | None:
        """What a program must solve, as JSON. Its nonce depends on the email address."""
        return json.dumps({"parameters": CHALLENGE}) if self.needs_proof else None


@dataclass(kw_only=True, frozen=True, slots=True)
class AbuseChecks:
    """Issues form tokens, and judges posted forms."""

    counters: AbuseCounterStore
    tokens: Tokens
    keys: Callable[[], Sequence[str]]
    forms_a_minute: int
    clock: Callable[[], datetime]
    first_forms: FirstForms | None = None
    """What this process knows of networks, to count a first form with the second. Without it, each counts at once."""
    _jumped: dict[str, tuple[datetime, bool]] = field(default_factory=dict, init=False)

    def issue_form(self, campaign: Campaign, earlier_token: object = None) -> IssuedForm:
        """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
        form = self._read(campaign, earlier_token)
        if form is None:
            form = FormToken.of_window(campaign.id, self.clock(), needs_proof=self.needs_proof(campaign))
        # The page that answers a form seems newer to `form.js` than its token is.
        return IssuedForm(self.tokens.for_form(form), form.needs_proof or self._is_old(form, PROOF_GRACE / 2))

    def needs_proof(self, campaign: Campaign) -> bool:
        """Say whether new forms need a proof of work: always, never, or until six hours after a flood."""
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
        network, own = self._hashed(visitor.network, window), self._hashed(visitor.address, window)
        counted = [own] if self.first_forms is None else self.first_forms.to_count(network, own, window)
        if not counted:
            return
        of_network, of_address = self.counters.count_forms(network, counted, expires_at=window + 2 * RATE_WINDOW)
        if of_address > self.forms_a_minute or of_network > NETWORK_SHARE * self.forms_a_minute:
            raise BusyError(ceil((window + RATE_WINDOW - now).total_seconds()))

    def network(self, address: str) -> str:
        """Return the hash of an IP address's network, which is another one each day."""
        return hashed_network(f"network:{self.keys()[0]}", address, self.clock())

    def valid_token(self, campaign: Campaign, values: Mapping[str, object]) -> str | None:
        """Return a posted form's token if it is valid for the campaign."""
        token = values.get("form")
        return token if isinstance(token, str) and self._read(campaign, token) else None

    def judge(self, campaign: Campaign, values: Mapping[str, object], origin: str | None) -> Suspicion | None:
        """Say why a form looks like a bot's. `origin` is the site that posted it, as the browser reports it."""
        form = self._read(campaign, values.get("form"))
        # Without a token we can't tell whether the form needed a proof. Assume so if new forms need one.
        is_known = origin in campaign.allowed_origins and (form is not None or not self.needs_proof(campaign))
        return suspicion(
            form,
            is_trapped=bool(values.get(TRAP)),
            is_from_known_site=is_known,
            lacks_proof=form is not None and self._must_prove(campaign, form) and not self._has_proof(values, form),
        )

    def _must_prove(self, campaign: Campaign, form: FormToken) -> bool:
        """Say whether a form must bring a proof: it was asked for one, or is so old that `form.js` brings one unasked.

        Otherwise one form that was opened before bots came would do for all of theirs. A form of a version before 0.3
        brings none unasked.
        """
        return form.needs_proof or (self._is_old(form, PROOF_GRACE) and self.needs_proof(campaign))

    def _is_old(self, form: FormToken, age: timedelta) -> bool:
        return form.is_shared and self.clock() - form.issued_at >= age

    def _read(self, campaign: Campaign, token: object) -> FormToken | None:
        try:
            form = self.tokens.read_form(token) if isinstance(token, str) else None
        except TokenError:
            return None
        return form if form and form.campaign == campaign.id else None

    def _hashed(self, address: str, window: datetime) -> str:
        return hashed_address(f"address:{self.keys()[0]}", address, window)

    def _has_proof(self, values: Mapping[str, object], form: FormToken) -> bool:
        token, email, proof = (values.get(name) for name in ("form", "email", "proof"))
        if not (isinstance(token, str) and isinstance(email, str) and isinstance(proof, str)):
            return False
        return is_proof(proof, proof_nonce(token, email)) or self._is_proof_of_form(proof, form)

    def _is_proof_of_form(self, proof: str, form: FormToken) -> bool:
        """Say whether a proof solves the challenge that a version before 0.3 made for this form."""
        from altcha import Payload, verify_solution

        if form.is_shared:
            return False
        try:
            payload = Payload.from_base64(proof)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        of_form = payload.challenge.parameters.data == {"form": form.nonce}
        return of_form and any(verify_solution(payload, f"proof:{key}").verified for key in self.keys())


def proof_nonce(token: str, email: str) -> bytes:
    """Return the nonce of a proof of work: of one form token, and one email address as it is posted."""
    return f"{token} {email}".encode(errors="replace")


def is_proof(proof: str, nonce: bytes) -> bool:
    """Say whether a proof, which is a counter in decimal digits, solves the challenge with this nonce."""
    if not _COUNTER.fullmatch(proof):
        return False
    password = nonce + int(proof).to_bytes(4, "big")
    key = hashlib.pbkdf2_hmac("sha256", password, b"", COST)
    return key.hex().startswith(PREFIX)
