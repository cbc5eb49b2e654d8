"""Each email's link confirms the words that it shows, whatever others post with the same address meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests import world as worlds
from tests.world import ADA, CAMPAIGN
from undersigned.aws.signatures import Signatures
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import Answer, World
    from undersigned.aws.dynamodb import Update
    from undersigned.domain.signatures import Signature

MINE, THEIRS = "My own words.", "Words of somebody who knows the address."

STRANGERS = {
    "without a form token": {"form": None},
    "with a good form": {},
}
"""How a stranger's form differs from a person's."""

LATER = "A later form waits, too"
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


def row(world: World) -> Signature:
    found = world.wiring.signatures.signature(CAMPAIGN, signer_id(world.wiring.secret(), str(ADA["email"])))
    assert found
    return found


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
    assert 0 < page.index(LATER) < page.index("Confirm and send my letter</button>")
    assert MINE in world.press(link).body
    assert (row(world).note, row(world).name, row(world).beside) == (MINE, "Ada Specimen", ())
    assert count(world) == 1
    world.week()
    [delivery] = world.deliveries
    assert "Ada Specimen" in delivery.text
    assert "Somebody Else" not in delivery.text


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_form_between_the_page_and_the_click_refuses_no_confirmation(world: World, stranger: str) -> None:
    for number in range(6):
        person = {"email": f"person-{number}@signers.example"}
        link = mailed(world, MINE, **person)
        page = world.get(link)
        assert LATER not in page.body
        sign(world, THEIRS, **person, **STRANGERS[stranger])
        answer = world.press(link)
        assert "Thank you: your letter is confirmed" in answer.body
        assert MINE in answer.body
    assert count(world) == 6


def test_a_suspicious_form_sends_no_email_and_does_not_replace_a_clean_letter(world: World) -> None:
    link = mailed(world, MINE)
    sign(world, THEIRS, form=None)
    world.run_stream()
    assert len(world.sent) == 1
    assert (row(world).note, row(world).quarantine) == (MINE, None)
    assert [(words.note, words.quarantine) for words in row(world).beside] == [(THEIRS, "no form")]
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
    before = row(world)
    assert LATER not in world.get(later).body
    world.clock.advance(hours=1)
    assert world.press(later).status == 200
    after = row(world)
    assert (after.name, after.address_line, after.locality, after.postal_code, after.target, after.updates) == (
        "Ada M. Specimen", "2 Sample Street", "Wilmette", "60091", "wilmette", True,
    )  # fmt: skip
    assert after.drawing == before.drawing != ""
    assert after.beside == ()
    said = world.get(earlier).body
    assert OTHER_WORDS in said
    assert "Corrected." in said
    assert MINE not in said


def test_earlier_words_become_the_rows_with_all_that_they_say(world: World) -> None:
    link = mailed(world, MINE, drawing="[[10,10,300,150,500,20]]", updates="yes")
    alone = row(world)
    world.run_stream()
    mailed(world, THEIRS, name="Somebody Else", locality="Wilmette", postal_code="60091")
    beside = row(world)
    assert (beside.note, beside.target) == (THEIRS, "wilmette")
    world.clock.advance(days=3)
    assert world.press(link).status == 200
    world.run_stream()
    after = row(world)
    assert (after.status, after.version, after.confirmed_at) == ("confirmed", beside.version + 1, world.clock.now)
    assert (after.in_tray, after.due_at) == (True, world.clock.now)
    as_before: dict[str, Any] = {
        "status": "pending",
        "version": 1,
        "confirmed_at": None,
        "confirmed_on": None,
        "in_tray": False,
        "due_at": None,
    }
    assert replace(after, **as_before, expires_at=alone.expires_at, tallied=alone.tallied) == alone
    # The listing finds the letter at the time of these words.
    assert [found.note for _, found in world.wiring.signatures.newest_signatures(CAMPAIGN)] == [MINE]
    assert world.wiring.counts.counts(CAMPAIGN)["TARGET#evanston"] == 1
    assert world.wiring.counts.counts(CAMPAIGN).get("TARGET#wilmette", 0) == 0


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
    assert row(world).note == MINE
    assert count(world) == 1


def test_opening_links_changes_nothing(world: World) -> None:
    links = [mailed(world, MINE), mailed(world, THEIRS)]
    before = row(world)
    for link in links:
        world.get(link)
    assert row(world) == before


def test_three_forms_wait_and_a_fourth_gives_way_for_a_day(world: World) -> None:
    links = [mailed(world, f"Form {number}") for number in (1, 2, 3)]
    sign(world, "Form 4")
    assert {row(world).note, *(words.note for words in row(world).beside)} == {"Form 1", "Form 2", "Form 3"}
    world.clock.advance(days=1)
    links.append(mailed(world, "Form 5"))
    assert world.get(links[0]).status == 410
    for number, link in ((2, links[1]), (3, links[2]), (5, links[3])):
        assert f"Form {number}" in world.get(link).body
    assert world.post(links[0]).status == 410
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


def test_the_same_words_again_take_no_room_and_keep_every_link(world: World) -> None:
    link = mailed(world, MINE)
    world.clock.advance(minutes=2)
    again = mailed(world, MINE)
    assert row(world).beside == ()
    assert LATER not in world.get(link).body
    assert world.get(link).body.replace(link, "") == world.get(again).body.replace(again, "")
    assert world.press(again).status == 200
    assert "Thank you" in world.press(link).body


def test_words_that_are_said_again_while_they_are_confirmed_are_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait beside others, and become the row's own between the two writes of their confirmation."""
    link = mailed(world, MINE)
    mailed(world, "Other words.")
    world.clock.advance(hours=1)
    move, meanwhile = Signatures._move, iter([MINE])

    def moves_after_the_first_write(store: Signatures, change: Update) -> Signature:
        try:
            return move(store, change)
        finally:
            for note in meanwhile:
                sign(world, note)

    monkeypatch.setattr(Signatures, "_move", moves_after_the_first_write)
    assert world.press(link).status == 200
    assert (row(world).status, row(world).note) == ("confirmed", MINE)


