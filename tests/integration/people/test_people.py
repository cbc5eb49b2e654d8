"""Test a campaign's people and keys: as pages, and as commands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.acting import decide
from tests.support.organizers import Browser, add, campaigns_of
from tests.support.world import ADMINISTRATOR, CAMPAIGN, DASHBOARD, ROOT
from undersigned.base.errors import ChangedError
from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.base.table import Update
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import counter_key
from undersigned.organizing.deleting import delete_campaign
from undersigned.people import membership
from undersigned.people.keys import make_key
from undersigned.people.membership import PeopleError
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rows.people import People
from undersigned.people.rules.api_keys import digest_of
from undersigned.people.rules.people import Member, person_id
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.workshop import drafting
from undersigned.workshop.pushing import push
from undersigned.workshop.starting import empty_files
from undersigned_cli import campaign_folder, stacks
from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

OWNER, MARIA = "owner@enddemand.example", "maria@enddemand.example"


@pytest.fixture
def owner(world: World) -> Browser:
    """Return the browser of an owner who is signed in."""
    add(world, OWNER, "owner")
    browser = Browser(world)
    browser.sign_in(OWNER)
    return browser


@pytest.fixture
def without_administrator(world: World) -> Stack:
    """Return the stack as it is without an administrator."""
    settings = Settings({**world.stack.settings.variables, "ADMIN_EMAIL": ""})
    return Stack(settings, client=world.stack.client, clock=world.clock)


def id_of(world: World, email: str) -> str:
    return person_id(world.stack.secret(), email)


def roles(world: World) -> dict[str, str]:
    return {member.person.email: member.role for member in People(world.stack.table).members(CAMPAIGN)}


def log(world: World) -> set[tuple[str, str, str]]:
    return {(entry.action, entry.by, entry.about) for entry in Campaigns(world.stack.table).audit(CAMPAIGN)}


# Pages


def test_an_owner_invites_an_editor_who_signs_in(owner: Browser, world: World) -> None:
    assert "decides about letters and deliveries, and changes and publishes the campaign" in owner.see("/people").body
    answer = owner.press("/people", {"email": MARIA, "role": "editor"})
    assert answer.headers["location"] == f"{DASHBOARD}/people?done=invited"
    world.run_people_mails()
    mail = world.sent[-1]
    assert (mail.to, mail.tags, mail.mail["Reply-To"]) == (
        MARIA,
        {"kind": "invitation"},
        Campaigns(world.stack.table).campaign(CAMPAIGN).organizer.email,
    )
    for part in (mail.text, mail.html):
        words = re.sub(r"\s+", " ", part)
        assert OWNER in words
        assert "You are an editor: you see the letters and who signed" in words
        assert "decide about letters and deliveries, and change and publish the campaign." in words
        assert "/organizer" in words
    maria = Browser(world)
    maria.sign_in(MARIA)
    assert maria.see("/signatures").status == 200
    assert maria.see("/people").status == 403
    assert maria.press("/people", {"email": "ben@enddemand.example", "role": "owner"}).status == 403
    assert set(roles(world)) == {OWNER, MARIA}
    assert ("add person", OWNER, f"{MARIA} editor") in log(world)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"email": "maria", "role": "viewer"}, "Write an email address like name@example.org."),
        ({"email": MARIA, "role": "king"}, "Go back, load the page again, and try once more."),
        ({"email": OWNER.upper(), "role": "viewer"}, "This person is on the list already."),
    ],
)
def test_a_mistaken_invitation_is_explained_and_kept(
    owner: Browser, world: World, values: dict[str, str], words: str
) -> None:
    answer = owner.press("/people", values)
    assert answer.status in {400, 409}
    assert words in answer.body
    assert f'value="{values["email"]}"' in answer.body
    assert (f'value="{values["role"]}" required checked>' in answer.body) == (values["role"] == "viewer")
    assert roles(world) == {OWNER: "owner"}
    assert world.run_people_mails() == []


@pytest.mark.parametrize("chosen", ["maria@gmail.com", "maria@gmial.com"])
def test_a_mistyped_address_is_asked_about_before_somebody_is_invited(
    owner: Browser, world: World, chosen: str
) -> None:
    asked = owner.press("/people", {"email": "maria@gmial.com", "role": "editor"})
    assert asked.status == 200
    assert "Did you mean maria@gmail.com?" in asked.body
    assert "Nothing is saved yet. If neither address is right, go back and type it again." in asked.words
    assert '<input type="hidden" name="role" value="editor">' in asked.body
    assert f'name="email_is" value="{chosen}"' in asked.body
    assert roles(world) == {OWNER: "owner"}
    assert world.run_people_mails() == []
    typed = {"email": "maria@gmial.com", "role": "editor", "email_is": chosen}
    assert owner.press("/people", typed).status == 303
    assert roles(world) == {OWNER: "owner", chosen: "editor"}


def test_inviting_somebody_with_the_same_role_again_sends_the_invitation_again(owner: Browser, world: World) -> None:
    for _ in range(2):
        assert owner.press("/people", {"email": MARIA, "role": "editor"}).status == 303
        world.run_people_mails()
    assert [mail.to for mail in world.sent].count(MARIA) == 2
    assert roles(world)[MARIA] == "editor"


def test_a_role_is_changed_and_a_person_removed_on_the_page(owner: Browser, world: World) -> None:
    person = add(world, MARIA, "viewer")
    assert owner.press(f"/people/{person}/role", {"role": "editor"}).headers["location"].endswith("done=role-changed")
    assert roles(world)[MARIA] == "editor"
    assert owner.press(f"/people/{person}/remove").headers["location"].endswith("done=person-removed")
    assert roles(world) == {OWNER: "owner"}
    assert {("remove person", OWNER, MARIA), ("change role", OWNER, f"{MARIA} editor")} <= log(world)
    assert owner.press(f"/people/{person}/remove").status == 404
    assert owner.press(f"/people/{person}/role", {"role": "king"}).status == 400


def test_the_activity_log_shows_who_did_what(owner: Browser) -> None:
    owner.press("/pause", {"why": "holidays"})
    page = owner.see("/audit").body
    assert f'data-label="By">{OWNER}<' in page


def test_the_front_page_shows_own_campaigns_and_what_needs_attention(owner: Browser, world: World) -> None:
    world.confirmed()
    folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    other = replace(folder.campaign, id="another", title="Another campaign")
    push(world.stack, replace(folder, campaign=other))
    page = owner.see("/organizer").body
    assert OWNER in page
    assert "Another campaign" not in page
    assert "No problems" in page
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "asked for")
    Campaigns(world.stack.table).pause(CAMPAIGN, paused=True)
    world.clock.advance(minutes=2)
    page = owner.see("/organizer").body
    assert "<li><bdi>Campaign paused</bdi></li>" in page
    assert "Evanston: letters on hold</bdi></li>" in page
    administrator = Browser(world)
    administrator.sign_in(ADMINISTRATOR)
    page = administrator.see("/organizer").body
    assert "Another campaign" in page
    assert 'href="/organizer/dashboard/another"' in page
    # A published campaign with a draft is not among those that are not published.
    drafting.write(world.stack, CAMPAIGN, 0, {}, OWNER, {"goal": 77})
    assert "Not published yet" not in administrator.see("/organizer").body
    # A draft has its title; one without a title, its id.
    draft = drafting.create(world.stack, "another-draft", OWNER, empty_files("another-draft"))
    draft = drafting.write(world.stack, "another-draft", draft.revision, {}, OWNER, {"title": "Trees & benches"})
    assert "<bdi>Trees &amp; benches</bdi>" in administrator.see("/organizer").body
    drafting.write(world.stack, "another-draft", draft.revision, {}, OWNER, {"title": ""})
    assert "<bdi>another-draft</bdi>" in administrator.see("/organizer").body


def test_the_front_page_names_each_cause_as_the_overview_does(owner: Browser, world: World) -> None:
    campaigns = Campaigns(world.stack.table)
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[-1])
    assert "Evanston: someone there marked the email as spam" in campaigns_of(owner)
    campaigns.set_mail_state(CAMPAIGN, "skokie", campaigns.target(CAMPAIGN, "skokie").email, "bounced")
    assert "Skokie: email bounces" in campaigns_of(owner)
    campaigns.hold(CAMPAIGN, "wilmette", "a new chief")
    assert "Wilmette: letters on hold" in campaigns_of(owner)
    MailBudgets(world.stack.table).stop()
    assert "Confirmation emails are stopped" in campaigns_of(owner)
    campaigns.pause(CAMPAIGN, paused=True)
    assert "Campaign paused" in campaigns_of(owner)
    assert "and 1 more" in campaigns_of(owner)


def test_the_front_page_tells_deliveries_that_need_a_decision(owner: Browser, world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(hours=11, days=3)
    owner.sign_in(OWNER)
    assert "nobody has said whether the email of November 24, 2026 arrived" in campaigns_of(owner)


def test_the_front_page_tells_overdue_letters_closed_campaigns_and_unpublished_changes(
    owner: Browser, world: World
) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    Campaigns(world.stack.table).put_campaign(replace(campaign, closes=date(2026, 11, 25)))
    world.confirmed()
    drafting.write(world.stack, CAMPAIGN, 0, {}, OWNER, {"goal": 77})
    assert "The draft has unpublished changes" in campaigns_of(owner)
    world.clock.now = datetime(2026, 12, 1, 16, tzinfo=UTC)
    owner.sign_in(OWNER)
    assert "Evanston: letters are overdue" in campaigns_of(owner)
    assert "Signing closed on November 25, 2026" in campaigns_of(owner)


def test_the_front_page_says_that_it_has_not_looked_at_all_recipients(owner: Browser, world: World) -> None:
    world.limit(recipients_read=2)
    assert "No problems with the first 2 recipients. Open the campaign to see the others." in campaigns_of(owner)
    Campaigns(world.stack.table).hold(CAMPAIGN, "wilmette", "asked for")
    assert "Wilmette: letters on hold" in campaigns_of(owner)


def test_the_front_page_tells_a_wave_of_forms_whose_confirmation_emails_are_held(owner: Browser, world: World) -> None:
    for number in range(12):
        world.sign(email=f"bot{number}@signers.example", form="")
    world.run_stream()
    waiting = Forms(world.stack.table).how_many_postponed(CAMPAIGN, "suspicious", 100)
    assert waiting == 2
    assert f"Confirmation emails of letters in quarantine that wait: {waiting}" in campaigns_of(owner)


def test_a_damaged_letter_hides_no_page(owner: Browser, world: World) -> None:
    world.sign()
    [form] = world.forms()
    world.stack.table.update(Update(form.own_key(), assign={"signed_at": "yesterday"}))
    for path in ("/organizer", DASHBOARD, f"{DASHBOARD}/signatures"):
        assert owner.see(path).status == 200, path


def test_a_person_without_campaigns_is_told_so(owner: Browser, world: World) -> None:
    People(world.stack.table).remove(People(world.stack.table).members(CAMPAIGN)[0])
    page = owner.see("/organizer").body
    assert "You have no campaigns." in page
    assert owner.see().status == 404


# Keys


@pytest.mark.asvs("6.4.3")
def test_an_owner_makes_a_key_sees_it_once_and_revokes_it(owner: Browser, world: World) -> None:
    page = owner.press("/keys", {"label": "<b>board</b>", "scope": "letters"}).body
    found = re.search(r"<code>(us_[\w-]{43})</code>", page)
    assert found
    assert "<b>" not in page
    key = found[1]
    [stored] = ApiKeys(world.stack.table).api_keys(CAMPAIGN)
    assert (stored.digest, stored.scope, stored.label) == (digest_of(key), "letters", "<b>board</b>")
    assert (stored.by, stored.maker) == (OWNER, id_of(world, OWNER))
    assert (stored.valid_until - stored.created_at).days == 90
    assert key not in owner.see("/keys").body
    digits = stored.digest[:12]
    assert owner.press(f"/keys/{digits}/revoke").headers["location"].endswith("?done=key-revoked")
    assert ApiKeys(world.stack.table).api_keys(CAMPAIGN) == ()
    assert {("revoke key", OWNER, digits), ("create key", OWNER, f"{digits} letters")} <= log(world)
    assert owner.press(f"/keys/{digits}/revoke").status == 404


@pytest.mark.parametrize(
    "values",
    [
        {"label": "x", "scope": "everything"},
        {"label": "x" * 101, "scope": "counts"},
        {"label": "\x1b[2J", "scope": "counts"},
    ],
)
def test_a_mistaken_key_is_explained(owner: Browser, world: World, values: dict[str, str]) -> None:
    answer = owner.press("/keys", values)
    assert answer.status == 400
    assert 'role="alert"' in answer.body
    assert re.search(rf'name="label"[^>]* value="{re.escape(values["label"])}"', answer.body)
    assert ('value="counts" required checked>' in answer.body) == (values["scope"] == "counts")
    assert ("load the page again, and try once more" in answer.body) == (values["scope"] == "everything")
    assert ApiKeys(world.stack.table).api_keys(CAMPAIGN) == ()


def key_of(browser: Browser) -> str:
    """Make a key on the page, and return its text."""
    page = browser.press("/keys", {"label": "script", "scope": "counts"}).body
    found = re.search(r"<code>(us_[\w-]{43})</code>", page)
    assert found, page
    return found[1]


def opens(world: World, key: str) -> bool:
    answer = world.get(f"/organizer/campaigns/{CAMPAIGN}", headers={"authorization": f"Bearer {key}"})
    assert answer.status in {200, 401}
    return answer.status == 200


@pytest.fixture
def second(world: World) -> Browser:
    """Return the browser of a second owner who is signed in."""
    add(world, MARIA, "owner")
    browser = Browser(world)
    browser.sign_in(MARIA)
    return browser


@pytest.mark.asvs("7.4.5")
def test_a_removed_persons_keys_end_with_them(owner: Browser, second: Browser, world: World) -> None:
    key, other = key_of(second), key_of(owner)
    assert owner.press(f"/people/{id_of(world, MARIA)}/remove").status == 303
    assert (opens(world, key), opens(world, other)) == (False, True)
    assert {("revoke key", OWNER, digest_of(key)[:12]), ("remove person", OWNER, MARIA)} <= log(world)


def test_a_persons_keys_end_when_they_stay_no_owner(owner: Browser, second: Browser, world: World) -> None:
    key = key_of(second)
    owner.press(f"/people/{id_of(world, MARIA)}/role", {"role": "owner"})
    assert opens(world, key)
    owner.press(f"/people/{id_of(world, MARIA)}/role", {"role": "editor"})
    assert not opens(world, key)


def test_no_key_is_made_by_who_was_removed_at_the_same_moment(owner: Browser, world: World) -> None:
    """The page was opened, and then the person was removed, before the key is written."""
    key = key_of(owner)
    [member] = People(world.stack.table).members(CAMPAIGN)
    membership.remove(world.stack, CAMPAIGN, id_of(world, OWNER), ADMINISTRATOR)
    with pytest.raises(ChangedError):
        make_key(world.stack, CAMPAIGN, "counts", "", member.name, member=member)
    assert not opens(world, key)
    assert ApiKeys(world.stack.table).api_keys(CAMPAIGN) == ()


# The last owner


def test_the_last_owner_stays_unless_there_is_an_administrator(world: World, without_administrator: Stack) -> None:
    first = add(world, OWNER, "owner")
    with pytest.raises(PeopleError, match="last owner"):
        membership.remove(without_administrator, CAMPAIGN, first, OWNER)
    with pytest.raises(PeopleError, match="last owner"):
        membership.change_role(without_administrator, CAMPAIGN, first, "editor", OWNER)
    add(world, MARIA, "owner")
    membership.remove(without_administrator, CAMPAIGN, first, OWNER)
    assert roles(world) == {MARIA: "owner"}
    membership.remove(world.stack, CAMPAIGN, id_of(world, MARIA), ADMINISTRATOR)
    assert roles(world) == {}


def test_two_owners_cannot_remove_each_other_at_the_same_moment(world: World) -> None:
    add(world, OWNER, "owner")
    add(world, MARIA, "owner")
    people = People(world.stack.table)
    first, second = people.members(CAMPAIGN)
    people.remove(first, another_owner=second)
    with pytest.raises(ChangedError):
        people.remove(second, another_owner=first)
    assert people.members(CAMPAIGN) == (second,)


def test_a_role_is_written_for_the_campaign_and_the_person_or_not_at_all(world: World) -> None:
    person = add(world, MARIA, "viewer")
    people = People(world.stack.table)
    [known] = people.members(CAMPAIGN)
    assert people.campaigns_of(person) == (known,)
    with pytest.raises(ChangedError):
        people.put(replace(known, role="owner"), replace(known, role="editor"))
    with pytest.raises(ChangedError):
        people.put(Member(CAMPAIGN, person, MARIA, "owner"), None)
    assert people.members(CAMPAIGN) == people.campaigns_of(person) == (known,)
    people.remove(known)
    assert people.members(CAMPAIGN) == people.campaigns_of(person) == ()


def test_a_campaign_has_a_hundred_people_at_most(world: World) -> None:
    for number in range(100):
        People(world.stack.table).put(Member(CAMPAIGN, f"{number:032x}", f"{number}@people.example", "viewer"), None)
    with pytest.raises(PeopleError, match="100 people at most"):
        membership.invite(world.stack, CAMPAIGN, MARIA, "viewer", OWNER)


# Commands


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command and returns its exit code and output."""
    monkeypatch.setattr(stacks.DeployedStack, "opened", lambda _stack, *_needed: world.stack)
    monkeypatch.setattr(stacks.DeployedStack, "in_aws", lambda _name: stacks.DeployedStack({}, lambda *_: None))

    def command(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(arguments))
        return result.exit_code, result.output if result.exit_code == 0 else str(result.exception)

    return command


