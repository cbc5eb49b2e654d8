"""Test the weekly delivery: its plain way, then crashes, throttles and addresses that accept no email."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from logging import makeLogRecord
from typing import TYPE_CHECKING, Any

import pytest
from pypdf import PdfReader

from tests.faults.refusals import Refusing
from tests.search.platform import CrashError
from tests.support.acting import Decisions, decide
from tests.support.world import CAMPAIGN, CONTEXT, client_of, load_event
from undersigned.base.errors import ChangedError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.printing.typesetter import Typesetter, TypesettingError
from undersigned.delivering.queue import DeliveryQueue, delivery_queue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import Attempt, Delivery, DeliveryKey
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.delivering.rules.bundles import Bundle

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")


def delivery(world: World, key: DeliveryKey = KEY) -> Delivery:
    found = Deliveries(world.stack.table).delivery(key)
    assert found is not None
    return found


def names_in(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def crash_after(world: World, monkeypatch: pytest.MonkeyPatch, method: str, calls: int = 1) -> None:
    """Make the process end after the given call of a repository's method."""
    repository = Deliveries(world.stack.table).__class__
    original = getattr(repository, method)
    remaining = [calls]

    def crashing(*arguments: Any, **options: Any) -> Any:
        answer = original(*arguments, **options)
        remaining[0] -= 1
        if remaining[0] == 0:
            raise CrashError(method)
        return answer

    monkeypatch.setattr(repository, method, crashing)


def test_letters_are_sealed_packed_sent_and_delivered(world: World) -> None:
    world.confirmed()
    world.plan()
    world.run_queue()
    sealed, closing = Deliveries(world.stack.table).bundles(KEY)
    assert (sealed.signers, closing.signers) == ((world.signer(),), ())
    [mail] = world.deliveries
    [packet], [pdf] = Deliveries(world.stack.table).packets(KEY), mail.pdfs
    assert packet.bytes == len(pdf)
    assert world.stack.bucket.get(f"packets/{CAMPAIGN}/2026-11-24/evanston/0001/0.pdf") == pdf
    assert (delivery(world).state, mail.to) == ("sent", "chief@evanston-police.example")
    world.feedback("delivery", mail)
    assert delivery(world).state == "delivered"


