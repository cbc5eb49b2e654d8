"""Records of the table's stream: changes of signatures and deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from undersigned.aws.deliveries import PARTITIONS, read_delivery
from undersigned.aws.dynamodb import from_item
from undersigned.aws.signatures import parse_signature_key, read_signature

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.deliveries import Delivery, DeliveryState
    from undersigned.domain.signatures import Signature, Status


RESTORED = "restored"
"""The attribute of restored signatures and deliveries: when they were. They cause no email and no event."""


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """A signature after a change, or its last state if the row was deleted.

    `before` is the status before the change. `moves_mark` says whether the tally changed it: nothing else writes marks.
    `asking` are the words, of the row or beside them, for which the change requests an email. A restored row requests
    none, because its emails were sent before. `is_release` says whether an organizer requests an email for
    the row's words, by releasing them from quarantine.
    """

    signature: Signature
    before: Status | None
    is_gone: bool
    asking: tuple[Signature, ...] = ()
    moves_mark: bool = False
    is_release: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """A delivery after a change; `before` is its state before, `number` the change's sequence number in the stream.

    For a restored delivery, `before` is its current state.
    """

    delivery: Delivery
    before: DeliveryState | None
    at: datetime
    number: str


def is_of_delivery(record: Mapping[str, Any]) -> bool:
    """Say whether a record is about a delivery. Else it is about a signature, or damaged."""
    match record:
        case {"dynamodb": {"Keys": {"pk": {"S": str(pk)}}}}:
            return pk.startswith(PARTITIONS)
        case _:
            return False


def signer_of(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return the campaign and the signer of a signature's record, however damaged its row is."""
    return parse_signature_key(record["dynamodb"]["Keys"]["pk"]["S"])


def read_change(record: Mapping[str, Any]) -> SignatureChange:
    """Read a signature's record. Raises KeyError, TypeError or ValueError if it is damaged."""
    images = record["dynamodb"]
    before = from_item(images.get("OldImage", {}))
    status = cast("Status | None", before.get("status"))
    if record["eventName"] == "REMOVE":
        return SignatureChange(read_signature(before), status, is_gone=True)
    signature = read_signature(from_item(images["NewImage"]))
    moves_mark = signature.tallied != before.get("tallied", "")
    if _is_restored(images):
        return SignatureChange(signature, status, is_gone=False, moves_mark=moves_mark)
    asked = {values.get("mail_request") for values in (before, *before.get("beside", {}).values())}
    asking = tuple(words for words in (signature, *signature.beside) if words.mail_request not in asked)
    # A form raises the version of a letter that is not confirmed.
    is_release = signature in asking and signature.status == "pending" and signature.version == before.get("version")
    return SignatureChange(
        signature, status, is_gone=False, asking=asking, moves_mark=moves_mark, is_release=is_release
    )


def read_delivery_change(record: Mapping[str, Any]) -> DeliveryChange:
    """Read a delivery's record. Raises KeyError, TypeError or ValueError if it is damaged."""
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
    """Say whether a restore wrote this change: a new item with the attribute."""
    return "OldImage" not in images and RESTORED in images["NewImage"]


def failures_from(records: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Return a stream function's answer that reports these records as failed."""
    numbers = dict.fromkeys(record["dynamodb"]["SequenceNumber"] for record in records)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
