"""Drafts: a row names a campaign's draft, and a file in the bucket has its texts.

| row | pk | sk |
|---|---|---|
| draft | `DRAFT#<campaign>` | `HEAD` |

A version's file is `drafts/<campaign>/<revision>-<SHA-256 of its content>`, and never changes. A write puts its file
first, then the row by a condition, then deletes the files that the row doesn't name. The row names the files of the
draft and of the last MOST_VERSIONS versions before it. No other file of a revision up to its own is ever named again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import NEW, ConditionFailedError, Key, Update, read_moment, read_row, read_rows, written
from undersigned.domain.authoring.drafts import (
    MOST_VERSIONS,
    ChangedMeanwhileError,
    Draft,
    DraftVersion,
    UnreadableDraftError,
)
from undersigned.domain.errors import FileMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.aws.dynamodb import Table, Values
    from undersigned.aws.packet_store import Bucket

HEAD = "HEAD"
_ALL = "DRAFTS"
"""The partition of the listing index that holds every draft."""


def draft_partition(campaign: str) -> str:
    """Return the partition of a campaign's draft."""
    return f"DRAFT#{campaign}"


def draft_folder(campaign: str) -> str:
    """Return the beginning of the names of all files of a campaign's drafts."""
    return f"drafts/{campaign}/"


def _head_key(campaign: str) -> Key:
    return Key(draft_partition(campaign), HEAD)


def _files_from(campaign: str, revision: int) -> str:
    """Return the beginning of the names of a revision's files. Names sort in the order of revisions."""
    return f"{draft_folder(campaign)}{revision:012d}-"


