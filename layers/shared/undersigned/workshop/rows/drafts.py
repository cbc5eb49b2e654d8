"""Drafts: each is one JSON document in a bucket that keeps versions, `<campaign>.json`.

A write needs the entity tag that was read, so it never replaces another one. Equal content has the same tag, so the
document has its revision inside. It names the bucket's versions of the last MOST_VERSIONS revisions before it. Those
are deleted before the document itself, so a process that finds a draft finds all that is left of it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from undersigned.base.failures import code_of, translating
from undersigned.base.rows import built, plain
from undersigned.workshop.rules.drafts import MOST_VERSIONS, ChangedMeanwhileError, Draft, UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, PutObjectRequestTypeDef

    from undersigned.base.stack import Stack

_ENDING = ".json"
_REFUSED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
"""How S3 answers a conditional write if the object is another one, changes at this moment, or is gone."""

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "AccessDenied"})
"""How S3 answers for an object that isn't there; the last one to a function that may not list the bucket."""


class Drafts:
    """Drafts in the bucket."""

    def __init__(self, stack: Stack) -> None:
        """Keep the stack, whose bucket it is."""
        self._stack = stack

    @property
    def _client(self) -> S3Client:
        return translating(self._stack.s3)

    @property
    def _bucket(self) -> str:
        return self._stack.settings.draft_bucket

    def campaigns(self) -> tuple[str, ...]:
        """List the campaigns that have a draft."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        return tuple(found["Key"].removesuffix(_ENDING) for page in pages for found in page.get("Contents", ()))

    def draft(self, campaign: str) -> Draft | None:
        """Read a campaign's draft consistently. Raises UnreadableDraftError."""
        return self._get(campaign)

    def has_changes(self, campaign: str) -> bool:
        """Say whether a campaign has a draft with unpublished changes. A draft that can't be read has none."""
        with suppress(UnreadableDraftError):
            draft = self._get(campaign)
            return draft is not None and not draft.is_published
        return False

    def version(self, campaign: str, revision: int) -> Draft | None:
        """Read an earlier version of a draft; None if it is not kept."""
        draft = self._get(campaign)
        for version in draft.earlier if draft else ():
            if version.revision == revision:
                return self._get(campaign, version.stored)
        return None

    def _get(self, campaign: str, version: str = "") -> Draft | None:
        of: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=f"{campaign}{_ENDING}", **of)
        except ClientError as error:
            if code_of(error) in _MISSING:
                return None
            raise
        return _read(campaign, found)

    def put_draft(self, draft: Draft, before: Draft | None) -> Draft:
        """Write a draft in place of the one before, or a new one. Return it as it is kept.

        Raises ChangedMeanwhileError if another one is there.
        """
        earlier = (before.version, *before.earlier)[:MOST_VERSIONS] if before else ()
        return self._put(replace(draft, earlier=earlier), before)

    def set_published(self, draft: Draft) -> Draft:
        """Write that a draft is published. Raises ChangedMeanwhileError if it has just been changed or discarded."""
        return self._put(replace(draft, is_published=True), draft)

    def _put(self, draft: Draft, before: Draft | None) -> Draft:
        request: PutObjectRequestTypeDef = {
            "Bucket": self._bucket,
            "Key": f"{draft.campaign}{_ENDING}",
            "Body": json.dumps(plain(replace(draft, tag="", stored="")), ensure_ascii=False).encode(),
            "ContentType": "application/json",
        }
        if before:
            request["IfMatch"] = before.tag
        else:
            request["IfNoneMatch"] = "*"
        try:
            answer = self._client.put_object(**request)
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            # botocore repeats a call whose answer is lost, so the draft that is there may be this very one.
            there = self._get(draft.campaign)
            if there != draft:
                raise ChangedMeanwhileError(there) from error
            return there
        return replace(draft, tag=answer["ETag"], stored=answer["VersionId"])

    def discard(self, draft: Draft) -> None:
        """Delete a draft with its versions. Raises ChangedMeanwhileError if another one is there."""
        current, *others = self._versions(draft.campaign) or [draft.stored]
        if current != draft.stored:
            raise ChangedMeanwhileError(self._get(draft.campaign))
        # Before the current one: without it, an earlier one would be the draft.
        self._delete(draft.campaign, others)
        self._delete(draft.campaign, [current])
        if there := self._get(draft.campaign):
            raise ChangedMeanwhileError(there)

    def delete(self, campaign: str) -> None:
        """Delete a campaign's draft with its versions, whatever its revision is."""
        for version in reversed(self._versions(campaign)):
            self._delete(campaign, [version])

    def _versions(self, campaign: str) -> list[str]:
        """Return the ids of the bucket's versions of a draft, the newest first."""
        key = f"{campaign}{_ENDING}"
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=key)
        return [found["VersionId"] for page in pages for found in page.get("Versions", ())]

    def _delete(self, campaign: str, versions: Iterable[str]) -> None:
        for version in versions:
            self._client.delete_object(Bucket=self._bucket, Key=f"{campaign}{_ENDING}", VersionId=version)


def _read(campaign: str, found: GetObjectOutputTypeDef) -> Draft:
    of_bucket: dict[str, Any] = {"campaign": campaign, "tag": found["ETag"], "stored": found["VersionId"]}
    try:
        draft: Draft = built(Draft, json.loads(found["Body"].read()) | of_bucket)
    except (ValueError, TypeError, LookupError) as error:
        raise UnreadableDraftError(Draft(revision=0, changed_by="", **of_bucket)) from error
    return draft