def test_commands_list_add_change_and_remove_people(world: World, run: Any) -> None:
    assert run("person", "add", CAMPAIGN, MARIA, "--role", "owner")[0] == 0
    world.run_people_mails()
    assert world.sent[-1].to == MARIA
    [row] = json.loads(run("person", "list", CAMPAIGN, "--json")[1])
    assert (row["email"], row["role"], row["by"]) == (MARIA, "owner", "command line")
    assert "is editor of" in run("person", "role", CAMPAIGN, MARIA, "editor")[1]
    assert roles(world) == {MARIA: "editor"}
    assert run("person", "remove", CAMPAIGN, MARIA)[0] == 0
    assert roles(world) == {}
    for wrong in (["remove", CAMPAIGN, MARIA], ["add", CAMPAIGN, "maria"], ["add", "none-such", MARIA]):
        assert run("person", *wrong)[0] != 0, wrong


def test_a_command_prints_a_link_that_signs_in(world: World, run: Any) -> None:
    add(world, MARIA, "editor")
    code, output = run("person", "sign-in-link", MARIA)
    assert code == 0
    *_, code, link = output.split()
    browser = Browser(world, code_page=link.removeprefix("https://letters.example"))
    assert browser.see(browser.code_page).status == 200
    assert browser.type_code(code.removesuffix(":")).status == 303
    assert browser.see("/signatures").status == 200
    assert ("print sign-in link", "command line", MARIA) in log(world)
    assert run("person", "sign-in-link", ADMINISTRATOR)[0] == 0
    code, output = run("person", "sign-in-link", "stranger@elsewhere.example")
    assert code != 0
    assert "undersigned person add" in output


