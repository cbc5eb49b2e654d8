"""What organizers decide that also changes the draft: a recipient's address."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from undersigned.base.actions import ACTIONS, Action, Done, Field, action
from undersigned.base.email_addresses import email_mistake, mailable
from undersigned.base.errors import GivenError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.campaigns.actions import FOR_THE_LOG, check_not_stopped
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.drafting import follow_address

_PAGE = "/targets/<target>/address"


def _address(typed: str) -> str:
    typed = typed.strip()
    if typed and (mistake := email_mistake(typed)):
        raise GivenError(mistake)
    return mailable(typed) if typed else ""


@action(
    "correct address",
    Message("Corrected a recipient’s address"),
    command="set-address",
    page=_PAGE,
    button=Message("Save the address"),
    done={
        "address-saved": Message(
            "Saved. Letters that wait and new letters go to this address. An email that bounced goes again only if you "
            "send it."
        ),
        "address-removed": Message(
            "Saved. Letters that wait go by hand or post: you can print them at the next delivery."
        ),
    },
)
def set_address(  # noqa: PLR0913, PLR0917  (what, who and why)
    stack: Stack,
    campaign: str,
    target: str,
    email: Annotated[str, Field(_address, "The address that takes this recipient's email.")],
    why: Annotated[str, FOR_THE_LOG],
    by: str,
) -> Done:
    """Save the address of a target: a corrected one, or the same one if it takes email again.

    New letters go to it; without an address, they go by hand or post. The draft gets the correction, too, so that
    publishing keeps it. A delivery that bounced is sent again only if a person says so. Raises NotFoundError for an
    unknown target, NotNowError for the same address if the office stopped the emails to it.
    """
    del why
    campaigns = Campaigns(stack.table)
    known = campaigns.target(campaign, target)
    changed = replace(known, email=email)
    word = "address-saved" if email else "address-removed"
    if changed == known:
        check_not_stopped(known)
        campaigns.set_mail_state(campaign, target, email, "ok")
        return Done(word, "address works")
    campaigns.put_target(campaign, changed)
    follow_address(stack, known, changed, campaign, by)
    return Done(word, "remove address" if changed.by_hand else "correct address")


ACTIONS["remove address"] = Action(
    Message("Removed a recipient’s address: letters go by hand or post"),
    "set-address --by-hand",
    _PAGE,
    Message("Send letters by hand or post"),
    sends={"email": ""},
)
ACTIONS["address works"] = Action(Message("Said that a recipient’s address works again"), "set-address", _PAGE)
ACTIONS |= {
    "make draft": Action(Message("Made a draft"), "campaign push --draft"),
    "publish": Action(
        Message("Published the draft"),
        "campaign publish",
        "/workshop/publish",
        done={"published": Message("Published.")},
    ),
    "discard draft": Action(
        Message("Discarded the draft"),
        page="/workshop/discard",
        done={"discarded": Message("The draft is discarded. This is the campaign as it is published.")},
    ),
    "test draft": Action(Message("Sent a test email of the draft"), "campaign test", "/workshop/test-email"),
    "push": Action(Message("Changed the campaign"), "campaign push"),
}
