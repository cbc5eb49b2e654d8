"""Authoring: drafts of campaigns, their samples and their tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.delivering.limits_of_tests import LimitsOfTests
from undersigned.workshop.draft_testing import DraftTestPost, DraftTestRequests
from undersigned.workshop.drafting import Drafting

if TYPE_CHECKING:
    from undersigned.base.emails import Sender
    from undersigned.wiring.clients import Clients
    from undersigned.workshop.sampling import Sampling


@dataclass(frozen=True)
class AuthoringCases:
    """The use cases of authoring."""

    stack: Clients

    @cached_property
    def drafting(self) -> Drafting:
        return Drafting(
            store=self.stack.drafts,
            campaigns=self.stack.campaigns,
            rows=self.stack.campaign_rows,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    def sampling(self, sender: Sender) -> Sampling:
        """Make the samples of drafts, with the links of a sender's emails."""
        from undersigned.base.fonts import font_book
        from undersigned.delivering.printing.packets import pictures, typeset
        from undersigned.workshop.sampling import Sampling

        return Sampling(
            sender=sender,
            schedule=lambda: self.stack.schedule,
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            pictures=lambda cover, letters: pictures(cover, letters, font_book()),
            clock=self.stack.clock,
        )

    @cached_property
    def limits_of_tests(self) -> LimitsOfTests:
        return LimitsOfTests(
            campaigns=self.stack.campaigns,
            sign_ins=self.stack.sign_ins,
            clock=self.stack.clock,
        )

    @cached_property
    def draft_test_requests(self) -> DraftTestRequests:
        return DraftTestRequests(
            drafting=self.drafting,
            campaigns=self.stack.campaigns,
            stack=self.stack,
            limits=self.limits_of_tests,
            queue=self.stack.queue,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def draft_test_post(self) -> DraftTestPost:
        return DraftTestPost(
            drafting=self.drafting, sampling=self.sampling(self.stack.settings.sender), post=self.stack.mailbox
        )
