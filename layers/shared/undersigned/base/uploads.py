"""Upload files to S3 in parts, while they are made, so that memory use stays flat."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig

if TYPE_CHECKING:
    from collections.abc import Buffer, Iterator

    from types_boto3_s3 import S3Client


def upload(  # noqa: PLR0913  (where, what, and how)
    client: S3Client, bucket: str, name: str, content: Iterator[bytes], part: int, *, content_type: str
) -> None:
    """Store a file, in parts of a given size (bytes). If that fails, nothing is stored."""
    # boto3 aborts a failed upload. After a crash, the bucket's lifecycle rule does.
    client.upload_fileobj(
        io.BufferedReader(_Pieces(content), part),
        bucket,
        name,
        ExtraArgs={"ContentType": content_type},
        # Without threads, because they read ahead and keep several parts in memory.
        Config=TransferConfig(multipart_threshold=part, multipart_chunksize=part, use_threads=False),
    )


class _Pieces(io.RawIOBase):
    """Makes pieces of a file readable as a file, once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        room = memoryview(buffer).cast("B")
        while not self._rest:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._rest = memoryview(piece)
        taken = min(len(room), len(self._rest))
        room[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken
