"""Postponed emails: those that were over a budget or behind a brake are queued when there is room."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.send_confirmations import wired
from undersigned.base.errors import SendingStoppedError, SendingThrottledError
from undersigned.base.metrics import emit
from undersigned.base.queues import WaitingMail
from undersigned.signing.rules.mail_budgets import LANES

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.signing.rules.mail_budgets import Lane

logger = Logger()

_LONGEST = timedelta(minutes=4)
"""How long a run looks. The next one begins five minutes after it, and goes on."""

_AT_ONCE = 50

_MOST_COUNTED = 1000
"""How many postponed emails of a campaign and a lane are counted. More than that need no exact number."""


def queue() -> None:
    """Queue postponed emails, people's before suspicious ones, as long as there is time and room for more."""
    until = wired.stack.clock() + _LONGEST
    state, post = wired.confirmations.budgeting.sending(), wired.confirmations.post
    with suppress(SendingThrottledError, SendingStoppedError):
        # This process may have sent none of the day's emails.
        post.get_ready()
    if not post.has_quota():
        logger.warning("the daily quota is short")
        wired.stack.mail_budgets.note_short_of_quota(wired.stack.clock())
    for lane in LANES:
        if state.is_braked(lane):
            logger.warning("the brake is on", extra={"lane": lane})
        if state.is_open(lane) and post.has_quota():
            _queue(lane, until)
    _emit()


def _emit() -> None:
    forms, campaigns = wired.stack.forms, wired.stack.campaigns.campaign_ids()
    waiting = (forms.how_many_postponed(campaign, lane, _MOST_COUNTED) for campaign in campaigns for lane in LANES)
    emit("ConfirmationsWaiting", sum(waiting))


def _queue(lane: Lane, until: datetime) -> None:
    stack, room = wired.stack, wired.confirmations.budgeting.room()
    postponed = stack.forms.postponed_mails(stack.campaigns.campaign_ids(), lane, stack.clock())
    for forms in batched(postponed, _AT_ONCE, strict=False):
        ready, has_room = wired.confirmations.ready(forms, room)
        mails = {WaitingMail(form.campaign, form.signer, form.form): form for form in ready}
        if mails and (refused := stack.waiting_mails.put_all(list(mails))):
            logger.warning("emails were not queued", extra={"emails": len(refused)})
            mails = {mail: form for mail, form in mails.items() if mail not in refused}
        wired.confirmations.note_queued(mails.values())
        if not has_room or stack.clock() >= until:
            return
