"""Load without loss: many people sign while workers die and SES throttles; then two weeks are delivered.

`make nightly PART=load` has 1,500 people. UNDERSIGNED_SEED repeats a run's choices, but the machine meets them at
other moments.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from tests import figures
from tests.figures import FIGURES
from tests.soak.crowd import Crowd, people
from tests.soak.faults import Killer, Ses
from tests.soak.weeks import Weeks
from undersigned.organizing.queues import reconciliation_message
from undersigned.organizing.reconciling import begin, proceed
from undersigned.organizing.rules.reconciliations import Summary
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running import RunningStack
    from undersigned.base.stack import Stack
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned_cli.local.mail_store import StoredMail

SIGNATURES = int(os.environ.get("UNDERSIGNED_SIGNATURES", "200"))
CLIENTS = 32
SEED = int(os.environ.get("UNDERSIGNED_SEED") or secrets.randbelow(1_000_000))

CAMPAIGN = "soak"
ORIGIN = "https://enddemand.example"
FIRST_WEEK_AT = 0.6
"""The first week begins when this share of the letters is confirmed, while people go on signing."""

LATE = 0.1
"""This share of the people signs after the first week, so the second week has letters, too."""

PAUSES = (1.0, 8.0)
"""CPU seconds between two kills, at least and at most."""

FUNCTIONS = ("PublicApi", "SendConfirmations", "Tally", "RunJobs", "Deliver", "RecordFeedback")
SUMMARY = {field.name for field in fields(Summary)}

DIED = "Worker process died"
"""The emulator logs this for an invocation whose worker was killed."""


@dataclass(frozen=True)
class Outcome:
    """The result of the soak, when all is quiet."""

    crowd: Crowd
    killed: Counter[str]
    cut_short: Counter[str]
    faults: dict[str, int]
    hours_skipped: int
    questions: int
    put_back: int
    deliveries: list[Delivery]
    third_week: list[dict[str, str]]
    letters: Counter[tuple[int, int]]
    """How often a letter is in an accepted email, by its signer's number and the version of the words."""
    rows: list[dict[str, Any]]
    counters: dict[str, int]
    messages: dict[str, int]
    """The messages in queues, including the dead-letter queues."""
    findings: list[str]
    """Differences that the reconciliation could not explain, while people signed and in the end."""
    reconciled: dict[str, int]
    """Findings of the reconciliation in the end."""

    @property
    def sent(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for (number, _), times in self.letters.items():
            found[number] += times
        return found

    @property
    def lost(self) -> list[int]:
        return [
            person.number
            for person in self.crowd.persons
            if person.told == "confirmed" and not self.sent[person.number]
        ]

    @property
    def doubled(self) -> list[int]:
        return [number for number, times in self.sent.items() if times > 1]

    @property
    def unwanted(self) -> list[int]:
        confirmed = {person.number for person in self.crowd.persons if person.told == "confirmed"}
        return sorted(set(self.sent) - confirmed)

    def figures(self) -> dict[str, object]:
        seen = self.crowd.seen
        return {
            "Signatures under load": len(self.crowd.persons),
            "Clients": CLIENTS,
            "Workers killed": self.killed.total(),
            "Invocations that died with a worker": self.cut_short.total(),
            "Sends throttled": self.faults["throttle"],
            "Sends failed": self.faults["failure"],
            "SES answers lost": self.faults["lost answer"],
            "Emails in doubt that a person decided": self.questions,
            "Dead letters that a person put back": self.put_back,
            "Requests": seen.answers.total(),
            "5xx answers": seen.server_errors,
            "5xx answers that a retry did not fix": len(seen.not_fixed),
            "Letters confirmed": sum(person.told == "confirmed" for person in self.crowd.persons),
            "Letters withdrawn": sum(person.told == "withdrawn" for person in self.crowd.persons),
            "Letters lost": len(self.lost),
            "Letters doubled": len(self.doubled),
            "Letters sent that should not have been": len(self.unwanted),
            "Counters that differ from the rows": len(recount(self.rows).items() ^ self.counters.items()),
        }

    def lines(self) -> list[str]:
        """Return what a person wants to read of the run."""
        return [
            *(f"{what}: {figure}" for what, figure in self.figures().items()),
            f"killed: {dict(self.killed)}",
            f"killed during an invocation: {dict(self.cut_short)}",
            f"answers: {dict(sorted(self.crowd.seen.answers.items()))}, hours skipped: {self.hours_skipped}",
            f"reconciled: {self.reconciled}, findings: {self.findings}",
        ]


def letters_of(packet: bytes) -> list[tuple[int, int]]:
    """Read from a packet's text whose letters are in it, and which versions of the words."""
    found = []
    for page in PdfReader(io.BytesIO(packet)).pages:
        text = " ".join(page.extract_text().split())
        found += [
            (int(number), int(words)) for number, words in re.findall(r"Signer Number(\d{5}) (\d) Sample Street", text)
        ]
    return found


def packets_of(raw: bytes) -> Iterator[bytes]:
    for part in message_from_bytes(raw, policy=policy.default).iter_attachments():
        yield part.get_payload(decode=True)  # type: ignore[misc]


def letters_in(mails: list[StoredMail]) -> Counter[tuple[int, int]]:
    packets = [packet for mail in mails for packet in packets_of(mail.raw)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        return Counter(letter for found in pool.map(letters_of, packets) for letter in found)


def wait_for_first_week(crowd: Crowd, killer: Killer) -> None:
    """Wait until enough letters are confirmed, and somebody met an error because a worker died."""
    while crowd.confirmed() < FIRST_WEEK_AT * SIGNATURES and not crowd.is_stuck:
        time.sleep(0.2)
    while not crowd.seen.server_errors and not crowd.is_finished:
        killer.kill("PublicApi")
        time.sleep(0.2)


@pytest.fixture(scope="module")
def outcome(stack: RunningStack, calls: Path, request: pytest.FixtureRequest) -> Outcome:
    """Run the soak and return its result."""
    lines = request.config.stash[FIGURES]
    lines.append(f"seed {SEED}")
    rng = Random(SEED)  # noqa: S311  (a repeatable run)
    opened = DeployedStack(stack.outputs, stack.client).opened()
    shipped = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(opened, replace(shipped, campaign=replace(shipped.campaign, id=CAMPAIGN)))
    persons = people(SIGNATURES, [target.postal_codes[0] for target in shipped.targets], rng)
    crowd = Crowd(stack, CAMPAIGN, ORIGIN, persons, CLIENTS)
    killer, ses = Killer(stack, Random(SEED + 1), PAUSES), Ses(stack, SEED)  # noqa: S311
    weeks = Weeks(stack, opened, CAMPAIGN, killer, rng)
    monday, begun = datetime.now(UTC), time.monotonic()

    def note(what: str) -> None:
        lines.append(f"{time.monotonic() - begun:4.0f} s, {killer.cpu_seconds():4.0f} s of CPU: {what}")

    late = round(LATE * SIGNATURES)
    crowd.start()
    killer.start()
    ses.start_faults()
    try:
        crowd.sign(persons[late:])
        wait_for_first_week(crowd, killer)
        note(f"{crowd.confirmed()} letters are confirmed; the first week begins")
        weeks.plan(monday, deaths=2)
        findings = reconcile(opened)
        note(f"reconciled while people sign: {findings}")
        crowd.wait()
        note(
            f"everybody is finished; for each signer {calls.stat().st_size / SIGNATURES:.1f} requests to AWS and "
            f"{1000 * killer.cpu_seconds() / SIGNATURES:.0f} ms of CPU"
        )
        weeks.until_quiet()
        note(f"the first week is over, with {len(weeks.mails())} emails")
        crowd.sign(persons[:late])
        crowd.wait()
        ses.control(next=["throttle", "throttle", "failure", "lost answer"])
        weeks.plan(monday + timedelta(days=7), deaths=2)
        weeks.until_quiet()
        note(f"the second week is over, with {len(weeks.mails())} emails")
    finally:
        crowd.stop()
        killer.stop()
        faults = ses.stop_faults()
    wait_until_counted(stack)
    note("the counters are up to date, or two minutes are over")
    mails = weeks.mails()
    letters = letters_in(mails)
    note(f"read {letters.total()} letters in {len(mails)} emails")
    made = Outcome(
        crowd=crowd,
        killed=killer.killed,
        cut_short=Counter({function: deaths_of(stack, function) for function in FUNCTIONS}),
        faults=faults,
        hours_skipped=weeks.hours_skipped,
        questions=weeks.questions,
        put_back=weeks.put_back,
        deliveries=weeks.deliveries(),
        third_week=weeks.plan(monday + timedelta(days=14), deaths=0),
        letters=letters,
        rows=list(rows_of(stack, "SIGNATURE#")),
        counters=counters_of(stack),
        messages=weeks.messages(),
        findings=findings + reconcile(opened),
        reconciled=reconciled(stack, opened),
    )
    lines += made.lines()
    note("done")
    if "UNDERSIGNED_SIGNATURES" in os.environ:
        figures.keep("make nightly PART=load", made.figures())
    return made


def rows_of(stack: RunningStack, prefix: str) -> Iterator[dict[str, Any]]:
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.outputs["TableName"])
    return (item for page in pages for item in page["Items"] if item["pk"]["S"].startswith(f"{prefix}{CAMPAIGN}"))


def recount(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Count the rows without the product's code."""
    found: Counter[str] = Counter()
    for row in rows:
        if row["status"]["S"] == "confirmed":
            found.update(("TOTAL", f"TARGET#{row['target']['S']}", f"DAY#{row['confirmed_on']['S']}"))
    return dict(found)


def counters_of(stack: RunningStack) -> dict[str, int]:
    """Return the counters in total, by target and by day, without those that are zero."""
    kept: Counter[str] = Counter()
    for row in rows_of(stack, "COUNT#"):
        kept[row["sk"]["S"]] += int(row.get("signatures", {"N": "0"})["N"])
    return {name: count for name, count in kept.items() if count and name.startswith(("TOTAL", "TARGET#", "DAY#"))}


def wait_until_counted(stack: RunningStack) -> None:
    """Wait until the tally has caught up, at most two minutes."""
    deadline = time.monotonic() + 120
    while counters_of(stack) != recount(list(rows_of(stack, "SIGNATURE#"))) and time.monotonic() < deadline:
        time.sleep(2)


def reconcile(opened: Stack) -> list[str]:
    """Reconcile the campaign as the command does, and return what can't be explained."""
    findings: list[str] = []
    [run] = begin(opened, CAMPAIGN)
    while not run.is_done:
        run = proceed(opened, run, lambda finding: findings.append(f"{finding.kind} {finding.about}"))
    return findings + ["sums differ"] * run.summary.differing


def reconciled(stack: RunningStack, opened: Stack) -> dict[str, int]:
    """Run the reconciliation of the stack to its end, and return what its function logs: rows, and what it repaired.

    Its queue would wait for a quarter of an hour before the rows are read.
    """
    [begun] = begin(opened, CAMPAIGN)
    run = proceed(opened, begun, lambda _finding: None)
    stack.invoke("RunJobs", {"Records": [{"body": reconciliation_message(run)}]})
    deadline = time.monotonic() + 120
    while not (lines := log_lines(stack, "RunJobs", '"message":"reconciled"')):
        assert time.monotonic() < deadline, "the reconciliation does not end"
        time.sleep(1)
    numbers = json.loads(lines[-1][lines[-1].index("{") :])
    return {name: value for name, value in numbers.items() if isinstance(value, int) and name in SUMMARY}


def logged(stack: RunningStack, function: str, words: str) -> int:
    return len(log_lines(stack, function, words))


def log_lines(stack: RunningStack, function: str, words: str) -> list[str]:
    name = stack.functions[function]
    group = stack.client("lambda").get_function(FunctionName=name)["Configuration"]["LoggingConfig"]["LogGroup"]
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"] if words in event["message"]]


def deaths_of(stack: RunningStack, function: str) -> int:
    return logged(stack, function, DIED)


def test_each_confirmed_letter_is_in_exactly_one_email(outcome: Outcome) -> None:
    assert (outcome.lost, outcome.doubled) == ([], [])


def test_no_withdrawn_or_unconfirmed_letter_is_sent(outcome: Outcome) -> None:
    assert outcome.unwanted == []


def test_the_words_that_the_opened_link_showed_are_sent(outcome: Outcome) -> None:
    wanted = {(person.number, person.words) for person in outcome.crowd.persons if person.told == "confirmed"}
    assert set(outcome.letters) == wanted


def test_the_counters_equal_the_rows_and_the_answers_to_signers(outcome: Outcome) -> None:
    assert outcome.counters == recount(outcome.rows)
    assert outcome.counters["TOTAL"] == sum(person.told == "confirmed" for person in outcome.crowd.persons)


def test_trying_again_fixes_each_error(outcome: Outcome) -> None:
    assert outcome.crowd.seen.not_fixed == []
    assert outcome.crowd.odd_answers == []


def test_nothing_is_left_over(outcome: Outcome) -> None:
    assert {delivery.state for delivery in outcome.deliveries} <= {"delivered", "empty"}
    assert outcome.third_week == []
    assert outcome.messages == {}


def test_the_reconciliation_finds_nothing_to_explain_and_nothing_to_repair(outcome: Outcome) -> None:
    assert outcome.findings == []
    assert outcome.reconciled.pop("rows") == len(outcome.rows)
    assert set(outcome.reconciled.values()) == {0}


def test_every_kind_of_fault_occurred(outcome: Outcome) -> None:
    """A run in which nothing went wrong would prove nothing."""
    assert {function for function in FUNCTIONS if not outcome.killed[function]} == set()
    assert outcome.cut_short
    assert all(outcome.faults[fault] for fault in Ses.SHARES)
    assert outcome.crowd.seen.server_errors
    assert len({delivery.key.period for delivery in outcome.deliveries if delivery.state == "delivered"}) == 2
