from __future__ import annotations

import pytest

from undersigned.aws import keys
from undersigned.aws.keys import Key
from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.signatures import signer_id

KEY = DeliveryKey("trees", "oakton", "2026-11-30")
SIGNER = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("key", "pk", "sk"),
    [
        (keys.campaign("trees"), "CAMPAIGN#trees", "META"),
        (keys.letter("trees", "ab12"), "CAMPAIGN#trees", "LETTER#ab12"),
        (keys.target("trees", "oakton"), "CAMPAIGN#trees", "TARGET#oakton"),
        (keys.signature("trees", SIGNER), f"SIGNATURE#trees#{SIGNER}", "1"),
        (keys.counter("trees", "TOTAL"), "COUNT#trees", "TOTAL"),
        (keys.counter("trees", "DAY#2026-11-30"), "COUNT#trees", "DAY#2026-11-30"),
        (keys.recipient(SIGNER, "2026-11-30"), f"RECIPIENT#{SIGNER}", "2026-11-30"),
        (keys.api_key("trees", "ab12"), "KEY#trees", "ab12"),
        (keys.export("trees", "ab12"), "EXPORT#trees", "ab12"),
        (keys.delivery(KEY), "DELIVERY#trees#oakton", "PERIOD#2026-11-30"),
        (keys.bundle(KEY, 7), "DELIVERY#trees#oakton", "BUNDLE#2026-11-30#0007"),
        (keys.packet(KEY, 7), "DELIVERY#trees#oakton", "PACKET#2026-11-30#0007"),
    ],
)
def test_each_entity_lies_where_the_data_model_says(key: Key, pk: str, sk: str) -> None:
    assert key == Key(pk, sk)


def test_a_signatures_key_says_whose_it_is() -> None:
    assert keys.parse_signature(keys.signature("trees", SIGNER).pk) == ("trees", SIGNER)


@pytest.mark.parametrize(
    "pk", ["", "SIGNATURE#trees", "SIGNATURE##x", "SIGNATURE#trees#", "SIGNATURE#trees#x#y", "CAMPAIGN#trees#x"]
)
def test_any_other_key_is_no_signatures(pk: str) -> None:
    with pytest.raises(ValueError, match="this is no signature's key"):
        keys.parse_signature(pk)


def test_bundles_sort_by_their_numbers() -> None:
    sort_keys = [keys.bundle(KEY, number).sk for number in (1, 2, 10, 100, 1000)]

    assert sort_keys == sorted(sort_keys)


def test_bundles_and_packets_of_one_period_share_a_beginning_that_no_other_has() -> None:
    another = DeliveryKey("trees", "oakton", "2026-12-07")

    assert keys.bundle(KEY, 1).sk.startswith(keys.bundles(KEY).sk)
    assert not keys.bundle(another, 1).sk.startswith(keys.bundles(KEY).sk)
    assert keys.packet(KEY, 1).sk.startswith(keys.packets(KEY).sk)
    assert not keys.packet(KEY, 1).sk.startswith(keys.bundles(KEY).sk)


def test_a_campaigns_signatures_are_spread_over_all_shards_of_the_listing() -> None:
    shards = {keys.listed("trees", signer_id("secret", f"robin{number}@mail.example")) for number in range(200)}

    assert shards == {keys.listing_shard("trees", shard) for shard in range(keys.LISTING_SHARDS)}


def test_the_listings_shard_does_not_follow_the_trays() -> None:
    # Both are taken from the signer's id, from its two ends.
    assert keys.listed("trees", "00000001" + "0" * 24) == keys.listed("trees", "0" * 32)
