"""A service or an answer is lost right after a form: its email goes soon after the end, and once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any, override

import pytest

from tests.faults.refusals import refusal
from tests.search.platform import Faults, Outage, Platform
from tests.search.stored import expire_forms
from tests.support.world import ADA, CAMPAIGN, CONTEXT, Watch
from undersigned.base.queue import seconds_hidden
from undersigned.signing.confirmation_emails import PAUSE_OF_FAILURE
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rules.signatures import PENDING_FOR
from undersigned_cli.local.sources import queue_source
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from tests.search.platform import Service
    from tests.support.world import World

WITHIN = timedelta(hours=1)
"""How long after the end of an outage each email has left."""

SHORT, DAYS = [timedelta(minutes=30), timedelta(hours=5)], timedelta(days=3)

HOUR = timedelta(hours=1)


class Mailing:
    """A stack whose schedules fire while a service may be out."""

    def __init__(self, world: World, watch: Watch | None = None) -> None:
        self.world = world
        self.platform = Platform(world, Random(1), watch=watch, faults=Faults(time_passes=True))  # noqa: S311
        self.left_at: dict[str, datetime] = {}
        self.platform.on_accepted = lambda sent: self.left_at.update({sent.to: world.clock.now})

    def run_until(self, moment: datetime, each: timedelta = timedelta(minutes=5)) -> None:
        """Fire the schedule of postponed emails `each` five minutes, and that of jobs each hour."""
        while self.world.clock.now < moment:
            self.platform.run_schedule("send_confirmations")
            if self.world.clock.now.minute < 5 or each == HOUR:
                self.platform.run_schedule("run_jobs")
            self.platform.run_until(min(moment, self.world.clock.now + each))


@pytest.mark.parametrize(
    ("service", "lasts"),
    [
        *product(("dynamodb", "secretsmanager", "sesv2", "sqs"), SHORT),
        # The stream keeps a record for a day, and only SQS takes it from there.
        *(pytest.param(service, DAYS, marks=pytest.mark.slow) for service in ("dynamodb", "secretsmanager", "sesv2")),
    ],
    ids=str,
)
def test_an_email_goes_once_within_an_hour_of_an_outage(world: World, service: Service, lasts: timedelta) -> None:
    people = [ADA["email"], *(f"signer{number}@signers.example" for number in range(4))]
    world.change(remind_signers=False)
    mailing = Mailing(world)
    for email in people:
        world.sign(email=email)
    # A new process has no secret yet.
    world.restart("send_confirmations")
    begins = world.clock.now
    mailing.platform.faults.outages.append(Outage(service, begins, begins + lasts))
    mailing.run_until(begins + lasts + WITHIN)
    mailing.run_until(begins + lasts + timedelta(days=2), each=HOUR)

    assert Counter(sent.to for sent in world.sent) == dict.fromkeys(people, 1)
    assert max(mailing.left_at.values()) <= begins + lasts + WITHIN


def test_an_email_goes_once_although_the_stream_has_forgotten_its_form(world: World) -> None:
    """Nothing reads the stream for three days, and it keeps a record for one."""
    world.change(remind_signers=False)
    mailing, begins, ends = Mailing(world), world.clock.now, world.clock.now + timedelta(days=3)
    mailing.platform.faults.disabled.append(Outage("send_confirmations", begins, ends))
    people = [f"signer{number}@signers.example" for number in range(9)]
    for number, email in enumerate(people):
        mailing.run_until(begins + number * 8 * HOUR)
        world.sign(email=email)
    mailing.run_until(ends + WITHIN)
    mailing.run_until(ends + timedelta(days=4), each=HOUR)

    assert Counter(sent.to for sent in world.sent) == dict.fromkeys(people, 1)
    # The daily reconciliation finds what was forgotten since its last run.
    assert max(mailing.left_at.values()) <= ends + timedelta(days=1) + WITHIN
    assert mailing.left_at[people[0]] <= ends + WITHIN


@dataclass
class Throttle(Watch):
    """SES throttles each email until a moment. `queued` counts the messages of confirmation emails."""

    world: World
    until: datetime
    queued: int = 0

    @override
    def before(self, function: str, operation: str, params: Any) -> None:
        if function == "SendConfirmations" and operation.startswith("sqs:SendMessage"):
            self.queued += len(params.get("Entries", [params]))
        if operation == "sesv2:SendEmail" and self.world.clock.now < self.until:
            raise refusal(operation, "TooManyRequestsException", status=429)


def test_emails_over_a_limit_are_queued_once_while_ses_throttles_for_a_day_and_keep_nobody_waiting_after_it(
    world: World,
) -> None:
    world.variables["MAIL_BUDGETS"] = "10 4 100 100"
    world.restart("send_confirmations")
    throttle = Throttle(world, world.clock.now)
    mailing = Mailing(world, throttle)
    people = [f"signer{number}@signers.example" for number in range(6)]
    for email in people:
        world.sign(email=email)
    mailing.run_until(world.clock.now + timedelta(minutes=5))
    assert (len(world.sent), throttle.queued) == (4, 6)

    throttle.until = world.clock.now + timedelta(days=1)
    mailing.run_until(throttle.until - HOUR, each=HOUR)
    assert throttle.queued == 6 + 2
    assert len(world.sent) == 4

    mailing.run_until(throttle.until + timedelta(minutes=20))
    world.sign(email=ADA["email"])
    mailing.run_until(world.clock.now + timedelta(minutes=5))
    assert Counter(sent.to for sent in world.sent) == dict.fromkeys([*people, ADA["email"]], 1)


@pytest.mark.usefixtures("world")
def test_a_long_outage_hides_fewer_messages_than_sqs_can() -> None:
    """SQS hides 120,000 messages of a queue, then hands out no more ("Amazon SQS quotas", SQS developer guide)."""
    most = load_template()["Resources"]["SendConfirmationsWaiting"]["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    a_second = most * queue_source("WaitingMails").batch_size / PAUSE_OF_FAILURE
    assert a_second * seconds_hidden(received=1_000) <= 100_000


@dataclass
class LostAnswer(Watch):
    """Loses DynamoDB's answer to the next new form: the call fails, or botocore repeats it."""

    repeats: bool
    lost: int = 0

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == "dynamodb:PutItem" and not self.lost:
            self.lost += 1
            raise refusal(operation, "InternalServerError", status=500)

    @override
    def retries(self, _function: str, operation: str) -> bool:
        is_lost = self.repeats and operation == "dynamodb:PutItem" and not self.lost
        self.lost += is_lost
        return is_lost


