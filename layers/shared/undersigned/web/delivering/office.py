"""The office’s page, and the public one behind the link on the covers of packets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.web.public_frame import public_page

if TYPE_CHECKING:
    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.languages import Message
    from undersigned.services.delivering.office import Sent
    from undersigned.services.delivering.stopping import Stopped
    from undersigned.web.page import Page


def office_page(sent: Sent, token: str, typed: str = "", mistake: Message | None = None) -> Page:
    """Render what was sent to an office, in sections, each with the form of what its link may do.

    `mistake` is what is wrong with the address that somebody typed.
    """
    language = sent.campaign.language
    said = mistake.in_language(language) if mistake else ""
    return public_page(
        "office.html",
        language,
        sent.campaign,
        sent=sent,
        whom=sent.target.addressed(language),
        token=token,
        typed=typed,
        mistake=said[:1].upper() + said[1:],
    )


def stopped_page(campaign: Campaign, target: Target) -> Page:
    """Render the answer to a stop."""
    whom = target.addressed(campaign.language)
    return public_page("office_stopped.html", campaign.language, campaign, whom=whom)


def resume_page(found: Stopped, token: str) -> Page:
    """Render the button that resumes the emails, or what became of them."""
    campaign, language = found.campaign, found.campaign.language
    whom = found.target.addressed(language)
    return public_page("office_resume.html", language, campaign, found=found, whom=whom, token=token)


def cover_page(sent: Sent) -> Page:
    """Render what was sent to an office for anyone who reads a cover: no form, no address, no person’s name."""
    return public_page("office_cover.html", sent.campaign.language, sent.campaign, sent=sent, target=sent.target)
