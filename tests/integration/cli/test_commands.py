"""Test the `undersigned` command on a stack in memory."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import ADA, CAMPAIGN, ROOT, World
from undersigned.base.errors import UndersignedError
from undersigned.base.table import Update
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters, counter_key
from undersigned.campaigns.rows.offices import OfficeRows
from undersigned.campaigns.rules.campaigns import Target
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.rows.drafts import Drafts
from undersigned_cli.stacks import _SETTING_OF_OUTPUT, DeployedStack, StackError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = str(ROOT / "campaigns" / CAMPAIGN)


@pytest.fixture
def run(invoke: Any) -> Any:
    """Return a function that runs a command, expects success, and returns all that it says."""

    def command(*arguments: str) -> str:
        result = invoke(*arguments)
        assert result.exit_code == 0, result.output
        return str(result.output)

    return command


def test_pushing_twice_changes_nothing(run: Any, world: World) -> None:
    table = world.stack.settings.table_name

    def items() -> list[Any]:
        return sorted(world.stack.client("dynamodb").scan(TableName=table)["Items"], key=str)

    run("campaign", "push", FOLDER)
    before = items()
    assert "is on the stack already" in run("campaign", "push", FOLDER)
    assert items() == before


def test_a_campaign_with_a_damaged_recipient_can_be_paused(run: Any, world: World) -> None:
    world.stack.table.put(Target.locate(campaign=CAMPAIGN, id="evanston")._asdict())
    assert "Campaign paused" in run("pause", CAMPAIGN)
    assert Campaigns(world.stack.table).controls(CAMPAIGN).paused


def test_changed_words_make_a_new_letter_version_and_each_signer_sends_their_own(
    run: Any, world: World, tmp_path: Path
) -> None:
    world.confirmed()
    folder = tmp_path / "campaign"
    shutil.copytree(FOLDER, folder)
    letter = folder / "letter.md"
    letter.write_text(letter.read_text().replace("Sincerely,", "Yours truly,"))
    assert "new letter version" in run("campaign", "push", str(folder))
    world.clock.advance(minutes=2)
    world.confirmed(email="ben@signers.example", name="Ben Specimen")
    world.week()
    text = world.deliveries[0].printed
    assert "Sincerely," in text
    assert "Yours truly," in text


def test_a_check_shows_languages_letters_and_the_legible_accents(run: Any, world: World) -> None:
    letters = {
        language: version[:12] for language, version in Campaigns(world.stack.table).campaign(CAMPAIGN).letters.items()
    }
    output = run("campaign", "check", FOLDER)
    assert "10 recipients, 2 letters. No mistakes." in output
    assert f"en: letter {letters['en']}" in output
    assert f"es: letter {letters['es']}" in output
    assert "accent #7a2048: shown as #7a2048 on light pages and #b37f96 on dark pages" in output
    assert "personal data: kept until somebody erases it, because there is no `keep_for_days`" in output
    assert "evanston: Avery Sample gets letters from 60201, 60202, 60203, 60208" in output


@pytest.mark.parametrize(
    ("closes", "said"),
    [
        ("2026-12-31", "Personal data is kept until 2027-01-30. After that, it is deleted for good. The counts stay."),
        ("2020-12-31", "That day is over, so the daily reconciliation deletes it now, for good. To keep it, push"),
    ],
)
def test_a_push_says_when_personal_data_goes(run: Any, tmp_path: Path, closes: str, said: str) -> None:
    folder = tmp_path / "campaign"
    shutil.copytree(FOLDER, folder)
    settings = (folder / "campaign.toml").read_text().replace("opens = 2026-01-01\n", "")
    settings = settings.replace("# keep_for_days = 90", "keep_for_days = 30").replace("2027-12-31", closes)
    (folder / "campaign.toml").write_text(settings)
    assert said in run("campaign", "push", str(folder))
    assert f"personal data: kept until {date.fromisoformat(closes) + timedelta(days=30)}" in run(
        "campaign", "check", str(folder)
    )


def test_an_interrupted_push_leaves_no_settings_without_their_letter(
    run: Any, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Campaigns(world.stack.table).campaign(CAMPAIGN)
    folder = tmp_path / "campaign"
    shutil.copytree(FOLDER, folder)
    letter = folder / "letter.es.md"
    letter.write_text(letter.read_text().replace("Atentamente,", "Cordialmente,"))

    def crash(*_: object) -> None:
        message = "the power went out"
        raise UndersignedError(message)

    with monkeypatch.context() as patch:
        patch.setattr(Campaigns, "put_letter", crash)
        with pytest.raises(UndersignedError, match="power"):
            run("campaign", "push", str(folder))
    assert Campaigns(world.stack.table).campaign(CAMPAIGN) == before
    output = run("campaign", "push", str(folder))
    assert re.search(r"en: letter version [0-9a-f]{12} is on the stack already", output)
    assert "es: new letter version" in output


def test_a_letter_is_rendered_in_the_requested_language(run: Any, tmp_path: Path) -> None:
    shown = tmp_path / "carta.txt"
    person = ("--name", "Ana Muestra", "--address-line", "1 Sample Street", "--locality", "Evanston")
    place = ("--target", "evanston", "--postal-code", "60201", "--on", "2026-11-30", "--output", str(shown))
    run("letter", "render", FOLDER, *person, *place, "--language", "es")
    text = shown.read_text(encoding="utf-8")
    assert text.startswith("Jefe de Policía Avery Sample\n")
    assert "30 de noviembre de 2026" in text


def test_a_target_removed_from_the_folder_gets_only_the_waiting_letters(run: Any, world: World, tmp_path: Path) -> None:
    world.confirmed()
    folder = tmp_path / "campaign"
    shutil.copytree(FOLDER, folder)
    rows = (folder / "targets.csv").read_text().splitlines(keepends=True)
    (folder / "targets.csv").write_text("".join(row for row in rows if not row.startswith("evanston,")))
    assert "evanston is no longer in targets.csv" in run("campaign", "push", str(folder))
    world.clock.advance(minutes=2)
    assert world.sign(email="ben@signers.example").status == 422
    world.week()
    assert world.deliveries[0].to == "chief@evanston-police.example"


def test_a_push_is_in_the_activity_log_without_what_it_wrote(run: Any, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    shutil.copytree(FOLDER, folder)
    run("campaign", "push", str(folder))
    assert list(Campaigns(world.stack.table).audit(CAMPAIGN)) == []
    targets = (folder / "targets.csv").read_text()
    rows = [row for row in targets.splitlines(keepends=True) if not row.startswith("skokie,")]
    (folder / "targets.csv").write_text("".join(rows).replace("chief@evanston-police.example", "new@evanston.example"))
    settings = (folder / "campaign.toml").read_text()
    (folder / "campaign.toml").write_text(re.sub(r"(?m)^goal = .*$", "goal = 12345", settings))
    run("campaign", "push", str(folder), "--why", "the office called")
    run("campaign", "push", str(folder))
    [entry] = Campaigns(world.stack.table).audit(CAMPAIGN)
    assert (entry.action, entry.by, entry.why) == ("push", "command line", "the office called")
    assert entry.about == "settings (goal); evanston (email); skokie retired"


def test_the_first_push_of_a_campaign_is_in_its_activity_log(run: Any, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "another-campaign"
    shutil.copytree(FOLDER, folder)
    settings = (folder / "campaign.toml").read_text()
    (folder / "campaign.toml").write_text(settings.replace(CAMPAIGN, "another-campaign"))
    run("campaign", "push", str(folder))
    [entry] = Campaigns(world.stack.table).audit("another-campaign")
    assert entry.about.startswith("new campaign; letter en ")
    assert "evanston added" in entry.about
    assert "@" not in entry.about


def test_counts_by_target_and_by_day(run: Any, world: World) -> None:
    world.confirmed()
    world.confirmed(email="ben@signers.example", postal_code="60091")
    assert json.loads(run("counts", CAMPAIGN, "--json")) == {
        "counts": [{"target": "evanston", "signatures": 1}, {"target": "wilmette", "signatures": 1}],
        "total": {"signatures": 2},
        "wrong_addresses": 0,
    }
    assert "total" in run("counts", CAMPAIGN)
    assert json.loads(run("counts", CAMPAIGN, "--by", "day", "--json"))["counts"][0] == {
        "day": "2026-11-24",
        "signatures": 2,
    }


def test_reconcile_counts_what_was_forgotten_and_prints_a_summary(run: Any, world: World) -> None:
    world.sign()
    world.run_stream()
    world.post(world.sent[-1].link("confirm"))
    world.new_records()  # read, but not counted
    world.clock.advance(hours=26)
    assert json.loads(run("reconcile", CAMPAIGN, "--json")) == [
        {
            "campaign": CAMPAIGN,
            "emails": 0,
            "rows": 1,
            "damaged": 0,
            "marks": 1,
            "returned": 0,
            "corrected": 0,
            "differing": 0,
            "cleared": 0,
            "deliveries": 0,
            "repackings": 0,
            "unexplained": 0,
        }
    ]
    assert Counters(world.stack.table).total(CAMPAIGN)[0] == 1
    assert CAMPAIGN in run("reconcile")


def test_reconcile_corrects_a_counter_that_differs_twice(run: Any, world: World) -> None:
    world.confirmed()
    world.stack.table.update(Update(counter_key(CAMPAIGN, "TOTAL"), add={"signatures": 3}))
    assert "differ from the rows in 1 sum. Run it again" in run("reconcile", CAMPAIGN)
    with pytest.raises(UndersignedError, match="1 difference not explained"):
        run("reconcile", CAMPAIGN)
    assert Counters(world.stack.table).total(CAMPAIGN)[0] == 1
    assert "differ from the rows" not in run("reconcile", CAMPAIGN)


def test_reconcile_fails_with_what_it_cannot_explain(run: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(hours=73)
    with pytest.raises(UndersignedError, match="1 difference not explained"):
        run("reconcile", CAMPAIGN)


def test_a_command_needs_each_output_of_the_stack() -> None:
    outputs = dict.fromkeys(_SETTING_OF_OUTPUT, "1")
    del outputs["WaitingMailsUrl"]
    with pytest.raises(StackError, match="no output WaitingMailsUrl"):
        DeployedStack(outputs, lambda *_: None).opened()


def test_counts_of_an_unknown_campaign_name_the_known_ones(run: Any) -> None:
    with pytest.raises(UndersignedError, match=f"the stack has: {CAMPAIGN}"):
        run("counts", "another")


def test_a_preview_is_the_email_without_the_offices_link_and_changes_nothing(
    run: Any, world: World, tmp_path: Path
) -> None:
    world.confirmed()
    before = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]
    assert "nothing was sent" in run("deliver", CAMPAIGN, "--preview", str(tmp_path))
    assert world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"] == before
    assert world.deliveries == []
    world.week()
    [sent] = world.deliveries
    previewed = replace(sent, raw=(tmp_path / "evanston.eml").read_bytes())
    assert (previewed.mail["To"], previewed.mail["Subject"]) == (sent.to, sent.mail["Subject"])
    assert previewed.copy == sent.copy
    assert (tmp_path / "evanston-0001.pdf").read_bytes() == world.deliveries[0].pdfs[0]


def test_deliver_starts_deliveries_and_names_targets_already_sent_to_today(run: Any, world: World) -> None:
    world.confirmed()
    assert "evanston: on its way to chief@evanston-police.example" in run("deliver", CAMPAIGN, "--yes")
    world.run_queue()
    world.confirmed(email="ben@signers.example")
    output = run("deliver", CAMPAIGN, "--yes")
    assert "evanston: there is a delivery of 2026-11-24" in output
    assert "0 deliveries started" in output
    world.run_queue()
    assert len(world.deliveries) == 1


def test_deliveries_show_the_state_of_each(run: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("delivery", world.deliveries[0])
    [row] = json.loads(run("deliveries", CAMPAIGN, "--json"))
    assert {name: row[name] for name in ("target", "period", "state", "letters", "packets")} == {
        "target": "evanston",
        "period": "2026-11-24",
        "state": "delivered",
        "letters": 1,
        "packets": 1,
    }
    assert row["message_id"] == world.deliveries[0].message_id
    # A table has what people read.
    assert world.deliveries[0].message_id not in run("deliveries", CAMPAIGN)


def test_a_key_is_shown_once_and_can_be_revoked(run: Any, world: World) -> None:
    key = run("key", "create", CAMPAIGN, "--label", "board").splitlines()[-1]
    path, header = f"/organizer/campaigns/{CAMPAIGN}/counts", {"authorization": f"Bearer {key}"}
    assert world.get(path, headers=header).status == 200
    listed = run("key", "list", CAMPAIGN, "--json")
    assert key not in listed
    [row] = json.loads(listed)
    assert (row["scope"], row["label"]) == ("counts", "board")
    run("key", "revoke", CAMPAIGN, row["key"])
    assert world.get(path, headers=header).status == 401


def test_only_the_hash_of_a_key_is_stored(run: Any, world: World) -> None:
    key = run("key", "create", CAMPAIGN).splitlines()[-1]
    items = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]
    assert key not in str(items)


def test_no_key_of_the_table_contains_an_email_address(world: World) -> None:
    world.confirmed()
    world.week()
    for item in world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]:
        keys = " ".join(str(item.get(name)) for name in ("pk", "sk", "due", "due_at", "listed", "listed_at"))
        assert str(ADA["email"]) not in keys


def test_a_campaign_is_pulled_to_a_folder_that_pushes_back_unchanged(run: Any, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    table = world.stack.settings.table_name

    def items() -> list[Any]:
        return sorted(world.stack.client("dynamodb").scan(TableName=table)["Items"], key=str)

    run("campaign", "push", FOLDER)
    before = items()
    run("campaign", "pull", CAMPAIGN, str(folder))
    run("campaign", "check", str(folder))
    run("campaign", "push", str(folder))
    assert items() == before

    with pytest.raises(
        UndersignedError,
        match=r"has campaign\.toml, letter\.md, .*, campaign\.schema\.json already; .* or replace them with --force",
    ):
        run("campaign", "pull", CAMPAIGN, str(folder))
    run("campaign", "pull", CAMPAIGN, str(folder), "--force")


def test_a_new_folder_says_what_to_fill_in_and_replaces_nothing(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "Plant Trees 2027!"
    output = run("campaign", "new", str(folder))

    for mistake in (
        "`summary`: Write what the letter asks for, in one sentence",
        "`organizer.email`: Write the address that replies go to",
        "letter.md:6: [write the letter here] is a blank",
        "targets.csv: add a row for each person",
    ):
        assert mistake in output
    settings = folder / "campaign.toml"
    text = settings.read_text(encoding="utf-8")
    assert 'id = "plant-trees-2027"' in text
    for name, value in (
        ("summary", "Plant them."),
        ("region", "IL"),
        ("time_zone", "America/Chicago"),
        ("name", "Tree Friends"),
        ("email", "letters@trees.example"),
    ):
        text = text.replace(f'\n{name} = ""', f'\n{name} = "{value}"')
    settings.write_text(text, encoding="utf-8")
    letter = folder / "letter.md"
    letter.write_text(
        letter.read_text(encoding="utf-8").replace("[write the letter here]", "Plant trees."), encoding="utf-8"
    )
    with (folder / "targets.csv").open("a", encoding="utf-8") as targets:
        targets.write("mayor,Mayor,Ann Sample,City Hall,Oakton,mayor@oakton.example,\n")
    assert "mayor: Ann Sample gets letters from everyone" in run("campaign", "check", str(folder))

    with pytest.raises(UndersignedError, match="already; name another folder"):
        run("campaign", "new", str(folder))
    assert settings.read_text(encoding="utf-8") == text


def test_campaigns_are_listed_and_closed(run: Any, world: World) -> None:
    world.confirmed()
    [listed] = json.loads(run("campaign", "list", "--json"))
    assert (listed["campaign"], listed["signatures"], listed["state"]) == (CAMPAIGN, 1, "open")

    said = run("campaign", "close", CAMPAIGN, "--yes")
    assert "is closed: within a minute, nobody can sign any more." in said
    world.clock.advance(minutes=2)

    assert world.sign(email="late@signers.example").status == 409
    assert json.loads(run("campaign", "list", "--json"))[0]["state"] == "closed 2026-11-24"
    assert "is closed since 2026-11-24" in run("campaign", "close", CAMPAIGN, "--yes")
    assert [entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)] == ["close"]
    world.week()
    assert len(world.deliveries) == 1
    assert "within a minute its state is: open" in run("campaign", "reopen", CAMPAIGN)
    world.clock.advance(minutes=1)
    assert world.sign(email="late@signers.example").status == 200


def test_a_campaign_is_deleted_when_nothing_of_anybody_is_left(run: Any, world: World) -> None:
    world.confirmed()
    with pytest.raises(UndersignedError, match="First close the campaign"):
        run("campaign", "delete", CAMPAIGN, "--yes")
    run("campaign", "close", CAMPAIGN, "--yes")
    with pytest.raises(UndersignedError, match=r"Letters still have personal data \(1\).* `keep_for_days`"):
        run("campaign", "delete", CAMPAIGN, "--yes")

    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    world.erase(row.signer)
    world.run_stream()
    run("key", "create", CAMPAIGN)
    OfficeRows(world.stack.table).receive(CAMPAIGN, "evanston", "2026-11-24", world.clock.now)

    assert f"{CAMPAIGN} is deleted" in run("campaign", "delete", CAMPAIGN, "--yes")
    world.run_stream()
    left = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]
    kinds = {item["pk"]["S"].partition("#")[0] for item in left}
    # Rows that are not the campaign's alone, and expire.
    assert kinds <= {"FORM", "RATE", "GONE", "MAIL_CLAIM", "MAILS"}
    assert json.loads(run("campaign", "list", "--json")) == []


def test_counters_are_deleted_only_when_they_have_followed_the_letters(run: Any, world: World) -> None:
    world.confirmed()
    run("campaign", "close", CAMPAIGN, "--yes")
    [row] = Signatures(world.stack.table).listed_signatures(CAMPAIGN)
    world.erase(row.signer)

    with pytest.raises(UndersignedError, match="the counts still include them"):
        run("campaign", "delete", CAMPAIGN, "--yes")
    world.run_stream()

    assert f"{CAMPAIGN} is deleted" in run("campaign", "delete", CAMPAIGN, "--yes")
    assert world.counts() == {}


def test_a_campaign_with_an_unfinished_delivery_is_not_deleted(run: Any, world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    run("campaign", "close", CAMPAIGN, "--yes")

    with pytest.raises(
        UndersignedError, match=r"deliveries are not finished \(1\), such as the one of 2026-11-24 to evanston"
    ):
        run("campaign", "delete", CAMPAIGN, "--yes")


def test_a_draft_is_deleted(run: Any, world: World) -> None:
    run("campaign", "close", CAMPAIGN, "--yes")

    run("campaign", "delete", CAMPAIGN, "--yes")

    assert world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"] == []


def test_a_draft_goes_to_a_folder_and_back_and_is_published(run: Any, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "pulled"
    assert "revision 0" in run("campaign", "pull", "--draft", CAMPAIGN, str(folder))
    settings = folder / "campaign.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("\ngoal = ", "\ngoal = 7"), encoding="utf-8")

    assert "Nothing is published" in run("campaign", "push", "--draft", str(folder))
    with pytest.raises(UndersignedError, match=r"has a draft already, .* --revision"):
        run("campaign", "push", "--draft", str(folder))
    assert "has a draft with changes that are not published" in run(
        "campaign", "push", str(ROOT / "campaigns" / CAMPAIGN)
    )

    published = run("campaign", "publish", CAMPAIGN, "--yes", "--why", "more")
    assert "  settings (goal)\n" in published
    assert "goal" not in run("campaign", "publish", CAMPAIGN, "--yes")


def test_a_folder_with_mistakes_can_be_a_draft_and_is_listed(run: Any, world: World, tmp_path: Path) -> None:
    folder = tmp_path / "plant-trees"
    run("campaign", "new", str(folder))

    assert "`summary`: Write" in run("campaign", "push", "--draft", str(folder))

    assert [(row["campaign"], row["state"]) for row in json.loads(run("campaign", "list", "--json"))][1:] == [
        ("plant-trees", "draft")
    ]
    assert "plant-trees is deleted" in run("campaign", "delete", "plant-trees", "--yes")
    assert Drafts(world.stack).campaigns() == ()
