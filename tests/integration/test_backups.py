"""Test backup and restore: sent letters stay sent, waiting letters are sent once, and a restore sends no email."""

from __future__ import annotations

import gzip
import io
import json
import re
import shlex
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from pypdf import PdfReader
from typer import BadParameter
from typer.testing import CliRunner

from tests import world as worlds
from tests.faults.invariants import stored_text
from tests.integration.conftest import ON_MOTO
from tests.organizers import Browser, add
from tests.world import CAMPAIGN, ROOT, Sent, World
from undersigned.aws.bus import EventBus
from undersigned.aws.campaigns import RESTORED_FROM, SETTINGS, UNFINISHED_RESTORES
from undersigned.aws.deliveries import Deliveries
from undersigned.aws.dynamodb import Put, Table, Update, from_item
from undersigned.aws.signatures import read_signature
from undersigned.domain.deliveries import Bundle, Delivery, DeliveryKey, MailEvent
from undersigned.domain.screening import place_of
from undersigned.domain.signatures import Signature, signer_id
from undersigned.domain.words import words_id
from undersigned.settings import Settings
from undersigned.wiring import Wiring
from undersigned_cli import campaign_folder
from undersigned_cli.backup.backing_up import BackingUp, MovedOnError
from undersigned_cli.backup.backup_file import (
    BackupFile,
    BackupFileError,
    Header,
    Line,
    OtherSecretError,
    fingerprint_of,
    write,
)
from undersigned_cli.backup.restoring import NotEmptyError, Restoring
from undersigned_cli.campaign_folder import push
from undersigned_cli.commands import options
from undersigned_cli.commands.backups import UndecidedError
from undersigned_cli.local import resources, template
from undersigned_cli.main import app
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from undersigned.aws.dynamodb import Write
    from undersigned.domain.events import Event

PERIOD = "2026-11-24"
EVANSTON = DeliveryKey(CAMPAIGN, "evanston", PERIOD)
SECRET = "s" * 64


@dataclass
class Stacks:
    """An old stack and the empty one that replaces it. Only one exists at a time."""

    monkeypatch: pytest.MonkeyPatch
    file: Path
    here: ExitStack
    is_fast: bool

    def stack(self, *, publishes_events: bool = False, empty: bool = False) -> World:
        """Remove the current stack and make another one."""
        self.here.close()
        made = worlds.world(self.monkeypatch, publishes_events=publishes_events, empty=empty, fast=self.is_fast)
        world = self.here.enter_context(made)
        stack = Stack({"TableName": world.wiring.settings.table_name}, world.wiring._client)

        def wiring(of: Stack) -> Wiring:
            variables = {**world.wiring.settings.variables, "TABLE_NAME": of.outputs["TableName"]}
            return Wiring(Settings(variables), client=of.client, clock=world.clock)

        self.monkeypatch.setattr(Stack, "wiring", wiring)
        self.monkeypatch.setattr(options, "stack_of", lambda **_: stack)
        return world

    def backup(self, *arguments: str) -> str:
        return run("backup", CAMPAIGN, str(self.file), "--force", *arguments)

    def restore(self, *arguments: str) -> str:
        return run("restore", str(self.file), *arguments)

    def items(self) -> list[dict[str, Any]]:
        with gzip.open(self.file, "rt", encoding="utf-8") as lines:
            return [from_item(values["Item"]) for line in lines if "Item" in (values := json.loads(line))]


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    """Yield stacks in memory. A test that is marked with `moto` needs what only moto has."""
    is_fast = not (ON_MOTO or request.node.get_closest_marker("moto"))
    with ExitStack() as here:
        yield Stacks(monkeypatch, tmp_path / "campaign.backup", here, is_fast)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def all_items(world: World) -> dict[tuple[str, str], Any]:
    """Return all items of the table by key."""
    pages = world.wiring._client("dynamodb").get_paginator("scan").paginate(TableName=world.wiring.settings.table_name)
    return {(item["pk"]["S"], item["sk"]["S"]): from_item(item) for page in pages for item in page["Items"]}


def empty_table(world: World, but: Iterable[tuple[str, str]] = ()) -> None:
    client = world.wiring._client("dynamodb")
    for pk, sk in all_items(world).keys() - set(but):
        client.delete_item(TableName=world.wiring.settings.table_name, Key={"pk": {"S": pk}, "sk": {"S": sk}})


def delivery(world: World, key: DeliveryKey = EVANSTON) -> Delivery:
    found = world.wiring.deliveries.delivery(key)
    assert found
    return found


def row(world: World, name: str) -> Signature | None:
    return world.wiring.signatures.signature(CAMPAIGN, signer_id(SECRET, f"{name.lower()}@signers.example"))


def clear(world: World, name: str) -> None:
    signature = row(world, name)
    assert signature
    world.wiring.signatures.clear(signature, world.clock.now)


def named(name: str, **changes: object) -> dict[str, object]:
    return {"name": f"{name} Specimen", "signature": name, "email": f"{name.lower()}@signers.example"} | changes


