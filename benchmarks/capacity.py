"""Signers a second that each part of a stack takes, how late the public count is, and what a million signers cost.

Nothing is simulated, and nothing measured in AWS: what one signer takes, as `calls` counts it, is compared with AWS's
quotas and the limits of template.yaml, and multiplied by AWS's prices. docs/scale.md has the page of each.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.goals import Limit
from benchmarks.latency import A_WRITE_MORE, seconds_of
from benchmarks.visit import ROW
from undersigned.aws.counts import _PAUSES, SHARDS
from undersigned.aws.signatures import LISTING_SHARDS, TRAY_SHARDS
from undersigned_cli.local.template import load_template, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.goals import Figures

GOAL = 3_333
"""Signers a second: a hundred times the busiest minute ever measured for a petition."""

GOALS = (
    Limit("requests of a signer", at_most=6),
    Limit("signers a second, prepared: *", at_least=GOAL),
    Limit("seconds until the public count has a letter", at_most=10),
    Limit("dollars of a million signers", at_most=25, only="full"),
)

STACKS: dict[str, dict[str, Any]] = {
    "as deployed": {"signers": 50, "cdn": False, "requests": 10_000, "processes": 1_000, "units": 4_000, "emails": 14},
    "prepared": {
        "signers": GOAL,
        "cdn": True,
        "requests": 20_000,
        "processes": 2_000,
        "units": 32_000,
        "emails": 4_000,
    },
}
"""SignersPerSecond and Cdn; then what an account has: requests a second, processes of functions, write units a second
that the table is warmed to, emails a second. docs/production.md says how to ask for more."""

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
    "runs of functions": 0.20e-6,
    "GB-seconds of functions": 13.3334e-6,
    "bytes of logs": 0.50e-9,
    "bytes of packets, for three months and read once": 3 * 0.023e-9 + 0.09e-9,
}
"""List prices in US dollars, us-east-1, November 2026."""

FREE = {"the CDN's requests", "the CDN's bytes"}
"""Everybody has ten million requests and a TB free each month, which is more than a million signers take."""

GB_SECONDS, PACKET_BYTES, ACCESS_LINE = 0.063, 7_329, 120
"""What `calls` doesn't count: the first is from the CPU time of handlers in November 2026, the second from
`typesetting`, and the third is a line of the API's log."""

COUNT_PAGE = Path(__file__).parents[1] / "functions" / "public_api" / "count.py"


def figures_of(rows: Figures, letters: int, delivered: int) -> Figures:
    """Return the figures of a rush in batches of so many letters, from the rows that `calls` counted."""
    requests = [(found, row) for name, row in rows.items() if (found := ROW.match(name))]
    parts = {name: signers_a_second(rows, letters, [found for found, _ in requests], **STACKS[name]) for name in STACKS}
    taken = each_signer_takes(rows, letters, delivered)
    dollars = {name: 1e6 * price * taken[name] for name, price in PRICES.items()}
    free = sum(dollars[name] for name in FREE)
    return {
        "requests of a signer": len(requests),
        **{
            f"signers a second, {name}: {part}": round(number, 2)
            for name, numbers in parts.items()
            for part, number in numbers.items()
        },
        "seconds until the public count has a letter": round(age_of_the_count(rows, letters), 1),
        **{f"dollars of a million signers: {name}": round(cost, 2) for name, cost in dollars.items()},
        "dollars of a million signers": round(sum(dollars.values()), 2),
        "dollars of a million signers in a month": round(sum(dollars.values()) - free, 2),
    }


