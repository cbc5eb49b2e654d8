from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client
from werkzeug.wrappers import Request

from tests.support.waiting import wait_for
from undersigned_cli.local.mail_service import ACCOUNT, CONTROL, SEND, SUPPRESSED, MailService
from undersigned_cli.local.mail_store import MailStore
from undersigned_cli.local.serving import ConnectionLost

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.test import TestResponse
    from werkzeug.wrappers import Response

FROM = "letters@enddemand.example"


class Emulator:
    """A fake emulator with one identity and two configuration sets. It records published events."""

    def __init__(self) -> None:
        self.published: list[Any] = []
        self.on_topic: list[Any] = []

    def get_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803
        return self._of({"enddemand.example": {}}, EmailIdentity)

    def get_configuration_set(self, *, ConfigurationSetName: str) -> dict[str, Any]:  # noqa: N803
        unsuppressed: dict[str, Any] = {"SuppressionOptions": {"SuppressedReasons": []}}
        return self._of({"set": {}, "unsuppressed": unsuppressed}, ConfigurationSetName)

    def put_events(self, *, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        self.published += Entries
        return {"FailedEntryCount": 0}

    def publish(self, *, TopicArn: str, Message: str) -> None:  # noqa: N803
        assert TopicArn == "topic"
        self.on_topic.append(json.loads(Message))

    def _of(self, known: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in known:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "Get")
        return known[name]


class Ses:
    """The mail service on a fake account, with the requests that tests make."""

    def __init__(self, folder: Path) -> None:
        self.store = MailStore(folder / "mails")
        self.emulator = Emulator()
        self.service = MailService(self.store, lambda _: self.emulator, self.others, self.topics, print)
        self._client = Client(Request.application(self.service.answer))

    def others(self, request: Request) -> Response:
        raise AssertionError(request)

    def topics(self, configuration_set: str) -> list[str]:
        return ["topic"]

    def ask(self, method: str, path: str, values: Any = None) -> TestResponse:
        return self._client.open(path, method=method, json=values)

    def send(self, raw: bytes = b"From: letters@enddemand.example\r\n\r\nGood day", **changed: Any) -> TestResponse:
        request = {
            "FromEmailAddress": FROM,
            "Destination": {"ToAddresses": ["chief@police.example"]},
            "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
            "ConfigurationSetName": "set",
            "EmailTags": [{"Name": "kind", "Value": "delivery"}],
        }
        return self.ask("POST", SEND, request | changed)

    def control(self, **controls: Any) -> TestResponse:
        return self.ask("POST", CONTROL, controls)


@pytest.fixture
def ses(tmp_path: Path) -> Ses:
    return Ses(tmp_path)


def code(response: TestResponse) -> str | None:
    return response.headers.get("x-amzn-ErrorType")


def test_an_accepted_email_is_on_disk_before_the_answer(ses: Ses, tmp_path: Path) -> None:
    raw = b"From: Letters <letters@enddemand.example>\r\nTo: chief@police.example\r\n\r\n\xff raw"

    answer = ses.send(raw)

    [mail] = MailStore(tmp_path / "mails").mails()
    assert (mail.number, mail.raw, mail.to, mail.tags) == (1, raw, ("chief@police.example",), {"kind": "delivery"})
    assert json.loads(answer.data) == {"MessageId": mail.message_id}


def test_emails_are_numbered_on_after_a_restart(ses: Ses, tmp_path: Path) -> None:
    ses.send()

    Ses(tmp_path).send()

    assert [mail.number for mail in ses.store.mails()] == [1, 2]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"FromEmailAddress": "a@elsewhere.example"}, "MessageRejected"),
        ({"raw": b"From: a@elsewhere.example\r\n\r\nx"}, "MessageRejected"),
        ({"ConfigurationSetName": "other"}, "NotFoundException"),
        ({"EmailTags": [{"Name": "delivery", "Value": "a#b"}]}, "BadRequestException"),
        ({"Destination": {"ToAddresses": []}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["nobody"]}}, "BadRequestException"),
        ({"Content": {"Simple": {}}}, "BadRequestException"),
    ],
)
def test_what_ses_refuses_is_refused_and_not_stored(ses: Ses, wrong: dict[str, Any], expected: str) -> None:
    assert code(ses.send(**wrong)) == expected
    assert ses.store.mails() == []


def test_a_subdomain_of_a_verified_domain_may_send(ses: Ses) -> None:
    assert (
        ses.send(b"From: a@mail.enddemand.example\r\n\r\nx", FromEmailAddress="a@mail.enddemand.example").status_code
        == 200
    )


def test_the_set_number_of_sends_is_throttled(ses: Ses) -> None:
    ses.control(next=["throttle", "throttle"])

    answers = [ses.send() for _ in range(3)]

    assert [(answer.status_code, code(answer)) for answer in answers[:2]] == [(429, "TooManyRequestsException")] * 2
    assert answers[2].status_code == 200
    assert len(ses.store.mails()) == 1


