"""Asking: an office asks for another address on its page. The organizer decides; see `DeliveryControls`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.authoring.campaigns import AskedAddress
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message
from undersigned.domain.signing.addresses import email_mistake, mailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.offices import OfficeRows
    from undersigned.aws.queue import PeopleMails
    from undersigned.services.delivering.office import Offices


@dataclass(kw_only=True, frozen=True, slots=True)
class AddressRequests:
    """Keeps the last address that an office asks for. The organizer gets one email until it is decided."""

    offices: Offices
    office_rows: OfficeRows
    mails: Callable[[], PeopleMails]
    clock: Callable[[], datetime]

    def ask(self, token: str, email: str) -> None:
        """Ask for another address with the link of an office's page. Asking twice for the same one changes nothing.

        Raises GivenError for an address that can't be one, or that the letters go to already, AnotherMailboxError, and
        the errors of `Offices.office`.
        """
        campaign, target = self.offices.acting(token)
        if mistake := email_mistake(email):
            raise GivenError(mistake)
        wanted, asked = mailable(email), target.asked
        if wanted.lower() == target.email.lower():
            raise GivenError(Message("Letters already go to this address."))
        if asked is None or asked.email != wanted:
            self.office_rows.ask_address(campaign.id, target, AskedAddress(wanted, self.clock()))
        if asked is None or not asked.told:
            # Also after a failure between the two: queueing it twice sends one email.
            self.mails().put_asked(campaign.id, target.id)
