"""Test emails of drafts: a person who asks gets a recipient's email, by way of the queue of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.rules.controls import AuditEntry
from undersigned.people.directory import id_of, is_administrator
from undersigned.people.rows.people import People

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.mailbox import Mailbox
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.delivering.limits_of_tests import LimitsOfTests
    from undersigned.delivering.queue import DeliveryQueue
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.drafting import Drafting
    from undersigned.workshop.sampling import Sampling


@dataclass(kw_only=True, frozen=True, slots=True)
class DraftTestRequests:
    """Takes requests for test emails of drafts."""

    drafting: Drafting
    campaigns: Campaigns
    stack: Stack
    limits: LimitsOfTests
    queue: DeliveryQueue
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def ask(self, campaign: str, by: str, *, who: str = "", to: str | None = None) -> None:
        """Request the email that the draft's first recipient would get with one made-up letter.

        `to` is the signed-in person's address, or one that the operator names. Without it, the published organizer gets
        the email, because a draft can name any organizer. If the campaign was never published, the draft's organizer
        gets it, who must have a role in it or be the administrator. A recipient, of the draft or published, gets it
        only as the signed-in person. `who` is the person who asks, and has a limit; the operator has none.

        Raises NotFoundError; NotNowError for a draft with mistakes, an address that gets none, and too many requests.
        """
        draft = self.drafting.draft(campaign)
        compiled = self.drafting.check(draft).compiled
        if compiled is None:
            raise NotNowError(Message("Something is left to do in the draft. Do that first."))
        is_own = bool(who and to)
        address = self.limits.address(
            campaign, to or self.organizers_address(compiled), is_own=is_own, targets=compiled.targets
        )
        if not to and self._published(campaign) is None and not self._is_known(campaign, address):
            raise NotNowError(
                Message(
                    "%(email)s has no role in this campaign. Invite this person first, or publish the campaign.",
                    {"email": address},
                )
            )
        self.limits.count(who)
        entry = AuditEntry(campaign, self.clock(), "test draft", by)
        self.campaigns.record_audit(entry, self.new_id())
        self.queue.put_draft_test(campaign, address)

    def organizers_address(self, compiled: CompiledCampaign) -> str:
        """Return where the operator's tests of a draft go: to the published organizer, or else to the draft's."""
        return (self._published(compiled.campaign.id) or compiled.campaign).organizer.email

    def _published(self, campaign: str) -> Campaign | None:
        try:
            return self.campaigns.campaign(campaign)
        except NotFoundError:
            return None

    def _is_known(self, campaign: str, address: str) -> bool:
        person = id_of(self.stack, address)
        return is_administrator(self.stack, person) or People(self.stack.table).member(campaign, person) is not None


@dataclass(kw_only=True, frozen=True, slots=True)
class DraftTestPost:
    """Sends test emails of drafts."""

    drafting: Drafting
    sampling: Sampling
    post: Mailbox

    def send(self, campaign: str, to: str) -> str | None:
        """Send a test email of the draft as it is now, and return its message id. Raises the errors of `Mailbox.send`.

        Return None if the draft was discarded, or has mistakes since.
        """
        try:
            draft = self.drafting.draft(campaign)
        except NotFoundError:
            return None
        compiled = self.drafting.check(draft).compiled
        return self.post.send(self.sampling.delivery(compiled, to)) if compiled else None
