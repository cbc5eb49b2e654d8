"""Personal data: no counter has people's words as its name, and nothing stays that is erased or over its time."""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.search.stored import counted_in
from tests.support.exports import asked, file_of, rows_of
from tests.support.organizers import someone
from tests.support.world import CAMPAIGN, CONTEXT, ROOT, client_of
from undersigned.base.table import from_item
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.signing.rules.forms import FormOrLetter

PHRASE = "call-me-maybe"


def items(world: World, beginning: str) -> list[dict[str, Any]]:
    """Return the items of the table whose partition has this beginning."""
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=world.stack.settings.table_name)
    found = (from_item(item) for page in pages for item in page["Items"])
    return [item for item in found if item["pk"].startswith(beginning)]


def counters(world: World) -> dict[str, int]:
    return dict(counted_in(items(world, "COUNT#")))


def dashboard(world: World) -> str:
    """Return the dashboard's first page."""
    return someone(world, "viewer").see().body


# Counters


def test_no_counter_is_named_by_what_a_signer_typed(world: World) -> None:
    mail = world.confirmed(locality=f"{PHRASE} Town", email=f"ada@{PHRASE}.example")
    assert PHRASE not in str(items(world, "COUNT#"))
    world.post(f"{mail.link('confirm').replace('confirm', 'letters')}/withdraw")
    world.run_stream()
    assert PHRASE not in str(items(world, "COUNT#"))


def test_a_flood_of_made_up_domains_makes_no_counter(world: World) -> None:
    world.sign()
    world.run_stream()
    before = counters(world).keys()
    for number in range(20):
        world.sign(email=f"bot@domain{number}.example", locality=f"Town {number}")
    world.handlers["tally"]({"Records": world.new_records()}, CONTEXT)
    assert counters(world).keys() == before


# Erasure and time


def row(world: World, email: str = "ada@signers.example") -> FormOrLetter | None:
    return world.letter(email)


def erase(world: World) -> None:
    world.erase(signer_id(world.stack.secret(), "ada@signers.example"))


def pass_days(world: World, days: int) -> None:
    """Let time pass, DynamoDB delete what has expired, and the daily reconciliation run."""
    world.clock.advance(days=days)
    now, client, table = world.clock.now.timestamp(), client_of("dynamodb"), world.stack.settings.table_name
    for item in client.scan(TableName=table)["Items"]:
        if "expires_at" in item and int(item["expires_at"]["N"]) <= now:
            client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
    world.run_stream()
    world.reconcile()
    world.run_stream()


def test_an_erased_address_is_remembered_when_a_later_letter_expires(world: World) -> None:
    """Otherwise a stranger who signs once and waits two weeks makes the system forget the erasure."""
    world.confirmed()
    erase(world)
    world.clock.advance(seconds=1)
    world.sign(name="A Stranger", signature="A Stranger")
    pass_days(world, 16)
    left = row(world)
    assert left is not None
    assert (left.status, left.words.name, left.erased_at is not None) == ("erased", "", True)
    world.sign()
    world.run_stream()
    again = row(world)
    assert again is not None
    assert again.quarantine == "erased before"


def test_a_letter_of_an_erased_address_can_be_confirmed_for_as_long_as_any_other(world: World) -> None:
    world.confirmed()
    erase(world)
    world.clock.advance(days=1)  # a suspicious letter is not worth a second email on one day
    world.sign()
    world.run_stream()
    link = world.sent[-1].link("confirm")
    world.clock.advance(days=13)
    assert world.press(link).status == 200
    pass_days(world, 30)
    confirmed = row(world)
    assert confirmed is not None
    assert (confirmed.status, confirmed.words.name) == ("confirmed", "Ada Specimen")

    world.sign(email="bo@signers.example")
    world.erase(signer_id(world.stack.secret(), "bo@signers.example"))
    world.clock.advance(seconds=1)
    world.sign(email="bo@signers.example")
    world.run_stream()
    link = world.sent[-1].link("confirm")
    world.clock.advance(days=15)
    assert world.get(link).status == 410
    assert world.post(link).status == 410


def fields(signature: FormOrLetter | None) -> str:
    assert signature is not None
    words = signature.words
    return f"{words.name}{words.email}{words.address_line}{words.signature}{words.note}"


def test_a_withdrawn_letters_personal_data_goes_after_thirty_days(world: World) -> None:
    mail = world.confirmed(note="My own words.")
    letter = world.get(mail.link("confirm"), as_json=True).json["links"]["letter"]
    world.post(f"{letter}/withdraw")
    pass_days(world, 30)
    assert "Ada Specimen" in fields(row(world))
    before = counters(world)

    pass_days(world, 1)

    left = row(world)
    assert left is not None
    assert (fields(left), left.status, left.network) == ("", "withdrawn", None)
    assert "Ada" not in str(items(world, "SIGNATURE#"))
    assert counters(world) == before
    assert "We deleted what your letter said" in world.get(letter).body
    assert "Ada" not in world.get(letter).body


def test_a_person_whose_withdrawn_letter_is_gone_can_sign_again(world: World) -> None:
    mail = world.confirmed()
    world.post(world.get(mail.link("confirm"), as_json=True).json["links"]["withdraw"])
    pass_days(world, 31)
    world.confirmed()
    again = row(world)
    assert again is not None
    assert (again.status, again.quarantine, again.cleared_at, again.words.name) == (
        "confirmed",
        None,
        None,
        "Ada Specimen",
    )
    assert counters(world)["TOTAL"] == 1


# Retention


CLOSES = "2026-12-31"


