"""Test a damaged signature row: the other letters of its tray are counted, shown and sent, and goes when repaired."""

from __future__ import annotations

from dataclasses import asdict
from logging import makeLogRecord
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.search.invariants import words_of
from tests.support.acting import Decisions, decide
from tests.support.damage import change, damage
from tests.support.organizers import Browser, someone
from tests.support.packets import repack
from tests.support.world import ADMINISTRATOR, CAMPAIGN, client_of
from undersigned.base.errors import DamagedRowsError, NotNowError
from undersigned.base.rows import Key
from undersigned.base.table import Table, Update
from undersigned.campaigns.catalog import catalog_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.campaigns.rules.letters import Letter
from undersigned.delivering.queue import delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries, delivery_key
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.exporting import csv_lines
from undersigned.organizing.rules.exports import ExportFilter
from undersigned.organizing.rules.screening import SignatureFilter
from undersigned.organizing.screening import screen
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rules.form_fields import NO_WORDS
from undersigned.signing.rules.signatures import Signature
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.world import World
    from undersigned.base.rows import Values

NAMES = ("Ada", "Ben", "Cyd", "Dee", "Eve", "Fay")
KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")
ORGANIZER = f"/organizer/campaigns/{CAMPAIGN}"


def confirm(world: World, *names: str) -> None:
    for name in names:
        world.confirmed(name=name, signature=name, email=f"{name}@signers.example", address_line=f"7 {name} Place")
        world.clock.advance(minutes=1)


def row_of(world: World, name: str) -> str:
    """Return how the log names the row of a letter."""
    return str(Signature.locate(campaign=CAMPAIGN, signer=world.signer(f"{name}@signers.example")))


def row(world: World, name: str) -> Any:
    return world.stack.table.get(
        Signature.locate(campaign=CAMPAIGN, signer=world.signer(f"{name}@signers.example")), consistent=True
    )


def repair(world: World, name: str, before: Any) -> None:
    change(world, name, {attribute: before[attribute] for attribute in ("signed_at", "letter")})


def names_in(pdfs: Iterable[bytes]) -> list[str]:
    texts = [words_of(pdf) for pdf in pdfs]
    return [name for name in NAMES if any(f"7 {name} Place" in text for text in texts)]


def sent(world: World) -> list[list[str]]:
    """Return the letters of each email to a recipient."""
    return [names_in(mail.pdfs) for mail in world.deliveries]


def told(caplog: pytest.LogCaptureFixture, message: str) -> list[tuple[str, str]]:
    """Return the level and the row of each log line with this message. Such a line has nothing personal."""
    found = [vars(record) for record in caplog.records if record.message == message]
    for line in found:
        assert line.keys() - vars(makeLogRecord({})).keys() <= {"message", "row"}
    return [(line["levelname"], line["row"]) for line in found]


def next_week(world: World) -> None:
    world.clock.advance(days=7)
    assert all(answer == {"batchItemFailures": []} for answer in world.week())


@pytest.fixture
def damaged(world: World) -> World:
    """Make a stack in whose tray the second of three letters is damaged."""
    confirm(world, "Ada", "Ben", "Cyd")
    damage(world, "Ben")
    return world


# The delivery


