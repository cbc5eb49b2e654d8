"""Abuse checks: only our own form tokens are accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fuzz.inputs import given, mutated, st, tried, values
from tests.support.memory import Memory
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.signing.abuse_checks import judge
from undersigned_cli import campaign_folder

CAMPAIGN = campaign_folder.read(Path(__file__).parents[2] / "campaigns" / "end-demand-illinois").campaign
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MEMORY = Memory(lambda: NOON)
MEMORY.client("secretsmanager", None).create_secret(Name="secret", SecretString="s" * 64)
STACK = Stack(
    Settings({"TABLE_NAME": "table", "SECRET_ARN": "secret", "FORMS_A_MINUTE": "1000000"}),
    client=lambda service, **_: MEMORY.client(service, None),
    clock=lambda: NOON,
)
OURS = STACK.links.sign("form", CAMPAIGN.id, issued_at=NOON - timedelta(minutes=1))


@tried(80)
@given(st.one_of(values(), mutated([OURS])))
def test_only_our_own_form_token_is_accepted(token: object) -> None:
    assert judge(STACK, CAMPAIGN, {"form": token}, "198.51.100.7", None)[::2] == (
        (None, OURS) if token == OURS else ("no form", None)
    )
