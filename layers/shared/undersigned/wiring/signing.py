"""Signing: from a form to a confirmed letter, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from undersigned.campaigns.counts import public_count
from undersigned.signing.abuse_checks import AbuseChecks, NetworkLimit
from undersigned.signing.disowning import Disowning
from undersigned.signing.signing import Signing

if TYPE_CHECKING:
    from undersigned.organizing.erasing import Erasing
    from undersigned.signing.confirming import Confirmations
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class SigningCases:
    """The use cases of signing."""

    stack: Clients

    @cached_property
    def signing(self) -> Signing:
        return Signing(
            catalog=self.stack.catalog,
            abuse_checks=AbuseChecks(
                limit=NetworkLimit(
                    counters=self.stack.abuse_counters,
                    keys=self.stack.token_keys,
                    forms_a_minute=self.stack.settings.forms_a_minute,
                    clock=self.stack.clock,
                ),
                links=self.stack.links,
                keys=self.stack.token_keys,
                clock=self.stack.clock,
            ),
            forms=self.stack.forms,
            signatures=self.stack.signatures,
            public_count=partial(public_count, self.stack),
            deliveries=lambda: self.stack.deliveries,
            domains=self.stack.mail_domains,
            links=self.stack.links,
            secret=self.stack.secret,
            schedule=self.stack.schedule,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def disowning(self) -> Disowning:
        return Disowning(
            catalog=self.stack.catalog,
            forms=self.stack.forms,
            signatures=self.stack.signatures,
            disowned=self.stack.disowned,
            links=self.stack.links,
            clock=self.stack.clock,
            sleep=self.stack.sleep,
        )

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
