"""The demo: sign, confirm and deliver letters on the local stack, through the pages and emails that people use."""

from __future__ import annotations

import json
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from rich.progress import Progress
from rich.table import Table

from undersigned.domain.errors import UndersignedError
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.commands.output import console
from undersigned_cli.demo.signers import DemoSigner, demo_signers
from undersigned_cli.local.settings import ADMIN_EMAIL
from undersigned_cli.local.stack import LocalStack
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from email.message import EmailMessage
    from pathlib import Path

    from undersigned_cli.local.mail_store import StoredMail
    from undersigned_cli.local.running import RunningStack
    from undersigned_cli.local.settings import Ports

TARGETS = ("evanston", "skokie", "wilmette", "winnetka", "glencoe")
SIGNERS_PER_TARGET = 9
SIGNING_TWICE = 3
PATIENCE = 180.0
"""Seconds to wait for each step that the stack does by itself."""


class DemoError(UndersignedError):
    """The stack failed at a step of the demo."""


@dataclass(frozen=True, slots=True)
class _Done:
    """The results of the demo: how many signers confirmed, how many of them withdrew, and the deliveries' emails."""

    confirmed: int
    withdrawn: int
    deliveries: list[StoredMail]


def run_demo(state: Path, ports: Ports, stay: Callable[[], None] | None) -> None:
    """Run the demo in an emptied state folder, then call `stay` while the stack is still running.

    Raises LocalStackError when the stack can't start, and DemoError when a letter is lost, duplicated or late.
    """
    for leftover in ("account.pickle", "mails", "outbox", "logs", "summary.json"):
        path = state / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with LocalStack(state, ports=ports, schedules=False, report=console.print) as running:
        demo = _Demo(running)
        demo.run()
        if stay is not None:
            # Its packages are in a checkout only.
            from undersigned_cli.local.example_site import WAYS

            console.print(f"\nForm:             {running.public_url}/campaigns/end-demand-illinois")
            console.print(f"Dashboard:        {running.public_url}/organizer")
            console.print(
                f"  administrator:  {ADMIN_EMAIL} (the email to sign in with is in the inbox)", highlight=False
            )
            console.print(f"Inbox:            {running.inbox_url}\nExample website:  {running.example_url}")
            for way in WAYS:
                console.print(f"  {running.example_origin}{way.path:18}{way.title.lower()}")
            on_demo = f"end-demand-illinois --local --state {state}"
            console.print(f"Command line:     undersigned counts {on_demo}", highlight=False, soft_wrap=True)
            console.print("Schedules:        off, so nothing goes out by itself. To send the letters that wait:")
            console.print(f"                  undersigned deliver {on_demo}", highlight=False, soft_wrap=True)
            stay()


