"""SES throttles for a day, pauses, refuses or suppresses: every email is sent once, or the organizer learns why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from tests.faults.refusals import Refusing, refusal
from tests.support.acting import Decisions, decide
from tests.support.world import CAMPAIGN, CONTEXT, Watch, load_event
from undersigned.base.mailbox import PATIENCE, SHORT_WAITS, pauses
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.queue import WaitingMails
from undersigned.signing.rules.signatures import PENDING_FOR
from undersigned_cli.local.sources import queue_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.world import World

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")

SIGNERS = [f"signer{number}@signers.example" for number in range(5)]

REFUSES_ALL = ["TooManyRequestsException", "SendingPausedException"]
"""The rate or the daily quota is exceeded; the account's sending is paused."""


@dataclass
class DeliveryStates(Watch):
    """Records every call to SES, with the delivery's state and attempt just before it."""

    world: World
    seen: list[tuple[str, tuple[str, int]]] = field(default_factory=list)

    @override
    def before(self, _function: str, operation: str, _params: Mapping[str, Any]) -> None:
        if operation.startswith("sesv2:"):
            delivery = Deliveries(self.world.stack.table).delivery(KEY)
            assert delivery is not None
            self.seen.append((operation, (delivery.state, delivery.attempt)))


@dataclass
class Delays(Watch):
    """Records how long messages are delayed."""

    delays: list[int] = field(default_factory=list, kw_only=True)

    @override
    def before(self, _function: str, operation: str, params: Mapping[str, Any]) -> None:
        if operation == "sqs:SendMessage":
            self.delays.append(params["DelaySeconds"])
        if operation == "sqs:SendMessageBatch":
            self.delays += [entry.get("DelaySeconds", 0) for entry in params["Entries"]]


LOST: dict[str, Callable[[], Exception]] = {
    "an internal error": lambda: refusal("SendEmail", "InternalFailure", status=500),
    "a gateway's error": lambda: refusal("SendEmail", "", status=503),
    "a read time-out": lambda: ReadTimeoutError(endpoint_url="https://ses"),
    "a closed connection": lambda: ConnectionClosedError(endpoint_url="https://ses"),
    "an unreadable answer": lambda: ResponseParserError("not JSON"),
    "no connection": lambda: EndpointConnectionError(endpoint_url="https://ses", error="refused"),
}
"""Errors after which nobody knows whether SES has the email, and one after which it surely has not."""


@dataclass
class SlowSes(Delays):
    """SES takes `seconds` for each call, and then answers or fails. `asked` counts the calls, by operation."""

    world: World
    seconds: float = 0
    error: Callable[[], Exception] | None = None
    fails: tuple[str, ...] = ("sesv2:SendEmail",)
    asked: Counter[str] = field(default_factory=Counter)

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        super().before(function, operation, params)
        if operation.startswith("sesv2:"):
            self.asked[operation] += 1
            self.world.clock.advance(seconds=self.seconds)
            if self.error and operation in self.fails:
                raise self.error()


def sign_all(world: World) -> None:
    for email in SIGNERS:
        world.sign(email=email)
    queue_all(world)


def queue_all(world: World) -> None:
    """Let the stream put its records into the queue, and send nothing yet."""
    answer = world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    assert answer == {"batchItemFailures": []}


def run_queue_after(world: World, **time: float) -> list[Any]:
    world.clock.advance(**time)
    return world.run_waiting_mails()


@dataclass
class LostAnswer(Delays):
    """SES takes the next email, and its answer is lost."""

    lost: bool = False

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == "sesv2:SendEmail" and not self.lost:
            self.lost = True
            raise ReadTimeoutError(endpoint_url="https://ses")


def to_signers(world: World) -> list[str]:
    return sorted(sent.to for sent in world.sent if sent.tags["kind"] != "delivery")


@pytest.mark.parametrize("code", REFUSES_ALL)
def test_no_confirmation_email_is_lost_while_ses_refuses_for_days(world: World, code: str) -> None:
    sign_all(world)
    world.watch = Refusing({"sesv2:SendEmail": code}, only=lambda _: len(world.sent) >= 2)
    for _ in range(4):
        [answer] = run_queue_after(world, days=1)
        assert len(answer["batchItemFailures"]) == 3
    assert to_signers(world) == SIGNERS[:2]
    world.watch = None
    world.run_waiting_mails()
    assert to_signers(world) == SIGNERS