def letters_in(mails: Iterable[Sent]) -> list[str]:
    """Return the first names of the signers whose letters the emails contain."""
    return sorted(name for mail in mails for name in re.findall(r"^(\w+) Specimen  ", mail.text, re.MULTILINE))


def nonzero_counts(world: World) -> dict[str, int]:
    return {name: count for name, count in world.wiring.counts.counts(CAMPAIGN).items() if count}


def next_week(world: World) -> None:
    world.clock.advance(days=7)
    world.week()
    world.run_stream()


# A whole restore


def test_a_restored_campaign_continues_where_it_was(stacks: Stacks) -> None:
    old = stacks.stack()
    for name in ("Ada", "Bo", "Cy"):
        old.confirmed(**named(name))
    old.confirmed(**named("Di", postal_code="60091", locality="Wilmette"))
    old.week()
    [to_evanston, to_wilmette] = sorted(old.deliveries, key=lambda mail: mail.to)
    for sent in (to_evanston, to_wilmette):
        old.feedback("send", sent)
        old.feedback("delivery", sent)
    old.wiring.erasing().erase(CAMPAIGN, signer_id(SECRET, "cy@signers.example"))
    clear(old, "Bo")
    old.clock.advance(days=1)
    old.confirmed(**named("Ed"))
    old.confirmed(**named("Flo"))
    withdrawn = row(old, "Flo")
    assert withdrawn
    old.wiring.signatures.withdraw(CAMPAIGN, withdrawn.signer, old.clock.now)
    old.sign(**named("Gil"))
    old.run_stream()
    gils_email = old.sent[-1]
    old.sign(**named("Hal"), form="a bot's")
    old.confirmed(**named("Ivy"), form="another bot's")
    run("screen", CAMPAIGN, "--suspicion", "any", "--action", "hold", "--why", "a program", "--yes")
    run("pause", CAMPAIGN, "--why", "we move")
    stacks.backup()
    counted, deliveries = nonzero_counts(old), delivery(old)
    events, moment = old.wiring.deliveries.mail_events(EVANSTON), old.clock.now

    new = stacks.stack(empty=True)
    new.clock.now = moment + timedelta(hours=1)
    output = stacks.restore()
    assert "undersigned resume" in output
    assert "was not paused" not in output
    new.run_stream()
    assert new.sent == []
    assert nonzero_counts(new) == counted
    run("counts", CAMPAIGN, "--recount")
    assert new.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"] == counted["TOTAL"]
    assert delivery(new) == deliveries
    assert new.wiring.deliveries.mail_events(EVANSTON) == events
    assert {entry.action for entry in new.wiring.campaigns.audit(CAMPAIGN)} == {
        "hold letters", "pause", "backup", "restore",
    }  # fmt: skip
    names = ("Ada", "Bo", "Cy", "Flo", "Gil", "Hal", "Ivy")
    assert [(found := row(new, name)) and (place_of(found) or found.status) for name in names] == [
        "in a delivery", "in a delivery", "erased", "withdrawn", "pending", "quarantined", "on hold",
    ]  # fmt: skip

    next_week(new)
    assert new.sent == []
    run("resume", CAMPAIGN)
    assert new.press(gils_email.link("confirm")).status == 200
    next_week(new)
    next_week(new)
    assert [mail.to for mail in new.deliveries] == ["chief@evanston-police.example"]
    assert letters_in(new.deliveries) == ["Ed", "Gil"]
    assert letters_in([to_evanston, to_wilmette]) == ["Ada", "Bo", "Cy", "Di"]


def test_a_restore_remembers_an_erasure_although_a_later_letter_has_expired(stacks: Stacks) -> None:
    old = stacks.stack()
    old.sign(**named("Ada"))
    old.wiring.erasing().erase(CAMPAIGN, signer_id(SECRET, "ada@signers.example"))
    old.sign(**named("Ada"))
    old.sign(**named("Bo"))
    stacks.backup()
    moment = old.clock.now
    new = stacks.stack(empty=True)
    new.clock.now = moment + timedelta(days=15)
    stacks.restore()
    new.reconcile()
    adas = row(new, "Ada")
    assert adas
    assert (adas.status, adas.name, row(new, "Bo")) == ("erased", "", None)


def test_signing_again_after_a_restore_sends_an_email(stacks: Stacks) -> None:
    old = stacks.stack()
    old.sign()
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    new.run_stream()
    assert new.sent == []
    new.sign(note="other words")
    new.run_stream()
    assert [mail.tags["kind"] for mail in new.sent] == ["confirmation"]


