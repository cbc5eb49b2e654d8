"""The dashboard's pages: overview, targets, deliveries, letters, exports and the activity log."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import undersigned.organizing.actions  # noqa: F401  (what the buttons do)
from undersigned.base.answers import dashboard_page, framed_mail, moved
from undersigned.base.languages import Message
from undersigned.campaigns.activity import perform
from undersigned.campaigns.catalog import current_period
from undersigned.campaigns.cursors import AUDIT_POSITION, SIGNATURE_POSITION, TARGET_POSITION
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.deliveries import delivery_history, delivery_record
from undersigned.organizing.exporting import get_export, link_to, recent_exports
from undersigned.organizing.letters import letter_record, letter_signed_with, letters_with_name, list_letters
from undersigned.organizing.listing import newest_activity
from undersigned.organizing.overviews import Overview
from undersigned.organizing.pages.audit import audit_page
from undersigned.organizing.pages.deliveries import deliveries_page, delivery_page
from undersigned.organizing.pages.exports import exports_page
from undersigned.organizing.pages.overview import overview_page
from undersigned.organizing.pages.recipients import COLUMNS, preview_page, target_page
from undersigned.organizing.pages.signatures import named_page, signature_page, signatures_page
from undersigned.organizing.routes import deliveries as api_deliveries
from undersigned.organizing.routes import next_deliveries
from undersigned.organizing.routes.signatures import filter_of
from undersigned.organizing.rules.exports import EXPORTED, NEWS
from undersigned.people.routes.dashboard import DashboardRoutes, done, viewer_of
from undersigned.people.viewer import NOTICES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.page import Page
    from undersigned.people.requests import DashboardRequest
    from undersigned.people.viewer import Viewer

pages = DashboardRoutes()


NOTICES |= {
    "none-found": Message("Nobody has signed with this email address."),
}

TARGETS_SHOWN = 50
ROWS_SHOWN = 25

# A person and a program download these files in the same way.
pages.get("/targets/<target>/next/mail", "manage")(next_deliveries.preview_mail)
pages.get("/targets/<target>/next/packets/<number>", "manage")(next_deliveries.preview_packet)
pages.get("/deliveries/<period>/<target>/packets/<number>", "manage")(api_deliveries.fetch_packet)


@pages.get("", "read")
def overview(request: DashboardRequest) -> Response[str]:
    """Show a campaign's figures and what needs attention."""
    viewer = viewer_of(request)
    if not viewer.is_published:
        return moved(f"{viewer.home}/workshop")
    after = request.position(TARGET_POSITION)
    found = Overview(request.stack, request.campaign, after, TARGETS_SHOWN)
    form_url = f"{request.base_url}/campaigns/{request.campaign}"
    sort = request.choice("sort", COLUMNS) or "recipient"
    descending = request.choice("order", ("ascending", "descending")) == "descending"
    return dashboard_page(overview_page(viewer, found, form_url, sort, descending=descending))


@pages.get("/targets/<target>", "read")
def target(request: DashboardRequest, target: str) -> Response[str]:
    """Show a target: its waiting letters, its deliveries and its buttons."""
    viewer = viewer_of(request)
    return dashboard_page(recipient_page(request, viewer, target))


def recipient_page(
    request: DashboardRequest,
    viewer: Viewer,
    target: str,
    *,
    typed: Mapping[str, str] | None = None,
    error: Message | None = None,
) -> Page:
    """Make a target's page; after a mistake in the form of an answer, with what was typed."""
    found = Overview(request.stack, request.campaign)
    found.campaign = viewer.campaign
    return target_page(viewer, found, found.target(target), typed=typed, error=error)


@pages.get("/targets/<target>/next", "manage")
def preview(request: DashboardRequest, target: str) -> Response[str]:
    """Preview the email that a delivery would send to a target now."""
    made, viewer = next_deliveries.preview_of(request, target), viewer_of(request)
    today = date.fromisoformat(current_period(request.stack, viewer.campaign))
    return dashboard_page(preview_page(viewer, made, today), has_frames=True)


