"""Signing: from a form to a confirmed letter, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.organizing.erasing import Erasing
    from undersigned.wiring.clients import Clients


@dataclass(frozen=True)
class SigningCases:
    """The use cases of signing."""

    stack: Clients

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
