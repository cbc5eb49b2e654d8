"""A backup's file: gzipped lines of JSON, with a header, the items, and an end that authenticates them.

The header names the campaign and has a fingerprint of the stack's secret. The end has the number of items and an HMAC
of all lines, keyed with the secret. So a restore recognizes a file that is another stack's, incomplete or changed
before it writes anything, and the file doesn't contain the secret. Items have the format of DynamoDB's own exports:
`{"Item": {"pk": {"S": "…"}, …}}`.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from undersigned.aws.dynamodb import from_item, to_item
from undersigned.domain.errors import UndersignedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from undersigned.aws.dynamodb import Values

FORMAT = 1

_LONGEST = 4_000_000
"""The most bytes in a line: DynamoDB's largest item is 400 KB, and JSON writes a byte as six at worst."""


class BackupFileError(UndersignedError):
    """The file is not a complete backup that this stack can read. The message says why and what to do."""


class OtherSecretError(BackupFileError):
    """The file was made with another stack's secret."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup contains. `paused` says whether the campaign was paused when the backup started."""

    id: str
    campaign: str
    made_at: datetime
    paused: bool


class Line(NamedTuple):
    """A row's values. `again` says that the line replaces an earlier line with the same key."""

    values: Values
    again: bool = False


def write(out: BinaryIO, header: Header, lines: Iterable[Line], secret: str) -> int:
    """Write a backup, and return how many items it has."""
    digest = hmac.new(_key(secret), digestmod=hashlib.sha256)
    written = 0
    with gzip.GzipFile(filename="", fileobj=out, mode="wb") as packed:

        def put(values: object) -> None:
            line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            packed.write(line)

        put(
            {
                "undersigned": "backup",
                "format": FORMAT,
                "id": header.id,
                "campaign": header.campaign,
                "made_at": header.made_at.isoformat(),
                "paused": header.paused,
                "secret": fingerprint_of(secret),
            }
        )
        for line in lines:
            put({"Item": to_item(line.values)} | ({"Again": True} if line.again else {}))
            written += 1
        put({"End": written, "hmac": digest.hexdigest()})
    return written


def fingerprint_of(secret: str) -> str:
    """Return a fingerprint that tells secrets apart and reveals nothing else."""
    return hmac.new(_key(secret), b"which secret is it?", hashlib.sha256).hexdigest()[:16]


def _key(secret: str) -> bytes:
    return f"backup:{secret}".encode()


@dataclass(frozen=True)
class BackupFile:
    """A backup's file, read by a stack with this secret. Every method raises BackupFileError."""

    path: Path
    secret: str

    @cached_property
    def header(self) -> Header:
        """Return the file's header; raises OtherSecretError."""
        values = self._values(1, next(self._raw(), b""))
        if values.get("undersigned") != "backup":
            message = f"{self.path} is not an Undersigned backup; to make one, run `undersigned backup CAMPAIGN FILE`"
            raise BackupFileError(message)
        if values.get("format") != FORMAT:
            message = (
                f"{self.path} has format {values.get('format')}, and this release reads {FORMAT}; "
                "use the release that made it, or a newer one"
            )
            raise BackupFileError(message)
        if not hmac.compare_digest(str(values.get("secret")).encode(), fingerprint_of(self.secret).encode()):
            message = f"{self.path} was made by a stack with another secret"
            raise OtherSecretError(message)
        try:
            made_at = datetime.fromisoformat(values["made_at"])
            return Header(str(values["id"]), str(values["campaign"]), made_at, bool(values["paused"]))
        except (KeyError, TypeError, ValueError) as error:
            raise self._changed() from error

    def check(self) -> int:
        """Read the whole file, and return how many items it has; raises BackupFileError if it is not as written."""
        _ = self.header
        digest = hmac.new(_key(self.secret), digestmod=hashlib.sha256)
        raw = self._raw()
        last, before = next(raw), 0
        for line in raw:
            digest.update(last)
            last, before = line, before + 1
        if not before or not last.startswith(b'{"End":'):
            raise self._cut_off()
        end = self._values(before + 1, last)
        if not hmac.compare_digest(str(end.get("hmac")).encode(), digest.hexdigest().encode()):
            raise self._changed()
        return before - 1

    def lines(self) -> Iterator[Line]:
        """Yield the items of a file that was checked."""
        for number, raw in enumerate(self._raw(), start=1):
            values = self._values(number, raw)
            if "Item" in values:
                yield Line(from_item(values["Item"]), again=values.get("Again", False))

    def _raw(self) -> Iterator[bytes]:
        try:
            with gzip.open(self.path) as packed:
                while line := packed.readline(_LONGEST):
                    if not line.endswith(b"\n"):
                        raise self._cut_off()
                    yield line
        except EOFError as error:
            raise self._cut_off() from error
        except (gzip.BadGzipFile, zlib.error) as error:
            message = f"{self.path} is not an Undersigned backup, or it is damaged; use another copy"
            raise BackupFileError(message) from error
        except OSError as error:
            message = f"{self.path} can't be read: {error.strerror}; check its name and permissions"
            raise BackupFileError(message) from error

    def _values(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            message = (
                f"{self.path} is not an Undersigned backup, or it is damaged: line {number} can't be read; "
                "use another copy"
            )
            raise BackupFileError(message)
        return values

    def _changed(self) -> BackupFileError:
        return BackupFileError(f"{self.path} was changed or damaged after it was made; use another copy")

    def _cut_off(self) -> BackupFileError:
        return BackupFileError(f"{self.path} is incomplete; copy it again from where it was made")
