"""Test emails of drafts: a person who asks gets a recipient's email, by way of the queue of deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.limits_of_tests import address_of_test, count_test
from undersigned.delivering.queue import delivery_queue
from undersigned.people.directory import id_of, is_administrator
from undersigned.people.rows.people import People
from undersigned.workshop.drafting import check, draft_of

if TYPE_CHECKING:
    from undersigned.base.stack import Stack
    from undersigned.workshop.campaigns import CompiledCampaign


def ask_for_test(stack: Stack, campaign: str, by: str, *, who: str = "", to: str | None = None) -> None:
    """Request the email that the draft's first recipient would get with one made-up letter.

    `to` is the signed-in person's address, or an address that the operator names. Without it, the published organizer
    gets the email, because a draft can name any organizer. If the campaign was never published, the draft's organizer
    gets it, who must have a role in it or be the administrator. A recipient, of the draft or published, gets it only as
    the signed-in person. `who` is the person who asks, and has a limit; the operator has none.

    Raises NotFoundError; NotNowError for a draft with mistakes, an address that gets no test, and too many requests.
    """
    compiled = check(draft_of(stack, campaign))
    if compiled.mistakes:
        raise NotNowError(Message("Something is left to do in the draft. Do that first."))
    address = address_of_test(
        stack,
        campaign,
        to or organizers_address(stack, compiled),
        is_own=bool(who and to),
        targets=compiled.targets,
    )
    if not (to or Campaigns(stack.table).published(campaign) or _is_known(stack, campaign, address)):
        raise NotNowError(
            Message(
                "%(email)s has no role in this campaign. Invite this person first, or publish the campaign.",
                {"email": address},
            )
        )
    count_test(stack, who)
    record(stack, campaign, "test draft", by)
    delivery_queue(stack).put_draft_test(campaign, address)


def organizers_address(stack: Stack, compiled: CompiledCampaign) -> str:
    """Return where the operator's tests of a draft go: to the published organizer, or else to the draft's."""
    return (Campaigns(stack.table).published(compiled.campaign.id) or compiled.campaign).organizer.email


def _is_known(stack: Stack, campaign: str, address: str) -> bool:
    person = id_of(stack, address)
    return is_administrator(stack, person) or People(stack.table).member(campaign, person) is not None


def send_test(stack: Stack, campaign: str, to: str) -> str | None:
    """Send a test email of the draft as it is now, and return its message id. Raises the errors of `Mailbox.send`.

    Return None if the draft was discarded, or has mistakes since.
    """
    from undersigned.workshop.sampling import test_email

    try:
        draft = draft_of(stack, campaign)
    except NotFoundError:
        return None
    compiled = check(draft)
    return None if compiled.mistakes else stack.mailbox.send(test_email(stack, stack.settings.sender, compiled, to))
