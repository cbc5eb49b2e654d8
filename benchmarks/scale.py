"""A rush of 3,333 signatures a second on one campaign: what gives first, how late counts and emails are, the bill.

Nothing here is measured in AWS, and nothing about the product is typed. Units, requests, bytes, logs and records come
from `calls`, and CPU from `handler_cpu` and `typesetting`, all in benchmarks/results. Settings come from template.yaml,
and the idle bill from docs/production.md, which a test compares with the template. AWS's quotas and prices are in
`limits`, the queues in `rush`. The latencies there are assumed, and the few figures here that say so.

`make bench ARGS=scale` also writes the tables of docs/scale.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from math import ceil, inf
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

from benchmarks import scale_page
from benchmarks.capacity import size_of
from benchmarks.goals import Benchmark, Limit
from benchmarks.limits import CDN_FREE, PRICES, QUOTAS, dollars, provisioned
from benchmarks.rush import (
    A_WRITE_MORE,
    LATENCY,
    SEED,
    Cut,
    Mailing,
    Tally,
    count_rush,
    mail_rush,
    sustained,
)
from benchmarks.stores import CAMPAIGN, SHIPPED, MadeSignatures
from benchmarks.visit import ROW
from tests.aws_from_template import TemplateError, load_template, resolve, variables_of
from undersigned.aws.counts import SHARDS, counter_key
from undersigned.aws.dynamodb import BATCH_GET, to_item
from undersigned.aws.signatures import LISTING_SHARDS, TRAY_SHARDS
from undersigned.domain.deliveries import PACKET_SIZE
from undersigned.domain.providers import CONFIRMED, KNOWN, OTHER, SIGNED
from undersigned.domain.rush import DRAWN_OF
from undersigned.domain.tallies import by_place, difference, mark_of, place_of, transactions
from undersigned.services.tallying import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.goals import Figures, Size
    from benchmarks.limits import CdnPrice
    from tests.aws_from_template import Template
    from undersigned.domain.tallies import Move

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"

GOAL = 3_333
"""Signatures a second: a hundred times the busiest minute ever measured for a petition."""

MOST = 3 * GOAL
"""The highest rate that is tried, in signatures a second."""

STEADY = 5.0
"""Seconds that a reader of the stream is behind at most while it keeps up. If it doesn't, it soon is more."""

HOUR = 3_600.0

GOALS = (
    Limit("signers_per_second", at_least=GOAL),
    Limit("requests_per_signer", at_most=6),
    Limit("write_units_per_signer", at_most=12),
    Limit("write_units_per_email", at_most=1),
    Limit("count_lag_seconds", at_most=10),
    Limit("mail_p99_seconds", at_most=120),
    Limit("usd_per_million_beside_ses", at_most=20),
    # As the simulation that set the goals had it: it comes to 10.42 with the CDN in its free tier. A million signers in
    # a month use less of CloudFront than is free for everybody.
    Limit("usd_per_million_beside_ses_provisioned_in_a_month", at_most=11),
)

MEMORY_OF_A_CPU = 1_769
"""MB of a function that has one virtual CPU ("Configure Lambda function memory", Lambda developer guide)."""

SLOWER = 1.3
"""Assumed: how much slower such a CPU is than the one that the CPU times were measured on."""

CONFIRM_WITHIN = 300.0
CONFIRM = 0.8
"""Assumed: seconds in which people confirm on average, and the share who do. The others use up the hour's budget."""

KEPT = 1.2
"""Quotas and warm units are given a fifth more than a rush takes."""

LAMBDA_QUOTA = 2_000
"""Functions at once that SignersPerSecond=3333 takes, as its description says."""

PLATFORM_LINES = 650
"""Assumed bytes of Lambda's own log lines of a run, as JSON: its start and its report."""

_CPU_OF = {"POST /campaigns/{campaign}/signatures": "sign", "POST /confirm/{token}": "confirm"}
"""The row of `handler_cpu` for a route. Other pages take what the form does, and the rest what the count does."""


class NoCountError(Exception):
    """A benchmark that this one needs no longer has a figure."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a browser makes for one signer."""

    method: str
    path: str
    is_cacheable: bool
    figures: Mapping[str, Any]

    @property
    def is_form(self) -> bool:
        """Say whether it posts the form."""
        return self.method == "POST" and self.path.endswith("/signatures")

    @property
    def is_page(self) -> bool:
        """Say whether a page is rendered for it."""
        return self.method == "GET" and not self.path.startswith("/assets/") and not self.path.endswith("/targets")


