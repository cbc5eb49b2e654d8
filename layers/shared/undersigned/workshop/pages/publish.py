"""The step that publishes a draft, and shows how people get to the form."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup

from undersigned.base.colors import PLAIN, accents
from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.signing.rules.form_fields import LINES, form_fields
from undersigned.workshop.pages.changes import changed_letters, changes
from undersigned.workshop.pages.frame import by_hand_words, workshop_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned.base.colors import Accent
    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.publishing import ToPublish

WEBSITES = ("allowed_origins", "frame_origins")
"""The settings that list websites."""

TYPED = ("why", "website", "own-form", "why-close", "why-reopen", "title")
"""The fields of the page. All are sent with each of its buttons."""

ANSWERS: Mapping[str, Message] = {
    "page": Message("On the page above"),
    "paper": Message.in_context("where people sign", "On paper"),
    "wordpress": Message("In WordPress"),
    "builder": Message("In a site builder"),
    "developer": Message("A developer puts it into a website"),
}
"""Where people will sign: each answer has one instruction, and one thing to copy."""

_FRAME_HEIGHT = "max(2750px, 3900px - 175vw)"
"""The height of a frame for a form with everything in it, in a window of any width from 320 pixels."""


def publish(  # noqa: PLR0913  (what the page shows)
    workshop: Workshop,
    found: ToPublish,
    public_url: str,
    *,
    where: str = "",
    typed: Mapping[str, str],
    refused: Message | None = None,
    revision: int,
    fingerprint: str,
    letters: int,
) -> Page:
    """Render what publishing changes, and its button; for a published campaign, also the ways to its form.

    `where` is where people will sign, `typed` what stands in the fields, by their names, and `refused` what is wrong
    with a website that isn't added. The buttons change only the draft and the campaign with this `revision` and
    `fingerprint`. `letters` counts the confirmed ones.
    """
    viewer, controls, now = workshop.viewer, found.controls, found.published.settings
    public = published(now, (*found.published.targets.values(),), public_url) if now else None
    websites = public["websites"] if public else ()
    drafted = [site for name in WEBSITES for site in workshop.sites(name)]
    return workshop_page(
        "workshop/pages/publish.html",
        workshop,
        "publish",
        revision=revision,
        fingerprint=fingerprint,
        letters=letters,
        recipients=len(workshop.table.rows),
        found=found,
        public=public,
        has_changes=not workshop.draft.is_published,
        is_closed=controls.closed_at is not None,
        closed_on=controls.closed_on(viewer.campaign, viewer.local(viewer.now).date()),
        waiting=[site for site in drafted if site not in websites],
        refused=refused,
        is_error=workshop.is_refused or refused is not None,
        website_errors=[viewer.say(refused)] if refused else [],
        answers=[(name, viewer.say(label)) for name, label in ANSWERS.items()],
        where=where,
        typed=defaultdict(str, typed),
        consequences=[viewer.say(message) for message in _consequences(found)],
        changes=changes(found.before, found.after, workshop.language),
    )


def published(campaign: Campaign, targets: tuple[Target, ...], public_url: str) -> Mapping[str, Any]:
    """Return the ways to a campaign's form on a stack with this address, and the HTML to paste into websites.

    `picture` is the path of the picture beside a shared link, on the host of the dashboard. `websites` are the
    origins that are told about the form they show, and `form_websites` those that may send a form of their own.
    """
    address = f"{public_url}/campaigns/{campaign.id}"
    label = Message("Sign the letter").in_language(campaign.language)
    open_it = Message("Open the letter on a page of its own").in_language(campaign.language)
    accent, _ = accents(campaign.accent or PLAIN)
    return {
        "address": address,
        "qr": Markup(_qr_code(address)),  # noqa: S704  (the lines of a picture)
        "sources": campaign.sources,
        "script": (
            f'<undersigned-form data-campaign="{campaign.id}"><a href="{address}">{label}</a></undersigned-form>\n'
            f'<script src="{public_url}/embed.js" data-campaign="{campaign.id}" async></script>'
        ),
        "frame": (
            f'<iframe src="{address}/embed" title="{label}" width="100%" height="3300" '
            f'style="display: block; border: 0; height: {_FRAME_HEIGHT}"></iframe>\n'
            f'<p><a href="{address}">{open_it}</a></p>'
        ),
        "link": f'<a href="{address}">{label}</a>',
        "shortcode": f'[undersigned link="{address}"]',
        "button": (
            f'<a href="{address}" target="_blank" style="display: inline-block; padding: .7em 1.25em; '
            f"border-radius: 4px; background: {accent.color}; color: {accent.on}; font-weight: 600; "
            f'text-decoration: none">{label}</a>'
        ),
        "own_form": _own_form(campaign, Roster.of(targets), public_url, accent),
        "websites": campaign.framing_origins,
        "any_website": campaign.any_website,
        "form_websites": campaign.allowed_origins,
        "picture": f"/campaigns/{campaign.id}/share.png",
        "title": campaign.title,
        "summary": campaign.summary,
        "host": urlsplit(public_url).netloc,
        "origin": public_url,
    }


def _own_form(campaign: Campaign, roster: Roster, public_url: str, accent: Accent) -> str:
    """Return a form with a little style that posts to the campaign (docs/embedding/own-form.md)."""
    from undersigned.base.environment import page_environment

    privacy = campaign.privacy_notice(public_url, campaign.language)
    template = page_environment(campaign.language).get_template("workshop/pages/own_form.html")
    hidden = "region" if campaign.state == "optional" else ""
    fields = [each for each in form_fields(campaign, roster) if each.name in LINES and each.name != hidden]
    return template.render(
        campaign=campaign,
        fields=fields,
        asks_for_town=roster.only is None,
        address=f"{public_url}/campaigns/{campaign.id}",
        privacy=privacy,
        accent=accent,
    ).strip()


def _qr_code(address: str) -> str:
    # Only the pages that show one load its library.
    from undersigned.base.qr_codes import qr_code

    return qr_code(address)


def _consequences(found: ToPublish) -> Iterator[Message]:
    """Yield what follows from publishing."""
    if found.changes and (by_hand := [target.name for target in found.compiled.targets if target.by_hand]):
        yield by_hand_words(by_hand)
    if changed_letters(found.before, found.after):
        yield Message("People who sign from now on sign the new letter. Letters that are signed stay as they are.")
    if any(change.kind == "retired" for change in found.changes):
        yield Message("Letters that wait for a recipient who is removed are still sent.")
