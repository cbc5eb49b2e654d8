"""People: who may organize what, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from undersigned.services.people.access import Access
from undersigned.services.people.directory import Directory
from undersigned.services.people.known_campaigns import KnownCampaigns
from undersigned.services.people.own_campaigns import OwnCampaigns
from undersigned.services.people.people import KeysOfCampaign, PeopleOfCampaign
from undersigned.services.people.sessions import Sessions
from undersigned.services.people.signing_in import MOST_ASKED_A_MINUTE, SigningIn
from undersigned.services.signing.abuse_checks import NetworkLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.services.people.people_post import PeoplePost
    from undersigned.wiring.clients import Clients
    from undersigned.wiring.operating import OperatingCases


@dataclass(frozen=True)
class PeopleCases:
    """The use cases of organizers' access."""

    stack: Clients
    operating: Callable[[], OperatingCases]

    @cached_property
    def access(self) -> Access:
        return self.stack.make(Access, keys=self.stack.api_keys)

    @cached_property
    def directory(self) -> Directory:
        return self.stack.make(Directory, people=self.stack.people_rows, admin_email=self.stack.settings.admin_email)

    @cached_property
    def known_campaigns(self) -> KnownCampaigns:
        return self.stack.make(KnownCampaigns)

    @cached_property
    def sessions(self) -> Sessions:
        return self.stack.make(
            Sessions,
            access=self.access,
            people=self.stack.people_rows,
            directory=self.directory,
            known=self.known_campaigns,
            tokens=self.stack.organizer_tokens,
        )

    @cached_property
    def signing_in(self) -> SigningIn:
        return self.stack.make(
            SigningIn,
            directory=self.directory,
            mails=lambda: self.stack.people_mails,
            sessions=self.sessions,
            tokens=self.stack.organizer_tokens,
        )

    @cached_property
    def sign_in_limit(self) -> NetworkLimit:
        return self.stack.make(
            NetworkLimit,
            counters=self.stack.abuse_counters,
            # Counted apart from forms.
            keys=lambda: [f"sign-in:{key}" for key in self.stack.token_keys()],
            forms_a_minute=MOST_ASKED_A_MINUTE,
        )

    @cached_property
    def people_post(self) -> PeoplePost:
        from undersigned.services.people.people_post import PeoplePost

        return self.stack.make(
            PeoplePost,
            people=self.stack.people_rows,
            directory=self.directory,
            post=self.stack.people_mailbox,
            tokens=self.stack.organizer_tokens,
        )

    @cached_property
    def of_campaign(self) -> PeopleOfCampaign:
        return self.stack.make(
            PeopleOfCampaign,
            people=self.stack.people_rows,
            keys=self.keys_of_campaign,
            directory=self.directory,
            known=self.known_campaigns,
            mails=lambda: self.stack.people_mails,
        )

    @cached_property
    def keys_of_campaign(self) -> KeysOfCampaign:
        return self.stack.make(KeysOfCampaign, keys=self.stack.api_keys)

    @cached_property
    def own_campaigns(self) -> OwnCampaigns:
        return self.stack.make(OwnCampaigns, people=self.stack.people_rows, overviews=self.operating().overviews)