@dataclass(frozen=True)
class Counts:
    """What other benchmarks counted and measured, by benchmark."""

    calls: Mapping[str, Any]
    cpu: Mapping[str, Any]
    typesetting: Mapping[str, Any]
    planning: Mapping[str, Any]

    @classmethod
    def kept(cls) -> Counts:
        """Read them from benchmarks/results."""

        def figures(name: str) -> Mapping[str, Any]:
            return cast("Mapping[str, Any]", json.loads((RESULTS / f"{name}.json").read_text("utf-8"))["figures"])

        return cls(figures("calls"), figures("handler_cpu"), figures("typesetting"), figures("planning"))

    @cached_property
    def requests(self) -> tuple[Request, ...]:
        """The requests of one signer."""
        found = [(ROW.match(name), row) for name, row in self.calls.items()]
        return tuple(Request(at["method"], at["path"], bool(at["cacheable"]), row) for at, row in found if at)

    def at_once(self, beginning: str) -> tuple[int, Mapping[str, Any]]:
        """Return a step of many letters that `calls` counts, such as `tally # new letters`, and of how many.

        Raises NoCountError.
        """
        pattern = re.compile(re.escape(beginning).replace(r"\#", r"(\d+)"))
        for name, row in self.calls.items():
            if found := pattern.match(name):
                return int(found[1]), row
        message = f"calls counts nothing like {beginning!r}"
        raise NoCountError(message)

    def each(self, beginning: str, column: str) -> float:
        """Return a figure for one of many letters."""
        letters, row = self.at_once(beginning)
        value = row[column]
        return float(sum(value.values()) if isinstance(value, dict) else value) / letters

    def of_requests(self, column: str) -> float:
        """Return the sum of a column of all requests of one signer."""
        return float(sum(request.figures[column] for request in self.requests))

    def records(self, reader: str) -> float:
        """Return how many of the stream's records of one letter a reader gets."""
        letters, row = self.at_once("read the records of #")
        return float(row["records"][reader]) / letters

    def cpu_seconds(self, row: str) -> float:
        """Return a CPU time of `handler_cpu` in seconds; one of the API's has one row for each number of signatures."""
        found = [cells["cpu_ms"] for name, cells in self.cpu.items() if name == row or name.startswith(f"{row}, ")]
        if not found:
            message = f"handler_cpu has no {row!r}"
            raise NoCountError(message)
        return float(max(found)) / 1000

    @cached_property
    def writes(self) -> dict[str, float]:
        """Write units of one signer in a rush, by stage, without those of the tally, which a rush decides."""
        by_route = {f"{request.method} {request.path}": request.figures["write units"] for request in self.requests}
        return {
            "sign": sum(float(units) for route, units in by_route.items() if "/confirm/" not in route),
            "confirmation email": self.each("of these, to mark # as sent", "write units"),
            "its budgets": self.each("send # confirmation emails", "write units")
            - self.each("of these, to mark # as sent", "write units")
            + self.each("give # back", "write units"),
            "confirm": sum(float(units) for route, units in by_route.items() if "/confirm/" in route),
        }

    @cached_property
    def writes_alone(self) -> dict[str, float]:
        """Write units of one signer who is alone, by stage."""
        units = {step: float(row["write units"]) for step, row in self.calls.items() if "write units" in row}
        return {
            "sign": units["sign"],
            "confirmation email": units["of these, to mark it as sent"],
            "its budgets": units["send the confirmation mail"]
            - units["of these, to mark it as sent"]
            + units["give it back to its budgets"],
            "confirm": self.writes["confirm"],
            "tally": units["tally the new signature"] + units["tally"],
        }

    @cached_property
    def sealing(self) -> float:
        """Write units of one letter when it is sealed and delivered."""
        return self.each("deliver # letters", "write units")

    def reads(self, at_api: Iterable[Request]) -> float:
        """Return the read units of one signer with these requests at the API, until the letter is delivered."""
        steps = ("send # confirmation emails", "tally # new", "tally # confirmed", "deliver # letters")
        of_requests = sum(float(request.figures["read units"]) for request in at_api)
        return of_requests + sum(self.each(step, "read units") for step in steps)


def seconds_of(calls: Mapping[str, float]) -> float:
    """Return what calls take that are made one after the other."""
    return sum(LATENCY[name] * number for name, number in calls.items())


@cache
def _template() -> Template:
    return load_template()


