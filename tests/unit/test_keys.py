from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone

import pytest

from benchmarks.meter import size_of
from undersigned.base.rows import Key
from undersigned.base.table import to_item
from undersigned.campaigns.rows import counters, offices, slots
from undersigned.campaigns.rules.campaigns import Campaign, Target
from undersigned.campaigns.rules.letters import Letter
from undersigned.delivering.rules.bundles import Bundle
from undersigned.delivering.rules.deliveries import Delivery, DeliveryKey, PacketRecord
from undersigned.organizing.rules.exports import Export
from undersigned.people.rows import people
from undersigned.people.rules.api_keys import ApiKey
from undersigned.people.rules.people import Member
from undersigned.signing.rows import mail_claims, signatures
from undersigned.signing.rules.signatures import (
    Signature,
    listing_shard,
    listing_shards,
    signer_id,
    tray_position,
    tray_shard,
    tray_shards,
)

KEY = DeliveryKey("trees", "oakton", "2026-11-30")
SIGNER = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "pk", "sk"),
    [
        (Campaign.locate(id="trees"), "CAMPAIGN#trees", "META"),
        (Letter.locate(campaign="trees", version="ab12"), "CAMPAIGN#trees", "LETTER#ab12"),
        (Target.locate(campaign="trees", id="oakton"), "CAMPAIGN#trees", "TARGET#oakton"),
        (offices.office_key("trees", "oakton"), "OFFICE#trees", "oakton"),
        (Signature.locate(campaign="trees", signer=SIGNER), f"SIGNATURE#trees#{SIGNER}", "1"),
        (counters.counter_key("trees", "TOTAL"), "COUNT#trees#0", "TOTAL"),
        (counters.counter_key("trees", "DAY#2026-11-30"), "COUNT#trees#0", "DAY#2026-11-30"),
        (slots.slot_key("plan", "trees"), "CAMPAIGN#trees", "SLOT#plan"),
        (slots.slot_key("reconcile", None), "SLOT#reconcile", "META"),
        (mail_claims.locate(SIGNER, datetime(2026, 11, 30, tzinfo=UTC)), f"MAIL_CLAIM#{SIGNER}", "2026-11-30"),
        (ApiKey.locate(campaign="trees", digest="ab12"), "KEY#trees", "ab12"),
        (Member.locate(campaign="trees", id="ab12"), "PEOPLE#trees", "ab12"),
        (people.CampaignOfPerson.locate(campaign="trees", id="ab12"), "PERSON#ab12", "trees"),
        (Export.locate(campaign="trees", id="ab12"), "EXPORT#trees", "ab12"),
        (Delivery.locate(**asdict(KEY)), "DELIVERY#trees#oakton", "PERIOD#2026-11-30"),
        (Bundle.locate(**asdict(KEY), number=7), "DELIVERY#trees#oakton", "BUNDLE#2026-11-30#0007"),
        (PacketRecord.locate(**asdict(KEY), number=7), "DELIVERY#trees#oakton", "PACKET#2026-11-30#0007"),
    ],
)
def test_each_entity_has_the_key_of_the_data_model(key: Key, pk: str, sk: str) -> None:
    assert key == Key(pk, sk)


def test_a_signatures_key_names_campaign_and_signer() -> None:
    assert signatures.parse_signature_key(Signature.locate(campaign="trees", signer=SIGNER).pk) == ("trees", SIGNER)


@pytest.mark.parametrize(
    "pk", ["", "SIGNATURE#trees", "SIGNATURE##x", "SIGNATURE#trees#", "SIGNATURE#trees#x#y", "CAMPAIGN#trees#x"]
)
def test_any_other_key_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="the key of a signature reads SIGNATURE#"):
        signatures.parse_signature_key(pk)


def test_bundles_sort_by_their_numbers() -> None:
    sort_keys = [Bundle.locate(**asdict(KEY), number=number).sk for number in (1, 2, 10, 100, 1000)]

    assert sort_keys == sorted(sort_keys)


def test_a_campaigns_signatures_spread_over_all_shards_of_the_listing() -> None:
    signers = [signer_id("secret", f"robin{number}@mail.example") for number in range(200)]
    shards = {listing_shard("trees", signer) for signer in signers}

    assert shards == set(listing_shards("trees"))


def test_the_listings_shard_is_independent_of_the_trays() -> None:
    # Each shard comes from a different end of the signer's id.
    assert listing_shard("trees", "00000001" + "0" * 24) == listing_shard("trees", "0" * 32)


def test_what_is_confirmed_in_a_second_spreads_over_the_partitions_of_the_trays() -> None:
    """A partition takes 1,000 write units a second, and an entry of the index takes one if it has at most 1 kB."""
    signers = [signer_id("secret", f"robin{number}@mail.example") for number in range(3_333)]
    letters = Counter(tray_shard("c" * 64, signer) for signer in signers)
    assert letters.keys() == {*tray_shards("c" * 64)}
    assert max(letters.values()) < 500
    position = tray_position("t" * 64, datetime.now(UTC), signers[0])
    entry = {
        **Signature.locate(campaign="c" * 64, signer=signers[0])._asdict(),
        "due": next(iter(letters)),
        "due_at": position,
    }
    assert size_of(to_item(entry)) < 1024


def test_positions_in_a_tray_are_in_the_order_of_their_moments() -> None:
    zones = [timezone(timedelta(hours=hours)) for hours in (-6, 0, 2)]
    steps = [0, 1, 999_999, 1_000_000, 10_000_000, 3_600_000_000]
    moments = [datetime(2026, 10, 25, tzinfo=UTC) + timedelta(microseconds=step) for step in steps]
    positions = [
        tray_position("oakton", moment.astimezone(zones[number % 3]), "f" * 32) for number, moment in enumerate(moments)
    ]
    assert positions == sorted(positions)
