"""Test two stacks in one process: each handler answers with its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.world import CAMPAIGN, FORM, world

if TYPE_CHECKING:
    import pytest


def test_each_handler_answers_with_its_own_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    with world(monkeypatch, fast=True) as first:
        assert first.get(FORM).status == 200
        with world(monkeypatch, fast=True, empty=True) as second:
            assert [each.get(FORM).status for each in (second, first)] == [404, 200]


def test_a_key_opens_a_campaign_of_its_own_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, headers = f"/organizer/campaigns/{CAMPAIGN}/counts", {"authorization": "Bearer us_counts"}
    with world(monkeypatch, fast=True) as first:
        first.put_key("us_counts", "counts")
        assert first.get(counts, headers=headers).status == 200
        with world(monkeypatch, fast=True) as second:
            assert [each.get(counts, headers=headers).status for each in (second, first)] == [401, 200]
