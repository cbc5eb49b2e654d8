"""The canary: once a day, letters to SES's mailbox simulator take the whole way, and each step is checked.

It signs and confirms over the public address like a person. It can't read the email, so it makes the link itself, and
checks that SES took the email. A step that doesn't happen in time is told to the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from undersigned.domain.abuse_checks import FormToken
from undersigned.domain.canaries import (
    LETTER,
    OUTCOMES,
    SIGNER,
    STATE_OF,
    canary_campaign,
    canary_form,
    canary_id,
    canary_target,
)
from undersigned.domain.deliveries import UNDER_WAY, DeliveryKey
from undersigned.domain.errors import UndersignedError
from undersigned.domain.signatures import signer_id
from undersigned.domain.tallies import TOTAL, counters_of
from undersigned.domain.words import words_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.domain.canaries import Outcome
    from undersigned.domain.deliveries import DeliveryState
    from undersigned.domain.signatures import Signature
    from undersigned.services.ports import (
        Browser,
        CampaignStore,
        DeliveryQueue,
        DeliveryStore,
        MailClaimStore,
        OperatorChannel,
        SignatureStore,
    )
    from undersigned.tokens import Tokens

Step = Literal[
    "yesterday's letter",
    "sign",
    "confirmation email",
    "confirm",
    "count",
    "send",
    "delivered",
    "bounced",
    "complained",
]
"""In order. The first one: what the last run left over can be cleared away."""

_OUTCOME_STEPS: dict[Outcome, Step] = {"success": "delivered", "bounce": "bounced", "complaint": "complained"}

_PATIENCE = timedelta(minutes=12)
"""How long all steps may take together. A function runs for 15 minutes at most."""

_PAUSES = 1.0, 15.0
"""The first pause between two looks, in seconds, and the longest. Each is twice the one before."""

_FORM_OPEN_FOR = timedelta(minutes=1)

_OK = 400
"""The first HTTP status that is an error."""


class MissedError(UndersignedError):
    """A step did not happen."""

    def __init__(self, step: Step) -> None:
        """Keep the step."""
        super().__init__(f"the canary's step did not happen: {step}")
        self.step = step


@dataclass(kw_only=True, frozen=True, slots=True)
class Canary:
    """Makes the canary's letters, one for each outcome, and follows them."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    claims: MailClaimStore
    queue: DeliveryQueue
    tokens: Tokens
    browser: Browser
    channel: OperatorChannel
    secret: Callable[[], str]
    time_zone: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    def run(self) -> Step | None:
        """Check every step, and return the first one that did not happen. The operator is told of it."""
        try:
            self._check()
        except MissedError as error:
            self.channel.tell(f"Undersigned: the canary missed the step: {error.step}", text_of(error.step))
            return error.step
        return None

    def _check(self) -> None:
        started = self.clock()
        until = started + _PATIENCE
        signer = signer_id(self.secret(), SIGNER)
        for outcome in OUTCOMES:
            self._prepare(outcome, signer, started)
            self._sign(outcome, started)
        for outcome in OUTCOMES:
            self._wait("confirmation email", until, partial(self._is_mailed, outcome, signer))
        for outcome in OUTCOMES:
            self._confirm(self._row(outcome, signer))
        for outcome in OUTCOMES:
            self._wait("count", until, partial(self._is_counted, outcome, signer))
        keys = {outcome: self._key(outcome, started) for outcome in OUTCOMES}
        for outcome, key in keys.items():
            self._wait("send", until, partial(self._is_sent, key, started))
            self._wait(_OUTCOME_STEPS[outcome], until, partial(self._has_state, key, STATE_OF[outcome]))

    def _prepare(self, outcome: Outcome, signer: str, now: datetime) -> None:
        campaign, target = canary_id(outcome), canary_target(outcome, self._weekday(now))
        row = self.signatures.signature(campaign, signer)
        if row and row.period and self._has_state(DeliveryKey(campaign, row.target, row.period), *UNDER_WAY):
            # Without the row, its delivery would fail for ever.
            raise MissedError(step="yesterday's letter")
        self.campaigns.put_letter(campaign, LETTER)
        self.campaigns.put_target(campaign, target)
        self.campaigns.put_unlisted(canary_campaign(outcome, self.time_zone))
        # What the target did a week ago must not keep this letter back.
        self.campaigns.release(campaign, target.id, now)
        self.campaigns.set_mail_state(campaign, target.id, target.email, "ok")
        self.signatures.delete(campaign, signer)

    def _sign(self, outcome: Outcome, now: datetime) -> None:
        campaign = canary_id(outcome)
        opened_at = now - _FORM_OPEN_FOR
        form = self.tokens.for_form(FormToken.of_window(campaign, opened_at, needs_proof=False))
        self._post("sign", f"/campaigns/{campaign}/signatures", canary_form(form, self._weekday(now)))

    def _confirm(self, row: Signature | None) -> None:
        if row is None:
            raise MissedError(step="confirm")
        token = self.tokens.for_words(row.campaign, row.signer, words_id(row.signed_at))
        self._post("confirm", f"/confirm/{token}", {})
        confirmed = self.signatures.signature(row.campaign, row.signer)
        if confirmed is None or confirmed.status != "confirmed":
            raise MissedError(step="confirm")

    def _post(self, step: Step, path: str, values: dict[str, str]) -> None:
        status = self.browser.post(path, values)
        if status is None or status >= _OK:
            raise MissedError(step)

    def _wait(self, step: Step, until: datetime, has_happened: Callable[[], bool]) -> None:
        pause, longest = _PAUSES
        while not has_happened():
            if self.clock() >= until:
                raise MissedError(step)
            self.sleep(pause)
            pause = min(2 * pause, longest)

    def _row(self, outcome: Outcome, signer: str) -> Signature | None:
        return self.signatures.signature(canary_id(outcome), signer)

    def _is_mailed(self, outcome: Outcome, signer: str) -> bool:
        row = self._row(outcome, signer)
        if row is None:
            return False
        days = {row.signed_at.date(), self.clock().date()}
        known = self.claims.mail_days(row.campaign, ((row.signer, day) for day in days))
        return any(row.mail_request in day.sent for day in known.get(row.signer, ()))

    def _is_counted(self, outcome: Outcome, signer: str) -> bool:
        row = self._row(outcome, signer)
        return row is not None and row.status == "confirmed" and TOTAL in counters_of(row.tallied)

    def _is_sent(self, key: DeliveryKey, started: datetime) -> bool:
        delivery = self.deliveries.delivery(key)
        if delivery is not None and delivery.sent_at is not None and delivery.sent_at >= started:
            return True
        # Again while it waits, because the index of trays can show the letter late. A delivery is made once.
        self.queue.put([key])
        return False

    def _has_state(self, key: DeliveryKey, *states: DeliveryState) -> bool:
        delivery = self.deliveries.delivery(key)
        return delivery is not None and delivery.state in states

    def _weekday(self, now: datetime) -> int:
        return now.astimezone(ZoneInfo(self.time_zone)).weekday()

    def _key(self, outcome: Outcome, now: datetime) -> DeliveryKey:
        day = now.astimezone(ZoneInfo(self.time_zone)).date()
        return DeliveryKey(canary_id(outcome), canary_target(outcome, day.weekday()).id, day.isoformat())


def text_of(step: Step) -> str:
    """Return the email's text, which says first what to do."""
    return (
        f"Find out why the step did not happen: {step} (docs/runbook.md#the-canary-missed-a-step).\n\n"
        "Once a day letters to SES's mailbox simulator take the way of all letters. If they stop, others may, too.\n"
    )
