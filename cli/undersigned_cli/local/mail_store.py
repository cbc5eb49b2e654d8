"""Accepted emails on disk: `0001.eml` as it was sent, and `0001.json` with its envelope."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoredMail:
    """An accepted email: the raw MIME message, its envelope, and its number, counted from 1."""

    raw: bytes
    message_id: str
    sender: str
    to: tuple[str, ...]
    configuration_set: str | None
    tags: dict[str, str]
    at: datetime
    number: int = 0


class MailStore:
    """Emails in a folder, numbered in the order in which they were accepted."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made for the first email."""
        self._folder = folder
        self._lock = threading.Lock()
        self._last: int | None = None

    def append(self, mail: StoredMail) -> StoredMail:
        """Store an email, which is on disk when this returns. Return it with its number."""
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._last is None:
                self._last = max(self._numbers(), default=0)
            self._last += 1
            stored = replace(mail, number=self._last)
            self._path(stored.number, "eml").write_bytes(stored.raw)
            # Write the envelope last: an email without one was not accepted.
            fresh = self._path(stored.number, "json.new")
            envelope = {name: value for name, value in asdict(stored).items() if name != "raw"}
            fresh.write_text(json.dumps({**envelope, "at": mail.at.isoformat()}, indent=1), encoding="utf-8")
            fresh.replace(self._path(stored.number, "json"))
        return stored

    def __len__(self) -> int:
        return sum(1 for _ in self._numbers())

    def mail(self, number: int) -> StoredMail | None:
        """Return an email; None when there is no such number."""
        try:
            known = json.loads(self._path(number, "json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        raw, at = self._path(number, "eml").read_bytes(), datetime.fromisoformat(known["at"])
        return StoredMail(**{**known, "raw": raw, "to": tuple(known["to"]), "at": at})

    def mails(self) -> list[StoredMail]:
        """Return all emails, oldest first."""
        return [mail for number in sorted(self._numbers()) if (mail := self.mail(number))]

    def _numbers(self) -> Iterator[int]:
        return (int(path.stem) for path in self._folder.glob("*.json"))

    def _path(self, number: int, suffix: str) -> Path:
        return self._folder / f"{number:04}.{suffix}"
