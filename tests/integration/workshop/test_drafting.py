"""Test drafts: how they are made, changed, checked, published and discarded, on AWS in memory."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.acting import Decisions
from tests.support.organizers import add
from tests.support.workshop import publish
from tests.support.world import CAMPAIGN, files_of_campaign, publish_files
from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.clearing import clear_deliveries
from undersigned.people.keys import make_key
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rows.people import People
from undersigned.workshop import drafting, publishing
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pushing import push
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.changes import in_short
from undersigned.workshop.rules.drafts import (
    ChangedMeanwhileError,
    DraftFilesError,
    IdTakenError,
)
from undersigned.workshop.starting import empty_files, example_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World
    from undersigned.base.stack import Stack
    from undersigned.workshop.rules.drafts import Draft

ANN = "ann@organizer.example"
BEN = "ben@organizer.example"
NEW = "safer-streets"


@pytest.fixture
def stack(world: World) -> Stack:
    return world.stack


def make(stack: Stack) -> Draft:
    return drafting.create(stack, NEW, ANN, example_files())


def goal_of(draft: Draft) -> object:
    return DraftSettings.read(draft.files["settings"]).values["goal"]


def with_goal(draft: Draft, goal: int) -> dict[str, str]:
    return {"settings": DraftSettings.read(draft.files["settings"]).changed({"goal": goal}).text}


def test_a_draft_is_read_as_it_was_made(stack: Stack) -> None:
    made = make(stack)

    assert drafting.draft_of(stack, NEW) == made
    assert made.changed_by == ANN
    assert not made.is_published
    assert Drafts(stack).campaigns() == (NEW,)


@pytest.mark.parametrize("taken", [CAMPAIGN, NEW, "", "No spaces", "-a", "a" * 51])
def test_a_draft_with_a_name_that_is_taken_or_malformed_is_refused_with_the_way_out(stack: Stack, taken: str) -> None:
    made = make(stack)

    with pytest.raises(IdTakenError, match=r"Use at most|choose another"):
        drafting.create(stack, taken, BEN, made.files)

    assert drafting.draft_of(stack, NEW) == made


def test_a_published_campaign_without_a_draft_has_the_files_it_was_published_with(stack: Stack) -> None:
    draft = drafting.draft_of(stack, CAMPAIGN)

    assert draft.revision == 0
    assert drafting.check(draft).mistakes == ()
    assert publishing.to_publish(stack, draft).changes == ()
    assert Drafts(stack).campaigns() == ()


def test_neither_a_draft_nor_a_campaign_is_not_found(stack: Stack) -> None:
    with pytest.raises(NotFoundError):
        drafting.draft_of(stack, "nowhere")


def test_two_people_who_change_the_same_revision_are_told_and_nothing_is_overwritten(stack: Stack) -> None:
    made = make(stack)
    first = drafting.write(stack, NEW, made.revision, with_goal(made, 11), ANN)

    with pytest.raises(ChangedMeanwhileError) as caught:
        drafting.write(stack, NEW, made.revision, with_goal(made, 22), BEN)

    assert caught.value.current == first
    assert goal_of(drafting.draft_of(stack, NEW)) == 11


def test_two_people_who_begin_to_change_a_published_campaign_are_told(stack: Stack) -> None:
    before = drafting.draft_of(stack, CAMPAIGN)
    drafting.write(stack, CAMPAIGN, 0, with_goal(before, 11), ANN)

    with pytest.raises(ChangedMeanwhileError):
        drafting.write(stack, CAMPAIGN, 0, with_goal(before, 22), BEN)

    assert goal_of(drafting.draft_of(stack, CAMPAIGN)) == 11


def test_a_draft_with_mistakes_is_kept_and_publishes_nothing(stack: Stack, world: World) -> None:
    draft = drafting.create(stack, NEW, ANN, empty_files(NEW))

    checked = drafting.check(draft)

    assert {mistake.file for mistake in checked.mistakes} == {"campaign.toml", "letter.md", "targets.csv"}
    with pytest.raises(MistakesError):
        publish(stack, NEW, draft.revision)
    with pytest.raises(NotFoundError):
        Campaigns(world.stack.table).campaign(NEW)


def test_publishing_makes_the_campaign_and_has_an_entry_in_the_activity_log(stack: Stack, world: World) -> None:
    draft = make(stack)
    world.clock.advance(seconds=1)

    changes = in_short(publishing.to_publish(stack, draft).changes)
    publish(stack, NEW, draft.revision, "at last")

    assert world.get(f"/campaigns/{NEW}").status == 200
    entry, *_ = Campaigns(world.stack.table).audit(NEW)
    assert (entry.action, entry.by, entry.about, entry.why) == ("publish", ANN, changes, "at last")
    assert drafting.draft_of(stack, NEW).is_published
    assert publishing.to_publish(stack, drafting.draft_of(stack, NEW)).changes == ()


def test_publishing_a_revision_that_is_not_the_last_publishes_nothing(stack: Stack, world: World) -> None:
    made = make(stack)
    drafting.write(stack, NEW, made.revision, with_goal(made, 11), BEN)

    with pytest.raises(ChangedMeanwhileError):
        publish(stack, NEW, made.revision)

    assert NEW not in Campaigns(world.stack.table).campaign_ids()


def test_publishing_twice_changes_nothing(stack: Stack, world: World) -> None:
    made = make(stack)
    publish(stack, NEW, made.revision)
    entries = list(Campaigns(world.stack.table).audit(NEW))

    publish(stack, NEW, made.revision)
    assert list(Campaigns(world.stack.table).audit(NEW)) == entries


def test_publishing_says_that_it_undoes_a_push_since_the_draft_was_made(stack: Stack, world: World) -> None:
    draft = drafting.write(stack, CAMPAIGN, 0, with_goal(drafting.draft_of(stack, CAMPAIGN), 11), ANN)
    files = files_of_campaign()
    publish_files(world, {"targets.csv": files["targets.csv"].replace("Avery Sample", "Robin Sample")})

    assert in_short(publishing.to_publish(stack, draft).changes) == "settings (goal); evanston (name)"


def test_a_draft_without_changes_of_its_own_follows_what_is_pushed(stack: Stack, world: World) -> None:
    before = drafting.draft_of(stack, CAMPAIGN)
    draft = drafting.write(stack, CAMPAIGN, 0, with_goal(before, 11), ANN)
    publish(stack, CAMPAIGN, draft.revision)
    publish_files(world, {})

    followed = drafting.draft_of(stack, CAMPAIGN)

    assert followed.revision == draft.revision
    assert goal_of(followed) == Campaigns(world.stack.table).campaign(CAMPAIGN).goal != 11


def test_a_discarded_draft_is_gone_and_a_new_one_never_has_its_revision(stack: Stack, world: World) -> None:
    first = make(stack)
    second = drafting.write(stack, NEW, first.revision, with_goal(first, 11), ANN)
    with pytest.raises(ChangedMeanwhileError):
        drafting.discard(stack, NEW, first.revision, ANN)
    drafting.discard(stack, NEW, second.revision, ANN)
    drafting.discard(stack, NEW, second.revision, ANN)

    with pytest.raises(NotFoundError):
        drafting.draft_of(stack, NEW)
    assert Drafts(stack).campaigns() == ()
    assert stored(world) == []
    world.clock.advance(minutes=1)
    assert make(stack).revision > second.revision


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_nothing_is_left_of_a_draft_whose_discarding_was_interrupted(stack: Stack, world: World, calls: int) -> None:
    made = make(stack)
    changed = drafting.write(
        stack, NEW, drafting.write(stack, NEW, made.revision, with_goal(made, 11), ANN).revision, {}, ANN, {"goal": 2}
    )
    client, left = world.stack.client("s3"), iter(range(calls))
    really = client.delete_object

    def interrupted(**params: Any) -> Any:
        if next(left, None) is None:
            raise InterruptedError
        return really(**params)

    client.delete_object = interrupted
    with pytest.raises(InterruptedError):
        drafting.discard(stack, NEW, changed.revision, ANN)
    client.delete_object = really
    assert drafting.draft_of(stack, NEW) == changed, "no earlier version comes back in its place"
    drafting.discard(stack, NEW, changed.revision, ANN)
    assert stored(world) == []


def test_a_change_that_comes_while_a_draft_is_discarded_stays(stack: Stack, world: World) -> None:
    made = make(stack)
    changed = drafting.write(stack, NEW, made.revision, with_goal(made, 11), ANN)
    client = world.stack.client("s3")
    later: list[Draft] = []
    really = client.delete_object

    def another_first(**params: Any) -> Any:
        if not later:
            later.append(drafting.write(stack, NEW, changed.revision, with_goal(made, 22), BEN))
        return really(**params)

    client.delete_object = another_first
    with pytest.raises(ChangedMeanwhileError) as caught:
        drafting.discard(stack, NEW, changed.revision, ANN)
    client.delete_object = really
    assert [drafting.draft_of(stack, NEW)] == [caught.value.current] == later


def test_the_last_ten_versions_can_be_seen_and_taken_back(stack: Stack, world: World) -> None:
    draft = make(stack)
    for goal in range(1, 13):
        world.clock.advance(minutes=1)
        draft = drafting.write(stack, NEW, draft.revision, with_goal(draft, goal), ANN if goal % 2 else BEN)
    earlier = drafting.draft_of(stack, NEW).earlier

    assert [goal_of(drafting.version(stack, NEW, one.revision)) for one in earlier] == list(range(11, 1, -1))
    assert (earlier[0].by, earlier[1].by) == (ANN, BEN)
    with pytest.raises(NotFoundError):
        drafting.version(stack, NEW, draft.revision - 11)

    back = drafting.take_back(stack, NEW, draft.revision, earlier[3].revision, BEN)

    assert goal_of(back) == goal_of(drafting.draft_of(stack, NEW)) == 8
    assert goal_of(drafting.version(stack, NEW, draft.revision)) == 12
    with pytest.raises(ChangedMeanwhileError):
        drafting.take_back(stack, NEW, draft.revision, earlier[3].revision, BEN)
    drafting.discard(stack, NEW, back.revision, ANN)
    assert stored(world) == []


def test_an_address_that_a_delivery_corrects_is_corrected_in_the_draft(stack: Stack, world: World) -> None:
    draft = drafting.write(stack, CAMPAIGN, 0, {}, ANN, {"goal": 11})

    Decisions(world.stack).set_address(CAMPAIGN, "evanston", "new@evanston.example", BEN, "they called")

    followed = drafting.draft_of(stack, CAMPAIGN)
    assert (followed.revision, followed.changed_by) == (draft.revision + 1, BEN)
    publish(stack, CAMPAIGN, followed.revision)
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "new@evanston.example"
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).goal == 11


def test_a_draft_with_another_address_of_the_same_recipient_keeps_its_own(stack: Stack, world: World) -> None:
    draft = publish_table(stack, ("chief@evanston", "mine@evanston"))

    Decisions(world.stack).set_address(CAMPAIGN, "evanston", "new@evanston.example", BEN, "they called")

    assert drafting.draft_of(stack, CAMPAIGN) == draft
    assert in_short(publishing.to_publish(stack, draft).changes) == "evanston (email)"


def test_a_version_with_a_file_less_takes_the_file_away(stack: Stack) -> None:
    made = make(stack)
    without = drafting.write(stack, NEW, made.revision, {"letter.es.md": None}, ANN)
    changed = drafting.write(stack, NEW, without.revision, {"letter.es.md": "Hola"}, ANN)
    assert "letter.es.md" not in drafting.take_back(stack, NEW, changed.revision, without.revision, ANN).files


def test_a_new_campaign_inherits_nobody_from_a_discarded_one(stack: Stack, world: World) -> None:
    made = make(stack)
    person = add(world, ANN, "owner", NEW)
    make_key(world.stack, NEW, "counts", "a script", ANN)
    drafting.discard(stack, NEW, made.revision, ANN)

    assert world.memory
    left = [(pk, sk) for pk, rows in world.memory.partitions.items() for sk in rows if NEW in pk + sk]
    assert left == []
    make(stack)
    assert People(world.stack.table).members(NEW) == People(world.stack.table).campaigns_of(person) == ()
    assert ApiKeys(world.stack.table).api_keys(NEW) == ()


def test_a_discarded_draft_of_a_published_campaign_leaves_its_people_and_keys(stack: Stack, world: World) -> None:
    draft = drafting.write(stack, CAMPAIGN, 0, with_goal(drafting.draft_of(stack, CAMPAIGN), 11), ANN)
    add(world, ANN, "owner")
    make_key(world.stack, CAMPAIGN, "counts", "a script", ANN)
    logged = list(Campaigns(world.stack.table).audit(CAMPAIGN))
    drafting.discard(stack, CAMPAIGN, draft.revision, ANN)

    assert [member.person.email for member in People(world.stack.table).members(CAMPAIGN)] == [ANN]
    assert len(ApiKeys(world.stack.table).api_keys(CAMPAIGN)) == 1
    entries = list(Campaigns(world.stack.table).audit(CAMPAIGN))
    assert [entry for entry in entries if entry.action != "discard draft"] == logged
    assert len(entries) == len(logged) + 1


def test_a_draft_that_was_pushed_from_a_folder_meanwhile_leaves_its_people(stack: Stack, world: World) -> None:
    made = make(stack)
    person = add(world, ANN, "owner", NEW)
    push(world.stack, compile_campaign(made.files))
    drafting.discard(stack, NEW, made.revision, ANN)

    assert [member.campaign for member in People(world.stack.table).campaigns_of(person)] == [NEW]


def test_files_of_four_megabytes_fit_however_little_they_can_be_compressed(stack: Stack, world: World) -> None:
    made = make(stack)
    noise = secrets.token_hex(1_990_000)

    written = drafting.write(stack, NEW, made.revision, {"targets.csv": noise}, ANN)

    assert drafting.draft_of(stack, NEW) == written


@pytest.mark.parametrize(
    ("name", "text"),
    [("notes.txt", "x"), ("../letter.md", "x"), ("letter..md", "x"), ("targets.csv", "x" * 4_000_001)],
)
def test_files_that_no_campaign_has_are_refused(stack: Stack, name: str, text: str) -> None:
    made = make(stack)

    with pytest.raises(DraftFilesError):
        drafting.write(stack, NEW, made.revision, {name: text}, ANN)

    assert drafting.draft_of(stack, NEW) == made


def publish_table(stack: Stack, *changes: tuple[str, str]) -> Draft:
    """Return a draft of the shipped campaign with a changed table."""
    before = drafting.draft_of(stack, CAMPAIGN)
    table = before.files["targets.csv"]
    for old, new in changes:
        assert old in table
        table = table.replace(old, new)
    return drafting.write(stack, CAMPAIGN, before.revision, {"targets.csv": table}, ANN)


def test_what_publishing_changes_is_told_by_name(stack: Stack, world: World) -> None:
    before = drafting.draft_of(stack, CAMPAIGN)
    letters = Campaigns(world.stack.table).campaign(CAMPAIGN).letters
    table = before.files["targets.csv"]
    [row] = [line for line in table.splitlines(keepends=True) if line.startswith("evanston,")]
    changed = table.replace(row, row.replace("evanston,", "evanston-2,", 1)).replace("Blake Placeholder", "Casey")
    files = {"letter.md": before.files["letter.md"] + "\nPS.\n", "targets.csv": changed}
    draft = drafting.write(stack, CAMPAIGN, 0, files, ANN, {"goal": 77, "organizer.website": None})

    assert [str(change).partition(" en ")[0] for change in publishing.to_publish(stack, draft).changes] == [
        "settings (organizer, goal, letter)",
        "letter",
        "evanston-2 added",
        "skokie (name)",
        "evanston retired",
    ]
    publish(stack, CAMPAIGN, draft.revision)
    assert Campaigns(world.stack.table).letter(CAMPAIGN, letters["en"]).source == before.files["letter.md"]


def test_a_copy_has_no_days_and_its_own_name(stack: Stack) -> None:
    start = drafting.create(stack, NEW, ANN, drafting.copied_files(stack, CAMPAIGN)).files

    values = DraftSettings.read(start["settings"]).values
    assert (values["id"], values.get("opens"), values.get("closes")) == (NEW, None, None)
    assert start["letter.md"] == files_of_campaign()["letter.md"]


def test_the_example_is_the_shipped_campaign() -> None:
    assert example_files() == files_of_campaign()


def test_line_ends_of_a_browser_make_no_other_letter(stack: Stack) -> None:
    made = make(stack)

    same = drafting.write(stack, NEW, made.revision, {"letter.md": made.files["letter.md"].replace("\n", "\r\n")}, ANN)

    assert same == made


def test_a_writer_who_is_late_leaves_nothing_behind(stack: Stack, world: World) -> None:
    made = make(stack)
    late = replace(made, revision=made.revision + 1, files={**made.files, "letter.md": "late"})
    current = drafting.write(stack, NEW, made.revision, with_goal(made, 11), BEN)

    with pytest.raises(ChangedMeanwhileError) as caught:
        Drafts(world.stack).put_draft(late, made)

    assert drafting.draft_of(stack, NEW) == caught.value.current == current
    assert len(stored(world)) == 2


def test_a_write_that_is_repeated_because_its_answer_was_lost_is_done(stack: Stack, world: World) -> None:
    made = make(stack)
    assert Drafts(world.stack).put_draft(made, None) == made
    changed = replace(made, revision=made.revision + 1, files={**made.files, **with_goal(made, 11)})
    written = Drafts(world.stack).put_draft(changed, made)
    assert Drafts(world.stack).put_draft(changed, made) == written == drafting.draft_of(stack, NEW)
    assert len(stored(world)) == 2


def test_the_same_files_at_another_time_are_another_draft(stack: Stack, world: World) -> None:
    made = make(stack)
    current = drafting.write(stack, NEW, made.revision, with_goal(made, 11), BEN)
    back = drafting.write(stack, NEW, current.revision, made.files, BEN)

    assert back.files == made.files
    with pytest.raises(ChangedMeanwhileError):
        Drafts(world.stack).put_draft(replace(made, revision=made.revision + 1), made)


def stored(world: World) -> list[str]:
    """Return the versions of the new campaign's draft."""
    return Drafts(world.stack)._versions(NEW)


