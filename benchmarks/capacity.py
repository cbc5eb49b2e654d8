"""Signers a second that each part of a stack takes, how late the public count is, and what a million signers cost.

Nothing is simulated or measured in AWS: the needs of one signer, as `calls` counts them, are compared with AWS's quotas
and the limits of template.yaml, and multiplied by AWS's prices. docs/scale.md links to the source of each.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.goals import Goal
from benchmarks.latency import A_WRITE_MORE, seconds_of
from undersigned.campaigns.rows.counters import SHARDS
from undersigned.counting.tallying import PAUSES
from undersigned.signing.rules.signatures import SHARDS as SHARDS_OF_INDEX
from undersigned_cli.local.sources import queue_source
from undersigned_cli.local.template import load_template, resolve, variables_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.goals import Figures

AN_HOUR, A_MINUTE = 33_000 / 3_600, 28
"""Signers a second in the busiest hour of a million letters, and in its busiest minute (docs/scale.md)."""

GOALS = (
    Goal("a signer in a rush", "requests", at_most=6),
    Goal("a signer in a rush", "write units", at_most=12),
    Goal("a signer in a rush", "seconds until the public count has the letter", at_most=10),
    Goal("signers a second", "the hour's confirmation emails", at_least=AN_HOUR),
    Goal("signers a second", "the [!h]*", at_least=2 * A_MINUTE),
    Goal("dollars of a million signers", "in all", at_most=26),
)

QUOTAS = {"requests": 10_000, "processes": 1_000, "units": 4_000, "emails": 14}
"""The usual quotas of an account: requests a second, processes of functions, write units a second of a new table,
emails a second. docs/scale.md says how to ask for more."""

A_PARTITION = 1_000
"""Write units a second of one key, and of each part of the table, which is a shard of its stream."""

A_PROCESS = 10
"""Requests a second for each process that Lambda lets a function have."""

RECORDS = 2
"""Records of the stream for each letter: of its form and of its confirmation."""

UNCONFIRMED = 0.2 * 3_600 + 0.8 * 300
"""Seconds for which an email counts in its hour, if four of five people confirm, within five minutes."""

PRICES = {
    "the API's requests": 1.00e-6,
    "the CDN's requests": 1.00e-6,
    "the CDN's bytes": 0.085e-9,
    "write units": 0.625e-6,
    "read units": 0.125e-6,
    "the table's bytes, for a month and with recovery": 0.45e-9,
    "the queue's requests": 0.40e-6,
    "runs of functions": 0.20e-6,
    "GB-seconds of functions": 13.3334e-6,
    "bytes of logs": 0.50e-9,
    "bytes of packets, for three months and read once": 3 * 0.023e-9 + 0.09e-9,
}
"""List prices in US dollars, us-east-1, November 2026."""

FREE = {"the CDN's requests", "the CDN's bytes"}
"""Everybody has ten million requests and a TB free each month, which is more than a million signers take."""

GB_SECONDS, PACKET_BYTES, ACCESS_LINE = 0.063, 7_329, 120
"""Figures that `calls` doesn't count: the first is from the CPU time of handlers in November 2026, the second from
`typesetting`, and the third is a line of the API's log."""

COUNT_PAGE = Path(__file__).parents[1] / "layers" / "shared" / "undersigned" / "campaigns" / "routes.py"


def figures_of(rows: Figures, requests: Figures, letters: int, delivered: int) -> Figures:
    """Return the figures of a rush in batches of so many letters, from the rows that `calls` counted.

    `requests` are the rows of a browser's requests, by method and path.
    """
    at_once = sum(row["write units"] for name, row in rows.items() if name.endswith("at once"))
    units = rows["sign"]["write units"] + rows["confirm"]["write units"] + at_once / letters
    tallied = rows[f"tally {letters} confirmed letters at once"]
    tally = load_template()["Resources"]["TallySignatures"]["Properties"]
    batch = _seconds_of_a_batch(tallied["calls"], letters, tally["BatchSize"])
    taken = each_signer_takes(rows, requests, letters, delivered)
    dollars = {name: 1e6 * price * taken[name] for name, price in PRICES.items()}
    paid = sum(cost for name, cost in dollars.items() if name not in FREE)
    [cached] = re.findall(r'^COUNT_CACHE = "public, max-age=(\d+),', COUNT_PAGE.read_text("utf-8"), re.MULTILINE)
    return {
        "a signer in a rush": {
            "requests": len(requests),
            "write units": round(units, 2),
            # A letter waits for the stream's window, the batch before its own, its own, and the cache of the count.
            "seconds until the public count has the letter": round(
                tally["MaximumBatchingWindowInSeconds"] + 2 * batch + int(cached), 1
            ),
        },
        "dollars of a million signers": {name: round(cost, 2) for name, cost in dollars.items()}
        | {"in all": round(sum(dollars.values()), 2), "in a month": round(paid, 2)},
        "signers a second": signers_a_second(
            requests, units, tallied["write units of counters"] / letters, tally["BatchSize"] / batch
        ),
    }


