"""Test the commands with which organizers see and control their campaign, on a stack in memory."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.support.world import CAMPAIGN, PERIOD, ROOT, World
from undersigned.base.errors import NotFoundError, NotNowError, UndersignedError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.organizing.listing import newest_letters
from undersigned.organizing.rules.exports import COLUMNS
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import digest_of
from undersigned.signing.rows.signatures import Signatures
from undersigned_cli import main
from undersigned_cli.commands import output
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


HOSTILE = "[red]Bo[/red] [link=evil.example]=1+1"
SIGNER = "0" * 32


@pytest.fixture
def listed(run: Any) -> Any:
    """Return a function that runs a command and returns its JSON."""
    return lambda *arguments: json.loads(run(*arguments, "--json"))


def only_signature(world: World) -> Any:
    [row] = filter(None, (row for _, row in newest_letters(world.stack, CAMPAIGN)))
    return row


# Counts


def test_counts_by_day_and_target(run: Any, world: World) -> None:
    world.confirmed()
    for by, name in (("day", PERIOD), ("target", "evanston")):
        found = json.loads(run("counts", CAMPAIGN, "--by", by, "--json"))
        assert found == {"counts": [{by: name, "signatures": 1}], "total": {"signatures": 1}, "wrong_addresses": 0}


PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


def names_in(found: Any) -> set[str]:
    """Return the names of all objects in a command's JSON."""
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return set(found if isinstance(found, dict) else ()).union(*map(names_in, inner))


@pytest.mark.parametrize(
    "command",
    ["counts", "deliveries", "deliveries --events", "audit", "key list", "screen"],
)
def test_the_page_has_every_name_in_the_json(listed: Any, run: Any, world: World, command: str) -> None:
    world.confirmed()
    world.sign(email="di@signers.example", topic="pills")
    world.run_stream()
    world.week()
    world.feedback("delivery", world.deliveries[0])
    run("pause", CAMPAIGN)
    run("key", "create", CAMPAIGN, "--label", "a test")
    [said] = re.findall(rf"^\| `{command}` \| (.*) \|$", PAGE, re.MULTILINE)
    first, _, options = command.partition(" --")
    found = listed(*first.split(), CAMPAIGN, *(f"--{options}".split() if options else ()))

    assert found
    assert names_in(found) - set(re.findall("`([^`]+)`", said)) == set()
    assert isinstance(found, dict if first == "counts" else list)


# Signatures


def test_signatures_are_listed_newest_first_and_filtered(listed: Any, world: World) -> None:
    world.confirmed()
    for name, more in (("bo", {"postal_code": "60091"}), ("cy", {}), ("di", {"topic": "pills"})):
        world.clock.advance(seconds=1)
        world.sign(email=f"{name}@signers.example", **more)

    def emails(*options: str) -> list[str]:
        return [row["email_address"].partition("@")[0] for row in listed("signatures", CAMPAIGN, *options)]

    assert emails() == ["di", "cy", "bo", "ada"]
    assert emails("--target", "wilmette") == ["bo"]
    assert emails("--status", "confirmed") == ["ada"]
    assert emails("--status", "quarantined") == ["di"]
    assert emails("--suspicion", "trap") == emails("--suspicion", "any") == ["di"]
    assert emails("--suspicion", "no form") == []
    assert emails("--limit", "2") == ["di", "cy"]
    assert emails("--email", "CY@signers.example") == ["cy"]
    assert emails("--email", "nobody@signers.example") == []


def test_the_json_of_a_signature_has_the_columns_of_an_export(listed: Any, world: World) -> None:
    world.confirmed(note="", updates="on")
    [row] = listed("signatures", CAMPAIGN)
    assert list(row) == ["signer", *COLUMNS]
    assert (row["updates"], row["has_drawing"], row["comments"], row["withdrawn_at"]) == (True, False, None, None)
    assert row["identifiers"] == f"undersigned:{row['signer']}"


def test_a_hostile_name_is_shown_as_it_was_typed(run: Any, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.console, "width", 400)
    world.sign(name=HOSTILE)
    assert HOSTILE in run("signatures", CAMPAIGN)


