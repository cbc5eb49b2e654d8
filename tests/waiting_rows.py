"""Rows of confirmed letters in trays, for tests with more of them than anyone can sign there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from undersigned.aws.signatures import pending_signature_values, signature_key, tray_shards
from undersigned.domain.signatures import Signature

if TYPE_CHECKING:
    from undersigned.aws.dynamodb import Values

_SIGNED = datetime(2026, 11, 24, 18, tzinfo=UTC)


def waiting_row(campaign: str, target: str, signer: str, shard: int = 0) -> Values:
    """Return the row of a letter that waits in a shard of a target's tray, and is in no listing."""
    signature = Signature(
        campaign=campaign,
        signer=signer,
        status="confirmed",
        version=2,
        name="Ada Specimen",
        email="ada@signers.example",
        address_line="1 Sample Street",
        locality="Evanston",
        region="IL",
        postal_code="60201",
        target=target,
        signature="Ada Specimen",
        note="",
        updates=False,
        letter="none",
        signed_at=_SIGNED,
        signed_on=_SIGNED.date(),
        mail_request="692c0000-00000000",
        expires_at=_SIGNED + timedelta(days=14),
        network="a-network",
    )
    not_waiting = {"expires_at", "listed", "listed_at"}
    values = {name: value for name, value in pending_signature_values(signature).items() if name not in not_waiting}
    due = {"due": tray_shards(campaign, target)[shard], "due_at": f"2026-11-25#{signer}"}
    return {**signature_key(campaign, signer)._asdict(), **values, **due}
