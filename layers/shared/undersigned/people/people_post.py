"""The emails to people: codes to sign in with, and invitations. No budget and no brake delays them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.base.errors import NotFoundError
from undersigned.people import emails as people_mails
from undersigned.people.rules.people import MOST_MAILS_AN_HOUR

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.emails import Mail, Sender
    from undersigned.base.mailbox import Mailbox
    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.people.directory import Directory
    from undersigned.people.rows.people import People
    from undersigned.people.rows.sign_ins import SignInCount, SignIns
    from undersigned.tokens import OrganizerTokens

type PeoplePostOutcome = Literal["sent", "nobody", "too late", "too many"]

_COUNTED_FOR = timedelta(hours=2)


@dataclass(kw_only=True, frozen=True, slots=True)
class PeoplePost:
    """Sends emails to people."""

    campaigns: Campaigns
    people: People
    sign_ins: SignIns
    directory: Directory
    post: Mailbox
    tokens: OrganizerTokens
    sender: Sender
    clock: Callable[[], datetime]

    def send_sign_in(self, request: str) -> PeoplePostOutcome:
        """Send the email of a sign-in request, if somebody who can sign in has the address.

        Raises the errors of `Mailbox.send`. A second email about the same request has the same code.
        """
        found = self.sign_ins.request(request)
        if found is None or not found.is_open(self.clock()):
            return "too late"
        person = self.directory.person(found.person)
        if person is None:
            return "nobody"
        mail = people_mails.sign_in(self.sender, person.email, found.language, self.tokens.code_of(found))
        return self._send(mail, person.id, "MAILS")

    def send_invitation(self, campaign: str, person: str) -> PeoplePostOutcome:
        """Send the invitation of a campaign's person, unless they were removed. Raises the errors of `Mailbox.send`."""
        member = self.people.member(campaign, person)
        if member is None:
            return "nobody"
        settings: Campaign | None
        try:
            settings = self.campaigns.campaign(campaign)
        except NotFoundError:
            # It was never published: its people write its draft.
            settings = None
        return self._send(people_mails.invitation(self.sender, settings, member), person, "INVITATIONS")

    def _send(self, mail: Mail, person: str, count: SignInCount) -> Literal["sent", "too many"]:
        """Send an email, unless the person had too many in this hour. One that SES didn't take doesn't count.

        It counts before it is sent, so that messages at the same moment don't pass the limit together.
        """
        now = self.clock()
        hour = now.astimezone(UTC).isoformat(timespec="hours")
        if self.sign_ins.count(person, count, hour, expires_at=now + _COUNTED_FOR) > MOST_MAILS_AN_HOUR:
            return "too many"
        try:
            self.post.send(mail)
        except Exception:
            # It is tried again. In an outage of SES, its tries would use up the hour, and the email would be lost.
            self.sign_ins.give_back(person, count, hour)
            raise
        return "sent"
