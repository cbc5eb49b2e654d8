"""Test erasing: nothing personal is left, the counts stay exact, and signing again is noticed."""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.faults.refusals import Meanwhile, Refusing
from tests.support.acting import Decisions
from tests.support.world import ADA, CAMPAIGN
from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering import delivering
from undersigned.delivering.queue import DeliveryQueue
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.deliveries import delivery_record
from undersigned.organizing.erasing import UnderWayError
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.signing.rules.forms import FormOrLetter

EVANSTON = DeliveryKey(CAMPAIGN, "evanston", "2026-11-24")


def signer(world: World, email: str = "ada@signers.example") -> str:
    return signer_id(world.stack.secret(), email)


def row(world: World) -> FormOrLetter:
    found = world.letter()
    assert found
    return found


def total(world: World) -> int:
    world.run_stream()
    return world.counts().get("TOTAL", 0)


def words_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.asvs("14.2.4")
def test_nothing_personal_is_left_of_an_erased_letter(world: World) -> None:
    world.confirmed(note="My own words", drawing="[[10,10,300,150,500,20]]")
    world.erase(signer(world))
    items = world.stack.client("dynamodb").scan(TableName=world.stack.settings.table_name)["Items"]
    row_of_ada = json.dumps([item for item in items if item["pk"]["S"].startswith("SIGNATURE#")])
    for word in (*map(str, ADA.values()), "My own words", "[[10,10"):
        assert word not in row_of_ada.replace('"IL"', "")