@dataclass(frozen=True)
class Stack:
    """template.yaml with these parameters, in an account with these quotas."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    quotas: Mapping[str, float] = field(default_factory=dict)
    warm_writes: float = 0
    """Write units a second that somebody has warmed the table to, with the command of docs/production.md."""

    @property
    def template(self) -> Template:
        """The template as data."""
        return _template()

    def __post_init__(self) -> None:
        """Raise TemplateError for a parameter that the template doesn't have."""
        if unknown := self.parameters.keys() - self.template["Parameters"].keys():
            message = f"template.yaml has no parameter {', '.join(sorted(unknown))}"
            raise TemplateError(message)

    def number(self, given: Any) -> float:
        """Return a number of the template; a parameter that is not given has its default. Raises TemplateError."""
        return float(resolve(given, self.parameters))

    def parameter(self, name: str) -> float:
        """Return a parameter's number. Raises TemplateError."""
        return self.number({"Ref": name})

    def quota(self, name: str) -> float:
        """Return a quota of the account."""
        return self.quotas.get(name, QUOTAS[cast("Any", name)].limit)

    def function(self, name: str) -> Mapping[str, Any]:
        """Return a function's properties, with what all share."""
        shared: dict[str, Any] = self.template["Globals"]["Function"]
        return {**shared, **self.template["Resources"][name]["Properties"]}

    def source(self, function: str, kind: str) -> Mapping[str, Any]:
        """Return the first event source of this type."""
        events = self.function(function)["Events"].values()
        found: Mapping[str, Any] = next(event["Properties"] for event in events if event["Type"] == kind)
        return found

    def variable(self, function: str, name: str) -> float:
        """Return an environment variable's number. Raises KeyError."""
        return self.number(variables_of(self.template, function)[name])

    def processes(self, function: str) -> float:
        """Return how many requests a function of the API handles at once: what is reserved, or what the account has."""
        reserved = self.function(function)["ReservedConcurrentExecutions"]
        return float(resolve(reserved, {**self.parameters, "AWS::NoValue": self.quota("Lambda: functions at once")}))

    def runs_at_once(self, function: str) -> float:
        """Return how many messages of its queue a function works on at once."""
        return self.number(self.source(function, "SQS")["ScalingConfig"]["MaximumConcurrency"])

    def cpu(self, function: str, seconds: float) -> float:
        """Return what CPU time takes in a function's memory."""
        return seconds * SLOWER / min(1.0, self.number(self.function(function)["MemorySize"]) / MEMORY_OF_A_CPU)

    def throttles(self) -> tuple[float, dict[str, float]]:
        """Return the API's requests a second: those of all routes together, and those of routes with their own."""
        api = self.template["Resources"]["Api"]["Properties"]
        default = api.get("DefaultRouteSettings", {}).get("ThrottlingRateLimit", self.quota("API Gateway: requests"))
        routes = {
            route: self.number(settings["ThrottlingRateLimit"])
            for route, settings in api.get("RouteSettings", {}).items()
            if "ThrottlingRateLimit" in settings
        }
        return self.number(default), routes

    @property
    def has_cdn(self) -> bool:
        """Say whether a CDN answers what may be cached."""
        return str(resolve({"Ref": "Cdn"}, self.parameters)) == "true"

    def at_api(self, counts: Counts) -> list[Request]:
        """Return the requests of a signer that reach the API. What a cache may keep, a CDN answers."""
        return [request for request in counts.requests if not (self.has_cdn and request.is_cacheable)]

    @property
    def mails_an_hour(self) -> float:
        """Return the confirmation emails an hour to people who have not confirmed."""
        budgets = resolve(variables_of(self.template, "SendConfirmations")["MAIL_BUDGETS"], self.parameters)
        return float(budgets.split()[1])

    @property
    def table_units(self) -> float:
        """Return the write units a second that the table takes at once."""
        return max(self.warm_writes, QUOTAS["DynamoDB: writes of a new table"].limit)

    @property
    def partitions(self) -> int:
        """Return the table's partitions, which are its stream's shards."""
        return ceil(self.table_units / QUOTAS["DynamoDB: writes of a partition"].limit)

    def most_forms(self, counts: Counts) -> float:
        """Return how many forms a second the table takes, if nothing else is written."""
        return self.table_units / counts.writes["sign"]

    @property
    def access_line(self) -> int:
        """Return the bytes that the API's log has for a request: its format, with each value in its place."""
        line = self.template["Resources"]["Api"]["Properties"].get("AccessLogSettings", {}).get("Format", "")
        values = {"requestId": 16, "routeKey": 13, "status": 3, "responseLatency": 2}
        return len(re.sub(r"\$context\.(\w+)", lambda found: "x" * values.get(found[1], 16), line))

    def platform_lines(self, function: str) -> int:
        """Return the bytes of Lambda's own log lines for a run."""
        return PLATFORM_LINES if self.function(function)["LoggingConfig"].get("SystemLogLevel", "INFO") == "INFO" else 0


def prepared(counts: Counts, units: float) -> Stack:
    """Return the template with its parameters for the rush, and with the quotas that docs/scale.md asks for."""
    writes = ceil(GOAL * units * KEPT / 1_000) * 1_000
    stack = Stack({"SignersPerSecond": GOAL, "Cdn": "true"}, warm_writes=writes)
    at_api = stack.at_api(counts)
    requests = ceil(GOAL * len(at_api) * KEPT / 1_000) * 1_000
    return replace(
        stack,
        quotas={
            "API Gateway: requests": requests,
            "Lambda: functions at once": LAMBDA_QUOTA,
            "DynamoDB: writes of a table": max(writes, QUOTAS["DynamoDB: writes of a table"].limit),
            "SES: emails": round(GOAL * KEPT, -2),
        },
    )


SES_RATES = (14, 50, 100, 333, 1_000, 4_000)
"""Emails a second for which it is shown how far the stream is behind."""

SES_TODAY = 14.0
"""Assumed emails a second that a new production account has; AWS's page says that they vary."""


def today() -> Stack:
    """Return the template without parameters, in an account that has asked SES for production and nothing else."""
    return Stack(quotas={"SES: emails": SES_TODAY})


_PROVIDERS = {provider: (rank + 1) ** -1.5 for rank, provider in enumerate(sorted(KNOWN))}
"""How often an email provider occurs beside the others."""


