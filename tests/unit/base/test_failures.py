"""Test that a throttled call of any service raises the domain's error, and any other error stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from undersigned.base.bucket import Bucket
from undersigned.base.cdn_proof import KNOWN_FOR as PROOF_KNOWN_FOR
from undersigned.base.cdn_proof import CdnProof
from undersigned.base.errors import ThrottledError
from undersigned.base.keyring import KNOWN_FOR, SignersKeyring
from undersigned.base.queue import SqsQueue
from undersigned.base.rows import Key
from undersigned.base.secret import Secret
from undersigned.base.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Client:
    """Stands in for a client of any service: each call fails with the error `code`; without one, it has a secret."""

    def __init__(self, code: str | None) -> None:
        self.code = code

    def __getattr__(self, operation: str) -> Any:
        def call(**_: Any) -> Any:
            if self.code:
                error = {"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
                raise ClientError(error, operation)  # type: ignore[arg-type]
            return {"SecretString": "first"}

        call.__name__ = operation
        return call


CALLS: dict[str, Callable[[Any], object]] = {
    "table": lambda client: Table(client, "table").get(Key("pk", "sk")),
    "bucket": lambda client: Bucket(client, "bucket").get("name"),
    "queue": lambda client: SqsQueue(client, "url").is_empty(),
    "secret": lambda client: Secret(SignersKeyring, client, "arn", lambda: NOON).keyring(),
    "proof": lambda client: CdnProof(client, "arn", lambda: NOON).is_in("first"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException", "Throttling"])
def test_a_throttled_call_raises_the_domains_error(call: Callable[[Any], object], code: str) -> None:
    with pytest.raises(ThrottledError, match=code):
        call(Client(code))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_any_other_error_is_raised_unchanged(call: Callable[[Any], object]) -> None:
    with pytest.raises(ClientError, match="InternalServerError"):
        call(Client("InternalServerError"))


def test_known_secrets_stay_in_use_while_they_are_throttled() -> None:
    client, now = Client(None), [NOON]
    secret, proof = (
        Secret(SignersKeyring, client, "arn", lambda: now[0]),
        CdnProof(client, "arn", lambda: now[0]),
    )
    assert proof.is_in("first")
    assert secret.keyring().signers == "first"
    client.code = "ThrottlingException"
    now[0] += max(KNOWN_FOR, PROOF_KNOWN_FOR)
    assert proof.is_in("first")
    assert secret.keyring().signers == "first"
