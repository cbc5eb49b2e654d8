"""The workshop's preview of a draft, whatever is missing in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.base.answers import dashboard_page, framed_mail, moved, page, private_picture
from undersigned.base.errors import NotFoundError
from undersigned.workshop import drafting
from undersigned.workshop.draft_testing import ask_for_test
from undersigned.workshop.pages import preview as preview_pages
from undersigned.workshop.routes.drafts import WorkshopRoutes
from undersigned.workshop.routes.steps import address_of, preview_of, workshop_of

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.workshop.sampling import Sample

pages = WorkshopRoutes()


@pages.get("/workshop/preview", "manage")
def preview(request: DashboardRequest) -> Response[str]:
    """Show the preview."""
    workshop = workshop_of(request)
    made = preview_of(request, workshop.draft)
    return dashboard_page(preview_pages.preview(workshop, made, test_to=request.person.email), has_frames=True)


@pages.get("/workshop/preview/page", "manage")
def preview_page(request: DashboardRequest) -> Response[str]:
    """Show the draft's form, for a frame. The page's policy lets no form be sent."""
    language = request.query("in") or ""
    return page(preview_pages.sample_page(_sample(request, language), language), sends_forms=False, hosts=("'self'",))


@pages.get("/workshop/preview/email", "manage")
def preview_email(request: DashboardRequest) -> Response[str]:
    """Show the email as the office sees it, for a frame."""
    return framed_mail(_sample(request).delivery.shown_html)


@pages.get("/workshop/preview/paper", "manage")
def preview_paper(request: DashboardRequest) -> Response[bytes]:
    """Show a page of the packet as a picture."""
    from undersigned.workshop.sampling import pages

    made = pages(_sample(request))
    number = request.query("page")
    if number not in {str(one) for one in range(1, len(made) + 1)}:
        message = "the packet has no such page"
        raise NotFoundError(message)
    return private_picture(made[int(number) - 1])


def _sample(request: DashboardRequest, language: str = "") -> Sample:
    return preview_of(request, drafting.draft_of(request.stack, request.campaign), language).sample


@pages.post("/workshop/test-email", "manage")
def send_test(request: DashboardRequest) -> Response[str]:
    """Send a recipient's email to the person who is signed in, as a test."""
    person = request.person
    ask_for_test(request.stack, request.campaign, request.by, who=person.id, to=person.email)
    shown = urlencode({name: request.posted(name) for name in ("view", "to")})
    return moved(address_of(request, f"preview?done=test-sent&{shown}"))
