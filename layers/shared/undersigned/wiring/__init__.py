"""The composition root: the only package that connects use cases to their clients.

To keep init times short, a function imports what it uses: each subject's file when it is first needed, and in that file
the slow use cases (those that make emails and PDFs) in their methods.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.base.settings import Settings
from undersigned.wiring.clients import Clients

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.wiring.delivering import DeliveringCases


class Wiring(Clients):
    """One stack, and the use cases of each subject."""

    @classmethod
    def of_environment(cls, *needed: str) -> Wiring:
        """Wire from the environment variables. Raises SettingsError if one of the needed settings is missing."""
        return cls(Settings(os.environ).check(*needed))

    @cached_property
    def delivering(self) -> DeliveringCases:
        from undersigned.wiring.delivering import DeliveringCases

        return DeliveringCases(self)


def cases(stack: Stack) -> Wiring:
    """Return the use cases that are still classes, for the routes of a stack.

    Temporary: it goes when `organizing/` has functions of the stack, too. Only `functions/organizer_api/` calls it.
    """
    if not isinstance(stack, Wiring):
        message = "this stack has no use cases"
        raise TypeError(message)
    return stack
