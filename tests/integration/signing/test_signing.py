"""Test signing, confirming and withdrawing as a signer does them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, override

import pytest
from botocore.exceptions import ClientError

from tests.faults.refusals import Refusing
from tests.support.world import ADA, CAMPAIGN, CONTEXT, FORM, Watch
from undersigned.base.errors import ChangedError
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.own_letter import own_letter
from undersigned.signing.letters import to_confirm
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.mail_claims import MailClaims
from undersigned.signing.rules.forms import FormMail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer, World
    from undersigned.campaigns.rules.campaigns import ShowGoal


def public_count(world: World) -> int:
    """Return the public count that all processes answer with after two seconds."""
    world.clock.advance(seconds=2)
    return int(world.get(f"{FORM}/count", as_json=True).json["signatures"])


def test_the_page_has_the_letter_and_the_form(world: World) -> None:
    page = world.get(FORM)
    assert page.status == 200
    for words in ("End Demand Illinois", "Dear Police Chief (name),", 'name="postal_code"'):
        assert words in page.body
    assert "have signed" not in page.body


@pytest.mark.parametrize(
    ("goal", "show_goal", "is_shown"),
    [(10, "from-a-tenth", True), (21, "from-a-tenth", False), (21, "always", True), (10, "never", False)],
)
def test_the_goal_is_shown_from_a_tenth_of_it_or_as_the_organizer_chooses(
    world: World, goal: int, show_goal: ShowGoal, *, is_shown: bool
) -> None:
    campaigns = Campaigns(world.stack.table)
    campaigns.put_campaign(replace(campaigns.campaign(CAMPAIGN), goal=goal, show_goal=show_goal))
    world.confirmed()
    world.sign(email="bea@signers.example")
    world.run_stream()
    world.clock.advance(minutes=2)
    for page in (world.get(FORM), world.press(world.sent[-1].link("confirm"))):
        assert "signed</strong>" in page.body
        assert (f" of a goal of {goal}." in page.body) == ("<progress" in page.body) == is_shown
    assert world.get(f"{FORM}/count", as_json=True).json["shows_goal"] == is_shown


def test_the_campaign_in_json_has_fields_targets_and_count(world: World) -> None:
    campaign = world.get(FORM, as_json=True).json
    assert campaign["signatures"] == 0
    email = {"name": "email", "label": "Email address", "choices": [], "required": True, "max_length": 254}
    assert email in campaign["fields"]
    assert {target["id"] for target in campaign["targets"]} >= {"evanston", "lake-forest"}
    assert "chief@evanston-police.example" not in str(campaign)


def test_a_target_added_a_moment_ago_can_get_letters(world: World) -> None:
    campaigns, other_process = Campaigns(world.stack.table), world.stack
    world.get(FORM)
    world.clock.advance(seconds=40)
    find_campaign(other_process, CAMPAIGN)
    world.sign(email="early@signers.example")
    world.run_stream()
    evanston = campaigns.target(CAMPAIGN, "evanston")
    assert evanston
    campaigns.put_target(CAMPAIGN, replace(evanston, id="newtown", name="Newly Added", postal_codes=("99999",)))
    world.clock.advance(seconds=30)
    assert world.sign(postal_code="99999").status == 200
    world.run_stream()
    assert "Newly Added" in world.sent[-1].mail["Subject"]
    token = world.sent[-1].link("confirm").removeprefix("/confirm/")
    assert own_letter(other_process, to_confirm(other_process, token)).target.name == "Newly Added"


def test_json_is_answered_with_json(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", ADA, as_json=True)
    assert answer.status == 202
    assert answer.json["status"] == "pending"


def test_a_form_with_mistakes_has_every_error_and_keeps_the_answers(world: World) -> None:
    answer = world.sign(name="", email="ada@", signature=" ", address_line="<b>1 Sample Street</b>")
    assert answer.status == 422
    assert "<title>Error: End Demand Illinois</title>" in answer.body
    for message in ("Enter your full name", "Enter an email address in the correct format"):
        # In the summary at the top, and at the field.
        assert answer.body.count(message) == 2
    assert 'value="&lt;b&gt;1 Sample Street&lt;/b&gt;"' in answer.body
    assert world.run_stream() == []


def test_mistakes_in_json_are_problem_details_with_one_entry_per_field(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "name": 7, "postal_code": ""}, as_json=True)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json["errors"]] == ["postal_code", "name"]


def test_a_postal_code_of_two_towns_needs_a_choice(world: World) -> None:
    shared = {"postal_code": "60203"}
    answer = world.sign(**shared)
    assert answer.status == 422
    assert "60203 has more than one recipient" in answer.body
    assert 'value="evanston"' in answer.body
    assert 'value="skokie"' in answer.body
    assert world.sign(**shared, target="skokie").status == 200
    world.run_stream()
    assert "Blake Placeholder" in world.sent[-1].text


def test_an_unknown_postal_code_is_an_error(world: World) -> None:
    answer = world.sign(postal_code="99999")
    assert answer.status == 422
    assert "This letter doesn’t cover 99999" in answer.body


def test_targets_are_found_by_postal_code(world: World) -> None:
    found = world.get(f"{FORM}/targets?postal_code=60203", as_json=True).json["targets"]
    assert [target["id"] for target in found] == ["evanston", "skokie"]
    assert world.get(f"{FORM}/targets?postal_code=99999", as_json=True).json["targets"] == []


def test_a_preview_shows_the_signers_letter_and_stores_nothing(world: World) -> None:
    answer = world.post(f"{FORM}/preview", {**ADA, "note": "My <i>own</i> words"})
    assert "Your letter to Police Chief Avery Sample" in answer.body
    assert "My &lt;i&gt;own&lt;/i&gt; words" in answer.body
    as_json = world.post(f"{FORM}/preview", ADA, as_json=True).json
    assert "Dear Police Chief Avery Sample," in as_json["text"]
    assert world.run_stream() == []


@pytest.mark.asvs("2.3.1")
@pytest.mark.moto
def test_a_letter_is_pending_until_its_button_is_pressed(world: World) -> None:
    world.sign()
    world.run_stream()
    path = world.sent[-1].link("confirm")
    page = world.get(path)
    assert "Confirm and send my letter" in page.body
    assert "1 Sample Street" in page.body
    world.run_stream()
    assert world.get(f"{FORM}/count", as_json=True).json["signatures"] == 0
    world.week()
    assert world.deliveries == []
    assert "Thank you: your letter is confirmed" in world.press(path).body


@pytest.mark.moto
def test_confirming_twice_has_the_same_result_as_once(world: World) -> None:
    mail = world.confirmed()
    assert world.press(mail.link("confirm")).status == 200
    assert world.run_stream() == []
    assert world.get(f"{FORM}/count", as_json=True).json["signatures"] == 1


class TallyBefore(Watch):
    """Runs the stream's readers before a call of the form's function, so that the tally counts what is there."""

    def __init__(self, world: World, number: int) -> None:
        self.world, self.number, self.calls = world, number, 0

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        if function == "PublicApi":
            self.calls += 1
            if self.calls == self.number:
                self.world.run_stream()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_thanks_count_the_own_letter_once_whenever_the_tally_runs(world: World, number: int) -> None:
    world.confirmed(email="first@signers.example")
    world.sign()
    world.run_stream()
    world.watch = TallyBefore(world, number)
    assert "<strong>2 people have signed</strong>" in world.press(world.sent[-1].link("confirm")).body


@pytest.mark.parametrize("is_tallied", [False, True])
def test_the_thanks_count_the_own_letter_once_if_it_is_confirmed_again(world: World, *, is_tallied: bool) -> None:
    world.sign()
    world.run_stream()
    path = world.sent[-1].link("confirm")
    world.press(path)
    if is_tallied:
        world.run_stream()
    assert "<strong>1 person has signed</strong>" in world.press(path).body


def test_a_throttled_count_keeps_nobody_from_confirming(world: World) -> None:
    world.sign()
    world.run_stream()
    world.watch = throttle = Refusing({"dynamodb:BatchGetItem": "ThrottlingException"})
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert [*throttle.refused] == [("PublicApi", "dynamodb:BatchGetItem")]
    world.watch = None
    world.run_stream()
    assert public_count(world) == 1


def test_a_confirmation_reads_its_form_and_writes_the_letter_once(world: World) -> None:
    world.confirmed(email="warm@signers.example")
    confirming = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    for as_json, calls in ((False, ["dynamodb:BatchGetItem", *confirming]), (True, confirming)):
        world.sign(email=f"{as_json}@signers.example")
        world.run_stream()
        path = world.sent[-1].link("confirm")
        world.get(path)
        before = len(world.calls)
        world.post(path, as_json=as_json)
        assert world.calls[before:] == calls


def test_the_button_confirms_the_words_that_the_page_showed(world: World) -> None:
    world.sign(note="My own words")
    world.run_stream()
    path = world.sent[-1].link("confirm")
    assert "My own words" in world.get(path).body
    world.sign(note="Words of somebody who knows the address")
    # A program or a page of an earlier version sends the version that it saw.
    answer = world.press(path, {"version": "1"})
    assert "Thank you" in answer.body
    assert "My own words" in answer.body
    assert "Words of somebody who knows the address" not in answer.body
    world.run_stream()
    assert public_count(world) == 1


@pytest.mark.asvs("3.5.3")
def test_a_scanner_that_opens_the_confirmation_link_changes_nothing(world: World) -> None:
    world.sign()
    world.run_stream()
    world.get(world.sent[-1].link("confirm"))
    assert world.run_stream() == []


@pytest.mark.moto
def test_a_pending_letter_expires_after_14_days_and_can_be_signed_again(world: World) -> None:
    world.sign()
    world.run_stream()
    path = world.sent[-1].link("confirm")
    world.clock.advance(days=14, seconds=-1)
    assert world.get(path).status == 200
    world.clock.advance(seconds=2)
    for answer in (world.get(path), world.post(path)):
        assert answer.status == 410
    assert world.sign().status == 200
    world.run_stream()
    assert world.press(world.sent[-1].link("confirm")).status == 200


def said(answer: Answer) -> str:
    """Return the page after signing without what was typed, and without the token of that form."""
    return re.sub(r'(?<=<bdi>)[^<]*|(?<=value=")[^"]*', "", answer.body)


@pytest.mark.moto
def test_the_same_form_sent_again_keeps_its_marks_and_causes_one_email(world: World) -> None:
    token = world.form()
    world.sign(form=token)
    world.run_stream()
    [form] = world.forms()
    Forms(world.stack.table).put_in_quarantine(form, "no mailbox")
    before = world.forms()
    world.clock.advance(seconds=20)
    assert world.sign(form=token).status == 200
    world.run_stream()
    assert world.forms() == before
    assert len(world.sent) == 1


def test_a_message_that_comes_again_after_its_form_was_confirmed_sends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The email left, and the table did not take that."""
    world.sign()
    with monkeypatch.context() as patch:
        patch.setattr(MailClaims, "record_sent", lambda *_: 1 / 0)
        world.run_stream()
    [mail] = world.sent
    assert world.press(mail.link("confirm")).status == 200
    assert world.run_waiting_mails() == [{"batchItemFailures": []}]
    assert world.sent == [mail]


