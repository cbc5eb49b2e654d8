"""Test `undersigned restore`: what was lost comes back, nobody is mailed twice, and what was erased stays erased."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from typer.testing import CliRunner

from tests.search.invariants import stored_text, words_of
from tests.support.acting import Decisions
from tests.support.deliveries import delivery_of
from tests.support.memory import Memory
from tests.support.organizers import Browser, add
from tests.support.world import CAMPAIGN, PERIOD, ROOT, World
from undersigned.base.errors import NotFoundError
from undersigned.base.rows import Key
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.base.table import Table, from_item
from undersigned.campaigns.activity import perform
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import Attempt, Delivery, DeliveryKey
from undersigned.delivering.rules.mail_events import MailEvent
from undersigned.organizing.rules.screening import place_of
from undersigned.people.keys import make_key
from undersigned.people.rows.people import People
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import listing_shards, signer_id
from undersigned.workshop import drafting
from undersigned_cli.commands.reconciling import UnexplainedError
from undersigned_cli.main import app
from undersigned_cli.restoring import OtherTableError
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.world import Sent
    from undersigned.signing.rules.forms import FormOrLetter

RECOVERED = "recovered-table"
EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
SECRET = "s" * 64


@dataclass
class Recovery:
    """A stack whose table loses rows, and a table with its rows as they were at one moment."""

    world: World
    recovered: Memory

    def keep(self) -> None:
        """Recover the table as it is now."""
        table = self.recovered.client("dynamodb", None)
        for item in items(self.world):
            table.put_item(TableName=RECOVERED, Item=item)

    def lose(self, *beginnings: str, silently: bool = True) -> None:
        """Delete the rows whose keys begin so, or all; the stream's readers don't see it, or do."""
        client, table = self.world.stack.client("dynamodb"), self.world.stack.settings.table_name
        for item in list(items(self.world)):
            key = {name: item[name] for name in ("pk", "sk")}
            if f"{item['pk']['S']} {item['sk']['S']}".startswith(beginnings or ("",)):
                client.delete_item(TableName=table, Key=key)
        if silently:
            self.world.new_records()
        else:
            self.world.run_stream()

    def restore(self, *arguments: str) -> str:
        return run("restore", CAMPAIGN, RECOVERED, *arguments)

    def restored(self) -> dict[str, Any]:
        [facts] = json.loads(self.restore("--json"))
        self.world.run_stream()
        return {name: value for name, value in facts.items() if value and name not in {"campaign", "table"}}


@pytest.fixture
def recovery(world: World, monkeypatch: pytest.MonkeyPatch) -> Recovery:
    return recovery_of(world, monkeypatch)


def recovery_of(world: World, monkeypatch: pytest.MonkeyPatch) -> Recovery:
    made = Recovery(world, Memory(world.clock))
    stack = DeployedStack({"TableName": world.stack.settings.table_name}, world.stack.client)

    def opened(of: DeployedStack) -> Stack:
        name = of.outputs["TableName"]
        settings = Settings({**world.stack.settings.variables, "TABLE_NAME": name})
        client = (lambda service, **_: made.recovered.client(service, None)) if name == RECOVERED else of.client
        return Stack(settings, client=client, clock=world.clock)

    monkeypatch.setattr(DeployedStack, "opened", opened)
    monkeypatch.setattr(DeployedStack, "in_aws", lambda _name: stack)
    return made


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def items(world: World) -> Iterable[dict[str, Any]]:
    pages = world.stack.client("dynamodb").get_paginator("scan").paginate(TableName=world.stack.settings.table_name)
    return (item for page in pages for item in page["Items"])


def all_rows(world: World) -> dict[tuple[str, str], Any]:
    """Return all rows by key, but not the activity log: each run has an entry."""
    rows = (from_item(item) for item in items(world))
    return {(row["pk"], row["sk"]): row for row in rows if not row["pk"].startswith("AUDIT#")}


def id_of(name: str) -> str:
    return signer_id(SECRET, f"{name.lower()}@signers.example")


def row_of(name: str) -> str:
    """Return the beginning of the key of a person's row."""
    return f"SIGNATURE#{CAMPAIGN}#{id_of(name)}"


