"""What a change means to other programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from undersigned.domain.deliveries import Delivery, DeliveryKey
from undersigned.domain.events import event_of_delivery, event_of_signature
from undersigned.domain.signatures import Signature

if TYPE_CHECKING:
    from undersigned.domain.signatures import Status

NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)
SIGNATURE = Signature(
    campaign="end-demand-illinois",
    signer="0" * 32,
    status="confirmed",
    version=2,
    name="Ada Specimen",
    email="ada@signers.example",
    address_line="1 Sample Street",
    locality="Evanston",
    region="IL",
    postal_code="60201",
    target="evanston",
    signature="Ada Specimen",
    note="",
    updates=False,
    letter="v",
    signed_at=NOON,
    signed_on=date(2026, 11, 24),
    mail_request="r",
    confirmed_at=NOON,
    withdrawn_at=NOON + timedelta(hours=1),
    erased_at=NOON + timedelta(hours=2),
)
DELIVERY = Delivery(DeliveryKey("end-demand-illinois", "evanston", "2026-11-30"), "sent", NOON, attempt=1, letters=3)


@pytest.mark.parametrize(
    ("before", "status", "told"),
    [
        (None, "pending", None),
        ("pending", "pending", None),
        ("pending", "confirmed", "confirmed"),
        ("confirmed", "confirmed", None),  # sealed, or counted
        ("confirmed", "withdrawn", "withdrawn"),
        ("pending", "withdrawn", None),
        ("withdrawn", "pending", None),
        ("pending", "erased", "erased"),
        ("confirmed", "erased", "erased"),
        ("withdrawn", "erased", "erased"),
        ("erased", "erased", None),
        ("erased", "pending", None),
    ],
)
def test_a_signature_is_told_of_when_it_begins_or_ends_to_count(
    before: Status | None, status: Status, told: str | None
) -> None:
    event = event_of_signature(replace(SIGNATURE, status=status), before)
    assert (event.kind if event else None) == (f"undersigned.signature.{told}" if told else None)


def test_each_event_has_the_moment_of_what_it_tells() -> None:
    moments = [
        event.at
        for before, status in (("pending", "confirmed"), ("confirmed", "withdrawn"), ("withdrawn", "erased"))
        if (event := event_of_signature(replace(SIGNATURE, status=status), before))  # type: ignore[arg-type]
    ]
    assert moments == [NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)]


def test_the_same_change_has_the_same_id_and_another_one_another() -> None:
    first, again = event_of_signature(SIGNATURE, "pending"), event_of_signature(SIGNATURE, "pending")
    # The row expired and was gone, and the same person signed anew: its versions begin anew, too.
    anew = event_of_signature(replace(SIGNATURE, confirmed_at=NOON + timedelta(days=30)), "pending")
    other = event_of_signature(replace(SIGNATURE, signer="1" * 32), "pending")
    assert first
    assert anew
    assert other
    assert first == again
    assert len({first.id, anew.id, other.id}) == 3


def test_a_delivery_is_told_of_when_its_state_changes() -> None:
    assert event_of_delivery(DELIVERY, "sent", NOON, "1") is None
    event = event_of_delivery(DELIVERY, "sending", NOON, "1")
    assert event
    assert event.kind == "undersigned.delivery.sent"
    assert event == event_of_delivery(DELIVERY, "sending", NOON, "1")
    later = event_of_delivery(DELIVERY, "sending", NOON, "2")
    assert later
    assert later.id != event.id
