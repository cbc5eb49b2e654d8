"""The stack's bucket: packets and exports."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import batched
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from undersigned.base.errors import FileMissingError
from undersigned.base.failures import translating
from undersigned.base.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

SIGNED_LINKS = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
"""boto3's default for links is the old signature version at the global endpoint, which S3 refuses in many regions."""

_DELETED_AT_ONCE = 1000
"""Source: "DeleteObjects", Amazon S3 API reference."""


class Bucket:
    """Files in S3."""

    def __init__(self, client: S3Client, name: str, part: int = Limits.upload_part) -> None:
        """Keep a client made with SIGNED_LINKS, the bucket's name, and the bytes of a part of an upload."""
        self._client = translating(client)
        self._name = name
        self._part = part

    def put(self, name: str, content: bytes, kind: str = "application/pdf") -> None:
        """Store a file."""
        self._client.put_object(Bucket=self._name, Key=name, Body=content, ContentType=kind)

    def get(self, name: str) -> bytes:
        """Read a file. Raises FileMissingError."""
        with _missing_files():
            return self._client.get_object(Bucket=self._name, Key=name)["Body"].read()

    def names(self, beginning: str) -> Iterator[str]:
        """List the names of the files with this prefix."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=beginning):
            yield from (found["Key"] for found in page.get("Contents", ()))

    def delete(self, *names: str) -> None:
        """Delete files. Missing ones are ignored."""
        for some in batched(names, _DELETED_AT_ONCE, strict=False):
            objects: list[ObjectIdentifierTypeDef] = [{"Key": name} for name in some]
            answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": objects, "Quiet": True})
            if errors := answer.get("Errors"):
                message = f"{len(errors)} of {len(some)} files were not deleted"
                code = errors[0].get("Code", "Unknown")
                raise ClientError({"Error": {"Code": code, "Message": message}}, "DeleteObjects")

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a CSV file of any length while it is made. It replaces an earlier one only when it is complete."""
        from undersigned.base.uploads import upload

        upload(self._client, self._name, name, lines, self._part, content_type="text/csv; charset=utf-8")

    def link(self, name: str, filename: str, seconds: int = 300) -> str:
        """Return a web address for downloading a file, which works for some seconds. Raises FileMissingError."""
        # S3's own answer to a person would be XML.
        with _missing_files():
            self._client.head_object(Bucket=self._name, Key=name)
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._name,
                "Key": name,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=seconds,
        )


@contextmanager
def _missing_files() -> Iterator[None]:
    """Raise FileMissingError for a file that isn't there."""
    try:
        yield
    except ClientError as error:
        # Without the right to list a bucket, S3 forbids to read a missing file ("GetObject", Amazon S3 API reference).
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in {403, 404}:
            raise FileMissingError from error
        raise
