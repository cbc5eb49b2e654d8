"""Abuse checks: only our own form tokens are accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

from tests.fuzz.inputs import given, mutated, st, tried, values
from undersigned.base.links import Links
from undersigned.signing.abuse_checks import AbuseChecks
from undersigned_cli import campaign_folder

CAMPAIGN = campaign_folder.read(Path(__file__).parents[2] / "campaigns" / "end-demand-illinois").campaign
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
LINKS = Links(lambda *_: ("of this stack",), lambda: NOON)
OURS = LINKS.sign("form", CAMPAIGN.id, issued_at=NOON - timedelta(minutes=1))
CHECKS = AbuseChecks(
    limit=Mock(),
    links=LINKS,
    keys=lambda: ("of this stack",),
    clock=lambda: NOON,
)


@tried(80)
@given(st.one_of(values(), mutated([OURS])))
def test_only_our_own_form_token_is_accepted(token: object) -> None:
    assert CHECKS.judge(CAMPAIGN, {"form": token}, "198.51.100.7", None)[::2] == (
        (None, OURS) if token == OURS else ("no form", None)
    )