@pages.get("/targets/<target>/next/email", "manage")
def preview_email(request: DashboardRequest, target: str) -> Response[str]:
    """Show the previewed email in the page's frame."""
    return framed_mail(next_deliveries.mail_of(request, target).shown_html)


@pages.get("/deliveries", "read")
def deliveries(request: DashboardRequest) -> Response[str]:
    """Show deliveries, newest first."""
    after = api_deliveries.after(request)
    found, last = delivery_history(request.stack, request.campaign, None, None, after, ROWS_SHOWN)
    return dashboard_page(deliveries_page(viewer_of(request), found, last))


@pages.get("/deliveries/<period>/<target>", "read")
def delivery(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Show one delivery with its packets and the events of its email."""
    record = delivery_record(request.stack, DeliveryKey(request.campaign, target, period))
    state = Overview(request.stack, request.campaign).state_of(record.target)
    shown = delivery_page(viewer_of(request), record, state)
    return dashboard_page(shown, has_frames=True)


@pages.get("/deliveries/<period>/<target>/email", "manage")
def delivery_email(request: DashboardRequest, period: str, target: str) -> Response[str]:
    """Show the email of a delivery in the page's frame, written again from what is stored."""
    from undersigned.delivering.packing import email_again

    record = delivery_record(request.stack, DeliveryKey(request.campaign, target, period))
    sender = next_deliveries.sender_at(request)
    email = email_again(request.stack, sender, record.delivery, record.signers, record.packets)
    return framed_mail(email.shown_html)


@pages.get("/signatures", "manage")
def signatures(request: DashboardRequest) -> Response[str]:
    """Show letters, newest first."""
    wanted = filter_of(request)
    after = request.position(SIGNATURE_POSITION)
    found = list_letters(request.stack, request.campaign, wanted, after, ROWS_SHOWN)
    return dashboard_page(signatures_page(viewer_of(request), found, wanted))


@pages.post("/signatures", "manage")
def find_signature(request: DashboardRequest) -> Response[str]:
    """Redirect to the letter signed with an email address, or show the letters whose name has some words.

    Both are posted, to keep them out of URLs and logs.
    """
    wanted = request.posted("find")
    if "@" in wanted:
        if letter := letter_signed_with(request.stack, request.campaign, wanted):
            return moved(f"{request.home}/signatures/{letter.signer}")
        return done(request, "none-found", "/signatures")
    name, after = request.posted_person("find"), request.posted_position(SIGNATURE_POSITION)
    found = letters_with_name(request.stack, request.campaign, name, after, ROWS_SHOWN)
    return dashboard_page(named_page(viewer_of(request), found, name, request.stack.limits.names_read))


@pages.get("/signatures/<signer>", "manage")
def signature(request: DashboardRequest, signer: str) -> Response[str]:
    """Show a letter, what became of it, and its buttons."""
    return dashboard_page(signature_page(viewer_of(request), letter_record(request.stack, request.campaign, signer)))


@pages.get("/exports", "manage")
def exports(request: DashboardRequest) -> Response[str]:
    """Show the exports and the form that requests one."""
    found = recent_exports(request.stack, request.campaign)
    return dashboard_page(exports_page(viewer_of(request), found))


@pages.does("export")
def request_export(request: DashboardRequest) -> Response[str]:
    """Request an export."""
    given = {
        "target": request.posted("target"),
        "status": request.posted_choice("status", EXPORTED) or "",
        "news": request.posted_choice("news", NEWS) or "",
        "new": request.posted_choice("new", ("yes",)) or "",
    }
    return done(request, perform(request.stack, "export", request.campaign, given, request.by), "/exports")


@pages.get("/exports/<export>", "manage")
def fetch_export(request: DashboardRequest, export: str) -> Response[str]:
    """Redirect to an export's file."""
    return moved(link_to(request.stack, get_export(request.stack, request.campaign, export)), status=302)


@pages.get("/audit", "manage")
def audit(request: DashboardRequest) -> Response[str]:
    """Show the activity log."""
    found = newest_activity(request.stack, request.campaign, request.position(AUDIT_POSITION), ROWS_SHOWN)
    return dashboard_page(audit_page(viewer_of(request), found))
