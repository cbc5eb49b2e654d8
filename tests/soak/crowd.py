"""People who sign: many at once, each as people do, and what each of them was told in the end."""

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

    from undersigned_cli.local.mail_store import StoredMail
    from undersigned_cli.local.running import RunningStack

DOMAIN = "signers.example"
NEVER_CONFIRM, SIGN_TWICE, SIGN_AGAIN, TAKE_BACK = 0.05, 0.08, 0.02, 0.06
"""Shares: who leaves the mail alone, sends the form anew with other words, asks once more after confirming, regrets."""

TRIES = 10
PATIENCE = 150.0
"""Seconds without any news after which nothing more will come."""


@dataclass
class Person:
    """Somebody with a name like no other's. What is `told` comes from answers alone."""

    number: int
    postal_code: str
    confirms: bool
    signs_twice: bool
    signs_again: bool
    takes_back: bool
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
        """Fill in the form; which version of the words it has stands in the address."""
        return {
            "name": self.name,
            "email": self.email,
            "address_line": f"{self.words} Sample Street",
            "locality": "Sampletown",
            "postal_code": self.postal_code,
            "signature": self.name,
        }


def people(number: int, postal_codes: Sequence[str], chance: Random) -> list[Person]:
    return [
        Person(
            number=each,
            postal_code=postal_codes[each % len(postal_codes)],
            confirms=chance.random() >= NEVER_CONFIRM,
            signs_twice=chance.random() < SIGN_TWICE,
            signs_again=chance.random() < SIGN_AGAIN,
            takes_back=chance.random() < TAKE_BACK,
        )
        for each in range(number)
    ]


class Seen:
    """What all clients saw."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self.lost_connections = 0
        self.mended = 0
        self.not_mended: list[str] = []
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

    def note_end(self, what: str, tries: int, *, well: bool) -> None:
        with self._lock:
            if not well:
                self.not_mended.append(what)
            elif tries > 1:
                self.mended += 1


class Client:
    """A browser of one person at a time; it sends a form again when the answer is an error of the server."""

    def __init__(self, address: str, origin: str, seen: Seen) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port
        self._connection: HTTPConnection | None = None
        self._origin = origin
        self._seen = seen

    def ask(
        self, path: str, values: dict[str, str] | None = None, *, accept: str = "application/json"
    ) -> tuple[int, str]:
        status, text = 0, ""
        for attempt in range(1, TRIES + 1):
            try:
                status, text = self._ask(path, values, accept)
            except (OSError, HTTPException):
                self.close()
                self._seen.note(None)
            else:
                self._seen.note(status)
                if status < 500:
                    self._seen.note_end(path, attempt, well=True)
                    return status, text
            time.sleep(min(0.2 * 2**attempt, 5))
        # No path: it can hold a signer's token.
        self._seen.note_end(
            f"{'POST' if values is not None else 'GET'} {path.split('/')[1]}: {status}", TRIES, well=False
        )
        return status, text

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _ask(self, path: str, values: dict[str, str] | None, accept: str) -> tuple[int, str]:
        self._connection = self._connection or HTTPConnection(self._host, self._port, timeout=120)
        method, body = ("GET", None) if values is None else ("POST", urlencode(values))
        headers = {"Accept": accept, "Origin": self._origin}
        if values is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()


class Crowd:
    """Signs, opens mails, presses buttons: a bounded number of clients work through what people do."""

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
        self._errands: queue.SimpleQueue[Callable[[Client], None] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(clients)]
        self._postman = threading.Thread(target=self._carry_mails, daemon=True)
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._left = len(persons)
        self._news = time.monotonic()

    def start(self) -> None:
        for person in self.persons:
            self._errands.put(lambda client, person=person: self._sign(client, person))  # type: ignore[misc]
        for thread in (*self._threads, self._postman):
            thread.start()

    @property
    def is_stuck(self) -> bool:
        return time.monotonic() - self._news > PATIENCE

    def confirmed(self) -> int:
        return sum(person.told != "nothing" for person in self.persons)

    def wait(self) -> None:
        """Wait until everybody did what they meant to do; raises AssertionError when nothing happens any more."""
        while self._left:
            assert not self.is_stuck, f"{self._left} people wait for a mail that does not come"
            time.sleep(0.2)

    def stop(self) -> None:
        self._is_over.set()
        for _ in self._threads:
            self._errands.put(None)
        for thread in (*self._threads, self._postman):
            thread.join(timeout=130)

    def _work(self) -> None:
        client = Client(self._stack.public_url, self._origin, self.seen)
        while message := self._errands.get():
            message(client)
            self._news = time.monotonic()
        client.close()

    def _finish(self) -> None:
        with self._lock:
            self._left -= 1

    def _expect(self, what: str, status: int, *wanted: int) -> None:
        if status not in wanted:
            self.odd_answers.append(f"{what}: {status}")

    def _sign(self, client: Client, person: Person) -> None:
        path = f"/campaigns/{self._campaign}/signatures"
        self._expect("sign", client.ask(path, person.form())[0], 202)
        if person.signs_twice:
            person.words = 2
            self._expect("sign again with other words", client.ask(path, person.form())[0], 202)
        person.has_signed = True
        self._open_mail(person)

    def _open_mail(self, person: Person) -> None:
        """Open the mail once the person has signed and it is there, whichever comes last."""
        if person.has_signed and person.mails and person.opens_mail.acquire(blocking=False):
            if person.confirms:
                self._errands.put(lambda client: self._confirm(client, person))
            else:
                self._finish()

    def _confirm(self, client: Client, person: Person) -> None:
        path = person.mails[0]
        for _ in range(3):
            status, page = client.ask(path, accept="text/html")
            self._expect("open the link", status, 200)
            # Whoever confirmed before an answer was lost sees the letter's own page, without the button.
            button = re.search(r'name="version" value="(\d+)"', page)
            status, text = client.ask(path, {"version": button[1]} if button else {})
            if status != 409:
                break
        self._expect("confirm", status, 200)
        state = json.loads(text) if status == 200 else {}
        person.told = str(state.get("status", "nothing"))
        if person.signs_again:
            again = {**person.form(), "address_line": "3 Sample Street"}
            self._expect("ask again", client.ask(f"/campaigns/{self._campaign}/signatures", again)[0], 202)
        if person.takes_back and state:
            self._errands.put(lambda client: self._take_back(client, person, state))
        else:
            self._finish()

    def _take_back(self, client: Client, person: Person, state: dict[str, Any]) -> None:
        status, text = client.ask(state["links"]["withdraw"], {})
        self._expect("take back", status, 200)
        if status == 200:
            person.told = str(json.loads(text)["status"])
        self._finish()

    def _carry_mails(self) -> None:
        store, number = MailStore(self._stack.state / "mails"), 1
        while not self._is_over.is_set():
            mail = store.mail(number)
            if mail is None:
                self._is_over.wait(0.1)
                continue
            number += 1
            self._hand_over(mail)

    def _hand_over(self, mail: StoredMail) -> None:
        person = self._by_email.get(mail.to[0])
        if person is None:
            return
        part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
        found = re.search(r"https?://[^/\s]+(/confirm/\S+)", str(part.get_content()) if part else "")
        if found:
            person.mails.append(found[1])
            self._open_mail(person)
