"""The end of the workshop: check a draft, publish it, or discard it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.dashboard_routes import HOME, dashboard_routes, public_url, viewer_of
from functions.organizer_api.drafts import MOST_TIME
from functions.organizer_api.workshop import address_of, revision_of, workshop_of
from undersigned.authoring.mistakes import MistakesError
from undersigned.authoring.sites import pasted_origin
from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.domain.authoring.drafts import ChangedMeanwhileError, DraftConflictError, PublishedMeanwhileError
from undersigned.domain.signing.sources import labelled_path
from undersigned.web.answers import dashboard_page, download, moved
from undersigned.web.authoring import publish as publish_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.authoring.setting_kinds import Value
    from undersigned.web.authoring.frame import Workshop
    from undersigned.web.authoring.publish import TypedWebsite
    from undersigned.web.organizer_requests import DashboardRequest
    from undersigned.web.page import Page

pages = dashboard_routes()


@pages.get("/workshop/publish", "manage")
def publish(request: DashboardRequest) -> Response[str]:
    """Show the effects of publishing, and for a published campaign the ways to its form."""
    return dashboard_page(_publish_page(request, workshop_of(request)))


def _publish_page(
    request: DashboardRequest,
    workshop: Workshop,
    *,
    why: str = "",
    refused: TypedWebsite | None = None,
    not_named: DraftConflictError | None = None,
) -> Page:
    found = wired.stack.authoring.drafting.to_publish(workshop.draft)
    where = "developer" if refused else request.query("where") or ""
    return publish_pages.publish(
        workshop, found, public_url(request.event), where=where, why=why, refused=refused, not_named=not_named
    )


@pages.does("publish")
def publish_draft(request: DashboardRequest) -> Response[str]:
    """Publish the draft as the page showed it; if it changed meanwhile, show it, and keep the reason."""
    is_over, why = request.posted("over") == "yes", request.why()
    try:
        wired.stack.authoring.drafting.publish(request.campaign, revision_of(request), request.by, why, over=is_over)
    except (ChangedMeanwhileError, PublishedMeanwhileError) as error:
        workshop = workshop_of(request)
        if isinstance(error, ChangedMeanwhileError):
            workshop = replace(workshop, viewer=replace(workshop.viewer, done="changed"))
        return dashboard_page(_publish_page(request, workshop, why=why), status=409)
    except MistakesError:
        workshop = replace(workshop_of(request), is_refused=True)
        return dashboard_page(_publish_page(request, workshop, why=why), status=422)
    return moved(address_of(request, "publish?done=published#where"))


@pages.post("/workshop/website", "manage")
def add_website(request: DashboardRequest) -> Response[str]:
    """Add a website to the draft: it may show the form, or also send a form of its own."""
    typed = request.posted("website")
    origin = pasted_origin(typed)
    workshop = workshop_of(request)
    if refused := publish_pages.refused_website(typed, origin):
        return dashboard_page(_publish_page(request, workshop, refused=refused), status=422)
    changed = _with_website(workshop, str(origin), own_form=request.posted("own-form") == "yes")
    try:
        wired.stack.authoring.drafting.write(request.campaign, workshop.draft.revision, {}, request.by, changed)
    except ChangedMeanwhileError:
        return moved(address_of(request, "publish?done=changed"))
    except MistakesError:
        return moved(address_of(request, "settings"))
    return moved(address_of(request, f"publish?where=developer{'&done=website-added' if changed else ''}#website"))


def _with_website(workshop: Workshop, origin: str, *, own_form: bool) -> Mapping[str, Value]:
    """Return the settings that a further website changes. A website that may send its own form may also show ours."""
    allowed, framing = (workshop.sites(name) for name in publish_pages.WEBSITES)
    if origin in allowed or (origin in framing and not own_form):
        return {}
    if own_form:
        return {
            "allowed_origins": [*allowed, origin],
            "frame_origins": [site for site in framing if site != origin] or None,
        }
    return {"frame_origins": [*framing, origin]}


@pages.post("/workshop/name", "own")
def rename(request: DashboardRequest) -> Response[str]:
    """Give a draft that was never published another short name."""
    try:
        made = wired.stack.authoring.drafting.rename(
            request.campaign, revision_of(request), request.posted("name"), request.by
        )
    except DraftConflictError as error:
        page = _publish_page(request, workshop_of(request), not_named=error)
        return dashboard_page(page, status=422)
    return moved(f"{dashboard_path(made.campaign)}/workshop/publish?done=saved")


@pages.get("/workshop/qr", "manage")
def code_of_form(request: DashboardRequest) -> Response[bytes]:
    """Download the QR code of the form's address as SVG, for one of the campaign's sources if the address names it."""
    from undersigned.rendering.qr_codes import qr_code

    campaign = wired.stack.catalog.entry(request.campaign).campaign
    source = request.query("source")
    path = labelled_path(campaign, source)
    name = f"{campaign.id}-{source}-qr.svg" if source in campaign.sources else f"{campaign.id}-qr.svg"
    svg = qr_code(f"{public_url(request.event)}{path}", border=4)
    return download(svg.encode(), "image/svg+xml", name)


@pages.get("/workshop/paper", "manage")
def form_on_paper(request: DashboardRequest) -> Response[bytes]:
    """Download the letter to sign on paper, to the recipient that the address names, or with a line for theirs."""
    from undersigned.rendering.paper_forms import paper_form

    entry, named = wired.stack.catalog.entry(request.campaign), request.query("target")
    known = [*entry.roster.by_id.values()]
    targets = [entry.target(named)] if named else [target for target in known if not target.retired] or known
    pdf = paper_form(entry.campaign, entry.letters, targets, public_url(request.event))
    return download(pdf, "application/pdf", f"{'-'.join(filter(None, (entry.campaign.id, named, 'paper')))}.pdf")


@pages.does("discard draft")
def discard(request: DashboardRequest) -> Response[str]:
    """Delete the draft as the page showed it."""
    is_published = viewer_of(request).is_published
    try:
        wired.stack.authoring.drafting.discard(request.campaign, revision_of(request), request.by)
    except ChangedMeanwhileError:
        return moved(address_of(request, "publish?done=changed"))
    return moved(address_of(request, "letter?done=discarded") if is_published else HOME)


@pages.does("close")
def close(request: DashboardRequest) -> Response[str]:
    """End the signing. Letters that wait are still sent."""
    wired.stack.operating.closing.close(request.campaign, request.by, request.why())
    return moved(address_of(request, "publish?done=closed"))


@pages.does("reopen")
def reopen(request: DashboardRequest) -> Response[str]:
    """Let people sign again."""
    wired.stack.operating.closing.reopen(request.campaign, request.by, request.why())
    return moved(address_of(request, "publish?done=reopened"))


@pages.post("/workshop/delete", "own")
def delete(request: DashboardRequest) -> Response[str]:
    """Delete a campaign whose time is over, if its short name was typed to confirm it."""
    if request.posted("campaign") != request.campaign:
        return moved(address_of(request, "publish?done=not-deleted"))
    until = wired.stack.clock() + MOST_TIME
    deleted = wired.stack.operating.deleting.delete(request.campaign, lambda: wired.stack.clock() > until)
    return moved(HOME if deleted.is_done else address_of(request, "publish?done=deleting"))
