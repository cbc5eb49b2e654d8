from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from undersigned.base.keyring import KNOWN_FOR, SignersKeyring
from undersigned.base.secret import Secret

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Manager:
    """Stands in for Secrets Manager: answers with `value`, or not at all."""

    def __init__(self) -> None:
        self.value: str | None = "first"
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> Any:  # noqa: N803  (boto3's name)
        self.reads += 1
        if self.value is None:
            raise EndpointConnectionError(endpoint_url=SecretId)
        return {"SecretString": self.value}


def test_the_secret_is_read_again_after_a_while() -> None:
    manager, now = Manager(), [NOON]
    secret = Secret(SignersKeyring, manager, "arn", lambda: now[0])
    assert secret.keyring().signers == "first"
    manager.value = "second"
    now[0] += KNOWN_FOR - timedelta(seconds=1)
    assert (secret.keyring().signers, manager.reads) == ("first", 1)
    now[0] += timedelta(seconds=1)
    assert (secret.keyring().signers, manager.reads) == ("second", 2)


def test_while_secrets_manager_does_not_answer_the_known_secret_stays_in_use() -> None:
    manager, now = Manager(), [NOON]
    secret = Secret(SignersKeyring, manager, "arn", lambda: now[0])
    secret.keyring()
    manager.value = None
    now[0] += KNOWN_FOR
    assert secret.keyring().signers == "first"
    assert manager.reads == 2
    with pytest.raises(EndpointConnectionError):
        Secret(SignersKeyring, manager, "arn", lambda: NOON).keyring()