def test_a_letter_waits_in_its_tray_from_the_moment_of_its_confirmation(world: World) -> None:
    """So *Send now* on a page that was read before doesn't send it, whenever its form was sent."""
    world.sign()
    world.run_stream()
    world.clock.advance(hours=1)
    world.press(world.sent[-1].link("confirm"))
    letter = world.signature()
    assert (letter.in_tray, letter.waits_since) == (True, world.clock.now)


def test_a_second_signature_gets_the_same_answer_and_a_reminder_email(world: World) -> None:
    first = world.sign()
    world.run_stream()
    world.post(world.sent[-1].link("confirm"))
    world.run_stream()
    second = world.sign(email="  ADA@signers.example ", name="Somebody Else")
    assert (second.status, second.headers, said(second)) == (first.status, first.headers, said(first))
    world.run_stream()
    reminder = world.sent[-1]
    assert reminder.mail["Subject"].startswith("You’ve already signed")
    assert "Somebody Else" not in reminder.text
    world.week()
    assert world.deliveries[0].printed.count("Dear Police Chief") == 1
    assert "Somebody Else" not in world.deliveries[0].printed


def test_signing_makes_the_same_calls_if_the_person_had_signed_or_not(world: World) -> None:
    world.sign(email="warm@signers.example")
    world.calls.clear()
    world.sign()
    first = list(world.calls)
    world.run_stream()
    world.post(world.sent[-1].link("confirm"))
    world.calls.clear()
    world.sign()
    assert world.calls == first == ["dynamodb:UpdateItem", "dynamodb:PutItem"]