def signers_a_second(  # noqa: PLR0913  (a stack and its account)
    rows: Figures,
    letters: int,
    asked: Sequence[re.Match[str]],
    *,
    signers: int,
    cdn: bool,
    requests: int,
    processes: int,
    units: int,
    emails: int,
) -> dict[str, float]:
    """Return how many signers a second each part takes, as if it were alone."""
    at_api = [request for request in asked if not (cdn and request["cacheable"])]
    template = load_template()
    capacity: Mapping[str, Any] = template["Mappings"]["Capacity"][str(signers)]
    counters = rows[f"of these, in counters of {letters}"]["write units"] / letters
    return {
        "the API's limits": _throttled(template, at_api, signers),
        "the account's requests": requests / len(at_api),
        "the functions' processes": (capacity["PublicApi"] or processes) * A_PROCESS / len(at_api),
        "the table's write units": units / rows[f"a signer among {letters}"]["write units"],
        "the index of letters": LISTING_SHARDS * A_PARTITION,
        "the tray of one recipient": TRAY_SHARDS * A_PARTITION,
        "the counters of one campaign": SHARDS * A_PARTITION / counters,
        "the tally": units / A_PARTITION * _stream_of_the_tally()["BatchSize"] / RECORDS / _batch(rows, letters),
        "the hour's confirmation emails": capacity["MailsAnHour"] / UNCONFIRMED,
        "SES": emails,
    }


def _throttled(template: Mapping[str, Any], at_api: Sequence[re.Match[str]], signers: int) -> float:
    """Return the signers a second that the API's routes let pass; those without their own limit share one."""
    routes = resolve(template["Resources"]["Api"]["Properties"]["RouteSettings"], {"SignersPerSecond": signers})
    named = [f"{request['method']} {request['path']}" for request in at_api]
    used = Counter(name if name in routes else "ANY /{proxy+}" for name in named)
    return min(float(routes[name]["ThrottlingRateLimit"]) / number for name, number in used.items())


def _batch(rows: Figures, letters: int) -> float:
    """Return the seconds that the tally takes for a full batch of confirmations, of which one transaction meets others.

    It then waits as often and as long as it may.
    """
    calls = rows[f"tally {letters} confirmed letters at once"]["calls"]
    each = (seconds_of(calls) + A_WRITE_MORE * letters) / letters
    return float(each * _stream_of_the_tally()["BatchSize"] + sum(_PAUSES))


def age_of_the_count(rows: Figures, letters: int) -> float:
    """Return how many seconds old the public count is, while the tally keeps up and batches are full.

    A letter waits for the stream's window, for the batch before its own, for its own, and for the cache of the count.
    """
    [cached] = re.findall(r'^COUNT_CACHE = "public, max-age=(\d+),', COUNT_PAGE.read_text("utf-8"), re.MULTILINE)
    return float(_stream_of_the_tally()["MaximumBatchingWindowInSeconds"] + 2 * _batch(rows, letters) + float(cached))


def _stream_of_the_tally() -> dict[str, Any]:
    properties: dict[str, Any] = load_template()["Resources"]["Tally"]["Properties"]["Events"]["Signatures"][
        "Properties"
    ]
    return properties


def each_signer_takes(rows: Figures, letters: int, delivered: int) -> dict[str, float]:
    """Return what one signer takes of what has a price, in a rush, behind a CDN, until the letter is delivered."""
    requests = [(ROW.match(name), row) for name, row in rows.items() if ROW.match(name)]
    at_api = [row for found, row in requests if found and not found["cacheable"]]
    deliver = rows[f"deliver {delivered} letters to one chief"]
    batches = [row for name, row in rows.items() if name.endswith("at once")]

    def each(column: str) -> float:
        of_requests = sum(row[column] for row in at_api)
        return float(of_requests + sum(row[column] for row in batches) / letters + deliver[column] / delivered)

    return {
        "the API's requests": len(at_api),
        "the CDN's requests": len(requests),
        "the CDN's bytes": sum(row["bytes"] for _, row in requests),
        "write units": each("write units"),
        "read units": each("read units"),
        "the table's bytes, for a month and with recovery": rows["signature row"]["bytes"],
        "runs of functions": len(at_api) + len(batches) / letters + 1 / delivered,
        "GB-seconds of functions": GB_SECONDS,
        "bytes of logs": each("log bytes") + ACCESS_LINE * len(at_api),
        "bytes of packets, for three months and read once": PACKET_BYTES,
    }
