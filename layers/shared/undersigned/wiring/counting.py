"""Counting: what follows from each change of a letter, and what organizers see of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.services.counting.tallying import Tallying
from undersigned.services.operating.announcing import Announcing
from undersigned.services.signing.mail_budgets import Freeing

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.services.counting.exporting import Exporting, SignatureSheet
    from undersigned.services.counting.organizing import Organizing
    from undersigned.services.counting.screening import Screening
    from undersigned.services.signing.erasing import Erasing
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class CountingCases:
    """The use cases of counting."""

    stack: Clients
    erasing: Callable[[], Erasing]

    @cached_property
    def tallying(self) -> Tallying:
        return self.stack.make(Tallying)

    @cached_property
    def freeing(self) -> Freeing:
        return self.stack.make(Freeing, budgets=self.stack.mail_budgets, sizes=self.stack.settings.budget_sizes)

    @cached_property
    def announcing(self) -> Announcing | None:
        """The announcing of events, if the stack does that."""
        bus = self.stack.event_bus
        return self.stack.make(Announcing, bus=bus) if bus else None

    @cached_property
    def organizing(self) -> Organizing:
        from undersigned.services.counting.organizing import Organizing

        return self.stack.make(
            Organizing,
            form_store=self.stack.forms,
            signature_store=self.stack.signatures,
            delivery_store=self.stack.deliveries,
            packets=lambda: self.stack.bucket,
            erasing=self.erasing(),
        )

    @cached_property
    def screening(self) -> Screening:
        from undersigned.services.counting.screening import Screening

        return self.stack.make(Screening, erasing=self.erasing())

    @cached_property
    def sheet(self) -> SignatureSheet:
        from undersigned.services.counting.exporting import SignatureSheet

        return self.stack.make(SignatureSheet)

    @cached_property
    def exporting(self) -> Exporting:
        from undersigned.services.counting.exporting import Exporting

        return self.stack.make(
            Exporting, sheet=self.sheet, files=self.stack.export_files, queue=self.stack.export_queue
        )
