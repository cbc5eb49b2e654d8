"""Drafting: make, change, check and publish drafts of campaigns. `by` is who does it, for the activity log.

A draft is the texts of a campaign folder's files. So the browser, the API and the folder have one validation and one
compiler, and each can go on with the others' work.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.base.languages import Message
from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.people.membership import delete_access
from undersigned.workshop import settings as settings_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.campaigns import read_campaign
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.pushing import PublishedCampaign
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import (
    DRAFTED,
    ChangedMeanwhileError,
    Draft,
    IdTakenError,
    UnreadableDraftError,
    check_files,
)
from undersigned.workshop.settings import values_of
from undersigned.workshop.target_tables import read_table
from undersigned.workshop.texts import with_our_line_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.setting_kinds import Value


class NotSavedError(MistakesError):
    """Files are over a limit, so they are not read further, and not saved. Carries the draft."""

    def __init__(self, draft: Draft, mistakes: Iterable[Mistake]) -> None:
        """Keep the draft as it would be, and the mistakes that name the limits."""
        super().__init__(mistakes)
        self.draft = draft


def draft_of(stack: Stack, campaign: str) -> Draft:
    """Return a campaign's draft. Raises NotFoundError if there is neither a draft nor a campaign.

    Without a draft, a published campaign has the files that it was published with, and the revision 0. A draft without
    changes has these files, too, if the campaign was published from elsewhere since. It keeps its revision.
    """
    found = Drafts(stack).draft(campaign)
    if found and not found.is_published:
        return found
    published = PublishedCampaign.read(stack, campaign)
    if found and not (compiled := check(found)).mistakes and not published.changes(compiled):
        return found
    return replace(found or Draft(campaign, 0, "", is_published=True), files=published.files(stack))


def create(stack: Stack, campaign: str, by: str, files: Mapping[str, str]) -> Draft:
    """Make the draft of a new campaign with this `id`, from the files of a folder or of a draft.

    Raises IdTakenError if the id is taken or malformed, DraftFilesError for files that can't be in a draft,
    NotSavedError for files with more than their limits, and MistakesError if campaign.toml is not TOML.
    """
    if not ID_PATTERN.fullmatch(campaign):
        raise IdTakenError(
            Message(
                "“%(id)s” can’t be in a web address. Use at most 50 lowercase letters, digits and hyphens, with a "
                "letter or digit at both ends, such as %(example)s.",
                {"id": campaign[:100], "example": "end-demand-illinois"},
            )
        )
    if Campaigns(stack.table).published(campaign) or Drafts(stack).draft(campaign):
        raise _taken(campaign)
    drafted = _drafted(files)
    settings = DraftSettings.read(drafted.get(DRAFTED) or "").changed({"id": campaign})
    written = _changed({}, {**drafted, DRAFTED: settings.text})
    draft = Draft(campaign, _first_revision(stack), by, stack.clock(), files=written)
    _check_readable(draft, written)
    record(stack, campaign, "make draft", by)
    try:
        return Drafts(stack).put_draft(draft, None)
    except ChangedMeanwhileError as error:
        raise _taken(campaign) from error


def copied_files(stack: Stack, source: str) -> Mapping[str, str]:
    """Return the files of a draft or campaign, without its days, for `create`. Raises NotFoundError."""
    files = draft_of(stack, source).files
    days: Mapping[str, None] = dict.fromkeys(("opens", "closes", "keep_for_days"))
    return {**files, DRAFTED: DraftSettings.read(files[DRAFTED]).changed(days).text}


def write(  # noqa: PLR0913, PLR0917  (a change, and what it was made from)
    stack: Stack,
    campaign: str,
    revision: int,
    changes: Mapping[str, str | None],
    by: str,
    settings: Mapping[str, Value] | None = None,
) -> Draft:
    """Change some files of a draft that still has this revision; None removes a file.

    `changes` can have the campaign.toml of a folder, which replaces all settings. `settings` change some, by dotted
    name; None removes one. The revision 0 makes a draft of a published campaign. Without a difference, nothing is
    written.

    Raises ChangedMeanwhileError with the current draft if another revision is there: nothing is overwritten. Raises
    NotFoundError, DraftFilesError for files that can't be in a draft, NotSavedError for files with more than their
    limits, and MistakesError if campaign.toml is not TOML.
    """
    before = draft_of(stack, campaign)
    if before.revision != revision:
        raise ChangedMeanwhileError(before)
    files = _changed(before.files, _drafted(changes))
    if settings:
        drafted = DraftSettings.read(files.get(DRAFTED, ""))
        files[DRAFTED] = drafted.changed(settings).text
    if files == before.files:
        return before
    draft = replace(
        before,
        revision=revision + 1 if revision else _first_revision(stack),
        changed_by=by,
        changed_at=stack.clock(),
        is_published=False,
        files=files,
    )
    _check_readable(draft, [name for name in files if files[name] != before.files.get(name)])
    return Drafts(stack).put_draft(draft, before if revision else None)


def version(stack: Stack, campaign: str, revision: int) -> Draft:
    """Return an earlier version of a draft. Raises NotFoundError if it is not kept."""
    if found := Drafts(stack).version(campaign, revision):
        return found
    message = f"there is no version {revision} of the draft of {campaign}"
    raise NotFoundError(message)


def take_back(stack: Stack, campaign: str, revision: int, to: int, by: str) -> Draft:
    """Write the files of an earlier version again, as `write` does."""
    files = version(stack, campaign, to).files
    gone = dict.fromkeys({*draft_of(stack, campaign).files} - {*files})
    return write(stack, campaign, revision, {**gone, **files}, by)


def follow_address(stack: Stack, before: Target, after: Target, campaign: str, by: str) -> None:
    """Bring the corrected address of a published target into the draft, so that publishing doesn't undo it.

    A draft with a change of this address keeps its own, and publishing reports the other change. So does a draft
    that somebody saves at this moment.
    """
    with suppress(UnreadableDraftError, ChangedMeanwhileError, MistakesError):
        draft = Drafts(stack).draft(campaign)
        if draft is None or draft.is_published:
            return
        table = read_table(draft.files.get(targets_file.FILE, ""))
        followed = table.with_address(after.id, before.email, after.email)
        if followed == table:
            return
        files = {**draft.files, targets_file.FILE: followed.text()}
        changed = replace(draft, revision=draft.revision + 1, changed_by=by, changed_at=stack.clock(), files=files)
        Drafts(stack).put_draft(changed, draft)


def check(draft: Draft) -> CompiledCampaign:
    """Read the files of a draft, and find all mistakes in them."""
    compiled = _read(tuple(draft.files.items()))
    if not compiled.mistakes and compiled.campaign.id != draft.campaign:
        mistake = Mistake(
            settings_file.FILE,
            None,
            Message(
                "`id` is %(id)s, but this is the draft of %(draft)s; write that",
                {"id": repr(compiled.campaign.id), "draft": repr(draft.campaign)},
            ),
            plainly=Message("The draft has the files of another campaign. Discard it."),
        )
        return replace(compiled, mistakes=(mistake,))
    return compiled


def discard(stack: Stack, campaign: str, revision: int, by: str) -> None:
    """Delete a draft that still has this revision. A published campaign stays as it is, and its log says so.

    The people, the keys and the activity log of an unpublished campaign go, too: another campaign may have its id
    later. They go first, so that a crash leaves a draft to discard again, and never people without one.

    A draft that can't be read has the revision 0 here. Raises ChangedMeanwhileError if the draft has another revision.
    Does nothing if there is no draft.
    """
    try:
        found = Drafts(stack).draft(campaign)
    except UnreadableDraftError as error:
        found = error.draft
    if found is None:
        return
    if found.revision != revision:
        raise ChangedMeanwhileError(found)
    is_published = Campaigns(stack.table).published(campaign) is not None
    if not is_published:
        delete_access(stack, campaign)
    Drafts(stack).discard(found)
    if is_published:
        record(stack, campaign, "discard draft", by)


def _check_readable(draft: Draft, changed: Iterable[str]) -> None:
    """Compile a draft before it is saved: files on which a parser hangs would stop all pages of the draft.

    Raises DraftFilesError, and NotSavedError for changed files with more than their limits.
    """
    check_files(draft.files)
    names = {settings_file.FILE if name == DRAFTED else name for name in changed}
    too_much = [found for found in check(draft).mistakes if found.is_too_much and found.file in names]
    if too_much:
        raise NotSavedError(draft, too_much)


def _first_revision(stack: Stack) -> int:
    """Return a revision that no earlier draft of this campaign had, unless it changed more than once a second."""
    return int(stack.clock().timestamp())


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[str, str], ...]) -> CompiledCampaign:
    """Read the files of a draft. It is checked before it is saved, and again for the page after that."""
    return read_campaign(dict(files))


def _drafted(files: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the files of a folder as a draft has them. Raises MistakesError for a campaign.toml that is not TOML."""
    drafted = {name: text for name, text in files.items() if name != settings_file.FILE}
    if text := files.get(settings_file.FILE):
        drafted[DRAFTED] = DraftSettings(values_of(text)).text
    return drafted


def _changed(before: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the files with the changes. The forms of browsers have other line ends."""
    new = {name: with_our_line_ends(text) for name, text in changes.items() if text is not None}
    return {name: text for name, text in {**before, **new}.items() if changes.get(name, "") is not None}


def _taken(campaign: str) -> IdTakenError:
    return IdTakenError(
        Message(
            "There is a campaign or a draft “%(id)s” already. Open that one, or choose another name.", {"id": campaign}
        )
    )
