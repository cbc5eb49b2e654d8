"""Drafting: make, change, check and publish drafts of campaigns.

A draft is the texts of a campaign folder's files. So the browser, the API and the folder have one validation and one
compiler, and each can go on with the others' work.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError
from undersigned.base.languages import Message
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.campaigns.rules.controls import AuditEntry, checked_reason
from undersigned.workshop import settings as settings_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.mistakes import Mistake, MistakesError
from undersigned.workshop.pushing import PublishedCampaign, in_short, push
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
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from undersigned.campaigns.rows.campaigns import Campaigns
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.organizing.rows.campaign_rows import Rows
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.rows.drafts import Drafts
    from undersigned.workshop.setting_kinds import Value


@dataclass(frozen=True, slots=True)
class Checked:
    """The compiler's findings about a draft: the compiled campaign, or None and all mistakes.

    Each mistake has its file, its line (1-based) and in targets.csv its column, as far as they are known. `warnings`
    don't prevent publishing, and `notes` only say what follows from the files.
    """

    compiled: CompiledCampaign | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()
    notes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True)
class ToPublish:
    """What the step that publishes a draft shows. `compiled` is the draft; None if it has mistakes.

    `published` is the campaign as it is, and `changes` what publishing changes, as the activity log names it. `before`
    and `after` are its files, without and with the changes; both are empty for a new campaign, and while the draft has
    mistakes.
    """

    published: Campaign | None
    controls: Controls
    compiled: CompiledCampaign | None = None
    changes: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the campaign with which the draft was compared."""
        return _fingerprint(self.before)


class NotSavedError(MistakesError):
    """Files are over a limit, so they are not read further, and not saved. Carries the draft."""

    def __init__(self, draft: Draft, mistakes: Iterable[Mistake]) -> None:
        """Keep the draft as it would be, and the mistakes that name the limits."""
        super().__init__(mistakes)
        self.draft = draft