def test_no_word_is_broken_in_a_terminal_of_eighty_columns(
    run: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.console, "width", 80)
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    lines = run("deliveries", CAMPAIGN).splitlines()

    [delivery] = Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")
    assert delivery.email
    assert delivery.last.sent_at
    for words in ("evanston", PERIOD, "bounced", delivery.email, output.moment(delivery.last.sent_at)):
        assert any(words in line for line in lines), words


def test_a_letters_id_is_never_cut_off(run: Any, world: World) -> None:
    world.sign(name="A name that is as long as names can be " * 2, email=f"{'a' * 60}@signers.example")
    assert only_signature(world).signer in run("signatures", CAMPAIGN)


def test_a_misspelled_status_is_a_usage_error(invoke: Any) -> None:
    assert invoke("signatures", CAMPAIGN, "--status", "unsure").exit_code == 2


def test_an_unknown_target_is_answered_with_the_known_ones(invoke: Any) -> None:
    for arguments in (
        ("signatures", CAMPAIGN, "--target", "atlantis"),
        ("export", CAMPAIGN, "--target", "atlantis", "-o", "-"),
        ("deliveries", CAMPAIGN, "--target", "atlantis"),
        ("deliver", CAMPAIGN, "--test", "atlantis"),
        ("hold", CAMPAIGN, "atlantis", "--why", "x"),
        ("release", CAMPAIGN, "atlantis"),
        ("retry", CAMPAIGN, "atlantis"),
    ):
        with pytest.raises(NotFoundError, match=r"no recipient 'atlantis'; it has .*evanston"):
            invoke(*arguments)


# Export


def test_an_export_is_a_file_that_only_its_owner_can_read(run: Any, world: World, tmp_path: Path) -> None:
    world.confirmed(name=HOSTILE)
    world.sign(email="bo@signers.example", name="=1+1")
    file = tmp_path / "letters.csv"
    file.write_text("an older export")
    assert f"2 letters written to {file}" in run("export", CAMPAIGN, "-o", str(file))
    content = file.read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert sorted(row["full_name"] for row in rows) == ["'=1+1", HOSTILE]
    assert file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_to_the_standard_output_has_only_the_csv(invoke: Any, world: World) -> None:
    world.confirmed()
    world.sign(email="bo@signers.example")
    written = invoke("export", CAMPAIGN, "--status", "confirmed", "-o", "-").stdout_bytes
    assert written.startswith(b"\xef\xbb\xbfidentifiers,")
    assert written.count(b"\r\n") == 2
    assert b"ada@signers.example" in written


