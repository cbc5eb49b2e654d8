"""Drafts: change a campaign before it is published, publish it, close it and delete it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from functions.organizer_api import wired
from functions.organizer_api.routes import campaign_routes
from undersigned.domain.languages import Message
from undersigned.web.answers import data
from undersigned.web.authoring.draft_values import checked_values, draft_values, effects_values
from undersigned.web.posted import ProgramError, posted_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.event_handler import Response

    from undersigned.authoring.setting_kinds import Value
    from undersigned.web.organizer_requests import ApiRequest

routes = campaign_routes()

MOST_BYTES = 4_400_000
"""The most bytes of a draft's body: its files have 4 MB at most, and Lambda takes 6 MB in Base64."""

MOST_TIME = timedelta(seconds=12)
"""How long one request deletes. The API times out after 30 seconds."""


@routes.get("/draft", "manage")
def show_draft(request: ApiRequest) -> Response[str]:
    """Return the draft: its files, and the settings in campaign.toml by name."""
    return data(draft_values(wired.stack.authoring.drafting.draft(request.campaign)))


@routes.get("/draft/versions/<revision>", "manage")
def show_version(request: ApiRequest, revision: str) -> Response[str]:
    """Return an earlier version of the draft."""
    return data(draft_values(wired.stack.authoring.drafting.version(request.campaign, int(revision))))


@routes.does("make draft")
def write_draft(request: ApiRequest) -> Response[str]:
    """Change files and settings of the draft as it was in a revision."""
    values = posted_values(request.event, MOST_BYTES)
    files, settings = _files(values), _settings(values)
    drafting = wired.stack.authoring.drafting
    written = drafting.write(request.campaign, _revision(values.get("revision")), files, request.by, settings)
    return data(draft_values(written))


@routes.does("discard draft")
def discard_draft(request: ApiRequest) -> Response[str]:
    """Discard the draft as it was in a revision. A published campaign stays; an unpublished one is gone."""
    text = request.query("revision") or ""
    revision = int(text) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else None
    wired.stack.authoring.drafting.discard(request.campaign, _revision(revision), request.by)
    return data({"campaign": request.campaign, "discarded": True})


@routes.get("/draft/check", "manage")
def check_draft(request: ApiRequest) -> Response[str]:
    """Compile the draft, and return its mistakes, warnings and notes."""
    drafting = wired.stack.authoring.drafting
    draft = drafting.draft(request.campaign)
    return data({"revision": draft.revision, **checked_values(drafting.check(draft))})


@routes.get("/draft/effects", "manage")
def show_effects(request: ApiRequest) -> Response[str]:
    """Return the effects of publishing the draft."""
    drafting = wired.stack.authoring.drafting
    draft = drafting.draft(request.campaign)
    return data({"revision": draft.revision, **effects_values(drafting.effects(draft))})


@routes.does("publish")
def publish_draft(request: ApiRequest) -> Response[str]:
    """Publish the draft as it was in a revision."""
    revision = _revision(posted_values(request.event).get("revision"))
    published = wired.stack.authoring.drafting.publish(
        request.campaign, revision, request.by, request.why(), over=request.flag("over")
    )
    return data(
        {
            "campaign": request.campaign,
            "revision": published.draft.revision,
            "changes": published.changes,
            "new_letters": published.pushed.new_letters,
            "retired": published.pushed.retired,
        }
    )


@routes.does("test draft")
def test_draft(request: ApiRequest) -> Response[str]:
    """Send the organizer the email that a recipient of the draft would get, as a test."""
    wired.stack.authoring.draft_test_requests.ask(request.campaign, request.by, who=request.by)
    return data({"campaign": request.campaign, "status": "queued"}, status=202)


@routes.does("close")
def close(request: ApiRequest) -> Response[str]:
    """End signing, which each process learns within a minute."""
    closed_at = wired.stack.operating.closing.close(request.campaign, request.by, request.why())
    return data({"campaign": request.campaign, "closed_at": closed_at.isoformat()})


@routes.does("reopen")
def reopen(request: ApiRequest) -> Response[str]:
    """Let people sign again, which each process learns within a minute."""
    wired.stack.operating.closing.reopen(request.campaign, request.by, request.why())
    return data({"campaign": request.campaign, "closed_at": None})


@routes.post("/delete", "own")
def delete(request: ApiRequest) -> Response[str]:
    """Delete a campaign that nobody has signed, or whose time is over. A large one takes several requests."""
    until = wired.stack.clock() + MOST_TIME
    deleted = wired.stack.operating.deleting.delete(request.campaign, lambda: wired.stack.clock() > until)
    values = {"campaign": request.campaign, "rows": deleted.rows, "done": deleted.is_done}
    return data(values, status=200 if deleted.is_done else 202)


def _revision(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ProgramError(
            Message("GET the draft, and send the `revision` that it had."), Message("A revision is missing")
        )
    return value


def _files(values: Mapping[str, object]) -> Mapping[str, str | None]:
    files = values.get("files", {})
    if isinstance(files, dict) and all(isinstance(text, str | None) for text in files.values()):
        return files
    raise ProgramError(Message("`files` must be an object of texts by file name; null removes a file."))


def _settings(values: Mapping[str, object]) -> Mapping[str, Value]:
    settings = values.get("settings", {})
    if isinstance(settings, dict):
        return settings
    raise ProgramError(
        Message("`settings` must be an object of settings by name, such as `organizer.email`; null removes one.")
    )