TYPED: Any = asdict(NO_WORDS) | {"name": "Ben", "email": "ben@signers.example"}


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_at": "yesterday"},
        {"signed_on": None},
        {"words": None},
        {"words": {"name": "Ben"}},
        {"signed_at": "2026-11-24T18:00:00"},
        {"status": None},
        {"status": "unknown"},
        {"version": "three"},
        {"version": "3"},
        {"words": TYPED | {"note": 5}},
        {"words": TYPED | {"drawing": ["a"]}},
        {"words": TYPED | {"drawing": "garbage"}},
        {"words": TYPED | {"drawing": "M"}},
        {"addressee": {"a": "b"}},
        {"addressee": None},
        {"addressee": {"title": "Chief", "titles": {}, "name": 5, "department": "Police", "locality": "Evanston"}},
        {"language": None},
    ],
    ids=str,
)
def test_a_damaged_letter_stays_in_its_tray_and_the_others_are_sent_once(
    world: World, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    confirm(world, "Ada", "Ben", "Cyd")
    whole = row(world, "Ben")
    change(world, "Ben", changes)
    before = row(world, "Ben")
    caplog.clear()

    assert world.week() == [{"batchItemFailures": []}]

    assert sent(world) == [["Ada", "Cyd"]]
    [mail] = world.deliveries
    assert str(mail.mail["Subject"]).startswith("2 ")
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert (delivery.state, delivery.letters) == ("sent", 2)
    assert row(world, "Ben") == before
    assert told(caplog, "a row is damaged") == [("ERROR", row_of(world, "Ben"))]

    next_week(world)
    next_week(world)
    assert sent(world) == [["Ada", "Cyd"]]

    change(world, "Ben", {name: whole.get(name) for name in changes})
    next_week(world)
    next_week(world)
    assert sent(world) == [["Ada", "Cyd"], ["Ben"]]


@pytest.mark.parametrize("letter", ["nope", ""])
def test_a_letter_of_a_text_that_nobody_wrote_stays_in_its_tray(
    world: World, caplog: pytest.LogCaptureFixture, letter: str
) -> None:
    confirm(world, "Ada", "Ben", "Cyd")
    whole = row(world, "Ben")
    change(world, "Ben", {"letter": letter})
    caplog.clear()
    world.week()
    assert sent(world) == [["Ada", "Cyd"]]
    assert told(caplog, "a row is damaged") == [("ERROR", row_of(world, "Ben"))]

    repair(world, "Ben", whole)
    next_week(world)
    assert sent(world) == [["Ada", "Cyd"], ["Ben"]]


def test_a_look_at_rows_that_are_not_there_yet_leaves_no_letter_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(world, "Ada", "Ben")
    read = Table.batch_get

    def lagging(table: Table, keys: Iterable[Key], *, consistent: bool = True) -> Iterator[Values]:
        return read(table, keys) if consistent else iter(())

    monkeypatch.setattr(Table, "batch_get", lagging)
    world.week()
    assert sent(world) == [["Ada", "Ben"]]


def test_a_delivery_ends_although_more_letters_are_damaged_than_a_bundle_holds(world: World) -> None:
    confirm(world, *NAMES)
    for name in NAMES[:5]:
        damage(world, name)
    assert world.stack.settings.bundle_size == 4
    world.calls.clear()
    world.plan()
    assert world.calls.count("dynamodb:BatchGetItem") == 2, "the oldest, and then a hundred rows at once"
    world.run_queue()
    assert sent(world) == [["Fay"]]


def test_a_tray_with_damaged_letters_only_makes_no_email_and_no_delivery(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    confirm(world, "Ada", "Ben")
    whole = row(world, "Ada")
    damage(world, "Ada")
    damage(world, "Ben")
    caplog.clear()
    assert world.week() == []
    delivery_queue(world.stack).put([KEY])
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert list(Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")) == []
    world.reconcile()
    assert {*told(caplog, "a row is damaged")} == {("ERROR", row_of(world, name)) for name in ("Ada", "Ben")}
    repair(world, "Ada", whole)
    world.week()
    assert sent(world) == [["Ada"]]


def test_a_tray_with_damaged_letters_only_has_no_email_to_preview_or_test(world: World) -> None:
    confirm(world, "Ada")
    damage(world, "Ada")
    assert someone(world, "editor").see("/targets/evanston/next/mail").status == 409
    with pytest.raises(NotNowError, match="No letters are waiting"):
        decide(world, "test", "evanston")
    delivery_queue(world.stack).put_test(KEY, "olu@organizers.example")
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert [mail for mail in world.sent if mail.tags["kind"] != "confirmation"] == []


@pytest.mark.parametrize("changes", [{"signed_at": None}, {"letter": "nope"}], ids=str)
def test_a_letter_that_is_damaged_once_it_is_sealed_keeps_its_email_back_until_it_is_repaired(
    world: World, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    """Its number is in the delivery already, and an email that is one letter short would lose it."""
    confirm(world, "Ada", "Ben", "Cyd")
    world.refusal = "MessageRejected"
    world.week()
    whole = row(world, "Ben")
    change(world, "Ben", changes)
    world.refusal = ""
    world.clock.advance(days=2)
    caplog.clear()

    answers = world.week()

    assert answers
    assert all(answer["batchItemFailures"] for answer in answers), "they come again, and end as dead letters"
    assert world.deliveries == []
    assert {*told(caplog, "a row is damaged")} == {("ERROR", row_of(world, "Ben"))}
    failed = {vars(record)["error"] for record in caplog.records if record.message == "a delivery failed"}
    assert failed == {"DamagedRowsError"}

    repair(world, "Ben", whole)
    confirm(world, "Dee")
    next_week(world)
    next_week(world)
    assert sent(world) == [["Ada", "Ben", "Cyd"], ["Dee"]]


def test_a_sealed_letter_that_cannot_be_repaired_is_erased_and_the_others_are_sent(world: World) -> None:
    """As the runbook says: give the missing attributes any value that can be read, then remove the letter."""
    confirm(world, "Ada", "Ben", "Cyd")
    world.refusal = "MessageRejected"
    world.week()
    change(world, "Ben", {"words": None, "signed_at": "yesterday"})
    with pytest.raises(DamagedRowsError, match=world.signer("Ben@signers.example")):
        world.erase(world.signer("Ben@signers.example"))
    change(world, "Ben", {"words": asdict(NO_WORDS), "signed_at": "2026-11-24T00:00:00+00:00"})
    world.erase(world.signer("Ben@signers.example"))
    world.refusal = ""
    world.clock.advance(days=2)
    world.week()
    assert sent(world) == [["Ada", "Cyd"]]


def test_packets_without_the_damaged_letter_are_made_again_after_an_erasure(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.limit(attached=0, packet_size=2)
    confirm(world, "Ada", "Ben", "Cyd", "Dee")
    world.week()
    whole = row(world, "Ben")
    for name in ("Ada", "Cyd"):
        world.erase(world.signer(f"{name}@signers.example"))
    damage(world, "Ben")
    caplog.clear()
    assert len(repack(world)["batchItemFailures"]) == 1
    assert told(caplog, "a row is damaged") == [("ERROR", row_of(world, "Ben"))]
    assert stored(world) == ["Dee"]
    repair(world, "Ben", whole)
    assert repack(world) == {"batchItemFailures": []}
    assert stored(world) == ["Ben", "Dee"]


def stored(world: World) -> list[str]:
    """Return the letters in all stored PDFs."""
    found = client_of("s3").list_objects_v2(Bucket=world.stack.settings.packet_bucket).get("Contents", [])
    return names_in(world.stack.bucket.get(item["Key"]) for item in found)


# Before a delivery


def test_the_previewed_email_is_the_one_that_is_sent(damaged: World) -> None:
    manager = someone(damaged, "editor")
    subject = "2 signed letters"
    assert subject in manager.words("/targets/evanston/next")
    assert names_in([manager.see("/targets/evanston/next/packets/1").content]) == ["Ada", "Cyd"]
    damaged.week()
    assert str(damaged.deliveries[0].mail["Subject"]).strip().startswith(subject)


def test_the_command_starts_only_deliveries_with_readable_letters(damaged: World, run: Any) -> None:
    confirm(damaged, "Dee")
    damaged.confirmed(email="eve@signers.example", name="Eve", postal_code="60091")
    damage(damaged, "eve")
    said = run("deliver", CAMPAIGN, "--yes")
    assert "1 delivery started" in said


def test_the_preview_command_names_the_damaged_rows(
    damaged: World, run: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    said = " ".join(run("deliver", CAMPAIGN, "--preview", str(tmp_path)).split())
    assert "evanston: 2 signed letters" in said
    assert told(caplog, "a row is damaged") == [("ERROR", row_of(damaged, "Ben"))]
    assert names_in([(tmp_path / "evanston-0001.pdf").read_bytes()]) == ["Ada", "Cyd"]


@pytest.mark.usefixtures("invoke")
def test_the_command_sends_nothing_if_all_letters_are_damaged(world: World) -> None:
    confirm(world, "Ada")
    damage(world, "Ada")
    result = CliRunner().invoke(app, ["deliver", CAMPAIGN, "--yes"])
    assert "0 deliveries started" in result.stdout


def test_nothing_is_recorded_if_nothing_but_damaged_letters_would_go(world: World) -> None:
    confirm(world, "Ada")
    damage(world, "Ada")
    plan = Decisions(world.stack).deliver(CAMPAIGN, KEY.period, "Olu", "", seen_at=world.clock.now)
    assert plan.queued == ()
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == []


# Reports


# The signer's own pages

DAMAGES: list[dict[str, Any]] = [
    {"signed_on": None},
    {"words": None},
    {"version": "three"},
    {"words": TYPED | {"note": 5}},
    {"words": TYPED | {"drawing": "M"}},
    {"letter": "nope"},
    {"target": "nobody"},
]
PERSONAL = ("Ben@signers", "7 Ben Place", "yesterday")


def links_of_ben(world: World) -> tuple[str, str]:
    """Return the links to confirm Ben's letter and to its own page."""
    mail = next(mail for mail in world.sent if mail.to == "Ben@signers.example")
    return mail.link(
        "confirm"
    ), f"/letters/{world.stack.links.sign('letter', CAMPAIGN, world.signer(f'{"Ben"}@signers.example'))}"


def own_pages(world: World) -> list[tuple[str, str]]:
    """Return all pages that show Ben's letter or act on it, by method and path."""
    confirming, own = links_of_ben(world)
    return [
        ("GET", confirming),
        ("POST", confirming),
        ("GET", own),
        ("POST", f"{own}/withdraw"),
        ("GET", f"{own}/withdraw"),
    ]


@pytest.mark.parametrize("changes", DAMAGES, ids=str)
def test_a_signer_whose_row_is_damaged_reads_that_it_is_and_the_operator_is_told(
    world: World, caplog: pytest.LogCaptureFixture, changes: dict[str, Any]
) -> None:
    confirm(world, "Ben")
    for method, path in own_pages(world):
        change(world, "Ben", changes)
        caplog.clear()
        shown = world.request(method, path)
        assert (shown.status, "The mistake is on our side" in shown.body) == (503, True), (method, path)
        assert "trying again doesn’t help" in shown.body
        assert told(caplog, "a row is damaged") == [("ERROR", row_of(world, "Ben"))]
        assert not any(word in shown.body for word in PERSONAL)


def test_a_program_reads_the_same_of_a_damaged_row(world: World) -> None:
    confirm(world, "Ben")
    _, own = links_of_ben(world)
    damage(world, "Ben")
    answer = world.get(own, as_json=True, headers={"accept-language": "es"})
    assert (answer.status, answer.json["title"]) == (503, "El error es nuestro")


@pytest.mark.parametrize("sk", ["META", "CONTROLS"])
def test_a_signer_reads_so_although_the_campaigns_own_row_is_damaged(world: World, sk: str) -> None:
    confirm(world, "Ben")
    _, own = links_of_ben(world)
    damage(world, "Ben")
    values = {"META": {"title": 7}, "CONTROLS": {"closed_at": 7}}[sk]
    world.stack.table.update(Update(Key(f"CAMPAIGN#{CAMPAIGN}", sk), assign=values))
    world.restart("public_api")
    shown = world.get(own)
    assert (shown.status, "The mistake is on our side" in shown.body) == (503, True)


def test_a_repaired_letter_is_shown_as_before(world: World) -> None:
    confirm(world, "Ben")
    _, own = links_of_ben(world)
    whole = row(world, "Ben")
    damage(world, "Ben")
    assert world.get(own).status == 503
    repair(world, "Ben", whole)
    assert world.get(own).status == 200


def test_a_form_of_a_signer_whose_row_is_damaged_is_taken_and_its_email_is_a_dead_letter(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    confirm(world, "Ben")
    damage(world, "Ben")
    caplog.clear()
    assert world.sign(email="Ben@signers.example").status == 200
    sent = len(world.sent)
    world.run_stream()
    assert {*told(caplog, "a row is damaged")} == {("ERROR", row_of(world, "Ben"))}
    assert len(world.sent) == sent


# Letters one by one


def test_other_letters_are_put_on_hold_released_and_erased(damaged: World) -> None:
    wanted = SignatureFilter(domain="signers.example")
    for action in ("hold", "release", "erase"):
        assert screen(damaged.stack, CAMPAIGN, action, wanted, by="cli", why="a test").changed == 2
    assert row(damaged, "Ben")["words"]["name"] == "Ben"


def test_an_export_has_all_other_letters(damaged: World) -> None:
    lines = [*csv_lines(damaged.stack, CAMPAIGN, ExportFilter())]
    assert [name for name in NAMES if any(f"7 {name} Place".encode() in line for line in lines)] == ["Ada", "Cyd"]


def test_the_daily_reconciliation_reports_it(damaged: World, caplog: pytest.LogCaptureFixture) -> None:
    damaged.week()
    caplog.clear()
    damaged.reconcile()
    assert {*told(caplog, "a row is damaged")} == {("ERROR", row_of(damaged, "Ben"))}


def test_the_command_that_erases_a_damaged_letter_says_what_is_wrong(damaged: World, invoke: Any) -> None:
    with pytest.raises(DamagedRowsError, match=r"damaged.*runbook"):
        invoke("erase", CAMPAIGN, damaged.signer("Ben@signers.example"), "--why", "asked for it", "--yes")


def test_a_postponed_email_of_a_damaged_row_stops_no_other(world: World) -> None:
    MailBudgets(world.stack.table).stop()
    for name in ("Ada", "Ben"):
        world.sign(email=f"{name}@signers.example", name=name)
    world.run_stream()
    damage(world, "Ada")
    MailBudgets(world.stack.table).start(world.clock.now)
    world.clock.advance(minutes=10)
    world.run_postponed()
    assert [mail.to for mail in world.sent] == ["Ben@signers.example"]


@pytest.mark.parametrize("path", ["", "/targets/evanston"])
def test_the_overview_and_the_recipients_page_leave_out_a_damaged_delivery(
    world: World, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    confirm(world, "Ada")
    world.week()
    browser = Browser(world)
    browser.sign_in(ADMINISTRATOR)
    page = f"{dashboard_path(CAMPAIGN)}{path}"
    assert "sent" in browser.words(page)
    caplog.clear()
    world.stack.table.update(Update(delivery_key(KEY), assign={"opened_at": "yesterday"}))
    assert browser.see(page).status == 200
    assert told(caplog, "a row is damaged")[0] == ("ERROR", str(delivery_key(KEY)))


# A letter's version


@pytest.mark.asvs("11.4.1", "11.4.3")
@pytest.mark.parametrize("attribute", ["language", "source", "template"])
def test_a_letter_that_is_not_what_its_version_says_is_neither_shown_nor_sent(world: World, attribute: str) -> None:
    confirm(world, "Ada")
    version = catalog_of(world.stack).entry(CAMPAIGN).letters["en"].version
    before = world.stack.table.get(Letter.locate(campaign=CAMPAIGN, version=version))
    assert before is not None
    world.stack.table.update(
        Update(Letter.locate(campaign=CAMPAIGN, version=version), assign={attribute: f"{before[attribute]} "})
    )

    for function in ("public_api", "deliver"):
        world.restart(function)
    assert world.get(f"/campaigns/{CAMPAIGN}").status == 503
    world.week()
    assert world.deliveries == []
    assert not any(Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")), "nothing is opened for it"
    with pytest.raises(DamagedRowsError, match=version[:12]):
        Campaigns(world.stack.table).letter(CAMPAIGN, version)


def test_a_damaged_row_of_a_delivery_is_named_and_stops_no_other_recipient(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    confirm(world, "Ada")
    world.week()
    world.confirmed(postal_code="60076", locality="Skokie", name="Ben", email="ben@signers.example")
    world.clock.advance(days=7)
    world.throttles = 1_000
    world.week()
    for message in world.receive(queue := world.queues["DeliveryQueue"]):
        client_of("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    world.throttles = 0
    world.stack.table.update(Update(delivery_key(KEY), assign={"opened_at": "yesterday"}))
    world.clock.advance(hours=4)
    caplog.clear()
    world.reconcile()
    assert {*told(caplog, "a row is damaged")} == {("ERROR", str(delivery_key(KEY)))}
    world.run_queue()
    assert [mail.tags["target"] for mail in world.deliveries] == ["evanston", "skokie"]