def test_the_later_of_two_letters_is_confirmed_by_its_own_link(world: World) -> None:
    world.sign(name="Ada Typo")
    world.sign()
    world.run_stream()
    assert world.press(world.sent[-1].link("confirm")).status == 200
    world.week()
    assert "Ada Specimen" in world.deliveries[0].printed
    assert "Ada Typo" not in world.deliveries[0].printed


def test_a_withdrawn_letter_is_never_sent(world: World) -> None:
    confirmed = world.confirmed()
    path = letter_page(world, confirmed.link("confirm"))
    assert "Waiting" in world.get(path).body
    assert "Withdrawn" in world.post(f"{path}/withdraw").body
    world.run_stream()
    world.week()
    assert world.deliveries == []
    assert world.get(f"{FORM}/count", as_json=True).json["signatures"] == 0
    assert world.post(f"{path}/withdraw").status == 200


@pytest.mark.moto
def test_a_withdrawn_letter_can_be_signed_again(world: World) -> None:
    path = letter_page(world, world.confirmed().link("confirm"))
    world.post(f"{path}/withdraw")
    world.run_stream()
    world.clock.advance(seconds=1)
    world.confirmed()
    world.week()
    assert len(world.deliveries) == 1
    assert public_count(world) == 1


def test_a_sealed_letter_cannot_be_withdrawn_and_the_page_says_so(world: World) -> None:
    path = letter_page(world, world.confirmed().link("confirm"))
    world.week()
    answer = world.post(f"{path}/withdraw")
    assert "Too late to withdraw" in answer.body
    assert public_count(world) == 1