def test_the_same_words_again_can_be_confirmed_for_another_14_days(world: World) -> None:
    link = mailed(world, MINE)
    day = row(world).signed_on
    world.clock.advance(days=10)
    mailed(world, MINE)
    mailed(world, THEIRS)
    world.clock.advance(days=10)
    assert "Thank you" in world.press(link).body
    assert (row(world).note, row(world).signed_on) == (MINE, day)


def test_words_expire_14_days_after_their_own_form(world: World) -> None:
    earlier = mailed(world, MINE)
    world.clock.advance(days=10)
    later = mailed(world, THEIRS)
    world.clock.advance(days=4)
    assert world.get(earlier).status == world.post(earlier).status == 410
    world.reconcile()
    assert row(world).beside == ()
    assert world.press(later).status == 200


def test_withdrawing_a_letter_deletes_what_waits_beside_it(world: World) -> None:
    link = mailed(world, MINE)
    sign(world, THEIRS)
    own = world.get(link, as_json=True).json["links"]
    assert world.post(own["withdraw"]).status == 200
    assert row(world).beside == ()
    assert "Withdrawn" in world.get(link).body
    # A new letter is not confirmed by the old link.
    mailed(world, "A new letter.")
    assert world.get(link).status == world.post(link).status == 410


def test_erasing_a_letter_erases_what_waits_beside_it(world: World) -> None:
    mailed(world, MINE)
    sign(world, THEIRS)
    world.wiring.erasing().erase(CAMPAIGN, row(world).signer)
    assert world.memory
    assert THEIRS not in repr(list(world.memory.items()))
    assert MINE not in repr(list(world.memory.items()))


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
    [row_before] = world.wiring.signatures.listed_signatures(CAMPAIGN)
    sign(world, THEIRS)
    world.run_stream()
    world.wiring.erasing().erase(CAMPAIGN, row_before.signer)
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


def test_suspicion_goes_with_its_words(world: World) -> None:
    suspicious = mailed(world, THEIRS, form=None)
    mailed(world, MINE)
    assert row(world).quarantine is None
    [beside] = row(world).beside
    assert (beside.note, beside.quarantine) == (THEIRS, "no form")
    world.clock.advance(minutes=1)
    assert THEIRS in world.press(suspicious).body
