"""Hours: what has come since an hourly run last did it, for each campaign by itself, so that no outage loses a week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from undersigned.domain.errors import NotFoundError, UndersignedError
from undersigned.domain.schedule import cadence_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign
    from undersigned.domain.schedule import Cadence, WeeklySchedule
    from undersigned.services.ports import CampaignStore, HourlyRun, HourlyRunStore

type Due[T] = Callable[[Cadence, datetime, datetime], Sequence[T]]
"""Returns what of a cadence came after one moment and until another."""

_HOUR = timedelta(hours=1)


class NotDoneError(UndersignedError):
    """An hourly run failed for some campaigns. All others are done, and the next run does these again."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Hours:
    """Does what has come since it was last done. A campaign that fails stops no other one."""

    campaigns: CampaignStore
    runs: HourlyRunStore
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def each[T](
        self,
        run: HourlyRun,
        due: Due[T],
        work: Callable[[Campaign, Sequence[T]], None],
        report: Callable[[str, Exception], None],
    ) -> None:
        """Do the work for each campaign for which something is due.

        It is done again after an error, an hour later, so doing it twice must be harmless. `report` is told the error.
        Raises NotDoneError at the end.
        """
        failed = []
        for campaign in self.campaigns.campaign_ids():
            try:
                self._of_campaign(run, campaign, due, work)
            except Exception as error:  # noqa: BLE001  (one campaign's error must not stop the others; it is reported)
                failed.append(campaign)
                report(campaign, error)
        if failed:
            message = f"the hourly run ({run}) failed for {', '.join(failed)}; the next one does it again"
            raise NotDoneError(message)

    def of_stack[T](self, run: HourlyRun, cadence: Cadence, due: Due[T], work: Callable[[Sequence[T]], None]) -> None:
        """Do the work that is about all campaigns together, if something is due."""
        self._do(run, None, cadence, due, work)

    def _of_campaign[T](
        self, run: HourlyRun, campaign: str, due: Due[T], work: Callable[[Campaign, Sequence[T]], None]
    ) -> None:
        try:
            settings = self.campaigns.campaign(campaign)
        except NotFoundError:
            # A read can lag behind the listing. Such a new campaign waits for the next run.
            return
        self._do(run, campaign, cadence_of(settings, self.schedule), due, partial(work, settings))

    def _do[T](
        self, run: HourlyRun, campaign: str | None, cadence: Cadence, due: Due[T], work: Callable[[Sequence[T]], None]
    ) -> None:
        now = self.clock()
        after = self.runs.done_until(run, campaign, cadence.name)
        if after is None:
            # It is new, or its hours changed. It begins now, also if the work fails, and with no slot that has passed.
            after = now - _HOUR
            self.runs.begin(run, campaign, cadence.name, after)
        if found := due(cadence, after, now):
            work(found)
            self.runs.record(run, campaign, now)