def test_each_mail_event_is_stored_once(world: World) -> None:
    world.confirmed()
    world.week()
    [mail] = world.deliveries
    for case in ("send", "delivery", "send", "delivery"):
        world.feedback(case, mail)
    world.feedback("bounce", mail, at=world.clock.now + timedelta(hours=1))
    events = Deliveries(world.stack.table).mail_events(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24"))
    assert sorted(event.kind for event in events) == ["bounce", "delivery", "send"]
    assert {event.message_id for event in events} == {mail.message_id}
    assert events[-1].reason


@pytest.mark.moto
def test_mail_events_may_come_twice_late_and_in_any_order(world: World) -> None:
    world.confirmed()
    world.week()
    for case in ("delivery", "send", "delivery", "send"):
        world.feedback(case, world.deliveries[0])
    assert delivery(world).state == "delivered"


def test_a_signers_page_dates_the_delivery_in_the_campaigns_time_zone(world: World) -> None:
    mail = world.confirmed()
    link = world.post(mail.link("confirm"), as_json=True).json["links"]["letter"]
    world.week()
    # Half past six in the evening in Chicago
    world.feedback("delivery", world.deliveries[0], at=datetime(2026, 11, 25, 0, 34, tzinfo=UTC))
    assert "accepted your letter on November 24, 2026." in world.get(link).body


def test_a_resident_is_known_by_the_postal_code_however_the_town_is_spelled(world: World) -> None:
    world.confirmed(locality="Evanston, Ill.", postal_code="60201-1234")
    world.confirmed(email="ben@signers.example", locality="EVANSTON")
    world.week()
    [mail] = world.deliveries
    assert re.search(r"Signers with a postal code of Evanston +2\r?\n", mail.text)


def test_a_delivery_whose_letters_are_all_withdrawn_sends_no_email(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = world.confirmed()
    withdraw = world.post(mail.link("confirm"), as_json=True).json["links"]["withdraw"]
    world.plan()
    deliveries = Deliveries(world.stack.table).__class__
    original = deliveries.open

    def withdrawn_meanwhile(*arguments: Any, **options: Any) -> None:
        original(*arguments, **options)
        world.post(withdraw)

    monkeypatch.setattr(deliveries, "open", withdrawn_meanwhile)
    world.run_queue()
    assert world.deliveries == []
    assert delivery(world).state == "empty"


def test_a_letter_withdrawn_while_its_bundle_is_sealed_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = world.confirmed()
    withdraw = world.post(mail.link("confirm"), as_json=True).json["links"]["withdraw"]
    world.confirmed(email="ben@signers.example", name="Ben Specimen", signature="Ben")
    world.plan()
    deliveries = Deliveries(world.stack.table).__class__
    original = deliveries.seal

    def withdrawn_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(deliveries, "seal", original)
        world.post(withdraw)
        original(*arguments)

    monkeypatch.setattr(deliveries, "seal", withdrawn_meanwhile)
    world.run_queue()
    [sent] = world.deliveries
    assert "Ben Specimen" in names_in(sent.pdfs[0])
    assert "Ada Specimen" not in names_in(sent.pdfs[0])


def test_a_bundle_that_another_process_sealed_first_is_not_written_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index that lists the tray lags behind, so two processes can see different letters."""
    world.confirmed()
    world.plan()
    ben = signer_id(world.stack.secret(), "ben@signers.example")
    deliveries = Deliveries(world.stack.table).__class__
    original = deliveries.seal

    def sealed_meanwhile(stored: Any, key: DeliveryKey, bundle: Bundle) -> None:
        monkeypatch.setattr(deliveries, "seal", original)
        world.confirmed(email="ben@signers.example", name="Ben Specimen", signature="Ben")
        original(stored, key, replace(bundle, signers=(ben,)))
        original(stored, key, bundle)

    monkeypatch.setattr(deliveries, "seal", sealed_meanwhile)
    world.run_queue()
    [sent] = world.deliveries
    names = names_in(sent.pdfs[0])
    assert "Ada Specimen" in names
    assert "Ben Specimen" in names


def test_a_tray_whose_only_letter_is_on_hold_by_now_opens_no_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index lags behind the rows."""
    world.confirmed()
    world.plan()
    signatures = Signatures(world.stack.table)
    [letter] = signatures.readable(CAMPAIGN, "evanston")
    signatures.hold(letter)
    monkeypatch.setattr(type(signatures), "waiting", lambda *_call, **_at: iter([letter.signer]))
    world.run_queue()
    assert Deliveries(world.stack.table).delivery(KEY) is None


def test_a_stale_tray_does_not_seal_a_letter_signed_again_for_another_target(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = world.confirmed()
    world.confirmed(email="ben@signers.example", name="Ben Specimen", signature="Ben")
    stale = list(Signatures(world.stack.table).readable(CAMPAIGN, "evanston"))
    world.post(world.post(mail.link("confirm"), as_json=True).json["links"]["withdraw"])
    world.clock.advance(seconds=1)
    world.confirmed(postal_code="60076", locality="Skokie")
    signatures = Signatures(world.stack.table).__class__
    fresh = signatures.readable
    monkeypatch.setattr(
        signatures, "readable", lambda *call, **at: iter(stale) if call[2] == "evanston" else fresh(*call, **at)
    )
    world.week()
    by_address = {sent.to: names_in(sent.pdfs[0]) for sent in world.deliveries}
    assert "Ada Specimen" not in by_address["chief@evanston-police.example"]
    assert "Ada Specimen" in by_address["chief@skokie-police.example"]


def test_a_stale_tray_does_not_seal_a_letter_that_was_put_on_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hold comes between the reading of the tray and the sealing."""
    world.confirmed()
    world.confirmed(email="ben@signers.example", name="Ben Specimen", signature="Ben")
    signatures = Signatures(world.stack.table)
    stale = held, waiting = tuple(signatures.readable(CAMPAIGN, "evanston"))
    signatures.hold(held)
    monkeypatch.setattr(type(signatures), "readable", lambda *_call, **_at: iter(stale))
    world.week()
    [sent] = world.deliveries
    assert waiting.words.name in names_in(sent.pdfs[0])
    assert held.words.name not in names_in(sent.pdfs[0])
    [held] = signatures.signatures(CAMPAIGN, [held.signer])
    assert (held.on_hold, held.bundle) == (True, None)


def test_a_letter_that_was_sealed_meanwhile_is_not_put_on_hold(world: World) -> None:
    world.confirmed()
    [signer] = Signatures(world.stack.table).waiting(CAMPAIGN, "evanston")
    [waiting] = Signatures(world.stack.table).signatures(CAMPAIGN, [signer])
    world.week()
    with pytest.raises(ChangedError):
        Signatures(world.stack.table).hold(waiting)
    with pytest.raises(ChangedError):
        Signatures(world.stack.table).end_hold(waiting, world.clock())
    sealed = Signatures(world.stack.table).signature(CAMPAIGN, signer)
    assert sealed is not None
    assert (sealed.on_hold, sealed.period) == (False, "2026-11-24")


def test_a_short_throttle_is_waited_out(world: World) -> None:
    world.confirmed()
    world.throttles = 3
    [answer] = world.week()
    assert answer["batchItemFailures"] == []
    assert len(world.deliveries) == 1


def test_a_throttled_delivery_is_retried_and_sent_once(world: World) -> None:
    world.confirmed()
    world.throttles = 100
    assert world.week() == [{"batchItemFailures": []}]
    assert delivery(world).state == "open"
    world.throttles = 0
    world.week()
    assert len(world.deliveries) == 1


@pytest.mark.moto
def test_a_refused_delivery_has_the_reason_and_is_sent_later(world: World) -> None:
    world.confirmed()
    world.refusal = "BadRequestException"
    [answer] = world.week()
    assert answer["batchItemFailures"]
    assert (delivery(world).state, delivery(world).reason) == ("open", "BadRequestException")
    world.refusal = ""
    world.week()
    assert delivery(world).state == "sent"


@pytest.mark.parametrize("code", ["AccessDeniedException", "MessageRejected", "SendingPausedException"])
def test_an_email_that_aws_refused_can_be_retried_immediately(world: World, code: str) -> None:
    world.confirmed()
    world.refusal = code
    world.week()
    assert (delivery(world).state, delivery(world).reason) == ("open", code)


def test_an_attempt_without_an_answer_is_not_repeated_immediately(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    crash_after(world, monkeypatch, "begin_sending", 1)
    world.plan()
    with pytest.raises(CrashError):
        world.run_queue()
    monkeypatch.undo()
    assert world.deliveries == []
    assert delivery(world).state == "sending"


def lose_answer(world: World) -> None:
    """Send the week's email, and lose SES's answer and its events."""
    world.week()
    sent = delivery(world)
    Deliveries(world.stack.table).change(replace(sent, state="sending", last=Attempt(since=sent.last.since)), sent)


def test_an_attempt_without_an_event_for_an_hour_is_in_doubt_and_never_repeated(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.confirmed()
    lose_answer(world)
    world.clock.advance(minutes=59)
    world.week()
    assert delivery(world).state == "sending"
    world.clock.advance(minutes=2)
    caplog.clear()
    world.week()
    assert delivery(world).state == "in_doubt"
    assert [record.levelname for record in caplog.records if getattr(record, "state", "") == "in_doubt"] == ["ERROR"]
    for _ in range(3):
        world.clock.advance(days=7)
        world.week()
    assert (len(world.deliveries), delivery(world).attempt) == (1, 1)


def test_a_message_that_comes_late_sends_no_email_in_doubt_again(world: World) -> None:
    world.confirmed()
    lose_answer(world)
    world.clock.advance(hours=2)
    world.week()
    delivery_queue(world.stack).put([KEY])
    world.run_queue()
    assert (delivery(world).state, len(world.deliveries)) == ("in_doubt", 1)


def test_a_message_that_comes_late_sends_no_bounced_email_again_after_a_hold(world: World) -> None:
    """A retry was held before its email began. Once released, it waits for a person again."""
    controls = Decisions(world.stack)
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    controls.retry(KEY, "cli", "")
    decide(world, "hold", "evanston", why="they moved")
    world.run_queue()
    decide(world, "release", "evanston")
    delivery_queue(world.stack).put([KEY])
    world.run_queue()
    assert (delivery(world).state, len(world.deliveries)) == ("held", 1)


def test_an_email_in_doubt_waits_for_a_person_while_the_campaign_is_paused(world: World) -> None:
    world.confirmed()
    lose_answer(world)
    world.plan()
    decide(world, "pause")
    world.clock.advance(hours=2)
    world.run_queue()
    assert delivery(world).state == "in_doubt"


@pytest.mark.parametrize(("event", "state"), [("send", "sent"), ("delivery", "delivered"), ("bounce", "bounced")])
def test_a_late_event_moves_an_email_in_doubt_on(world: World, event: str, state: str) -> None:
    world.confirmed()
    lose_answer(world)
    world.clock.advance(hours=2)
    world.week()
    world.feedback(event, world.deliveries[0])
    assert delivery(world).state == state


def test_a_late_event_of_an_earlier_attempt_changes_nothing(world: World) -> None:
    world.confirmed()
    lose_answer(world)
    world.clock.advance(hours=2)
    Decisions(world.stack).settle(KEY, "cli", "they have nothing", "not sent")
    world.run_queue()
    assert (len(world.deliveries), delivery(world).attempt) == (2, 2)
    world.feedback("bounce", world.deliveries[0])
    assert delivery(world).state == "sent"
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert target.mail_state == "ok"


@pytest.mark.parametrize("status", [500, 503])
def test_an_email_that_ses_failed_to_answer_waits_for_its_event(world: World, status: int) -> None:
    world.confirmed()
    world.watch = Refusing({"sesv2:SendEmail": "InternalFailure"}, status=status)
    for _ in range(3):
        world.week()
    assert (delivery(world).state, delivery(world).attempt) == ("sending", 1)
    world.clock.advance(hours=1)
    world.week()
    assert (delivery(world).state, delivery(world).attempt) == ("in_doubt", 1)


@pytest.mark.moto
def test_the_wait_for_an_event_does_not_use_up_the_tries_of_a_message(world: World) -> None:
    world.confirmed()
    lose_answer(world)
    [record] = load_event("deliver_message")["Records"]
    record["body"] = record["body"].replace("2026-11-30", "2026-11-24")
    record["attributes"]["ApproximateReceiveCount"] = "9"
    assert world.handlers["deliver"]({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
    attributes = ["ApproximateNumberOfMessages"]
    queued = client_of("sqs").get_queue_attributes(QueueUrl=world.queues["DeliveryQueue"], AttributeNames=attributes)[
        "Attributes"
    ]
    assert queued == {"ApproximateNumberOfMessages": "1"}


def test_an_answer_of_ses_is_written_after_minutes_without_dynamodb(world: World) -> None:
    world.confirmed()
    world.plan()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, times=10, status=500)
    assert world.run_queue() == [{"batchItemFailures": []}]
    assert delivery(world).state == "sent"


def test_an_answer_of_ses_that_cannot_be_written_leaves_the_delivery_to_its_event(world: World) -> None:
    world.confirmed()
    world.plan()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    [answer] = world.run_queue()
    assert (len(answer["batchItemFailures"]), delivery(world).state) == (1, "sending")
    world.watch = None
    world.feedback("send", world.deliveries[0])
    assert delivery(world).state == "sent"


def correct_address(world: World) -> None:
    target = Campaigns(world.stack.table).target(CAMPAIGN, "evanston")
    assert target is not None
    Campaigns(world.stack.table).put_target(CAMPAIGN, replace(target, email="chief@evanston.example"))


def test_what_bounced_waits_for_a_person_and_what_was_held_goes_when_the_address_changes(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    assert (delivery(world).state, delivery(world).reason) == ("bounced", "Permanent bounce, General")
    world.confirmed(email="ben@signers.example", name="Ben Specimen", signature="Ben")
    world.clock.advance(days=7)
    world.week()
    held = delivery(world, replace(KEY, period="2026-12-01"))
    assert held.state == "held"
    assert len(world.deliveries) == 1
    correct_address(world)
    world.clock.advance(days=7)
    world.week()
    assert ["Ada Specimen" in names_in(sent.pdfs[0]) for sent in world.deliveries] == [True, False]
    assert "Ben Specimen" in names_in(world.deliveries[1].pdfs[0])
    assert delivery(world).state == "bounced"
    Decisions(world.stack).retry(KEY, "cli", "the address is correct now")
    world.week()
    assert ["Ada Specimen" in names_in(sent.pdfs[0]) for sent in world.deliveries] == [True, False, True]
    assert {sent.to for sent in world.deliveries[1:]} == {"chief@evanston.example"}
    world.week()
    assert len(world.deliveries) == 3


def test_an_out_of_office_reply_without_a_delivery_event_sends_nothing_again(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("out_of_office", world.deliveries[0])
    for _ in range(3):
        world.clock.advance(days=7)
        world.week()
    assert (len(world.deliveries), delivery(world).state) == (1, "bounced")


def test_a_late_event_of_a_bounced_email_loses_no_letter(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.week()
    world.feedback("send", world.deliveries[0])
    assert delivery(world).state == "bounced"
    Decisions(world.stack).retry(KEY, "cli", "")
    world.feedback("send", world.deliveries[0])
    world.feedback("bounce", world.deliveries[0])
    world.run_queue()
    assert (len(world.deliveries), delivery(world).state) == (2, "sent")


def test_the_next_attempt_has_no_details_of_the_bounced_email(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    Decisions(world.stack).retry(KEY, "cli", "")
    world.throttles = 100
    world.run_queue()
    again = delivery(world)
    assert (again.state, again.attempt) == ("open", 2)
    assert again.last == Attempt(packets=1, bytes=again.last.bytes)


def test_an_out_of_office_reply_after_the_delivery_changes_nothing(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("delivery", world.deliveries[0])
    world.feedback("out_of_office", world.deliveries[0])
    assert delivery(world).state == "delivered"


def test_an_event_of_a_confirmation_email_changes_nothing(world: World) -> None:
    world.calls.clear()
    world.handlers["record_feedback"](load_event("record_feedback_confirmation"), CONTEXT)
    assert world.calls == []


def test_a_damaged_event_that_comes_by_itself_raises_an_error(world: World) -> None:
    with pytest.raises(KeyError):
        world.handlers["record_feedback"](load_event("record_feedback_damaged"), CONTEXT)


def test_a_damaged_message_is_retried_and_the_others_are_processed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.plan()
    damaged = load_event("deliver_damaged_message")["Records"][0]
    good = {**load_event("deliver_message")["Records"][0], "messageId": "good"}
    good["body"] = good["body"].replace("2026-11-30", "2026-11-24")
    hidden: list[tuple[str, int]] = []
    monkeypatch.setattr(DeliveryQueue, "hide", lambda _queue, *arguments: hidden.append(arguments))
    answer = world.handlers["deliver"]({"Records": [damaged, good]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": damaged["messageId"]}]}
    assert hidden == [(damaged["receiptHandle"], 300)]
    assert len(world.deliveries) == 1


def test_an_email_sent_again_after_months_has_its_letters(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.clock.advance(days=100)
    bucket = world.stack.settings.packet_bucket
    s3 = client_of("s3")
    for stored in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=stored["Key"])
    Decisions(world.stack).retry(KEY, "key", "the address is corrected")
    world.run_queue()
    assert "Ada Specimen" in names_in(world.deliveries[-1].pdfs[0])
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 1


def test_a_packet_that_cannot_be_made_accessible_is_sent_and_logged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = Typesetter.compile

    def no_accessible(self: Typesetter, document: str, *, accessible: bool = True) -> bytes:
        if accessible:
            raise TypesettingError
        return real(self, document, accessible=False)

    monkeypatch.setattr(Typesetter, "compile", no_accessible)
    world.confirmed(name="Ada")
    world.week()

    [delivery] = world.deliveries
    assert "Ada" in delivery.printed
    [line] = [record for record in caplog.records if record.message == "a packet is not accessible"]
    assert (line.levelname, vars(line)["row"]) == ("WARNING", f"{CAMPAIGN}/2026-11-24/evanston/1")
    assert vars(line).keys() - vars(makeLogRecord({})).keys() <= {"message", "row"}
