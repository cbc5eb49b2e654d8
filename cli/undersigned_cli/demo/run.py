"""The demo: sign, confirm and deliver letters on the local stack, through the pages and emails that people use."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import boto3
from rich.progress import Progress
from rich.table import Table

from undersigned.base.errors import UndersignedError
from undersigned.campaigns.rules.cadence import period_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.commands.output import console
from undersigned_cli.demo.signers import DemoSigner, demo_signers
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from undersigned_cli.local.mail_store import StoredMail
    from undersigned_cli.local.stack import LocalStack

TARGETS = ("evanston", "skokie", "wilmette", "winnetka", "glencoe")
SIGNERS_PER_TARGET = 9
SIGNING_TWICE = 3
PATIENCE = 180.0
"""Seconds to wait for each step that the stack does by itself."""


class DemoError(UndersignedError):
    """The stack failed at a step of the demo."""


def run_demo(stack: LocalStack) -> None:
    """Run the demo on a running stack. Raises DemoError when a letter is lost, duplicated or late."""
    _Demo(stack).run()


class _Demo:
    """One run of the demo."""

    def __init__(self, running: LocalStack) -> None:
        self._running = running
        self._opened = DeployedStack(running.outputs, boto3.client).opened()
        folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
        # The port of the example website is known only when the stack runs.
        origins = (*folder.campaign.allowed_origins, running.desk_url)
        self._folder = replace(folder, campaign=replace(folder.campaign, allowed_origins=origins))
        self._campaign = self._folder.campaign.id
        self._form = f"{running.public_url}/campaigns/{self._campaign}"

    def run(self) -> None:
        from undersigned.workshop.printing.share_pictures import share_pictures

        push(self._opened, self._folder, pictures=share_pictures(self._folder.campaign))
        console.print(f"Pushed the campaign {self._campaign}: {self._form}")
        targets = [target for target in self._folder.targets if target.id in TARGETS]
        signers = demo_signers(targets, SIGNERS_PER_TARGET)
        confirmed, withdrawn = self._sign_and_confirm(signers)
        self._wait("the count", lambda: self._count() == confirmed - withdrawn)
        console.print(f"{confirmed} confirmed, {withdrawn} withdrawn: the count is {self._count()}.")
        self._show(self._run_the_week(len(targets)), confirmed - withdrawn)

    def _sign_and_confirm(self, signers: tuple[DemoSigner, ...]) -> tuple[int, int]:
        # What the functions print is for their log.
        with Progress(console=console, redirect_stdout=False, redirect_stderr=False) as progress:
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

        The same form again within two minutes would cause no email: it counts as sent twice.
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
        return [_parsed(mail) for mail in self._running.store.mails() if signer.email in mail.to]

    def _each[Given, Made](
        self, progress: Progress, what: str, given: list[Given], work: Callable[[Given], Made]
    ) -> list[Made]:
        with ThreadPoolExecutor(max_workers=4) as pool:
            return list(progress.track(pool.map(work, given), total=len(given), description=what))

    def _sign(self, signer: DemoSigner) -> None:
        # As the example website's own form posts it. Without a website, the form would look like a bot's.
        page = _request(f"{self._form}/signatures", signer.form(), accept="text/html", origin=self._running.desk_url)
        if "Check your email" not in page:
            message = f"signing should show the page that says what to do next, but it shows:\n{page[:500]}"
            raise DemoError(message)

    def _confirmation_mails(self, signers: tuple[DemoSigner, ...]) -> list[EmailMessage]:
        """Wait for each signer's confirmation email, and return the last email of each signer."""

        def arrived() -> dict[str, EmailMessage]:
            return {
                mail.to[0]: _parsed(mail) for mail in self._running.store.mails() if mail.tags["kind"] == "confirmation"
            }

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
        day = period_of(at, self._running.outputs["DeliveryTimeZone"])
        return self._running.invoke("RunJobs", {"jobs": ["plan"], "day": day, "campaign": None})["plan"]["deliveries"]

    def _delivered(self) -> list[StoredMail]:
        return [mail for mail in self._running.store.mails() if mail.tags["kind"] == "delivery"]

    def _all_settled(self) -> bool:
        deliveries = Deliveries(self._opened.table)
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

    def _show(self, mails: list[StoredMail], letters: int) -> None:
        console.rule("The email to one recipient, as their office reads it")
        shown = next(mail for mail in mails if mail.tags["target"] == TARGETS[0])
        console.print(_text(_parsed(shown)), markup=False)
        table = Table(title="One email per recipient", title_justify="left")
        for heading in ("Recipient", "Letters", "Packets", "Bytes", "Subject"):
            table.add_column(heading, justify="left" if heading in {"Recipient", "Subject"} else "right")
        sent = 0
        for mail in mails:
            [delivery] = Deliveries(self._opened.table).deliveries(self._campaign, mail.tags["target"])
            sent += delivery.letters
            figures = (str(delivery.letters), str(delivery.last.packets), f"{len(mail.raw):,}")
            table.add_row(delivery.key.target, *figures, str(_parsed(mail)["Subject"]))
        console.print(table)
        if sent != letters:
            message = f"{letters} letters were confirmed and not withdrawn, but {sent} sent"
            raise DemoError(message)
        console.print(f"All {sent} letters that were confirmed and not withdrawn were sent, once.")
        console.print(f"Every email, as SES received it: {self._running.state / 'mails'}", soft_wrap=True)


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