class Drafts:
    """Drafts in the table and the bucket."""

    def __init__(self, table: Table, bucket: Callable[[], Bucket]) -> None:
        """Keep the table, and a function that returns the bucket."""
        self._table = table
        self._bucket = bucket

    def drafts(self) -> tuple[Draft, ...]:
        """List all drafts without their files, in the order of their campaigns."""
        listed = [_head_key(values["listed_at"]) for values in self._table.query(_ALL, index="listing")]
        found = read_rows(_read_head, self._table.batch_get(listed))
        return tuple(sorted(found, key=lambda draft: draft.campaign))

    def head(self, campaign: str) -> Draft | None:
        """Read a campaign's draft without its files, consistently."""
        values = self._table.get(_head_key(campaign), consistent=True)
        return read_row(_read_head, values) if values else None

    def draft(self, campaign: str) -> Draft | None:
        """Read a campaign's draft consistently. Raises UnreadableDraftError."""
        draft = self.head(campaign)
        while draft:
            try:
                return self._with_files(draft)
            except FileMissingError as error:
                before, draft = draft, self.head(campaign)
                if draft and draft.file == before.file:
                    raise UnreadableDraftError(draft) from error
        return None

    def version(self, campaign: str, revision: int) -> Draft | None:
        """Read an earlier version of a draft consistently; None if it is not kept."""
        head = self.head(campaign)
        for version in head.earlier if head else ():
            if version.revision == revision:
                with suppress(FileMissingError):
                    return self._with_files(Draft(campaign, revision, version.by, version.at, file=version.file))
        return None

    def _with_files(self, draft: Draft) -> Draft:
        """Return a draft with its files. Raises FileMissingError and UnreadableDraftError."""
        content = self._bucket().get(draft.file)
        try:
            return replace(draft, files=json.loads(content))
        except ValueError as error:
            raise UnreadableDraftError(draft) from error

    def put_draft(self, draft: Draft, before: Draft | None) -> Draft:
        """Write a draft in place of the one before, or a new one; either all of it or nothing. Return it as it is kept.

        Raises ChangedMeanwhileError if another revision is there.
        """
        content = json.dumps(dict(draft.files), ensure_ascii=False).encode()
        name = _files_from(draft.campaign, draft.revision) + hashlib.sha256(content).hexdigest()
        earlier = (before.version, *before.earlier)[:MOST_VERSIONS] if before else ()
        kept = replace(draft, file=name, earlier=earlier)
        there: Draft | None = kept
        self._bucket().put(name, content, "application/json")
        try:
            self._table.put(_head_values(kept), NEW if before is None else Attr("revision").eq(before.revision))
        except ConditionFailedError:
            # botocore repeats a call whose answer is lost, so the draft that is there may be this very one.
            there = self.head(draft.campaign)
        self._sweep(draft.campaign, draft.revision, there)
        if there is None or there.file != name:
            raise ChangedMeanwhileError(self.draft(draft.campaign))
        return kept

    def set_published(self, draft: Draft) -> None:
        """Write that publishing ended, and its revision and base, also on a draft that was changed meanwhile.

        Does nothing if the draft was discarded meanwhile.
        """
        change = Update(
            _head_key(draft.campaign),
            assign={"published_revision": draft.published_revision, "base": draft.base, "publishing": None},
            when=Attr("revision").gte(draft.revision),
        )
        with suppress(ConditionFailedError):
            self._table.update(change)

    def set_publishing(self, draft: Draft) -> None:
        """Write that publishing begins. Raises ChangedMeanwhileError if another revision is there."""
        change = Update(
            _head_key(draft.campaign), assign={"publishing": True}, when=Attr("revision").eq(draft.revision)
        )
        try:
            self._table.update(change)
        except ConditionFailedError as error:
            raise ChangedMeanwhileError(self.draft(draft.campaign)) from error

    def discard(self, draft: Draft) -> None:
        """Delete a draft. Raises ChangedMeanwhileError if another revision is there. Does nothing if there is none."""
        # Before their row, because without one nobody discards them again.
        self._sweep(draft.campaign, draft.revision)
        try:
            self._table.delete(_head_key(draft.campaign), Attr("revision").eq(draft.revision))
        except ConditionFailedError as error:
            if current := self.draft(draft.campaign):
                raise ChangedMeanwhileError(current) from error
        # An interrupted write left those of the next revision. Another draft has a later one.
        self._sweep(draft.campaign, draft.revision + 1)

    def delete(self, campaign: str) -> None:
        """Delete a campaign's draft, whatever its revision is, with every file of it."""
        self._bucket().delete(*self._bucket().names(draft_folder(campaign)))
        self._table.delete(_head_key(campaign))

    def _sweep(self, campaign: str, to: int, draft: Draft | None = None) -> None:
        """Delete the files of revisions up to this one, except those that a draft names."""
        named = {version.file for version in (draft.version, *draft.earlier)} if draft else set()
        end = _files_from(campaign, to + 1)
        names = self._bucket().names(draft_folder(campaign))
        self._bucket().delete(*(name for name in names if name < end and name not in named))


def _head_values(draft: Draft) -> Values:
    return {
        **_head_key(draft.campaign)._asdict(),
        "listed": _ALL,
        "listed_at": draft.campaign,
        **_version_values(draft.version),
        "published_revision": draft.published_revision,
        "base": draft.base,
        "publishing": draft.is_publishing or None,
        "earlier": [_version_values(version) for version in draft.earlier],
    }


def _version_values(version: DraftVersion) -> Values:
    return {
        "revision": version.revision,
        "by": version.by,
        "changed_at": written(version.at),
        "file": version.file,
    }


def _read_head(values: Values) -> Draft:
    published = values.get("published_revision")
    version = _read_version(values)
    return Draft(
        campaign=values["pk"].partition("#")[2],
        revision=version.revision,
        changed_by=version.by,
        changed_at=version.at,
        published_revision=int(published) if published is not None else None,
        base=values["base"],
        is_publishing=values.get("publishing", False),
        file=version.file,
        earlier=tuple(map(_read_version, values["earlier"])),
    )


def _read_version(values: Values) -> DraftVersion:
    return DraftVersion(int(values["revision"]), values["by"], read_moment(values["changed_at"]), values["file"])
