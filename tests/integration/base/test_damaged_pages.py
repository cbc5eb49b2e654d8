"""Test one damaged row of each kind: each page answers, and everything beside the row is sent, counted and shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.doors.doors import OPEN, doors, filled
from tests.support.organizers import Browser, add
from tests.support.world import CAMPAIGN, Answer, Watch, client_of
from undersigned.base.table import Update, from_item
from undersigned.campaigns.rows.counters import counter_key
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.campaigns.rules.counts import TOTAL
from undersigned.organizing.exporting import csv_lines
from undersigned.organizing.rules.exports import ExportFilter
from undersigned.people.rules.api_keys import digest_of
from undersigned.signing.rows.disowned import DisownedForms
from undersigned.workshop import drafting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.world import World
    from undersigned.base.rows import Values

PERIOD = "2026-11-24"
OWNER, OTHER = "olu@organizers.example", "pat@organizers.example"

EVERY = ""
"""Rows about a campaign as a whole."""

KINDS = {
    "campaign": ("CAMPAIGN#", "META", EVERY),
    "letter version": ("CAMPAIGN#", "LETTER#", EVERY),
    "controls": ("CAMPAIGN#", "CONTROLS", EVERY),
    "target": ("CAMPAIGN#", "TARGET#evanston", "evanston|/signatures/|/draft|/workshop"),
    "office": ("OFFICE#", "evanston", "evanston|/signatures/|/workshop/test"),
    "another target": ("CAMPAIGN#", "TARGET#skokie", "/draft|/workshop"),
    "audit entry": ("AUDIT#", "", None),
    "counter": ("COUNT#", "TARGET#", None),
    "total": ("COUNT#end-demand-illinois#7", "TOTAL", None),
    "signature": ("SIGNATURE#", "", "/signatures/[0-9a-f]|/next/evanston|evanston/next|2026-11-24/evanston/email"),
    "delivery": ("DELIVERY#", "PERIOD#", "/deliveries/2026-11-24|/signatures/"),
    "bundle": ("DELIVERY#", "BUNDLE#", "/deliveries/2026-11-24"),
    "packet": ("DELIVERY#", "PACKET#", "/deliveries/2026-11-24"),
    "mail event": ("DELIVERY#", "EVENT#", None),
    "export": ("EXPORT#", "", "/exports/"),
    "API key": ("KEY#", digest_of("us_other"), None),
    "own API key": ("KEY#", digest_of("us_letters"), "/organizer/campaigns/"),
    "person of a campaign": ("PEOPLE#", "", None),
    "campaign of a person": ("PERSON#", "", "/organizer/dashboard/"),
    "session": ("SESSION#", "", "/organizer/(dashboard|guide|new)|/organizer$"),
    "an hour's emails": ("MAILS#stack", "HOUR#", None),
    "disowned forms": ("DISOWNED#", "ALL", None),
}
"""The rows that a page of organizers reads: how their keys begin, and the pages that are about such a row."""


def rows(world: World) -> list[Values]:
    table = world.stack.settings.table_name
    return [from_item(item) for item in client_of("dynamodb").scan(TableName=table)["Items"]]


def row_of(world: World, kind: str) -> Values:
    pk, sk, _ = KINDS[kind]
    return next(row for row in rows(world) if row["pk"].startswith(pk) and row["sk"].startswith(sk))


def damage(world: World, row: Values, how: str) -> None:
    """Take all attributes from a row but those of the table's keys and indexes, or give them a value of no sense."""
    kept = {name: value for name, value in row.items() if name in {"pk", "sk", "listed", "listed_at", "due", "due_at"}}
    lost = {} if how == "missing" else {name: {"nobody": "wrote this"} for name in row.keys() - kept.keys()}
    world.stack.table.put(kept | lost)
    for function in ("public_api", "organizer_api", "deliver", "run_jobs", "tally"):
        world.restart(function)


@dataclass
class Reads(Watch):
    """A watch that keeps which rows and which partitions a page asks for."""

    rows: set[tuple[str, str]] = field(default_factory=set)
    partitions: set[str] = field(default_factory=set)

    @override
    def before(self, _function: str, _operation: str, params: Mapping[str, Any]) -> None:
        batches = params.get("RequestItems", {}).values()
        keys = [*(key for batch in batches for key in batch["Keys"]), params.get("Key")]
        self.rows |= {(key["pk"]["S"], key["sk"]["S"]) for key in keys if isinstance(key, dict)}
        self.partitions |= {value.get("S", "") for value in params.get("ExpressionAttributeValues", {}).values()}

    def has(self, row: Values) -> bool:
        return row["pk"] in self.partitions or (row["pk"], row["sk"]) in self.rows