def test_a_command_says_who_made_a_key_and_what_becomes_of_it(second: Browser, world: World, run: Any) -> None:
    key, own = key_of(second), run("key", "create", CAMPAIGN)[1].split()[-1]
    assert {row["by"] for row in json.loads(run("key", "list", CAMPAIGN, "--json")[1])} == {"command line", MARIA}
    assert "1 key is revoked" in run("person", "remove", CAMPAIGN, MARIA)[1]
    assert (opens(world, key), opens(world, own)) == (False, True)


# Deletion


def late_after(rows: int) -> Callable[[], bool]:
    """Return an `is_late` with which a run of deleting deletes some rows: it asks after the letters, and at a row."""
    asked = count(1)
    return lambda: next(asked) > rows + 1


@pytest.mark.parametrize("rows", [2, 3])
def test_an_owner_can_go_on_deleting_until_nothing_is_left(rows: int, owner: Browser, world: World) -> None:
    add(world, MARIA, "viewer")
    world.put_key("us_letters", "letters")
    decide(world, "close", by="command line")
    assert world.memory
    left = [CAMPAIGN]
    for _ in range(100):
        delete_campaign(world.stack, CAMPAIGN, late_after(rows))
        kept = [(pk, sk) for pk, rows in world.memory.partitions.items() for sk in rows]
        left = [f"{pk} {sk}" for pk, sk in kept if pk.endswith(f"#{CAMPAIGN}") or sk == CAMPAIGN]
        if not left:
            break
        assert owner.see("/people").status == 200, left
    assert left == []


def test_deleting_goes_on_after_it_ended_among_the_rows_of_a_counter(world: World) -> None:
    for shard, amount in ((1, 2), (2, -1), (3, -1)):
        world.stack.table.update(Update(counter_key(CAMPAIGN, "TOTAL", shard), add={"signatures": amount}))
    decide(world, "close", by="command line")
    runs = (delete_campaign(world.stack, CAMPAIGN, late_after(2)) for _ in range(100))
    assert any(run.is_done for run in runs)


def test_deleting_a_campaign_deletes_its_people(owner: Browser, world: World) -> None:
    decide(world, "close", by="command line")
    delete_campaign(world.stack, CAMPAIGN)
    assert People(world.stack.table).members(CAMPAIGN) == ()
    assert People(world.stack.table).campaigns_of(id_of(world, OWNER)) == ()
    world.clock.advance(minutes=2)
    assert owner.see().status == 404
