"""Records of the table's stream: changes of forms and signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from undersigned.base.table import from_item, read_row
from undersigned.signing.rows.signatures import read_signature
from undersigned.signing.rules.forms import FormName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.signing.rules.signatures import Signature, Status


RESTORED = "restored"
"""The attribute with the moment of restored signatures and deliveries. They cause no email."""


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """A signature after a change, or its last state if the row was deleted.

    `before` is the status before the change; for a restored signature, its current one. `moves_mark` says whether the
    tally changed it: nothing else writes marks.
    """

    signature: Signature
    before: Status | None
    is_gone: bool
    moves_mark: bool = False

    @property
    def confirms(self) -> bool:
        """Say whether a form became this letter."""
        return not self.is_gone and self.signature.status == "confirmed" != self.before


@dataclass(frozen=True, slots=True)
class FormChange:
    """A form after a change that requests its email: it is new, or an organizer released it from quarantine."""

    name: FormName
    is_new: bool
    is_suspicious: bool


def read_form_change(record: Mapping[str, Any]) -> FormChange | None:
    """Read a form's record; None if it requests no email, like a restored one, whose email was sent before.

    Looks at little of the form: a damaged one is noticed when it is read.
    """
    images = record["dynamodb"]
    new, before = images.get("NewImage"), images.get("OldImage", {})
    if new is None or _is_restored(images) or new.get("mail_request") == before.get("mail_request"):
        return None
    key = from_item(images["Keys"])
    _, campaign, signer = key["pk"].split("#")
    return FormChange(FormName(campaign, signer, key["sk"]), is_new=not before, is_suspicious="quarantine" in new)


def read_change(record: Mapping[str, Any]) -> SignatureChange:
    """Read a signature's record. Raises DamagedRowsError; KeyError, TypeError or ValueError if it is no record."""
    images = record["dynamodb"]
    before = from_item(images.get("OldImage", {}))
    status = cast("Status | None", before.get("status"))
    if record["eventName"] == "REMOVE":
        return SignatureChange(read_row(read_signature, before), status, is_gone=True)
    signature = read_row(read_signature, from_item(images["NewImage"]))
    moves_mark = signature.tallied != before.get("tallied", "")
    before_status = signature.status if _is_restored(images) else status
    return SignatureChange(signature, before_status, is_gone=False, moves_mark=moves_mark)


def _is_restored(images: Mapping[str, Any]) -> bool:
    """Say whether a restore wrote this change: a new item with the attribute."""
    return "OldImage" not in images and RESTORED in images["NewImage"]


def failures_from(records: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    """Return a stream function's answer that reports these records as failed."""
    numbers = dict.fromkeys(record["dynamodb"]["SequenceNumber"] for record in records)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}
