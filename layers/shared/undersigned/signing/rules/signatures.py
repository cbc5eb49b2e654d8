"""Signatures: the keys of the people who sign, and the statuses of a letter."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from undersigned.base.email_addresses import canonical_email
from undersigned.base.errors import UndersignedError
from undersigned.base.rows import ELSEWHERE, Row
from undersigned.campaigns.rules.campaigns import Addressee
from undersigned.signing.rules.form_fields import Words

Status = Literal["confirmed", "withdrawn", "erased"]
"""`erased`: nothing personal is left of the letter except its key, a hash of the signer's email address."""

FormStatus = Literal["pending", "quarantined"]
"""`quarantined`: a form that waits, and looked like a bot's."""

ReportedStatus = Literal["pending", "confirmed", "withdrawn", "erased", "quarantined"]
"""The status of a letter or a form."""

Lane = Literal["clean", "suspicious"]
"""Whether an email is about a form with a suspicion. Each lane has its own brake, so that bots can't stop people's."""

EXPORTS_KEPT_FOR = timedelta(days=7)
"""How long a file of letters is kept; template.yaml has the same value for the bucket."""

PENDING_FOR = timedelta(days=14)
"""How long a form waits for its confirmation."""

DISOWNED_FOR = timedelta(days=30)
"""How long a campaign sends no emails to a person who said that they didn't sign."""

WITHDRAWN_FOR = timedelta(days=30)
"""How long a withdrawn letter's personal data is kept, so that its signer can still see the letter."""


def new_mail_request(at: datetime, random: str) -> str:
    """Return the id of a request for an email: when it was made, in seconds, and eight random digits in hex."""
    return f"{int(at.timestamp()):08x}-{random[:8]}"


def requested_at(mail_request: str) -> datetime | None:
    """Return when an email was requested; None if something else wrote the id of its request."""
    match = re.fullmatch(r"([0-9a-f]{8})-[0-9a-f]{8}", mail_request)
    return datetime.fromtimestamp(int(match[1], 16), UTC) if match else None


def signer_id(secret: str, email: str) -> str:
    """Return the key of a person's signature: an HMAC of the canonical email address, 128 bits in hex."""
    digest = hmac.new(f"signer:{secret}".encode(), canonical_email(email).encode(), hashlib.sha256).hexdigest()
    return digest[:32]


SHARDS = 8
"""The number of partitions of an index that a campaign's rows are spread over."""


def listing_shards(campaign: str, kind: Literal["SIGNATURES", "FORMS"] = "SIGNATURES") -> tuple[str, ...]:
    """Return all partitions of a campaign's signatures, or of its forms, in the listing index."""
    return tuple(f"{kind}#{campaign}#{shard}" for shard in range(SHARDS))


def listing_shard(campaign: str, signer: str, kind: Literal["SIGNATURES", "FORMS"] = "SIGNATURES") -> str:
    """Return the partition of the listing index that holds a signature or a form."""
    return listing_shards(campaign, kind)[int(signer[-8:], 16) % SHARDS]


def tray_shards(campaign: str, place: Literal["DUE", "HELD"] = "DUE") -> tuple[str, ...]:
    """Return all partitions of the tray index that have a campaign's letters in trays, or those on hold."""
    return tuple(f"{place}#{campaign}#{shard}" for shard in range(SHARDS))


def tray_shard(campaign: str, signer: str, place: Literal["DUE", "HELD"] = "DUE") -> str:
    """Return the partition in which a letter waits once it is confirmed, or while it is on hold."""
    return tray_shards(campaign, place)[int(signer[:8], 16) % SHARDS]


