"""Hours: do a job for each campaign once its slot has come, however late, so that no outage loses a week."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.campaigns.catalog import schedule_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.slots import Slots
from undersigned.campaigns.rules.cadence import cadence_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rows.slots import Job
    from undersigned.campaigns.rules.cadence import Cadence
    from undersigned.campaigns.rules.campaigns import Campaign

_HOUR = timedelta(hours=1)


class NotDoneError(UndersignedError):
    """A job failed for some campaigns. It is done for all others, and the next run does it for these."""


type Report = Callable[[str, Exception], None]
"""What is told the error of a campaign."""


def at_slots(stack: Stack, job: Job, work: Callable[[Campaign, datetime, datetime], None], report: Report) -> None:
    """Do the work for each campaign with a new slot. The work gets the last slot that was done, and the new one.

    After an error it is done again an hour later, so doing it twice must be harmless. Raises NotDoneError at the end.
    """

    def at_slot_of(campaign: str) -> None:
        settings = Campaigns(stack.table).published(campaign)
        if settings is None:
            # A read can lag behind the listing. Such a new campaign waits for the next run.
            return
        cadence = cadence_of(settings, schedule_of(stack))
        # What somebody sent by hand goes on each day.
        is_daily = job == "report" or settings.send_now_only
        _do(stack, job, campaign, cadence.daily if is_daily else cadence, partial(work, settings))

    for_all(stack, job, at_slot_of, report)


def for_all(stack: Stack, job: Job, work: Callable[[str], None], report: Report) -> None:
    """Do the work for each campaign, whatever its slots. A campaign that fails stops no other one.

    Raises NotDoneError at the end.
    """
    failed = []
    for campaign in Campaigns(stack.table).campaign_ids():
        try:
            work(campaign)
        except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
            failed.append(campaign)
            report(campaign, error)
    if failed:
        message = f"the hourly run ({job}) failed for {', '.join(failed)}; the next one does it again"
        raise NotDoneError(message)


def at_slot_of_stack(stack: Stack, job: Job, cadence: Cadence, work: Callable[[datetime, datetime], None]) -> None:
    """Do work about all campaigns together, if it has a new slot."""
    _do(stack, job, None, cadence, work)


def _do(
    stack: Stack, job: Job, campaign: str | None, cadence: Cadence, work: Callable[[datetime, datetime], None]
) -> None:
    now, slots = stack.clock(), Slots(stack.table)
    done = slots.last(job, campaign, cadence.name)
    if done is None:
        # It is new, or its hours changed. It begins now, also if the work fails, and with no slot that has passed.
        done = cadence.last_slot(now - _HOUR)
        slots.begin(job, campaign, cadence.name, done)
    if (slot := cadence.last_slot(now)) > done:
        work(done, slot)
        slots.note(job, campaign, slot)
