"""Approval requests: the email that tells an organizer which letters are waiting for approval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain.approvals import WaitingLetters
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.plans import next_day
from undersigned.domain.schedule import cadence_of
from undersigned.domain.tokens import VALID_FOR
from undersigned.rendering import organizer_mails
from undersigned.services.at_once import each_at_once
from undersigned.services.organizer_post import ONE_DAY
from undersigned.services.waiting_evidence import evidence_against, waiting_signers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.deliveries import Sender
    from undersigned.domain.schedule import Cadence, WeeklySchedule
    from undersigned.rendering.mails import Mail
    from undersigned.services.organizer_post import OrganizerPost, PostOutcome
    from undersigned.services.ports import CampaignStore, DeliveryStore, SignatureStore
    from undersigned.tokens import OrganizerTokens


@dataclass(kw_only=True, frozen=True, slots=True)
class ApprovalRequests:
    """Asks organizers to approve the deliveries that a plan did not queue.

    `at_once` is how many calls are made at the same time.
    """

    campaigns: CampaignStore
    signatures: SignatureStore
    deliveries: DeliveryStore
    schedule: WeeklySchedule
    post: OrganizerPost
    tokens: OrganizerTokens
    sender: Sender
    clock: Callable[[], datetime]
    at_once: int = 1

    def ask(self, campaign: str, period: str, awaiting: Collection[DeliveryKey]) -> PostOutcome:
        """Ask a campaign's organizer once to approve its deliveries of a period, which are among `awaiting`.

        Targets that its own day left out, because they got an email less than seven days before, are asked for on the
        first day on which they can get one and have a letter, and no more until the next period. Raises NotFoundError,
        and the errors of `OrganizerPost.send_once`.
        """
        settings = self.campaigns.campaign(campaign)
        targets = [
            target
            for target in self.campaigns.targets(campaign)
            if DeliveryKey(campaign, target.id, period) in awaiting
        ]
        trays = waiting_signers(self.signatures, campaign, [target.id for target in targets], self.at_once)
        waiting = [WaitingLetters(target, len(trays[target.id])) for target in targets if target.id in trays]
        # All of them may be damaged.
        if not any(self.signatures.has_waiting(campaign, line.target.id) for line in waiting):
            return "nothing to say"
        return self.post.send_once(
            "approval",
            campaign,
            period,
            lambda: self._mail(settings, period, waiting, trays),
            once_in=self._once_in(settings, date.fromisoformat(period), [line.target for line in waiting]),
        )

    def _once_in(self, campaign: Campaign, day: date, targets: Sequence[Target]) -> timedelta:
        """Return how far back an earlier request counts as this one."""
        cadence = cadence_of(campaign, self.schedule)
        if cadence.is_on(day):
            return ONE_DAY
        # They are made up for. Who could be asked for since the last request is in none yet.
        able = each_at_once(lambda target: self._able_on(campaign, cadence, target), targets, self.at_once)
        newest = max((found for found in able if found and found <= day), default=day)
        return day - newest + ONE_DAY

    def _able_on(self, campaign: Campaign, cadence: Cadence, target: Target) -> date | None:
        """Return the first day whose plan finds a target free, with a letter; None if it is always free."""
        free = next_day(self.deliveries.deliveries(campaign.id, target.id))
        since = self.signatures.waiting_since(campaign.id, target.id)
        if free is None or since is None:
            return free
        day = campaign.local(since).date()
        return max(free, day if since <= cadence.moment(day) else day + ONE_DAY)

    def _mail(
        self,
        campaign: Campaign,
        period: str,
        waiting: Sequence[WaitingLetters],
        trays: Mapping[str, Sequence[str]],
    ) -> Mail:
        evidence = evidence_against(self.signatures, campaign.id, trays, self.at_once)
        damaged = evidence.damaged
        going = [replace(line, letters=line.letters - damaged.get(line.target.id, 0)) for line in waiting]
        return organizer_mails.approval(
            self.sender,
            campaign,
            period,
            [line for line in going if line.letters],
            evidence,
            token=self.tokens.for_approval(campaign.id, period),
            valid_until=self.clock() + VALID_FOR["approval"],
        )
