"""Signing: from a form to a confirmed letter, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.organizing.erasing import Erasing
    from undersigned.signing.confirming import Confirmations
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class SigningCases:
    """The use cases of signing."""

    stack: Clients

    @cached_property
    def confirmations(self) -> Confirmations:
        from undersigned.signing.confirming import Confirmations
        from undersigned.signing.mail_budgets import MailBudgeting

        return Confirmations(
            catalog=self.stack.catalog,
            forms=self.stack.forms,
            claims=self.stack.mail_claims,
            budgeting=MailBudgeting(
                budgets=self.stack.mail_budgets,
                post=self.stack.confirmation_mailbox,
                sizes=self.stack.budget_sizes,
                clock=self.stack.clock,
            ),
            domains=self.stack.mail_domains,
            post=self.stack.confirmation_mailbox,
            links=self.stack.links,
            sender=self.stack.settings.sender,
            schedule=self.stack.schedule,
            clock=self.stack.clock,
        )

    @cached_property
    def erasing(self) -> Erasing:
        from undersigned.organizing.erasing import Erasing
        from undersigned.organizing.exporting import EndingExports

        return Erasing(
            forms=self.stack.forms,
            signatures=self.stack.signatures,
            deliveries=self.stack.deliveries,
            packets=lambda: self.stack.bucket,
            queue=lambda: self.stack.queue,
            exports=EndingExports(exports=self.stack.exports, files=lambda: self.stack.bucket),
            clock=self.stack.clock,
            sleep=self.stack.sleep,
        )
