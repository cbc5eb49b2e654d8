"""Emails of the stack to organizers, on the real template."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.support.waiting import wait_for
from undersigned.campaigns.rules.cadence import period_of
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from tests.support.running import RunningStack

CAMPAIGN = "report"
ORGANIZER = "organizer@reports.example"


@dataclass
class Observed:
    """A campaign whose organizer gets reports."""

    stack: RunningStack

    def page(self, url: str, values: dict[str, str] | None = None) -> str:
        body = urlencode(values).encode() if values is not None else None
        with urlopen(Request(url, body), timeout=60) as answer:  # noqa: S310
            return str(answer.read().decode())

    def link(self, to: str, kind: str, path: str) -> str:
        """Return the link in the only email of a kind to an address."""
        mails = wait_for(
            lambda: [mail for mail in self.stack.mails() if mail.to == (to,) and mail.tags["kind"] == kind]
        )
        [mail] = mails
        part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
        assert part
        found = re.search(rf"{re.escape(self.stack.public_url)}/{path}\S*", part.get_content())
        assert found
        return found[0]


@pytest.fixture(scope="module")
def observed(stack: RunningStack) -> Observed:
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    organizer = replace(folder.campaign.organizer, email=ORGANIZER)
    campaign = replace(folder.campaign, id=CAMPAIGN, organizer=organizer)
    push(DeployedStack(stack.outputs, stack.client).opened(), replace(folder, campaign=campaign))
    return Observed(stack)


def test_a_week_is_sent_and_reported(observed: Observed) -> None:
    stack, now = observed.stack, datetime.now(UTC)
    period = period_of(now, stack.outputs["DeliveryTimeZone"])
    observed.page(
        f"{stack.public_url}/campaigns/{CAMPAIGN}/signatures",
        {
            "name": "Ada Specimen",
            "email": "ada@reports.example",
            "address_line": "1 Sample Street",
            "locality": "Evanston",
            "region": "IL",
            "postal_code": "60201",
            "signature": "Ada Specimen",
        },
    )
    observed.page(observed.link("ada@reports.example", "confirmation", "confirm/"), {})
    opened = DeployedStack(stack.outputs, stack.client).opened()
    wait_for(lambda: Signatures(opened.table).has_waiting(CAMPAIGN, "evanston"))
    assert len(stack.run_job("plan", now, CAMPAIGN)["deliveries"]) == 1

    def is_delivered() -> bool:
        delivery = Deliveries(opened.table).delivery(DeliveryKey(CAMPAIGN, "evanston", period))
        return delivery is not None and delivery.state == "delivered"

    wait_for(is_delivered)

    # A report is about what left from its day's delivery hour on, which is nine.
    for _ in range(2):
        stack.run_job("report", now - timedelta(hours=9), CAMPAIGN)
    [report] = [mail for mail in stack.mails() if mail.tags.get("kind") == "report" and mail.to == (ORGANIZER,)]
    assert b"1 sent, 0 not sent" in report.raw