def row(world: World, name: str) -> FormOrLetter | None:
    return world.letter(f"{name.lower()}@signers.example")


def place(world: World, name: str) -> str | None:
    found = row(world, name)
    return place_of(found) or found.status if found else None


def answers_of(name: str, **changes: object) -> dict[str, object]:
    return {"name": f"{name} Specimen", "signature": name, "email": f"{name.lower()}@signers.example"} | changes


def confirm(world: World, *names: str) -> None:
    for name in names:
        world.confirmed(**answers_of(name))


def delivery(world: World, key: DeliveryKey = EVANSTON) -> Delivery:
    found = Deliveries(world.stack.table).delivery(key)
    assert found
    return found


def letters_in(mails: Iterable[Sent]) -> list[str]:
    """Return the first names of the signers whose letters the emails contain."""
    texts = (words_of(pdf) for mail in mails for pdf in mail.pdfs)
    return sorted(name for text in texts for name in re.findall(r"^\d+ (\w+) Specimen, .* \d+$", text, re.MULTILINE))


def counts(world: World) -> dict[str, int]:
    return {name: number for name, number in world.counts().items() if number}


def next_week(world: World) -> None:
    world.clock.advance(days=7)
    world.week()
    world.run_stream()


def resume(world: World) -> None:
    """Resume the campaign, and send what is due."""
    run("resume", CAMPAIGN)
    next_week(world)
    next_week(world)


# All is lost


def reconcile(run: Any) -> None:
    """Do the last step of docs/backups.md: until nothing differs."""
    run("reconcile", CAMPAIGN)
    with suppress(UnexplainedError):
        run("reconcile", CAMPAIGN)
    run("reconcile", CAMPAIGN)


