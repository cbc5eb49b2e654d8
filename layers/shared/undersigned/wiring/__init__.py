"""The composition root: the only package that connects use cases to their clients.

To keep init times short, a function imports what it uses: each subject's file when it is first needed, and in that file
the slow use cases (those that make emails and PDFs) in their methods.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.wiring.clients import Clients

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.wiring.delivering import DeliveringCases


class Wiring(Clients):
    """One stack, and the use cases of each subject."""

    @cached_property
    def delivering(self) -> DeliveringCases:
        from undersigned.wiring.delivering import DeliveringCases

        return DeliveringCases(self)


def cases(stack: Stack) -> Wiring:
    """Return the use cases that are still classes. Temporary: only `functions/run_jobs/plan.py` plans by one."""
    if not isinstance(stack, Wiring):
        message = "this stack has no use cases"
        raise TypeError(message)
    return stack
