"""Every action: the rooms' own, and here what only operators do, with a command."""

from __future__ import annotations

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.languages import Message
from undersigned.campaigns import actions as of_campaigns
from undersigned.delivering import actions as of_deliveries
from undersigned.delivering import answers
from undersigned.organizing import erasing, exporting, letters, screening
from undersigned.workshop import actions as of_drafts

__all__ = [
    "ACTIONS",
    "answers",
    "erasing",
    "exporting",
    "letters",
    "of_campaigns",
    "of_deliveries",
    "of_drafts",
    "screening",
]

ACTIONS |= {
    "restore": Action(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Action(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Action(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Action(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Action(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
