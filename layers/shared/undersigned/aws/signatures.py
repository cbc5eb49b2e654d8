"""Signatures: the rows, the listing of a campaign's rows, the trays, and consumed form tokens.

| row | pk | sk |
|---|---|---|
| signature | `SIGNATURE#<campaign>#<signer>` | `1` (2 is free for a second person with the same email address) |
| consumed form token | `FORM#<nonce>` | `META` |

The index `listing` has every signature in `SIGNATURES#<campaign>#<shard>`, by the time of signing. The index `tray` has
the letters in trays in `DUE#<campaign>#<target>#<shard>`, by the time of confirmation.
"""

from __future__ import annotations

import heapq
from datetime import UTC, date, datetime
from itertools import batched
from typing import TYPE_CHECKING, cast, override

from boto3.dynamodb.conditions import Attr

from undersigned.aws.dynamodb import (
    BATCH_GET,
    NEW,
    ConditionFailedError,
    Key,
    Put,
    TransactionCanceledError,
    Update,
    read_day,
    read_moment,
    written,
)
from undersigned.domain.languages import SOURCE
from undersigned.domain.reconciliations import Page
from undersigned.domain.signatures import Signature, Status
from undersigned.domain.tokens import VALID_FOR
from undersigned.services.ports import FormConsumedError, SignatureStateError, SignatureStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.aws.dynamodb import Table, Values
    from undersigned.domain.abuse_checks import FormToken

LISTING_SHARDS = 8
"""The number of partitions of the listing index that a campaign's signatures are spread over."""

TRAY_SHARDS = 4
"""The number of partitions of the tray index that a target's waiting letters are spread over."""

_READ_AHEAD = 50
"""How many signatures a listing reads in one step, by default."""

_PERSONAL = (
    "name", "email", "address_line", "locality", "region", "postal_code", "signature", "drawing", "note",
)  # fmt: skip
"""The personal attributes of a signature. In an erased one they are empty."""

_PENDING_HAS_NONE_OF = ("confirmed_at", "confirmed_on", "withdrawn_at", "due", "due_at", "bundle")
"""What a new signature removes from the withdrawn or expired one that it replaces."""


def signature_key(campaign: str, signer: str) -> Key:
    """Return the key of a person's signature."""
    return Key(f"SIGNATURE#{campaign}#{signer}", "1")


def parse_signature_key(pk: str) -> tuple[str, str]:
    """Return the campaign and the signer of a signature's partition key. Raises ValueError for any other key."""
    match pk.split("#"):
        case ["SIGNATURE", str(campaign), str(signer)] if campaign and signer:
            return campaign, signer
        case _:
            message = "the key of a signature reads SIGNATURE#<campaign>#<signer>"
            raise ValueError(message)


def listing_shards(campaign: str) -> tuple[str, ...]:
    """Return all partitions of a campaign's signatures in the listing index."""
    return tuple(f"SIGNATURES#{campaign}#{shard}" for shard in range(LISTING_SHARDS))


def listing_shard(campaign: str, signer: str) -> str:
    """Return the partition of the listing index that holds a signature."""
    return listing_shards(campaign)[int(signer[-8:], 16) % LISTING_SHARDS]


def listing_position(signature: Signature) -> str:
    """Return a signature's position in its campaign's listing, which is ordered by the time of signing."""
    return f"{written(signature.signed_at)}#{signature.signer}"


def tray_shards(campaign: str, target: str) -> tuple[str, ...]:
    """Return all partitions of a target's tray."""
    return tuple(f"DUE#{campaign}#{target}#{shard}" for shard in range(TRAY_SHARDS))


def tray_shard(campaign: str, target: str, signer: str) -> str:
    """Return the partition of the tray in which a letter waits once it is confirmed."""
    return tray_shards(campaign, target)[int(signer[:8], 16) % TRAY_SHARDS]


