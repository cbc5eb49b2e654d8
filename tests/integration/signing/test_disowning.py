"""Test "I didn't sign this": a person whose address somebody else typed deletes the form, and gets no more emails."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.organizers import someone
from tests.support.world import ADA, CAMPAIGN, client_of
from undersigned.base.errors import ChangedError, TokenError
from undersigned.base.links import Links
from undersigned.organizing.rows.campaign_rows import Rows
from undersigned.signing.rows.disowned import Disowned
from undersigned.signing.rows.forms import Forms

if TYPE_CHECKING:
    from tests.support.world import World

EMAIL = "ada@signers.example"


def test_the_email_that_asks_to_confirm_has_the_link_in_html_and_text_and_stays_short(world: World) -> None:
    link = world.signed().link("disown")
    [mail] = world.sent
    assert f'{link}" style="color: #7a2048">I didn’t sign this</a>' in mail.html
    assert f"I didn’t sign this:\r\nhttps://letters.example{link}" in mail.text
    assert len(mail.text.split("-----")[0].splitlines()) < 20
    assert len(mail.html) < 6_000


def test_the_email_to_somebody_who_has_confirmed_has_no_such_link(world: World) -> None:
    world.confirmed()
    world.clock.advance(hours=1)
    world.sign()
    world.run_stream()
    assert "/disown/" not in world.sent[-1].text + world.sent[-1].html


@pytest.mark.parametrize(("language", "heading"), [("en", "You didn’t sign?"), ("es", "¿No firmó usted?")])
def test_opening_the_link_changes_nothing_and_shows_nothing_of_the_form(
    world: World, language: str, heading: str
) -> None:
    link = world.signed().link("disown")
    before = world.items()
    page = world.get(f"{link}?lang={language}")
    assert (page.status, heading in page.body) == (200, True)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert not [value for name, value in ADA.items() if name not in {"region", "updates"} and str(value) in page.words]
    assert world.items() == before


def test_the_button_deletes_the_form_and_ends_the_emails(world: World) -> None:
    link = world.signed().link("disown")
    answer = world.press(link)

    assert (answer.status, "The form is deleted" in answer.body) == (200, True)
    found = world.row()
    assert (found.status, found.is_empty, found.words.name, found.words.email) == ("erased", True, "", "")
    for value in ("Ada", "signers.example"):
        assert value not in json.dumps(
            [item for item in world.items() if item["pk"]["S"].startswith(("FORM#", "SIGNATURE#"))]
        )
    world.run_stream()
    found, sent = world.row(), len(world.sent)
    for _ in range(2):
        world.clock.advance(days=2)
        assert world.sign().status == 200
        world.run_stream()
    assert len(world.sent) == sent
    assert world.row() == found


def test_the_confirmation_link_of_a_deleted_form_confirms_nothing_and_says_why(world: World) -> None:
    link = world.signed().link("disown")
    confirm = world.sent[-1].link("confirm")
    world.press(link)
    assert "said that they didn’t sign" in world.press(confirm).body
    assert world.row().status == "erased"


def test_a_form_that_is_left_after_its_address_was_disowned_can_not_be_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function ended before it deleted the form, or the form was written just then."""
    world.press(world.signed().link("disown"))
    world.clock.advance(days=30)
    link = world.signed().link("disown")
    confirm = world.sent[-1].link("confirm")
    with monkeypatch.context() as patch:
        patch.setattr(Forms, "delete_all", lambda *_: None)
        world.press(link)
    world.clock.advance(seconds=1)
    world.sign(note="Once more")
    [form, left] = (form for form in Forms(world.stack.table).of_signer(CAMPAIGN, world.row().signer))
    assert form.form != left.form
    for path in (
        confirm,
        *(f"/confirm/{world.stack.links.sign('confirm', CAMPAIGN, one.signer, one.form)}" for one in (form, left)),
    ):
        assert "said that they didn’t sign" in world.press(path).body
    assert world.row().status == "erased"


def test_the_link_of_a_form_that_was_never_confirmed_says_after_its_days_that_it_is_deleted(world: World) -> None:
    link = world.signed().link("disown")
    world.clock.advance(days=15)
    table = world.stack.settings.table_name
    for item in world.items():
        if int(item.get("expires_at", {"N": "0"})["N"]) and item["pk"]["S"].startswith("FORM#"):
            client_of("dynamodb").delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    assert not world.letter(EMAIL)
    for answer in (world.get(link), world.press(link)):
        assert (answer.status, "This letter was deleted" in answer.body) == (410, True)


def test_after_30_days_the_person_can_sign(world: World) -> None:
    world.press(world.signed().link("disown"))
    world.run_stream()
    sent = len(world.sent)
    world.clock.advance(days=29, hours=23)
    world.sign()
    world.run_stream()
    assert len(world.sent) == sent
    world.clock.advance(hours=1)
    mail = world.signed()
    assert len(world.sent) == sent + 1
    assert world.press(mail.link("confirm")).status == 200
    assert (world.row().status, world.signature().disowned_at) == ("confirmed", None)
    world.week()
    assert world.row().bundle


