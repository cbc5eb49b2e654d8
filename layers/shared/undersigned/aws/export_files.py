"""The exports' files, in the packets' bucket under a prefix with an expiration rule."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, override

from boto3.s3.transfer import TransferConfig

from undersigned.services import ports

if TYPE_CHECKING:
    from collections.abc import Buffer, Iterator

    from types_boto3_s3 import S3Client

_PART = 5 * 1024 * 1024
"""Bytes in a part of an upload: the minimum of S3. A file has at most 10,000 parts, so 50 GB."""

_LINK_SECONDS = 900


class ExportFiles(ports.ExportFiles):
    """Files in S3, uploaded in parts."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Keep a client made with SIGNED_LINKS, and the bucket's name."""
        self._client = client
        self._bucket = bucket

    @override
    def write(self, name: str, lines: Iterator[bytes]) -> None:
        # boto3 aborts a failed upload. After a crash, the bucket's lifecycle rule does.
        self._client.upload_fileobj(
            io.BufferedReader(_Lines(lines), _PART),
            self._bucket,
            name,
            ExtraArgs={"ContentType": "text/csv; charset=utf-8"},
            # Without threads, because they read ahead and keep several parts in memory.
            Config=TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, use_threads=False),
        )

    @override
    def link(self, name: str, filename: str) -> str:
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": name,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=_LINK_SECONDS,
        )


class _Lines(io.RawIOBase):
    """Makes lines readable as a file, once."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        super().__init__()
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        self._rest = self._rest or next(self._lines, b"")
        taken = min(len(room), len(self._rest))
        room[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken
