"""The actions of organizers in one table: each one's words in the log, scope, button, page and command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.people.rules.people import Scope

type Action = Literal[
    "pause", "resume", "deliver", "deliver again", "hold", "release",
    "correct address", "remove address", "address works", "lift stop",
    "count on paper", "record answer", "delete answer", "test", "retry", "retry again",
    "settle as sent", "settle as not sent", "settle as not sent again", "close unsent", "hand over",
    "erase", "release from quarantine", "hold letters", "release letters", "erase letters", "export",
    "make draft", "publish", "discard draft", "test draft", "close", "reopen",
    "add person", "change role", "remove person", "create key", "revoke key",
    "push", "restore", "print sign-in link", "rotate secret", "stop confirmations", "start confirmations",
]  # fmt: skip

_FOR_COLLEAGUES = Message("Why? Your colleagues can read this in the activity log.")
_FOR_SIGNERS = Message("Why? The people who signed can read this on their letter’s page.")
_HOW_KNOWN = Message("How do you know? Your colleagues can read this in the activity log.")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that organizers do. Without a page, only a command does it.

    `said` has its words in the activity log. The dashboard posts to `page`, below the campaign's address, with variable
    parts in angle brackets. The button sends the values in `sends`. `why` asks for a reason, which is required with
    `needs_why`. What `is_final` is undone by nobody, so its button doesn't look like those that save.
    """

    said: Message
    command: str
    page: str = ""
    button: Message | None = None
    why: Message | None = None
    sends: Mapping[str, str] = field(default_factory=dict)
    needs_why: bool = False
    is_final: bool = False
    scope: Scope = "manage"


_DELIVERY, _SETTLE = "/deliveries/<period>/<target>", "/deliveries/<period>/<target>/settle"

ACTIONS: Mapping[Action, Deed] = {
    # Deliveries
    "pause": Deed(Message("Paused the campaign"), "pause", "/pause", Message("Pause"), _FOR_COLLEAGUES),
    "resume": Deed(Message("Resumed the campaign"), "resume", "/resume", Message("Resume")),
    "deliver": Deed(
        Message("Sent waiting letters"), "deliver", "/deliveries/next", Message("Send now"),
        _FOR_COLLEAGUES
    ),
    "deliver again": Deed(
        Message("Sent letters within seven days of the last email"), "deliver --again", "/deliveries/next"
    ),
    "hold": Deed(
        Message.in_context("activity log", "Put letters on hold"), "hold", "/targets/<target>/hold",
        Message("Put on hold"), _FOR_SIGNERS, needs_why=True
    ),
    "release": Deed(
        Message("Let a recipient’s letters go again"), "release", "/targets/<target>/release",
        Message("Send to this recipient again")
    ),
    "correct address": Deed(
        Message("Corrected a recipient’s address"), "set-address", "/targets/<target>/address",
        Message("Save the address")
    ),
    "remove address": Deed(
        Message("Removed a recipient’s address: letters go by hand or post"), "set-address --by-hand",
        "/targets/<target>/address", Message("Send letters by hand or post"), sends={"email": ""}
    ),
    "address works": Deed(
        Message("Said that a recipient’s address works again"), "set-address", "/targets/<target>/address"
    ),
    "lift stop": Deed(
        Message("Sent emails again to an office that had stopped them"), "lift-stop",
        "/targets/<target>/lift-stop", Message("Send emails to this office again"), _HOW_KNOWN, needs_why=True
    ),
    "count on paper": Deed(
        Message("Counted letters on paper"), "on-paper", "/targets/<target>/on-paper", Message("Save the number")
    ),
    "record answer": Deed(
        Message("Recorded an answer"), "", "/targets/<target>/answer", Message("Save the answer")
    ),
    "delete answer": Deed(Message("Deleted an answer"), "", "/targets/<target>/answer"),
    "test": Deed(
        Message("Sent a test email"), "deliver --test", "/targets/<target>/test", Message("Send a test email")
    ),
    "retry": Deed(
        Message("Sent or prepared a delivery again"), "retry", f"{_DELIVERY}/retry", Message("Send again")
    ),
    "retry again": Deed(
        Message("Sent or prepared a delivery again within seven days of another one"), "retry --again",
        f"{_DELIVERY}/retry"
    ),
    "settle as sent": Deed(
        Message("Decided that an email was sent"), "settle --sent", _SETTLE, Message("The office has the email"),
        _HOW_KNOWN, sends={"outcome": "sent"}
    ),
    "settle as not sent": Deed(
        Message("Decided that an email was not sent, and sent it again"), "settle --not-sent", _SETTLE,
        Message("It did not arrive: send it again"), _HOW_KNOWN, sends={"outcome": "not sent"}
    ),
    "settle as not sent again": Deed(
        Message("Decided that an email was not sent, and sent it again within seven days of another one"),
        "settle --not-sent --again", _SETTLE
    ),
    "close unsent": Deed(
        Message("Closed a delivery unsent"), "close-unsent", f"{_DELIVERY}/close-unsent", Message("Close unsent"),
        _FOR_SIGNERS, needs_why=True
    ),
    "hand over": Deed(
        Message("Recorded that letters were handed over"), "hand-over", f"{_DELIVERY}/handed-over",
        Message("Handed over")
    ),
    # Letters
    "erase": Deed(
        Message("Erased a letter"), "erase", "/signatures/<signer>/erase", Message("Yes, erase this letter"),
        Message("Why? Don’t write anything about the person here, because we keep the reason."),
        needs_why=True, is_final=True
    ),
    "release from quarantine": Deed(
        Message("Said that a person wrote a letter"), "", "/signatures/<signer>/release",
        Message("A person wrote this")
    ),
    "hold letters": Deed(Message("Put several letters on hold"), "screen --action hold", "/screening"),
    # One letter on hold has a button of its own, which does the same for it.
    "release letters": Deed(
        Message("Included several letters again"), "screen --action release",
        "/signatures/<signer>/release", Message("Include this letter")
    ),
    "erase letters": Deed(Message("Erased several letters"), "screen --action erase", "/screening"),
    "export": Deed(Message("Created a file of letters"), "export", "/exports", Message("Create a file")),
    # The campaign
    "make draft": Deed(Message("Made a draft"), "campaign push --draft"),
    "publish": Deed(
        Message("Published the draft"), "campaign publish", "/workshop/publish"
    ),
    "discard draft": Deed(Message("Discarded the draft"), "", "/workshop/discard"),
    "test draft": Deed(
        Message("Sent a test email of the draft"), "campaign test", "/workshop/test-email"
    ),
    "close": Deed(Message("Closed the campaign"), "campaign close", "/workshop/close"),
    "reopen": Deed(Message("Opened the campaign again"), "campaign reopen", "/workshop/reopen"),
    # People and keys
    "add person": Deed(Message("Invited somebody"), "person add", "/people", scope="own"),
    "change role": Deed(
        Message("Changed somebody’s role"), "person role", "/people/<person>/role",
        scope="own"
    ),
    "remove person": Deed(
        Message("Removed somebody"), "person remove", "/people/<person>/remove",
        scope="own"
    ),
    "create key": Deed(Message("Created a key"), "key create", "/keys", scope="own"),
    "revoke key": Deed(
        Message("Revoked a key"), "key revoke", "/keys/<key>/revoke", scope="own"
    ),
    # Operators
    "push": Deed(Message("Changed the campaign"), "campaign push"),
    "restore": Deed(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Deed(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Deed(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Deed(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Deed(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