@dataclass(frozen=True)
class Crowd:
    """Who signs, as the tally's transactions see it: for how many recipients, and with which email providers."""

    recipients: int = 1

    @cached_property
    def moves(self) -> list[Move]:
        """Moves of the product's own marks: of letters that were just confirmed, and are not counted yet.

        So it is in a rush, when new letters are counted with their confirmation. Assumed: two of five people have the
        same email provider, one of seven the next, and so on.
        """
        chance = Random(SEED)  # noqa: S311  (a simulation)
        moves = []
        store = MadeSignatures(BATCH_GET, SHIPPED.letters["en"].version)
        for row in store.signatures(CAMPAIGN, [f"{number:032x}" for number in range(BATCH_GET)]):
            [provider] = chance.choices(list(_PROVIDERS), list(_PROVIDERS.values()))
            recipient = chance.randrange(self.recipients)
            signed = replace(
                row, email=f"a@{provider}", target=f"recipient-{recipient}", town=f"town {recipient}", tallied=""
            )
            moves.append((signed, mark_of(signed)))
        return moves

    @cache  # noqa: B019  (few crowds, which live as long as the benchmark)
    def cut(self, letters: int) -> list[Cut]:
        """Cut so many of the letters, at most 100, into the tally's transactions."""
        found = []
        for some in transactions(self.moves[:letters], WRITES):
            rows = by_place(difference((row.tallied, mark) for row, mark in some))
            found.append(Cut(len(some), len(rows), sum(self.units.get(row, 1) for row in rows)))
        return found

    @cached_property
    def units(self) -> dict[str, int]:
        """Return the write units of each row of counters by provider, at the end of a rush of a million.

        They follow from its size. That is the most: the shards that workers count in hold less each.
        """
        rows: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for provider, share in {**_PROVIDERS, OTHER: 1}.items():
            for counter in (f"{SIGNED}{provider}", f"{CONFIRMED}{provider}"):
                row, name = place_of(counter)
                rows[row][name] = ceil(1e6 * share / sum(_PROVIDERS.values()))
        return {
            row: ceil(size_of(to_item(counter_key(CAMPAIGN, row, SHARDS)._asdict() | values)) / 1024)
            for row, values in rows.items()
        }


def tally_of(stack: Stack, counts: Counts, crowd: Crowd = Crowd()) -> Tally:
    """Return how the tally reads the stream of this stack."""
    source = stack.source("Tally", "DynamoDB")
    return Tally(
        shards=stack.partitions,
        at_once=int(stack.number(source.get("ParallelizationFactor", 1))),
        batch_size=int(stack.number(source["BatchSize"])),
        window=stack.number(source.get("MaximumBatchingWindowInSeconds", 0)),
        records_a_letter=counts.records("tally"),
        record_seconds=stack.cpu("Tally", counts.cpu_seconds("read a record of the stream")),
        cut=crowd.cut,
        units_a_second=QUOTAS["DynamoDB: writes of a partition"].limit,
    )


