from __future__ import annotations

from datetime import UTC, datetime

import pytest

from undersigned.aws import api_keys, campaigns, counts, deliveries, exports, mail_claims, signatures, slots
from undersigned.aws.dynamodb import Key
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.signatures import signer_id

KEY = DeliveryKey("trees", "oakton", "2026-11-30")
SIGNER = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "pk", "sk"),
    [
        (campaigns.campaign_key("trees"), "CAMPAIGN#trees", "META"),
        (campaigns.letter_key("trees", "ab12"), "CAMPAIGN#trees", "LETTER#ab12"),
        (campaigns.target_key("trees", "oakton"), "CAMPAIGN#trees", "TARGET#oakton"),
        (campaigns.target_version_key("trees", "ab12"), "CAMPAIGN#trees", "ADDRESSED#ab12"),
        (signatures.signature_key("trees", SIGNER), f"SIGNATURE#trees#{SIGNER}", "1"),
        (counts.counter_key("trees", "TOTAL"), "COUNT#trees#0", "TOTAL"),
        (counts.counter_key("trees", "DAY#2026-11-30"), "COUNT#trees#0", "DAY#2026-11-30"),
        (slots.slot_key("plan", "trees"), "CAMPAIGN#trees", "SLOT#plan"),
        (slots.slot_key("reconcile", None), "SLOT#reconcile", "META"),
        (mail_claims.locate(SIGNER, datetime(2026, 11, 30, tzinfo=UTC)), f"MAIL_CLAIM#{SIGNER}", "2026-11-30"),
        (api_keys.locate("trees", "ab12"), "KEY#trees", "ab12"),
        (exports.locate("trees", "ab12"), "EXPORT#trees", "ab12"),
        (deliveries.delivery_key(KEY), "DELIVERY#trees#oakton", "PERIOD#2026-11-30"),
        (deliveries.bundle_key(KEY, 7), "DELIVERY#trees#oakton", "BUNDLE#2026-11-30#0007"),
        (deliveries.packet_key(KEY, 7), "DELIVERY#trees#oakton", "PACKET#2026-11-30#0007"),
    ],
)
def test_each_entity_has_the_key_of_the_data_model(key: Key, pk: str, sk: str) -> None:
    assert key == Key(pk, sk)


def test_a_signatures_key_names_campaign_and_signer() -> None:
    assert signatures.parse_signature_key(signatures.signature_key("trees", SIGNER).pk) == ("trees", SIGNER)


@pytest.mark.parametrize(
    "pk", ["", "SIGNATURE#trees", "SIGNATURE##x", "SIGNATURE#trees#", "SIGNATURE#trees#x#y", "CAMPAIGN#trees#x"]
)
def test_any_other_key_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="the key of a signature reads SIGNATURE#"):
        signatures.parse_signature_key(pk)


def test_bundles_sort_by_their_numbers() -> None:
    sort_keys = [deliveries.bundle_key(KEY, number).sk for number in (1, 2, 10, 100, 1000)]

    assert sort_keys == sorted(sort_keys)


def test_bundles_and_packets_of_a_period_have_prefixes_of_their_own() -> None:
    another = DeliveryKey("trees", "oakton", "2026-12-07")

    assert deliveries.bundle_key(KEY, 1).sk.startswith(deliveries.part_key(deliveries.BUNDLES, KEY).sk)
    assert not deliveries.bundle_key(another, 1).sk.startswith(deliveries.part_key(deliveries.BUNDLES, KEY).sk)
    assert deliveries.packet_key(KEY, 7).sk.startswith(deliveries.part_key(deliveries.PACKETS, KEY).sk)
    assert not deliveries.packet_key(KEY, 7).sk.startswith(deliveries.part_key(deliveries.BUNDLES, KEY).sk)


def test_a_campaigns_signatures_spread_over_all_shards_of_the_listing() -> None:
    signers = [signer_id("secret", f"robin{number}@mail.example") for number in range(200)]
    shards = {signatures.listing_shard("trees", signer) for signer in signers}

    assert shards == set(signatures.listing_shards("trees"))


def test_the_listings_shard_is_independent_of_the_trays() -> None:
    # Each shard comes from a different end of the signer's id.
    assert signatures.listing_shard("trees", "00000001" + "0" * 24) == signatures.listing_shard("trees", "0" * 32)


def test_a_targets_waiting_letters_spread_over_its_whole_tray() -> None:
    signers = [signer_id("secret", f"robin{number}@mail.example") for number in range(100)]

    shards = {signatures.tray_shard("trees", "oakton", signer) for signer in signers}
    assert shards == set(signatures.tray_shards("trees", "oakton"))
