"""Test how a page's last position becomes a cursor and is read back."""

from __future__ import annotations

import pytest

from undersigned.campaigns.cursors import (
    AUDIT_POSITION,
    DELIVERY_POSITION,
    SIGNATURE_POSITION,
    TARGET_POSITION,
    cursor_of,
    position_of,
)
from undersigned.delivering.rules.deliveries import DeliveryKey, delivery_at, delivery_position

SIGNER = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("position", "pattern"),
    [
        ("evanston", TARGET_POSITION),
        (f"2026-11-24T09:00:00.000000+00:00#{SIGNER}", SIGNATURE_POSITION),
        ("2026-11-24T09:00:00.000000+00:00#1f", AUDIT_POSITION),
        ("2026-11-24 evanston", DELIVERY_POSITION),
    ],
)
def test_a_cursor_is_read_back_as_its_position(position: str, pattern: object) -> None:
    cursor = cursor_of(position)
    assert cursor
    assert cursor.isascii()
    assert position not in cursor
    assert position_of(cursor, pattern) == position  # type: ignore[arg-type]


def test_the_last_page_has_no_cursor() -> None:
    assert cursor_of(None) is None


@pytest.mark.parametrize("cursor", ["", "x", "é", "\ud800", "!!!!", "ZXZhbnN0b24=\n", cursor_of("../evanston")])
def test_a_damaged_cursor_has_no_position(cursor: str) -> None:
    assert position_of(cursor, SIGNATURE_POSITION) is None


def test_a_cursor_of_another_listing_has_no_position() -> None:
    cursor = cursor_of("evanston")
    assert cursor
    assert position_of(cursor, DELIVERY_POSITION) is None


def test_a_deliverys_position_is_read_back_as_its_key() -> None:
    key = DeliveryKey("trees", "evanston", "2026-11-24")
    assert delivery_at("trees", delivery_position(key)) == key
    assert delivery_position(None) is None
    assert delivery_at("trees", None) is None
