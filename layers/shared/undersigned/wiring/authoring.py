"""Authoring: drafts of campaigns, their samples and their tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.services.authoring.draft_testing import DraftTestPost, DraftTestRequests
from undersigned.services.authoring.drafting import Drafting
from undersigned.services.authoring.limits_of_tests import LimitsOfTests

if TYPE_CHECKING:
    from undersigned.domain.delivering.deliveries import Sender
    from undersigned.services.authoring.sampling import Sampling
    from undersigned.wiring.clients import Clients
    from undersigned.wiring.people import PeopleCases


@dataclass(frozen=True)
class AuthoringCases:
    """The use cases of authoring."""

    stack: Clients
    people: PeopleCases

    @cached_property
    def drafting(self) -> Drafting:
        return self.stack.make(Drafting, store=self.stack.drafts, rows=self.stack.campaign_rows)

    def sampling(self, sender: Sender) -> Sampling:
        """Make the samples of drafts, with the links of a sender's emails."""
        from undersigned.rendering.fonts import font_book
        from undersigned.rendering.packets import pictures, typeset
        from undersigned.services.authoring.sampling import Sampling

        return self.stack.make(
            Sampling,
            sender=sender,
            schedule=lambda: self.stack.settings.schedule,
            typesetter=lambda cover, letters: typeset(cover, letters, font_book()),
            pictures=lambda cover, letters: pictures(cover, letters, font_book()),
        )

    @cached_property
    def limits_of_tests(self) -> LimitsOfTests:
        return self.stack.make(LimitsOfTests, directory=self.people.directory)

    @cached_property
    def draft_test_requests(self) -> DraftTestRequests:
        return self.stack.make(
            DraftTestRequests,
            drafting=self.drafting,
            people=self.stack.people_rows,
            directory=self.people.directory,
            limits=self.limits_of_tests,
        )

    @cached_property
    def draft_test_post(self) -> DraftTestPost:
        return self.stack.make(
            DraftTestPost,
            drafting=self.drafting,
            sampling=self.sampling(self.stack.settings.sender),
            post=self.stack.mailbox,
        )
