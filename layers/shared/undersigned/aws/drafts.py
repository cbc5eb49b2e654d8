"""Drafts: their files, compressed, in Base64, and cut into parts.

| row | pk | sk |
|---|---|---|
| head | `DRAFT#<campaign>` | `HEAD` |
| part | `DRAFT#<campaign>` | `PART#<revision>#<write>#<number>` |

A write puts all parts of a new revision first, then the head by a condition, then deletes the parts of this and earlier
revisions that the head doesn't name. So a reader finds either all parts that a head names, or a newer head. The head
also names the parts of the last MOST_VERSIONS revisions before it.
"""

from __future__ import annotations

import base64
import json
import zlib
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import (
    NEW,
    ConditionFailedError,
    Delete,
    Key,
    TransactionCanceledError,
    Update,
    read_moment,
    written,
)
from undersigned.domain.drafts import MOST_VERSIONS, ChangedMeanwhileError, Draft, DraftVersion, UnreadableDraftError
from undersigned.services.ports import ChangedError, DraftStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.aws.dynamodb import Table, Values

PART_BYTES = 350_000
"""The bytes of a part's text. An item of the table has at most 400 kB."""

_PARTS_WITH_HEAD = 11
"""How many parts are deleted together with their head: nearly 4 MB, which a transaction may have."""

HEAD = "HEAD"
_PARTS = "PART#"
_ALL = "DRAFTS"
"""The partition of the listing index that holds every draft."""

_NAMED = ("revision", "write", "parts", "by", "changed_at")
"""What a head keeps of the ones before it."""

_READS = 5
"""How often a draft is read again that changes all the time."""


def draft_partition(campaign: str) -> str:
    """Return the partition of a campaign's draft."""
    return f"DRAFT#{campaign}"


def _head_key(campaign: str) -> Key:
    return Key(draft_partition(campaign), HEAD)


def _parts_of(revision: int) -> str:
    """Return how the sort keys of a revision's parts begin. Their order is that of the revisions."""
    return f"{_PARTS}{revision:012d}#"


