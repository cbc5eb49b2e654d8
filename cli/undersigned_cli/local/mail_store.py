"""Accepted emails on disk: `0001.eml` as it was sent, and `0001.json` with its envelope."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Envelope:
    """What SES knows about an email besides its content."""

    message_id: str
    sender: str
    to: tuple[str, ...]
    configuration_set: str | None
    tags: dict[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredMail:
    """An accepted email: its number, counted from 1, its envelope and the raw MIME message."""

    number: int
    envelope: Envelope
    raw: bytes

    @property
    def message_id(self) -> str:
        """Return SES's id of the email."""
        return self.envelope.message_id

    @property
    def to(self) -> tuple[str, ...]:
        """Return the addresses that it was sent to."""
        return self.envelope.to

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags that it was sent with."""
        return self.envelope.tags

    @property
    def at(self) -> datetime:
        """Return when it was accepted."""
        return self.envelope.at


class MailStore:
    """Emails in a folder, numbered in the order in which they were accepted."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made for the first email."""
        self._folder = folder
        self._lock = threading.Lock()
        self._last: int | None = None

    def append(self, envelope: Envelope, raw: bytes) -> StoredMail:
        """Store an email, which is on disk when this returns."""
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._last is None:
                self._last = max(self._numbers(), default=0)
            number = self._last + 1
            self._path(number, "eml").write_bytes(raw)
            # Write the envelope last: an email without one was not accepted.
            fresh = self._path(number, "json.new")
            fresh.write_text(
                json.dumps({**asdict(envelope), "at": envelope.at.isoformat()}, indent=1), encoding="utf-8"
            )
            fresh.replace(self._path(number, "json"))
            self._last = number
        return StoredMail(number, envelope, raw)

    def __len__(self) -> int:
        return sum(1 for _ in self._numbers())

    def mail(self, number: int) -> StoredMail | None:
        """Return an email; None when there is no such number."""
        try:
            known = json.loads(self._path(number, "json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        envelope = Envelope(**{**known, "to": tuple(known["to"]), "at": datetime.fromisoformat(known["at"])})
        return StoredMail(number, envelope, self._path(number, "eml").read_bytes())

    def mails(self) -> list[StoredMail]:
        """Return all emails, oldest first."""
        return [mail for number in sorted(self._numbers()) if (mail := self.mail(number))]

    def _numbers(self) -> Iterator[int]:
        return (int(path.stem) for path in self._folder.glob("*.json"))

    def _path(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:04}.{suffix}"
