"""Answers of offices: which deliveries wait for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.support.deliveries import delivery_of
from tests.support.signatures import TREES
from undersigned.campaigns.rules.campaigns import Answer
from undersigned.delivering.rules.deliveries import DeliveryKey, HandedOver

AT = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
BY_HAND = {"way": "by hand", "state": "sent"}
HANDED = {"way": "by hand", "state": "delivered", "handed": HandedOver(date(2026, 12, 4), "", "ann", AT)}


@pytest.mark.parametrize(
    ("delivery", "today", "waits"),
    [
        ({"state": "delivered"}, "2026-12-30", True),
        ({"state": "delivered"}, "2026-12-29", False),
        ({"state": "bounced"}, "2026-12-30", False),
        (BY_HAND, "2026-12-30", False),
        (HANDED, "2026-12-30", False),
        (HANDED, "2027-01-03", True),
    ],
)
def test_an_office_has_30_days_from_the_day_on_which_it_may_have_the_letters(
    delivery: dict[str, Any], today: str, *, waits: bool
) -> None:
    made = replace(delivery_of(DeliveryKey("c", "t", "2026-11-30"), "open", AT, attempt=1), **delivery)
    answer = Answer(date(2026, 12, 1), "Thank you.", is_public=False, by="ann", at=AT)
    assert made.is_unanswered(TREES, None, date.fromisoformat(today)) == waits
    assert not made.is_unanswered(TREES, answer, date.fromisoformat(today))
