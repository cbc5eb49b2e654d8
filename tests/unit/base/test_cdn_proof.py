"""Test the CDN's proof: what counts, for how long, and how often strangers make a function read it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from undersigned.base.cdn_proof import KNOWN_FOR, CdnProof

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Manager:
    """Stands in for Secrets Manager, with the secret's values from the first to the newest, or doesn't answer."""

    def __init__(self, *values: str) -> None:
        self.values = [*values]
        self.answers = True
        self.now = NOON
        self.reads = 0
        self.proof = CdnProof(self, "arn", lambda: self.now)

    def get_secret_value(self, SecretId: str, VersionStage: str = "AWSCURRENT") -> Any:  # noqa: N803  (boto3's names)
        if not self.answers:
            raise EndpointConnectionError(endpoint_url=SecretId)
        if VersionStage == "AWSPREVIOUS":
            if len(self.values) == 1:
                raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
            return {"SecretString": self.values[-2]}
        self.reads += 1
        return {"SecretString": self.values[-1]}


@pytest.mark.parametrize("header", ["", "firs", "first ", "FIRST", "é", "\ud800"])
def test_nothing_else_is_a_proof(header: str) -> None:
    assert not Manager("first").proof.is_in(header)


def test_the_proof_before_counts_until_the_next_replacement() -> None:
    proof = Manager("first", "second", "third").proof

    assert [proof.is_in(header) for header in ("first", "second", "third")] == [False, True, True]


def test_a_new_proof_counts_within_a_minute() -> None:
    manager = Manager("first")
    assert manager.proof.is_in("first")
    manager.values.append("second")
    manager.now += timedelta(seconds=60)

    assert manager.proof.is_in("second")
    assert manager.proof.is_in("first")
    assert manager.reads == 2


@pytest.mark.asvs("11.1.1")
def test_a_replaced_proof_ends_within_five_minutes() -> None:
    manager = Manager("first")
    assert manager.proof.is_in("first")
    manager.values += ["second", "third"]
    manager.now += KNOWN_FOR - timedelta(seconds=1)
    assert manager.proof.is_in("first")
    manager.now += timedelta(seconds=1)

    assert not manager.proof.is_in("first")


def test_guesses_make_a_function_read_the_secret_once_a_minute_and_no_header_never() -> None:
    manager = Manager("first")
    assert not manager.proof.is_in("")
    assert manager.reads == 0
    for _ in range(120):
        assert not manager.proof.is_in("guess")
        manager.now += timedelta(seconds=1)

    assert manager.reads == 2


def test_while_secrets_manager_does_not_answer_the_known_proof_stays_in_use() -> None:
    manager = Manager("first")
    assert manager.proof.is_in("first")
    manager.answers = False
    manager.now += KNOWN_FOR
    assert manager.proof.is_in("first")
    with pytest.raises(EndpointConnectionError):
        CdnProof(manager, "arn", lambda: NOON).is_in("first")
