"""Abuse checks: only our own form tokens, and only solutions of our own challenges, are accepted."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from altcha import Payload, create_challenge, solve_challenge

from tests.fuzz.inputs import given, json_texts, mutated, mutated_values, st, texts, tried, values
from undersigned.domain.abuse_checks import FormToken
from undersigned.services import abuse_checks
from undersigned.tokens import Tokens
from undersigned_cli import campaign_folder

CAMPAIGN = campaign_folder.read(Path(__file__).parents[2] / "campaigns" / "end-demand-illinois").campaign
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TOKENS = Tokens(lambda: ("of this stack",), lambda: NOON)
FORM = FormToken(CAMPAIGN.id, "b" * 16, needs_proof=True, issued_at=NOON - timedelta(minutes=1))


CHECKS = abuse_checks.AbuseChecks(
    counters=None,  # type: ignore[arg-type]  # nothing is counted here
    tokens=TOKENS,
    keys=lambda: ("of this stack",),
    forms_a_minute=10,
    clock=lambda: NOON,
)


EMAIL = "ada@signers.example"


def judge(proof: object, form: object, email: object = EMAIL) -> str | None:
    values = {"form": form, "proof": proof, "email": email}
    return CHECKS.judge(replace(CAMPAIGN, proof_of_work="always"), values, None)


def foreign_solution() -> str:
    """Return the solution of an easy challenge for this form that the stack has not signed."""
    challenge = create_challenge(
        abuse_checks.ALGORITHM, 1, key_prefix="0", data={"form": FORM.nonce}, hmac_secret="another"
    )
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge, solution).to_base64()


FOREIGN = foreign_solution()
GOOD: dict[str, Any] = json.loads(base64.b64decode(FOREIGN))
OWN_CHALLENGE: dict[str, Any] = create_challenge(
    abuse_checks.ALGORITHM,
    abuse_checks.COST,
    key_prefix=abuse_checks.PREFIX,
    data={"form": FORM.nonce},
    hmac_secret="proof:of this stack",
).to_dict()


def written(proof: str) -> str:
    return base64.b64encode(proof.encode("utf-8", "surrogatepass")).decode()


PROOFS = st.one_of(
    json_texts([GOOD]).map(written),
    mutated_values([GOOD["solution"]]).map(
        lambda solution: written(json.dumps({"challenge": OWN_CHALLENGE, "solution": solution}))
    ),
    mutated([FOREIGN]),
    texts(100, surrogates=True),
    values(),
)


@tried(120)
@given(PROOFS)
def test_only_a_solution_of_our_own_challenge_is_accepted(proof: object) -> None:
    assert judge(proof, TOKENS.for_form(FORM)) == "no proof"


@tried(80)
@given(st.one_of(values(), mutated([TOKENS.for_form(FORM)])))
def test_only_our_own_form_token_is_accepted(token: object) -> None:
    if token != TOKENS.for_form(FORM):
        assert judge(FOREIGN, token) == "no form"


SHARED = TOKENS.for_form(FormToken.of_window(CAMPAIGN.id, NOON, needs_proof=True))
PROOF = str(next(n for n in range(10_000) if abuse_checks.is_proof(str(n), abuse_checks.proof_nonce(SHARED, EMAIL))))


def test_the_proof_of_a_form_and_an_address_is_accepted() -> None:
    assert judge(PROOF, SHARED) is None


@tried(80)
@given(st.one_of(values(), texts(100, surrogates=True), mutated([EMAIL])))
def test_a_proof_is_of_one_address(email: object) -> None:
    """Another address needs a proof of its own. One in 256 has the same by chance."""
    if email != EMAIL:
        is_chance = isinstance(email, str) and abuse_checks.is_proof(PROOF, abuse_checks.proof_nonce(SHARED, email))
        assert judge(PROOF, SHARED, email) == (None if is_chance else "no proof")
