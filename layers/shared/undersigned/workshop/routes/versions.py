"""The workshop's earlier versions of a draft: look at them, and take one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import dashboard_page, moved
from undersigned.base.languages import Message
from undersigned.people.viewer import NOTICES
from undersigned.workshop import drafting
from undersigned.workshop.pages.changes import changed_letters, changes, letter_name
from undersigned.workshop.pages.frame import workshop_page
from undersigned.workshop.routes.drafts import WorkshopRoutes
from undersigned.workshop.routes.steps import address_of, number_of, revision_of, workshop_of
from undersigned.workshop.rules.drafts import ChangedMeanwhileError
from undersigned.workshop.typed_letters import boxed_letter

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.people.requests import DashboardRequest
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.rules.drafts import Draft

NOTICES |= {
    "taken-back": Message("The earlier version is the draft again. Nothing is published yet."),
}

pages = WorkshopRoutes()


@pages.get("/workshop/versions", "manage")
def versions(request: DashboardRequest) -> Response[str]:
    """List the earlier versions, and show the differences between the chosen version and the current draft."""
    workshop, of = workshop_of(request), request.query("of")
    shown = drafting.version(request.stack, request.campaign, number_of(of)) if of else None
    page = workshop_page(
        "workshop/pages/versions.html",
        workshop,
        "versions",
        left=(),
        versions=workshop.draft.earlier,
        shown=shown,
        changes=changes(workshop.draft.files, shown.files, workshop.language) if shown else (),
        letters=_letters(workshop, shown) if shown else (),
    )
    return dashboard_page(page)


def _letters(workshop: Workshop, shown: Draft) -> list[tuple[str, str]]:
    """Return the name and the text of each letter of a version that differs from now."""
    return [
        (letter_name(file, workshop.language), boxed_letter(shown.files.get(file, ""), workshop.language))
        for file in changed_letters(workshop.draft.files, shown.files)
    ]


@pages.post("/workshop/versions", "manage")
def take_back(request: DashboardRequest) -> Response[str]:
    """Write the files of an earlier version again."""
    to = number_of(request.posted("to"))
    try:
        drafting.take_back(request.stack, request.campaign, revision_of(request), to, request.by)
    except ChangedMeanwhileError:
        return moved(address_of(request, "versions?done=changed"))
    workshop = workshop_of(request)
    return moved(workshop.address(workshop.next(), done="taken-back"))
