"""Test that counts equal the rows, whatever the stream does."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import CAMPAIGN, CONTEXT, client_of, load_event
from undersigned.base.table import to_item
from undersigned.counting.rows.marks import Marks
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import ApiKey, digest_of
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import Signature, signer_id
from undersigned.signing.unconfirmed import unconfirmed

if TYPE_CHECKING:
    from tests.support.world import World


def tally(world: World, records: list[Any]) -> Any:
    return world.handlers["tally"]({"Records": records}, CONTEXT)["batchItemFailures"]


def confirm_all(world: World, people: int) -> list[str]:
    """Sign and confirm without counting; return the addresses that withdraw the letters."""
    for number in range(people):
        world.sign(email=f"signer{number}@signers.example", postal_code=["60201", "60091", "60093"][number % 3])
    queue_and_send(world, world.new_records())
    return [world.post(mail.link("confirm"), as_json=True).json["links"]["withdraw"] for mail in world.sent]


def queue_and_send(world: World, records: list[Any]) -> None:
    """Let `send_confirmations` queue the emails of records, and send them."""
    assert world.handlers["send_confirmations"]({"Records": records}, CONTEXT) == {"batchItemFailures": []}
    world.run_waiting_mails()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_counts_are_exact_if_records_come_twice_late_or_out_of_order(world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  (a repeatable shuffle)
    pages = confirm_all(world, 9)
    for page in pages[:3]:
        world.post(page)
    records = world.new_records()
    records += chance.sample(records, len(records) // 2)
    chance.shuffle(records)
    while records:
        size = chance.randint(1, 5)
        assert tally(world, records[:size]) == []
        records = records[size:]
    world.run_stream()
    assert counted(world) == {
        "TOTAL": 6,
        "DAY#2026-11-24": 6,
        "TARGET#evanston": 2,
        "TARGET#wilmette": 2,
        "TARGET#winnetka": 2,
    }


def counted(world: World) -> dict[str, int]:
    return {name: count for name, count in world.counts().items() if count}


def test_forms_are_counted_while_they_wait(world: World) -> None:
    world.confirmed()
    world.sign(email="bo@Outlook.com")
    world.sign(email="bo@Outlook.com", note="Said better")
    world.run_stream()
    waiting = unconfirmed(world.stack, CAMPAIGN)
    assert (waiting.forms, waiting.is_part) == (2, False)
    world.press(world.sent[-1].link("confirm"))
    world.run_stream()
    waiting = unconfirmed(world.stack, CAMPAIGN)
    assert waiting.forms == 0, "of one person, one form is confirmed and the other can't be"
    assert counted(world)["TOTAL"] == 2


@pytest.mark.moto
@pytest.mark.parametrize("times", [1, 3])
def test_a_row_that_is_gone_stops_counting_for_any_number_of_records(world: World, times: int) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example")
    lose(world, "ada@signers.example")
    gone = world.new_records()
    assert [record["eventName"] for record in gone] == ["REMOVE"]
    for _ in range(times):
        assert tally(world, gone) == []
    assert counted(world)["TOTAL"] == 1


def test_a_form_that_expires_changes_no_count(world: World) -> None:
    world.sign()
    world.run_stream()
    Forms(world.stack.table).delete_all(CAMPAIGN, signer_id(world.stack.secret(), "ada@signers.example"))
    assert tally(world, world.new_records()) == []
    assert counted(world) == {}


def test_signing_again_after_the_row_is_gone_counts_again(world: World) -> None:
    for _ in range(2):
        world.confirmed()
        lose(world, "ada@signers.example")
        tally(world, world.new_records())
        assert counted(world) == {}
        world.clock.advance(minutes=1)
    world.confirmed()
    assert counted(world)["TOTAL"] == 1


def test_a_letter_that_is_signed_again_before_its_withdrawal_is_counted_counts_once(world: World) -> None:
    world.confirmed()
    rows = Signatures(world.stack.table)
    rows.withdraw(CAMPAIGN, world.row().signer, world.clock.now)
    world.clock.advance(minutes=1)
    world.sign(note="Said better")
    [form] = world.forms()
    rows.confirm(form, at=world.clock.now, on=world.clock.now.date())
    world.run_stream()
    assert counted(world)["TOTAL"] == 1


def lose(world: World, email: str) -> None:
    """Delete a row, as an operator may by mistake."""
    key = Signature.locate(campaign=CAMPAIGN, signer=signer_id(world.stack.secret(), email))
    client = world.stack.client("dynamodb")
    client.delete_item(TableName=world.stack.settings.table_name, Key=to_item(key._asdict()))


@pytest.mark.moto
def test_the_count_takes_one_read_in_two_seconds(world: World) -> None:
    world.confirmed()
    world.clock.advance(seconds=2)
    world.calls.clear()
    answer = world.get(f"/campaigns/{CAMPAIGN}/count", as_json=True)
    assert world.calls == ["dynamodb:BatchGetItem"]
    assert world.get(f"/campaigns/{CAMPAIGN}/count", as_json=True).json == answer.json
    assert world.calls == ["dynamodb:BatchGetItem"]
    assert answer.json == {
        "campaign": CAMPAIGN,
        "signatures": 1,
        "goal": 500,
        "shows_goal": False,
        "as_of": "2026-11-24T18:00:02+00:00",
    }
    assert answer.headers["cache-control"] == "public, max-age=5, stale-if-error=86400"


def test_the_tallys_own_marks_cause_no_reads(world: World) -> None:
    confirm_all(world, 1)
    tally(world, world.new_records())
    written = world.unfiltered_records()
    marks = [record for record in written if record["dynamodb"]["Keys"]["pk"]["S"].startswith("SIGNATURE#")]
    world.calls.clear()
    assert marks
    assert tally(world, marks) == []
    assert world.calls == []


def test_a_damaged_record_is_reported_and_the_others_are_counted(world: World) -> None:
    confirm_all(world, 2)
    damaged = load_event("tally_damaged_record")["Records"]
    assert tally(world, [*damaged, *world.new_records()]) == [{"itemIdentifier": "333"}]
    assert world.counts()["TOTAL"] == 2


def test_a_damaged_row_is_reported_and_the_others_are_counted(world: World) -> None:
    confirm_all(world, 2)
    records = world.new_records()
    broken = records[0]["dynamodb"]["Keys"]
    world.stack.client("dynamodb").update_item(
        TableName=world.stack.settings.table_name,
        Key=broken,
        UpdateExpression="REMOVE #status",
        ExpressionAttributeNames={"#status": "status"},
    )
    assert tally(world, records) == [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
    assert world.counts()["TOTAL"] == 1


def test_a_row_with_a_map_for_a_text_does_not_stop_other_signers_emails(world: World) -> None:
    world.sign()
    world.sign(email="bo@signers.example")
    records = world.new_records()
    [form, _] = [record["dynamodb"]["NewImage"] for record in records if "words" in record["dynamodb"]["NewImage"]]
    row = {**form, "words": {"M": {**form["words"]["M"], "signature": {"M": {}}}}}
    client_of("dynamodb").put_item(TableName=world.stack.settings.table_name, Item=row)
    queue_and_send(world, records)
    assert [mail.to for mail in world.sent] == ["bo@signers.example"]
    assert len(world.receive(world.stack.settings.dead_mails_url)) == 1, "an operator puts it back"


def test_a_damaged_record_does_not_stop_other_signers_emails(world: World) -> None:
    world.sign()
    damaged = load_event("send_confirmations_damaged_record")["Records"]
    queue_and_send(world, [*damaged, *world.new_records()])
    assert len(world.sent) == 1


def test_a_refused_email_does_not_fail_its_record(world: World) -> None:
    world.sign()
    world.refusal = "BadRequestException"
    world.run_stream()
    assert world.run_waiting_mails() == [], "nor does its message come again"


def test_an_organizers_key_reads_its_campaigns_counts_until_it_expires(world: World) -> None:
    world.confirmed()
    now = world.clock.now
    ApiKeys(world.stack.table).put_api_key(
        ApiKey(CAMPAIGN, digest_of("secret"), "counts", "", now, now.replace(year=2027))
    )
    path = f"/organizer/campaigns/{CAMPAIGN}/counts"
    key = {"authorization": "Bearer secret"}
    assert world.get(path, headers=key).json == {
        "campaign": CAMPAIGN,
        "signatures": 1,
        "by": "target",
        "counts": {"evanston": 1},
    }
    assert world.get(f"{path}?by=day", headers=key).json["counts"] == {"2026-11-24": 1}
    assert world.get(f"{path}?by=shoe", headers=key).status == 400
    assert world.get(path, headers={"authorization": "Bearer wrong"}).status == 401
    assert world.get(path).status == 401
    assert world.get("/organizer/campaigns/other/counts", headers=key).status == 401
    world.clock.advance(days=366)
    assert world.get(path, headers=key).status == 401


def test_two_versions_of_the_tally_do_not_undo_each_others_marks(world: World) -> None:
    world.confirmed()
    row = Signatures(world.stack.table).signature(CAMPAIGN, signer_id(world.stack.secret(), "ada@signers.example"))
    assert row is not None
    Marks(world.stack.table).move_marks(CAMPAIGN, [(row, row.tallied.replace("TARGET#", "RECIPIENT#"))], 0)
    assert tally(world, world.new_records()) == []
    assert counted(world)["RECIPIENT#evanston"] == 1