def test_an_erased_letter_does_not_count_and_is_never_sent(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.erase(signer(world))
    assert total(world) == 1
    world.week()
    [mail] = world.deliveries
    assert "Bo Placeholder" in words_of(mail.pdfs[0])
    assert "Ada Specimen" not in words_of(mail.pdfs[0])


def test_a_sent_letter_is_erased_from_its_row(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("delivery", world.deliveries[0])
    world.erase(signer(world))
    assert (row(world).words.name, row(world).bundle) == ("", "2026-11-24#0001")
    assert total(world) == 0


def test_a_delivery_still_lists_a_letter_that_was_erased_later(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.week()
    world.erase(signer(world))
    assert set(delivery_record(world.stack, EVANSTON).signers) == {
        signer(world),
        signer(world, "bo@signers.example"),
    }


@pytest.mark.parametrize("when", ["pending", "confirmed", "withdrawn"])
def test_erasing_twice_has_the_same_result_as_once(world: World, when: str) -> None:
    world.sign()
    world.run_stream()
    if when != "pending":
        letter = world.post(world.sent[-1].link("confirm"), as_json=True).json["links"]
        if when == "withdrawn":
            world.post(letter["withdraw"])
    for _ in range(2):
        world.erase(signer(world))
    assert (row(world).status, row(world).words.name) == ("erased", "")
    assert total(world) == 0
    assert len(world.sent) == 1


def test_an_erased_letter_cannot_be_confirmed_and_its_page_says_so(world: World) -> None:
    world.sign()
    world.run_stream()
    world.erase(signer(world))
    page = world.press(world.sent[-1].link("confirm"))
    assert "The organizer erased this letter, with everything that it said about you." in page.body
    assert re.findall(r"<(?:title|h1)>(.*?)<", page.body) == ["Your letter"] * 2
    assert row(world).status == "erased"
    assert total(world) == 0


def test_signing_again_after_an_erasure_is_noticed(world: World) -> None:
    world.confirmed()
    world.erase(signer(world))
    world.clock.advance(days=1)  # a suspicious letter is not worth a second email on one day
    world.sign()
    world.run_stream()
    assert (row(world).status, row(world).quarantine) == ("quarantined", "erased before")
    assert world.press(world.sent[-1].link("confirm")).status == 200
    assert row(world).erased_at is not None
    assert total(world) == 1


def test_a_sealed_letter_is_erased_while_ses_refuses_its_email(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.refusal = "AccessDeniedException"
    world.week()
    assert world.erase(signer(world)) == "erased"
    assert (row(world).words.name, total(world)) == ("", 1)
    world.refusal = ""
    world.week()
    [email] = world.deliveries
    words = words_of(email.pdfs[0]) + email.text
    assert ("Ada Specimen" in words, "Bo Placeholder" in words) == (False, True)
    assert email.mail["Subject"].startswith("1 signed letter for")


def test_an_email_whose_last_letter_is_erased_is_not_sent(world: World) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    world.erase(signer(world))
    world.refusal = ""
    world.week()
    delivery = Deliveries(world.stack.table).delivery(EVANSTON)
    assert delivery
    assert (delivery.state, world.deliveries) == ("empty", [])


def test_a_letter_erased_while_its_packet_is_made_is_not_sent(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.watch = Meanwhile(world, "s3:PutObject", lambda: world.erase(signer(world)))
    world.week()
    assert world.deliveries == []
    world.week()
    assert ["Ada Specimen" in words_of(pdf) for email in world.deliveries for pdf in email.pdfs] == [False]
    delivering.repack(world.stack, EVANSTON)
    s3, bucket = world.stack.client("s3"), world.stack.settings.packet_bucket
    stored = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert ["Ada Specimen" in words_of(world.stack.bucket.get(name)) for name in stored] == [False]


def test_a_letter_that_is_being_sent_cannot_be_erased_yet(world: World) -> None:
    world.confirmed()
    world.watch = Refusing({"dynamodb:UpdateItem": "InternalServerError"}, status=500)
    world.week()
    world.watch = None
    with pytest.raises(UnderWayError, match="Try again in an hour"):
        world.erase(signer(world))
    assert row(world).words.name == "Ada Specimen"


def test_a_letter_whose_email_begins_meanwhile_cannot_be_erased_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.confirmed()
    world.refusal = "AccessDeniedException"
    world.week()
    deliveries = Deliveries(world.stack.table)

    def begin(_queue: DeliveryQueue, key: DeliveryKey, **_: object) -> None:
        delivery, to = deliveries.delivery(key), Campaigns(world.stack.table).target(key.campaign, key.target).email
        assert delivery
        deliveries.begin_sending(delivery.begun((), to, world.clock.now), delivery)

    monkeypatch.setattr(DeliveryQueue, "put_repacking", begin)
    with pytest.raises(UnderWayError, match="Try again in an hour"):
        world.erase(signer(world))
    assert row(world).words.name == "Ada Specimen"


def test_a_letter_erased_after_its_email_bounced_is_not_sent_again(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.erase(signer(world))
    Decisions(world.stack).retry(EVANSTON, "cli", "corrected")
    world.run_queue()
    again = world.deliveries[1]
    assert again.mail["Subject"].startswith("1 signed letter for")
    assert "Bo Placeholder" in words_of(again.pdfs[0])
    assert "Ada Specimen" not in words_of(again.pdfs[0])
    delivery = Deliveries(world.stack.table).delivery(EVANSTON)
    assert delivery
    assert (delivery.state, delivery.letters) == ("sent", 1)


def test_a_letter_erased_before_its_email_bounced_is_not_sent_again(world: World) -> None:
    world.confirmed()
    world.confirmed(email="bo@signers.example", name="Bo Placeholder", signature="Bo Placeholder")
    world.week()
    world.erase(signer(world))
    world.feedback("bounce", world.deliveries[0])
    Decisions(world.stack).retry(EVANSTON, "cli", "corrected")
    world.run_queue()
    words = words_of(world.deliveries[1].pdfs[0])
    assert ("Ada Specimen" in words, "Bo Placeholder" in words) == (False, True)


def test_a_delivery_without_letters_left_sends_nothing(world: World) -> None:
    world.confirmed()
    world.week()
    world.feedback("bounce", world.deliveries[0])
    world.erase(signer(world))
    Decisions(world.stack).retry(EVANSTON, "cli", "corrected")
    world.run_queue()
    assert len(world.deliveries) == 1
    delivery = Deliveries(world.stack.table).delivery(EVANSTON)
    assert delivery
    assert delivery.state == "empty"


def test_an_unknown_letter_cannot_be_erased(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.erase("0" * 32)
