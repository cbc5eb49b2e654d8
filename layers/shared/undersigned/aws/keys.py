"""Key design: where each entity lies in the table and its two indexes (see docs/data-model.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.deliveries import DeliveryKey, MailEvent

LISTING_SHARDS = 8
"""How many partitions of the listing index a campaign's signatures are spread over."""

CAMPAIGNS = "CAMPAIGNS"
"""The partition of the listing index that holds every campaign."""

META = "META"
RESTORED = "RESTORED"
LETTERS = "LETTER#"
TARGETS = "TARGET#"
FIRST_SLOT = "1"
"""The sort key of a signature. Slot 2 is kept free for a second person of a household."""
DELIVERY = "DELIVERY#"
DELIVERIES = "PERIOD#"
BUNDLES = "BUNDLE#"
PACKETS = "PACKET#"
MAIL_EVENTS = "EVENT#"


class Key(NamedTuple):
    """A primary key."""

    pk: str
    sk: str


def campaign_partition(campaign: str) -> str:
    """Return the partition of a campaign, its letters and its targets."""
    return f"CAMPAIGN#{campaign}"


def campaign(campaign: str) -> Key:
    """Locate a campaign's settings."""
    return Key(campaign_partition(campaign), META)


def letter(campaign: str, version: str) -> Key:
    """Locate a letter version."""
    return Key(campaign_partition(campaign), LETTERS + version)


def target(campaign: str, target: str) -> Key:
    """Locate a target."""
    return Key(campaign_partition(campaign), TARGETS + target)


def signature(campaign: str, signer: str) -> Key:
    """Locate a person's signature."""
    return Key(f"SIGNATURE#{campaign}#{signer}", FIRST_SLOT)


def parse_signature(pk: str) -> tuple[str, str]:
    """Return campaign and signer of a signature's partition key; raises ValueError for any other key."""
    match pk.split("#"):
        case ["SIGNATURE", str(campaign), str(signer)] if campaign and signer:
            return campaign, signer
        case _:
            message = "this is no signature's key: it is not SIGNATURE#<campaign>#<signer>"
            raise ValueError(message)


def controls(campaign: str) -> Key:
    """Locate what an organizer decided of a campaign's deliveries."""
    return Key(campaign_partition(campaign), "STEERING")


def restored(campaign: str) -> Key:
    """Locate from which backup a campaign was restored."""
    return Key(campaign_partition(campaign), RESTORED)


def audit_partition(campaign: str) -> str:
    """Return the partition of what organizers did in a campaign."""
    return f"AUDIT#{campaign}"


def audit(campaign: str, at: datetime, mark: str) -> Key:
    """Locate what somebody did at a moment (UTC); `mark` tells entries of one moment apart."""
    return Key(audit_partition(campaign), f"{at.isoformat()}#{mark}")


def listed(campaign: str, signer: str) -> str:
    """Return the partition of the listing index that holds a signature."""
    return listing_shard(campaign, int(signer[-8:], 16) % LISTING_SHARDS)


def listing_shard(campaign: str, shard: int) -> str:
    """Return one partition of a campaign's signatures in the listing index."""
    return f"SIGNATURES#{campaign}#{shard}"


def count_partition(campaign: str) -> str:
    """Return the partition of a campaign's counters."""
    return f"COUNT#{campaign}"


def forgotten(campaign: str, signer: str, signed_at: datetime, version: int) -> Key:
    """Locate that a row that is gone was taken out of the counts."""
    return Key(f"FORGOTTEN#{campaign}#{signer}", f"{signed_at.isoformat()}#{version}")


def counter(campaign: str, counter: str) -> Key:
    """Locate one counter: `TOTAL`, `TARGET#<target>`, `DAY#<day>` …."""
    return Key(count_partition(campaign), counter)


def recipient(signer: str, day: str) -> Key:
    """Locate what was mailed to one person on one day (UTC), over all campaigns."""
    return Key(f"RECIPIENT#{signer}", day)


def consumed_form(nonce: str) -> Key:
    """Locate what a form was spent on."""
    return Key(f"FORM#{nonce}", META)


def network(hashed: str) -> Key:
    """Locate how many forms came from a network in one window; its hash is another one in each."""
    return Key(f"RATE#{hashed}", META)


NETWORK_COUNTER = "network"
"""The attribute that counts all forms of a network; beside it stands one for each of its addresses."""


def address_counter(hashed: str) -> str:
    """Return the attribute that counts the forms of one address."""
    return f"address_{hashed[:12]}"


def pace_partition(campaign: str) -> str:
    """Return the partition of a campaign's sign-ups by window."""
    return f"PACE#{campaign}"


def pace(campaign: str, window: datetime) -> Key:
    """Locate how many people signed in a window, by its beginning (UTC)."""
    return Key(pace_partition(campaign), window.isoformat())


def api_key_partition(campaign: str) -> str:
    """Return the partition of a campaign's organizer keys."""
    return f"KEY#{campaign}"


def api_key(campaign: str, digest: str) -> Key:
    """Locate an organizer's key by its SHA-256 (hex)."""
    return Key(api_key_partition(campaign), digest)


def export_partition(campaign: str) -> str:
    """Return the partition of a campaign's exports."""
    return f"EXPORT#{campaign}"


def export(campaign: str, export_id: str) -> Key:
    """Locate an export by its id."""
    return Key(export_partition(campaign), export_id)


def delivery_partition(campaign: str, target: str) -> str:
    """Return the partition of a target's deliveries, bundles and packets."""
    return f"DELIVERY#{campaign}#{target}"


def delivery(key: DeliveryKey) -> Key:
    """Locate a delivery."""
    return Key(delivery_partition(key.campaign, key.target), DELIVERIES + key.period)


def mail_events(key: DeliveryKey) -> Key:
    """Return the partition and the sort key's beginning of what SES said of a delivery's mails."""
    return Key(delivery_partition(key.campaign, key.target), f"{MAIL_EVENTS}{key.period}#")


def mail_event(event: MailEvent) -> Key:
    """Locate what SES said once: the same event again is the same item."""
    start = mail_events(event.delivery)
    return Key(start.pk, f"{start.sk}{event.at.isoformat()}#{event.attempt}#{event.kind}")


def bundles(key: DeliveryKey) -> Key:
    """Return the partition and the sort key's beginning of a delivery's bundles."""
    return Key(delivery_partition(key.campaign, key.target), f"{BUNDLES}{key.period}#")


def bundle(key: DeliveryKey, number: int) -> Key:
    """Locate a bundle by its number, from 1."""
    start = bundles(key)
    return Key(start.pk, f"{start.sk}{number:04d}")


def packets(key: DeliveryKey) -> Key:
    """Return the partition and the sort key's beginning of a delivery's packets."""
    return Key(delivery_partition(key.campaign, key.target), f"{PACKETS}{key.period}#")


def packet(key: DeliveryKey, number: int) -> Key:
    """Locate a packet by its number, from 1."""
    start = packets(key)
    return Key(start.pk, f"{start.sk}{number:04d}")