@pytest.mark.parametrize(
    ("case", "headline"),
    [("send", "Sent"), ("delivery", "Delivered"), ("bounce", "Bounced"), ("complaint", "Delivered")],
)
def test_the_signers_page_shows_the_letters_status(world: World, case: str, headline: str) -> None:
    path = letter_page(world, world.confirmed().link("confirm"))
    world.week()
    world.feedback(case, world.deliveries[0])
    assert f"<strong>{headline}</strong>" in world.get(path).body


def test_signing_again_after_the_letter_was_sent_gets_an_email_that_says_so(world: World) -> None:
    world.confirmed()
    world.week()
    world.clock.advance(hours=1)
    world.sign()
    world.run_stream()
    assert "is already in a delivery" in " ".join(world.sent[-1].text.split())


def test_throttled_emails_are_sent_later_and_lose_no_signature(world: World) -> None:
    world.sign()
    world.throttles = 100
    records = world.new_records()
    assert world.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    assert world.sent == []
    world.throttles = 0
    assert world.run_waiting_mails() == [{"batchItemFailures": []}]
    assert world.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    assert len(world.sent) == 1


def letter_page(world: World, confirm_path: str) -> str:
    return str(world.post(confirm_path, as_json=True).json["links"]["letter"])


@pytest.mark.parametrize("conflicts", [1, 4])
def test_a_confirmation_waits_for_a_transaction_on_its_row(
    world: World, monkeypatch: pytest.MonkeyPatch, conflicts: int
) -> None:
    world.sign()
    world.run_stream()
    client = world.stacks["public_api"].table._client
    update_item, remaining = client.update_item, iter(range(conflicts))

    def conflicting(**request: Any) -> Any:
        if next(remaining, None) is not None:
            raise ClientError({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")
        return update_item(**request)

    monkeypatch.setattr(client, "update_item", conflicting)
    assert world.press(world.sent[-1].link("confirm")).status == 200


def test_a_form_changes_only_if_it_is_as_it_was_read(world: World) -> None:
    world.sign()
    forms, hour = Forms(world.stack.table), timedelta(hours=1)
    [form] = world.forms()
    with pytest.raises(ChangedError):
        forms.release(form, "no request")
    with pytest.raises(ChangedError):
        forms.postpone_mail(FormMail(replace(form, mail_request="another")), world.clock.now)
    forms.postpone_mail(FormMail(form), world.clock.now)
    [postponed] = world.forms()
    forms.postpone_further(postponed, world.clock.now + hour)
    with pytest.raises(ChangedError):
        forms.postpone_further(postponed, world.clock.now + 2 * hour)
    assert [each.postponed_until for each in world.forms()] == [world.clock.now + hour]