def test_a_delivery_is_tried_again_after_15_minutes(world: World) -> None:
    world.confirmed()
    world.watch = delays = Delays()
    world.throttles = 1_000
    world.week()
    assert delays.delays == [0, 900]


def test_a_waiting_email_is_sent_with_its_own_words_beside_that_of_a_newer_form(world: World) -> None:
    world.sign()
    world.throttles = 1_000
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.throttles = 0
    world.clock.advance(minutes=5)
    world.sign(name="Ada B. Specimen")
    world.run_waiting_mails()
    assert len(world.sent) == 1
    world.run_stream()
    assert len(world.sent) == 2
    assert ["Ada B. Specimen" in world.get(sent.link("confirm")).body for sent in world.sent] == [False, True]


@pytest.mark.parametrize(("times", "form", "emails"), [(5, {}, 3), (2, {"topic": "looks like a bot's"}, 1)])
def test_a_person_who_signs_repeatedly_while_ses_refuses_gets_as_many_emails_as_on_any_day(
    world: World, times: int, form: dict[str, str], emails: int
) -> None:
    world.throttles = 1_000
    for number in range(times):
        world.sign(note=f"Try {number}", **form)
        world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.throttles = 0
    world.run_waiting_mails()
    assert [sent.to for sent in world.sent] == ["ada@signers.example"] * emails


def test_a_record_that_is_repeated_after_midnight_sends_one_email(world: World) -> None:
    world.clock.now = world.clock.now.replace(hour=23, minute=50)
    world.sign()
    records = world.new_records()
    for _ in range(3):
        world.handlers["send_confirmations"]({"Records": records}, CONTEXT)
        run_queue_after(world, minutes=20)
    assert len(world.sent) == 1


@pytest.mark.parametrize("code", REFUSES_ALL)
def test_a_delivery_waits_while_ses_refuses_and_no_try_is_counted(world: World, code: str) -> None:
    world.confirmed()
    world.watch = Refusing({"sesv2:SendEmail": code})
    world.plan()
    for _ in range(12):
        world.clock.advance(minutes=15)
        assert world.run_queue() == [{"batchItemFailures": []}]
    world.watch = None
    world.run_queue()
    assert len(world.deliveries) == 1


def test_a_throttled_get_account_makes_the_email_wait(world: World) -> None:
    world.sign()
    world.watch = Refusing({"sesv2:GetAccount": "TooManyRequestsException"})
    world.restart("send_confirmations")
    records = world.new_records()
    assert world.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    world.watch = None
    world.run_waiting_mails()
    assert len(world.sent) == 1


@pytest.mark.parametrize("lost", LOST)
def test_a_delivery_is_not_marked_as_sent_before_ses_has_said_its_rate(world: World, lost: str) -> None:
    """A crash while SES is asked would make it a question, although no email can have left."""
    world.confirmed()
    world.restart("deliver")
    world.watch = SlowSes(world, error=LOST[lost], fails=("sesv2:GetAccount",))
    world.week()
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert (delivery.state, delivery.attempt) == ("open", 0)
    world.watch = None
    world.week()
    assert len(world.deliveries) == 1


def test_sess_rate_is_asked_before_a_delivery_is_marked_as_sending(world: World) -> None:
    world.confirmed()
    world.plan()
    world.restart("deliver")
    world.watch = states = DeliveryStates(world)
    world.run_queue()
    calls = [operation for operation, _ in states.seen]
    asked, sent = calls.index("sesv2:GetAccount"), calls.index("sesv2:SendEmail")

    assert asked < sent
    assert [state for _, state in states.seen[: asked + 1]] == [("open", 0)] * (asked + 1)
    assert states.seen[sent] == ("sesv2:SendEmail", ("sending", 1))


def test_a_delivery_does_not_wait_for_a_rate_that_many_processes_ask_for_at_once(world: World) -> None:
    world.confirmed()
    world.restart("deliver")
    world.watch = ses = Refusing({"sesv2:GetAccount": "TooManyRequestsException"})
    world.week()
    assert len(world.deliveries) == 1
    assert ses.refused.total() == 1, "it is asked before the delivery is marked, and not again after that"


def test_an_email_waits_only_while_its_letter_can_be_confirmed(world: World) -> None:
    world.sign()
    world.throttles = 1_000
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.throttles = 0
    world.clock.advance(seconds=PENDING_FOR.total_seconds() + 1)
    assert world.run_waiting_mails() == [{"batchItemFailures": []}]
    assert world.run_waiting_mails() == []
    assert world.sent == []


