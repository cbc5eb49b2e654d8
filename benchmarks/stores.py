"""Stores in memory that make letters when they are asked for, so that only what a use case itself holds is measured.

Each subclasses its port, so mypy sees when a port changes. What no benchmark asks for is `_not_asked`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, override

from undersigned.domain.controls import Controls
from undersigned.domain.signatures import ReadRows, Signature
from undersigned.services.ports import (
    CampaignStore,
    DeliveryStore,
    ExportQueue,
    ExportStore,
    PacketStore,
    Post,
    SignatureStore,
)
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from undersigned.domain.campaigns import Campaign, Target
    from undersigned.domain.controls import AuditEntry
    from undersigned.domain.deliveries import (
        Bundle,
        Delivery,
        DeliveryKey,
        DeliveryState,
        PacketRecord,
    )
    from undersigned.domain.exports import Export
    from undersigned.domain.letters import Letter
    from undersigned.rendering.mails import Mail

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 30, 15, tzinfo=UTC)
CAMPAIGN = "end-demand-illinois"
TARGET = "evanston"
SHIPPED = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
"""The campaign in this repository."""
_SHOWN = next(target for target in SHIPPED.targets if target.id == TARGET).shown.version


def _not_asked(*_: object, **__: object) -> NoReturn:
    message = "a benchmark's use case asks for something new; let the store do it"
    raise NotImplementedError(message)


class ShippedCampaign(CampaignStore):
    """The shipped campaign, and the audit of it."""

    def __init__(self) -> None:
        self.audited: list[AuditEntry] = []

    @override
    def campaign(self, campaign: str) -> Campaign:
        return SHIPPED.campaign

    @override
    def targets(self, campaign: str, *, consistent: bool = False) -> tuple[Target, ...]:
        return SHIPPED.targets

    @override
    def target(self, campaign: str, target: str) -> Target:
        return next(found for found in SHIPPED.targets if found.id == target)

    @override
    def letter(self, campaign: str, version: str) -> Letter:
        return next(found for found in SHIPPED.letters.values() if found.version == version)

    @override
    def controls(self, campaign: str) -> Controls:
        return Controls()

    @override
    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        self.audited.append(entry)

    campaign_ids = put_letter = put_campaign = put_target = put_new_targets = set_mail_state = _not_asked
    pause = close = approve = hold = release = record_complaint = audit = newest_audit = target_version = _not_asked
    restored_at = unfinished_restores = _not_asked


class MadeSignatures(SignatureStore):
    """So many confirmed signatures, which wait for one target; each row is made anew when it is read."""

    def __init__(self, count: int, letter: str, *, note: str = "", drawing: str = "") -> None:
        self._count = count
        self._letter = letter
        self._note = note
        self._drawing = drawing

    @override
    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        return tuple(self._row(int(signer, 16)) for signer in signers)

    @override
    def read_rows(self, campaign: str, signers: Sequence[str], *, consistent: bool = True) -> ReadRows:
        return ReadRows(self.signatures(campaign, signers))

    @override
    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        return ((str(number), self._row(number)) for number in range(self._count))

    @override
    def has_waiting(self, campaign: str, target: str, *, until: datetime | None = None) -> bool:
        return self._count > 0

    @override
    def waiting(self, campaign: str, target: str, *, until: datetime | None = None) -> Iterator[str]:
        return (f"{number:032x}" for number in range(self._count))

    delete_form = signature = listed_signatures = pages = sign = ask_again = confirm = end_links = _not_asked
    withdraw = release = drop_beside = clear = erase = how_many_wait = waiting_since = _not_asked
    signers_by_target = hold = end_hold = how_many_held = _not_asked
    postpone_mail = end_postponement = postponed_mails = how_many_postponed = refuse_mail = _not_asked

    def _row(self, number: int) -> Signature:
        signed_at = NOW - timedelta(seconds=number)
        return Signature(
            campaign=CAMPAIGN,
            signer=f"{number:032x}",
            status="confirmed",
            version=2,
            name=name_of(number),
            email=f"signer{number}@signers.example",
            address_line="1 Sample Street",
            locality="Evanston",
            region="IL",
            postal_code="60201",
            target=TARGET,
            signature=name_of(number),
            note=self._note,
            updates=True,
            letter=self._letter,
            target_version=_SHOWN,
            signed_at=signed_at,
            signed_on=signed_at.date(),
            mail_request="692c0000-00000000",
            confirmed_at=signed_at,
            confirmed_on=signed_at.date(),
            drawing=self._drawing,
        )


def name_of(number: int) -> str:
    """Name the signer of this number, from 0."""
    return f"Signer Number{number}"


class OneDelivery(DeliveryStore):
    """A delivery, its bundles and its packets."""

    def __init__(self) -> None:
        self._delivery: Delivery | None = None
        self._bundles: list[Bundle] = []
        self._packets: dict[int, PacketRecord] = {}

    @override
    def delivery(self, key: DeliveryKey) -> Delivery | None:
        return self._delivery

    @override
    def deliveries(self, campaign: str, target: str) -> Iterator[Delivery]:
        return iter((self._delivery,) if self._delivery else ())

    @override
    def open(self, delivery: Delivery, known: Collection[Delivery], *, again: bool = False) -> None:
        self._delivery = delivery

    @override
    def change(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        self._delivery = delivery

    @override
    def begin_sending(self, delivery: Delivery, *, state: DeliveryState, attempt: int) -> None:
        self._delivery = delivery

    @override
    def bundles(self, key: DeliveryKey) -> tuple[Bundle, ...]:
        return tuple(self._bundles)

    @override
    def seal(self, key: DeliveryKey, bundle: Bundle, at: datetime) -> None:
        self._bundles.append(bundle)

    @override
    def packets(self, key: DeliveryKey) -> tuple[PacketRecord, ...]:
        return tuple(self._packets.values())

    @override
    def add_packet(self, key: DeliveryKey, packet: PacketRecord) -> None:
        self._packets[packet.number] = packet

    existing = bundles_to = record_event = mail_events = erase_letter = note_swept = _not_asked


class PacketFolder(PacketStore):
    """PDFs in a folder: like those in S3, they are not in the function's memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []

    @override
    def put(self, name: str, pdf: bytes) -> None:
        (self._folder / str(len(self.names))).write_bytes(pdf)
        self.names.append(name)

    @override
    def get(self, name: str) -> bytes:
        return (self._folder / str(self.names.index(name))).read_bytes()

    link = delete = _not_asked


class Inbox(Post):
    """Takes each email as bytes, as SES does, and keeps how many there were."""

    def __init__(self) -> None:
        self.emails = 0
        self.bytes = 0

    @override
    def is_slow(self, emails: int, seconds: float) -> bool:
        return False

    @override
    def get_ready(self) -> None:
        """Need nothing."""

    @override
    def send(self, mail: Mail) -> str:
        self.emails += 1
        self.bytes += len(mail.as_bytes())
        return f"message-{self.emails}"

    has_quota = _not_asked


class OneExport(ExportStore):
    """The state of an export."""

    def __init__(self) -> None:
        self._export: Export | None = None

    @override
    def put_export(self, export: Export) -> None:
        self._export = export

    @override
    def export(self, campaign: str, export_id: str) -> Export | None:
        return self._export

    exports = _not_asked


class QueuedExports(ExportQueue):
    """Exports to be written."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    @override
    def put(self, campaign: str, export_id: str) -> None:
        self.ids.append(export_id)