def test_a_send_that_fails_is_not_accepted(ses: Ses) -> None:
    ses.control(next=["failure"])

    assert (ses.send().status_code, len(ses.store.mails())) == (500, 0)


def test_a_send_whose_answer_is_lost_is_accepted(ses: Ses) -> None:
    ses.control(next=["lost answer"])

    with pytest.raises(ConnectionLost):
        ses.send()

    assert len(ses.store.mails()) == 1


def test_the_account_has_the_rate_that_was_set(ses: Ses) -> None:
    ses.control(max_send_rate=3)

    answer = ses.ask("GET", ACCOUNT)

    assert json.loads(answer.data)["SendQuota"]["MaxSendRate"] == 3


def test_the_account_and_the_list_say_what_was_set(ses: Ses) -> None:
    ses.control(account={"SendingEnabled": False, "SendQuota": {"Max24HourSend": 200.0}})
    answer = json.loads(ses.ask("GET", ACCOUNT).data)

    assert (answer["SendingEnabled"], answer["SendQuota"]["Max24HourSend"]) == (False, 200)
    assert answer["SendQuota"]["MaxSendRate"] == 14


def test_an_address_that_bounced_is_on_the_suppression_list(ses: Ses) -> None:
    def listed() -> TestResponse:
        return ses.ask("GET", f"{SUPPRESSED}Chief%40police.example")

    assert (listed().status_code, code(listed())) == (404, "NotFoundException")
    ses.control(fates={"chief@police.example": "bounced"})
    ses.service.start()
    ses.send()
    ses.service.stop()

    assert json.loads(listed().data)["SuppressedDestination"]["Reason"] == "BOUNCE"


def test_an_address_that_is_deleted_from_the_suppression_list_gets_emails_again(ses: Ses) -> None:
    def delete() -> TestResponse:
        return ses.ask("DELETE", f"{SUPPRESSED}Chief%40police.example")

    assert (delete().status_code, code(delete())) == (404, "NotFoundException"), "it is not on the list"
    ses.control(fates={"chief@police.example": "bounced"})
    ses.service.start()
    ses.send()
    wait_for(lambda: len(ses.emulator.published) == 2)
    assert delete().status_code == 200
    assert delete().status_code == 404
    ses.control(fates={})
    ses.send()
    ses.service.stop()

    types = [event["DetailType"] for event in ses.emulator.published]
    assert types == ["Email Sent", "Email Bounced", "Email Sent", "Email Delivered"]


def test_the_set_number_of_sends_is_refused_for_good(ses: Ses) -> None:
    ses.control(next=["refusal"])

    assert code(ses.send()) == "BadRequestException"
    assert ses.send().status_code == 200


def test_an_unknown_control_failure_or_fate_is_named(ses: Ses) -> None:
    assert b"unknown control 'speed'" in ses.control(speed=1).data
    assert b"unknown failure" in ses.control(next=["bad luck"]).data
    assert b"known: delivered, bounced," in ses.control(fates={"a@b.example": "lost"}).data


def test_all_events_are_published_before_a_stop(ses: Ses) -> None:
    ses.control(fates={"Chief@police.example": "bounced"})
    ses.service.start()
    ses.send()
    ses.service.stop()

    assert [event["DetailType"] for event in ses.emulator.published] == ["Email Sent", "Email Bounced"]
    assert ses.emulator.on_topic == [json.loads(event["Detail"]) for event in ses.emulator.published]


@pytest.mark.parametrize(("fate", "outcome"), [("bounced", "General"), ("complained", "abuse")])
def test_a_suppressed_address_gets_only_emails_of_a_configuration_set_without_suppression(
    ses: Ses, fate: str, outcome: str
) -> None:
    ses.control(fates={"chief@police.example": fate})
    ses.service.start()
    for configuration_set in ("set", "set", "unsuppressed"):
        ses.send(ConfigurationSetName=configuration_set)
    ses.service.stop()
    details = [json.loads(event["Detail"]) for event in ses.emulator.published]
    outcomes = [
        detail["bounce"]["bounceSubType"] if "bounce" in detail else detail["complaint"]["complaintFeedbackType"]
        for detail in details
        if detail["eventType"] in {"Bounce", "Complaint"}
    ]

    assert outcomes == [outcome, "Suppressed", outcome]


def test_a_seed_decides_which_sends_are_throttled(ses: Ses) -> None:
    def codes() -> list[str | None]:
        ses.control(seed=7)
        return [code(ses.send()) for _ in range(40)]

    ses.control(shares={"throttle": 0.3})
    first, second = codes(), codes()

    assert first == second
    assert 0 < first.count("TooManyRequestsException") < 40
    assert json.loads(ses.control().data)["met"]["throttle"] == 2 * first.count("TooManyRequestsException")


def test_a_randomly_lost_answer_is_of_an_accepted_email(ses: Ses) -> None:
    ses.control(shares={"lost answer": 1})

    with pytest.raises(ConnectionLost):
        ses.send()

    assert len(ses.store) == 1