def in_order(moment: datetime) -> str:
    """Return a moment in UTC, always as long, so that texts are in the order of their moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def tray_position(target: str, since: datetime, signer: str) -> str:
    """Return the position of a letter that waits since a moment."""
    return f"{target}#{in_order(since)}#{signer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature(Row):
    """One person's signature of one campaign's letter. Datetimes are aware, in UTC.

    `bundle` is `<period>#<number>` once the letter is sealed. `tallied` is the tally's mark (see `tallies`). `version`
    grows with every change of status. `letter` is the signed letter version, `addressee` what it shows of the target,
    and `language` the language of the signer's pages and emails. `quarantine` is the suspicion; it stays when the
    letter is confirmed. `erased_at` stays when a person whose letter was erased signs again. `network` is a hash of the
    network that the form came from, another one each day; it goes when the letter is sealed. `waits_since` is when the
    letter came into its target's tray, or when an organizer put it `on_hold`; only the keys of the index say so.
    `cleared_at` is when its personal data was removed, because its time was over. `source` is the label of the link or
    site that it came from, in a campaign that counts them. `disowned_at` is when the person with this address said that
    they didn't sign: the form was erased, and for 30 days they get no emails about the campaign. `news_ended_at` is
    when the signer ended the consent to news; it stays when they sign again. `told` is the day of the answer that the
    signer was told of last. `form` is the id of the form which the letter was made from.
    """

    pk, sk = "SIGNATURE#{campaign}#{signer}", "1"  # 2 is free for a second person with the same email address

    campaign: str
    signer: str
    status: Status
    version: int
    words: Words
    target: str
    letter: str
    language: str
    addressee: Addressee
    signed_at: datetime
    signed_on: date
    form: str = ""
    confirmed_at: datetime | None = None
    confirmed_on: date | None = None
    withdrawn_at: datetime | None = None
    bundle: str | None = None
    tallied: str = ""
    quarantine: str | None = None
    erased_at: datetime | None = None
    waits_since: datetime | None = field(default=None, metadata=ELSEWHERE)
    on_hold: bool = field(default=False, metadata=ELSEWHERE)
    network: str | None = None
    cleared_at: datetime | None = None
    source: str | None = None
    disowned_at: datetime | None = None
    news_ended_at: datetime | None = None
    told: date | None = None

    @property
    def listed(self) -> str:
        """Return the partition of the listing index that has it."""
        return listing_shard(self.campaign, self.signer)

    @property
    def listed_at(self) -> str:
        """Return its position in its campaign's listing, which is ordered by the time of signing."""
        return f"{self.signed_at.isoformat()}#{self.signer}"

    @property
    def due(self) -> str | None:
        """Return the partition of the tray index that has it, if it waits."""
        place: Literal["DUE", "HELD"] = "HELD" if self.on_hold else "DUE"
        return tray_shard(self.campaign, self.signer, place) if self.waits_since else None

    @property
    def due_at(self) -> str | None:
        """Return its position there."""
        return tray_position(self.target, self.waits_since, self.signer) if self.waits_since else None

    @property
    def in_tray(self) -> bool:
        """Say whether the letter waits in its target's tray."""
        return self.waits_since is not None and not self.on_hold

    @property
    def period(self) -> str | None:
        """Return the period of the delivery that holds the letter, once it is sealed."""
        return self.bundle.partition("#")[0] if self.bundle else None

    @property
    def is_empty(self) -> bool:
        """Say whether nothing personal is left: it was erased, or its time was over."""
        return self.status == "erased" or self.cleared_at is not None

    @property
    def waits(self) -> bool:
        """Say whether the letter is confirmed and goes with a later delivery."""
        return self.status == "confirmed" and self.bundle is None and not self.on_hold

    @property
    def wants_news(self) -> bool:
        """Say whether the signer agreed to news, and hasn't ended that since."""
        return self.words.updates and (self.news_ended_at is None or self.news_ended_at < self.signed_at)

    @property
    def agreed_at(self) -> datetime | None:
        """Return when the signer of a confirmed letter agreed to news; None for anyone else."""
        return self.signed_at if self.status == "confirmed" and self.wants_news else None

    @property
    def no_news_since(self) -> datetime | None:
        """Return when a signer who had agreed to news ended that, or withdrew the letter; None for anyone else."""
        if self.agreed_at or self.is_empty:
            return None
        return self.withdrawn_at if self.wants_news else self.news_ended_at

    @property
    def changed_at(self) -> datetime:
        """Return when the status last changed, except by sealing."""
        moments = (self.signed_at, self.confirmed_at, self.withdrawn_at, self.erased_at)
        return max(moment for moment in moments if moment is not None)

    @property
    def ended_at(self) -> datetime | None:
        """Return when a letter was withdrawn or erased; None for any other."""
        return {"withdrawn": self.withdrawn_at, "erased": self.erased_at}.get(self.status)

    def is_disowned(self, at: datetime) -> bool:
        """Say whether the person with this address has said lately that they didn't sign."""
        return self.disowned_at is not None and at < self.disowned_at + DISOWNED_FOR


class SignatureStateError(UndersignedError):
    """The signature's status doesn't allow this; carries the current signature, or None if there is no row."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'missing'}")
        self.signature = signature


class Waiting(NamedTuple):
    """A letter in a tray, as the index lists it."""

    target: str
    since: datetime
    signer: str


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Signatures that were read together, and the signers whose rows are damaged: something else wrote them."""

    rows: tuple[Signature, ...]
    damaged: tuple[str, ...] = ()
