"""Postponed emails: those that were over a budget or behind a brake go when there is room."""

from __future__ import annotations

from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.send_confirmations import sending, wired
from undersigned.domain.mail_budgets import LANES
from undersigned.domain.words import waiting_words
from undersigned.metrics import emit

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.mail_budgets import Lane

logger = Logger()

_LONGEST = timedelta(minutes=4)
"""How long a run sends. The next one begins five minutes after it, and goes on."""

_AT_ONCE = 20

_MOST_COUNTED = 1000
"""How many postponed emails of a campaign and a lane are counted. More than that need no exact number."""


def send() -> None:
    """Send postponed emails, people's before suspicious ones, as long as there is time and room for more."""
    until = wired.stack.now() + _LONGEST
    state = wired.confirmations.budgeting.sending()
    for lane in LANES:
        if state.is_braked(lane):
            logger.warning("the brake is on", extra={"lane": lane})
        if state.is_open(lane):
            _send(lane, until)
    _emit()


def _emit() -> None:
    signatures, campaigns = wired.stack.signatures, wired.stack.campaigns.campaign_ids()
    waiting = (signatures.how_many_postponed(campaign, lane, _MOST_COUNTED) for campaign in campaigns for lane in LANES)
    emit("ConfirmationsWaiting", sum(waiting))


def _send(lane: Lane, until: datetime) -> None:
    stack = wired.stack
    for batch in batched(
        stack.signatures.postponed_mails(stack.campaigns.campaign_ids(), lane, stack.now()), _AT_ONCE, strict=False
    ):
        words = {row: waiting_words(row, stack.now()) for row in batch}
        admitted = wired.confirmations.admit([each for some in words.values() for each in some])
        with sending.Outcomes() as outcomes:
            for number, signature in enumerate(admitted.signatures):
                if stack.now() >= until or not sending.is_done(signature, outcomes):
                    wired.confirmations.put_back(admitted.signatures[number:])
                    return
        for row, some in words.items():
            if all(each in admitted.signatures or each in admitted.refused for each in some):
                wired.confirmations.end_postponement(row, is_sent=bool(some))
        if not admitted.has_room:
            return
