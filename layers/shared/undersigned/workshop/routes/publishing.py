"""The end of the workshop: check a draft, publish it, or discard it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import undersigned.workshop.actions  # noqa: F401  (what the buttons do)
from undersigned.base.answers import dashboard_page, download, moved
from undersigned.base.languages import Message
from undersigned.base.posted_files import posted_form
from undersigned.campaigns.activity import perform
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.people.routes.dashboard import AFTER_DELETING, viewer_of
from undersigned.people.viewer import NOTICES
from undersigned.signing.rules.sources import labelled_path
from undersigned.workshop import drafting, publishing
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages import publish as publish_pages
from undersigned.workshop.routes.drafts import WorkshopRoutes
from undersigned.workshop.routes.steps import address_of, revision_of, workshop_of
from undersigned.workshop.rules.drafts import ChangedMeanwhileError
from undersigned.workshop.sites import pasted_origin, refusal_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.page import Page
    from undersigned.people.requests import DashboardRequest
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.setting_kinds import Value

NOTICES |= {
    "website-added": Message("The website is in the draft. Publish to show the form there at its full height."),
    "changed": Message("Somebody else changed the campaign meanwhile. This is how it is now. Nothing was published."),
    "deleting": Message("Part of the campaign is deleted. Press the button again to delete the rest."),
    "not-deleted": Message("Nothing was deleted. To confirm, type the campaign’s title."),
}

pages = WorkshopRoutes()


@pages.get("/workshop/publish", "manage")
def publish(request: DashboardRequest) -> Response[str]:
    """Show the effects of publishing, and for a published campaign the ways to its form."""
    return dashboard_page(_publish_page(request, workshop_of(request)))


def _publish_page(
    request: DashboardRequest,
    workshop: Workshop,
    *,
    typed: Mapping[str, str] | None = None,
    refused: Message | None = None,
) -> Page:
    found, where = publishing.to_publish(request.stack, workshop.draft), request.query("where") or ""
    if request.event.http_method == "POST":
        where = "developer" if refused else request.posted("where")
        typed = _typed(request) if typed is None else typed
    return publish_pages.publish(
        workshop,
        found,
        request.base_url,
        where=where,
        typed=typed or {},
        refused=refused,
        # Nothing was saved. If somebody else has saved a change, the next press of the button shows it as new.
        revision=revision_of(request) if refused else workshop.draft.revision,
        fingerprint=request.posted("fingerprint") if refused else found.fingerprint,
        letters=Counters(request.stack.table).total(request.campaign)[0] if found.published.settings else 0,
    )


def _typed(request: DashboardRequest) -> dict[str, str]:
    """Return what was typed on the page, whichever of its buttons was pressed."""
    posted = posted_form(request.event)
    return {name: text for name in publish_pages.TYPED if isinstance(text := posted.get(name), str) and text.strip()}


def done(request: DashboardRequest, what: str, used: Collection[str] = (), anchor: str = "") -> Response[str]:
    """Say on the page what a button did. What was typed for other buttons stands there again."""
    typed = {name: text for name, text in _typed(request).items() if name not in used}
    if not typed:
        where = request.posted("where")
        query = urlencode({**({"where": where} if where else {}), "done": what})
        return moved(address_of(request, f"publish?{query}{anchor}"))
    return dashboard_page(_publish_page(request, _after(workshop_of(request), what), typed=typed))


def _after(workshop: Workshop, what: str) -> Workshop:
    return replace(workshop, viewer=replace(workshop.viewer, done=what))


@pages.does("publish")
def publish_draft(request: DashboardRequest) -> Response[str]:
    """Publish the draft as the page showed it, with a website that was typed.

    If somebody has changed the draft or the campaign, or something is left to do, show that, and keep what was typed.
    """
    stack, revision = request.stack, revision_of(request)
    if refused := _refused_website(request):
        return dashboard_page(_publish_page(request, workshop_of(request), refused=refused), status=422)
    try:
        if request.posted("website"):
            revision = drafting.write(
                stack, request.campaign, revision, {}, request.by, _with_website(request)
            ).revision
        publishing.publish(stack, request.campaign, revision, request.posted("fingerprint"), request.by, request.why())
    except ChangedMeanwhileError:
        return dashboard_page(_publish_page(request, _after(workshop_of(request), "changed")), status=409)
    except MistakesError:
        workshop = replace(workshop_of(request), is_refused=True)
        return dashboard_page(_publish_page(request, workshop), status=422)
    return done(request, "published", {"why", *_website_fields(request)})


@pages.post("/workshop/website", "manage")
def add_website(request: DashboardRequest) -> Response[str]:
    """Add a website to the draft: it may show the form, or also send a form of its own."""
    if refused := _refused_website(request):
        return dashboard_page(_publish_page(request, workshop_of(request), refused=refused), status=422)
    workshop, changed = workshop_of(request), _with_website(request)
    try:
        drafting.write(request.stack, request.campaign, workshop.draft.revision, {}, request.by, changed)
    except ChangedMeanwhileError:
        return dashboard_page(_publish_page(request, _after(workshop_of(request), "changed")), status=409)
    except MistakesError:
        return moved(address_of(request, "settings"))
    return done(request, "website-added" if changed else "", _website_fields(request), "#website")


def _refused_website(request: DashboardRequest) -> Message | None:
    """Return what is wrong with a typed website; None if it can be added, or is empty and not needed."""
    typed = request.posted("website")
    if not typed and not request.event.path.endswith("/website"):
        return None
    return refusal_of(typed)


def _website_fields(request: DashboardRequest) -> Collection[str]:
    return ("website", "own-form") if request.posted("website") else ()


def _with_website(request: DashboardRequest) -> Mapping[str, Value]:
    """Return the settings that a typed website changes. A website that may send its own form may also show ours."""
    workshop, own_form = workshop_of(request), request.posted("own-form") == "yes"
    origin = str(pasted_origin(request.posted("website")))
    allowed, framing = (workshop.sites(name) for name in publish_pages.WEBSITES)
    if origin in allowed or (origin in framing and not own_form):
        return {}
    if own_form:
        return {
            "allowed_origins": [*allowed, origin],
            "frame_origins": [site for site in framing if site != origin] or None,
        }
    return {"frame_origins": [*framing, origin]}


@pages.get("/workshop/qr", "manage")
def code_of_form(request: DashboardRequest) -> Response[bytes]:
    """Download the QR code of the form's address as SVG, for one of the campaign's sources if the address names it."""
    from undersigned.base.qr_codes import qr_code

    campaign = catalog_of(request.stack).entry(request.campaign).campaign
    source = request.query("source")
    path = labelled_path(campaign, source)
    name = f"{campaign.id}-{source}-qr.svg" if source in campaign.sources else f"{campaign.id}-qr.svg"
    svg = qr_code(f"{request.base_url}{path}", border=4)
    return download(svg.encode(), "image/svg+xml", name)


@pages.get("/workshop/paper", "manage")
def form_on_paper(request: DashboardRequest) -> Response[bytes]:
    """Download the letter to sign on paper, to the recipient that the address names, or with a line for theirs."""
    from undersigned.workshop.printing.paper_forms import paper_form

    entry, named = catalog_of(request.stack).entry(request.campaign), request.query("target")
    known = [*entry.roster.by_id.values()]
    targets = [entry.target(named)] if named else [target for target in known if not target.retired] or known
    pdf = paper_form(entry.campaign, entry.letters, targets, request.base_url)
    return download(pdf, "application/pdf", f"{'-'.join(filter(None, (entry.campaign.id, named, 'paper')))}.pdf")


@pages.get("/workshop/wordpress", "manage")
def plugin_for_wordpress(request: DashboardRequest) -> Response[bytes]:  # noqa: ARG001  (the same for everybody)
    """Download the plugin that shows forms in WordPress."""
    from undersigned.workshop.wordpress_plugin import plugin

    return download(plugin(), "application/zip", "undersigned-wordpress.zip")


@pages.does("discard draft")
def discard(request: DashboardRequest) -> Response[str]:
    """Delete the draft as the page showed it; for a campaign that was never published, if its title is typed."""
    is_published = viewer_of(request).is_published
    if not (is_published or is_title_typed(request)):
        return done(request, "not-deleted")
    try:
        drafting.discard(request.stack, request.campaign, revision_of(request), request.by)
    except ChangedMeanwhileError:
        return done(request, "changed")
    return done(request, "discarded") if is_published else moved(AFTER_DELETING)


@pages.does("close")
def close(request: DashboardRequest) -> Response[str]:
    """End the signing. Letters that wait are still sent."""
    perform(request.stack, "close", request.campaign, {"why": request.posted("why-close")}, request.by)
    return done(request, "closed", {"why-close"})


@pages.does("reopen")
def reopen(request: DashboardRequest) -> Response[str]:
    """Let people sign again."""
    perform(request.stack, "reopen", request.campaign, {"why": request.posted("why-reopen")}, request.by)
    return done(request, "reopened", {"why-reopen"})


def is_title_typed(request: DashboardRequest) -> bool:
    """Say whether somebody typed the campaign's title, in capitals or not, and with any apostrophe."""
    # While a campaign is deleted, its settings stay to the end, and nothing else of it.
    campaign = Campaigns(request.stack.table).published(request.campaign) or viewer_of(request).campaign
    typed, title = (
        " ".join(text.replace("'", "’").casefold().split()) for text in (request.posted("title"), campaign.title)
    )
    return typed == title
