"""The actions of rooms that have not moved yet. Those of campaigns are in `campaigns/actions.py`."""

from __future__ import annotations

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.languages import Message
from undersigned.campaigns import actions as of_campaigns

_FOR_COLLEAGUES = of_campaigns.FOR_COLLEAGUES.label
_FOR_SIGNERS = of_campaigns.FOR_SIGNERS.label
_HOW_KNOWN = of_campaigns.HOW_KNOWN.label

__all__ = ["ACTIONS"]

_DELIVERY, _SETTLE = "/deliveries/<period>/<target>", "/deliveries/<period>/<target>/settle"

ACTIONS |= {
    # Deliveries
    "deliver": Action(
        Message("Sent waiting letters"), "deliver", "/deliveries/next", Message("Send now"),
        _FOR_COLLEAGUES
    ),
    "deliver again": Action(
        Message("Sent letters within seven days of the last email"), "deliver --again", "/deliveries/next"
    ),
    "correct address": Action(
        Message("Corrected a recipient’s address"), "set-address", "/targets/<target>/address",
        Message("Save the address")
    ),
    "remove address": Action(
        Message("Removed a recipient’s address: letters go by hand or post"), "set-address --by-hand",
        "/targets/<target>/address", Message("Send letters by hand or post"), sends={"email": ""}
    ),
    "address works": Action(
        Message("Said that a recipient’s address works again"), "set-address", "/targets/<target>/address"
    ),
    "record answer": Action(
        Message("Recorded an answer"), "", "/targets/<target>/answer", Message("Save the answer")
    ),
    "delete answer": Action(Message("Deleted an answer"), "", "/targets/<target>/answer"),
    "test": Action(
        Message("Sent a test email"), "deliver --test", "/targets/<target>/test", Message("Send a test email")
    ),
    "retry": Action(
        Message("Sent or prepared a delivery again"), "retry", f"{_DELIVERY}/retry", Message("Send again")
    ),
    "retry again": Action(
        Message("Sent or prepared a delivery again within seven days of another one"), "retry --again",
        f"{_DELIVERY}/retry"
    ),
    "settle as sent": Action(
        Message("Decided that an email was sent"), "settle --sent", _SETTLE, Message("The office has the email"),
        _HOW_KNOWN, sends={"outcome": "sent"}
    ),
    "settle as not sent": Action(
        Message("Decided that an email was not sent, and sent it again"), "settle --not-sent", _SETTLE,
        Message("It did not arrive: send it again"), _HOW_KNOWN, sends={"outcome": "not sent"}
    ),
    "settle as not sent again": Action(
        Message("Decided that an email was not sent, and sent it again within seven days of another one"),
        "settle --not-sent --again", _SETTLE
    ),
    "close unsent": Action(
        Message("Closed a delivery unsent"), "close-unsent", f"{_DELIVERY}/close-unsent", Message("Close unsent"),
        _FOR_SIGNERS, needs_why=True, is_final=True
    ),
    "hand over": Action(
        Message("Recorded that letters were handed over"), "hand-over", f"{_DELIVERY}/handed-over",
        Message("Handed over")
    ),
    # Letters
    "erase": Action(
        Message("Erased a letter"), "erase", "/signatures/<signer>/erase", Message("Yes, erase this letter"),
        Message("Why? Don’t write anything about the person here, because we keep the reason."),
        needs_why=True, is_final=True
    ),
    "release from quarantine": Action(
        Message("Said that a person wrote a letter"), "", "/signatures/<signer>/release",
        Message("A person wrote this")
    ),
    "hold letters": Action(Message("Put several letters on hold"), "screen --action hold", "/screening"),
    # One letter on hold has a button of its own, which does the same for it.
    "release letters": Action(
        Message("Included several letters again"), "screen --action release",
        "/signatures/<signer>/release", Message("Include this letter")
    ),
    "erase letters": Action(Message("Erased several letters"), "screen --action erase", "/screening"),
    "export": Action(Message("Created a file of letters"), "export", "/exports", Message("Create a file")),
    # The campaign
    "make draft": Action(Message("Made a draft"), "campaign push --draft"),
    "publish": Action(
        Message("Published the draft"), "campaign publish", "/workshop/publish"
    ),
    "discard draft": Action(Message("Discarded the draft"), "", "/workshop/discard"),
    "test draft": Action(
        Message("Sent a test email of the draft"), "campaign test", "/workshop/test-email"
    ),
    # People and keys
    "add person": Action(Message("Invited somebody"), "person add", "/people", scope="own"),
    "change role": Action(
        Message("Changed somebody’s role"), "person role", "/people/<person>/role",
        scope="own"
    ),
    "remove person": Action(
        Message("Removed somebody"), "person remove", "/people/<person>/remove",
        scope="own"
    ),
    "create key": Action(Message("Created a key"), "key create", "/keys", scope="own"),
    "revoke key": Action(
        Message("Revoked a key"), "key revoke", "/keys/<key>/revoke", scope="own"
    ),
    # Operators
    "push": Action(Message("Changed the campaign"), "campaign push"),
    "restore": Action(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Action(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Action(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Action(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Action(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