class Signatures(SignatureStore):
    """Signature rows in the table."""

    def __init__(self, table: Table) -> None:
        """Keep the table."""
        self._table = table

    @override
    def signature(self, campaign: str, signer: str) -> Signature | None:
        values = self._table.get(signature_key(campaign, signer), consistent=True)
        return read_signature(values) if values else None

    @override
    def signatures(self, campaign: str, signers: Sequence[str]) -> tuple[Signature, ...]:
        rows = map(read_signature, self._table.batch_get([signature_key(campaign, signer) for signer in signers]))
        found = {row.signer: row for row in rows}
        return tuple(found[signer] for signer in signers if signer in found)

    @override
    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        read_ahead = read_ahead or _READ_AHEAD
        shards = [
            self._table.query(shard, index="listing", newest_first=True, below=before, read_ahead=read_ahead)
            for shard in listing_shards(campaign)
        ]
        merged = heapq.merge(*shards, key=lambda values: str(values["listed_at"]), reverse=True)
        for positions in batched((values["listed_at"] for values in merged), read_ahead, strict=False):
            signers = [position.rpartition("#")[2] for position in positions]
            found = {row.signer: row for row in self.signatures(campaign, signers)}
            yield from (
                (position, found[signer])
                for position, signer in zip(positions, signers, strict=True)
                # The index lags behind: a person who signed again is at a newer position, too.
                if signer in found and position == listing_position(found[signer])
            )

    @override
    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        for shard in listing_shards(campaign):
            signers = (parse_signature_key(values["pk"])[1] for values in self._table.query(shard, index="listing"))
            for some in batched(signers, BATCH_GET, strict=False):
                yield from self.signatures(campaign, some)

    @override
    def pages(self, campaign: str, after: str = "") -> Iterator[Page]:
        first, _, listed_at = after.partition(" ")
        for number, shard in enumerate(listing_shards(campaign)):
            if after and number < int(first):
                continue
            # No position has this one as its beginning, so what follows it is at least this one with a last character.
            at_least = f"{listed_at}~" if after and number == int(first) else None
            listed = (values["listed_at"] for values in self._table.query(shard, index="listing", at_least=at_least))
            for positions in batched(listed, BATCH_GET, strict=False):
                yield self._page(campaign, number, positions)

    def _page(self, campaign: str, shard: int, positions: Sequence[str]) -> Page:
        rows, damaged = [], []
        signers = [position.rpartition("#")[2] for position in positions]
        for values in self._table.batch_get([signature_key(campaign, signer) for signer in signers]):
            try:
                row = read_signature(values)
            except (KeyError, TypeError, ValueError):
                damaged.append(parse_signature_key(values["pk"])[1])
                continue
            # A person who has signed again since is at a later position, too.
            if listing_position(row) in positions:
                rows.append(row)
        return Page(f"{shard} {positions[-1]}", tuple(rows), tuple(damaged))

    @override
    def sign(self, signature: Signature, replacing: Signature | None, form: FormToken | None = None) -> None:
        change = Update(
            signature_key(signature.campaign, signature.signer),
            assign=pending_signature_values(signature),
            remove=_PENDING_HAS_NONE_OF,
            when=NEW if replacing is None else Attr("version").eq(replacing.version),
        )
        self._write(change, form, signature.signer)

    @override
    def ask_again(self, campaign: str, signer: str, mail_request: str, form: FormToken | None = None) -> None:
        change = Update(
            signature_key(campaign, signer),
            assign={"mail_request": mail_request},
            when=Attr("status").eq("confirmed"),
        )
        self._write(change, form, signer)

    def _write(self, change: Update, form: FormToken | None, signer: str) -> None:
        """Change a row and consume a form token, both or neither. The same signer can use the same token again."""
        if form is None:
            self._table.update(change)
            return
        consumed = {
            "pk": f"FORM#{form.nonce}",
            "sk": "META",
            "signer": signer,
            "expires_at": int((form.issued_at + VALID_FOR["form"]).timestamp()),
        }
        try:
            self._table.transact([Put(consumed, NEW | Attr("signer").eq(signer)), change])
        except TransactionCanceledError as error:
            if error.unmet[0]:
                message = "another letter was signed with this form"
                raise FormConsumedError(message) from error
            raise

    @override
    def confirm(
        self,
        campaign: str,
        signer: str,
        version: int | None,
        *,
        at: datetime,
        on: date,
        link_of: datetime | None = None,
    ) -> Signature:
        confirmable = Attr("status").eq("pending") & Attr("expires_at").gt(int(at.timestamp())) & _opened_by(link_of)
        if version is not None:
            confirmable &= Attr("version").eq(version)
        return self._move(
            Update(
                signature_key(campaign, signer),
                assign={
                    "status": "confirmed",
                    "confirmed_at": at.isoformat(),
                    "confirmed_on": on.isoformat(),
                    "due_at": f"{at.isoformat()}#{signer}",
                },
                copy={"due": "tray"},
                add={"version": 1},
                # Only a person confirms by the link in an email, so the letter leaves the quarantine.
                remove=["expires_at", "quarantine"],
                when=confirmable,
            )
        )

    @override
    def withdraw(self, campaign: str, signer: str, at: datetime, *, link_of: datetime | None = None) -> Signature:
        return self._move(
            Update(
                signature_key(campaign, signer),
                assign={"status": "withdrawn", "withdrawn_at": at.isoformat()},
                add={"version": 1},
                remove=["due", "due_at", "expires_at"],
                when=Attr("status").is_in(["pending", "confirmed"]) & Attr("bundle").not_exists() & _opened_by(link_of),
            )
        )

    @override
    def end_links(self, campaign: str, signer: str, at: datetime, *, link_of: datetime) -> None:
        self._move(
            Update(
                signature_key(campaign, signer),
                assign={"links_ended_at": int(at.timestamp())},
                when=Attr("status").exists() & _opened_by(link_of),
            )
        )

    def _move(self, change: Update) -> Signature:
        """Change a signature as its signer wants, and return it. Raises SignatureStateError."""
        try:
            return read_signature(self._table.update(change, returns="ALL_NEW"))
        except ConditionFailedError as error:
            raise SignatureStateError(read_signature(error.values) if error.values else None) from error

    @override
    def release(self, campaign: str, signer: str, mail_request: str) -> None:
        self._table.update(
            Update(
                signature_key(campaign, signer),
                assign={"mail_request": mail_request},
                remove=["quarantine"],
                when=Attr("status").eq("pending") & Attr("quarantine").exists(),
            )
        )

    @override
    def erase(self, signature: Signature, at: datetime) -> None:
        self._table.update(erasure(signature, at))

    @override
    def has_waiting(self, campaign: str, target: str) -> bool:
        shards = (self._table.query(shard, index="tray", read_ahead=1) for shard in tray_shards(campaign, target))
        return any(next(shard, None) for shard in shards)

    @override
    def how_many_wait(self, campaign: str, target: str) -> int:
        return sum(self._table.count(shard, "tray") for shard in tray_shards(campaign, target))

    @override
    def waiting(self, campaign: str, target: str) -> Iterator[str]:
        shards = [self._table.query(shard, index="tray") for shard in tray_shards(campaign, target)]
        for values in heapq.merge(*shards, key=lambda values: str(values["due_at"])):
            yield parse_signature_key(values["pk"])[1]


