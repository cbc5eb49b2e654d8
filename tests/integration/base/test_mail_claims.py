"""Test that the write which claims an email checks what its read may have missed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support.world import CAMPAIGN
from undersigned.signing.rows.mail_claims import MailClaim, MailClaims
from undersigned.signing.rules.mail_budgets import MailLimit

if TYPE_CHECKING:
    import pytest

    from tests.support.world import World

SIGNER = "b50d22a182c1366636cfc6fbcf20d6cf"
ROOMY = MailLimit(in_all=5, of_campaign=5)


def claim(world: World, request: str, limit: MailLimit = ROOMY, campaign: str = CAMPAIGN) -> MailClaim:
    return MailClaim(
        person=SIGNER,
        campaign=campaign,
        request=request,
        limit=limit,
        since=world.clock.now,
        known_for=timedelta(days=1),
    )


def test_an_email_that_another_process_has_just_sent_is_not_claimed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(world, "one").note_sent(world.stack)
    # Its read came before the other process recorded the email.
    monkeypatch.setattr(MailClaims, "_known", lambda *_: iter(()))
    assert not claim(world, "one").take(world.stack)
    assert claim(world, "two").take(world.stack)


def test_no_email_is_claimed_once_a_persons_limit_of_a_day_is_reached(world: World) -> None:
    for request in ("one", "two"):
        claim(world, request, campaign="another-campaign").note_sent(world.stack)
    assert not claim(world, "three", MailLimit(in_all=2, of_campaign=2)).take(world.stack)
    assert claim(world, "three", MailLimit(in_all=3, of_campaign=2)).take(world.stack)
    world.clock.advance(days=1)
    assert claim(world, "four", MailLimit(in_all=2, of_campaign=2)).take(world.stack)