def test_an_export_is_named_after_campaign_and_day(
    run: Any, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("export", CAMPAIGN)
    assert [path.name for path in tmp_path.iterdir()] == [f"{CAMPAIGN}-{PERIOD}.csv"]


def test_supporters_are_written_for_a_mailing_list(
    run: Any, invoke: Any, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world.confirmed(updates="yes")
    path = world.own_page(world.confirmed(email="bo@signers.example", updates="yes").to)
    world.clock.advance(days=1)
    world.post(f"{path}/no-news")

    assert "1 letter written to" in run("export", CAMPAIGN, "--news", "agreed")
    [file] = tmp_path.iterdir()
    assert file.name == f"{CAMPAIGN}-agreed-2026-11-25.csv"
    assert file.read_bytes().startswith(b"email,first_name,last_name,")
    assert "news agreed" in run("audit", CAMPAIGN)

    def since(day: str, news: str) -> bytes:
        return bytes(invoke("export", CAMPAIGN, "--news", news, "--since", day, "-o", "-").stdout_bytes)

    assert b"bo@signers.example" in since("2026-11-25", "ended")
    assert since("2026-11-26", "ended").count(b"@") == since("2026-11-25", "agreed").count(b"@") == 0
    assert invoke("export", CAMPAIGN, "--since", "2026-11-25").exit_code == 2
    assert invoke("export", CAMPAIGN, "--news", "never").exit_code == 2


def test_a_failed_export_leaves_no_file(
    invoke: Any, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()

    def gone(*_: Any, **__: Any) -> Any:
        message = "the table is gone"
        raise UndersignedError(message)

    monkeypatch.setattr(type(Signatures(world.stack.table)), "newest_signatures", gone)
    with pytest.raises(UndersignedError, match="gone"):
        invoke("export", CAMPAIGN, "-o", str(tmp_path / "letters.csv"))
    assert list(tmp_path.iterdir()) == []


def test_an_export_by_command_is_in_the_activity_log(run: Any, listed: Any) -> None:
    run("export", CAMPAIGN, "--target", "evanston", "-o", "-")
    [entry] = listed("audit", CAMPAIGN)
    assert (entry["action"], entry["about"], entry["by"]) == ("export", "evanston", "command line")


# Remove


def test_a_letter_is_erased_after_a_confirmation_prompt(invoke: Any, run: Any, world: World) -> None:
    world.confirmed(name=HOSTILE)
    row = only_signature(world)
    refused = invoke("erase", CAMPAIGN, row.signer, "--why", "she asked", answer="n\n")
    assert refused.exit_code == 1
    assert HOSTILE in refused.output
    assert only_signature(world).status == "confirmed"
    assert invoke("erase", CAMPAIGN, row.signer, "--why", "she asked", answer="y\n").exit_code == 0
    assert only_signature(world).status == "erased"
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.by, entry.about, entry.why) == ("erase", "command line", row.signer, "she asked")


def test_a_letter_is_found_by_email_address_and_erased_once(run: Any, world: World) -> None:
    world.sign()
    arguments = ("erase", CAMPAIGN, "--email", "Ada@signers.example", "--why", "a prank", "--yes")
    assert "Erased." in run(*arguments)
    assert only_signature(world).status == "erased"
    assert "erased already" in run(*arguments)
    assert len(list(Campaigns(world.stack.table).audit(CAMPAIGN))) == 1


def test_remove_promises_no_packet_if_the_letter_was_the_only_one_in_it(run: Any, world: World) -> None:
    world.confirmed()
    world.week()
    said = run("erase", CAMPAIGN, "--email", "ada@signers.example", "--why", "asked for it", "--yes")
    assert "If the packet has other letters, it is made again" in said


def test_remove_needs_one_letter_and_a_reason(invoke: Any) -> None:
    both = (SIGNER, "--email", "a@b.example", "--why", "x")
    for arguments in ((), (SIGNER,), both, ("--why", "x"), (SIGNER, "--why", " ")):
        assert invoke("erase", CAMPAIGN, *arguments).exit_code == 2


def test_remove_says_which_option_takes_an_email_address(invoke: Any, world: World) -> None:
    world.confirmed()
    with pytest.raises(NotFoundError, match=r"no letter with the id .*; to name one by its email address, use --email"):
        invoke("erase", CAMPAIGN, "ada@signers.example", "--why", "x", "--yes")


def test_an_unknown_letter_cannot_be_removed(invoke: Any) -> None:
    with pytest.raises(NotFoundError, match="to see its letters, run `undersigned signatures end-demand-illinois`"):
        invoke("erase", CAMPAIGN, SIGNER, "--why", "x", "--yes")


# Deliveries


def test_mail_events_are_listed_in_order(listed: Any, world: World) -> None:
    world.confirmed()
    world.week()
    for event in ("send", "delivery"):
        world.clock.advance(minutes=1)
        world.feedback(event, world.deliveries[0])
    rows = listed("deliveries", CAMPAIGN, "--events")
    assert [(row["target"], row["period"], row["attempt"], row["kind"]) for row in rows] == [
        ("evanston", PERIOD, 1, "send"),
        ("evanston", PERIOD, 1, "delivery"),
    ]
    assert listed("deliveries", CAMPAIGN, "--target", "wilmette") == []


def test_the_test_command_sends_only_to_the_organizer(run: Any, world: World) -> None:
    world.confirmed()
    assert "on its way to the campaign's organizer" in run("deliver", CAMPAIGN, "--test", "evanston")
    before = len(world.sent)
    world.run_queue()
    [test_mail] = world.sent[before:]
    assert test_mail.to == Campaigns(world.stack.table).campaign(CAMPAIGN).organizer.email
    assert world.deliveries == []


def test_a_test_goes_to_whoever_looks_at_it_and_to_nobody_else(run: Any, invoke: Any, world: World) -> None:
    world.confirmed()
    said = run("deliver", CAMPAIGN, "--test", "evanston", "--to", "ada@office.example")
    assert "on its way to ada@office.example. Nothing was sent to anyone else." in said
    before = len(world.sent)
    world.run_queue()
    [test_mail] = world.sent[before:]
    assert (test_mail.to, test_mail.tags["kind"]) == ("ada@office.example", "test")
    assert test_mail.mail["to"] == "ada@office.example"
    assert world.deliveries == []
    with pytest.raises(NotNowError, match="is not an email address"):
        invoke("deliver", CAMPAIGN, "--test", "evanston", "--to", "ada@office.example, bo@office.example")
    assert invoke("deliver", CAMPAIGN, "--to", "ada@office.example").exit_code == 2


def test_today_is_the_day_in_the_campaigns_time_zone(run: Any, world: World) -> None:
    world.confirmed()
    world.clock.now = datetime(2026, 11, 25, 5, 30, tzinfo=UTC)
    assert "1 delivery started" in run("deliver", CAMPAIGN, "--yes")
    world.run_queue()
    assert [mail.tags["period"] for mail in world.deliveries] == [PERIOD]


def test_deliver_says_first_what_goes_to_whom_and_what_does_not(run: Any, invoke: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    world.confirmed(email="bo@signers.example")
    world.confirmed(email="cy@signers.example", postal_code="60091")
    world.confirmed(email="di@signers.example", postal_code="60076")
    run("hold", CAMPAIGN, "skokie", "--why", "a new chief")
    output = invoke("deliver", CAMPAIGN, answer="n\n").stdout
    assert "evanston: there is a delivery of 2026-11-24, 3 days ago; 1 letter can go from 2026-12-01" in output
    assert "wilmette: 1 letter to " in output
    assert "skokie: not sent: held by the organizer: a new chief (1 letter)" in output
    assert "The next delivery is on Monday, 2026-11-30 at 09:00, America/Chicago." in output
    assert "Start 1 delivery now?" in output
    assert "on its way" not in output
    assert world.run_queue() == []
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)] == ["hold"]
    output = run("deliver", CAMPAIGN, "--yes")
    assert "wilmette: on its way to " in output
    assert "skokie: on its way" not in output
    world.run_queue()
    assert [mail.tags["target"] for mail in world.deliveries] == ["evanston", "wilmette"]


def test_commands_that_ask_need_a_terminal_or_yes(run: Any, invoke: Any, world: World) -> None:
    world.confirmed()
    with pytest.raises(UndersignedError, match="add --yes"):
        invoke("deliver", CAMPAIGN)
    assert world.run_queue() == []
    with pytest.raises(UndersignedError, match="add --yes"):
        invoke("erase", CAMPAIGN, "--email", "ada@signers.example", "--why", "asked for")


def test_nothing_that_is_sent_is_nothing_in_the_activity_log(run: Any, world: World) -> None:
    world.confirmed()
    run("hold", CAMPAIGN, "evanston", "--why", "a new chief")
    output = run("deliver", CAMPAIGN, "--yes")
    assert "0 deliveries started" in output
    assert "on its way" not in output
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)] == ["hold"]