def keep_for(world: World, days: int | None, closes: str | None = CLOSES) -> None:
    """Push the campaign's folder with these settings, as an organizer does."""
    folder = world_folder()
    settings = (folder / "campaign.toml").read_text(encoding="utf-8")
    settings = re.sub(r"(?m)^(closes|keep_for_days) = .*\n", "", settings)
    added = (f"closes = {closes}\n" if closes else "") + (f"keep_for_days = {days}\n" if days else "")
    (folder / "campaign.toml").write_text(added + settings, encoding="utf-8")
    push(world.stack, campaign_folder.read(folder))


def world_folder() -> Path:
    folder = Path(tempfile.mkdtemp()) / CAMPAIGN
    shutil.copytree(ROOT / "campaigns" / CAMPAIGN, folder)
    return folder


def delivered(world: World) -> None:
    """Sign, confirm and deliver Ada's letter."""
    world.confirmed(note="My own words.")
    world.week()
    for mail in world.deliveries:
        world.feedback("delivery", mail)


def stored(world: World) -> list[str]:
    bucket = world.stack.settings.packet_bucket
    found = client_of("s3").list_objects_v2(Bucket=bucket, Prefix="packets/").get("Contents", [])
    return [item["Key"] for item in found]


def test_personal_data_goes_when_the_campaigns_time_is_over_and_the_counts_stay(world: World) -> None:
    keep_for(world, 60)
    delivered(world)
    mail = world.sent[0]
    letter = world.get(mail.link("confirm"), as_json=True).json["links"]["letter"]
    before = counters(world)
    pass_days(world, (date(2027, 3, 1) - world.clock.now.date()).days)
    assert "Ada Specimen" in fields(row(world))
    assert stored(world)

    pass_days(world, 1)
    pass_days(world, 1)

    left = row(world)
    assert left is not None
    assert (fields(left), left.status, left.period) == ("", "confirmed", "2026-11-24")
    assert "Ada" not in str(items(world, ""))
    assert stored(world) == []
    assert counters(world) == before
    assert counters(world) == {name: count for name, count in before.items() if count}
    page = world.get(letter).body
    assert "We deleted what your letter said" in page
    assert "accepted your letter" in page
    pass_days(world, 1)
    assert counters(world)["TOTAL"] == 1
    export = asked(world)
    world.run_exports()
    assert rows_of(file_of(world, export)) == []


def test_a_letter_that_still_waits_or_has_no_outcome_is_kept(world: World) -> None:
    keep_for(world, 30)
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", postal_code="60091")
    pass_days(world, 100)
    pass_days(world, 1)
    assert "Ada Specimen" in fields(row(world))  # SES has said nothing about its email
    assert "Bo Placeholder" in fields(row(world, "bo@signers.example"))  # not sent yet
    assert stored(world)

    world.feedback("bounce", world.deliveries[0])
    pass_days(world, 40)
    pass_days(world, 1)
    assert "Ada Specimen" in fields(row(world))


@pytest.mark.parametrize(("days", "closes"), [(None, CLOSES), (None, None)])
def test_without_the_setting_everything_is_kept(world: World, days: int | None, closes: str | None) -> None:
    keep_for(world, days, closes)
    delivered(world)
    pass_days(world, 1_000)
    pass_days(world, 1)
    assert "Ada Specimen" in fields(row(world))
    assert stored(world)


def test_nothing_is_sent_to_or_about_a_letter_whose_data_is_gone(world: World) -> None:
    keep_for(world, 30)
    delivered(world)
    pass_days(world, 100)
    pass_days(world, 1)
    emails = len(world.sent)
    world.feedback("bounce", world.deliveries[0])
    keep_for(world, 30, "2027-12-31")
    world.sign()
    world.run_stream()
    pass_days(world, 2)
    world.week()
    assert len(world.sent) == emails
    left = row(world)
    assert left is not None
    assert (left.status, left.words.name) == ("confirmed", "")
    assert Deliveries(world.stack.table).delivery(DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")).state == "delivered"  # type: ignore[union-attr]


def test_a_letter_whose_data_is_gone_can_still_be_erased(world: World) -> None:
    keep_for(world, 30)
    delivered(world)
    pass_days(world, 100)
    pass_days(world, 1)
    erase(world)
    world.run_queue()
    world.run_stream()
    left = row(world)
    assert left is not None
    assert (left.status, left.cleared_at) == ("erased", None)
    assert stored(world) == []
    assert counters(world)["TOTAL"] == 0


# Logs

MARKED = {
    "name": "Marked Zanzibar",
    "email": "zanzibar@signers.example",
    "address_line": "77 Zanzibar Road",
    "locality": "Zanzibar Town",
    "signature": "M. Zanzibar",
    "note": "Zanzibar's own words",
}


@pytest.mark.asvs("14.2.4", "16.3.4", "16.5.1")
def test_nothing_personal_is_logged(world: World, capsys: pytest.CaptureFixture[str], caplog: Any) -> None:
    world.confirmed(**MARKED)
    world.sign(**{**MARKED, "email": "zanzibar@", "name": "Zanzibar\x00"})
    world.throttles = 100
    world.sign(**MARKED)
    world.run_stream()
    world.week()
    world.throttles = 0
    world.clock.advance(days=7)
    world.week()
    world.feedback("bounce", world.deliveries[0])
    logged = capsys.readouterr().out + caplog.text
    assert "delivery" in logged
    assert "zanzibar" not in logged.lower()
    # The hash of an address is a pseudonym, so it must not be logged either.
    signer = next(iter(Signatures(world.stack.table).listed_signatures(CAMPAIGN))).signer
    assert signer not in logged
