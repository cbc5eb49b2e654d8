"""Many people who sign at the same time, and what each of them was told in the end."""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from undersigned_cli.local.mail_store import MailStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from tests.running import RunningStack
    from undersigned_cli.local.mail_store import StoredMail

DOMAIN = "signers.example"
NEVER_CONFIRM, SIGN_TWICE, SIGN_AGAIN, WITHDRAW = 0.05, 0.08, 0.02, 0.06
"""Shares of people: who never confirm, send the form twice with other words, sign again after confirming, withdraw."""

TRIES = 10
PATIENCE = 150.0
"""Seconds without progress after which the crowd is stuck."""


@dataclass
class Person:
    """A person with a unique name. `told` is the status in the answers, and comes from nowhere else."""

    number: int
    postal_code: str
    confirms: bool
    signs_twice: bool
    signs_again: bool
    withdraws: bool
    told: str = "nothing"
    words: int = 1
    mails: list[str] = field(default_factory=list)
    has_signed: bool = False
    opens_mail: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return f"Signer Number{self.number:05d}"

    @property
    def email(self) -> str:
        return f"signer{self.number}@{DOMAIN}"

    def form(self) -> dict[str, str]:
        """Return the filled-in form. The number of its version is in the address line."""
        return {
            "name": self.name,
            "email": self.email,
            "address_line": f"{self.words} Sample Street",
            "locality": "Sampletown",
            "postal_code": self.postal_code,
            "signature": self.name,
        }


def people(number: int, postal_codes: Sequence[str], rng: Random) -> list[Person]:
    return [
        Person(
            number=each,
            postal_code=postal_codes[each % len(postal_codes)],
            confirms=rng.random() >= NEVER_CONFIRM,
            signs_twice=rng.random() < SIGN_TWICE,
            signs_again=rng.random() < SIGN_AGAIN,
            withdraws=rng.random() < WITHDRAW,
        )
        for each in range(number)
    ]