@dataclass
class Campaign:
    """A campaign with a delivery, with letters that wait, and with whatever else an organizer's pages show."""

    world: World
    browser: Browser
    export: str

    def ask_all(self) -> Iterator[tuple[str, Answer, Reads]]:
        """Ask a new process for each page and each answer of the API that changes nothing."""
        for door in doors():
            if door.method == "GET" and door.scope != OPEN:
                path = filled(self.world, door, target="evanston", export=self.export)
                self.world.restart("organizer_api")
                self.world.watch = reads = Reads()
                yield path, self.ask(path), reads
        self.world.watch = None

    def ask(self, path: str) -> Answer:
        """Ask for a page as a browser does, or for an answer of the API with a key."""
        try:
            if "/campaigns/" not in path:
                return self.browser.see(path)
            return self.world.request("GET", path, as_json=True, headers={"authorization": "Bearer us_letters"})
        except Exception as error:  # noqa: BLE001  (what a program sees is an answer without a body)
            return Answer(500, {}, repr(error).encode())


@pytest.fixture
def campaign(world: World) -> Campaign:
    add(world, OWNER, "owner")
    add(world, OTHER, "viewer")
    world.put_key("us_letters", "letters")
    world.put_key("us_other", "counts")
    world.confirmed(email="ada@signers.example")
    world.week()
    world.feedback("delivery", world.deliveries[0])
    world.clock.advance(days=1)
    for name, postal_code in (("bo", "60201"), ("cy", "60076"), ("dee", "60091")):
        world.confirmed(email=f"{name}@signers.example", name=name, postal_code=postal_code)
    OfficeRows(world.stack.table).receive(CAMPAIGN, "evanston", PERIOD, world.clock.now)
    browser = Browser(world)
    browser.sign_in(OWNER)
    browser.press(f"{dashboard_path(CAMPAIGN)}/exports", {})
    world.run_exports()
    stack = world.stack
    draft = drafting.draft_of(stack, CAMPAIGN)
    drafting.write(stack, CAMPAIGN, draft.revision, {"letter.md": draft.files["letter.md"] + "\nThank you.\n"}, OWNER)
    world.stack.table.update(Update(DisownedForms.locate(campaign=CAMPAIGN), add={"forms": 1}))
    world.stack.table.update(Update(counter_key(CAMPAIGN, TOTAL, shard=7), add={"signatures": 0}))
    [export] = [row["sk"] for row in rows(world) if row["pk"].startswith("EXPORT#")]
    return Campaign(world, browser, export)


@pytest.mark.parametrize("how", ["missing", pytest.param("wrong", marks=pytest.mark.slow)])
def test_each_page_answers_or_says_that_a_record_it_is_about_can_not_be_read(campaign: Campaign, how: str) -> None:
    world = campaign.world
    pages = list(campaign.ask_all())
    assert {answer.status for _, answer, _ in pages} <= {200, 302, 303, 403, 404}
    cookies, wrong = {**campaign.browser.jar}, []
    for kind, (_, _, about) in KINDS.items():
        row = row_of(world, kind)
        damage(world, row, how)
        # A page that doesn't read the row can't show its damage.
        readers = [(path, before) for path, before, reads in pages if reads.has(row)]
        assert readers, f"no page reads the {kind}"
        wrong += [
            (kind, path, answer.status)
            for path, before in readers
            for answer in [campaign.ask(path)]
            if not (answer.status == before.status or (is_about(path, about) and says_so(answer)))
        ]
        world.stack.table.put(row)
        # A damaged session takes its cookie.
        campaign.browser.jar = {**cookies}
    assert wrong == []


@pytest.mark.parametrize("kind", [kind for kind, (_, _, about) in KINDS.items() if about != EVERY])
def test_everything_beside_a_damaged_row_is_sent_counted_and_exported(campaign: Campaign, kind: str) -> None:
    world = campaign.world
    # Nothing can be added to a counter that is no number: the change comes again, and takes another of the eight.
    damage(world, row_of(world, kind), "missing" if kind in {"total", "counter"} else "wrong")
    waits = {"target": "evanston", "office": "evanston", "another target": "skokie"}.get(kind)
    postal_code = "60091" if waits == "evanston" else "60201"

    world.confirmed(email="eve@signers.example", name="Eve", postal_code=postal_code)
    world.clock.advance(days=6)
    world.week()

    sent = {mail.tags["target"] for mail in world.deliveries[1:]}
    assert sent == {"evanston", "skokie", "wilmette"} - {waits}
    marks = [row["tallied"] for row in rows(world) if row["pk"].startswith("SIGNATURE#") and "tallied" in row]
    assert sum("TOTAL" in mark.split("|") for mark in marks if isinstance(mark, str)) == 5 - (kind == "signature")
    lines = b"".join(csv_lines(world.stack, CAMPAIGN, ExportFilter())).decode()
    signed = [name for name in ("ada", "bo", "cy", "dee", "eve") if f"{name}@signers.example" in lines]
    assert signed == ["ada", "bo", "cy", "dee", "eve"][kind == "signature" :]


def is_about(path: str, about: str | None) -> bool:
    return about is not None and re.search(about, path) is not None


def says_so(answer: Answer) -> bool:
    """Say whether an answer tells of the damaged row, or asks the person to sign in again."""
    return answer.status in {302, 303} or (answer.status == 503 and "The mistake is on our side" in answer.body)
