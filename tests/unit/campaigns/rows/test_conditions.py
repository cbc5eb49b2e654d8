"""What a write of a target depends on: each fact that another process can have changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.memory import Memory
from undersigned.base.table import Table
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Target

NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
OAKTON = Target("oakton", "Police Chief", "Avery Sample", "Police", "Oakton", "chief@oakton.example", ())


@pytest.fixture
def campaigns() -> Campaigns:
    made = Campaigns(Table(Memory(lambda: NOW).client("dynamodb", None), "table"))
    made.put_target("trees", OAKTON)
    return made


def test_a_bounce_says_nothing_about_an_address_that_came_meanwhile(campaigns: Campaigns) -> None:
    campaigns.put_target("trees", replace(OAKTON, email="new@oakton.example"))
    campaigns.set_mail_state("trees", "oakton", "chief@oakton.example", "bounced")
    assert campaigns.target("trees", "oakton").mail_state == "ok"
    campaigns.set_mail_state("trees", "oakton", "new@oakton.example", "bounced")
    assert campaigns.target("trees", "oakton").mail_state == "bounced"


def test_a_push_keeps_what_is_known_of_an_address_and_not_of_a_new_one(campaigns: Campaigns) -> None:
    campaigns.set_mail_state("trees", "oakton", OAKTON.email, "bounced")
    campaigns.put_target("trees", replace(OAKTON, name="Blake Sample"))
    assert campaigns.target("trees", "oakton").mail_state == "bounced"
    campaigns.put_target("trees", replace(OAKTON, email="new@oakton.example"))
    assert campaigns.target("trees", "oakton").mail_state == "ok"
