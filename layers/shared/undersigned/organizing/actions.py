"""Every action. Those of a room that are a function stand in its `actions.py`; these are the others."""

from __future__ import annotations

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.languages import Message
from undersigned.campaigns import actions as of_campaigns
from undersigned.delivering import actions as of_deliveries
from undersigned.delivering import answers
from undersigned.workshop import actions as of_drafts

__all__ = ["ACTIONS", "answers", "of_campaigns", "of_deliveries", "of_drafts"]

ACTIONS |= {
    # Letters
    "erase": Action(
        Message("Erased a letter"), "erase", "/signatures/<signer>/erase", Message("Yes, erase this letter"),
        Message("Why? Don’t write anything about the person here, because we keep the reason."),
        needs_why=True, is_final=True,
        done={
            "erased": Message("The letter is erased, with everything that it said about its signer."),
            "erased-on-paper": Message(
                "The letter is erased, with everything that it said about its signer. We deleted the file that has it. "
                "If the file has other letters, we’re making it again without this one."
            ),
            "erased-after-sending": Message(
                "The letter is erased, with everything that it said about its signer. We deleted the file that has it. "
                "If the file has other letters, we’re making it again without this one. The office keeps the email and "
                "the files that it already has. If the signer wants those deleted, ask the office."
            ),
        },
    ),
    "release from quarantine": Action(
        Message("Said that a person wrote a letter"), "", "/signatures/<signer>/release",
        Message("A person wrote this"),
        done={
            "released-letter": Message(
                "We’re sending its confirmation email again. The letter counts once it is confirmed."
            ),
            "ended-hold": Message("Included. The letter goes out with the next delivery."),
            "ended-hold-while-paused": Message("Included. The letter goes out after the campaign is resumed."),
        },
    ),
    "hold letters": Action(Message("Put several letters on hold"), "screen --action hold", "/screening"),
    # One letter on hold has a button of its own, which does the same for it.
    "release letters": Action(
        Message("Included several letters again"), "screen --action release",
        "/signatures/<signer>/release", Message("Include this letter")
    ),
    "erase letters": Action(Message("Erased several letters"), "screen --action erase", "/screening"),
    "export": Action(
        Message("Created a file of letters"), "export", "/exports", Message("Create a file"),
        done={"asked": Message("We’re creating the file.")}
    ),
    # The campaign
    "make draft": Action(Message("Made a draft"), "campaign push --draft"),
    "publish": Action(
        Message("Published the draft"), "campaign publish", "/workshop/publish",
        done={"published": Message("Published.")}
    ),
    "discard draft": Action(
        Message("Discarded the draft"), "", "/workshop/discard",
        done={"discarded": Message("The draft is discarded. This is the campaign as it is published.")}
    ),
    "test draft": Action(
        Message("Sent a test email of the draft"), "campaign test", "/workshop/test-email"
    ),
    # Operators
    "push": Action(Message("Changed the campaign"), "campaign push"),
    "restore": Action(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Action(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Action(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Action(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Action(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