def test_an_email_that_cannot_be_queued_is_retried_by_the_stream(world: World) -> None:
    world.sign()
    records = world.new_records()
    world.throttles = 1_000
    world.watch = Refusing({"sqs:SendMessage": "ServiceUnavailable"}, status=503)
    answer = world.handlers["send_confirmations"]({"Records": records}, CONTEXT)
    assert answer["batchItemFailures"] == [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]


@pytest.mark.parametrize("failed", ["sesv2:SendEmail", "sesv2:GetAccount"])
@pytest.mark.parametrize("lost", LOST)
def test_confirmation_emails_wait_for_days_while_ses_fails(world: World, lost: str, failed: str) -> None:
    sign_all(world)
    world.restart("send_confirmations")
    world.watch = ses = SlowSes(world, error=LOST[lost], fails=(failed,))
    for _ in range(3):
        [answer] = run_queue_after(world, days=1)
        assert len(answer["batchItemFailures"]) == len(SIGNERS)
        assert to_signers(world) == []
    # The second failure stops a batch, and the first throttle. SES is asked for the quota, too.
    assert ses.asked[failed] <= 3 * (2 + len([*pauses(PATIENCE)]))
    world.watch = None
    world.run_waiting_mails()
    assert to_signers(world) == SIGNERS


def test_an_email_whose_answer_is_lost_may_come_twice_but_not_more_often(world: World) -> None:
    world.sign()
    world.watch = LostAnswer()
    records = world.new_records()
    assert world.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    for _ in range(3):
        world.run_waiting_mails()
    assert [sent.to for sent in world.sent] == ["ada@signers.example"] * 2


def test_a_hanging_ses_leaves_a_batch_enough_time(world: World) -> None:
    """Lambda ends the function after five minutes. SES's daily quota is tried for half of one."""
    assert SHORT_WAITS.connect_timeout + SHORT_WAITS.read_timeout == 12  # type: ignore[attr-defined]
    sign_all(world)
    world.watch = SlowSes(world, seconds=12, error=LOST["a read time-out"])
    began = world.clock.now
    world.run_waiting_mails()
    assert (world.clock.now - began).total_seconds() <= 60


@pytest.mark.parametrize("lost", LOST)
def test_a_delivery_is_sent_once_while_ses_fails_without_an_answer(world: World, lost: str) -> None:
    world.confirmed()
    world.plan()
    world.watch = SlowSes(world, error=LOST[lost])
    [answer] = world.run_queue()
    world.watch = None
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    if lost == "no connection":
        assert (delivery.state, answer) == ("open", {"batchItemFailures": []})
    else:
        assert delivery.state == "sending"
        assert len(answer["batchItemFailures"]) == 1


@pytest.mark.parametrize(("code", "later"), [("MessageRejected", [SIGNERS[1]]), ("BadRequestException", [])])
def test_one_refused_email_does_not_stop_the_others(world: World, code: str, later: list[str]) -> None:
    """SES rejects a message for what is in it, and for the state of its account or an identity, which ends."""
    sign_all(world)
    world.watch = Refusing(
        {"sesv2:SendEmail": code}, only=lambda params: params["Destination"]["ToAddresses"] == [SIGNERS[1]]
    )
    for _ in range(3):
        world.run_waiting_mails()
    assert to_signers(world) == [SIGNERS[0], *SIGNERS[2:]]
    world.watch = None
    world.run_waiting_mails()
    assert to_signers(world) == sorted([SIGNERS[0], *SIGNERS[2:], *later])


def test_no_email_is_lost_if_ses_calls_every_request_bad_for_hours(world: World) -> None:
    """After three addresses in a row, the cause is not an address. Until then, each is tried once more, a day later."""
    sign_all(world)
    world.watch = Refusing({"sesv2:SendEmail": "BadRequestException"})
    for _ in range(4):
        run_queue_after(world, hours=1)
    world.watch = None
    world.run_waiting_mails()
    assert len(to_signers(world)) == 3
    world.clock.advance(hours=21)
    world.run_postponed()
    assert to_signers(world) == SIGNERS


def test_an_email_that_ses_refused_a_day_ago_is_refused_for_good(world: World) -> None:
    world.sign()
    world.refusal = "BadRequestException"
    world.run_stream()
    for _ in range(2):
        world.clock.advance(hours=25)
        world.run_postponed()
    world.refusal = ""
    world.clock.advance(hours=25)
    world.run_postponed()
    assert (to_signers(world), world.run_waiting_mails()) == ([], [])


