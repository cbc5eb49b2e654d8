"""The office’s page, and the public one behind the link on the covers of packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.campaigns.public_frame import public_page

if TYPE_CHECKING:
    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.delivering.office import Sent


def office_page(sent: Sent, token: str | None = None) -> Page:
    """Render what was sent to an office, with the forms of what its link may do.

    Without a token, it is for anyone who reads a cover: no form, no address, no person’s name.
    """
    language = sent.campaign.language
    whom = sent.target.addressed(language)
    return public_page("delivering/pages/office.html", language, sent.campaign, sent=sent, whom=whom, token=token)


def stopped_page(campaign: Campaign, target: Target) -> Page:
    """Render the answer to a stop."""
    whom = target.addressed(campaign.language)
    return public_page("delivering/pages/office_stopped.html", campaign.language, campaign, whom=whom)
