"""Hours: do a job for each campaign once its slot has come, however late, so that no outage loses a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError, UndersignedError
from undersigned.campaigns.rules.cadence import cadence_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rows.slots import Job, Slots
    from undersigned.campaigns.rules.cadence import Cadence, WeeklySchedule
    from undersigned.campaigns.rules.campaigns import Campaign

_HOUR = timedelta(hours=1)


class NotDoneError(UndersignedError):
    """A job failed for some campaigns. It is done for all others, and the next run does it for these."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Hours:
    """Does a job at its slots. A campaign that fails stops no other one."""

    campaigns: Campaigns
    slots: Slots
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def each(
        self,
        job: Job,
        work: Callable[[Campaign, datetime, datetime], None],
        report: Callable[[str, Exception], None],
    ) -> None:
        """Do the work for each campaign with a new slot. The work gets the last slot that was done, and the new one.

        After an error it is done again an hour later, so doing it twice must be harmless. `report` is told the error.
        Raises NotDoneError at the end.
        """
        self.of_all(job, lambda campaign: self._of_campaign(job, campaign, work), report)

    def of_all(self, job: Job, work: Callable[[str], None], report: Callable[[str, Exception], None]) -> None:
        """Do the work for each campaign, whatever its slots. Errors are as in `each`."""
        failed = []
        for campaign in self.campaigns.campaign_ids():
            try:
                work(campaign)
            except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
                failed.append(campaign)
                report(campaign, error)
        if failed:
            message = f"the hourly run ({job}) failed for {', '.join(failed)}; the next one does it again"
            raise NotDoneError(message)

    def of_stack(self, job: Job, cadence: Cadence, work: Callable[[datetime, datetime], None]) -> None:
        """Do work about all campaigns together, if it has a new slot."""
        self._do(job, None, cadence, work)

    def _of_campaign(self, job: Job, campaign: str, work: Callable[[Campaign, datetime, datetime], None]) -> None:
        try:
            settings = self.campaigns.campaign(campaign)
        except NotFoundError:
            # A read can lag behind the listing. Such a new campaign waits for the next run.
            return
        cadence = cadence_of(settings, self.schedule)
        # What somebody sent by hand goes on each day.
        is_daily = job == "report" or settings.send_now_only
        self._do(job, campaign, cadence.daily if is_daily else cadence, partial(work, settings))

    def _do(self, job: Job, campaign: str | None, cadence: Cadence, work: Callable[[datetime, datetime], None]) -> None:
        now = self.clock()
        done = self.slots.last(job, campaign, cadence.name)
        if done is None:
            # It is new, or its hours changed. It begins now, also if the work fails, and with no slot that has passed.
            done = cadence.last_slot(now - _HOUR)
            self.slots.begin(job, campaign, cadence.name, done)
        if (slot := cadence.last_slot(now)) > done:
            work(done, slot)
            self.slots.note(job, campaign, slot)