def test_a_restore_brings_back_the_draft_as_it_was(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undersigned.aws.drafts.PART_BYTES", 1_000)
    old = stacks.stack()
    drafting = old.wiring.drafting()
    first = drafting.write(CAMPAIGN, 0, {}, "ann", {"goal": 77})
    draft = drafting.write(CAMPAIGN, first.revision, {}, "ben", {"goal": 78})
    stacks.backup()

    new = stacks.stack(empty=True)
    stacks.restore()

    assert new.wiring.drafting().draft(CAMPAIGN) == draft
    assert not new.wiring.drafting().effects(draft).is_outdated
    assert len(list(new.wiring.table.query(f"DRAFT#{CAMPAIGN}"))) > 2


def test_a_restore_sends_no_postponed_email(stacks: Stacks) -> None:
    old = stacks.stack()
    old.wiring.mail_budgets.stop()
    old.sign()
    old.run_stream()
    assert old.wiring.signatures.how_many_postponed(CAMPAIGN, "clean", 10) == 1
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    new.clock.advance(minutes=10)
    new.run_postponed()
    assert new.sent == []
    assert new.wiring.signatures.how_many_postponed(CAMPAIGN, "clean", 10) == 0


def test_a_restore_publishes_no_events(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    old = stacks.stack()
    old.confirmed()
    old.week()
    old.clock.advance(days=1)
    old.confirmed(**named("Bo"))
    stacks.backup()
    new = stacks.stack(publishes_events=True, empty=True)
    published: list[str] = []

    def record(_bus: EventBus, events: Sequence[Event]) -> frozenset[str]:
        published.extend(event.kind for event in events)
        return frozenset()

    monkeypatch.setattr(EventBus, "put", record)
    stacks.restore()
    new.run_stream()
    assert published == []
    run("resume", CAMPAIGN)
    next_week(new)
    assert published == ["undersigned.delivery.open", "undersigned.delivery.sending", "undersigned.delivery.sent"]


def kinds_of(world: World) -> set[str]:
    """Return the kinds of rows, by the first words of their keys."""
    return {f"{pk.partition('#')[0]} {re.split('[^A-Z_]', sk)[0]}" for pk, sk in all_items(world)}


def test_people_and_drafts_are_restored_and_neither_keys_nor_sessions_nor_what_counts_emails(stacks: Stacks) -> None:
    old = stacks.stack()
    add(old, "maria@enddemand.example", "editor")
    maria = Browser(old)
    maria.sign_in("maria@enddemand.example")
    maria.press("/workshop/test-email")
    old.wiring.keys_of_campaign().make(CAMPAIGN, "own", "a script", None, "ann")
    old.wiring.drafting().write(CAMPAIGN, 0, {}, "ann", {"goal": 77})
    stacks.backup()
    had = kinds_of(old)
    new = stacks.stack(empty=True)
    stacks.restore()
    assert had - kinds_of(new) == {
        "KEY ", "RATE META", "SESSION ", "SIGN_IN META", "SIGN_INS INVITATIONS", "SIGN_INS MAILS", "SIGN_INS TESTS",
    }  # fmt: skip
    assert {"DRAFT HEAD", "DRAFT PART", "PEOPLE ", "PERSON ", "AUDIT "} < kinds_of(new)
    # Nobody is invited again.
    new.run_people_mails()
    assert new.sent == []
    browser = Browser(new)
    browser.sign_in("maria@enddemand.example")
    assert browser.see("/signatures").status == 200
    assert browser.see("/people").status == 403


def test_a_restored_campaign_is_paused_even_if_it_was_not(stacks: Stacks) -> None:
    old = stacks.stack()
    run("pause", CAMPAIGN)
    run("resume", CAMPAIGN)
    old.wiring.campaigns.approve(CAMPAIGN, PERIOD, old.clock())
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    controls = new.wiring.campaigns.controls(CAMPAIGN)
    assert controls.paused
    assert controls.approved == {PERIOD}
    assert controls.looked == {PERIOD: old.clock()}


def test_a_letter_not_confirmed_in_time_is_not_restored(stacks: Stacks) -> None:
    old = stacks.stack()
    old.sign()
    stacks.backup()
    new = stacks.stack(empty=True)
    new.clock.advance(days=15)
    assert "1 letter expired." in stacks.restore()
    assert row(new, "Ada") is None


def test_a_backup_has_no_keys_and_no_secret_and_only_its_owner_can_read_it(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    run("key", "create", CAMPAIGN)
    output = stacks.backup()
    assert stacks.file.stat().st_mode & 0o777 == 0o600
    assert "names, addresses" in output
    assert not [item for item in stacks.items() if item["pk"].startswith(("KEY#", "COUNT#", "RATE#", "FORM#"))]
    assert SECRET.encode() not in gzip.decompress(stacks.file.read_bytes())
    assert "ada@signers.example" in {item.get("email") for item in stacks.items()}
    assert {entry.action for entry in old.wiring.campaigns.audit(CAMPAIGN)} == {"create key", "backup"}


def test_a_restore_sends_no_second_report(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    old.week()
    old.clock.advance(days=1)
    old.report()
    assert old.sent[-1].tags["kind"] == "report"
    stacks.backup()
    new = stacks.stack(empty=True)
    new.clock.advance(days=1)
    stacks.restore()
    new.report()
    assert new.sent == []


def test_backup_and_restore_print_json_for_programs(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    [written] = json.loads(stacks.backup("--json"))
    assert (written["letters"], written["deliveries"], written["items"]) == (1, 0, len(stacks.items()))
    stacks.stack(empty=True)
    [restored] = json.loads(stacks.restore("--json"))
    assert restored["id"] == written["id"]
    # The controls are written first and the settings last; neither is counted.
    assert (restored["put"], restored["there"], restored["expired"]) == (written["items"] - 2, 0, 0)


@pytest.mark.moto
def test_a_recovered_table_can_be_read_in_place_of_the_stacks(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    client = old.wiring._client("dynamodb")
    definition = resources.table_definition() | {"TableName": "recovered"}
    client.create_table(**definition)
    for item in client.scan(TableName=old.wiring.settings.table_name)["Items"]:
        client.put_item(TableName="recovered", Item=item)
    empty_table(old)
    stacks.backup("--table", "recovered")
    assert "ada@signers.example" in {item.get("email") for item in stacks.items()}


@pytest.mark.moto
def test_the_commands_of_the_page_recover_a_table_that_can_be_read(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    client, table = old.wiring._client("dynamodb"), old.wiring.settings.table_name
    client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    page = (template.ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
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
    empty_table(old)

    stacks.backup("--table", "recovered")
    assert "ada@signers.example" in {item.get("email") for item in stacks.items()}


# Deliveries that were not done


def test_sealed_letters_that_were_not_sent_are_sent_once_in_new_packets(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stacks.stack()
    for name in ("Ada", "Bo", "Cy", "Di", "Ed"):
        old.confirmed(**named(name))
    old.refusal = "MessageRejected"
    old.week()
    assert (delivery(old).state, len(old.wiring.deliveries.packets(EVANSTON))) == ("open", 1)
    said = stacks.backup()
    assert "1 delivery is not finished" in said
    assert "and make another backup when none is `sending`" in said, "while it is paused, an open one never finishes"
    new = stacks.stack(empty=True)
    assert "was not paused" in stacks.restore()
    assert [packet.stored_at for packet in new.wiring.deliveries.packets(EVANSTON)] == [None]
    run("resume", CAMPAIGN)
    next_week(new)
    next_week(new)
    assert letters_in(new.deliveries) == ["Ada", "Bo", "Cy", "Di", "Ed"]
    [pdf] = new.deliveries[0].pdfs
    assert len(PdfReader(io.BytesIO(pdf)).pages) > len(letters_in(new.deliveries))


def leave_an_email_under_way(old: World) -> None:
    """Leave the stack as after a crash between SES accepting an email and the write of that."""
    old.confirmed()
    old.week()
    under_way = replace(delivery(old), state="sending", reported=None, message_id=None, sent_at=None)
    old.wiring.deliveries.change(under_way, state="sent", attempt=1)


def test_a_copied_packet_of_a_moved_campaign_goes_with_an_erased_letter(stacks: Stacks) -> None:
    """Moving copies all files. A delivery that bounced is sent again, in packets with other names."""
    old = stacks.stack()
    for name in ("Ada", "Bo"):
        old.confirmed(**named(name))
    old.week()
    old.feedback("bounce", old.deliveries[0])
    stacks.backup()
    [packet] = old.wiring.deliveries.packets(EVANSTON)
    copied, moment = old.wiring.bucket.get(packet.name), old.clock.now
    new = stacks.stack(empty=True)
    new.clock.now = moment + timedelta(hours=1)
    stacks.restore()
    new.wiring.bucket.put(packet.name, copied)
    run("resume", CAMPAIGN)
    new.wiring.erasing().erase(CAMPAIGN, signer_id(SECRET, "ada@signers.example"))
    new.wiring.delivery_controls().retry(EVANSTON, "cli", "corrected")
    new.run_queue()
    assert letters_in(new.deliveries) == ["Bo"]
    assert "Ada" not in stored_text(new)


def test_a_copied_packet_that_the_old_stack_had_deleted_is_deleted_again(stacks: Stacks) -> None:
    """Somebody copied the files before a letter was erased, and moved the campaign after it."""
    old = stacks.stack()
    for name in ("Ada", "Bo"):
        old.confirmed(**named(name))
    old.week()
    old.feedback("delivery", old.deliveries[0])
    [packet] = old.wiring.deliveries.packets(EVANSTON)
    copied = old.wiring.bucket.get(packet.name)
    old.wiring.erasing().erase(CAMPAIGN, signer_id(SECRET, "ada@signers.example"))
    old.run_queue()
    old.clock.advance(hours=2)
    old.reconcile()
    assert delivery(old).swept == 1
    stacks.backup()
    new = stacks.stack(empty=True)
    new.clock.now = old.clock.now
    stacks.restore()
    new.wiring.bucket.put(packet.name, copied)
    assert "Ada" in stored_text(new)
    new.reconcile()
    assert "Ada" not in stored_text(new)


def test_a_restore_writes_nothing_before_it_knows_if_an_email_was_sent(stacks: Stacks) -> None:
    leave_an_email_under_way(stacks.stack())
    stacks.backup()
    new = stacks.stack(empty=True)
    with pytest.raises(UndecidedError, match=r"evanston/2026-11-24.*--sent evanston/2026-11-24.*--unsent"):
        stacks.restore()
    with pytest.raises(UndecidedError, match="may have been sent"):
        stacks.restore("--sent", f"evanston/{PERIOD}", "--unsent", f"evanston/{PERIOD}")
    assert all_items(new) == {}


def test_an_answer_about_an_email_that_was_not_under_way_is_refused(stacks: Stacks) -> None:
    stacks.stack()
    stacks.backup()
    stacks.stack(empty=True)
    result = CliRunner().invoke(app, ["restore", str(stacks.file), "--sent", "evanston/2026-11-24"])
    assert result.exit_code == BadParameter.exit_code
    assert "is not in question" in result.output


def test_an_email_that_was_sent_is_not_sent_again(stacks: Stacks) -> None:
    leave_an_email_under_way(stacks.stack())
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore("--sent", f"evanston/{PERIOD}")
    assert delivery(new).state == "sent"
    new.clock.advance(days=30)
    assert delivery(new).question(new.clock.now) is None
    assert len(new.wiring.deliveries.packets(EVANSTON)) == 1
    run("resume", CAMPAIGN)
    next_week(new)
    assert new.sent == []


def test_an_email_that_was_not_sent_is_sent_once(stacks: Stacks) -> None:
    leave_an_email_under_way(stacks.stack())
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore("--unsent", f"evanston/{PERIOD}")
    run("resume", CAMPAIGN)
    next_week(new)
    next_week(new)
    assert letters_in(new.deliveries) == ["Ada"]
    assert delivery(new).attempt == 2


@pytest.mark.parametrize(("option", "state", "emails"), [("--sent", "sent", 0), ("--unsent", "open", 1)])
def test_an_email_in_doubt_is_decided_when_it_is_restored(stacks: Stacks, option: str, state: str, emails: int) -> None:
    old = stacks.stack()
    leave_an_email_under_way(old)
    old.clock.advance(hours=2)
    old.week()
    assert delivery(old).state == "in_doubt"
    stacks.backup()
    new = stacks.stack(empty=True)
    with pytest.raises(UndecidedError):
        stacks.restore()
    stacks.restore(option, f"evanston/{PERIOD}")
    assert delivery(new).state == state
    run("resume", CAMPAIGN)
    next_week(new)
    next_week(new)
    assert len(new.deliveries) == emails


def test_a_complaint_is_restored(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    old.week()
    old.feedback("complaint", old.deliveries[0])
    old.confirmed(**named("Bo"))
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    run("resume", CAMPAIGN)
    next_week(new)
    assert new.deliveries == []
    run("release", CAMPAIGN, "evanston")
    next_week(new)
    assert len(new.deliveries) == 1


def test_an_event_of_ses_settles_an_email_under_way(stacks: Stacks) -> None:
    old = stacks.stack()
    leave_an_email_under_way(old)
    old.wiring.deliveries.record_event(MailEvent("send", EVANSTON, 1, "the-mail", old.clock.now))
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    assert (delivery(new).state, delivery(new).message_id) == ("sent", "the-mail")


# A restore that is cut off, and a stack that is not empty


@pytest.mark.moto
@pytest.mark.slow
def test_a_restore_interrupted_anywhere_can_be_run_again(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    old = stacks.stack()
    put_confirmed(old, "ada")
    run_a_delivery(old, EVANSTON, (put_confirmed(old, "bo"), put_confirmed(old, "cy")), steps=4)
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    whole = all_items(new)
    client = new.wiring.table._client
    puts = len(whole) - len(["the counter, which is updated"])
    for crash_at in (*range(1, puts, 4), puts - 2, puts - 1, puts):
        empty_table(new)
        done = 0

        def crash(crash_at: int = crash_at, **_: object) -> None:
            nonlocal done
            done += 1
            if done >= crash_at:
                raise InterruptedError

        client.meta.events.register("before-call.dynamodb.PutItem", crash)
        try:
            with pytest.raises(InterruptedError):
                stacks.restore()
        finally:
            client.meta.events.unregister("before-call.dynamodb.PutItem", crash)
        part = all_items(new)
        assert len(part) < len(whole)
        assert (f"CAMPAIGN#{CAMPAIGN}", SETTINGS) not in part
        stacks.restore()
        assert all_items(new) == whole


def cut_off(world: World) -> None:
    """Make a restore look as if it ended before the settings, which are written last."""
    client, table = world.wiring._client("dynamodb"), world.wiring.settings.table_name
    client.delete_item(TableName=table, Key={"pk": {"S": f"CAMPAIGN#{CAMPAIGN}"}, "sk": {"S": SETTINGS}})
    client.update_item(
        TableName=table,
        Key={"pk": {"S": f"CAMPAIGN#{CAMPAIGN}"}, "sk": {"S": RESTORED_FROM}},
        UpdateExpression="SET listed = :all, listed_at = :campaign REMOVE finished_at",
        ExpressionAttributeValues={":all": {"S": UNFINISHED_RESTORES}, ":campaign": {"S": CAMPAIGN}},
    )


def test_a_campaign_pushed_over_half_a_restore_is_paused_and_the_restore_continues(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    cut_off(new)
    found = row(new, "Ada")
    assert found
    client, table = new.wiring._client("dynamodb"), new.wiring.settings.table_name
    client.delete_item(TableName=table, Key={"pk": {"S": f"SIGNATURE#{CAMPAIGN}#{found.signer}"}, "sk": {"S": "1"}})
    push(campaign_folder.read(ROOT / "campaigns" / CAMPAIGN), new.wiring.campaigns)
    assert new.wiring.campaigns.controls(CAMPAIGN).paused
    stacks.restore()
    assert row(new, "Ada") == found


def test_a_backup_replaces_no_file_unless_it_is_told_to(stacks: Stacks) -> None:
    stacks.stack()
    stacks.file.write_text("the backup of another campaign")
    result = CliRunner().invoke(app, ["backup", CAMPAIGN, str(stacks.file)])
    assert result.exit_code == 1
    assert "is there already; name another file, or replace it with --force" in str(result.exception)
    assert stacks.file.read_text() == "the backup of another campaign"
    stacks.backup()
    assert stacks.items()


def test_a_restore_that_was_interrupted_is_reported_until_it_is_finished(
    stacks: Stacks, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)

    def interrupted(_: object) -> None:
        raise InterruptedError

    def reported() -> list[tuple[str, str]]:
        caplog.clear()
        new.begin_reconciling()
        errors = [record for record in caplog.records if record.levelname == "ERROR"]
        return [(error.getMessage(), vars(error)["campaign"]) for error in errors]

    with monkeypatch.context() as patch:
        patch.setattr(Restoring, "_audited", interrupted)
        with pytest.raises(InterruptedError):
            stacks.restore()
    assert reported() == []
    new.clock.advance(hours=25)
    assert reported() == [("a restore was not finished", CAMPAIGN)]
    stacks.restore()
    assert reported() == []


def test_a_signers_change_between_two_tries_is_kept(stacks: Stacks) -> None:
    old = stacks.stack()
    mail = old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    cut_off(new)
    assert new.get(f"/campaigns/{CAMPAIGN}").status == 404
    found = row(new, "Ada")
    assert found
    new.wiring.signatures.withdraw(CAMPAIGN, found.signer, new.clock.now)
    stacks.restore()
    assert new.get(mail.link("confirm")).status == 200
    assert new.wiring.signatures.signatures(CAMPAIGN, [found.signer])[0].status == "withdrawn"


def test_repeating_a_finished_restore_changes_nothing(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    run("resume", CAMPAIGN)
    before = all_items(new)
    assert "already; nothing was written" in stacks.restore()
    assert all_items(new) == before


def test_an_existing_campaign_is_not_overwritten(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    before = all_items(old)
    with pytest.raises(NotEmptyError, match="people may have signed"):
        stacks.restore()
    assert all_items(old) == before


def test_two_backups_are_not_mixed(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    earlier = stacks.file.rename(stacks.file.with_suffix(".earlier"))
    stacks.backup()
    new = stacks.stack(empty=True)
    run("restore", str(earlier))
    with pytest.raises(NotEmptyError, match="people may have signed"):
        stacks.restore()
    cut_off(new)
    with pytest.raises(NotEmptyError, match="another backup"):
        stacks.restore()
    marked = {"pk": {"S": f"CAMPAIGN#{CAMPAIGN}"}, "sk": {"S": RESTORED_FROM}}
    new.wiring._client("dynamodb").delete_item(TableName=new.wiring.settings.table_name, Key=marked)
    with pytest.raises(NotEmptyError, match="people may have signed"):
        stacks.restore()


def test_a_restored_campaign_can_be_backed_up_and_restored_again(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    stacks.restore()
    new.run_stream()
    stacks.backup()
    third = stacks.stack(empty=True)
    stacks.restore()
    third.run_stream()
    assert third.sent == []
    assert third.wiring.counts.counts(CAMPAIGN)["TOTAL"] == 1


# Files that are not whole, not ours or not as they were


@pytest.mark.moto
def test_a_stack_with_another_secret_refuses_a_backup_and_says_how_to_fix_it(stacks: Stacks) -> None:
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    secret = new.wiring.settings.secret_arn
    new.wiring._client("secretsmanager").put_secret_value(SecretId=secret, SecretString="t" * 64)
    with pytest.raises(OtherSecretError, match=r"put-secret-value --secret-id arn:\S+ --secret-string"):
        stacks.restore()
    assert all_items(new) == {}
    new.wiring._client("secretsmanager").put_secret_value(SecretId=secret, SecretString=SECRET)
    stacks.restore()


def test_a_backup_from_before_a_rotation_can_be_restored_after_it(stacks: Stacks) -> None:
    """The file is bound to the key of signers' ids, which a rotation keeps."""
    old = stacks.stack()
    old.confirmed()
    stacks.backup()
    new = stacks.stack(empty=True)
    new.wiring.stack_secret.replace(new.wiring.stack_secret.keyring().rotated("new", new.clock.now))
    stacks.restore()
    assert new.wiring.signatures.signature(CAMPAIGN, signer_id(SECRET, "ada@signers.example")) is not None


ROW = {"pk": "SIGNATURE#x#y", "sk": "1"}
HEADER = Header("an-id", CAMPAIGN, datetime(2026, 11, 24, tzinfo=UTC), paused=True)


def packed(path: Path, change: Callable[[list[bytes]], list[bytes]] = lambda lines: lines) -> BackupFile:
    """Write a backup of three items, with its lines changed."""
    out = io.BytesIO()
    write(out, HEADER, [Line(ROW), Line(ROW), Line(ROW, again=True)], SECRET)
    lines = gzip.decompress(out.getvalue()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(lines))))
    return BackupFile(path, SECRET)


def test_a_complete_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = packed(tmp_path / "x")
    assert file.check() == 3
    assert file.header == HEADER
    assert list(file.lines()) == [Line(ROW), Line(ROW), Line(ROW, again=True)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda lines: lines[:-1], "is incomplete"),
        (lambda lines: lines[:1], "is incomplete"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "is incomplete"),
        (lambda lines: [lines[0], *lines[2:]], "changed or damaged"),
        (lambda lines: [lines[0], lines[2], lines[1].replace(b"x", b"z"), *lines[3:]], "changed or damaged"),
        (lambda lines: [lines[0].replace(CAMPAIGN.encode(), b"theirs"), *lines[1:]], "changed or damaged"),
        (lambda lines: [lines[0].replace(b'"paused":true', b'"paused":false'), *lines[1:]], "changed or damaged"),
        (lambda lines: [lines[0].replace(b'"made_at"', b'"made"'), *lines[1:]], "changed or damaged"),
        (lambda lines: [lines[0].replace(b"2026-11", b"yesterday"), *lines[1:]], "changed or damaged"),
        (lambda lines: [*lines, lines[1]], "is incomplete"),
        (lambda lines: [*lines[:-1], b'{"End":3}\n'], "changed or damaged"),
        (lambda lines: [*lines[:-1], b'{"End":"\xff\n'], "line 5 can't be read"),
        (lambda lines: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]], "format 2.*reads 1"),
        (lambda lines: [lines[0].replace(fingerprint_of(SECRET).encode(), b"0" * 16), *lines[1:]], "another secret"),
        (lambda lines: lines[1:], "is not an Undersigned backup"),
        (lambda _lines: [], "is not an Undersigned backup"),
        (lambda _lines: [b"[" * 100_000 + b"\n"], "is not an Undersigned backup"),
        (lambda _lines: [b"name,email\n", b"Ada,ada@signers.example\n"], "is not an Undersigned backup"),
        (lambda lines: [*lines[:-1], b" " * 5_000_000 + lines[-1]], "is incomplete"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, change: Any, problem: str) -> None:
    with pytest.raises(BackupFileError, match=problem):
        packed(tmp_path / "x", change).check()


def test_a_partly_copied_file_is_refused_at_any_length(tmp_path: Path) -> None:
    file = packed(tmp_path / "x")
    content = file.path.read_bytes()
    for length in range(len(content)):
        file.path.write_bytes(content[:length])
        with pytest.raises(BackupFileError, match=r"is incomplete|is not an Undersigned backup"):
            BackupFile(file.path, SECRET).check()


@pytest.mark.parametrize("content", [b"name,email\n", b"\x1f\x8b\x08\x00" + b"\xff" * 40])
def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(BackupFileError, match="is not an Undersigned backup"):
        BackupFile(tmp_path / "x", SECRET).check()


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackupFileError, match="can't be read: No such file"):
        BackupFile(tmp_path / "x", SECRET).check()


def test_a_failed_backup_leaves_no_file(stacks: Stacks, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks.stack()

    def fail(_self: object) -> Iterator[Line]:
        yield Line(ROW)
        raise MovedOnError

    monkeypatch.setattr(BackingUp, "lines", fail)
    with pytest.raises(MovedOnError):
        stacks.backup()
    assert list(stacks.file.parent.iterdir()) == []


# A campaign that changes while it is read


def put_confirmed(world: World, name: str) -> str:
    """Put a confirmed letter into Evanston's tray without the form."""
    now = world.clock.now
    signer = signer_id(SECRET, f"{name}@signers.example")
    letter = world.wiring.catalog.entry(CAMPAIGN).campaign.letter
    pending = Signature(
        CAMPAIGN, signer, "pending", 1, name, f"{name}@signers.example", "1 Sample Street", "Evanston", "IL", "60201",
        "evanston", name, "", updates=False, letter=letter, signed_at=now, signed_on=now.date(),
        mail_request="692c0000-00000000", expires_at=now + timedelta(days=14),
    )  # fmt: skip
    world.wiring.signatures.sign(pending, None)
    world.wiring.signatures.confirm(CAMPAIGN, signer, words_id(now), at=now, on=now.date())
    return signer


def run_a_delivery(world: World, key: DeliveryKey, signers: tuple[str, ...], steps: int) -> None:
    """Open, seal, close and send a delivery, or do only the first `steps` of these."""
    deliveries, now = world.wiring.deliveries, world.clock.now
    opened = Delivery(key, "open", now)
    sent = replace(opened, state="sent", letters=len(signers))
    actions: tuple[Callable[[], None], ...] = (
        lambda: deliveries.open(opened, ()),
        lambda: seal(world, key, Bundle(1, signers)),
        lambda: deliveries.seal(key, Bundle(2, ()), now),
        lambda: deliveries.change(sent, state="open", attempt=0),
    )
    for action in actions[:steps]:
        action()


def seal(world: World, key: DeliveryKey, bundle: Bundle) -> None:
    """Seal letters with single writes. Nothing reads in between, and transactions are slow in moto."""
    Deliveries(WriteByWrite(world.wiring._client("dynamodb"), world.wiring.settings.table_name)).seal(
        key, bundle, world.clock.now
    )


class WriteByWrite(Table):
    """A table that does the writes of a transaction one by one."""

    def transact(self, writes: Sequence[Write], *, wait_for_others: bool = False) -> None:
        for one in writes:
            match one:
                case Put():
                    self.put(one.values, one.when)
                case Update():
                    self.update(one)


def breaches(lines: list[Line]) -> list[str]:
    """Describe the letters that a restore of these lines would lose or send twice."""
    items = {(line.values["pk"], line.values["sk"]): line.values for line in lines}
    again = {line.values["pk"]: line.values for line in lines if line.again}
    rows = [
        read_signature(again.get(pk) or line.values)
        for line in lines
        if not line.again and (pk := line.values["pk"]).startswith("SIGNATURE#")
    ]
    partition = f"DELIVERY#{CAMPAIGN}#evanston"
    sealed = {
        signer: (item["sk"].split("#")[1], item["sk"].removeprefix("BUNDLE#"))
        for (pk, _), item in items.items()
        if pk == partition and item["sk"].startswith("BUNDLE#")
        for signer in item["signers"]
    }
    found = []
    for signature in rows:
        period, bundle = sealed.get(signature.signer, (None, None))
        if signature.bundle != bundle:
            found.append(f"{signature.name}: {signature.bundle} on the row, {bundle} in the log")
        if period and (partition, f"PERIOD#{period}") not in items:
            found.append(f"{signature.name}: sealed in a missing delivery")
    in_period = Counter(period for period, _ in sealed.values())
    found += [
        f"{sk}: sent with {item['letters']} letters, but the log has {in_period[sk.removeprefix('PERIOD#')]}"
        for (pk, sk), item in items.items()
        if pk == partition and sk.startswith("PERIOD#") and item["letters"] > in_period[sk.removeprefix("PERIOD#")]
    ]
    missing = sealed.keys() - {signature.signer for signature in rows}
    return [*found, *(f"{signer}: sealed, but without a row" for signer in missing)]


@pytest.mark.moto
@pytest.mark.slow
@pytest.mark.parametrize("steps", [2, 4])
def test_a_delivery_at_any_moment_of_a_backup_loses_or_doubles_no_letter(
    stacks: Stacks, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr("undersigned.aws.signatures.LISTING_SHARDS", 2)
    world = stacks.stack()
    client = world.wiring.table._client
    kept = {place for place in all_items(world) if not place[1].startswith("TARGET#")}
    empty_table(world, but=kept | {(f"CAMPAIGN#{CAMPAIGN}", "TARGET#evanston")})
    calls, moved_on, moment = 0, 0, 0
    before = all_items(world)
    period = date(2026, 1, 1)
    while calls >= moment:
        moment += 1
        calls = 0
        period += timedelta(days=1)
        key = replace(EVANSTON, period=period.isoformat())
        signers = tuple(put_confirmed(world, f"n{moment}x{number}") for number in range(2))
        busy = False

        def meanwhile(
            key: DeliveryKey = key, signers: tuple[str, ...] = signers, at: int = moment, **_: object
        ) -> None:
            nonlocal calls, busy
            if busy:
                return
            calls += 1
            if calls == at:
                busy = True
                run_a_delivery(world, key, signers, steps)
                busy = False

        for operation in ("Query", "BatchGetItem"):
            client.meta.events.register(f"before-call.dynamodb.{operation}", meanwhile)
        try:
            lines = list(BackingUp(world.wiring.table, CAMPAIGN).lines())
        except MovedOnError:
            moved_on += 1
        else:
            assert breaches(lines) == [], f"sealed before call {moment}"
        finally:
            for operation in ("Query", "BatchGetItem"):
                client.meta.events.unregister(f"before-call.dynamodb.{operation}", meanwhile)
            empty_table(world, but=before)
    assert moment > 12
    assert moved_on <= 3