def _opened_by(link_of: datetime | None) -> ConditionBase:
    """Return the condition that a link of this date works. A change without a link needs the row only."""
    if link_of is None:
        return Attr("status").exists()
    return Attr("links_ended_at").not_exists() | Attr("links_ended_at").lt(int(link_of.timestamp()))


def erasure(signature: Signature, at: datetime) -> Update:
    """Return the update that erases all personal data from a row. The row stays, so that a new letter is recognized."""
    return Update(
        signature_key(signature.campaign, signature.signer),
        assign={
            "status": "erased",
            "erased_at": at.isoformat(),
            "updates": False,
            **dict.fromkeys(_PERSONAL, ""),
        },
        add={"version": 1},
        remove=["due", "due_at", "expires_at", "quarantine"],
        when=Attr("version").eq(signature.version),
    )


def pending_signature_values(signature: Signature) -> Values:
    """Return the attributes of a pending signature, without `tallied`, which only the tally writes."""
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
        "addressed": signature.target_version,
        "language": signature.language,
        "quarantine": signature.quarantine,
        "signed_at": written(signature.signed_at),
        "signed_on": written(signature.signed_on),
        "mail_request": signature.mail_request,
        "expires_at": int(signature.expires_at.timestamp()),
        # The confirmation copies it to `due` without reading the row first.
        "tray": tray_shard(signature.campaign, signature.target, signature.signer),
        "listed": listing_shard(signature.campaign, signature.signer),
        "listed_at": listing_position(signature),
    }


def read_signature(values: Values) -> Signature:
    """Read a signature. Raises KeyError or ValueError if the row is damaged."""
    campaign, signer = parse_signature_key(values["pk"])
    expires_at, links_ended_at = values.get("expires_at"), values.get("links_ended_at")
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
        confirmed_at=read_moment(values.get("confirmed_at")),
        confirmed_on=read_day(values.get("confirmed_on")),
        withdrawn_at=read_moment(values.get("withdrawn_at")),
        bundle=values.get("bundle"),
        tallied=values.get("tallied", ""),
        language=values.get("language", SOURCE),
        quarantine=values.get("quarantine"),
        erased_at=read_moment(values.get("erased_at")),
        drawing=values.get("drawing", ""),
        in_tray=values.get("due") == tray_shard(campaign, values["target"], signer),
        links_ended_at=datetime.fromtimestamp(int(links_ended_at), UTC) if links_ended_at is not None else None,
        target_version=values.get("addressed"),
    )
