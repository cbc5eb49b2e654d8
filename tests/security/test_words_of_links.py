"""Each email's link confirms the words that it shows, whatever others post with the same address meanwhile."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import world as worlds
from tests.support.world import ADA, CAMPAIGN
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import Answer, World

MINE, THEIRS = "My own words.", "Words of somebody who knows the address."

STRANGERS = {
    "without a form token": {"form": None},
    "with a good form": {},
}
"""How a stranger's form differs from a person's."""

OTHER_WORDS = "You’ve already confirmed another letter"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return a stack without moto."""
    with worlds.world(monkeypatch, fast=True) as new:
        yield new


def sign(world: World, note: str, **changes: object) -> Answer:
    """Sign as Ada with a note, a second after what happened before."""
    world.clock.advance(seconds=1)
    changes = {name: value for name, value in ({"form": world.form()} | changes).items() if value is not None}
    answer = world.post(f"/campaigns/{CAMPAIGN}/signatures", {**ADA, "note": note, **changes})
    assert answer.status == 200
    return answer


def mailed(world: World, note: str, **changes: object) -> str:
    """Sign, and return the path of the email's link."""
    world.run_stream()
    before = len(world.sent)
    sign(world, note, **changes)
    world.run_stream()
    assert len(world.sent) == before + 1
    return world.sent[-1].link("confirm")


def count(world: World) -> int:
    world.run_stream()
    world.clock.advance(seconds=2)
    return int(world.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json["signatures"])


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_strangers_form_changes_nothing_that_the_signers_link_shows_or_confirms(world: World, stranger: str) -> None:
    link = mailed(world, MINE)
    sign(world, THEIRS, name="Somebody Else", **STRANGERS[stranger])
    world.run_stream()
    page = world.get(link).body
    assert MINE in page
    assert THEIRS not in page
    assert MINE in world.press(link).body
    assert (world.row().words.note, world.row().words.name) == (MINE, "Ada Specimen")
    assert count(world) == 1
    world.week()
    [delivery] = world.deliveries
    assert "Ada Specimen" in delivery.printed
    assert "Somebody Else" not in delivery.printed


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_form_between_the_page_and_the_click_refuses_no_confirmation(world: World, stranger: str) -> None:
    for number in range(6):
        person = {"email": f"person-{number}@signers.example"}
        link = mailed(world, MINE, **person)
        world.get(link)
        sign(world, THEIRS, **person, **STRANGERS[stranger])
        answer = world.press(link)
        assert "Thank you: your letter is confirmed" in answer.body
        assert MINE in answer.body
    assert count(world) == 6


def test_a_suspicious_form_sends_no_email_and_hides_no_clean_one(world: World) -> None:
    link = mailed(world, MINE)
    sign(world, THEIRS, form=None)
    world.run_stream()
    assert len(world.sent) == 1
    assert (world.row().words.note, world.row().quarantine) == (MINE, None)
    forms = Forms(world.stack.table).of_signer(CAMPAIGN, world.row().signer)
    assert {(form.words.note, form.quarantine) for form in forms} == {(MINE, None), (THEIRS, "no form")}
    assert world.press(link).status == 200


@pytest.mark.asvs("6.6.2")
def test_the_link_of_later_words_confirms_exactly_those(world: World) -> None:
    earlier = mailed(world, MINE)
    later = mailed(
        world,
        "Corrected.",
        name="Ada M. Specimen",
        address_line="2 Sample Street",
        locality="Wilmette",
        postal_code="60091",
        updates="yes",
        drawing="[[10,10,300,150,500,20]]",
        email="ADA@signers.example",
    )
    before = world.row()
    world.clock.advance(hours=1)
    assert world.press(later).status == 200
    after = world.signature()
    words = after.words
    assert (words.name, words.address_line, words.locality, words.postal_code, after.target, words.updates) == (
        "Ada M. Specimen", "2 Sample Street", "Wilmette", "60091", "wilmette", True,
    )  # fmt: skip
    assert words.drawing == before.words.drawing != ""
    said = world.get(earlier).body
    assert OTHER_WORDS in said
    assert "Corrected." in said
    assert MINE not in said


