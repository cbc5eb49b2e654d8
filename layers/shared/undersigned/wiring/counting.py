"""Counting: what follows from each change of a letter, and what organizers see of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.organizing.erasing import Erasing
    from undersigned.organizing.exporting import Exporting, SignatureSheet
    from undersigned.organizing.organizing import Organizing
    from undersigned.organizing.screening import Screening
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class CountingCases:
    """The use cases of counting."""

    stack: Clients
    erasing: Callable[[], Erasing]

    @cached_property
    def organizing(self) -> Organizing:
        from undersigned.organizing.organizing import Organizing

        return Organizing(
            campaigns=self.stack.campaigns,
            form_store=self.stack.forms,
            signature_store=self.stack.signatures,
            delivery_store=self.stack.deliveries,
            packets=lambda: self.stack.bucket,
            erasing=self.erasing(),
            secret=self.stack.secret,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def screening(self) -> Screening:
        from undersigned.organizing.screening import Screening

        return Screening(
            forms=self.stack.forms,
            signatures=self.stack.signatures,
            campaigns=self.stack.campaigns,
            erasing=self.erasing(),
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def sheet(self) -> SignatureSheet:
        from undersigned.organizing.exporting import SignatureSheet

        return SignatureSheet(
            catalog=self.stack.catalog,
            forms=self.stack.forms,
            signatures=self.stack.signatures,
            campaigns=self.stack.campaigns,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def exporting(self) -> Exporting:
        from undersigned.organizing.exporting import Exporting

        return Exporting(
            sheet=self.sheet, exports=self.stack.exports, files=self.stack.bucket, queue=self.stack.export_queue
        )
