"""Records of the table's stream: what a change did to a signature or to a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from undersigned.aws.deliveries import PARTITIONS, read_delivery
from undersigned.aws.dynamodb import from_item
from undersigned.aws.signatures import read_signature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.deliveries import Delivery, DeliveryState
    from undersigned.domain.signatures import Signature, Status


RESTORED = "restored"
"""The attribute of signatures and deliveries that a restore wrote: the backup's id. They need no email and no event."""


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """A signature as a change left it, or as it last was if its row is gone.

    `before` is its status until then; `asks_for_mail` says whether the change asks for a mail. A restored row asks for
    none: it was mailed by the stack that it comes from.
    """

    signature: Signature
    before: Status | None
    is_gone: bool
    asks_for_mail: bool


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """A delivery as a change left it, its state until then, when that was, and the change's number in the stream.

    A restored one had its state before, in the stack that it comes from.
    """

    delivery: Delivery
    before: DeliveryState | None
    at: datetime
    number: str


def is_of_delivery(record: Mapping[str, Any]) -> bool:
    """Say whether a record is of a delivery; else it is of a signature, or damaged."""
    match record:
        case {"dynamodb": {"Keys": {"pk": {"S": str(pk)}}}}:
            return pk.startswith(PARTITIONS)
        case _:
            return False


def read_change(record: Mapping[str, Any]) -> SignatureChange:
    """Read a signature's record; raises KeyError, TypeError or ValueError when it is damaged."""
    images = record["dynamodb"]
    before = from_item(images.get("OldImage", {}))
    status = cast("Status | None", before.get("status"))
    if record["eventName"] == "REMOVE":
        return SignatureChange(read_signature(before), status, is_gone=True, asks_for_mail=False)
    signature = read_signature(from_item(images["NewImage"]))
    asks_for_mail = signature.mail_request != before.get("mail_request") and not _is_restored(images)
    return SignatureChange(signature, status, is_gone=False, asks_for_mail=asks_for_mail)


def read_delivery_change(record: Mapping[str, Any]) -> DeliveryChange:
    """Read a delivery's record; raises KeyError, TypeError or ValueError when it is damaged."""
    images = record["dynamodb"]
    delivery = read_delivery(from_item(images["NewImage"]))
    before = cast("DeliveryState | None", from_item(images.get("OldImage", {})).get("state"))
    return DeliveryChange(
        delivery,
        delivery.state if _is_restored(images) else before,
        datetime.fromtimestamp(float(images["ApproximateCreationDateTime"]), UTC),
        images["SequenceNumber"],
    )


def _is_restored(images: Mapping[str, Any]) -> bool:
    """Say whether a change is a restore's own writing: it puts whole new items, each with the backup's id."""
    return "OldImage" not in images and RESTORED in images["NewImage"]


def failures_from(records: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Report records to be tried again, as a Lambda function of a stream answers."""
    numbers = dict.fromkeys(record["dynamodb"]["SequenceNumber"] for record in records)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