@pytest.mark.parametrize("repeats", [True, False], ids=["botocore repeats it", "the person sends it again"])
def test_a_form_whose_answer_is_lost_is_one_form_and_gets_one_email(world: World, *, repeats: bool) -> None:
    lost, form = LostAnswer(repeats=repeats), world.form()
    mailing = Mailing(world, lost)
    assert mailing.platform.person(lambda: world.sign(form=form)).status == 200
    mailing.run_until(world.clock.now + HOUR)
    assert lost.lost == 1
    assert len(world.forms()) == 1
    assert [sent.to for sent in world.sent] == [ADA["email"]]
    assert world.press(world.sent[0].link("confirm")).status == 200


@pytest.mark.parametrize("is_there", [True, False], ids=["it is still there", "it is gone"])
def test_a_message_after_its_form_has_expired_sends_nothing_and_ends(world: World, *, is_there: bool) -> None:
    world.sign()
    [form] = world.forms()
    world.handlers["send_confirmations"]({"Records": world.new_records()}, CONTEXT)
    world.clock.advance(seconds=PENDING_FOR.total_seconds())
    if not is_there:
        expire_forms(world, form.signer)
    assert len(Forms(world.stack.table).of_signer(CAMPAIGN, form.signer)) == is_there
    assert world.run_waiting_mails() == [{"batchItemFailures": []}]
    assert (world.sent, world.receive(world.stack.settings.dead_mails_url)) == ([], [])
