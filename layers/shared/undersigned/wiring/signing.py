"""Signing: from a form to a confirmed letter, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.services.signing.abuse_checks import AbuseChecks, NetworkLimit, SuspiciousNetworks
from undersigned.services.signing.disowning import Disowning
from undersigned.services.signing.signing import Signing

if TYPE_CHECKING:
    from undersigned.services.signing.confirming import Confirmations
    from undersigned.services.signing.erasing import Erasing
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class SigningCases:
    """The use cases of signing."""

    stack: Clients

    @cached_property
    def signing(self) -> Signing:
        return self.stack.make(
            Signing,
            abuse_checks=self.stack.make(
                AbuseChecks,
                limit=self.stack.make(
                    NetworkLimit,
                    counters=self.stack.abuse_counters,
                    keys=self.stack.token_keys,
                    forms_a_minute=self.stack.settings.forms_a_minute,
                ),
                networks=self.stack.make(SuspiciousNetworks),
                keys=self.stack.token_keys,
            ),
            deliveries=lambda: self.stack.deliveries,
        )

    @cached_property
    def disowning(self) -> Disowning:
        return self.stack.make(Disowning)

    @cached_property
    def confirmations(self) -> Confirmations:
        from undersigned.services.signing.confirming import Confirmations
        from undersigned.services.signing.mail_budgets import MailBudgeting

        return self.stack.make(
            Confirmations,
            claims=self.stack.mail_claims,
            budgeting=self.stack.make(
                MailBudgeting,
                budgets=self.stack.mail_budgets,
                post=self.stack.confirmation_mailbox,
                sizes=self.stack.settings.budget_sizes,
            ),
            domains=self.stack.mail_domains,
            post=self.stack.confirmation_mailbox,
        )

    @cached_property
    def erasing(self) -> Erasing:
        from undersigned.services.counting.exporting import EndingExports
        from undersigned.services.signing.erasing import Erasing

        return self.stack.make(
            Erasing,
            packets=lambda: self.stack.bucket,
            queue=lambda: self.stack.queue,
            exports=self.stack.make(EndingExports, files=lambda: self.stack.export_files),
        )
