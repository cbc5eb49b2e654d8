"""Proofs of work, solved as a program solves them that uses ALTCHA's library."""

from __future__ import annotations

import json
from typing import Any

import altcha


def proof_of(served: dict[str, Any], email: object = "ada@signers.example") -> str:
    """Solve the challenge of a form, as the API serves it, for an email address."""
    nonce = f"{served['form']} {email}".encode().hex()
    parameters = {**json.loads(served["challenge"])["parameters"], "nonce": nonce}
    solution = altcha.solve_challenge(altcha.Challenge.from_dict({"parameters": parameters}))
    assert solution
    return str(solution.counter)
