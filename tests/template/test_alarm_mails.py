"""Check that one cause sends one email an hour at most, and that no cause sends none."""

from __future__ import annotations

import pytest

from tests.aws_from_template import load_template
from tests.template.alarm_mails import Breach, emails
from tests.template.reading import ALARM, of_type, sources

ERRORS_NOW_AND_THEN = 10
"""Every so many minutes."""

TEMPLATE = load_template()

CAUSES = {
    "a new version of send_confirmations fails at each start": [
        Breach("SendConfirmationsAlarm", 0, 360),
        Breach("ConfirmationsLagAlarm", 15, 360),
        Breach("ConfirmationsFailedAlarm", 300, 360),
    ],
    "tally fails for each row": [
        Breach("HandledErrorsAlarm", 0, 360, ERRORS_NOW_AND_THEN),
        Breach("TallyAlarm", 0, 360, ERRORS_NOW_AND_THEN),
        Breach("TallyLagAlarm", 15, 360),
        Breach("TallyFailedAlarm", 300, 360),
    ],
    "SES takes no email": [
        Breach("HandledErrorsAlarm", 0, 720, 15),
        Breach("ConfirmationsLateAlarm", 0, 720),
        Breach("MailsWaitAlarm", 15, 720),
        Breach("DeliveriesWaitAlarm", 15, 720),
        Breach("DeliveriesAgeAlarm", 270, 720),
    ],
    "DynamoDB throttles": [
        Breach("TableReadsThrottledAlarm", 0, 120),
        Breach("TableWritesThrottledAlarm", 0, 120),
        Breach("PagesFailAlarm", 0, 120),
        Breach("SigningUnavailableAlarm", 30, 120),
        Breach("TallyAlarm", 0, 120),
        Breach("HandledErrorsAlarm", 0, 120),
        Breach("TallyLagAlarm", 18, 120),
    ],
    "Lambda throttles": [
        Breach("FunctionsThrottledAlarm", 0, 120),
        Breach("PagesFailAlarm", 0, 120),
        Breach("ConfirmationsLagAlarm", 18, 120),
        Breach("TallyLagAlarm", 18, 120),
        Breach("FeedbackAgeAlarm", 30, 120),
    ],
    "public_api fails now and then": [
        Breach("PublicApiAlarm", 0, 300, ERRORS_NOW_AND_THEN),
        Breach("PagesFailAlarm", 0, 300, ERRORS_NOW_AND_THEN),
    ],
    "public_api fails now and then, and few people are there": [
        Breach("PublicApiAlarm", 0, 300, ERRORS_NOW_AND_THEN),
        Breach("SigningUnavailableAlarm", 60, 300),
    ],
    "the plan fails three times": [
        Breach("PlansFailedAlarm", 6, 360),
    ],
    "deliver dies with a large delivery": [
        Breach("DeliverAlarm", 0, 2100, 90),
        Breach("DeliveriesWaitAlarm", 0, 1980),
        Breach("DeliveriesFailedAlarm", 1980, 2100),
    ],
    "emails of one week bounce": [Breach("DecisionsAlarm", 0, 180, 6)],
    "a brake is on": [Breach("ConfirmationsBrakedAlarm", 0, 1200, 5)],
    "letters are overdue": [Breach("LettersOverdueAlarm", 0, 3000, 1440)],
}


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_sends_one_email_an_hour_at_most(cause: str) -> None:
    found = emails(TEMPLATE, CAUSES[cause], hours=40)
    # An email that is sent while another one can still be seen at the top of the inbox.
    near = [(one, two) for one in found for two in found if one < two and abs(one.at - two.at) < 60]

    assert found
    assert near == []


def test_errors_now_and_then_send_one_email_until_an_hour_has_none() -> None:
    found = emails(TEMPLATE, CAUSES["public_api fails now and then"], hours=12)
    few = emails(TEMPLATE, CAUSES["public_api fails now and then, and few people are there"], hours=12)

    assert [email.alarm for email in found] == ["PagesFailAlarm"]
    assert [email.alarm for email in few] == ["WorkFailsAlarm"]


def test_what_is_given_up_is_told_although_the_functions_failure_was_told() -> None:
    found = emails(TEMPLATE, CAUSES["tally fails for each row"], hours=8)

    assert [email.alarm for email in found] == ["WorkFailsAlarm", "TallyFailedAlarm"]


def test_work_that_fails_is_told_when_the_pages_work_again() -> None:
    found = emails(TEMPLATE, [Breach("PagesFailAlarm", 0, 60), Breach("TallyAlarm", 0, 540)], hours=6)

    assert [email.alarm for email in found] == ["PagesFailAlarm", "WorkFailsAlarm"]
    assert found[1].at >= 120


@pytest.mark.parametrize("alarm", sorted(of_type(TEMPLATE, ALARM)))
def test_every_alarm_alone_sends_an_email(alarm: str) -> None:
    properties = TEMPLATE["Resources"][alarm]["Properties"]
    hours = sources(properties)[0].period * properties["EvaluationPeriods"] // 3600 + 2

    assert len(emails(TEMPLATE, [Breach(alarm, 0, 60 * hours)], hours=hours)) == 1
