"""Test that the write which claims an email checks what its read may have missed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.world import CAMPAIGN
from undersigned.signing.rows.mail_claims import MailClaims
from undersigned.signing.rules.mail_budgets import MailLimit

if TYPE_CHECKING:
    import pytest

    from tests.world import World

SIGNER = "b50d22a182c1366636cfc6fbcf20d6cf"
A_DAY = timedelta(days=1)


def claims(world: World, request: str, limit: MailLimit) -> bool:
    now = world.clock.now
    return world.wiring.mail_claims.claim(SIGNER, CAMPAIGN, request, now, limit=limit, since=now, known_for=A_DAY)


def test_an_email_that_another_process_has_just_sent_is_not_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.wiring.mail_claims.record_sent(SIGNER, CAMPAIGN, "one", world.clock.now, A_DAY)
    # Its read came before the other process recorded the email.
    monkeypatch.setattr(MailClaims, "_known", lambda *_: iter(()))
    assert not claims(world, "one", MailLimit(in_all=5, of_campaign=5))
    assert claims(world, "two", MailLimit(in_all=5, of_campaign=5))


def test_no_email_is_claimed_once_a_persons_limit_of_a_day_is_reached(world: World) -> None:
    for request in ("one", "two"):
        world.wiring.mail_claims.record_sent(SIGNER, "another-campaign", request, world.clock.now, A_DAY)
    assert not claims(world, "three", MailLimit(in_all=2, of_campaign=2))
    assert claims(world, "three", MailLimit(in_all=3, of_campaign=2))
    world.clock.advance(days=1)
    assert claims(world, "four", MailLimit(in_all=2, of_campaign=2))
