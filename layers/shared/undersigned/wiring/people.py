"""People: who may organize what, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.people.access import Access
from undersigned.people.directory import Directory
from undersigned.people.membership import KeysOfCampaign, PeopleOfCampaign
from undersigned.people.sessions import Sessions
from undersigned.people.signing_in import MOST_ASKED_A_MINUTE, SigningIn
from undersigned.services.people.known_campaigns import KnownCampaigns
from undersigned.services.people.own_campaigns import OwnCampaigns
from undersigned.services.signing.abuse_checks import NetworkLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.people.people_post import PeoplePost
    from undersigned.wiring.clients import Clients
    from undersigned.wiring.operating import OperatingCases


@dataclass(frozen=True)
class PeopleCases:
    """The use cases of organizers' access."""

    stack: Clients
    operating: Callable[[], OperatingCases]

    @cached_property
    def access(self) -> Access:
        return Access(keys=self.stack.api_keys, abuse_counters=self.stack.abuse_counters, clock=self.stack.clock)

    @cached_property
    def directory(self) -> Directory:
        return Directory(
            people=self.stack.people_rows, secret=self.stack.secret, admin_email=self.stack.settings.admin_email
        )

    @cached_property
    def known_campaigns(self) -> KnownCampaigns:
        return KnownCampaigns(catalog=self.stack.catalog, drafts=self.stack.drafts)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(
            people=self.stack.people_rows,
            directory=self.directory,
            known=self.known_campaigns,
            tokens=self.stack.organizer_tokens,
            clock=self.stack.clock,
        )

    @cached_property
    def signing_in(self) -> SigningIn:
        return SigningIn(
            directory=self.directory,
            sign_ins=self.stack.sign_ins,
            mails=lambda: self.stack.people_mails,
            sessions=self.sessions,
            tokens=self.stack.organizer_tokens,
            clock=self.stack.clock,
        )

    @cached_property
    def sign_in_limit(self) -> NetworkLimit:
        return NetworkLimit(
            counters=self.stack.abuse_counters,
            # Counted apart from forms.
            keys=lambda: [f"sign-in:{key}" for key in self.stack.token_keys()],
            forms_a_minute=MOST_ASKED_A_MINUTE,
            clock=self.stack.clock,
        )

    @cached_property
    def people_post(self) -> PeoplePost:
        from undersigned.people.people_post import PeoplePost

        return PeoplePost(
            campaigns=self.stack.campaigns,
            people=self.stack.people_rows,
            sign_ins=self.stack.sign_ins,
            directory=self.directory,
            post=self.stack.people_mailbox,
            tokens=self.stack.organizer_tokens,
            sender=self.stack.settings.sender,
            clock=self.stack.clock,
        )

    @cached_property
    def of_campaign(self) -> PeopleOfCampaign:
        return PeopleOfCampaign(
            campaigns=self.stack.campaigns,
            people=self.stack.people_rows,
            keys=self.keys_of_campaign,
            directory=self.directory,
            known=self.known_campaigns,
            mails=lambda: self.stack.people_mails,
            clock=self.stack.clock,
            new_id=self.stack.new_id,
        )

    @cached_property
    def keys_of_campaign(self) -> KeysOfCampaign:
        return KeysOfCampaign(
            campaigns=self.stack.campaigns, keys=self.stack.api_keys, clock=self.stack.clock, new_id=self.stack.new_id
        )

    @cached_property
    def own_campaigns(self) -> OwnCampaigns:
        return OwnCampaigns(
            people=self.stack.people_rows,
            campaigns=self.stack.campaigns,
            drafts=self.stack.drafts,
            overviews=self.operating().overviews,
        )
