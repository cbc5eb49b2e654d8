"""Test emails of drafts: whoever asks gets the email that a recipient would get, by the queue of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.addresses import canonical_email, email_mistake, mailable
from undersigned.domain.controls import AuditEntry
from undersigned.domain.errors import NotFoundError
from undersigned.domain.languages import Message
from undersigned.domain.people import MOST_TESTS_A_DAY, MOST_TESTS_AN_HOUR
from undersigned.services.delivery_controls import NotNowError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.authoring.campaigns import CompiledCampaign
    from undersigned.domain.campaigns import Campaign
    from undersigned.services.directory import Directory
    from undersigned.services.drafting import Drafting
    from undersigned.services.ports import CampaignStore, DeliveryQueue, PeopleStore, Post, SignInStore
    from undersigned.services.sampling import Sampling

_COUNTED_FOR, _A_DAY_COUNTED_FOR = timedelta(hours=2), timedelta(days=2)


@dataclass(kw_only=True, frozen=True, slots=True)
class DraftTestRequests:
    """Takes requests for test emails of drafts."""

    drafting: Drafting
    campaigns: CampaignStore
    people: PeopleStore
    directory: Directory
    sign_ins: SignInStore
    queue: DeliveryQueue
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def ask(self, campaign: str, by: str, *, who: str = "", to: str | None = None) -> None:
        """Request the email that the draft's first recipient would get with one made-up letter.

        `to` is the signed-in person's address, or one that the operator names. Without it, the published organizer gets
        the email, because a draft can name any organizer. If the campaign was never published, the draft's organizer
        gets it, who must have a role in it or be the administrator. A recipient, of the draft or published, gets it
        only as the signed-in person. `who` is the person or the key that asks. Each has a limit an hour, and all keys
        together have one a day for each address. The operator has none.

        Raises NotFoundError; NotNowError for a draft with mistakes, an address that gets none, and too many requests.
        """
        draft = self.drafting.draft(campaign)
        compiled = self.drafting.check(draft).compiled
        if compiled is None:
            raise NotNowError(Message("The draft has mistakes. Correct them first."))
        address = to or self.organizers_address(compiled)
        if email_mistake(address):
            raise NotNowError(
                Message("“%(email)s” is no email address. Give one such as ada@example.org.", {"email": address})
            )
        address = mailable(address)
        if not (who and to):
            self._check_recipients(compiled, address)
        if not to and self._published(campaign) is None and not self._is_known(campaign, address):
            raise NotNowError(
                Message(
                    "%(email)s has no role in this campaign. Invite this person first, or publish the campaign.",
                    {"email": address},
                )
            )
        if who:
            self._count(who)
        if who and not to:
            self._count_address(address)
        entry = AuditEntry(campaign, self.clock(), "test draft", by)
        self.campaigns.record_audit(entry, self.new_id())
        self.queue.put_draft_test(campaign, address)

    def organizers_address(self, compiled: CompiledCampaign) -> str:
        """Return where a key's tests of a draft go: to the published organizer, or else to the draft's."""
        return (self._published(compiled.campaign.id) or compiled.campaign).organizer.email

    def _published(self, campaign: str) -> Campaign | None:
        try:
            return self.campaigns.campaign(campaign)
        except NotFoundError:
            return None

    def _check_recipients(self, compiled: CompiledCampaign, address: str) -> None:
        """Raise NotNowError for a recipient's address, of the draft or of the published campaign."""
        targets = (*compiled.targets, *self.campaigns.targets(compiled.campaign.id))
        if canonical_email(address) in {canonical_email(target.email) for target in targets}:
            raise NotNowError(
                Message(
                    "%(email)s is a recipient of this campaign, and recipients get no tests. "
                    "Send it to another address.",
                    {"email": address},
                )
            )

    def _is_known(self, campaign: str, address: str) -> bool:
        person = self.directory.id_of(address)
        return self.directory.is_administrator(person) or self.people.member(campaign, person) is not None

    def _count(self, who: str) -> None:
        now = self.clock()
        hour = now.astimezone(UTC).isoformat(timespec="hours")
        if self.sign_ins.count(who, "TESTS", hour, expires_at=now + _COUNTED_FOR) > MOST_TESTS_AN_HOUR:
            raise NotNowError(
                Message(
                    "You can send %(number)s tests of drafts in an hour. Wait for the next hour.",
                    {"number": MOST_TESTS_AN_HOUR},
                )
            )

    def _count_address(self, address: str) -> None:
        now, person = self.clock(), self.directory.id_of(address)
        day = now.astimezone(UTC).date().isoformat()
        if self.sign_ins.count(person, "TESTS", day, expires_at=now + _A_DAY_COUNTED_FOR) > MOST_TESTS_A_DAY:
            raise NotNowError(
                Message(
                    "Keys can send %(number)s tests of drafts to one address in a day. Wait for the next day.",
                    {"number": MOST_TESTS_A_DAY},
                )
            )


@dataclass(kw_only=True, frozen=True, slots=True)
class DraftTestPost:
    """Sends test emails of drafts."""

    drafting: Drafting
    sampling: Sampling
    post: Post

    def send(self, campaign: str, to: str) -> str | None:
        """Send a test email of the draft as it is now, and return its message id. Raises what `Post.send` raises.

        Return None if the draft was discarded, or has mistakes since.
        """
        try:
            draft = self.drafting.draft(campaign)
        except NotFoundError:
            return None
        compiled = self.drafting.check(draft).compiled
        return self.post.send(self.sampling.delivery(compiled, to)) if compiled else None
