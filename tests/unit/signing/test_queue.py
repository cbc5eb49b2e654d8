from __future__ import annotations

from threading import Barrier
from typing import Any

import pytest

from undersigned.signing.queue import WaitingMails, read_waiting_message, waiting_message
from undersigned.signing.rules.forms import FormName


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"campaign": "trees", "signer": "0123"}', "[" * 100_000])
def test_a_damaged_message_is_refused(body: str) -> None:
    with pytest.raises(ValueError):
        read_waiting_message(body)


def test_a_waiting_email_names_its_form() -> None:
    mail = FormName("trees", "0123", "ab12")
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
    mails = [FormName("trees", str(number), "request") for number in range(40)]
    assert WaitingMails(sqs, "url").put_all(mails, at_once) == [mails[7]]
    assert sorted(sqs.bodies) == sorted(waiting_message(mail) for mail in mails)
