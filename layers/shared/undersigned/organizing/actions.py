"""Every action. Those of a room that are a function stand in its `actions.py`; these are the others."""

from __future__ import annotations

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.languages import Message
from undersigned.campaigns import actions as of_campaigns
from undersigned.delivering import actions as of_deliveries
from undersigned.delivering import answers
from undersigned.organizing import erasing, exporting, letters
from undersigned.workshop import actions as of_drafts

__all__ = ["ACTIONS", "answers", "erasing", "exporting", "letters", "of_campaigns", "of_deliveries", "of_drafts"]

ACTIONS |= {
    # Letters
    "hold letters": Action(Message("Put several letters on hold"), "screen --action hold", "/screening"),
    # One letter on hold has a button of its own, which does the same for it.
    "release letters": Action(
        Message("Included several letters again"), "screen --action release",
        "/signatures/<signer>/release", Message("Include this letter")
    ),
    "erase letters": Action(Message("Erased several letters"), "screen --action erase", "/screening"),
    # Operators
    "restore": Action(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Action(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Action(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Action(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Action(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