class Drafts(DraftStore):
    """Drafts in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def drafts(self) -> tuple[Draft, ...]:
        listed = [_head_key(values["listed_at"]) for values in self._table.query(_ALL, index="listing")]
        found = [_read_head(values) for values in self._table.batch_get(listed)]
        return tuple(sorted(found, key=lambda draft: draft.campaign))

    @override
    def head(self, campaign: str) -> Draft | None:
        values = self._table.get(_head_key(campaign), consistent=True)
        return _read_head(values) if values else None

    @override
    def draft(self, campaign: str) -> Draft | None:
        """Return the draft: all parts of one revision. Raises ChangedError if it changes all the time."""
        for _ in range(_READS):
            head = self._table.get(_head_key(campaign), consistent=True)
            if head is None:
                return None
            draft = _read_head(head)
            if (files := self._files(draft, head)) is not None:
                return replace(draft, files=files)
        message = f"the draft of {campaign} changes while it is read"
        raise ChangedError(message)

    @override
    def version(self, campaign: str, revision: int) -> Draft | None:
        head = self._table.get(_head_key(campaign), consistent=True) or {}
        named = next((one for one in head.get("earlier", ()) if one["revision"] == revision), None)
        if named is None:
            return None
        version = _read_version(named)
        draft = Draft(campaign, version.revision, version.by, version.at)
        files = self._files(draft, named)
        return None if files is None else replace(draft, files=files)

    def _files(self, draft: Draft, named: Values) -> Mapping[str, str] | None:
        """Return the files whose parts a head names; None if these are not all there."""
        partition = draft_partition(draft.campaign)
        parts = list(self._table.query(partition, begins_with=_beginning(named), consistent=True))
        if len(parts) != named["parts"]:
            return None
        try:
            return _read_files(parts)
        except (ValueError, zlib.error) as error:
            raise UnreadableDraftError(draft) from error

    @override
    def put_draft(self, draft: Draft, before: Draft | None, write: str) -> None:
        partition = draft_partition(draft.campaign)
        content = _content(draft.files)
        pieces = [content[start : start + PART_BYTES] for start in range(0, len(content), PART_BYTES)]
        own = _parts_of(draft.revision) + write
        for number, piece in enumerate(pieces):
            self._table.put({"pk": partition, "sk": f"{own}#{number:04d}", "text": piece})
        now = self._table.get(_head_key(draft.campaign), consistent=True) if before else None
        earlier = [{name: now[name] for name in _NAMED}, *now.get("earlier", ())][:MOST_VERSIONS] if now else []
        head = _head_values(draft, write, len(pieces)) | {"earlier": earlier}
        try:
            self._table.put(head, NEW if before is None else Attr("revision").eq(before.revision))
        except ConditionFailedError as error:
            if not self._is_ours(draft, write):
                self._delete_parts(draft.campaign, below=_parts_of(draft.revision + 1), only=own)
                raise ChangedMeanwhileError(self.draft(draft.campaign)) from error
        self._delete_parts(draft.campaign, below=_parts_of(draft.revision + 1), but=(own, *map(_beginning, earlier)))

    def _is_ours(self, draft: Draft, write: str) -> bool:
        """Say whether the head is there that this write put: botocore repeats a call whose answer is lost."""
        head = self._table.get(_head_key(draft.campaign), consistent=True) or {}
        return head.get("revision") == draft.revision and head.get("write") == write

    @override
    def set_published(self, draft: Draft) -> None:
        change = Update(
            _head_key(draft.campaign),
            assign={"published_revision": draft.published_revision, "base": draft.base, "publishing": None},
            when=Attr("revision").gte(draft.revision),
        )
        with suppress(ConditionFailedError):
            self._table.update(change)

    @override
    def set_publishing(self, draft: Draft) -> None:
        change = Update(
            _head_key(draft.campaign), assign={"publishing": True}, when=Attr("revision").eq(draft.revision)
        )
        try:
            self._table.update(change)
        except ConditionFailedError as error:
            raise ChangedMeanwhileError(self.draft(draft.campaign)) from error

    @override
    def discard(self, draft: Draft) -> None:
        head = self._table.get(_head_key(draft.campaign), consistent=True) or {}
        for beginning in map(_beginning, head.get("earlier", ())):
            self._delete_parts(draft.campaign, below=_parts_of(draft.revision), only=beginning)
        parts = self._table.query(draft_partition(draft.campaign), begins_with=_PARTS, consistent=True)
        # With their head, because without one nobody discards them again. Those of the next revision are left of a
        # write that was interrupted.
        keys = [Key(part["pk"], part["sk"]) for part in parts if part["sk"] < _parts_of(draft.revision + 2)]
        gone = Delete(_head_key(draft.campaign), Attr("revision").eq(draft.revision))
        try:
            self._table.transact([gone, *map(Delete, keys[:_PARTS_WITH_HEAD])])
        except TransactionCanceledError as error:
            if current := self.draft(draft.campaign):
                raise ChangedMeanwhileError(current) from error
        # Somebody may be making another one, which has a later revision.
        self._delete_parts(draft.campaign, below=_parts_of(draft.revision + 1))

    def _delete_parts(self, campaign: str, *, below: str, only: str = "", but: tuple[str, ...] = ()) -> None:
        """Delete the parts whose sort keys are below this one, except those that begin with one of `but`."""
        for values in self._table.query(draft_partition(campaign), begins_with=only or _PARTS, consistent=True):
            if values["sk"] < below and not values["sk"].startswith(but):
                self._table.delete(Key(values["pk"], values["sk"]))


def _beginning(named: Values) -> str:
    """Return how the sort keys of the parts begin that a head names."""
    return _parts_of(int(named["revision"])) + str(named["write"])


def _head_values(draft: Draft, write: str, parts: int) -> Values:
    return {
        **_head_key(draft.campaign)._asdict(),
        "listed": _ALL,
        "listed_at": draft.campaign,
        "revision": draft.revision,
        "write": write,
        "parts": parts,
        "by": draft.changed_by,
        "changed_at": written(draft.changed_at),
        "published_revision": draft.published_revision,
        "base": draft.base,
        "publishing": draft.is_publishing or None,
    }


def _read_head(values: Values) -> Draft:
    published = values.get("published_revision")
    return Draft(
        campaign=values["pk"].partition("#")[2],
        revision=int(values["revision"]),
        changed_by=values["by"],
        changed_at=read_moment(values["changed_at"]),
        published_revision=int(published) if published is not None else None,
        base=values["base"],
        is_publishing=values.get("publishing", False),
        earlier=tuple(map(_read_version, values.get("earlier", ()))),
    )


def _read_version(named: Values) -> DraftVersion:
    return DraftVersion(int(named["revision"]), named["by"], read_moment(named["changed_at"]))


def _read_files(parts: Iterable[Values]) -> Mapping[str, str]:
    content = base64.b64decode("".join(values["text"] for values in parts))
    files: dict[str, str] = json.loads(zlib.decompress(content))
    return files


def _content(files: Mapping[str, str]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(dict(files), ensure_ascii=False).encode())).decode()
