"""DynamoDB throttles, cancels transactions and answers in part: nothing is lost or counted twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

import pytest
from botocore.exceptions import ClientError

from tests.faults.refusals import ALWAYS, Refusing, patiently, read_stream, refusal
from tests.search.invariants import words_of
from tests.search.stored import is_counter
from tests.support.world import CAMPAIGN, CONTEXT, ROOT, Watch, client_of
from undersigned.base.table import Table, to_item
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.world import World

KEY_HEADER = {"authorization": "Bearer secret"}
KEY = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")


THROTTLES = {
    "dynamodb:GetItem": "ProvisionedThroughputExceededException",
    "dynamodb:Query": "ThrottlingException",
    "dynamodb:BatchGetItem": "RequestLimitExceeded",
    "dynamodb:PutItem": "ThrottlingException",
    "dynamodb:UpdateItem": "ProvisionedThroughputExceededException",
    "dynamodb:TransactWriteItems": "RequestLimitExceeded",
}


def test_a_throttled_table_loses_no_letter(world: World) -> None:
    world.watch = throttle = Refusing(THROTTLES, times=1)
    assert patiently(world.sign).status == 200
    read_stream(world)
    confirm = world.sent[-1].link("confirm")
    assert patiently(lambda: world.post(confirm)).status == 200
    read_stream(world)
    while not world.deliveries:
        patiently(world.week)
    [sent] = world.deliveries
    patiently(lambda: world.feedback("delivery", sent))
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert {operation for _, operation in throttle.refused} == THROTTLES.keys()
    assert delivery is not None
    assert (delivery.state, delivery.letters) == ("delivered", 1)
    assert world.counts()["TOTAL"] == 1
    assert len(world.sent) == 2


@pytest.mark.asvs("16.5.2")
@pytest.mark.parametrize(
    ("act", "operation", "way_out"),
    [
        (lambda world: world.get(f"/campaigns/{CAMPAIGN}"), "Query", "Nothing is lost."),
        (lambda world: world.sign(), "UpdateItem", "Nothing is lost."),
        (lambda world: world.get(f"/campaigns/{CAMPAIGN}/count", as_json=True), "BatchGetItem", "Nothing is lost."),
        (
            lambda world: world.get(f"/organizer/campaigns/{CAMPAIGN}/counts", headers=KEY_HEADER),
            "GetItem",
            "Send the request again.",
        ),
    ],
)
def test_a_page_answers_503_with_retry_after_while_the_table_is_throttled(
    world: World, act: Callable[[World], Any], operation: str, way_out: str
) -> None:
    world.watch = Refusing({f"dynamodb:{operation}": "ThrottlingException"})
    answer = act(world)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "Just a moment" in answer.body
    assert way_out in answer.body


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
def test_a_form_that_is_sent_again_after_a_throttle_gets_its_email(world: World, operation: str) -> None:
    form = world.form()
    world.watch = Refusing({f"dynamodb:{operation}": "ThrottlingException"}, times=1)
    refused = world.sign(form=form)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert world.sign(form=form).status == 200
    read_stream(world)
    assert len(world.sent) == 1


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_a_letter_that_is_confirmed_again_after_a_throttle_counts_once(world: World, operation: str) -> None:
    world.sign()
    world.run_stream()
    confirm = world.sent[-1].link("confirm")
    world.watch = Refusing({f"dynamodb:{operation}": "ProvisionedThroughputExceededException"}, times=1)
    refused = world.press(confirm)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert world.press(confirm).status == 200
    read_stream(world)
    assert world.counts()["TOTAL"] == 1


def test_a_delivery_comes_again_with_its_message_after_a_throttle(world: World) -> None:
    """Only SES makes a delivery wait for a quarter of an hour."""
    world.confirmed()
    world.watch = Refusing({"dynamodb:TransactWriteItems": "ThrottlingException"}, times=1)
    [failed] = [answer["batchItemFailures"] for answer in world.week()]
    assert len(failed) == 1
    world.week()
    assert len(world.deliveries) == 1


@dataclass(kw_only=True)
class LostMarks(Watch):
    """DynamoDB marks a delivery as sending, and answers with an error, so many times."""

    times: int
    params: Mapping[str, Any] = field(default_factory=dict)

    @override
    def before(self, _function: str, _operation: str, params: Mapping[str, Any]) -> None:
        self.params = params

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == "dynamodb:TransactWriteItems" and "'sending'" in str(self.params) and self.times:
            self.times -= 1
            raise refusal(operation, "InternalServerError", status=500)


def test_a_delivery_is_sent_once_although_the_answer_to_its_mark_was_lost(world: World) -> None:
    """SES was not asked yet, so this is no email in doubt."""
    world.confirmed()
    world.watch = lost = LostMarks(times=3)
    world.week()
    delivery = Deliveries(world.stack.table).delivery(KEY)
    assert delivery is not None
    assert (lost.times, delivery.state, delivery.attempt) == (0, "sent", 1)
    world.clock.advance(hours=2)
    world.run_queue()
    assert len(world.deliveries) == 1


@dataclass(kw_only=True)
class OvertakenMark(LostMarks):
    """DynamoDB fails to mark a delivery as sending, and another worker sends it meanwhile."""

    world: World

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        super().before(function, operation, params)
        if operation == "dynamodb:TransactWriteItems" and "'sending'" in str(params) and self.times:
            self.times = 0
            self.world.week()
            assert len(self.world.deliveries) == 1
            raise refusal(operation, "InternalServerError", status=500)


def test_a_worker_does_not_take_the_mark_of_another_one_for_its_own(world: World) -> None:
    world.confirmed()
    world.watch = overtaken = OvertakenMark(times=1, world=world)
    world.week()
    assert overtaken.times == 0
    assert len(world.deliveries) == 1


def test_any_other_dynamodb_error_is_raised(world: World) -> None:
    world.watch = Refusing({"dynamodb:UpdateItem": "AccessDeniedException"})
    with pytest.raises(ClientError):
        world.sign()


@pytest.mark.parametrize("reason", ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"])
def test_a_deleted_row_is_retried_until_it_is_no_longer_counted(
    world: World, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    world.confirmed()
    row = Signature.locate(campaign=CAMPAIGN, signer=signer_id(world.stack.secret(), "ada@signers.example"))
    client_of("dynamodb").delete_item(TableName=world.stack.settings.table_name, Key=to_item(row._asdict()))
    event = {"Records": world.new_records()}
    client = world.stacks["tally"].table._client
    with monkeypatch.context() as patch:
        patch.setattr(client, "transact_write_items", canceled("None", reason))
        assert world.handlers["tally"](event, CONTEXT)["batchItemFailures"]
    assert world.handlers["tally"](event, CONTEXT)["batchItemFailures"] == []
    assert world.counts()["TOTAL"] == 0


def canceled(*reasons: str, times: int = ALWAYS, then: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Return a `transact_write_items` that is canceled `times` times, for these reasons of its first items."""
    left = [times]

    def call(**request: Any) -> Any:
        left[0] -= 1
        if left[0] < 0 and then:
            return then(**request)
        given = [*reasons, *["None"] * (len(request["TransactItems"]) - len(reasons))]
        error = refusal("TransactWriteItems", "TransactionCanceledException", reasons=given)
        raise error

    return call


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError"])
def test_sealing_retries_a_canceled_transaction(world: World, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    world.confirmed()
    client = world.stacks["deliver"].table._client
    original = client.transact_write_items
    monkeypatch.setattr(client, "transact_write_items", canceled("None", reason, times=4, then=original))
    assert world.week() == [{"batchItemFailures": []}]
    [sent] = world.deliveries
    assert "Ada Specimen" in words_of(sent.pdfs[0])


def test_sealing_that_is_always_canceled_is_retried_with_its_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    client = world.stacks["deliver"].table._client
    with monkeypatch.context() as patch:
        patch.setattr(client, "transact_write_items", canceled("None", "TransactionConflict"))
        [answer] = world.week()
    assert answer["batchItemFailures"]
    assert world.deliveries == []
    world.week()
    assert len(world.deliveries) == 1


def test_a_campaign_can_be_pushed_while_its_letters_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.stack.table._client
    update_item, conflicts = client.update_item, iter([True, True])

    def held(**request: Any) -> Any:
        if is_counter(request["Key"]) and next(conflicts, False):
            error = refusal("UpdateItem", "TransactionConflictException")
            raise error
        return update_item(**request)

    monkeypatch.setattr(client, "update_item", held)
    push(world.stack, campaign_folder.read(ROOT / "campaigns" / CAMPAIGN))
    assert next(conflicts, "none left") == "none left"


def test_unprocessed_keys_are_read_again_after_growing_pauses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signers = []
    for number in range(7):
        world.confirmed(email=f"signer{number}@signers.example")
        signers.append(signer_id(world.stack.secret(), f"signer{number}@signers.example"))
    pauses: list[float] = []
    client, name = world.stack.table._client, world.stack.settings.table_name
    original = client.batch_get_item

    def one_at_a_time(RequestItems: Any) -> Any:  # noqa: N803  (AWS's name)
        first, *rest = RequestItems[name]["Keys"]
        answer = original(RequestItems={name: RequestItems[name] | {"Keys": [first]}})
        return answer | ({"UnprocessedKeys": {name: RequestItems[name] | {"Keys": rest}}} if rest else {})

    monkeypatch.setattr(client, "batch_get_item", one_at_a_time)
    found = Signatures(Table(client, name, sleep=pauses.append)).signatures(CAMPAIGN, signers)
    assert [signature.signer for signature in found] == signers
    assert pauses == sorted(pauses)
    assert len(pauses) == 6
    assert pauses[-1] > pauses[0]