class Seen:
    """The answers that the clients saw."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.lost_connections = 0
        self.fixed = 0
        self.not_fixed: list[str] = []
        self._lock = threading.Lock()

    @property
    def server_errors(self) -> int:
        return sum(times for status, times in self.answers.items() if status >= 500)

    def note(self, status: int | None) -> None:
        with self._lock:
            if status is None:
                self.lost_connections += 1
            else:
                self.answers[status] += 1

    def note_end(self, what: str, tries: int, *, ok: bool) -> None:
        with self._lock:
            if not ok:
                self.not_fixed.append(what)
            elif tries > 1:
                self.fixed += 1


class Client:
    """A browser for one person at a time. It repeats a request after a server error or a lost connection."""

    def __init__(self, address: str, origin: str, seen: Seen) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port
        self._connection: HTTPConnection | None = None
        self._origin = origin
        self._seen = seen

    def send(
        self, path: str, values: dict[str, str] | None = None, *, accept: str = "application/json"
    ) -> tuple[int, str]:
        status, text = 0, ""
        for attempt in range(1, TRIES + 1):
            try:
                status, text = self._send(path, values, accept)
            except (OSError, HTTPException):
                self.close()
                self._seen.note(None)
            else:
                self._seen.note(status)
                if status < 500:
                    self._seen.note_end(path, attempt, ok=True)
                    return status, text
            time.sleep(min(0.2 * 2**attempt, 5))
        # No path: it can hold a signer's token.
        self._seen.note_end(
            f"{'POST' if values is not None else 'GET'} {path.split('/')[1]}: {status}", TRIES, ok=False
        )
        return status, text

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _send(self, path: str, values: dict[str, str] | None, accept: str) -> tuple[int, str]:
        self._connection = self._connection or HTTPConnection(self._host, self._port, timeout=120)
        method, body = ("GET", None) if values is None else ("POST", urlencode(values))
        # The form is on the campaign's website. The links in emails open the stack's own pages.
        origin = self._origin if path.startswith("/campaigns/") else f"http://{self._host}:{self._port}"
        headers = {"Accept": accept, "Origin": origin}
        if values is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()


class Crowd:
    """People who sign, open emails and press buttons, through a bounded number of clients."""

    def __init__(
        self, stack: RunningStack, campaign: str, origin: str, persons: Sequence[Person], clients: int
    ) -> None:
        self.persons = persons
        self.seen = Seen()
        self.odd_answers: list[str] = []
        self._stack = stack
        self._campaign = campaign
        self._origin = origin
        self._by_email = {person.email: person for person in persons}
        self._tasks: queue.SimpleQueue[Callable[[Client], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]
        self._mail_reader = threading.Thread(target=self._read_mails, daemon=True)
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._unfinished = 0
        self._last_progress = time.monotonic()

    def start(self) -> None:
        for thread in (*self._threads, self._mail_reader):
            thread.start()

    def sign(self, persons: Sequence[Person]) -> None:
        """Let some of the people begin."""
        self._last_progress = time.monotonic()
        with self._lock:
            self._unfinished += len(persons)
        for person in persons:
            self._tasks.put(lambda client, person=person: self._sign(client, person))  # type: ignore[misc]

    @property
    def is_finished(self) -> bool:
        return not self._unfinished

    @property
    def is_stuck(self) -> bool:
        return time.monotonic() - self._last_progress > PATIENCE

    def confirmed(self) -> int:
        return sum(person.told != "nothing" for person in self.persons)

    def wait(self) -> None:
        """Wait until everybody who has begun is finished. Raises AssertionError if there is no more progress."""
        while not self.is_finished:
            assert not self.is_stuck, f"{self._unfinished} people wait for an email that doesn't come"
            time.sleep(0.2)

    def stop(self) -> None:
        self._is_over.set()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in (*self._threads, self._mail_reader):
            thread.join(timeout=130)

    def _work(self) -> None:
        client = Client(self._stack.public_url, self._origin, self.seen)
        while task := self._tasks.get():
            task(client)
            self._last_progress = time.monotonic()
        client.close()

    def _finish(self) -> None:
        with self._lock:
            self._unfinished -= 1

    def _expect(self, what: str, status: int, *wanted: int) -> None:
        if status not in wanted:
            self.odd_answers.append(f"{what}: {status}")

    def _sign(self, client: Client, person: Person) -> None:
        path = f"/campaigns/{self._campaign}/signatures"
        self._expect("sign", client.send(path, person.form())[0], 202)
        if person.signs_twice:
            person.words = 2
            self._expect("sign again with other words", client.send(path, person.form())[0], 202)
        person.has_signed = True
        self._open_mail(person)

    def _open_mail(self, person: Person) -> None:
        """Open the email once the person has signed and it has arrived, in either order."""
        if person.has_signed and person.mails and person.opens_mail.acquire(blocking=False):
            if person.confirms:
                self._tasks.put(lambda client: self._confirm(client, person))
            else:
                self._finish()

    def _confirm(self, client: Client, person: Person) -> None:
        path = person.mails[0]
        status, page = client.send(path, accept="text/html")
        self._expect("open the link", status, 200)
        # Emails come in any order, and each link confirms the words that it shows.
        if shown := re.search(r"(\d) Sample Street", page):
            person.words = int(shown[1])
        status, text = client.send(path, {})
        self._expect("confirm", status, 200)
        state = json.loads(text) if status == 200 else {}
        person.told = str(state.get("status", "nothing"))
        if person.signs_again:
            again = {**person.form(), "address_line": "3 Sample Street"}
            self._expect(
                "sign again after confirming", client.send(f"/campaigns/{self._campaign}/signatures", again)[0], 202
            )
        if person.withdraws and state:
            self._tasks.put(lambda client: self._withdraw(client, person, state))
        else:
            self._finish()

    def _withdraw(self, client: Client, person: Person, state: dict[str, Any]) -> None:
        status, text = client.send(state["links"]["withdraw"], {})
        self._expect("withdraw", status, 200)
        if status == 200:
            person.told = str(json.loads(text)["status"])
        self._finish()

    def _read_mails(self) -> None:
        store, number = MailStore(self._stack.state / "mails"), 1
        while not self._is_over.is_set():
            mail = store.mail(number)
            if mail is None:
                self._is_over.wait(0.1)
                continue
            number += 1
            self._receive(mail)

    def _receive(self, mail: StoredMail) -> None:
        person = self._by_email.get(mail.to[0])
        if person is None:
            return
        part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
        found = re.search(r"https?://[^/\s]+(/confirm/\S+)", str(part.get_content()) if part else "")
        if found:
            person.mails.append(found[1])
            self._open_mail(person)
