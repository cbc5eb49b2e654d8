"""Reporting: tell organizers after each weekly run what was sent, what was not, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.domain.providers import odd_ones, providers_of
from undersigned.domain.reports import Report, fate_of_waiting, lines_of
from undersigned.domain.tallies import TOTAL
from undersigned.rendering import organizer_mails

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from undersigned.domain.deliveries import Delivery, Sender
    from undersigned.domain.schedule import WeeklySchedule
    from undersigned.services.organizer_post import OrganizerPost, PostOutcome
    from undersigned.services.ports import CampaignStore, CountStore, DeliveryStore, SignatureStore


@dataclass(kw_only=True, frozen=True, slots=True)
class Gathering:
    """Gathers the content of a report. Changes nothing."""

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    counts: CountStore
    clock: Callable[[], datetime]

    def report(self, campaign: str, period: str) -> Report:
        """Return the current outcome of a campaign's letters of a period. Raises NotFoundError."""
        settings = self.campaigns.campaign(campaign)
        controls = self.campaigns.controls(campaign)
        counters = self.counts.counts(campaign)
        now = self.clock()
        lines = [
            line
            for target in self.campaigns.targets(campaign)
            for line in lines_of(
                period,
                target,
                self._deliveries(campaign, target.id),
                self.signatures.how_many_wait(campaign, target.id),
                fate_of_waiting(settings, period, controls, target),
                now=now,
            )
        ]
        providers = odd_ones(providers_of(counters))
        return Report(settings, period, tuple(lines), counters.get(TOTAL, 0), providers)

    def _deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        for delivery in self.deliveries.deliveries(campaign, target):
            if delivery.state == "open" and not delivery.letters:
                # `letters` is written when the email is sent. Until then, only the bundles have the number.
                sealed = sum(len(bundle.signers) for bundle in self.deliveries.bundles(delivery.key))
                yield replace(delivery, letters=sealed)
            else:
                yield delivery


@dataclass(kw_only=True, frozen=True, slots=True)
class Reporting:
    """Emails reports."""

    gathering: Gathering
    post: OrganizerPost
    sender: Sender
    schedule: WeeklySchedule
    clock: Callable[[], datetime]

    def campaigns(self) -> Iterator[str]:
        """List the campaigns that may have something to report."""
        return self.gathering.campaigns.campaign_ids()

    def send(self, campaign: str, period: str) -> PostOutcome:
        """Email a campaign's organizer the report of a period once, if anything was sent or held back.

        Raises NotFoundError, and the errors of `OrganizerPost.send_once`.
        """
        report = self.gathering.report(campaign, period)
        if not report.is_worth_a_mail:
            return "nothing to say"
        next_delivery = self.schedule.next_after(self.clock())
        return self.post.send_once(
            "report", campaign, period, lambda: organizer_mails.report(self.sender, report, next_delivery)
        )