def test_a_form_of_the_30_days_can_not_be_confirmed_after_them(world: World) -> None:
    world.press(world.signed().link("disown"))
    world.clock.advance(days=29, hours=23)
    world.sign()
    [form] = Forms(world.stack.table).of_signer(CAMPAIGN, world.signer())
    world.clock.advance(days=2)
    link = f"/confirm/{world.stack.links.sign('confirm', CAMPAIGN, form.signer, form.form)}"
    world.press(link)
    assert world.row().status == "erased"


def test_the_link_ends_the_emails_again_after_30_days(world: World) -> None:
    link = world.signed().link("disown")
    world.press(link)
    world.clock.advance(days=30)
    assert "Your address can get emails" in world.get(link).body
    assert "The form is deleted" in world.press(link).body
    sent = len(world.sent)
    world.clock.advance(days=29)
    world.sign()
    world.run_stream()
    assert len(world.sent) == sent


def test_pressing_twice_counts_once(world: World) -> None:
    link = world.signed().link("disown")
    for _ in range(2):
        assert world.press(link).status == 200
    assert world.signature().disowned_at is not None
    assert Disowned(world.stack.table).total(CAMPAIGN) == 1


def test_a_confirmed_letter_is_untouched(world: World) -> None:
    link = world.signed().link("disown")
    world.press(world.sent[-1].link("confirm"))
    before = world.row()
    assert "This letter was confirmed" in world.press(link).body
    assert world.row() == before
    assert Disowned(world.stack.table).total(CAMPAIGN) == 0


def test_a_confirmation_that_comes_first_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    link = world.signed().link("disown")
    confirm = world.sent[-1].link("confirm")
    store = type(Disowned(world.stack.table))
    disown = store.disown

    def late(stored: Any, *args: Any) -> None:
        monkeypatch.setattr(store, "disown", disown)
        world.press(confirm)
        disown(stored, *args)

    monkeypatch.setattr(store, "disown", late)
    assert "This letter was confirmed" in world.press(link).body
    assert world.row().status == "confirmed"


def test_the_link_has_no_personal_data_and_works_for_nothing_else(world: World) -> None:
    link = world.signed().link("disown")
    assert not [value for value in ADA.values() if isinstance(value, str) and len(value) > 3 and value in link]
    token = link.removeprefix("/disown/")
    assert world.get(f"/confirm/{token}").status == 404
    assert world.get(f"/letters/{token}").status == 404
    assert world.get(f"/disown/{world.sent[-1].link('confirm').removeprefix('/confirm/')}").status == 404
    assert world.get(f"/disown/{token[:-1]}{'A' if token[-1] != 'A' else 'B'}").status == 404


def test_a_link_whose_form_is_gone_says_so(world: World) -> None:
    link = world.signed().link("disown")
    Forms(world.stack.table).delete_all(CAMPAIGN, world.row().signer)
    assert world.get(link).status == 410
    assert world.press(link).status == 410


def test_whoever_disowns_many_forms_makes_no_other_form_suspicious(world: World) -> None:
    for number in range(5):
        world.press(world.signed(email=f"person{number}@elsewhere.example").link("disown"))
        world.clock.advance(minutes=2)
    world.sign(email="next@elsewhere.example")
    assert world.row("next@elsewhere.example").quarantine is None


def test_the_overview_counts_them(world: World) -> None:
    organizer = someone(world, "viewer")
    text = "Forms that people said they didn’t sign"
    assert text not in organizer.words()
    world.press(world.signed().link("disown"))
    assert f"{text} 1" in organizer.words()


def test_all_rows_go_with_the_campaign(world: World) -> None:
    world.press(world.signed().link("disown"))
    Rows(world.stack.table).delete_letters(CAMPAIGN, lambda: False)
    Rows(world.stack.table).delete_others(CAMPAIGN, lambda: False)
    left = [item["pk"]["S"] for item in world.items()]
    assert not [pk for pk in left if pk.startswith(("FORM#", "SIGNATURE#", "DISOWNED#"))]


def test_a_rotated_key_reads_links_of_before_and_a_second_rotation_ends_them(world: World) -> None:
    link = world.signed().link("disown")
    token = link.removeprefix("/disown/")
    kept = world.stack.links.keys("stack", world.clock.now)
    assert Links(lambda *_: ("new", *kept), world.clock).read("disown", token)["campaign"] == CAMPAIGN
    with pytest.raises(TokenError, match="the link is damaged"):
        Links(lambda *_: ("newer", "new"), world.clock).read("disown", token)


def test_only_the_erased_letter_that_was_read_is_disowned_again(world: World) -> None:
    world.press(world.signed().link("disown"))
    before = world.signature()
    with pytest.raises(ChangedError):
        Disowned(world.stack.table).disown_again(replace(before, version=before.version - 1), world.clock.now)
    assert world.row() == before
