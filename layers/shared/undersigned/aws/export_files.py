"""The exports' files, in the packets' bucket under a prefix with an expiration rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.aws.uploads import upload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

_LINK_SECONDS = 900


class ExportFiles:
    """Files in S3, uploaded in parts."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Keep a client made with SIGNED_LINKS, and the bucket's name."""
        self._client = client
        self._bucket = bucket

    def write(self, name: str, lines: Iterator[bytes]) -> None:
        """Store a file of any length while it is made. It replaces an earlier one only when it is complete."""
        upload(self._client, self._bucket, name, lines, content_type="text/csv; charset=utf-8")

    def delete(self, *names: str) -> None:
        """Delete files. Does nothing to those that are not there."""
        for name in names:
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def link(self, name: str, filename: str) -> str:
        """Return a web address for downloading a file. It works for some minutes."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": name,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=_LINK_SECONDS,
        )
