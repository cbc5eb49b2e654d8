"""Test `undersigned dead-letters`: what still makes sense goes back, by one command with a dry run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.support.deliveries import delivery_of
from tests.support.world import CAMPAIGN, load_event
from tests.template.reading import dead_letter_queues
from undersigned.delivering.queue import DeliveryMessage, message_body
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.queues import export_message, reconciliation_message
from undersigned.organizing.rules.reconciliations import Reconciliation
from undersigned.signing.queue import waiting_message
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rules.forms import FormName
from undersigned.signing.rules.signatures import signer_id
from undersigned_cli.commands import dead_letters
from undersigned_cli.dead_letters import KINDS
from undersigned_cli.local.template import load_template
from undersigned_cli.main import app
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from tests.support.world import World

KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-30")


class Queues:
    """SQS with the visibility of messages: one that is received is hidden until it is released."""

    def __init__(self) -> None:
        self.messages: dict[str, list[tuple[str, str]]] = {}
        self.hidden: set[str] = set()
        self.sent: dict[str, datetime] = {}
        self._count = 0

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803  (AWS's names)
        self._count += 1
        self.messages.setdefault(QueueUrl, []).append((str(self._count), MessageBody))

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, **_: Any) -> Any:  # noqa: N803
        ready = [one for one in self.messages.get(QueueUrl, []) if one[0] not in self.hidden][:MaxNumberOfMessages]
        self.hidden |= {number for number, _ in ready} if VisibilityTimeout else set()
        # Like SQS, it has no key without messages.
        return (
            {
                "Messages": [
                    {"MessageId": number, "ReceiptHandle": number, "Body": body, **self._sent(number)}
                    for number, body in ready
                ]
            }
            if ready
            else {}
        )

    def _sent(self, number: str) -> dict[str, Any]:
        sent = self.sent.get(number)
        return {"Attributes": {"SentTimestamp": str(int(sent.timestamp() * 1000))}} if sent else {}

    def change_message_visibility(self, *, ReceiptHandle: str, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        assert VisibilityTimeout == 0
        self.hidden.discard(ReceiptHandle)

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self.messages[QueueUrl] = [one for one in self.messages[QueueUrl] if one[0] != ReceiptHandle]


class Letters:
    """The stack's dead letters, and the command that looks after them."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queues = Queues()
        stack = DeployedStack({}, {"sqs": self.queues}.__getitem__)
        monkeypatch.setattr(DeployedStack, "opened", lambda _stack, *_needed: world.stack)
        monkeypatch.setattr(DeployedStack, "in_aws", lambda _name: stack)
        monkeypatch.setattr(dead_letters, "_physical_id", lambda _stack, name: name)

    def run(self, *arguments: str) -> str:
        result = CliRunner().invoke(app, ["dead-letters", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return str(result.output)

    def listed(self, queue: str) -> list[tuple[bool, str]]:
        return [(row["put_back"], row["why"]) for row in json.loads(self.run("list", queue, "--json"))]

    def put(self, queue: str, body: object) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.queues.send_message(QueueUrl=queue, MessageBody=text)

    def held(self, queue: str) -> list[str]:
        """Return what anybody can read."""
        return [body for number, body in self.queues.messages.get(queue, []) if number not in self.queues.hidden]


@pytest.fixture
def letters(world: World, monkeypatch: pytest.MonkeyPatch) -> Letters:
    return Letters(world, monkeypatch)


def test_every_dead_letter_queue_of_the_template_is_known() -> None:
    assert KINDS.keys() == dead_letter_queues(load_template())


def test_a_letter_that_was_tried_for_13_days_is_kept_for_one_day_more(letters: Letters) -> None:
    letters.put("DeliveriesFailed", message_body(DeliveryMessage(KEY)))
    letters.queues.sent["1"] = datetime(2026, 11, 17, 9, tzinfo=UTC)
    [row] = json.loads(letters.run("list", "DeliveriesFailed", "--json"))

    assert (row["since"], row["until"]) == ("2026-11-17 09:00 UTC", "2026-12-01 09:00 UTC")


def test_a_delivery_goes_back_into_its_queue(letters: Letters) -> None:
    letters.put("DeliveriesFailed", message_body(DeliveryMessage(KEY)))
    assert "1 letter put back, 0 letters deleted." in letters.run("put-back", "DeliveriesFailed", "--yes")

    assert letters.held("DeliveryQueue") == [message_body(DeliveryMessage(KEY))]
    assert letters.held("DeliveriesFailed") == []


def test_a_dry_run_changes_nothing_and_hides_nothing(letters: Letters) -> None:
    letters.put("DeliveriesFailed", message_body(DeliveryMessage(KEY)))
    for _ in range(2):
        assert "1 letter would be put back" in letters.run("put-back", "--dry-run")

    assert letters.held("DeliveriesFailed") == [message_body(DeliveryMessage(KEY))]
    assert letters.held("DeliveryQueue") == []


@pytest.mark.parametrize("state", ["sent", "delivered", "bounced", "in_doubt", "empty"])
def test_a_delivery_that_is_over_or_waits_for_a_person_stays(letters: Letters, world: World, state: Any) -> None:
    opened = delivery_of(KEY, "open", opened_at=world.clock.now)
    world.open(opened)
    world.rewrite(replace(opened, state=state))
    letters.put("DeliveriesFailed", message_body(DeliveryMessage(KEY)))
    letters.run("put-back", "--yes")

    [(makes_sense, why)] = letters.listed("DeliveriesFailed")
    assert not makes_sense
    assert why
    assert letters.held("DeliveryQueue") == []


def test_what_makes_no_sense_is_deleted_only_if_a_person_says_so(letters: Letters) -> None:
    gone = message_body(DeliveryMessage(replace(KEY, target="nowhere")))
    letters.put("DeliveriesFailed", gone)
    letters.run("put-back", "--yes")
    assert letters.held("DeliveriesFailed") == [gone]

    letters.run("put-back", "--yes", "--drop")
    assert letters.held("DeliveriesFailed") == []


def test_nothing_to_put_back_is_said_as_such(letters: Letters) -> None:
    assert letters.run("put-back", "--yes").endswith("There is nothing to put back.\n")

    letters.put("DeliveriesFailed", message_body(DeliveryMessage(replace(KEY, target="nowhere"))))
    said = letters.run("put-back", "--yes")
    assert said.endswith(
        "There is nothing to put back. To delete the 1 letter that makes no sense any more, add --drop.\n"
    )

    letters.put("DeliveriesFailed", message_body(DeliveryMessage(replace(KEY, target="nowhere"))))
    said = letters.run("put-back", "--yes")
    assert said.endswith(
        "There is nothing to put back. To delete the 2 letters that make no sense any more, add --drop.\n"
    )
    assert "0 letters would be put back, 2 letters deleted." in letters.run("put-back", "--dry-run", "--drop")


def test_an_email_goes_back_if_its_form_still_waits(letters: Letters, world: World) -> None:
    world.sign()
    signer = signer_id(world.stack.secret(), "ada@signers.example")
    [form] = Forms(world.stack.table).of_signer(CAMPAIGN, signer)
    wanted = waiting_message(FormName(CAMPAIGN, signer, form.form))
    letters.put("ConfirmationsFailed", wanted)
    letters.put("ConfirmationsFailed", waiting_message(FormName(CAMPAIGN, signer, "another form")))
    letters.put("ConfirmationsFailed", {"DDBStreamBatchInfo": {"shardId": "shard"}})
    letters.put("ConfirmationsFailed", {"requestPayload": {}})
    letters.run("put-back", "--yes")

    assert letters.held("WaitingMails") == [wanted]
    assert sorted(letters.listed("ConfirmationsFailed")) == [
        (False, "its form is gone"),
        (False, "the next run, five minutes later, did it"),
        (False, "the queue took no email for a day; people sign again"),
    ]


def test_a_job_that_failed_is_done_by_the_next_run(letters: Letters) -> None:
    event = load_event("run_jobs_hourly")
    for body in ({"requestPayload": event, "responsePayload": {}}, event):
        letters.put("JobsFailed", body)
    letters.put("JobsFailed", reconciliation_message(Reconciliation(CAMPAIGN, may_queue=True)))

    assert letters.listed("JobsFailed") == [
        (False, "the next run, an hour later, does what it did not"),
        (False, "the next run, an hour later, does what it did not"),
        (False, "the next day's run, or `undersigned reconcile`, starts again"),
    ]
    letters.run("put-back", "--yes", "--drop")
    assert letters.held("JobsFailed") == []


def test_rows_that_were_not_counted_are_reconciled_instead(letters: Letters) -> None:
    letters.put("TallyFailed", {"DDBStreamBatchInfo": {"shardId": "shard"}})

    [(makes_sense, why)] = letters.listed("TallyFailed")
    assert not makes_sense
    assert "undersigned reconcile" in why


def test_an_export_that_has_expired_stays(letters: Letters) -> None:
    letters.put("ExportsFailed", export_message(CAMPAIGN, "gone"))

    assert letters.listed("ExportsFailed") == [(False, "it has expired; the organizer asks for another one")]


def test_an_event_of_a_known_delivery_goes_back(letters: Letters, world: World) -> None:
    event = load_event("record_feedback_delivery")
    tags = event["detail"]["mail"]["tags"]
    key = DeliveryKey(tags["campaign"][0], tags["target"][0], tags["period"][0])
    letters.put("FeedbackFailed", event)
    assert letters.listed("FeedbackFailed") == [(False, "there is no such delivery")]

    world.open(delivery_of(key, "open", opened_at=world.clock.now))
    letters.run("put-back", "--yes")
    assert [json.loads(body) for body in letters.held("FeedbackQueue")] == [event]


def test_a_damaged_message_stays(letters: Letters) -> None:
    for queue in KINDS:
        letters.put(queue, "{")
    letters.run("put-back", "--yes")

    assert {queue for queue in KINDS if letters.held(queue) == ["{"]} == set(KINDS)


def test_more_letters_than_one_call_returns_are_put_back(letters: Letters) -> None:
    for number in range(13):
        letters.put("DeliveriesFailed", message_body(DeliveryMessage(replace(KEY, period=f"2026-11-{number + 1:02d}"))))

    assert "13 letters put back" in letters.run("put-back", "--yes")


def test_an_unknown_queue_is_named(letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["dead-letters", "list", "NoQueue"])

    assert "there is no dead-letter queue 'NoQueue'" in str(result.exception)
