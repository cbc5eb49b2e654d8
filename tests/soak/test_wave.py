"""A wave of bots: they sign with made-up addresses while people sign, and the week's letters still arrive.

`make nightly PART=load` sends 300 forms; UNDERSIGNED_WAVE is another number.
"""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from tests.figures import FIGURES
from tests.soak.faults import Ses
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.organizing.screening import screen
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rules.mail_budgets import LANES
from undersigned.signing.rules.signatures import SignatureFilter
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest

    from tests.running import RunningStack
    from undersigned.base.stack import Stack

FORMS = int(os.environ.get("UNDERSIGNED_WAVE", "300"))
CLEAN_BOTS, PEOPLE = max(40, FORMS // 4), max(12, FORMS // 25)
"""Bots that ask for a form, as people do, and people. The other forms have no token."""

CAMPAIGN = "wave"
SHARE = 10
PATIENCE = 300.0 + FORMS / 10


@dataclass(frozen=True)
class Signer:
    """Somebody with an address in a network of their own. All such addresses are this machine."""

    email: str
    network: int

    @property
    def source(self) -> str:
        return f"127.{18 + self.network // 65_536}.{self.network // 256 % 256}.{self.network % 256}"


def made_up(kind: str, count: int, first_network: int) -> list[Signer]:
    return [
        Signer(f"{kind}{number}@town{number % 50}.example", first_network + 256 * number) for number in range(count)
    ]


@dataclass(frozen=True)
class Web:
    """Sends requests, each from its signer's own address."""

    stack: RunningStack

    def send(self, path: str, signer: Signer, values: dict[str, str] | None = None) -> str:
        data = urlencode(values).encode() if values is not None else None
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        host = urlsplit(self.stack.public_url).netloc
        with closing(HTTPConnection(host, timeout=60, source_address=(signer.source, 0))) as connection:
            connection.request("GET" if data is None else "POST", path, data, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        assert answer.status < HTTPStatus.MULTIPLE_CHOICES, (path.partition("/confirm/")[0], answer.status)
        return text

    def form(self, signer: Signer) -> str:
        return str(json.loads(self.send(f"/campaigns/{CAMPAIGN}", signer))["form"])

    def sign(self, signer: Signer, form: str) -> None:
        values = {
            "name": "Ada Specimen",
            "email": signer.email,
            "address_line": "1 Sample Street",
            "locality": "Evanston",
            "region": "IL",
            "postal_code": "60201",
            "signature": "Ada Specimen",
            "form": form,
        }
        self.send(f"/campaigns/{CAMPAIGN}/signatures", signer, values)


def sign_all(web: Web, signers: Iterable[Signer], *, as_people_do: bool) -> None:
    signers = list(signers)
    with ThreadPoolExecutor(8) as pool:
        forms = list(pool.map(web.form, signers)) if as_people_do else [""] * len(signers)
        list(pool.map(web.sign, signers, forms))


class Mails:
    """The text of each signer's last email of this campaign. Reads each email once: a wave has thousands."""

    def __init__(self, stack: RunningStack) -> None:
        self._store = MailStore(stack.state / "mails")
        self._read = 0
        self._texts: dict[str, str] = {}

    def now(self) -> dict[str, str]:
        """Return what was accepted until now, by address."""
        while mail := self._store.mail(self._read + 1):
            self._read += 1
            if mail.tags.get("campaign") == CAMPAIGN and mail.tags["kind"] == "confirmation":
                self._texts[mail.to[0]] = mail.raw.decode()
        return self._texts

    def have_all(self, signers: Iterable[Signer]) -> bool:
        return {signer.email for signer in signers} <= self.now().keys()


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"not {what} after {PATIENCE:.0f} s"
        time.sleep(1)


def is_braked(opened: Stack) -> bool:
    return MailBudgets(opened.table).sending(datetime.now(UTC)).is_braked("clean")


def waiting(opened: Stack) -> int:
    return sum(Forms(opened.table).how_many_postponed(CAMPAIGN, lane, 100_000) for lane in LANES)


def erase(opened: Stack, wave: SignatureFilter) -> int:
    """Erase the letters of a wave, as its organizer does on the dashboard. Return how many they were."""
    erased, after = 0, None
    while True:
        done = screen(opened, CAMPAIGN, "erase", wave, by="the organizer", why="made-up addresses", after=after)
        erased, after = erased + done.changed, done.next_position
        if after is None:
            return erased


def confirm_all(web: Web, signers: Iterable[Signer], mails: Mails) -> None:
    texts = mails.now()
    for signer in signers:
        found = texts[signer.email].replace("=\r\n", "").replace("=\n", "")
        path = "/confirm/" + found.partition("/confirm/")[2].split()[0].split('"')[0]
        web.send(path, signer, {})


def test_a_wave_of_bots_stops_neither_people_nor_the_weeks_letters(
    stack: RunningStack, request: pytest.FixtureRequest
) -> None:
    begun = time.monotonic()
    opened = DeployedStack(stack.outputs, stack.client).opened()
    shipped = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(opened, replace(shipped, campaign=replace(shipped.campaign, id=CAMPAIGN)))
    web, ses, mails = Web(stack), Ses(stack, 0), Mails(stack)
    early, late = made_up("early", PEOPLE // 2, 0), made_up("late", PEOPLE - PEOPLE // 2, 1_000_000)
    clean_bots = made_up("bot", CLEAN_BOTS, 2_000_000)
    suspicious = made_up("made-up", FORMS - PEOPLE - CLEAN_BOTS, 6_000_000)
    ses.control(fates={signer.email: "bounced" for signer in (*clean_bots, *suspicious)})

    half = len(suspicious) // 2
    sign_all(web, suspicious[:half], as_people_do=False)
    sign_all(web, early, as_people_do=True)
    wait_until(lambda: mails.have_all(early), "everybody in the middle of the wave has an email")
    sign_all(web, suspicious[half:], as_people_do=False)
    confirm_all(web, early, mails)
    wave_begins = datetime.now(UTC)
    sign_all(web, clean_bots, as_people_do=True)
    wait_until(lambda: is_braked(opened), "the brake is on")
    wave_ends = datetime.now(UTC)
    time.sleep(31)  # A process knows the brake after half a minute.
    sign_all(web, late, as_people_do=True)
    wait_until(lambda: waiting(opened) + len(mails.now()) >= FORMS, "each email is sent or waits")
    assert not any(signer.email in mails.now() for signer in late)
    of_suspicious = {signer.email for signer in suspicious} & mails.now().keys()
    assert len(of_suspicious) <= 2 * SHARE, "an hour's share, or two if the hour has just changed"

    # The week goes on while the brake is on.
    planned = stack.run_job("plan", datetime.now(UTC), CAMPAIGN)
    assert len(planned["deliveries"]) == 1
    wait_until(
        lambda: [found.state for found in Deliveries(opened.table).deliveries(CAMPAIGN, "evanston")] == ["delivered"],
        "the week's email is delivered",
    )
    [delivery] = Deliveries(opened.table).deliveries(CAMPAIGN, "evanston")
    assert delivery.letters == len(early)

    # A person erases the wave's letters and starts the emails again, and nobody who is a person is left without one.
    erased = erase(opened, SignatureFilter(signed_from=wave_begins, signed_before=wave_ends))
    assert erased == CLEAN_BOTS
    MailBudgets(opened.table).start(datetime.now(UTC))
    time.sleep(31)

    def everybody_has_an_email() -> bool:
        stack.invoke("SendConfirmations", {"scheduled_time": datetime.now(UTC).isoformat()})
        return mails.have_all(late)

    wait_until(everybody_has_an_email, "everybody who waited has an email")
    lines = request.config.stash[FIGURES]
    sent = len(mails.now())
    lines.append(
        f"a wave of {FORMS} forms in {time.monotonic() - begun:.0f} s: {sent} emails, of them {len(of_suspicious)} of "
        f"{len(suspicious)} forms without a token, {PEOPLE} of {PEOPLE} people's; {erased} letters "
        f"erased; {waiting(opened)} wait"
    )
