"""The step that publishes a draft, and shows how people get to the form."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup

from undersigned.authoring.sites import builder_of
from undersigned.domain.authoring.colors import PLAIN, accents
from undersigned.domain.languages import Message, name_of
from undersigned.web.authoring.changes import changes
from undersigned.web.authoring.frame import by_hand_words, heading_of, workshop_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.authoring.colors import Accent
    from undersigned.services.authoring.drafting import ToPublish
    from undersigned.services.authoring.publishing_effects import Effects, LetterChange, TargetChange
    from undersigned.web.authoring.frame import Workshop
    from undersigned.web.page import Page

WEBSITES = ("allowed_origins", "frame_origins")
"""The settings that list websites."""

TYPED = ("why", "over", "website", "own-form", "why-close", "why-reopen", "campaign")
"""The fields of the page. All are sent with each of its buttons."""

ANSWERS: Mapping[str, Message] = {
    "page": Message("On our page"),
    "paper": Message.in_context("where people sign", "On paper"),
    "builder": Message("In a site builder"),
    "developer": Message("A developer puts it into a website"),
}
"""Where people will sign: each answer has one instruction, and one thing to copy."""

_MOST_NAMED = 10

_FRAME_HEIGHT = "max(2750px, 3900px - 175vw)"
"""The height of a frame for a form with everything in it, in a window of any width from 320 pixels."""


@dataclass(frozen=True, slots=True)
class TypedWebsite:
    """A website that is not added: its address as typed, the reason, and whether its pages can have a button."""

    address: str
    mistake: Message
    gets_button: bool = False


def refused_website(typed: str, origin: str | Message) -> TypedWebsite | None:
    """Return what is wrong with a website that somebody typed; None if it can be added."""
    if isinstance(origin, Message):
        return TypedWebsite(typed, origin)
    if builder := builder_of(origin):
        message = Message(
            "%(builder)s shows what you paste in a frame whose own address changes, so no campaign can allow it. Use "
            "a button that links to the letter’s own page.",
            {"builder": builder},
        )
        return TypedWebsite(typed, message, gets_button=True)
    return None


def publish(  # noqa: PLR0913  (what the page shows)
    workshop: Workshop,
    found: ToPublish,
    public_url: str,
    *,
    where: str = "",
    typed: Mapping[str, str],
    refused: TypedWebsite | None = None,
    revision: int,
) -> Page:
    """Render the effects of publishing, and its button; for a published campaign, also the ways to its form.

    `where` is where people will sign, `typed` what stands in the fields, by their names, `refused` a website that isn't
    added, and `revision` the only one that the buttons change.
    """
    viewer, effects, controls = workshop.viewer, found.effects, found.controls
    public = published(found.published, public_url) if found.published else None
    websites = public["websites"] if public else ()
    drafted = [name_of_site(site) for name in WEBSITES for site in workshop.sites(name)]
    return workshop_page(
        "workshop_publish.html",
        workshop,
        "publish",
        revision=revision,
        effects=effects,
        public=public,
        has_changes=not workshop.draft.is_published,
        is_closed=controls.closed_at is not None,
        closed_on=controls.closed_on(viewer.campaign, viewer.local(viewer.now).date()),
        waiting=[site for site in drafted if site not in websites],
        refused=refused,
        is_error=workshop.is_refused or refused is not None,
        website_errors=[viewer.say(refused.mistake)] if refused else [],
        answers=[(name, viewer.say(label)) for name, label in ANSWERS.items()],
        where=where,
        typed=defaultdict(str, typed),
        texts=[*map(viewer.say, _effect_texts(workshop, effects))] if effects else (),
        changes=changes(found.before, found.after, workshop.language),
    )


def published(campaign: Campaign, public_url: str) -> Mapping[str, Any]:
    """Return the ways to a campaign's form on a stack with this address, and the HTML to paste into websites.

    `picture` is the path of the picture beside a shared link, on the host of the dashboard. `websites` are the names of
    those that may show the form, and `form_websites` of those that may send a form of their own.
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
        "button": (
            f'<a href="{address}" target="_blank" style="display: inline-block; padding: .7em 1.25em; '
            f"border-radius: 4px; background: {accent.color}; color: {accent.on}; font-weight: 600; "
            f'text-decoration: none">{label}</a>'
        ),
        "own_form": _own_form(campaign, public_url, address, accent),
        "websites": tuple(map(name_of_site, campaign.framing_origins)),
        "form_websites": tuple(map(name_of_site, campaign.allowed_origins)),
        "picture": f"/campaigns/{campaign.id}/share.png",
        "title": campaign.title,
        "summary": campaign.summary,
        "host": urlsplit(public_url).netloc,
    }