class _Demo:
    """One run of the demo."""

    def __init__(self, running: RunningStack) -> None:
        self._running = running
        self._stack = Stack(running.outputs, running.client)
        self._wiring = self._stack.wiring()
        folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
        # The port of the example website is known only when the stack runs.
        origins = (*folder.campaign.allowed_origins, running.example_origin)
        self._folder = replace(folder, campaign=replace(folder.campaign, allowed_origins=origins))
        self._campaign = self._folder.campaign.id
        self._form = f"{running.public_url}/campaigns/{self._campaign}"

    def run(self) -> None:
        push(self._folder, self._wiring.campaigns)
        console.print(f"Pushed the campaign {self._campaign}: {self._form}")
        targets = [target for target in self._folder.targets if target.id in TARGETS]
        signers = demo_signers(targets, SIGNERS_PER_TARGET)
        confirmed, withdrawn = self._sign_and_confirm(signers)
        self._wait("the count", lambda: self._count() == confirmed - withdrawn)
        console.print(f"{confirmed} confirmed, {withdrawn} withdrawn: the count is {self._count()}.")
        done = _Done(confirmed, withdrawn, self._run_the_week(len(targets)))
        self._write(done)
        self._show(done)

    def _sign_and_confirm(self, signers: tuple[DemoSigner, ...]) -> tuple[int, int]:
        with Progress(console=console) as progress:
            self._each(progress, "Signing", [*signers, *signers[:SIGNING_TWICE]], self._sign)
            mails = self._confirmation_mails(signers)
            pages = self._each(progress, "Confirming through the links in the emails", mails, self._confirm)
        withdrawn = _post(f"{self._running.public_url}{pages[-1]}/withdraw", {})
        if withdrawn["status"] != "withdrawn":
            message = f"the last letter is {withdrawn['status']}, not withdrawn"
            raise DemoError(message)
        if any(len(self._mails_to(signer)) != 1 for signer in signers[:SIGNING_TWICE]):
            message = "the same form twice should cause one email"
            raise DemoError(message)
        self._sign_again(signers[-2])
        return len(mails), 1

    def _sign_again(self, signer: DemoSigner) -> None:
        """Fill in another form as a signer who has confirmed. The letter stays as it is, and an email says so.

        The same form again within two minutes would cause none: it was sent twice.
        """
        before = len(self._mails_to(signer))
        self._sign(replace(signer, note="My neighbors say so, too."))
        self._wait("the email about another form", lambda: len(self._mails_to(signer)) > before)
        console.print(
            f"{SIGNING_TWICE} people sent the same form twice, and each got one email. One who had confirmed filled in "
            "another form, and this email says that nothing has changed:"
        )
        console.print(_text(self._mails_to(signer)[-1]).partition("-----")[0].strip(), markup=False)

    def _mails_to(self, signer: DemoSigner) -> list[EmailMessage]:
        return [_parsed(mail) for mail in self._running.mails() if signer.email in mail.to]

    def _each[Given, Made](
        self, progress: Progress, what: str, given: list[Given], work: Callable[[Given], Made]
    ) -> list[Made]:
        with ThreadPoolExecutor(max_workers=4) as pool:
            return list(progress.track(pool.map(work, given), total=len(given), description=what))

    def _sign(self, signer: DemoSigner) -> None:
        # As the example website's own form posts it. Without a website, the form would look like a bot's.
        page = _request(
            f"{self._form}/signatures", signer.form(), accept="text/html", origin=self._running.example_origin
        )
        if "Check your email" not in page:
            message = f"signing should show the page that says what to do next, but it shows:\n{page[:500]}"
            raise DemoError(message)

    def _confirmation_mails(self, signers: tuple[DemoSigner, ...]) -> list[EmailMessage]:
        """Wait for each signer's confirmation email, and return the last one of each."""

        def arrived() -> dict[str, EmailMessage]:
            return {mail.to[0]: _parsed(mail) for mail in self._running.mails() if mail.tags["kind"] == "confirmation"}

        self._wait(f"{len(signers)} emails with links", lambda: len(arrived()) == len(signers))
        mails = arrived()
        return [mails[signer.email] for signer in signers]

    def _confirm(self, mail: EmailMessage) -> str:
        link = re.search(r"https?://\S+/confirm/\S+", _text(mail))
        if link is None:
            message = f"no link in the email to {mail['To']}"
            raise DemoError(message)
        if "Confirm and send my letter" not in _request(link[0], accept="text/html"):
            message = "the page that the link opens has no button"
            raise DemoError(message)
        return str(_post(link[0], {})["links"]["letter"])

    def _count(self) -> int:
        return int(json.loads(_request(f"{self._form}/count"))["signatures"])

    def _run_the_week(self, recipients: int) -> list[StoredMail]:
        now = datetime.now(UTC)
        console.print("Running the week")
        self._plan(now)
        self._wait(f"{recipients} deliveries", lambda: len(self._delivered()) == recipients)
        self._wait("the email servers' answers", self._all_settled)
        console.print("Running it again now, and a week later")
        for again in (now, now + timedelta(days=7)):
            if queued := self._plan(again):
                message = f"a second run queued {queued}"
                raise DemoError(message)
        return self._delivered()

    def _plan(self, at: datetime) -> Any:  # noqa: ANN401  (JSON)
        return self._running.run_job("plan", at)["deliveries"]

    def _delivered(self) -> list[StoredMail]:
        return [mail for mail in self._running.mails() if mail.tags["kind"] == "delivery"]

    def _all_settled(self) -> bool:
        deliveries = self._wiring.deliveries
        return all(
            delivery.state == "delivered"
            for target in TARGETS
            for delivery in deliveries.deliveries(self._campaign, target)
        )

    def _wait(self, what: str, until: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > end:
                message = f"{what} did not arrive within {PATIENCE:.0f} s; see {self._running.state / 'logs'}"
                raise DemoError(message)
            time.sleep(0.25)

    def _write(self, done: _Done) -> None:
        outbox = self._running.state / "outbox"
        outbox.mkdir(parents=True, exist_ok=True)
        for mail in self._running.mails():
            (outbox / f"{mail.number:04d}.eml").write_bytes(mail.raw)
        summary = {
            "confirmed": done.confirmed,
            "withdrawn": done.withdrawn,
            "sent": sum(row["letters"] for row in self._rows(done.deliveries)),
            "deliveries": self._rows(done.deliveries),
        }
        (self._running.state / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        if summary["sent"] != done.confirmed - done.withdrawn:
            message = f"{done.confirmed} confirmed and {done.withdrawn} withdrawn, but {summary['sent']} sent"
            raise DemoError(message)

    def _rows(self, mails: Iterable[StoredMail]) -> list[dict[str, Any]]:
        rows = []
        for mail in mails:
            [delivery] = self._wiring.deliveries.deliveries(self._campaign, mail.tags["target"])
            rows.append(
                {
                    "target": delivery.key.target,
                    "letters": delivery.letters,
                    "packets": delivery.last.packets,
                    "bytes": len(mail.raw),
                    "message_id": mail.message_id,
                }
            )
        return rows

    def _show(self, done: _Done) -> None:
        console.rule("The email to one recipient, as their office reads it")
        shown = next(mail for mail in done.deliveries if mail.tags["target"] == TARGETS[0])
        console.print(_text(_parsed(shown)), markup=False)
        table = Table(title="One email per recipient", title_justify="left")
        for heading in ("Recipient", "Letters", "Packets", "Bytes", "Subject"):
            table.add_column(heading, justify="left" if heading in {"Recipient", "Subject"} else "right")
        for row, mail in zip(self._rows(done.deliveries), done.deliveries, strict=True):
            subject = str(_parsed(mail)["Subject"])
            table.add_row(row["target"], str(row["letters"]), str(row["packets"]), f"{row['bytes']:,}", subject)
        console.print(table)
        console.print(
            f"{done.confirmed} confirmed − {done.withdrawn} withdrawn = {done.confirmed - done.withdrawn} sent."
        )
        console.print(f"Every email, as SES received it: {self._running.state / 'outbox'}", soft_wrap=True)


def _parsed(mail: StoredMail) -> EmailMessage:
    return message_from_bytes(mail.raw, policy=policy.default)


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def _post(url: str, values: dict[str, str]) -> Any:  # noqa: ANN401  (JSON)
    return json.loads(_request(url, values))


def _request(
    url: str, values: dict[str, str] | None = None, accept: str = "application/json", origin: str | None = None
) -> str:
    """GET an address, or POST a form to it, and return the response's text; raises DemoError for an error status."""
    body = urlencode(values).encode() if values is not None else None
    headers = {"Accept": accept, **({"Origin": origin} if origin else {})}
    request = Request(url, body, headers)  # noqa: S310  (our own local stack)
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310
            return str(answer.read().decode())
    except HTTPError as error:
        message = f"{request.get_method()} {url} answered {error.code}: {error.read().decode()[:500]}"
        raise DemoError(message) from error