def test_a_lost_campaign_goes_on_where_it_was(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo", "Cy")
    world.confirmed(**answers_of("Di", postal_code="60091", locality="Wilmette"))
    world.week()
    for sent in list(world.deliveries):
        world.feedback("send", sent)
        world.feedback("delivery", sent)
    world.erase(id_of("Cy"))
    Signatures(world.stack.table).clear(world.signature("bo@signers.example"), world.clock.now)
    world.clock.advance(days=1)
    confirm(world, "Ed", "Flo")
    Signatures(world.stack.table).withdraw(CAMPAIGN, id_of("Flo"), world.clock.now)
    world.sign(**answers_of("Gil"))
    world.run_stream()
    gils_email = world.sent[-1]
    world.sign(**answers_of("Hal"), form="a bot's")
    world.confirmed(**answers_of("Ivy"), form="another bot's")
    run("screen", CAMPAIGN, "--suspicion", "any", "--action", "hold", "--why", "a program", "--yes")
    world.run_stream()
    recovery.keep()
    counted, mails, state = counts(world), list(world.sent), delivery(world)
    names = ("Ada", "Bo", "Cy", "Flo", "Gil", "Hal", "Ivy")
    places = [place(world, name) for name in names]
    recovery.lose()

    said = recovery.restore()

    assert "is paused" in said
    assert f"undersigned reconcile {CAMPAIGN}" in said
    world.run_stream()
    assert delivery(world) == state
    reconcile(run)
    assert world.sent == mails
    assert counts(world) == counted
    assert [place(world, name) for name in names] == places
    next_week(world)
    assert world.sent == mails
    run("resume", CAMPAIGN)
    assert world.press(gils_email.link("confirm")).status == 200
    next_week(world)
    next_week(world)
    new = [mail for mail in world.deliveries if mail not in mails]
    assert letters_in(new) == ["Ed", "Gil"]


def test_a_lost_campaign_is_paused_though_it_was_not(recovery: Recovery) -> None:
    world = recovery.world
    Campaigns(world.stack.table).close(CAMPAIGN, world.clock())
    recovery.keep()
    recovery.lose()
    recovery.restore()
    controls = Campaigns(world.stack.table).controls(CAMPAIGN)
    assert controls.paused
    assert controls.closed_at == world.clock()


def kinds_of(world: World) -> set[str]:
    """Return the kinds of rows, by the first words of their keys."""
    return {f"{pk.partition('#')[0]} {re.split('[^A-Z_]', sk)[0]}" for pk, sk in all_rows(world)}


def test_people_come_back_with_a_lost_campaign_and_neither_keys_nor_sessions(
    recovery: Recovery,
) -> None:
    world = recovery.world
    add(world, "maria@enddemand.example", "editor")
    maria = Browser(world)
    maria.sign_in("maria@enddemand.example")
    make_key(world.stack, CAMPAIGN, "counts", "a script", "ann")
    draft = drafting.write(world.stack, CAMPAIGN, 0, {}, "ann", {"goal": 77})
    recovery.keep()
    had, sent = kinds_of(world), list(world.sent)
    recovery.lose()
    recovery.restore()
    gone = {"KEY ", "RATE META", "SESSION ", "SIGN_IN META", "SIGN_INS INVITATIONS", "SIGN_INS MAILS", "SIGN_INS WRONG"}
    assert had - kinds_of(world) == gone
    assert drafting.draft_of(world.stack, CAMPAIGN) == draft
    world.run_people_mails()
    assert world.sent == sent
    browser = Browser(world)
    browser.sign_in("maria@enddemand.example")
    assert browser.see("/signatures").status == 200
    assert browser.see("/people").status == 403


def test_somebody_who_was_removed_since_does_not_come_back_with_lost_letters(recovery: Recovery) -> None:
    world = recovery.world
    add(world, "maria@enddemand.example", "owner")
    confirm(world, "Ada")
    recovery.keep()
    for beginning in ("PEOPLE#", "PERSON#", row_of("Ada")):
        recovery.lose(beginning)
    recovery.restore()
    assert row(world, "Ada")
    assert People(world.stack.table).members(CAMPAIGN) == ()


def test_a_lost_recipient_comes_back_with_the_answer_of_its_office(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    world.week()
    answer = Decisions(world.stack).save_answer(
        CAMPAIGN, "evanston", PERIOD, "Kept.", "ann", is_public=False, revision=""
    )
    recovery.keep()
    recovery.lose("TARGET#evanston")
    recovery.restore()
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").answer == answer


def test_a_restore_sends_no_second_report(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    world.week()
    world.clock.advance(days=1)
    world.report()
    recovery.keep()
    sent = list(world.sent)
    recovery.lose()
    recovery.restore()
    world.report()
    assert world.sent == sent


# Some rows are lost


@pytest.mark.parametrize("silently", [True, False])
def test_deleted_letters_come_back_and_count_once(recovery: Recovery, *, silently: bool) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo", "Cy")
    recovery.keep()
    counted, sent = counts(world), list(world.sent)
    for name in ("Ada", "Bo"):
        recovery.lose(row_of(name), silently=silently)
    assert recovery.restored()["written"] == 2
    assert Campaigns(world.stack.table).controls(CAMPAIGN).paused
    reconcile(run)
    assert counts(world) == counted
    assert world.sent == sent
    assert "written" not in recovery.restored()
    resume(world)
    assert letters_in(world.deliveries) == ["Ada", "Bo", "Cy"]


def test_what_the_stack_has_stays_as_it_is(recovery: Recovery) -> None:
    world = recovery.world
    mail = world.confirmed(**answers_of("Ada"))
    confirm(world, "Bo", "Cy")
    recovery.keep()
    Signatures(world.stack.table).withdraw(CAMPAIGN, id_of("Ada"), world.clock.now)
    world.erase(id_of("Bo"))
    recovery.lose(row_of("Cy"))
    world.sign(**answers_of("Cy", note="other words"))
    recovery.restored()
    assert [place(world, name) for name in ("Ada", "Bo", "Cy")] == ["withdrawn", "erased", "waiting"]
    assert "other words" not in str(row(world, "Cy")), "nobody has confirmed them"
    assert world.get(mail.link("confirm")).status == 200
    resume(world)
    assert letters_in(world.deliveries) == ["Cy"]


def test_deliveries_and_complaints_come_back(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    world.week()
    world.feedback("complaint", world.deliveries[0])
    recovery.keep()
    state, events = delivery(world), Deliveries(world.stack.table).mail_events(EVANSTON)
    recovery.lose("DELIVERY#", f"CAMPAIGN#{CAMPAIGN} TARGET#evanston")
    recovery.restored()
    assert delivery(world) == state
    assert Deliveries(world.stack.table).mail_events(EVANSTON) == events
    confirm(world, "Bo")
    resume(world)
    assert letters_in(world.deliveries) == ["Ada"]
    run("release", CAMPAIGN, "evanston")
    next_week(world)
    assert letters_in(world.deliveries) == ["Ada", "Bo"]


def test_a_damaged_row_comes_back_as_it_is(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo")
    found = next(row for (pk, _), row in all_rows(world).items() if pk == row_of("Ada"))
    world.stack.table.put({name: value for name, value in found.items() if name != "signed_at"})
    recovery.keep()
    recovery.lose("SIGNATURE#")
    assert recovery.restored()["damaged"] == 1
    back = next(row for (pk, _), row in all_rows(world).items() if pk == row_of("Ada"))
    assert {**back, "signed_at": ..., "tallied": ..., "restored": ...} == {
        **found, "signed_at": ..., "tallied": ..., "restored": ...,
    }  # fmt: skip
    world.stack.table.put(back | {"signed_at": found["signed_at"]})
    resume(world)
    assert letters_in(world.deliveries) == ["Ada", "Bo"]


def test_a_letter_that_was_not_confirmed_in_time_does_not_come_back(recovery: Recovery) -> None:
    world = recovery.world
    world.sign(**answers_of("Ada"))
    world.sign(**answers_of("Bo"))
    world.erase(id_of("Bo"))
    world.clock.advance(seconds=1)
    world.sign(**answers_of("Bo"))
    world.run_stream()
    recovery.keep()
    recovery.lose("SIGNATURE#", "FORM#")
    world.clock.advance(days=15)
    assert recovery.restored()["expired"] == 2
    assert row(world, "Ada") is None
    assert place(world, "Bo") == "erased", "its row remembers that an earlier letter was erased"


# What happened since


def test_letters_that_were_sent_since_do_not_go_again(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo")
    recovery.keep()
    world.week()
    sent = list(world.sent)
    recovery.lose("SIGNATURE#")
    recovery.restored()
    reconcile(run)
    assert [place(world, name) for name in ("Ada", "Bo")] == ["in a delivery"] * 2
    resume(world)
    assert world.sent == sent


@pytest.mark.parametrize("lost", [["SIGNATURE#"], ["SIGNATURE#", "FORM#"]], ids=["its form is left", "all is lost"])
def test_a_letter_that_was_confirmed_and_sent_since_can_not_be_confirmed_again(
    recovery: Recovery, lost: list[str]
) -> None:
    world = recovery.world
    world.sign(**answers_of("Ada"))
    world.run_stream()
    recovery.keep()
    mail = world.sent[-1]
    world.press(mail.link("confirm"))
    world.run_stream()
    world.week()
    recovery.lose(*lost)
    assert recovery.restored().get("changed", 0) == len(lost) - 1
    world.press(mail.link("confirm"))
    resume(world)
    assert letters_in(world.deliveries) == ["Ada"]


@pytest.mark.parametrize(
    "lost",
    [
        ["DELIVERY#"],
        [f"DELIVERY#{CAMPAIGN}#evanston BUNDLE#"],
        [f"DELIVERY#{CAMPAIGN}#evanston BUNDLE#{PERIOD}#0001"],
    ],
)
def test_letters_of_an_email_whose_rows_are_lost_wait_on_hold(recovery: Recovery, lost: list[str]) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo")
    world.confirmed(**answers_of("Di", postal_code="60091", locality="Wilmette"))
    recovery.keep()
    world.plan()
    world.run_queue()
    sent = list(world.sent)
    for beginning in ("SIGNATURE#", *lost):
        recovery.lose(beginning)
    said = recovery.restore()
    world.run_stream()
    assert "2 letters on hold" in said or "3 letters on hold" in said
    assert "evanston" in said
    assert [place(world, name) for name in ("Ada", "Bo")] == ["on hold"] * 2
    resume(world)
    assert world.sent == sent
    # The office says that it didn't get them.
    run("screen", CAMPAIGN, "--on-hold", "--action", "release", "--why", "they have asked", "--yes")
    next_week(world)
    assert letters_in([mail for mail in world.deliveries if mail not in sent])[:2] == ["Ada", "Bo"]


def test_an_email_whose_every_row_is_lost_is_known_by_its_packets(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    recovery.keep()
    world.week()
    recovery.lose()
    said = recovery.restore()
    assert "1 letter on hold, because an email to evanston may have left" in said
    resume(world)
    assert len(world.deliveries) == 1


def test_a_letter_that_was_withdrawn_since_and_then_lost_stays_away(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo")
    recovery.keep()
    Signatures(world.stack.table).withdraw(CAMPAIGN, id_of("Ada"), world.clock.now)
    world.run_stream()
    recovery.lose("SIGNATURE#", silently=False)
    restored = recovery.restored()
    assert (restored["written"], restored["changed"]) == (1, 1)
    resume(world)
    assert letters_in(world.deliveries) == ["Bo"]


def test_an_erased_person_does_not_return(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo", "Cy")
    world.week()
    world.feedback("bounce", world.deliveries[0])
    confirm(world, "Di")
    recovery.keep()
    world.clock.advance(minutes=1)
    for name in ("Ada", "Di"):
        perform(world.stack, "erase", CAMPAIGN, {"signer": id_of(name), "why": "they asked"}, "ann")
    world.erase(id_of("Cy"))
    world.run_queue()
    for beginning in (row_of("Ada"), row_of("Di"), row_of("Bo"), "DELIVERY#"):
        recovery.lose(beginning)
    said = recovery.restore()
    assert "2 letters erased since, and not brought back." in said
    assert [place(world, name) for name in ("Ada", "Bo", "Cy", "Di")] == [None, "in a delivery", "erased", None]
    assert delivery(world).erased == {id_of("Ada"), id_of("Cy")}
    run("resume", CAMPAIGN)
    Decisions(world.stack).retry(EVANSTON, "cli", "corrected")
    world.run_queue()
    assert letters_in(world.deliveries[1:]) == ["Bo"]
    world.clock.advance(hours=2)
    world.reconcile()
    assert not re.search(r"Ada|Cy|Di", stored_text(world))


def test_a_form_that_somebody_sent_after_an_erasure_comes_back(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    perform(world.stack, "erase", CAMPAIGN, {"signer": id_of("Ada"), "why": "they asked"}, "ann")
    world.clock.advance(minutes=1)
    world.sign(**answers_of("Ada"))
    recovery.keep()
    recovery.lose("FORM#")
    assert recovery.restored()["written"] == 1
    assert place(world, "Ada") == "pending"


# Emails under way


def leave_an_email_under_way(world: World) -> None:
    """Leave the stack as after a crash between SES accepting an email and the write of that."""
    confirm(world, "Ada")
    world.week()
    sent = delivery(world)
    under_way = replace(sent, state="sending", last=Attempt(since=sent.last.since))
    world.rewrite(under_way)


@pytest.mark.parametrize(("answer", "emails"), [("--sent", 1), ("--not-sent", 2)])
def test_a_person_decides_about_an_email_that_was_under_way(recovery: Recovery, answer: str, emails: int) -> None:
    world = recovery.world
    leave_an_email_under_way(world)
    recovery.keep()
    recovery.lose("DELIVERY#")
    said = recovery.restore()
    assert f"`undersigned settle {CAMPAIGN} evanston {PERIOD} --sent` or `--not-sent`" in said
    assert delivery(world).state == "in_doubt"
    resume(world)
    assert len(world.deliveries) == 1
    run("settle", CAMPAIGN, "evanston", PERIOD, answer, "--why", "they say so", "--yes")
    world.run_queue()
    next_week(world)
    assert len(world.deliveries) == emails


def test_an_email_that_is_under_way_in_the_stack_is_asked_about(recovery: Recovery) -> None:
    world = recovery.world
    recovery.keep()
    leave_an_email_under_way(world)
    assert recovery.restored()["in_doubt"] == [f"evanston {PERIOD}"]


@pytest.mark.parametrize(("answer", "sent"), [("--sent", []), ("--not-sent", ["Ada", "Bo", "Cy", "Di", "Ed"])])
def test_a_delivery_that_was_being_made_may_have_been_sent_since(
    recovery: Recovery, answer: str, sent: list[str]
) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo", "Cy", "Di", "Ed")
    world.refusal = "MessageRejected"
    world.week()
    world.refusal = ""
    assert delivery(world).state == "open"
    recovery.keep()
    recovery.lose("DELIVERY#", "SIGNATURE#")
    recovery.lose("SIGNATURE#")
    recovery.restored()
    assert (delivery(world).state, delivery(world).letters) == ("in_doubt", 5)
    resume(world)
    assert world.deliveries == []
    run("settle", CAMPAIGN, "evanston", PERIOD, answer, "--why", "they say so", "--yes")
    world.run_queue()
    next_week(world)
    assert letters_in(world.deliveries) == sent


def test_letters_that_a_delivery_may_have_taken_since_wait_on_hold(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    world.open(delivery_of(EVANSTON, "open", world.clock.now))
    recovery.keep()
    recovery.lose("DELIVERY#", "SIGNATURE#")
    recovery.lose("SIGNATURE#")
    assert recovery.restored()["held"] == 1
    assert place(world, "Ada") == "on hold"


def test_letters_to_a_recipient_on_hold_wait_as_before(recovery: Recovery) -> None:
    world = recovery.world
    run("hold", CAMPAIGN, "evanston", "--why", "they are away")
    confirm(world, "Ada")
    world.week()
    assert delivery(world).state == "held"
    recovery.keep()
    recovery.lose("SIGNATURE#")
    assert recovery.restored()["written"] == 1
    assert place(world, "Ada") == "waiting"


def test_what_an_office_said_comes_back(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    world.press(world.office_path("chief@evanston-police.example") + "/stop")
    recovery.keep()
    recovery.lose("OFFICE#")
    assert recovery.restored()["written"] == 1
    resume(world)
    assert world.deliveries == []


def test_an_event_of_ses_decides_about_an_email_that_was_under_way(recovery: Recovery) -> None:
    world = recovery.world
    leave_an_email_under_way(world)
    recovery.keep()
    event = MailEvent(**asdict(EVANSTON), kind="send", attempt=1, message_id="the-mail", at=world.clock.now)
    Deliveries(world.stack.table).record_event(event)
    recovery.lose(f"DELIVERY#{CAMPAIGN}#evanston PERIOD#")
    assert "in_doubt" not in recovery.restored()
    assert (delivery(world).state, delivery(world).last.message_id) == ("sent", "the-mail")


# Nothing is triggered


def test_neither_the_stream_nor_the_reconciliation_asks_for_emails_of_restored_letters(recovery: Recovery) -> None:
    world = recovery.world
    world.sign(**answers_of("Ada"))
    world.run_stream()
    world.sign(**answers_of("Ada", note="other words"))
    world.run_stream()
    recovery.keep()
    sent, [first, second] = list(world.sent), world.sent
    recovery.lose()
    recovery.restored()
    world.clock.advance(hours=26)
    world.reconcile()
    world.run_waiting_mails()
    assert world.sent == sent
    # The links in its emails work, and who signs again gets an email.
    assert world.press(first.link("confirm")).status == 200
    world.sign(**answers_of("Bo"))
    world.run_stream()
    assert len(world.sent) == len(sent) + 1
    assert second != first


def test_a_postponed_email_goes_once(recovery: Recovery) -> None:
    world = recovery.world
    MailBudgets(world.stack.table).stop()
    world.sign(**answers_of("Ada"))
    world.run_stream()
    recovery.keep()
    recovery.lose("SIGNATURE#")
    recovery.restored()
    assert world.sent == []
    MailBudgets(world.stack.table).start(world.clock.now)
    world.clock.advance(minutes=10)
    world.run_postponed()
    assert [mail.to for mail in world.sent] == ["ada@signers.example"]
    # Had it gone before the row was lost, its claim would say so.
    recovery.lose("SIGNATURE#")
    recovery.restored()
    world.clock.advance(minutes=10)
    world.run_postponed()
    assert len(world.sent) == 1


# Interrupted, and run again


def test_a_restore_that_is_interrupted_anywhere_ends_the_same(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = recovery.world
    confirm(world, "Ada", "Bo")
    world.week()
    confirm(world, "Cy")
    recovery.keep()
    recovery.lose()
    recovery.restore()
    whole = all_rows(world)
    writes: dict[str, Callable[..., Any]] = {"put_new": Table.put_new, "update": Table.update}
    for crash_at in count(1):
        recovery.lose()
        left = iter(range(crash_at))

        def writing(name: str, left: Any = left) -> Callable[..., Any]:
            def write(*arguments: Any, **options: Any) -> Any:
                if next(left, None) is None:
                    raise InterruptedError
                return writes[name](*arguments, **options)

            return write

        with monkeypatch.context() as patch:
            for name in writes:
                patch.setattr(Table, name, writing(name))
            error = CliRunner().invoke(app, ["restore", CAMPAIGN, RECOVERED]).exception
        if not isinstance(error, InterruptedError):
            break
        assert (f"CAMPAIGN#{CAMPAIGN}", "META") not in all_rows(world), "its settings come last"
        recovery.restore()
        assert all_rows(world) == whole
    assert crash_at > len(whole)


# Other tables


def test_a_table_whose_signers_have_other_ids_is_refused(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    recovery.keep()
    recovery.lose()
    secret = world.stack.settings.secret_arn
    client = world.stack.client("secretsmanager")
    client.put_secret_value(SecretId=secret, SecretString="t" * 64)
    with pytest.raises(OtherTableError, match="under another secret"):
        recovery.restore()
    assert all_rows(world) == {}
    client.put_secret_value(SecretId=secret, SecretString=SECRET)
    recovery.restore()


def test_a_rotation_since_makes_no_difference(recovery: Recovery) -> None:
    world = recovery.world
    confirm(world, "Ada")
    recovery.keep()
    recovery.lose()
    world.stack.stack_secret.replace(world.stack.stack_secret.keyring().rotated("new", world.clock.now))
    recovery.restore()
    assert row(world, "Ada")


def test_a_table_without_the_campaign_and_the_stacks_own_are_refused(recovery: Recovery) -> None:
    with pytest.raises(NotFoundError, match=f"the table {RECOVERED} has no campaign '{CAMPAIGN}'"):
        recovery.restore()
    own = recovery.world.stack.settings.table_name
    result = CliRunner().invoke(app, ["restore", CAMPAIGN, own])
    assert result.exit_code == 2
    assert "is the stack's own table" in " ".join(result.output.split())
    assert not Campaigns(recovery.world.stack.table).controls(CAMPAIGN).paused


@pytest.mark.moto
def test_the_commands_of_the_page_recover_a_table_that_can_be_read(world: World) -> None:
    world.confirmed()
    client, table = world.stack.client("dynamodb"), world.stack.settings.table_name
    client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    page = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
    [block] = [one for one in re.findall(r"```\n(.*?)```", page, flags=re.DOTALL) if "point-in-time" in one]
    recover, wait = block.replace("\\\n", " ").replace('"$TABLE"', table).strip().splitlines()
    _, _, operation, *options = shlex.split(recover)
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    shape = client.meta.service_model.operation_model(names[operation]).input_shape
    members = {f"--{xform_name(name, '-')}": name for name in shape.members}
    getattr(client, operation.replace("-", "_"))(
        **{members[option]: value for option, value in zip(options[::2], options[1::2], strict=True)}
    )
    assert shlex.split(wait) == ["aws", "dynamodb", "wait", "table-exists", "--table-name", "recovered"]
    client.get_waiter("table_exists").wait(TableName="recovered")
    recovered = Table(client, "recovered")
    listed = [row for shard in listing_shards(CAMPAIGN) for row in recovered.query(shard, index="listing")]
    [found] = recovered.batch_get(Key(row["pk"], row["sk"]) for row in listed)
    assert found["words"]["email"] == "ada@signers.example"
