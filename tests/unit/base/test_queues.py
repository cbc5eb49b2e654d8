from __future__ import annotations

from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from undersigned.base.queues import (
    DeliveryMessage,
    WaitingMail,
    WaitingMails,
    message_body,
    read_export_message,
    read_message,
    read_waiting_message,
    repacking_message,
    waiting_message,
)
from undersigned.delivering.rules.deliveries import DeliveryKey

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = DeliveryKey("trees", "oakton", "2026-11-30")


def test_a_message_names_its_delivery() -> None:
    assert read_message(message_body(KEY)) == DeliveryMessage(KEY)


def test_a_test_names_whoever_gets_it() -> None:
    body = message_body(KEY, test_to="ada@office.example")
    assert read_message(body) == DeliveryMessage(KEY, test_to="ada@office.example")
    for damaged in ('"test_to": 7', '"test_to": "ada@office.example, bo@office.example"', '"test_to": ""'):
        with pytest.raises(ValueError, match="test_to"):
            read_message(body.replace('"test_to": "ada@office.example"', damaged))


def test_a_repacking_names_its_delivery() -> None:
    assert read_message(repacking_message(KEY)) == DeliveryMessage(KEY, is_repacking=True)


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", '{"campaign": "trees", "target": "oakton"}', '{"campaign": 1}', '{"repack": []}', "[" * 100_000],
)
@pytest.mark.parametrize("read", [read_message, read_export_message, read_waiting_message])
def test_a_damaged_message_is_refused(read: Callable[[str], object], body: str) -> None:
    with pytest.raises(ValueError):
        read(body)


def test_a_waiting_email_names_its_form() -> None:
    mail = WaitingMail("trees", "0123", "ab12")

    assert read_waiting_message(waiting_message(mail)) == mail


class Sqs:
    """Takes each message but those of one signer. A call waits until so many others run."""

    def __init__(self, at_once: int) -> None:
        self.barrier = Barrier(at_once, timeout=5)
        self.bodies: list[str] = []

    def send_message_batch(self, Entries: list[dict[str, str]], **_: Any) -> Any:  # noqa: N803  (boto3's)
        assert len(Entries) <= 10
        self.barrier.wait()
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {"Failed": [{"Id": entry["Id"]} for entry in Entries if '"7"' in entry["MessageBody"]]}


@pytest.mark.parametrize("at_once", [1, 4])
def test_many_waiting_emails_are_queued_by_so_many_calls_at_once(at_once: int) -> None:
    sqs: Any = Sqs(at_once)
    mails = [WaitingMail("trees", str(number), "request") for number in range(40)]
    assert WaitingMails(sqs, "url").put_all(mails, at_once) == [mails[7]]
    assert sorted(sqs.bodies) == sorted(waiting_message(mail) for mail in mails)