@dataclass(kw_only=True, frozen=True, slots=True)
class Drafting:
    """Makes, changes and publishes drafts. `by` is who does it, for the activity log."""

    store: Drafts
    campaigns: Campaigns
    rows: Rows
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def draft(self, campaign: str) -> Draft:
        """Return a campaign's draft. Raises NotFoundError if there is neither a draft nor a campaign.

        A published campaign without a draft has the files that it was published with, and the revision 0. So has one
        whose draft has no changes of its own, if the campaign was published from elsewhere since; its revision stays.
        """
        found = self.store.draft(campaign)
        if found and not found.is_published:
            return found
        published = PublishedCampaign.read(self.campaigns, campaign)
        if found and (compiled := self.check(found).compiled) and not published.changes(compiled):
            return found
        return replace(found or Draft(campaign, 0, "", None, is_published=True), files=self._files(published))

    def create(self, campaign: str, by: str, files: Mapping[str, str]) -> Draft:
        """Make the draft of a new campaign, of the files of a folder or of a draft; it gets the `id`.

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
        if self._is_published(campaign) or self.store.draft(campaign):
            raise _taken(campaign)
        drafted = _drafted(files)
        settings = DraftSettings.read(drafted.get(DRAFTED) or "").changed({"id": campaign})
        written = _changed({}, {**drafted, DRAFTED: settings.text})
        draft = Draft(campaign, self._first_revision(), by, self.clock(), files=written)
        self._check_readable(draft, written)
        self._record(campaign, "make draft", by)
        try:
            return self.store.put_draft(draft, None)
        except ChangedMeanwhileError as error:
            raise _taken(campaign) from error

    def copied_files(self, source: str) -> Mapping[str, str]:
        """Return the files of a draft or campaign, without its days, for `create`. Raises NotFoundError."""
        files = self.draft(source).files
        days: Mapping[str, None] = dict.fromkeys(("opens", "closes", "keep_for_days"))
        return {**files, DRAFTED: DraftSettings.read(files[DRAFTED]).changed(days).text}

    def write(
        self,
        campaign: str,
        revision: int,
        changes: Mapping[str, str | None],
        by: str,
        settings: Mapping[str, Value] | None = None,
    ) -> Draft:
        """Change some files of a draft, as it was in this revision; None removes a file.

        `changes` can have the campaign.toml of a folder, which replaces all settings. `settings` change some, by dotted
        name; None removes one. The revision 0 makes a draft of a published campaign. Without a difference, nothing is
        written.

        Raises ChangedMeanwhileError with the current draft if another revision is there: nothing is overwritten. Raises
        NotFoundError, DraftFilesError for files that can't be in a draft, NotSavedError for files with more than their
        limits, and MistakesError if campaign.toml is not TOML.
        """
        before = self.draft(campaign)
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
            revision=revision + 1 if revision else self._first_revision(),
            changed_by=by,
            changed_at=self.clock(),
            is_published=False,
            files=files,
        )
        self._check_readable(draft, [name for name in files if files[name] != before.files.get(name)])
        return self.store.put_draft(draft, before if revision else None)

    def version(self, campaign: str, revision: int) -> Draft:
        """Return an earlier version of a draft. Raises NotFoundError if it is not kept."""
        if found := self.store.version(campaign, revision):
            return found
        message = f"there is no version {revision} of the draft of {campaign}"
        raise NotFoundError(message)

    def take_back(self, campaign: str, revision: int, to: int, by: str) -> Draft:
        """Write the files of an earlier version again, as `write` does."""
        files = self.version(campaign, to).files
        gone = dict.fromkeys({*self.draft(campaign).files} - {*files})
        return self.write(campaign, revision, {**gone, **files}, by)

    def follow_address(self, before: Target, after: Target, campaign: str, by: str) -> None:
        """Bring the corrected address of a published target into the draft, so that publishing doesn't undo it.

        A draft with a change of this address keeps its own, and publishing reports the other change. So does a draft
        that somebody saves at this moment.
        """
        with suppress(UnreadableDraftError, ChangedMeanwhileError, MistakesError):
            draft = self.store.draft(campaign)
            if draft is None or draft.is_published:
                return
            table = read_table(draft.files.get(targets_file.FILE, ""))
            followed = table.with_address(after.id, before.email, after.email)
            if followed == table:
                return
            files = {**draft.files, targets_file.FILE: followed.text()}
            changed = replace(draft, revision=draft.revision + 1, changed_by=by, changed_at=self.clock(), files=files)
            self.store.put_draft(changed, draft)

    def check(self, draft: Draft) -> Checked:
        """Compile a draft, and return the campaign or all mistakes."""
        checked = _checked(tuple(draft.files.items()))
        compiled = checked.compiled
        if compiled and compiled.campaign.id != draft.campaign:
            mistake = Mistake(
                settings_file.FILE,
                None,
                Message(
                    "`id` is %(id)s, but this is the draft of %(draft)s; write that",
                    {"id": repr(compiled.campaign.id), "draft": repr(draft.campaign)},
                ),
                plainly=Message("The draft has the files of another campaign. Discard it."),
            )
            return Checked(None, (mistake,))
        return checked

    def to_publish(self, draft: Draft) -> ToPublish:
        """Return what the step that publishes a draft shows, whatever its mistakes are."""
        published, compiled = PublishedCampaign.read(self.campaigns, draft.campaign), self.check(draft).compiled
        found = ToPublish(published.settings, self.campaigns.controls(draft.campaign), compiled)
        if compiled is None:
            return found
        found = replace(found, changes=published.changes(compiled))
        if published.settings is None:
            return found
        after = files_of(compiled.campaign, compiled.letters, compiled.targets)
        return replace(found, before=self._files(published), after=after)

    def publish(self, campaign: str, revision: int, fingerprint: str, by: str, why: str) -> None:
        """Publish a draft as it was in this revision, as `undersigned campaign push` does.

        Raises MistakesError, and publishes nothing then. Raises ChangedMeanwhileError if another revision is there, or
        if the campaign is another than the one whose changes were listed (its `fingerprint`), and GivenError for a
        reason that can't be kept.
        """
        from undersigned.workshop.printing.share_pictures import share_pictures

        why = checked_reason(why)
        draft, before = self.draft(campaign), PublishedCampaign.read(self.campaigns, campaign)
        if draft.revision != revision:
            raise ChangedMeanwhileError(draft)
        compiled = self._compiled(draft)
        if fingerprint != _fingerprint(self._files(before) if before.settings else {}):
            raise ChangedMeanwhileError(draft)
        changes = in_short(before.changes(compiled))
        if changes:
            # The entry comes first, so that no change is without one.
            self._record(campaign, "publish", by, about=changes, why=why)
        push(compiled, self.campaigns, before, share_pictures(compiled.campaign))
        if revision:
            # A change that somebody saves at this moment is not published.
            with suppress(ChangedMeanwhileError):
                self.store.set_published(draft)

    def discard(self, campaign: str, revision: int, by: str) -> None:
        """Delete a draft as it was in this revision. A published campaign stays as it is, and its log says so.

        The people, the keys and the activity log of an unpublished campaign go, too: another campaign may have its id
        later. They go first, so that a crash leaves a draft to discard again, and never people without one.

        One that can't be read can be discarded, with the revision 0. Raises ChangedMeanwhileError if another
        revision is there. Does nothing if there is no draft.
        """
        try:
            found = self.store.draft(campaign)
        except UnreadableDraftError as error:
            found = error.draft
        if found is None:
            return
        if found.revision != revision:
            raise ChangedMeanwhileError(found)
        is_published = self._is_published(campaign)
        if not is_published:
            self.rows.delete_access(campaign)
        self.store.discard(found)
        if is_published:
            self._record(campaign, "discard draft", by)

    def _check_readable(self, draft: Draft, changed: Iterable[str]) -> None:
        """Compile a draft before it is saved: files on which a parser hangs would stop all pages of the draft.

        Raises DraftFilesError, and NotSavedError for changed files with more than their limits.
        """
        check_files(draft.files)
        names = {settings_file.FILE if name == DRAFTED else name for name in changed}
        too_much = [found for found in self.check(draft).mistakes if found.is_too_much and found.file in names]
        if too_much:
            raise NotSavedError(draft, too_much)

    def _compiled(self, draft: Draft) -> CompiledCampaign:
        checked = self.check(draft)
        if checked.compiled is None:
            raise MistakesError(checked.mistakes)
        return checked.compiled

    def _files(self, published: PublishedCampaign) -> Mapping[str, str]:
        """Return the files of a published campaign. Raises NotFoundError if it was never published."""
        settings = published.settings
        if settings is None:
            message = "there is neither a draft nor a campaign"
            raise NotFoundError(message)
        letters = {language: self.campaigns.letter(settings.id, of) for language, of in settings.letters.items()}
        return files_of(settings, letters, published.targets.values())

    def _is_published(self, campaign: str) -> bool:
        try:
            self.campaigns.campaign(campaign)
        except NotFoundError:
            return False
        return True

    def _first_revision(self) -> int:
        """Return a revision that no earlier draft of this campaign had, unless it changed more than once a second."""
        return int(self.clock().timestamp())

    def _record(self, campaign: str, action: str, by: str, *, about: str = "", why: str = "") -> None:
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about, why), self.new_id())


@lru_cache(maxsize=2)
def _checked(files: tuple[tuple[str, str], ...]) -> Checked:
    """Compile the files of a draft. It is checked before it is saved, and again for the page after that."""
    try:
        compiled = compile_campaign(dict(files))
    except MistakesError as error:
        return Checked(None, error.mistakes)
    return Checked(compiled, (), compiled.warnings, compiled.notes)


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


def _fingerprint(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _taken(campaign: str) -> IdTakenError:
    return IdTakenError(
        Message(
            "There is a campaign or a draft “%(id)s” already. Open that one, or choose another name.", {"id": campaign}
        )
    )
