from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.signatures import adas_signature
from undersigned.domain.delivering.deliveries import Delivery, DeliveryKey
from undersigned.domain.events import event_of_delivery, event_of_signature

if TYPE_CHECKING:
    from undersigned.domain.signing.signatures import Status

NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)
SIGNATURE = adas_signature(
    letter="v",
    mail_request="r",
    confirmed_at=NOON,
    withdrawn_at=NOON + timedelta(hours=1),
    erased_at=NOON + timedelta(hours=2),
)
DELIVERY = Delivery(DeliveryKey("end-demand-illinois", "evanston", "2026-11-30"), "sent", NOON, attempt=1, letters=3)


@pytest.mark.parametrize(
    ("before", "status", "published"),
    [
        (None, "confirmed", "confirmed"),
        ("withdrawn", "confirmed", "confirmed"),
        ("erased", "confirmed", "confirmed"),
        (None, "erased", None),  # only forms were erased
        ("confirmed", "confirmed", None),  # sealed, or counted
        ("confirmed", "withdrawn", "withdrawn"),
        ("confirmed", "erased", "erased"),
        ("withdrawn", "erased", "erased"),
        ("erased", "erased", None),
    ],
)
def test_a_signature_has_an_event_when_it_starts_or_stops_counting(
    before: Status | None, status: Status, published: str | None
) -> None:
    event = event_of_signature(replace(SIGNATURE, status=status), before)
    assert (event.kind if event else None) == (f"undersigned.signature.{published}" if published else None)


def test_each_event_has_the_time_of_its_change() -> None:
    times = [
        event.at
        for before, status in ((None, "confirmed"), ("confirmed", "withdrawn"), ("withdrawn", "erased"))
        if (event := event_of_signature(replace(SIGNATURE, status=status), before))  # type: ignore[arg-type]
    ]
    assert times == [NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)]


def test_an_events_id_depends_on_its_change() -> None:
    first, again = event_of_signature(SIGNATURE, None), event_of_signature(SIGNATURE, None)
    # The row was lost and the same person signed again, so its versions start over.
    later = event_of_signature(replace(SIGNATURE, confirmed_at=NOON + timedelta(days=30)), None)
    other = event_of_signature(replace(SIGNATURE, signer="1" * 32), None)
    assert first
    assert later
    assert other
    assert first == again
    assert len({first.id, later.id, other.id}) == 3


def test_a_delivery_has_an_event_when_its_state_changes() -> None:
    assert event_of_delivery(DELIVERY, "sent", NOON, "1") is None
    event = event_of_delivery(DELIVERY, "sending", NOON, "1")
    assert event
    assert event.kind == "undersigned.delivery.sent"
    assert event == event_of_delivery(DELIVERY, "sending", NOON, "1")
    later = event_of_delivery(DELIVERY, "sending", NOON, "2")
    assert later
    assert later.id != event.id