def test_a_second_email_within_seven_days_needs_a_reason(run: Any, invoke: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=1)
    world.confirmed(email="bo@signers.example")
    assert invoke("deliver", CAMPAIGN, "--again", "--yes").exit_code == 2
    run("deliver", CAMPAIGN, "--target", "evanston", "--again", "--why", "the office asked for them", "--yes")
    world.run_queue()
    assert [mail.tags["period"] for mail in world.deliveries] == ["2026-11-24", "2026-11-25"]
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.about, entry.why) == (
        "deliver again",
        "2026-11-25 evanston",
        "the office asked for them",
    )


def test_deliver_says_when_a_second_email_within_seven_days_can_go(run: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example")
    second = ("deliver", CAMPAIGN, "--again", "--why", "the office asked for them")
    sent_already = "evanston: there is a delivery of 2026-11-24"
    assert "1 letter can go from 2026-12-01, or from 2026-11-25 with `--again --why`" in run("deliver", CAMPAIGN)
    assert f"{sent_already}; 1 letter can go from 2026-11-25\n" in run(*second)
    world.clock.advance(days=1)
    assert "1 letter can go from 2026-12-01, or now with `--again --why`" in run("deliver", CAMPAIGN)
    assert "evanston: 1 letter to" in run(*second, "--yes")


def test_a_day_must_be_a_date(invoke: Any) -> None:
    assert invoke("retry", CAMPAIGN, "evanston", "next monday").exit_code == 2


def test_deliver_refuses_a_paused_campaign(run: Any, invoke: Any, world: World) -> None:
    world.confirmed()
    assert "Campaign paused" in run("pause", CAMPAIGN, "--why", "a mistake")
    with pytest.raises(UndersignedError, match=f"`undersigned resume {CAMPAIGN}`"):
        invoke("deliver", CAMPAIGN)
    run("resume", CAMPAIGN)
    assert "evanston: on its way" in run("deliver", CAMPAIGN, "--yes")


def test_a_target_is_held_and_released(run: Any, world: World) -> None:
    world.confirmed()
    run("hold", CAMPAIGN, "evanston", "--why", "[b]retires[/b]")
    world.week()
    assert world.deliveries == []
    assert "[b]retires[/b]" in run("audit", CAMPAIGN)
    run("release", CAMPAIGN, "evanston")
    world.week()
    assert len(world.deliveries) == 1


def test_a_hold_needs_a_reason(invoke: Any) -> None:
    assert invoke("hold", CAMPAIGN, "evanston").exit_code == 2
    with pytest.raises(NotNowError, match="Give a reason"):
        invoke("hold", CAMPAIGN, "evanston", "--why", " ")


def test_a_bounced_email_is_sent_again_immediately(run: Any, invoke: Any, world: World) -> None:
    with pytest.raises(NotFoundError, match="no delivery that failed, bounced or is on hold"):
        invoke("retry", CAMPAIGN, "evanston")
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert "evanston: We’re sending the delivery again." in run(
        "retry", CAMPAIGN, "evanston", "--why", "corrected", "--yes"
    )
    world.run_queue()
    assert len(world.deliveries) == 2
    with pytest.raises(NotNowError, match="The delivery’s state is “sent”"):
        invoke("retry", CAMPAIGN, "evanston", PERIOD, "--yes")


def test_a_delivery_without_an_outcome_is_settled(run: Any, invoke: Any, world: World) -> None:
    with pytest.raises(NotFoundError, match="no delivery that waits for a decision"):
        invoke("settle", CAMPAIGN, "evanston", "--sent")
    world.confirmed()
    world.week()
    world.clock.advance(days=3)
    undecided = invoke("settle", CAMPAIGN, "evanston")
    assert (undecided.exit_code, "say one of --sent and" in undecided.output) == (2, True)
    assert f"`undersigned settle {CAMPAIGN} evanston {PERIOD} --sent` or `--not-sent`" in run("deliveries", CAMPAIGN)
    asked = invoke("settle", CAMPAIGN, "evanston", PERIOD, "--sent", "--why", "they called", answer="y\n")
    assert (asked.exit_code, "no outcome, attempt 1, to " in asked.output) == (0, True)
    assert "settle as sent" in run("audit", CAMPAIGN, "--json")
    world.clock.advance(days=30)
    with pytest.raises(NotNowError, match="nothing to decide"):
        invoke("settle", CAMPAIGN, "evanston", PERIOD, "--not-sent", "--yes")


def test_a_delivery_that_changes_before_the_answer_is_not_settled(
    invoke: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(days=3)

    def event_comes_first(_question: str) -> bool:
        world.feedback("bounce", world.deliveries[0])
        return True

    monkeypatch.setattr("typer.confirm", event_comes_first)
    with pytest.raises(NotNowError, match="has just changed"):
        invoke("settle", CAMPAIGN, "evanston", "--not-sent")


def test_a_bounced_delivery_goes_by_hand_once_its_address_is_removed(run: Any, listed: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    run("set-address", CAMPAIGN, "evanston", "--by-hand")
    assert "These letters go by hand or post." in run("retry", CAMPAIGN, "evanston", "--yes")
    world.run_queue()
    assert "to print on the dashboard" in run("deliveries", CAMPAIGN)
    assert len(world.deliveries) == 1


def test_a_bounced_delivery_is_closed_unsent(run: Any, listed: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    decide = ("close-unsent", CAMPAIGN, "evanston", PERIOD)
    assert f"or run `undersigned {' '.join(decide)}`" in " ".join(run("deliveries", CAMPAIGN).split())
    assert "won’t be sent" in run(*decide, "--why", "nobody is there", "--yes")
    assert listed("deliveries", CAMPAIGN)[0]["state"] == "closed_unsent"
    assert listed("audit", CAMPAIGN)[0]["action"] == "close unsent"
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert target.mail_state == "bounced"
    said = run("set-address", CAMPAIGN, "evanston", "new.chief@evanston.example", "--why", "they called")
    assert "evanston: Saved. Letters that wait and new letters go to this address." in said
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert (target.mail_state, target.email) == ("ok", "new.chief@evanston.example")


def test_the_activity_log_is_listed_newest_first(run: Any, listed: Any, world: World) -> None:
    for minute, command in enumerate(("pause", "resume")):
        world.clock.advance(minutes=minute)
        run(command, CAMPAIGN, "--why", "because")
    assert listed("audit", CAMPAIGN) == [
        {"at": "2026-11-24 18:01 UTC", "action": "resume", "about": None, "by": "command line", "why": "because"},
        {"at": "2026-11-24 18:00 UTC", "action": "pause", "about": None, "by": "command line", "why": "because"},
    ]
    assert len(listed("audit", CAMPAIGN, "--limit", "1")) == 1


def test_an_unknown_campaign_is_answered_with_the_known_ones(invoke: Any) -> None:
    for command in ("counts", "signatures", "export", "deliveries", "deliver", "pause", "resume", "audit"):
        with pytest.raises(NotFoundError, match=f"the stack has: {CAMPAIGN}"):
            invoke(command, "another")


def test_a_key_ends_after_90_days(run: Any, world: World) -> None:
    assert "It works until 2027-02-22." in run("key", "create", CAMPAIGN)
    [key] = ApiKeys(world.stack.table).api_keys(CAMPAIGN)

    assert (key.valid_until - world.clock.now).days == 90


# Help


def names_of_commands(group: Any, *names: str) -> Iterator[str]:
    """Yield the names of all commands, those in groups with the group's."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from names_of_commands(command, *names, name)
        else:
            yield " ".join([*names, name])


WITHOUT_STACK = {"local", "demo", "deploy", "remove-stack", "letter import", "letter render"} | {
    f"campaign {name}" for name in ("new", "check", "schema")
}


@pytest.mark.parametrize("command", [*names_of_commands(get_command(app))])
def test_every_command_has_help_with_examples(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert ("--stack-name" in shown.output) == (command not in WITHOUT_STACK)


def test_an_error_is_one_line_with_exit_code_1(
    invoke: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["undersigned", "counts", "another"])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"There is no campaign 'another'; the stack has: {CAMPAIGN}\n"


def test_keys_and_early_deliveries_are_in_the_activity_log(run: Any, world: World) -> None:
    key = digest_of(run("key", "create", CAMPAIGN, "--label", "for Robin").splitlines()[-1])[:12]
    world.clock.advance(seconds=1)
    run("key", "revoke", CAMPAIGN, key)
    world.clock.advance(seconds=1)
    world.confirmed()
    run("deliver", CAMPAIGN, "--yes")
    delivered, revoked, created = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (created.action, created.about, created.why) == ("create key", f"{key} counts", "for Robin")
    assert (revoked.action, revoked.about) == ("revoke key", key)
    assert (delivered.action, delivered.about) == ("deliver", "2026-11-24")


def test_a_revision_is_refused_without_a_draft(invoke: Any, world: World) -> None:
    before = list(Campaigns(world.stack.table).audit(CAMPAIGN))

    refused = invoke("campaign", "push", str(ROOT / "campaigns" / CAMPAIGN), "--revision", "5")

    assert (refused.exit_code, "--revision needs --draft" in refused.output) == (2, True)
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == before


@pytest.mark.parametrize("both", [("--sent", "--not-sent"), ()])
def test_a_delivery_is_not_settled_both_ways(invoke: Any, both: tuple[str, ...]) -> None:
    refused = invoke("settle", CAMPAIGN, "evanston", *both, "--yes")

    assert (refused.exit_code, "say one of" in refused.output) == (2, True)