def signers_a_second(requests: Figures, units: float, counters: float, tallied: float) -> dict[str, float]:
    """Return how many signers a second each part of a stack without a CDN takes, as if it were alone.

    A signer takes `units` write units, `counters` of them in counters. The tally takes `tallied` records a second from
    each shard of the stream.
    """
    parts = {
        "the API's limits": _throttled(requests),
        "the account's requests": QUOTAS["requests"] / len(requests),
        "the functions' processes": QUOTAS["processes"] * A_PROCESS / len(requests),
        "the table's write units": QUOTAS["units"] / units,
        "the index of letters": SHARDS_OF_INDEX * A_PARTITION,
        "the trays of one campaign": SHARDS_OF_INDEX * A_PARTITION,
        "the counters of one campaign": SHARDS * A_PARTITION / counters,
        "the tally": QUOTAS["units"] / A_PARTITION * tallied / RECORDS,
        "the hour's confirmation emails": _mails_an_hour() / UNCONFIRMED,
        "SES": QUOTAS["emails"],
    }
    return {part: round(number, 2) for part, number in parts.items()}


def _throttled(requests: Iterable[str]) -> float:
    """Return the signers a second that the API's routes let pass; those without their own limit share one."""
    routes = load_template()["Resources"]["Api"]["Properties"]["RouteSettings"]
    used = Counter(route if route in routes else "ANY /{proxy+}" for route in requests)
    return min(float(routes[route]["ThrottlingRateLimit"]) / number for route, number in used.items())


def _mails_an_hour() -> int:
    """Return how many emails to people who have not confirmed the template lets go in an hour."""
    budgets = resolve(variables_of(load_template(), "SendConfirmations")["MAIL_BUDGETS"])
    return int(budgets.split()[1])


def _seconds_of_a_batch(calls: Mapping[str, int], letters: int, size: int) -> float:
    """Return the seconds that the tally takes for a full batch, from the calls for so many confirmed letters.

    One transaction of it meets others, and waits as often and as long as it may.
    """
    return (seconds_of(calls) + A_WRITE_MORE * letters) / letters * size + sum(PAUSES)


def each_signer_takes(rows: Figures, requests: Figures, letters: int, delivered: int) -> dict[str, float]:
    """Return how much one signer takes of each thing with a price, in a rush, behind a CDN, up to the delivery."""
    at_api = [row for row in requests.values() if not row["cacheable"]]
    batches = [row for name, row in rows.items() if name.endswith("at once")]
    deliver = rows[f"deliver {delivered} letters to one chief"]
    mails = queue_source("WaitingMails").batch_size

    def each(column: str) -> float:
        of_requests = sum(row[column] for row in at_api)
        return float(of_requests + sum(row[column] for row in batches) / letters + deliver[column] / delivered)

    return {
        "the API's requests": len(at_api),
        "the CDN's requests": len(requests),
        "the CDN's bytes": sum(row["bytes"] for row in requests.values()),
        "write units": each("write units"),
        "read units": each("read units"),
        "the table's bytes, for a month and with recovery": rows["signature row"]["bytes"],
        # The stream's reader sends messages, and Lambda receives and deletes them, each time ten at once.
        "the queue's requests": 3 / mails,
        "runs of functions": len(at_api) + len(batches) / letters + 1 / mails + 1 / delivered,
        "GB-seconds of functions": GB_SECONDS,
        "bytes of logs": each("log bytes") + ACCESS_LINE * len(at_api),
        "bytes of packets, for three months and read once": PACKET_BYTES,
    }