def test_another_campaigns_files_stay_when_a_draft_is_discarded(stack: Stack, world: World) -> None:
    made = make(stack)
    longer = drafting.create(stack, f"{NEW}-too", ANN, made.files)
    drafting.discard(stack, NEW, made.revision, ANN)
    assert stored(world) == []
    assert drafting.draft_of(stack, f"{NEW}-too") == longer


def test_publishing_that_stopped_half_way_goes_on(stack: Stack, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = publish_table(stack, ("chief@evanston", "new@evanston"))
    with monkeypatch.context() as patch:
        patch.setattr(type(Campaigns(world.stack.table)), "put_campaign", stop)
        with pytest.raises(ConnectionError):
            publish(stack, CAMPAIGN, draft.revision)
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email == "new@evanston-police.example"

    publish(stack, CAMPAIGN, draft.revision)

    assert drafting.draft_of(stack, CAMPAIGN).is_published


def stop(*_: object) -> None:
    raise ConnectionError


def test_a_thousand_new_recipients_are_published_in_few_calls(stack: Stack, world: World) -> None:
    made = make(stack)
    header = made.files["targets.csv"].splitlines()[0].replace(",title_es", "")
    codes = "; ".join(str(10000 + code) for code in range(600))
    rows = [f"t{row},Mayor,Name {row},Hall,Town,m{row}@t.example,{20000 + row}" for row in range(1_000)]
    table = "\n".join([header, *rows, f"large,Mayor,Large,Hall,Town,large@t.example,{codes}"])
    draft = drafting.write(stack, NEW, made.revision, {"targets.csv": table}, ANN)
    calls = count_calls(world)

    publish(stack, NEW, draft.revision)

    assert len(calls) < 40
    assert len(Campaigns(world.stack.table).targets(NEW)) == 1_001
    assert publishing.to_publish(stack, drafting.draft_of(stack, NEW)).changes == ()


def test_a_new_recipient_that_somebody_else_publishes_meanwhile_is_written_all_the_same(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    there = campaigns.target(CAMPAIGN, "evanston")
    other = replace(there, id="other", email="other@t.example")

    campaigns.put_new_targets(CAMPAIGN, [other, replace(there, email="new@evanston-police.example")])

    assert campaigns.target(CAMPAIGN, "other") == other
    assert campaigns.target(CAMPAIGN, "evanston").email == "new@evanston-police.example"


def count_calls(world: World) -> list[str]:
    """Return a list that gets the name of each call to the table from now on."""
    made: list[str] = []
    client = world.stack.table._client
    for name in ("get_item", "put_item", "update_item", "query", "transact_write_items", "delete_item"):
        setattr(client, name, _counted(getattr(client, name), name, made))
    return made


def _counted(call: Callable[..., Any], name: str, made: list[str]) -> Callable[..., Any]:
    def counted(**params: Any) -> Any:
        made.append(name)
        return call(**params)

    return counted


def test_a_draft_that_is_changed_while_it_is_published_keeps_the_change(
    stack: Stack, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafting.write(stack, CAMPAIGN, 0, {}, ANN, {"goal": 11})
    put_campaign = type(Campaigns(world.stack.table)).put_campaign

    def after_another_change(*given: Any) -> None:
        drafting.write(stack, CAMPAIGN, draft.revision, {}, BEN, {"goal": 22})
        put_campaign(*given)

    monkeypatch.setattr(type(Campaigns(world.stack.table)), "put_campaign", after_another_change)
    publish(stack, CAMPAIGN, draft.revision)

    found = drafting.draft_of(stack, CAMPAIGN)
    assert (goal_of(found), found.is_published) == (22, False)
    assert Campaigns(world.stack.table).campaign(CAMPAIGN).goal == 11


def test_a_draft_goes_with_the_last_day_of_keeping_unless_somebody_changed_it_since(stack: Stack, world: World) -> None:
    days = {"opens": None, "closes": "2026-11-30", "keep_for_days": 30}
    draft = drafting.write(stack, CAMPAIGN, 0, {}, ANN, days)
    publish(stack, CAMPAIGN, draft.revision)
    draft = drafting.write(stack, CAMPAIGN, draft.revision, {}, ANN, {"goal": 11})
    clear(world)
    assert drafting.draft_of(stack, CAMPAIGN) == draft
    world.clock.advance(days=60)
    clear(world)
    assert Drafts(world.stack)._versions(CAMPAIGN) == []
    again = drafting.write(stack, CAMPAIGN, 0, {}, ANN, {"goal": 22})
    clear(world)
    assert drafting.draft_of(stack, CAMPAIGN) == again


def clear(world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    clear_deliveries(world.stack, campaigns.campaign(CAMPAIGN), campaigns.targets(CAMPAIGN))
