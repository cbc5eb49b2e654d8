"""The actions of organizers in one table: each one's words in the log, scope, button, address and command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.people.api_keys import Scope

type Action = Literal[
    "pause", "resume", "approve", "approve again", "deliver", "deliver again", "hold", "release",
    "correct address", "remove address", "address works", "send resume link", "accept address", "decline address",
    "count on paper", "record answer", "delete answer", "test", "retry", "retry again",
    "settle as sent", "settle as not sent", "settle as not sent again", "settle as by hand", "settle as given up",
    "hand over", "take back",
    "erase", "release from quarantine", "hold letters", "release letters", "erase letters", "export",
    "make draft", "publish", "discard draft", "test draft", "close", "reopen",
    "add person", "change role", "remove person", "create key", "revoke key", "take over key",
    "push", "restore", "print sign-in link", "rotate secret", "stop confirmations", "start confirmations",
]  # fmt: skip

_FOR_COLLEAGUES = Message("Why? Your colleagues can read this in the activity log.")
_HOW_KNOWN = Message("How do you know? Your colleagues can read this in the activity log.")
_WHAT_WAS_DONE = Message("What was done with the letters? Your colleagues can read this in the activity log.")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that organizers do. Without an address, only a command does it.

    `said` has its words in the activity log. `api` is its address in the API; the dashboard posts to `page`, or to the
    same one if that is empty. Both are below the campaign's. The button sends the values in `sends`. `why` asks for a
    reason, which is required with `needs_why`. What `is_final` is
    undone by nobody, so its button doesn't look like those that save.
    """

    said: Message
    command: str
    api: str = ""
    button: Message | None = None
    why: Message | None = None
    page: str = ""
    sends: Mapping[str, str] = field(default_factory=dict)
    needs_why: bool = False
    is_final: bool = False
    scope: Scope = "manage"

    @property
    def posts_to(self) -> str:
        """Return the address that the dashboard's button posts to, with its variable parts in angle brackets."""
        return self.page or self.api.partition(" ")[2]


_DELIVERY, _SETTLE = "/deliveries/<period>/<target>", "POST /deliveries/<period>/<target>/settle"
_SCREEN = "POST /signatures/screen"
_ASKED = "POST /targets/<target>/asked-address"