def name_of_site(origin: str) -> str:
    """Return a website's origin as people write it."""
    return origin.removeprefix("https://")


def _own_form(campaign: Campaign, public_url: str, address: str, accent: Accent) -> str:
    """Return a form with a little style that posts to the campaign (docs/embedding/own-form.md)."""
    from undersigned.web.environment import environment

    privacy = campaign.privacy_notice(public_url, campaign.language)
    template = environment(campaign.language).get_template("own_form.html")
    return template.render(campaign=campaign, address=address, privacy=privacy, accent=accent).strip()


def _qr_code(address: str) -> str:
    # Only the pages that show one load its library.
    from undersigned.rendering.qr_codes import qr_code

    return qr_code(address)


def _effect_texts(workshop: Workshop, effects: Effects) -> Iterator[Message]:
    """Yield the effects of the changes in words, with the numbers of signers and letters."""
    yield from map(_letter_effect, () if effects.is_new else effects.letters)
    yield from _recipient_effects(effects, workshop.language)
    if effects.by_hand:
        yield by_hand_words(effects.by_hand)


def _letter_effect(change: LetterChange) -> Message:
    if change.before is None:
        return Message("People can sign the letter in %(language)s.", {"language": name_of(change.language)})
    values = {"language": name_of(change.language), "number": change.signed}
    if not change.signed:
        return Message("%(language)s: people sign the new text from now on.", values)
    if change.at_least:
        return Message(
            "%(language)s: people who sign from now on sign the new text. At least %(number)s signed the earlier one; "
            "their letters stay as they are.",
            values,
        )
    return Message.counted(
        "%(language)s: people who sign from now on sign the new text. %(number)s person signed the earlier one; "
        "that letter stays as it is.",
        "%(language)s: people who sign from now on sign the new text. %(number)s people signed the earlier one; "
        "their letters stay as they are.",
        change.signed,
        values,
    )


def _recipient_effects(effects: Effects, language: str) -> Iterator[Message]:
    if effects.added and not effects.is_new:
        yield Message("New: %(names)s.", {"names": _listed(effects.added)})
    for change in effects.changed:
        values: dict[str, object] = {
            "name": _name(change),
            "columns": ", ".join(heading_of(column, language) for column in change.changed),
            "number": change.waiting,
        }
        yield Message.counted(
            "%(name)s: changed (%(columns)s). %(number)s letter waits.",
            "%(name)s: changed (%(columns)s). %(number)s letters wait.",
            change.waiting,
            values,
        )
        if change.bounced:
            yield Message(
                "%(name)s: an email to the old address bounced. After publishing, open that delivery under Deliveries "
                "and press “Send again”.",
                values,
            )
    for change in effects.retired:
        yield Message.counted(
            "No longer a recipient: %(name)s. %(number)s letter waits, and is still sent.",
            "No longer a recipient: %(name)s. %(number)s letters wait, and are still sent.",
            change.waiting,
            {"name": _name(change), "number": change.waiting},
        )


def _name(change: TargetChange) -> str:
    target = change.after or change.before
    return f"{target.name}, {target.locality}" if target else change.id


def _listed(changes: Sequence[TargetChange]) -> str:
    names = "; ".join(_name(change) for change in changes[:_MOST_NAMED])
    return names if len(changes) <= _MOST_NAMED else f"{names}; …"
