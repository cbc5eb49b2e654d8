"""A test email of a draft: the email that a recipient would get, sent to whoever asks, and never counted."""

from __future__ import annotations

import html
import io
import json
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.support.organizers import member
from tests.support.world import CAMPAIGN
from undersigned.base.errors import NotNowError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.queue import DraftTest, read_message
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.workshop import drafting
from undersigned.workshop.draft_testing import ask_for_test
from undersigned.workshop.starting import example_files

if TYPE_CHECKING:
    from tests.support.world import Sent, World

NEW = "safer-streets"
MARIA = "maria@enddemand.example"
TEST = "/workshop/test-email"


def sent_as_tests(world: World) -> list[Sent]:
    world.run_queue()
    return world.mails("test")


def new_draft(world: World) -> None:
    stack = world.stack
    drafting.create(stack, NEW, "ann", example_files())


def counted_rows(world: World) -> dict[str, object]:
    """Return all rows, without the activity log and how often somebody asked."""
    assert world.memory
    kept = world.memory.partitions.items()
    return {pk: dict(rows) for pk, rows in kept if not pk.startswith(("SIGN_INS", "AUDIT"))}


def test_a_person_gets_the_email_of_a_draft_that_was_never_published(world: World) -> None:
    new_draft(world)
    maria = member(world, MARIA, "editor", NEW)
    assert f'action="/organizer/dashboard/{NEW}{TEST}"' in maria.see("/workshop/preview").body
    assert world.memory
    counted = {
        pk: dict(rows) for pk, rows in world.memory.partitions.items() if not pk.startswith(("SIGN_INS", "AUDIT"))
    }

    answer = maria.press(TEST)

    assert answer.status == 303
    said = html.unescape(maria.see(answer.headers["location"]).body)
    assert "The test email is on its way to you, and to nobody else." in said
    [sent] = sent_as_tests(world)
    assert (sent.to, sent.mail["to"], sent.mail["cc"], sent.mail["bcc"]) == (MARIA, MARIA, None, None)
    assert sent.mail["subject"].strip().startswith("[Test] ")
    for body in (sent.text, html.unescape(sent.html)):
        assert "This is a test, and only you get this email. It shows the draft" in " ".join(body.split())
    [pdf] = sent.pdfs
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "[Test]" in text
    assert "Alex Sample" in text
    assert counted_rows(world) == counted


def test_the_test_has_the_words_of_the_draft_and_not_the_published_ones(world: World) -> None:
    stack = world.stack
    files = drafting.draft_of(stack, CAMPAIGN).files
    drafting.write(stack, CAMPAIGN, 0, {"letter.md": f"Words of the draft.\n\n{files['letter.md']}"}, "ann")
    member(world, MARIA, "editor").press(TEST)
    [sent] = sent_as_tests(world)
    assert "Words of the draft." in sent.printed
    assert "test draft" in {entry.action for entry in Campaigns(world.stack.table).audit(CAMPAIGN)}


def test_an_event_about_a_test_of_a_draft_changes_nothing(world: World) -> None:
    member(world, MARIA, "editor").press(TEST)
    [sent] = sent_as_tests(world)
    world.feedback("bounce", sent)
    assert list(Deliveries(world.stack.table).deliveries(CAMPAIGN, "evanston")) == []
    assert Campaigns(world.stack.table).target(CAMPAIGN, "evanston").mail_state == "ok"


def test_a_test_that_ses_refuses_is_not_tried_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    member(world, MARIA, "editor").press(TEST)
    world.refusal = "BadRequestException"
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert "SES refused a test of a draft" in [record.getMessage() for record in caplog.records]
    world.refusal = ""
    world.clock.advance(hours=1)
    assert sent_as_tests(world) == []


def test_a_test_waits_while_ses_takes_no_email(world: World) -> None:
    member(world, MARIA, "editor").press(TEST)
    world.refusal = "AccountSuspendedException"
    [answer] = world.run_queue()
    assert len(answer["batchItemFailures"]) == 1


def test_a_draft_with_mistakes_has_no_test(world: World) -> None:
    drafting.write(world.stack, CAMPAIGN, 0, {"letter.md": "Nothing."}, "ann")
    maria = member(world, MARIA, "editor")
    assert TEST not in maria.see("/workshop/preview").body
    assert maria.press(TEST).status == 409
    assert sent_as_tests(world) == []


def test_a_mistake_made_after_the_button_is_no_email_and_no_failure(world: World) -> None:
    member(world, MARIA, "editor").press(TEST)
    drafting.write(world.stack, CAMPAIGN, 0, {"letter.md": "Nothing."}, "ann")
    [answer] = world.run_queue()
    assert answer == {"batchItemFailures": []}
    assert sent_as_tests(world) == []


def test_a_viewer_can_send_no_test_of_a_draft(world: World) -> None:
    viewer = member(world, "viewer@enddemand.example", "viewer")
    assert viewer.press(TEST).status == 403
    assert sent_as_tests(world) == []


def test_a_person_gets_twenty_tests_an_hour_and_others_are_not_delayed(world: World) -> None:
    maria, otto = member(world, MARIA, "editor"), member(world, "otto@enddemand.example", "owner")
    for _ in range(20):
        assert maria.press(TEST).status == 303
    refused = maria.press(TEST)
    assert refused.status == 409
    assert "You can send 20 test emails in an hour." in refused.body
    assert otto.press(TEST).status == 303
    assert len(sent_as_tests(world)) == 21
    world.clock.advance(hours=1)
    assert maria.press(TEST).status == 303


def test_the_command_line_sends_a_test_to_the_address_that_it_is_given(world: World) -> None:
    stack = world.stack
    ask_for_test(stack, CAMPAIGN, "command line", to="ada@office.example")
    [sent] = sent_as_tests(world)
    assert sent.to == "ada@office.example"
    recipient = Campaigns(world.stack.table).target(CAMPAIGN, "evanston").email
    with pytest.raises(NotNowError, match="recipient"):
        ask_for_test(stack, CAMPAIGN, "command line", to=recipient)
    ask_for_test(stack, CAMPAIGN, "command line", to=" Ada@\u00fc.example\n")
    assert sent_as_tests(world)[-1].to == "Ada@xn--tda.example"
    with pytest.raises(NotNowError, match="is not an email address"):
        ask_for_test(stack, CAMPAIGN, "command line", to="ada@office.example, bo@office.example")


def test_the_message_in_the_queue_is_not_taken_for_a_delivery(world: World) -> None:
    body = json.dumps({"draft_test": {"campaign": CAMPAIGN, "to": MARIA}})
    assert read_message(body) == DraftTest(CAMPAIGN, MARIA)
    for damaged in ('{"draft_test": {"campaign": "x"}}', '{"draft_test": {"campaign": "x", "to": "a@b.example, c"}}'):
        with pytest.raises(ValueError, match=r"draft_test|one email address"):
            read_message(damaged)
    assert world.sent == []