def test_a_letter_has_all_that_its_form_says_whatever_came_later(world: World) -> None:
    link = mailed(world, MINE, drawing="[[10,10,300,150,500,20]]", updates="yes")
    [form] = world.forms()
    world.run_stream()
    mailed(world, THEIRS, name="Somebody Else", locality="Wilmette", postal_code="60091")
    assert (world.row().words.note, world.row().target) == (THEIRS, "wilmette")
    world.clock.advance(days=3)
    assert world.press(link).status == 200
    world.run_stream()
    after = world.signature()
    assert (after.status, after.version, after.confirmed_at) == ("confirmed", 1, world.clock.now)
    assert (after.in_tray, after.waits_since) == (True, world.clock.now)
    of_forms_only = {"mail_request", "expires_at", "postponed_until", "is_released", "is_reminder"}
    said = {each.name for each in fields(form)} - of_forms_only
    assert {name: getattr(after, name) for name in said} == {name: getattr(form, name) for name in said}
    assert [getattr(after, name) for name in ("bundle", "withdrawn_at", "erased_at", "disowned_at")] == [None] * 4
    # The listing finds the letter at the time of these words.
    assert [found.words.note for _, found in Signatures(world.stack.table).newest_signatures(CAMPAIGN)] == [MINE]
    assert world.forms() == [], "neither form can be confirmed any more"
    assert world.counts()["TARGET#evanston"] == 1
    assert world.counts().get("TARGET#wilmette", 0) == 0


def test_only_the_words_that_were_confirmed_first_count(world: World) -> None:
    mine, theirs = mailed(world, MINE), mailed(world, THEIRS)
    assert world.press(mine).status == 200
    for as_json in (False, True):
        answer = world.post(theirs, as_json=as_json)
        assert answer.status == 409
        assert MINE in answer.body
        assert THEIRS not in answer.body
    assert world.get(theirs, as_json=True).json["other_words"] is True
    assert world.get(mine, as_json=True).json["other_words"] is False
    assert world.row().words.note == MINE
    assert count(world) == 1


def test_opening_links_changes_nothing(world: World) -> None:
    links = [mailed(world, MINE), mailed(world, THEIRS)]
    before = world.row()
    for link in links:
        world.get(link)
    assert world.row() == before


def test_three_of_an_addresss_forms_get_an_email_on_a_day_and_all_links_work(world: World) -> None:
    links = [mailed(world, f"Form {number}") for number in (1, 2, 3)]
    sign(world, "Form 4")
    world.run_stream()
    assert len(world.sent) == 3
    world.clock.advance(days=1)
    links.append(mailed(world, "Form 5"))
    for number, link in zip((1, 2, 3, 5), links, strict=True):
        assert f"Form {number}" in world.get(link).body
    assert "Form 2" in world.press(links[1]).body


def test_a_flood_of_forms_without_a_token_leaves_room_for_a_person(world: World) -> None:
    for number in range(5):
        sign(world, f"Spam {number}", form=None)
    world.run_stream()
    assert len(world.sent) == 1
    links = [mailed(world, MINE), mailed(world, "My corrected words.")]
    for number in range(5):
        sign(world, f"More spam {number}", form=None)
    assert MINE in world.get(links[0]).body
    assert "My corrected words." in world.press(links[1]).body


def test_the_same_words_in_another_copy_of_the_form_get_a_link_of_their_own_and_either_confirms(world: World) -> None:
    link = mailed(world, MINE)
    world.clock.advance(minutes=2)
    again = mailed(world, MINE)
    assert link != again
    assert world.press(again).status == 200
    assert world.press(link).status == 409