ACTIONS: Mapping[Action, Deed] = {
    # Deliveries
    "pause": Deed(Message("Paused the campaign"), "pause", "POST /pause", Message("Pause"), _FOR_COLLEAGUES),
    "resume": Deed(Message("Resumed the campaign"), "resume", "POST /resume", Message("Resume")),
    "approve": Deed(
        Message("Approved deliveries"), "approve", "POST /deliveries/<period>/approve",
        Message("Approve and send now")
    ),
    "approve again": Deed(
        Message("Approved deliveries within seven days of the last ones"), "approve --again",
        "POST /deliveries/<period>/approve"
    ),
    "deliver": Deed(
        Message("Sent waiting letters early"), "deliver", "POST /deliveries/next", Message("Send now"),
        _FOR_COLLEAGUES
    ),
    "deliver again": Deed(
        Message("Sent letters within seven days of the last email"), "deliver --again", "POST /deliveries/next"
    ),
    "hold": Deed(
        Message.in_context("activity log", "Put letters on hold"), "hold", "POST /targets/<target>/hold",
        Message("Put on hold"), Message("Why? The people who signed can read this on their letter’s page."),
        needs_why=True
    ),
    "release": Deed(
        Message("Let a recipient’s letters go again"), "release", "POST /targets/<target>/release",
        Message("Send to this recipient again")
    ),
    "correct address": Deed(
        Message("Corrected a recipient’s address"), "set-address", "POST /targets/<target>/address",
        Message("Save the address")
    ),
    "remove address": Deed(
        Message("Removed a recipient’s address: letters go by hand or post"), "set-address --by-hand",
        "POST /targets/<target>/address", Message("Send letters by hand or post"), sends={"email": ""}
    ),
    "address works": Deed(
        Message("Said that a recipient’s address works again"), "set-address", "POST /targets/<target>/address"
    ),
    "send resume link": Deed(
        Message("Sent an office the link that resumes the emails once more"), "send-resume-link",
        "POST /targets/<target>/resume-link", Message("Send the link once more")
    ),
    "accept address": Deed(
        Message("Accepted the address that an office asked for"), "", _ASKED,
        Message("The office confirmed it: use this address"), _HOW_KNOWN, sends={"answer": "accept"}, needs_why=True
    ),
    "decline address": Deed(
        Message("Declined the address that an office asked for"), "", _ASKED,
        Message("Decline"), _HOW_KNOWN, sends={"answer": "decline"}
    ),
    "count on paper": Deed(
        Message("Counted letters on paper"), "on-paper", "POST /targets/<target>/on-paper", Message("Save the number")
    ),
    "record answer": Deed(
        Message("Recorded an answer"), "", "POST /targets/<target>/answers", Message("Record the answer")
    ),
    "delete answer": Deed(
        Message("Deleted an answer"), "", "DELETE /targets/<target>/answers/<answer>",
        Message("Yes, delete this answer"), page="/targets/<target>/answers/<answer>/delete",
        is_final=True
    ),
    "test": Deed(
        Message("Sent a test email"), "deliver --test", "POST /targets/<target>/test", Message("Send a test email")
    ),
    "retry": Deed(
        Message("Sent or prepared a delivery again"), "retry", f"POST {_DELIVERY}/retry", Message("Send again")
    ),
    "retry again": Deed(
        Message("Sent or prepared a delivery again within seven days of another one"), "retry --again",
        f"POST {_DELIVERY}/retry"
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
    "settle as by hand": Deed(
        Message("Decided that letters go by hand or post, in place of an email"), "settle --by-hand", _SETTLE,
        Message("Bring or post the letters"), _FOR_COLLEAGUES, sends={"outcome": "by hand"}
    ),
    "settle as given up": Deed(
        Message("Gave up the letters of a delivery"), "settle --give-up", _SETTLE, Message("Give up"),
        _WHAT_WAS_DONE, sends={"outcome": "given up"}
    ),
    "hand over": Deed(
        Message("Recorded that letters were handed over"), "hand-over", f"POST {_DELIVERY}/handed-over",
        Message("Handed over")
    ),
    "take back": Deed(
        Message("Took back that letters were handed over"), "take-back", f"POST {_DELIVERY}/take-back",
        Message("Take back"), _FOR_COLLEAGUES
    ),
    # Letters
    "erase": Deed(
        Message("Erased a letter"), "erase", "DELETE /signatures/<signer>", Message("Yes, erase this letter"),
        Message("Why? Don’t write anything about the person here, because we keep the reason."),
        "/signatures/<signer>/erase", needs_why=True, is_final=True
    ),
    "release from quarantine": Deed(
        Message("Said that a person wrote a letter"), "quarantine release", "POST /signatures/<signer>/release",
        Message("A person wrote this")
    ),
    "hold letters": Deed(Message("Put several letters on hold"), "screen --action hold", _SCREEN, page="/screening"),
    # One letter on hold has a button of its own, which does the same for it.
    "release letters": Deed(
        Message("Included several letters again"), "screen --action release", _SCREEN, Message("Include this letter"),
        page="/signatures/<signer>/release"
    ),
    "erase letters": Deed(Message("Erased several letters"), "screen --action erase", _SCREEN, page="/screening"),
    "export": Deed(Message("Created a file of letters"), "export", "POST /exports", Message("Create a file")),
    # The campaign
    "make draft": Deed(Message("Made a draft"), "campaign push --draft", "PUT /draft"),
    "publish": Deed(
        Message("Published the draft"), "campaign publish", "POST /draft/publish", page="/workshop/publish"
    ),
    "discard draft": Deed(Message("Discarded the draft"), "", "DELETE /draft", page="/workshop/discard"),
    "test draft": Deed(
        Message("Sent a test email of the draft"), "campaign test", "POST /draft/test", page="/workshop/test-email"
    ),
    "close": Deed(Message("Closed the campaign"), "campaign close", "POST /close", page="/workshop/close"),
    "reopen": Deed(Message("Opened the campaign again"), "campaign reopen", "POST /reopen", page="/workshop/reopen"),
    # People and keys
    "add person": Deed(Message("Invited somebody"), "person add", "POST /people", scope="own"),
    "change role": Deed(
        Message("Changed somebody’s role"), "person role", "POST /people/<person>", page="/people/<person>/role",
        scope="own"
    ),
    "remove person": Deed(
        Message("Removed somebody"), "person remove", "DELETE /people/<person>", page="/people/<person>/remove",
        scope="own"
    ),
    "create key": Deed(Message("Created a key"), "key create", "POST /keys", scope="own"),
    "revoke key": Deed(
        Message("Revoked a key"), "key revoke", "DELETE /keys/<key>", page="/keys/<key>/revoke", scope="own"
    ),
    "take over key": Deed(
        Message("Took over a key"), "person remove --take-over-keys", "DELETE /people/<person>", scope="own"
    ),
    # Operators
    "push": Deed(Message("Changed the campaign"), "campaign push"),
    "restore": Deed(Message("Brought back lost letters"), "restore"),
    "print sign-in link": Deed(Message("Printed a sign-in link"), "person sign-in-link"),
    "rotate secret": Deed(Message("Replaced the key of links in emails"), "secret rotate"),
    "stop confirmations": Deed(Message("Stopped the confirmation emails"), "confirmations stop"),
    "start confirmations": Deed(Message("Started the confirmation emails again"), "confirmations start"),
}  # fmt: skip