def mailing_of(stack: Stack, counts: Counts) -> Mailing:
    """Return how the confirmation emails' reader works in this stack."""
    source = stack.source("SendConfirmations", "DynamoDB")
    letters, row = counts.at_once("send # confirmation emails")
    each = {name: number // letters for name, number in row["calls"].items()}
    shared = {name: number % letters for name, number in row["calls"].items()}
    drawn = LATENCY["UpdateItem"] / DRAWN_OF
    return Mailing(
        shards=stack.partitions,
        processes=int(stack.number(source.get("ParallelizationFactor", 1))),
        at_once=int(stack.variable("SendConfirmations", "MAILS_AT_ONCE")),
        batch_size=int(stack.number(source["BatchSize"])),
        records_a_letter=counts.records("send_confirmations"),
        record_seconds=stack.cpu("SendConfirmations", counts.cpu_seconds("read a record of the stream")),
        batch_seconds=seconds_of(shared) - letters * drawn,
        budget_seconds=drawn,
        email_seconds=seconds_of(each),
        cpu_seconds=stack.cpu("SendConfirmations", counts.cpu_seconds("send a confirmation email")),
        queue_at_once=int(stack.runs_at_once("SendConfirmations")),
    )


type Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Model:
    """The rush on one stack."""

    counts: Counts
    stack: Stack
    seconds: float
    """How long a rush is simulated to find what is sustained."""

    def tally_holds(self, rate: float) -> bool:
        """Say whether counts keep up with so many signers a second."""
        found = count_rush(tally_of(self.stack, self.counts), rate, self.seconds)
        return found.left < STEADY and found.lag(1, since=self.seconds / 2) < STEADY

    def mail_holds(self, rate: float) -> bool:
        """Say whether emails keep up with so many signers a second, if SES takes any rate."""
        found = mail_rush(
            mailing_of(self.stack, self.counts), rate, 100_000, self.seconds, knows_rate=True, ramp=self.seconds / 4
        )
        return found.behind < STEADY

    def ceilings(self, units: float) -> dict[str, float]:
        """Return how many signers a second each stage takes, as if it were alone."""
        stack, at_api = self.stack, self.stack.at_api(self.counts)
        default, routes = stack.throttles()
        busy = sum(request_seconds(stack, self.counts, request) for request in at_api)
        processes = stack.processes("PublicApi")
        each = QUOTAS["Lambda: requests of a process"].limit
        partition = QUOTAS["DynamoDB: writes of a partition"].limit
        return {
            "API: our own throttle": _throttled(at_api, default, routes),
            "API Gateway: the account's requests": stack.quota("API Gateway: requests") / len(at_api),
            "Lambda: functions at once": processes / max(busy, len(at_api) / each),
            "table: write units": stack.table_units / units,
            "table: quota of write units": stack.quota("DynamoDB: writes of a table") / units,
            "listing: its index's keys": LISTING_SHARDS * partition,
            "tray of one target: its index's keys": TRAY_SHARDS * partition,
            "counts of one campaign": sustained(self.tally_holds, 1, MOST),
            "confirmation emails: the stream's reader": sustained(self.mail_holds, 1, MOST),
            "confirmation emails: the hour's budget": stack.mails_an_hour
            / ((1 - CONFIRM) * HOUR + CONFIRM * CONFIRM_WITHIN),
            "SES: emails": stack.quota("SES: emails"),
        }


def _throttled(requests: list[Request], default: float, routes: Mapping[str, float]) -> float:
    """Return the signers a second that the API's throttles let pass; routes without their own share one limit."""
    own = {_bare(route): limit for route, limit in routes.items()}
    used: Counter[str] = Counter()
    for request in requests:
        names = (_bare(f"{request.method} {request.path}"), _bare(f"ANY {request.path}"))
        used[next((name for name in names if name in own), "all others")] += 1
    return min(own.get(name, default) / number for name, number in used.items())


def _bare(route: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", route)


def request_seconds(stack: Stack, counts: Counts, request: Request) -> float:
    """Return what a request takes in the function."""
    row = _CPU_OF.get(f"{request.method} {request.path}", "form" if request.is_page else "count")
    return 0.001 + stack.cpu("PublicApi", counts.cpu_seconds(row)) + seconds_of(request.figures["calls"])


@dataclass(frozen=True)
class Bill:
    """What signers cost beside SES, in US dollars at list prices, if each has signed, confirmed and been delivered."""

    counts: Counts
    stack: Stack
    units: float
    """Write units of one signer in a rush, with those of the tally, without sealing."""

    def items(self, signers: float, *, is_provisioned: bool, is_rush: bool = True) -> dict[str, float]:
        """Return the bill's items. Without a rush, each signer is alone."""
        counts, stack = self.counts, self.stack
        at_api = self.stack.at_api(self.counts)
        units = self.units if is_rush else sum(counts.writes_alone.values())
        writes, reads = signers * (units + counts.sealing), signers * counts.reads(at_api)
        runs = self._runs_of_stream if is_rush else counts.records("tally") + counts.records("send_confirmations")
        letter_bytes = float(counts.typesetting["bytes_per_letter"])
        packets, months = ceil(signers / PACKET_SIZE), stack.parameter("PacketRetentionDays") / 30
        row = float(counts.calls["signature row"]["bytes"])
        return {
            "API: requests": dollars("API Gateway: requests", signers * len(at_api)),
            "API: bytes out": dollars("API Gateway: bytes out", signers * _bytes(at_api)),
            "CDN": sum(dollars(of, amount) for of, amount in self.cdn(signers).items()),
            "functions: runs": dollars("Lambda: runs", signers * (len(at_api) + runs)),
            "functions: memory": dollars("Lambda: memory", signers * self._memory),
            "table: writes": (
                provisioned("DynamoDB: writes provisioned", writes)
                if is_provisioned
                else dollars("DynamoDB: writes on demand", writes)
            ),
            "table: reads": (
                provisioned("DynamoDB: reads provisioned", reads)
                if is_provisioned
                else dollars("DynamoDB: reads on demand", reads)
            ),
            "table: a month of its rows, with recovery": (
                PRICES["DynamoDB: storage"].dollars + PRICES["DynamoDB: recovery"].dollars
            )
            * signers
            * row
            / 1e9,
            "logs": dollars("CloudWatch: logs", signers * self._log_bytes(at_api, runs)),
            "packets: kept and read once": dollars("S3: writes", packets)
            + PRICES["S3: storage"].dollars * months * signers * letter_bytes / 1e9
            + dollars("API Gateway: bytes out", signers * letter_bytes),
        }

    def cdn(self, signers: float) -> dict[CdnPrice, float]:
        """Return what signers take of the CDN."""
        at_api = self.stack.at_api(self.counts)
        cached = [request for request in self.counts.requests if request not in at_api]
        return {
            "CloudFront: requests": signers * len(cached),
            "CloudFront: bytes out": signers * _bytes(cached),
        }

    def in_a_month(self, signers: float, *, is_provisioned: bool) -> float:
        """Return what signers cost if they come within a month, in which some of the CDN is free for everybody."""
        saved = sum(dollars(of, min(amount, CDN_FREE[of])) for of, amount in self.cdn(signers).items())
        return sum(self.items(signers, is_provisioned=is_provisioned).values()) - saved

    def amounts(self) -> Rows:
        """Return what one signer takes of what is paid for by use, in a rush, with the delivery."""
        counts, at_api = self.counts, self.stack.at_api(self.counts)
        return {
            name: {"amount": round(value, digits)}
            for name, value, digits in (
                ("requests to the API", len(at_api), 0),
                ("bytes that the API sends", _bytes(at_api), 0),
                ("write units", self.units + counts.sealing, 2),
                ("read units", counts.reads(at_api), 2),
                ("records that the tally reads", counts.records("tally"), 2),
                ("records that the emails' reader reads", counts.records("send_confirmations"), 2),
                ("GB-seconds of functions", self._memory, 3),
                ("bytes of logs", self._log_bytes(at_api, self._runs_of_stream), 0),
            )
        }

    @property
    def _runs_of_stream(self) -> float:
        """Runs of the stream's readers for one letter, in a rush: a batch holds what came in its window."""
        of_shard = GOAL / self.stack.partitions
        tally, mailing = tally_of(self.stack, self.counts), mailing_of(self.stack, self.counts)
        of_tally = tally.at_once / (of_shard * max(tally.window, 0.2))
        of_mailing = 1 / min(
            mailing.batch_size / mailing.records_a_letter, max(1.0, of_shard / mailing.processes * 0.3)
        )
        return of_tally + of_mailing

    @property
    def _memory(self) -> float:
        """GB-seconds of one signer."""
        counts, stack = self.counts, self.stack

        def gb(function: str) -> float:
            return stack.number(stack.function(function)["MemorySize"]) / 1024

        at_api = self.stack.at_api(self.counts)
        tally, mailing = tally_of(stack, counts), mailing_of(stack, counts)
        moves = LATENCY["BatchGetItem"] + sum(
            LATENCY["TransactWriteItems"] + A_WRITE_MORE * cut.writes for cut in tally.cut(BATCH_GET)
        )
        letters, deliver = counts.at_once("deliver # letters")
        typeset = SLOWER / float(counts.typesetting["letters_per_cpu_second"])
        return (
            gb("PublicApi") * sum(request_seconds(stack, counts, request) for request in at_api)
            + gb("SendConfirmations")
            * max(mailing.cpu_seconds, (mailing.email_seconds + mailing.cpu_seconds) / mailing.at_once)
            + gb("Tally") * (moves / BATCH_GET + tally.records_a_letter * tally.record_seconds)
            + gb("Deliver") * (seconds_of(deliver["calls"]) / letters + typeset)
        )

    def _log_bytes(self, at_api: list[Request], runs: float) -> float:
        counts, stack = self.counts, self.stack
        steps = ("send # confirmation emails", "tally # new", "tally # confirmed")
        return (
            len(at_api) * (stack.access_line + stack.platform_lines("PublicApi"))
            + counts.of_requests("log bytes")
            + sum(counts.each(step, "log bytes") for step in steps)
            + runs * stack.platform_lines("Tally")
        )


def _bytes(requests: list[Request]) -> float:
    return sum(float(request.figures["bytes"]) for request in requests)


def deliveries(counts: Counts, stack: Stack) -> Rows:
    """Return how long the two large deliveries of the goal take, by counted calls made one after the other."""
    letters, row = counts.at_once("deliver # letters")
    seal = LATENCY["TransactWriteItems"] + 100 * A_WRITE_MORE + LATENCY["BatchGetItem"]
    typeset = stack.cpu("Deliver", 1 / float(counts.typesetting["letters_per_cpu_second"]))
    timeout = stack.number(stack.function("Deliver")["Timeout"])
    rows: Rows = {}
    for many in (100, 100_000, 1_000_000):
        bundles, packets = ceil(many / letters), ceil(many / PACKET_SIZE)
        seconds = bundles * seal + many * typeset + packets * (3 * LATENCY["BatchGetItem"] + LATENCY["PutObject"])
        rows[f"one recipient with {many:,} letters"] = {
            "minutes": round(seconds / 60, 2),
            "runs": ceil(seconds / (timeout - 120)),
            "what": f"{bundles:,} transactions, {packets:,} packets, "
            f"{many * float(counts.typesetting['bytes_per_letter']) / 1e9:.2f} GB of PDF, one email",
        }
    recipients = 10_000
    at_once = stack.variable("RunJobs", "PLANS_AT_ONCE")
    planned = float(counts.planning[f"{recipients:,} targets with letters"]["seconds"])
    rows[f"plan {recipients:,} recipients"] = {
        "minutes": round(planned / 60, 2),
        "runs": ceil(planned / stack.number(stack.function("RunJobs")["Timeout"])),
        "what": f"{at_once:g} at once; the goal is 30 seconds",
    }
    each = seconds_of(row["calls"]) + 100 * typeset + LATENCY["run"]
    workers = stack.runs_at_once("Deliver")
    pace = min(workers / each, stack.quota("SES: emails"))
    rows[f"deliver 100 letters to each of {recipients:,}"] = {
        "minutes": round(recipients / pace / 60, 1),
        "runs": recipients,
        "what": f"{each:.2f} seconds each, {workers:g} at once: {pace:.1f} emails a second",
    }
    return rows


def _number(text: str) -> float | str:
    return float(text) if re.fullmatch(r"[0-9]+\.[0-9]{2}", text) else text


def measure(size: Size) -> Figures:
    """Return the figures of the goals, and the tables; the small size simulates less of the rush."""
    counts = Counts.kept()
    short, long = (30.0, 300.0) if size == "full" else (20.0, 60.0)
    # How many units the tally takes depends on the table's partitions, and they on the units: two rounds suffice.
    units = sum(counts.writes.values()) + 4
    for seconds in (short, long):
        stack = prepared(counts, units)
        counted = count_rush(tally_of(stack, counts), GOAL, seconds)
        of_tally = counted.counters.units / counted.signed
        units = sum(counts.writes.values()) + of_tally
    ceilings = {"as deployed": Model(counts, today(), short), "prepared": Model(counts, stack, short)}
    by_stage = {name: model.ceilings(units) for name, model in ceilings.items()}
    lag = counted.lag(1)
    age, stale = _ages_of_the_count()
    mailed = mail_rush(
        mailing_of(stack, counts), GOAL, stack.quota("SES: emails"), HOUR if size == "full" else 60, after=24 * HOUR
    )
    bill = Bill(counts, stack, units)
    million = {kind: bill.items(1e6, is_provisioned=kind == "provisioned") for kind in ("on demand", "provisioned")}
    figures: Figures = {
        "signers_per_second": _figure(min(by_stage["prepared"].values())),
        "signers_per_second_as_deployed": _figure(min(by_stage["as deployed"].values())),
        "requests_per_signer": len(counts.requests),
        "write_units_per_signer": round(units, 2),
        "write_units_per_email": round(counts.writes["confirmation email"], 2),
        "count_lag_seconds": round(lag + age + stale, 1),
        "mail_p99_seconds": _figure(mailed.delay(0.99)),
        "usd_per_million_beside_ses": round(sum(million["on demand"].values()), 2),
        "usd_per_million_beside_ses_provisioned": round(sum(million["provisioned"].values()), 2),
        "usd_per_million_beside_ses_in_a_month": round(bill.in_a_month(1e6, is_provisioned=False), 2),
        "usd_per_million_beside_ses_provisioned_in_a_month": round(bill.in_a_month(1e6, is_provisioned=True), 2),
    }
    tables: dict[str, Rows] = {
        "requests": {
            f"{request.method} {request.path}": {
                "bytes": round(float(request.figures["bytes"])),
                "read units": request.figures["read units"],
                "write units": request.figures["write units"],
                "a cache may keep it": "yes" if request.is_cacheable else "no",
            }
            for request in counts.requests
        },
        "write units": _write_units(counts, of_tally),
        "each signer": bill.amounts(),
        "ceilings": {
            stage: {name: _figure(values[stage]) for name, values in by_stage.items()} for stage in by_stage["prepared"]
        },
        "parameters": {name: {"value": value} for name, value in stack.parameters.items()}
        | {"write units a second that the table is warmed to": {"value": stack.warm_writes}},
        "quotas": {
            name: {"usual": QUOTAS[cast("Any", name)].limit, "ask for": asked}
            for name, asked in stack.quotas.items()
            if asked > QUOTAS[cast("Any", name)].limit
        },
        "storm": _storm(counts, stack, short),
        "emails": _emails(counts, stack, mailed, long),
        "behind": _behind({"as deployed": today(), "prepared": stack}, counts, long),
        "deliveries": {f"{name}": row for name, row in deliveries(counts, stack).items()},
        "bill": _bills(bill),
        "assumed": {name: {"milliseconds": round(1000 * seconds, 1)} for name, seconds in LATENCY.items()},
        "limits": {
            name: {"limit": f"{quota.limit:,g} {quota.unit}".replace(" ;", ";").strip(), "page": quota.page}
            for name, quota in QUOTAS.items()
        },
        "prices": {
            name: {"dollars": price.dollars, "for a": price.unit, "page": price.page} for name, price in PRICES.items()
        },
    }
    tables["storm"][f"at the goal, for {long / 60:g} minutes"] = _counted_row(counted)
    return figures | {"tables": tables}


def _write_units(counts: Counts, of_tally: float) -> Rows:
    columns = {"in a rush": counts.writes | {"tally": of_tally}, "alone": counts.writes_alone}
    rows: Rows = {
        stage: {column: round(units[stage], 2) for column, units in columns.items()} for stage in columns["in a rush"]
    }
    rows["in all"] = {column: round(sum(units.values()), 2) for column, units in columns.items()}
    rows["later, when it is sealed"] = dict.fromkeys(columns, round(counts.sealing, 2))
    return rows


def _ages_of_the_count() -> tuple[int, int]:
    """Return for how many seconds a cache keeps the public count, and for how many more it may show a stale one."""
    text = (ROOT / "functions" / "public_api" / "count.py").read_text(encoding="utf-8")
    [header] = re.findall(r'^COUNT_CACHE = "([^"]+)"$', text, re.MULTILINE)
    ages = dict(re.findall(r"([a-z-]+)=(\d+)", header))
    return int(ages.get("max-age", 0)), int(ages.get("stale-while-revalidate", 0))


def _counted_row(found: Any) -> dict[str, Any]:
    counters = found.counters
    return {
        "counts' lag, p50": round(found.lag(0.5), 1),
        "worst": round(found.lag(1), 1),
        "transactions": counters.transactions,
        "conflicts %": round(100 * counters.conflicts / counters.transactions, 1),
        "throttled %": round(100 * counters.throttled / counters.transactions, 1),
        "units a signer": round(counters.units / found.signed, 2),
    }


def _storm(counts: Counts, stack: Stack, seconds: float) -> Rows:
    tally = tally_of(stack, counts)
    runs = ((4, 100), (4, 1_000), (4, GOAL), (16, GOAL), (2 * tally.shards, GOAL), (tally.shards, GOAL))
    rows = {
        f"{rate:,} signers/s, {shards} stream shards": _counted_row(
            count_rush(replace(tally, shards=shards), rate, seconds)
        )
        for shards, rate in runs
    }
    many = count_rush(tally_of(stack, counts, Crowd(10_000)), GOAL, seconds)
    return rows | {"the same, to 10,000 recipients": _counted_row(many)}


def _emails(counts: Counts, stack: Stack, granted: Any, seconds: float) -> Rows:
    mailing, need = mailing_of(stack, counts), GOAL
    started, deployed = mailing_of(today(), counts), today()
    rows = {
        f"{need:,} sign-ups/s for an hour, SES {stack.quota('SES: emails'):,.0f}/s": _mailed_row(
            granted, mailing, stack.quota("SES: emails")
        )
    }
    warm = mail_rush(mailing, need, stack.quota("SES: emails"), seconds, knows_rate=True)
    rows[f"the same for {seconds / 60:g} minutes, by processes that know SES's rate"] = _mailed_row(
        warm, mailing, stack.quota("SES: emails")
    )
    tenth = mail_rush(mailing, need, need / 10, seconds)
    rows[f"the same, SES {need / 10:,.0f}/s"] = _mailed_row(tenth, mailing, need / 10)
    for rate in (10, 100):
        found = mail_rush(started, rate, SES_TODAY, seconds, after=24 * HOUR)
        rows[
            f"as deployed: {rate} sign-ups/s for {seconds / 60:g} minutes, SES {deployed.quota('SES: emails'):g}/s"
        ] = _mailed_row(found, started, SES_TODAY)
    return rows


def _behind(stacks: Mapping[str, Stack], counts: Counts, seconds: float) -> Rows:
    """Return how far the stream is behind, for rates of SES and for how many times as many people sign."""
    rows: Rows = {}
    for name, stack in stacks.items():
        mailing, most = mailing_of(stack, counts), stack.most_forms(counts)
        for ses in SES_RATES:
            for times in (1, 3, 10):
                found = mail_rush(mailing, min(ses * times, most), ses, 2 * seconds)
                cell = f"{found.behind:.1f}" + (" *" if ses * times > most else "")
                rows.setdefault(f"SES {ses:,}/s", {})[f"{name}, {times} times"] = cell
    return rows


def _mailed_row(found: Any, mailing: Mailing, ses: float) -> dict[str, Any]:
    one = LATENCY["run"] + 2 * LATENCY["UpdateItem"] + mailing.email_seconds + mailing.cpu_seconds
    pace = min(ses, mailing.queue_at_once / one)
    return {
        "p50": _figure(found.delay(0.5)),
        "p99": _figure(found.delay(0.99)),
        "stream behind": round(found.behind, 1),
        "in the queue at the end": found.waiting_at_end,
        "hours until it is empty": round(found.waiting_at_end / pace / 3600, 1),
    }


def _bills(bill: Bill) -> Rows:
    rows: Rows = {}
    for kind in ("on demand", "provisioned"):
        for signers in (1_000, 100_000, 10_000_000):
            items = bill.items(signers, is_provisioned=kind == "provisioned", is_rush=signers > 1_000_000)
            column = f"{signers:,}, {kind}"
            for name, value in items.items():
                rows.setdefault(name, {})[column] = round(value, 2)
            rows.setdefault("in all, beside SES", {})[column] = round(sum(items.values()), 2)
            rows.setdefault("SES: confirmation emails", {})[column] = round(dollars("SES: emails", signers), 2)
    order = [name for name in rows if name not in {"in all, beside SES", "SES: confirmation emails"}]
    return {name: rows[name] for name in (*order, "in all, beside SES", "SES: confirmation emails")}


def _figure(value: float) -> float | None:
    """Return a number as JSON can hold it: None is more than was simulated, or no limit."""
    return None if value == inf else round(value, 2 if value < 100 else 0)


BENCHMARK = Benchmark(
    "A rush of 3,333 signatures a second, simulated",
    GOALS,
    measure,
    publish=lambda figures: scale_page.publish(figures, GOALS),
)