def test_forms_expire_14_days_after_they_were_sent(world: World) -> None:
    earlier = mailed(world, MINE)
    world.clock.advance(days=10)
    later = mailed(world, THEIRS)
    world.clock.advance(days=4)
    assert world.get(earlier).status == world.post(earlier).status == 410
    assert world.press(later).status == 200


def test_withdrawing_a_letter_ends_the_links_of_its_forms_and_a_new_form_can_be_confirmed(world: World) -> None:
    link, other = mailed(world, MINE), mailed(world, THEIRS)
    own = world.post(link, as_json=True).json["links"]
    world.clock.advance(seconds=1)
    assert world.post(own["withdraw"]).status == 200
    for old in (link, other):
        assert "Withdrawn" in world.get(old).body
        assert "Withdrawn" in world.press(old).body
    new = mailed(world, "A new letter.")
    assert "Withdrawn" in world.press(link).body
    assert "A new letter." in world.press(new).body


def test_who_withdraws_and_sends_the_same_form_again_gets_an_email(world: World) -> None:
    form = world.form()
    link = mailed(world, MINE, form=form)
    own = world.post(link, as_json=True).json["links"]
    world.post(own["withdraw"])
    assert "Thank you" in world.press(mailed(world, MINE, form=form)).body


def test_erasing_a_letter_erases_all_forms_of_its_signer(world: World) -> None:
    link = mailed(world, MINE)
    sign(world, THEIRS)
    sign(world, "More words.", form=None)
    world.press(link)
    world.erase(world.row().signer)
    assert world.memory
    for words in (MINE, THEIRS, "More words."):
        assert words not in repr(list(world.memory.items()))


def test_a_form_that_is_written_while_its_letter_is_erased_can_not_be_confirmed_and_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request had begun before, and its write came after the others were deleted."""
    mailed(world, MINE)
    signer = world.row().signer
    put: Any = Forms.put
    late: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setattr(Forms, "put", lambda *written: late.append(written))
        sign(world, THEIRS)
    world.clock.advance(seconds=1)
    world.erase(signer)
    [(store, form)] = late
    put(store, form)
    token = world.stack.links.sign("confirm", CAMPAIGN, signer, form.form)
    assert "erased" in world.press(f"/confirm/{token}").body
    before = len(world.sent)
    world.run_stream()
    assert (len(world.sent), Forms(world.stack.table).of_signer(CAMPAIGN, signer)) == (before, ())


def test_an_email_that_had_to_wait_shows_its_own_words(world: World) -> None:
    world.throttles = 1_000
    for note in (MINE, THEIRS):
        sign(world, note)
    world.run_stream()
    world.throttles = 0
    world.run_waiting_mails()
    links = [sent.link("confirm") for sent in world.sent]
    assert len(links) == 2
    assert {note for link in links for note in (MINE, THEIRS) if note in world.get(link).body} == {MINE, THEIRS}
    assert len(set(links)) == 2


def test_an_email_of_words_that_are_gone_is_not_sent(world: World) -> None:
    world.throttles = 1_000
    sign(world, MINE)
    world.run_stream()
    sign(world, THEIRS)
    world.run_stream()
    world.erase(world.row().signer)
    world.throttles = 0
    world.run_waiting_mails()
    assert world.sent == []


def test_each_form_makes_the_same_calls_whatever_waits(world: World) -> None:
    sign(world, MINE, email="warm@signers.example")
    seen = []
    for number in range(5):
        for changes in STRANGERS.values():
            world.calls.clear()
            sign(world, f"Form {number}", **changes)
            seen.append(tuple(world.calls))
    assert {*seen[::2]} == {seen[0]}
    assert {*seen[1::2]} == {seen[1]}


def test_suspicion_goes_with_its_form(world: World) -> None:
    suspicious = mailed(world, THEIRS, form=None)
    mailed(world, MINE)
    assert world.row().quarantine is None
    world.clock.advance(minutes=1)
    assert THEIRS in world.press(suspicious).body
    assert world.row().quarantine == "no form"
