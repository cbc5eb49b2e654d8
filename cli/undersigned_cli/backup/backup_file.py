"""The file of a backup: gzipped lines of JSON, items between a header and an end that vouches for all of them.

The header says whose backup it is and carries a fingerprint of the stack's secret; the end carries the number of items
and an HMAC of all lines under that secret. So a file of another stack, one that is cut off and one that was changed are
known before anything is written, and the secret itself is in no file. An item is in the form of DynamoDB's own exports:
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
"""Bytes of a line; DynamoDB's largest item is 400 KB, and JSON writes a byte as six at worst."""


class BackupFileError(UndersignedError):
    """The file is not a complete backup that this stack can read; says why and the way out."""


class OtherSecretError(BackupFileError):
    """The file was made under the secret of another stack."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup is of. `paused` says whether the campaign's deliveries paused when it was begun."""

    id: str
    campaign: str
    made_at: datetime
    paused: bool


class Line(NamedTuple):
    """One row's values; `again` says that it stands in place of an earlier line with its key."""

    values: Values
    again: bool = False


def write(out: BinaryIO, header: Header, lines: Iterable[Line], secret: str) -> int:
    """Write a backup and return how many items it has."""
    vouched = hmac.new(_key(secret), digestmod=hashlib.sha256)
    written = 0
    with gzip.GzipFile(filename="", fileobj=out, mode="wb") as packed:

        def put(values: object) -> None:
            line = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            vouched.update(line)
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
        put({"End": written, "hmac": vouched.hexdigest()})
    return written


def fingerprint_of(secret: str) -> str:
    """Return what tells one secret from another, and reveals nothing else about it."""
    return hmac.new(_key(secret), b"which secret is it?", hashlib.sha256).hexdigest()[:16]


def _key(secret: str) -> bytes:
    return f"backup:{secret}".encode()


@dataclass(frozen=True)
class BackupFile:
    """A backup's file, to be read by a stack with this secret. Every reader raises BackupFileError."""

    path: Path
    secret: str

    @cached_property
    def header(self) -> Header:
        """Return what it is a backup of. Raises OtherSecretError."""
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
        """Read it to its end and return how many items it has; raises BackupFileError unless all of it is as made."""
        _ = self.header
        vouched = hmac.new(_key(self.secret), digestmod=hashlib.sha256)
        raw = self._raw()
        last, before = next(raw), 0
        for line in raw:
            vouched.update(last)
            last, before = line, before + 1
        if not before or not last.startswith(b'{"End":'):
            raise self._cut_off()
        end = self._values(before + 1, last)
        if not hmac.compare_digest(str(end.get("hmac")).encode(), vouched.hexdigest().encode()):
            raise self._changed()
        return before - 1

    def lines(self) -> Iterator[Line]:
        """Read the items of a file that was checked."""
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
            message = f"{self.path} is not an Undersigned backup, or it is damaged: {error}; use another copy"
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
