"""Items: how each entity is written down in the table, and read back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from undersigned.aws import keys
from undersigned.domain.campaigns import Campaign, MailState, Organizer, ProofOfWork, Target, Translation
from undersigned.domain.deliveries import (
    Bundle,
    Delivery,
    DeliveryKey,
    DeliveryState,
    MailEvent,
    MailEventKind,
    PacketRecord,
)
from undersigned.domain.languages import SOURCE
from undersigned.domain.letters import Letter
from undersigned.domain.signatures import Signature, Status, tray_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from undersigned.domain.api_keys import ApiKey, Scope
    from undersigned.domain.controls import Action, AuditEntry, Controls
    from undersigned.domain.exports import Export, Exported, ExportState

type Values = dict[str, Any]
"""An item's attributes as Python values."""

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_item(values: Mapping[str, Any]) -> dict[str, AttributeValueTypeDef]:
    """Write values as DynamoDB's typed attributes; what is None is left out."""
    return {name: _serializer.serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Values:
    """Read DynamoDB's typed attributes as values."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def _written(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def campaign_values(campaign: Campaign) -> Values:
    """Write a campaign's settings."""
    return {
        **keys.campaign(campaign.id)._asdict(),
        "listed": keys.CAMPAIGNS,
        "listed_at": campaign.id,
        "id": campaign.id,
        "title": campaign.title,
        "summary": campaign.summary,
        "organizer": {
            "name": campaign.organizer.name,
            "email": campaign.organizer.email,
            "website": campaign.organizer.website,
        },
        "language": campaign.language,
        "time_zone": campaign.time_zone,
        "region": campaign.region,
        "goal": campaign.goal,
        "letter": campaign.letter,
        "opens": _written(campaign.opens),
        "closes": _written(campaign.closes),
        "translations": {
            language: {"title": texts.title, "summary": texts.summary, "letter": texts.letter}
            for language, texts in campaign.translations.items()
        },
        "allowed_origins": list(campaign.allowed_origins),
        "accent": campaign.accent,
        "proof_of_work": campaign.proof_of_work,
        "approval": campaign.approval,
    }


def read_campaign(values: Values) -> Campaign:
    """Read a campaign's settings."""
    return Campaign(
        id=values["id"],
        title=values["title"],
        summary=values["summary"],
        organizer=Organizer(**values["organizer"]),
        language=values["language"],
        time_zone=values["time_zone"],
        region=values["region"],
        goal=int(values["goal"]),
        letter=values["letter"],
        opens=_day(values.get("opens")),
        closes=_day(values.get("closes")),
        translations={language: Translation(**texts) for language, texts in values.get("translations", {}).items()},
        allowed_origins=tuple(values.get("allowed_origins", ())),
        accent=values.get("accent"),
        proof_of_work=cast("ProofOfWork", values.get("proof_of_work", "when-busy")),
        approval=values.get("approval", False),
    )


def letter_values(campaign: str, letter: Letter) -> Values:
    """Write a letter version."""
    return {
        **keys.letter(campaign, letter.version)._asdict(),
        "language": letter.language,
        "source": letter.source,
        "template": letter.template,
    }


def read_letter(values: Values) -> Letter:
    """Read a letter version."""
    return Letter(
        version=values["sk"].removeprefix(keys.LETTERS),
        language=values["language"],
        source=values["source"],
        template=values["template"],
    )


def target_settings(target: Target) -> Values:
    """Return the attributes of a target that its organizer sets."""
    return {
        "title": target.title,
        "name": target.name,
        "department": target.department,
        "locality": target.locality,
        "email": target.email,
        "postal_codes": list(target.postal_codes),
        "retired": target.retired,
        "titles": dict(target.titles),
    }


def read_target(values: Values) -> Target:
    """Read a target."""
    return Target(
        id=values["sk"].removeprefix(keys.TARGETS),
        title=values["title"],
        name=values["name"],
        department=values["department"],
        locality=values["locality"],
        email=values["email"],
        postal_codes=tuple(values["postal_codes"]),
        mail_state=cast("MailState", values.get("mail_state", "ok")),
        retired=bool(values.get("retired", False)),
        titles=values.get("titles", {}),
        hold=values.get("hold"),
    )


RESTORED = "restored"
"""The attribute of signatures and deliveries that a restore wrote: the backup's id. They need no mail and no event."""


def pending_signature_values(signature: Signature) -> Values:
    """Return the attributes of a signature that waits for its confirmation; `tallied` is the tally's alone."""
    if signature.expires_at is None:
        message = "a pending signature expires"
        raise ValueError(message)
    return {
        "status": signature.status,
        "version": signature.version,
        "name": signature.name,
        "email": signature.email,
        "address_line": signature.address_line,
        "locality": signature.locality,
        "region": signature.region,
        "postal_code": signature.postal_code,
        "target": signature.target,
        "signature": signature.signature,
        "note": signature.note,
        "drawing": signature.drawing or None,
        "updates": signature.updates,
        "letter": signature.letter,
        "language": signature.language,
        "quarantine": signature.quarantine,
        "signed_at": _written(signature.signed_at),
        "signed_on": _written(signature.signed_on),
        "mail_request": signature.mail_request,
        "expires_at": int(signature.expires_at.timestamp()),
        # Copied to `due` by the confirmation, which then needs no read.
        "tray": tray_of(signature.campaign, signature.target, signature.signer),
        "listed": keys.listed(signature.campaign, signature.signer),
        "listed_at": place_of(signature),
    }


def place_of(signature: Signature) -> str:
    """Return a signature's place among its campaign's, by the moment of signing."""
    return f"{_written(signature.signed_at)}#{signature.signer}"


PERSONAL = (
    "name", "email", "address_line", "locality", "region", "postal_code", "signature", "drawing", "note",
)  # fmt: skip
"""The attributes of a signature that say who signed; an erased one has them empty."""


PENDING_HAS_NONE_OF = ("confirmed_at", "confirmed_on", "withdrawn_at", "due", "due_at", "bundle")
"""What a new signature takes off the withdrawn or expired one that it replaces."""


def read_signature(values: Values) -> Signature:
    """Read a signature; raises KeyError or ValueError when the row is damaged."""
    campaign, signer = keys.parse_signature(values["pk"])
    expires_at = values.get("expires_at")
    return Signature(
        campaign=campaign,
        signer=signer,
        status=cast("Status", values["status"]),
        version=int(values["version"]),
        name=values["name"],
        email=values["email"],
        address_line=values["address_line"],
        locality=values["locality"],
        region=values["region"],
        postal_code=values["postal_code"],
        target=values["target"],
        signature=values["signature"],
        note=values["note"],
        updates=values["updates"],
        letter=values["letter"],
        signed_at=datetime.fromisoformat(values["signed_at"]),
        signed_on=date.fromisoformat(values["signed_on"]),
        mail_request=values["mail_request"],
        expires_at=datetime.fromtimestamp(int(expires_at), UTC) if expires_at is not None else None,
        confirmed_at=_moment(values.get("confirmed_at")),
        confirmed_on=_day(values.get("confirmed_on")),
        withdrawn_at=_moment(values.get("withdrawn_at")),
        bundle=values.get("bundle"),
        tallied=values.get("tallied", ""),
        language=values.get("language", SOURCE),
        quarantine=values.get("quarantine"),
        erased_at=_moment(values.get("erased_at")),
        drawing=values.get("drawing", ""),
    )


def read_controls(values: Values | None) -> Controls:
    """Read what an organizer decided of a campaign's deliveries; nothing yet is no pause and no approval."""
    from undersigned.domain.controls import Controls  # noqa: PLC0415

    if values is None:
        return Controls()
    return Controls(bool(values.get("paused", False)), frozenset(values.get("approved", ())))


def audit_values(entry: AuditEntry, mark: str) -> Values:
    """Write what somebody did; `mark` tells entries of one moment apart."""
    return {
        **keys.audit(entry.campaign, entry.at, mark)._asdict(),
        "at": _written(entry.at),
        "action": entry.action,
        "by": entry.by,
        "about": entry.about,
        "why": entry.why,
    }


def read_audit(values: Values) -> AuditEntry:
    """Read what somebody did."""
    from undersigned.domain.controls import AuditEntry  # noqa: PLC0415

    return AuditEntry(
        campaign=values["pk"].partition("#")[2],
        at=datetime.fromisoformat(values["at"]),
        action=cast("Action", values["action"]),
        by=values["by"],
        about=values["about"],
        why=values["why"],
    )


def api_key_values(key: ApiKey) -> Values:
    """Write an organizer's key; the text of the key itself is kept nowhere."""
    return {
        **keys.api_key(key.campaign, key.digest)._asdict(),
        "scope": key.scope,
        "note": key.note,
        "created_at": _written(key.created_at),
        "valid_until": _written(key.expires_at),
    }


def read_api_key(values: Values) -> ApiKey:
    """Read an organizer's key."""
    from undersigned.domain.api_keys import ApiKey  # noqa: PLC0415

    return ApiKey(
        campaign=values["pk"].partition("#")[2],
        digest=values["sk"],
        scope=cast("Scope", values["scope"]),
        note=values["note"],
        created_at=datetime.fromisoformat(values["created_at"]),
        expires_at=_moment(values.get("valid_until")),
    )


def export_values(export: Export) -> Values:
    """Write how an export stands."""
    return {
        **keys.export(export.campaign, export.id)._asdict(),
        "state": export.state,
        "target": export.filter.target,
        "standing": export.filter.status,
        "by": export.by,
        "asked_at": _written(export.asked_at),
        "rows": export.rows,
        "bytes": export.bytes,
        "expires_at": int(export.expires_at.timestamp()),
    }


def read_export(values: Values) -> Export:
    """Read how an export stands."""
    from undersigned.domain.exports import Export, ExportFilter  # noqa: PLC0415

    return Export(
        campaign=values["pk"].partition("#")[2],
        id=values["sk"],
        state=cast("ExportState", values["state"]),
        filter=ExportFilter(values.get("target"), cast("Exported | None", values.get("standing"))),
        by=values["by"],
        asked_at=datetime.fromisoformat(values["asked_at"]),
        rows=int(values["rows"]),
        bytes=int(values["bytes"]),
    )


def bundle_values(key: DeliveryKey, bundle: Bundle, at: datetime) -> Values:
    """Write a bundle; the one that closes a delivery has no signers."""
    return {
        **keys.bundle(key, bundle.number)._asdict(),
        "number": bundle.number,
        "signers": list(bundle.signers),
        "sealed_at": _written(at),
    }


def read_bundle(values: Values) -> Bundle:
    """Read a bundle."""
    return Bundle(int(values["number"]), tuple(values["signers"]))


def packet_values(key: DeliveryKey, packet: PacketRecord) -> Values:
    """Write a packet's record; the PDF itself lies in the packets' store."""
    return {
        **keys.packet(key, packet.number)._asdict(),
        "number": packet.number,
        "first": packet.first,
        "last": packet.last,
        "bytes": packet.bytes,
        "sha256": packet.sha256,
        "residents": packet.residents,
        "since": _written(packet.since),
        "letters": list(packet.letters),
        "erased": packet.erased,
        "stored_at": _written(packet.stored_at),
    }


def read_packet(values: Values) -> PacketRecord:
    """Read a packet's record."""
    return PacketRecord(
        number=int(values["number"]),
        first=int(values["first"]),
        last=int(values["last"]),
        bytes=int(values["bytes"]),
        sha256=values["sha256"],
        residents=int(values["residents"]),
        since=date.fromisoformat(values["since"]),
        letters=tuple(values["letters"]),
        erased=int(values.get("erased", 0)),
        stored_at=_moment(values.get("stored_at")),
    )


def mail_event_values(event: MailEvent) -> Values:
    """Write what SES said of a mail."""
    return {
        **keys.mail_event(event)._asdict(),
        "kind": event.kind,
        "attempt": event.attempt,
        "message_id": event.message_id,
        "at": _written(event.at),
        "reason": event.reason,
        "permanent": event.permanent,
    }


def read_mail_event(key: DeliveryKey, values: Values) -> MailEvent:
    """Read what SES said of a delivery's mail."""
    return MailEvent(
        kind=cast("MailEventKind", values["kind"]),
        delivery=key,
        attempt=int(values["attempt"]),
        message_id=values["message_id"],
        at=datetime.fromisoformat(values["at"]),
        reason=values.get("reason"),
        permanent=values["permanent"],
    )


def delivery_values(delivery: Delivery) -> Values:
    """Write a delivery."""
    return {
        **keys.delivery(delivery.key)._asdict(),
        "state": delivery.state,
        "opened_at": _written(delivery.opened_at),
        "attempt": delivery.attempt,
        "letters": delivery.letters,
        "packets": delivery.packets,
        "bytes": delivery.bytes,
        "email": delivery.email,
        "sending_since": _written(delivery.sending_since),
        "sent_at": _written(delivery.sent_at),
        "settled_at": _written(delivery.settled_at),
        "message_id": delivery.message_id,
        "reason": delivery.reason,
        "permanent": delivery.permanent,
        "left_out": delivery.left_out or None,
    }


def read_delivery(values: Values) -> Delivery:
    """Read a delivery."""
    _, campaign, target = values["pk"].split("#")
    return Delivery(
        key=DeliveryKey(campaign, target, values["sk"].removeprefix(keys.DELIVERIES)),
        state=cast("DeliveryState", values["state"]),
        opened_at=datetime.fromisoformat(values["opened_at"]),
        attempt=int(values["attempt"]),
        letters=int(values["letters"]),
        packets=int(values["packets"]),
        bytes=int(values["bytes"]),
        email=values.get("email"),
        sending_since=_moment(values.get("sending_since")),
        sent_at=_moment(values.get("sent_at")),
        settled_at=_moment(values.get("settled_at")),
        message_id=values.get("message_id"),
        reason=values.get("reason"),
        permanent=values.get("permanent", False),
        erased=frozenset(values.get("erased", ())),
        left_out=frozenset(values.get("left_out", ())),
    )
