"""Records of the table's stream: what a change did to a signature row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from undersigned.aws import items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.signatures import Signature


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """A signature as a change left it, or as it last was if its row is gone; and whether the change asks for a mail."""

    signature: Signature
    is_gone: bool
    asks_for_mail: bool


def read_change(record: Mapping[str, Any]) -> SignatureChange:
    """Read a stream record; raises KeyError, TypeError or ValueError when it is damaged."""
    images = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        gone = items.read_signature(items.from_item(images["OldImage"]))
        return SignatureChange(gone, is_gone=True, asks_for_mail=False)
    signature = items.read_signature(items.from_item(images["NewImage"]))
    before = items.from_item(images.get("OldImage", {})).get("mail_request")
    return SignatureChange(signature, is_gone=False, asks_for_mail=signature.mail_request != before)


def failures_from(records: list[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Report records to be tried again, as a Lambda function of a stream answers."""
    return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]} for record in records]}