def test_a_delivery_waits_while_ses_refuses_every_address(world: World) -> None:
    """Without a count of its tries: otherwise it would be a dead letter after ten of them."""
    for code in ("60201", "60091", "60093"):
        world.confirmed(email=f"signer{code}@signers.example", postal_code=code)
    world.plan()
    world.watch = Refusing({"sesv2:SendEmail": "BadRequestException"})
    answers = world.run_queue()
    assert [len(answer["batchItemFailures"]) for answer in answers] == [1, 1, 0]


def test_a_waiting_email_is_tried_again_after_growing_pauses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden: list[int] = []
    monkeypatch.setattr(WaitingMails, "hide", lambda _queue, _receipt, seconds: hidden.append(seconds))
    world.sign()
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.refusal = "SendingPausedException"
    [message] = world.receive(world.queues["WaitingMails"])
    for received in ("1", "2", "9", "1000"):
        message["Attributes"]["ApproximateReceiveCount"] = received
        answer = world.handlers["send_confirmations"](queue_source("WaitingMails").event([message]), CONTEXT)
        assert answer == {"batchItemFailures": [{"itemIdentifier": message["MessageId"]}]}
    assert hidden == [30, 60, 900, 900]


def test_a_delivery_waits_for_the_daily_quota_and_is_sent_once(world: World) -> None:
    world.confirmed()
    world.plan()
    world.throttles = 1_000_000
    for _ in range(11):
        assert world.run_queue() == [{"batchItemFailures": []}]
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert (delivery.state, delivery.reason) == ("open", "AWS answered TooManyRequestsException")
    world.throttles = 0
    world.run_queue()
    world.run_queue()
    assert len(world.deliveries) == 1


@pytest.mark.parametrize("subtype", ["OnAccountSuppressionList", "Suppressed", "NoEmail"])
def test_a_suppressed_address_bounces_and_waits_for_a_person(world: World, subtype: str) -> None:
    world.confirmed()
    world.week()
    event = load_event("record_feedback_bounce")
    event["detail"]["mail"]["tags"] |= {name: [value] for name, value in world.deliveries[0].tags.items()}
    event["detail"]["bounce"]["bounceSubType"] = subtype
    world.handlers["record_feedback"](event, CONTEXT)
    world.clock.advance(days=7)
    world.week()
    delivery, target = (
        Deliveries(world.stack.table).delivery(KEY),
        Campaigns(world.stack.table).target(CAMPAIGN, "evanston"),
    )
    assert delivery is not None
    assert (delivery.state, delivery.question(world.clock.now)) == ("bounced", "bounced")
    assert target.mail_state == "bounced"
    assert len(world.deliveries) == 1


@pytest.mark.parametrize("case", ["bounce", "complaint"])
def test_a_delivery_reaches_an_address_on_the_suppression_list(world: World, case: str) -> None:
    """SES drops emails to an address that bounced or complained. A person decides what a target gets."""
    world.confirmed()
    world.week()
    world.feedback(case, world.deliveries[0])
    controls = Decisions(world.stack)
    if case == "bounce":
        controls.retry(KEY, "cli", "the mailbox is repaired")
    else:
        decide(world, "release", "evanston", why="they want the letters")
        world.confirmed(email="bo@signers.example")
        world.clock.advance(days=7)
        world.plan()
    world.run_queue()
    assert [sent.is_suppressed for sent in world.deliveries] == [False, False]


def test_a_signer_who_complained_gets_no_more_emails_from_ses(world: World) -> None:
    world.suppressed["ada@signers.example"] = "COMPLAINT"
    world.sign()
    world.run_stream()
    assert [sent.is_suppressed for sent in world.sent] == [True]


def test_a_target_who_complains_is_not_sent_the_same_letters_again(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("complaint", world.deliveries[0])
    for _ in range(2):
        world.clock.advance(days=7)
        world.week()
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert delivery.state == "complained"
    assert len(world.deliveries) == 1


def test_an_email_without_any_event_is_sent_once(world: World) -> None:
    world.confirmed()
    world.week()
    for _ in range(2):
        world.clock.advance(days=7)
        world.week()
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert delivery.state == "sent"
    assert len(world.deliveries) == 1
