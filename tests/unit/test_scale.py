"""The model of a rush, where a wrong sign would lie, and docs/scale.md, which is written from its figures."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from math import inf
from random import Random
from typing import Any

import pytest

from benchmarks import scale, scale_page
from benchmarks.limits import PRICES, QUOTAS
from benchmarks.rush import SEED, Allowance, Counters, Cut, Mailing, Tally, count_rush, mail_rush, poisson, sustained
from benchmarks.scale import GOALS, RESULTS, Bill, Counts, Crowd, Model, Request, Stack, prepared, today
from tests.aws_from_template import TemplateError
from undersigned.domain.tallies import place_of

TALLY = Tally(
    shards=4,
    at_once=1,
    batch_size=500,
    window=1.0,
    records_a_letter=3.0,
    record_seconds=0.0002,
    cut=lambda letters: [Cut(letters, 20, counters_units=20)],
)
MAILING = Mailing(
    shards=10,
    processes=2,
    at_once=4,
    batch_size=100,
    records_a_letter=3.0,
    record_seconds=0.0002,
    batch_seconds=0.0,
    budget_seconds=0.0,
    email_seconds=0.1,
    cpu_seconds=0.01,
    queue_at_once=2,
)
UNITS = 10.0


@cache
def counts() -> Counts:
    return Counts.kept()


@cache
def kept() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((RESULTS / "scale.json").read_text("utf-8"))["figures"]
    return figures


# The page


def test_the_page_has_the_kept_figures() -> None:
    text = scale_page.PAGE.read_text(encoding="utf-8")

    assert scale_page.written(text, kept(), GOALS) == text, "run: make bench ARGS=scale"


def test_the_kept_figures_are_of_what_the_other_benchmarks_kept() -> None:
    units, tables = kept()["tables"]["write units"], kept()["tables"]

    assert kept()["requests_per_signer"] == len(tables["requests"]) == len(counts().requests)
    for stage, value in counts().writes.items():
        assert units[stage] == {"in a rush": round(value, 2), "alone": counts().writes_alone[stage]}
    assert sum(row["in a rush"] for stage, row in units.items() if stage in {*counts().writes, "tally"}) == (
        pytest.approx(kept()["write_units_per_signer"], abs=0.05)
    )
    alone = counts().writes_alone
    assert units["in all"]["alone"] == sum(alone.values())
    assert alone.keys() == {*counts().writes, "tally"}


def test_a_table_that_the_page_lacks_is_an_error() -> None:
    with pytest.raises(scale_page.NoTableError, match="storm"):
        scale_page.written("<!-- table: goals -->\n<!-- end of table -->", kept(), GOALS)


def test_each_quota_and_price_names_a_page_of_aws() -> None:
    pages = [quota.page for quota in QUOTAS.values()] + [price.page for price in PRICES.values()]

    assert all(page.startswith(("https://docs.aws.amazon.com/", "https://aws.amazon.com/")) for page in pages)


# The tally


def test_a_transaction_that_meets_another_is_canceled_and_costs_half() -> None:
    counters = Counters(units_a_second=1_000)
    cut = Cut(letters=80, counters=20, counters_units=20)
    seconds = counters.begin(0.0, 1, cut)
    assert seconds is not None
    assert counters.begin(seconds / 2, 1, cut) is None
    assert counters.begin(seconds / 2, 2, cut) is not None
    assert counters.begin(seconds, 1, cut) is not None

    assert (counters.transactions, counters.conflicts, counters.units) == (4, 1, 200 + 100 + 200 + 200)


def test_a_partition_takes_its_units_and_no_more() -> None:
    counters = Counters(units_a_second=100)
    begun = [counters.begin(second / 10, 0, Cut(1, 5, counters_units=20)) for second in range(20)]

    assert counters.throttled > 0
    assert 4 <= sum(seconds is not None for seconds in begun) <= 7


def test_counts_lag_when_more_people_sign_than_the_readers_bear() -> None:
    calm, storm = count_rush(TALLY, 200, 20), count_rush(TALLY, 10_000, 20)

    assert calm.lag(1) < 3 < storm.left
    assert count_rush(replace(TALLY, shards=40), 10_000, 20).lag(1) < storm.left


def test_more_workers_conflict_more() -> None:
    few, many = (count_rush(replace(TALLY, shards=shards), 2_000, 20).counters for shards in (8, 80))

    assert few.conflicts / few.transactions < many.conflicts / many.transactions


def test_a_batch_that_is_shared_costs_each_letter_less() -> None:
    calm, busy = (count_rush(TALLY, rate, 30) for rate in (5, 500))

    assert busy.counters.units / busy.signed < calm.counters.units / calm.signed


# The emails


@pytest.mark.parametrize("ses", [100, 10_000])
def test_each_email_is_sent_in_the_end(ses: float) -> None:
    found = mail_rush(MAILING, 200, ses, 60, after=3_600)

    assert found.waiting == 0
    assert len(found.delays) == found.signed == pytest.approx(200 / MAILING.shards * 30, rel=0.2)
    assert min(found.delays) >= MAILING.email_seconds


def test_emails_wait_if_ses_takes_a_tenth_of_them_and_the_stream_does_not() -> None:
    slow, fast = (mail_rush(MAILING, 300, ses, 120, knows_rate=True, after=5) for ses in (30, 1_000))

    assert (slow.delay(0.99), fast.waiting) == (inf, 0)
    assert fast.delay(0.99) < 1
    assert slow.behind < 60


def test_processes_that_ask_for_the_rate_at_once_go_on_at_the_usual_one() -> None:
    mailing = replace(MAILING, processes=10)
    asking, knowing = (mail_rush(mailing, 300, 1_000, 60, knows_rate=knows, after=5) for knows in (False, True))

    assert asking.waiting == knowing.waiting == 0
    assert max(asking.delays) > max(knowing.delays)


def test_an_allowance_saves_up_for_one_second() -> None:
    allowance = Allowance(10)

    assert [allowance.take(0.0) for _ in range(11)] == [True] * 10 + [False]
    assert [allowance.take(100.0) for _ in range(11)] == [True] * 10 + [False]


@pytest.mark.parametrize("expected", [0.02, 3.0, 120.0])
def test_chance_is_fair(expected: float) -> None:
    draw = poisson(Random(SEED), expected)  # noqa: S311  (a simulation)

    assert sum(draw() for _ in range(20_000)) / 20_000 == pytest.approx(expected, rel=0.1)


def test_what_is_sustained_is_the_highest_that_holds() -> None:
    assert sustained(lambda rate: rate <= 700, 1, 1_000, 10) == pytest.approx(700, abs=1)
    assert sustained(lambda _rate: False, 1, 1_000) == 1


# Ceilings and bills


def test_the_crowd_moves_the_products_own_marks() -> None:
    one, many = Crowd(), Crowd(10_000)

    for crowd in (one, many):
        assert [sum(cut.letters for cut in crowd.cut(number)) for number in (1, 50, 100)] == [1, 50, 100]
        assert all(cut.writes <= 100 for cut in crowd.cut(100))
    assert len(one.cut(100)) < len(many.cut(100))


def test_a_large_row_of_counters_costs_what_its_size_does(monkeypatch: pytest.MonkeyPatch) -> None:
    [cut] = Crowd().cut(40)
    monkeypatch.setattr(scale, "place_of", lambda counter: ("PROVIDERS#0", place_of(counter).name))

    assert cut.counters_units == cut.counters
    assert Crowd().units == {"PROVIDERS#0": 4}


def test_a_stack_that_is_prepared_takes_at_least_as_much_in_each_stage() -> None:
    stack = prepared(counts(), UNITS)
    deployed, ready = (Model(counts(), each, 5).ceilings(UNITS) for each in (today(), stack))

    assert all(ready[stage] >= value for stage, value in deployed.items())
    assert ready["table: write units"] == stack.table_units / UNITS > 3_333


def test_routes_with_their_own_throttle_leave_the_others_theirs() -> None:
    def request(path: str) -> Request:
        return Request("GET", path, is_cacheable=False, figures={})

    requests = [request("/campaigns/{campaign}"), request("/confirm/{token}"), request("/confirm/{token}")]

    assert scale._throttled(requests, 300, {}) == 100
    assert scale._throttled(requests, 300, {"GET /confirm/{any}": 1_000}) == 300
    assert scale._throttled(requests, 300, {"ANY /confirm/{any}": 100}) == 50


def test_each_request_unit_and_signer_costs_something() -> None:
    stack = prepared(counts(), UNITS)
    bill = Bill(counts(), stack, UNITS).items(1e6, is_provisioned=False)
    fewer = replace(counts(), calls={row: found for row, found in counts().calls.items() if "POST /confirm" not in row})

    assert all(cost >= 0 for cost in bill.values())
    assert Bill(fewer, stack, UNITS).items(1e6, is_provisioned=False)["API: requests"] == bill["API: requests"] - 1
    more = Bill(counts(), stack, UNITS + 1).items(1e6, is_provisioned=False)["table: writes"]
    assert more - bill["table: writes"] == pytest.approx(PRICES["DynamoDB: writes on demand"].dollars)
    assert Bill(counts(), stack, UNITS).items(1e6, is_provisioned=True)["table: writes"] < bill["table: writes"]
    alone = Bill(counts(), stack, UNITS).items(1e6, is_provisioned=False, is_rush=False)
    assert alone["table: writes"] > bill["table: writes"]


def test_a_parameter_of_the_template_is_read_with_its_default() -> None:
    assert Stack().parameter("MailProcesses") < Stack({"MailProcesses": 4}).parameter("MailProcesses") == 4
    assert Stack({"WarmWrites": 60_000}).partitions == 60
    assert Stack().partitions == 4


def test_a_setting_that_the_template_no_longer_has_fails_the_benchmark() -> None:
    with pytest.raises(TemplateError, match="NoSuchParameter"):
        Stack().parameter("NoSuchParameter")
    with pytest.raises(TemplateError, match="NoSuchParameter"):
        Stack({"NoSuchParameter": 4})
    with pytest.raises(KeyError, match="NO_SUCH_VARIABLE"):
        Stack().variable("SendConfirmations", "NO_SUCH_VARIABLE")
