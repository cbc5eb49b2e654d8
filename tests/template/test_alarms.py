"""Check which alarms go off by what AWS sends to metrics: everything is covered, and one cause sends few emails."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.emitted import is_counted
from tests.template.cloudwatch import Alarms, Metric, metric_of
from tests.template.reading import ALARM, dead_letter_queues, functions, named_by, of_type
from undersigned_cli.local.template import ROOT, event_sources, load_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.template.cloudwatch import Values

TEMPLATE = load_template()

MOST = 18
"""Alarms. Nobody reads the emails of more."""

MOST_METRICS = 10
"""CloudWatch refuses an expression of more ("Limits", CloudWatch user guide)."""

DAY = 24 * 60

SOURCES = list(event_sources(TEMPLATE))
STREAMS = [f"{function}{event}" for function, event, kind, _ in SOURCES if kind == "DynamoDB"]
READERS = [function for function, _, kind, _ in SOURCES if kind == "DynamoDB"]
QUEUES = [named_by(source["EventSourceArn"]) for _, _, kind, source in SOURCES if kind == "SQS"]
SCHEDULED = {function for function, _, kind, _ in SOURCES if kind == "ScheduleV2"}
OF_SCHEDULES = [
    # Lambda tries it twice more within minutes, and what it gives up is a dead letter.
    name
    for name in functions(TEMPLATE)
    if name in SCHEDULED and not {kind for function, _, kind, _ in SOURCES if function == name} - {"ScheduleV2", "SQS"}
]


def errors(function: str) -> Metric:
    return Metric("AWS/Lambda", "Errors", function)


def scheduled(function: str) -> Metric:
    """Return the metric of a function's asynchronous calls: only schedules make any."""
    return Metric("AWS/Lambda", "AsyncEventsReceived", function)


def lag(function: str) -> Metric:
    return Metric("AWS/Lambda", "IteratorAge", function)


def age(queue: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", queue)


def dead(queue: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)


def hidden(queue: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", queue)


def delayed(queue: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesDelayed", queue)


def ours(name: str) -> Metric:
    """Return a metric that is counted in logs."""
    return Metric("Undersigned", name)


FAILED = Metric("AWS/ApiGateway", "5xx", "Api")
REQUESTS = Metric("AWS/ApiGateway", "Count", "Api")
LATE = Metric("Undersigned", "ConfirmationDelay", "AWS::StackName")
OVERDUE = Metric("Undersigned", "LettersOverdue", "AWS::StackName")


class Sent(NamedTuple):
    """Values of a metric: one every so many minutes, from one minute to another."""

    metric: Metric
    since: int
    until: int
    every: int = 1
    value: float = 1


def sent(*found: Sent, but: Iterable[Metric] = (), hours: int = 48) -> Values:
    """Return what AWS sends about a stack in good order, except for some metrics, and what else is sent."""
    usual = [
        *(Sent(Metric("AWS/Lambda", "PolledEventCount", stream), 0, hours * 60, value=0) for stream in STREAMS),
        *(Sent(scheduled(function), 0, hours * 60, 60) for function in SCHEDULED),
    ]
    values: dict[Metric, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in (*(each for each in usual if each.metric not in but), *found):
        for minute in range(one.since, one.until, one.every):
            values[one.metric][minute].append(one.value)
    return values


def on(values: Values, now: int) -> set[str]:
    return Alarms(TEMPLATE, values).on(now)


# Everything is covered


def test_a_stack_in_good_order_has_no_alarm() -> None:
    assert on(sent(), DAY) == set()


def test_there_are_few_alarms_and_each_sends_an_email() -> None:
    alarms = of_type(TEMPLATE, ALARM)

    assert len(alarms) <= MOST
    # CloudWatch, the doctor and the runbook list metric alarms only, unless composite ones are asked for.
    assert "AWS::CloudWatch::CompositeAlarm" not in {each["Type"] for each in TEMPLATE["Resources"].values()}
    assert {name for name, each in alarms.items() if each.get("AlarmActions") != [{"Ref": "Alarms"}]} == set()


@pytest.mark.parametrize("alarm", of_type(TEMPLATE, ALARM))
def test_an_alarm_has_no_more_metrics_than_cloudwatch_takes(alarm: str) -> None:
    parts = of_type(TEMPLATE, ALARM)[alarm].get("Metrics", ())

    assert sum("MetricStat" in part for part in parts) <= MOST_METRICS


@pytest.mark.asvs("16.3.4")
@pytest.mark.parametrize("function", [name for name in functions(TEMPLATE) if name not in OF_SCHEDULES])
def test_a_function_that_fails_once_raises_an_alarm(function: str) -> None:
    assert on(sent(Sent(errors(function), 0, 1)), 5) == {"WorkFailsAlarm"}


@pytest.mark.parametrize("queue", sorted(dead_letter_queues(TEMPLATE)))
def test_a_dead_letter_raises_an_alarm(queue: str) -> None:
    assert on(sent(Sent(dead(queue), 0, 5)), 5) == {"DeadLettersAlarm"}


def test_the_alarm_of_dead_letters_says_how_long_they_are_kept() -> None:
    """SQS counts from when a message was first queued ("Setting-up dead-letter queue retention", developer guide)."""
    said = of_type(TEMPLATE, ALARM)["DeadLettersAlarm"]["AlarmDescription"]

    assert "until 14 days after it was first queued" in said


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_that_nobody_reads_raises_an_alarm_within_six_hours(queue: str) -> None:
    hours = 6 * 60
    values = sent(
        Sent(dead(queue), 0, hours + 5), *(Sent(age(queue), at, at + 1, value=at * 60) for at in range(hours + 5))
    )

    assert on(values, hours + 5) & {"QueuesWaitAlarm", "PeopleMailsWaitAlarm"}


@pytest.mark.parametrize("function", READERS)
def test_a_reader_that_is_an_hour_behind_the_stream_raises_an_alarm(function: str) -> None:
    assert on(sent(Sent(lag(function), 0, 15, value=3_600_000)), 15) == {"StreamLagsAlarm"}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_that_nobody_reads_raises_an_alarm(stream: str) -> None:
    """A mapping that is disabled or deleted has no lag. One that reads says so, even when it finds nothing."""
    values = sent(but={Metric("AWS/Lambda", "PolledEventCount", stream)})

    assert on(values, 15) == {"StreamLagsAlarm"}
    assert on(values, 10) == set()
    assert {tuple(source["MetricsConfig"]["Metrics"]) for _, _, kind, source in SOURCES if kind == "DynamoDB"} == {
        ("EventCount",)
    }


@pytest.mark.parametrize("function", sorted(SCHEDULED))
def test_a_schedule_that_does_not_run_raises_an_alarm(function: str) -> None:
    """A function that queues and streams call, too, has invocations all the same."""
    busy = Sent(Metric("AWS/Lambda", "Invocations", function), 0, 2 * DAY)

    assert on(sent(busy, but={scheduled(function)}), 2 * DAY) == {"HoursMissedAlarm"}


# Emails that wait


LEFT_OUT_AFTER = 3


def queue_metrics(queue: str, messages: Iterable[range], *, sends_zeros: bool) -> Iterator[Sent]:
    """Yield what SQS sends about a queue each minute: messages are received at these seconds, and gone after the last.

    A message is hidden in between. ApproximateAgeOfOldestMessage leaves out those that were received more than three
    times ("Available CloudWatch metrics for Amazon SQS", SQS developer guide, which also says that some metrics are
    sent only while there is a message).
    """
    listed = list(messages)
    for minute in range(max(tries.stop for tries in listed) // 60 + 1):
        second = minute * 60
        here = [tries for tries in listed if tries.start <= second < tries.stop]
        ages = [second - one.start for one in here if (second - one.start) // one.step < LEFT_OUT_AFTER]
        for metric, value in ((dead(queue), 0), (hidden(queue), len(here)), (age(queue), max(ages, default=0))):
            if value or sends_zeros:
                yield Sent(metric, minute, minute + 1, value=value)


@pytest.mark.parametrize("sends_zeros", [True, False])
def test_an_email_to_sign_in_with_that_ses_does_not_take_raises_an_alarm_while_its_code_works(
    *, sends_zeros: bool
) -> None:
    """It is tried every 20 seconds, for a quarter of an hour. A minute's values arrive in the next one."""
    values = sent(*queue_metrics("PeopleMails", [range(0, 15 * 60, 20)], sends_zeros=sends_zeros))

    assert Alarms(TEMPLATE, values, late=1).on(15) == {"PeopleMailsWaitAlarm"}
    assert on(values, 9) == set()


@pytest.mark.parametrize("sends_zeros", [True, False])
def test_emails_to_sign_in_with_that_leave_at_once_raise_none(*, sends_zeros: bool) -> None:
    messages = [range(start, start + 2) for start in range(0, 3600, 45)]
    values = sent(*queue_metrics("PeopleMails", messages, sends_zeros=sends_zeros))

    assert Alarms(TEMPLATE, values).emails(hours=1) == []


@pytest.mark.parametrize(
    ("failed", "requests", "is_on"), [(9, 1000, False), (10, 1000, True), (3, 60, True), (3, 61, False), (2, 2, False)]
)
def test_pages_that_fail_raise_an_alarm_if_they_are_many_or_a_large_part(
    *, failed: int, requests: int, is_on: bool
) -> None:
    values = sent(Sent(FAILED, 0, 1, value=failed), Sent(REQUESTS, 0, 1, value=requests))

    assert on(values, 5) == ({"PagesFailAlarm"} if is_on else set())


def test_people_who_are_turned_away_raise_an_alarm() -> None:
    assert on(sent(Sent(ours("Throttled"), 0, 1, value=100)), 5) == {"PagesFailAlarm"}


@pytest.mark.parametrize(
    ("metric", "few", "many"),
    [
        (Metric("AWS/SES", "Reputation.BounceRate"), 0.049, 0.05),
        (Metric("AWS/SES", "Reputation.ComplaintRate"), 0.0009, 0.001),
        (ours("Refused"), 4, 5),
        (ours("ConfirmationsBraked"), 0, 1),
    ],
)
def test_emails_that_do_harm_raise_an_alarm(metric: Metric, few: float, many: float) -> None:
    assert on(sent(Sent(metric, 0, 1, value=few)), 60) == set()
    assert on(sent(Sent(metric, 0, 1, value=many)), 60) == {"MailsBounceAlarm"}


LINES: list[tuple[str, str, int, str]] = [
    ("ERROR", "a row is damaged", 1, "WorkFailsAlarm"),
    ("ERROR", "a waiting email failed", 1, "WorkFailsAlarm"),
    ("ERROR", "emails must wait", 1, ""),
    ("WARNING", "SES refused an email", 4, ""),
    ("WARNING", "SES refused an email", 5, "MailsBounceAlarm"),
    ("WARNING", "the brake is on", 1, "MailsBounceAlarm"),
    ("ERROR", "a record failed", 1, "WorkFailsAlarm"),
    ("ERROR", "a job failed", 1, ""),
    ("ERROR", "a campaign failed", 1, ""),
    ("ERROR", "not planned", 1, ""),
    ("ERROR", "a delivery failed", 1, "WorkFailsAlarm"),
    ("ERROR", "a delivery must wait", 1, ""),
    ("INFO", "delivery", 1, ""),
    ("ERROR", "delivery", 1, "DecisionsAlarm"),
    ("ERROR", "an export failed", 1, "WorkFailsAlarm"),
    ("ERROR", "an event of SES failed", 1, "WorkFailsAlarm"),
    ("INFO", "mail event", 1, ""),
    ("ERROR", "mail event", 1, "DecisionsAlarm"),
]
"""The level and the message of a line that a function logs, how many there are, and the alarm that they raise."""


@pytest.mark.parametrize(("level", "message", "times", "alarm"), LINES)
def test_a_line_of_a_log_raises_its_alarm(level: str, message: str, times: int, alarm: str) -> None:
    """MailsWaitAlarm and DeliveriesWaitAlarm tell of emails that wait, DeadLettersAlarm of jobs that failed."""
    found = list(counted("FunctionsLogGroup", {"level": level, "message": message}, times))

    assert on(sent(*found), 60) == ({alarm} if alarm else set())
    files = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers/shared/undersigned").rglob("*.py")]
    assert any(f'"{message}"' in file.read_text(encoding="utf-8") for file in files)


def test_a_daily_quota_that_is_nearly_used_up_raises_an_alarm() -> None:
    """Each run of the five-minute schedule says so."""
    [found] = counted("FunctionsLogGroup", {"level": "WARNING", "message": "the daily quota is short"}, 1)

    assert on(sent(found._replace(until=30, every=5)), 30) == {"MailsWaitAlarm"}


def test_what_the_reconciliation_cannot_explain_raises_an_alarm() -> None:
    line = {"level": "ERROR", "message": "what the run found", "unexplained": "yes"}

    assert on(sent(*counted("FunctionsLogGroup", line, 1)), 60) == {"UnexplainedAlarm"}


def test_the_line_of_the_api_has_what_its_alarm_counts() -> None:
    [api] = of_type(TEMPLATE, "AWS::Serverless::HttpApi").values()
    line = json.loads(re.sub(r"\$context\.(\w+)", r"\1", api["AccessLogSettings"]["Format"]))
    assert line["status"] == "status"


def test_a_line_of_the_api_about_a_request_that_it_refused_raises_an_alarm() -> None:
    assert on(sent(*counted("ApiLogGroup", {"status": "429"}, 100)), 60) == {"PagesFailAlarm"}
    assert on(sent(*counted("ApiLogGroup", {"status": "200"}, 100)), 60) == set()


def counted(group: str, line: Mapping[str, str], times: int) -> Iterator[Sent]:
    """Yield what the metric filters of a log group count of a line that is written so many times."""
    for each in of_type(TEMPLATE, "AWS::Logs::MetricFilter").values():
        if named_by(each["LogGroupName"]) == group and is_counted(each["FilterPattern"], json.dumps(line)):
            [transformation] = each["MetricTransformations"]
            metric = metric_of({"Namespace": transformation["MetricNamespace"], **transformation})
            yield Sent(metric, 0, 1, value=times)


# One cause sends few emails


NOW_AND_THEN = 10
"""Every so many minutes."""

CAUSES: Mapping[str, list[Sent]] = {
    "a new version of send_confirmations fails at each start": [
        Sent(errors("SendConfirmations"), 0, 360),
        *(Sent(lag("SendConfirmations"), at, at + 1, value=at * 60_000) for at in range(360)),
        Sent(dead("ConfirmationsFailed"), 300, 400),
    ],
    "tally fails for each row": [
        Sent(ours("HandledErrors"), 0, 360, NOW_AND_THEN),
        Sent(errors("Tally"), 0, 360, NOW_AND_THEN),
        *(Sent(lag("Tally"), at, at + 1, value=at * 60_000) for at in range(360)),
        Sent(dead("TallyFailed"), 300, 400),
    ],
    "SES takes no email": [
        Sent(LATE, 0, 720, 5, value=900),
        Sent(delayed("WaitingMails"), 15, 720),
        Sent(delayed("DeliveryQueue"), 15, 720),
        *(Sent(age("DeliveryQueue"), at, at + 1, value=at * 60) for at in range(720)),
    ],
    "DynamoDB throttles": [
        Sent(FAILED, 0, 120, value=20),
        Sent(REQUESTS, 0, 120, value=100),
        Sent(errors("Tally"), 0, 120),
        Sent(ours("HandledErrors"), 0, 120),
        *(Sent(lag("Tally"), at, at + 1, value=at * 60_000) for at in range(120)),
    ],
    "Lambda throttles": [
        Sent(FAILED, 0, 120, value=20),
        *(Sent(lag(function), at, at + 1, value=at * 60_000) for at in range(120) for function in READERS),
        *(Sent(age("FeedbackQueue"), at, at + 1, value=at * 60) for at in range(120)),
    ],
    "public_api fails now and then": [
        Sent(errors("PublicApi"), 0, 300, NOW_AND_THEN),
        Sent(FAILED, 0, 300, NOW_AND_THEN),
        Sent(REQUESTS, 0, 300, value=10),
    ],
    "the plan fails three times": [Sent(errors(OF_SCHEDULES[0]), 0, 6), Sent(dead("JobsFailed"), 6, 360)],
    "deliver dies with a large delivery": [
        Sent(errors("Deliver"), 0, 1980, 90),
        Sent(hidden("DeliveryQueue"), 0, 1980),
        Sent(dead("DeliveriesFailed"), 1980, 2100),
    ],
    "emails of one week bounce": [Sent(ours("Decisions"), 0, 180, 6)],
    "a brake is on": [Sent(ours("ConfirmationsBraked"), 0, 1200, 5)],
    "letters are overdue": [Sent(OVERDUE, 0, 3000, 1440)],
}


@pytest.mark.parametrize("cause", CAUSES)
def test_one_cause_sends_one_email_an_hour_at_most(cause: str) -> None:
    found = Alarms(TEMPLATE, sent(*CAUSES[cause])).emails(hours=40)
    # An email that is sent while another one can still be seen at the top of the inbox.
    near = [(one, two) for one in found for two in found if one < two and abs(one.at - two.at) < 60]

    assert found
    assert near == []


def alarms_of(cause: str) -> list[str]:
    return [email.alarm for email in Alarms(TEMPLATE, sent(*CAUSES[cause])).emails(hours=40)]


def test_errors_now_and_then_send_one_email() -> None:
    assert alarms_of("public_api fails now and then") == ["WorkFailsAlarm"]


def test_a_delivery_that_dies_again_and_again_sends_one_email_for_it() -> None:
    assert alarms_of("deliver dies with a large delivery") == [
        "WorkFailsAlarm",
        "DeliveriesWaitAlarm",
        "DeadLettersAlarm",
    ]


def test_what_is_given_up_is_told_although_the_functions_failure_was_told() -> None:
    assert alarms_of("tally fails for each row") == ["WorkFailsAlarm", "StreamLagsAlarm", "DeadLettersAlarm"]


def test_work_that_fails_is_told_when_the_pages_work_again() -> None:
    values = sent(Sent(FAILED, 0, 60, value=20), Sent(errors("Tally"), 0, 540))

    assert [email.alarm for email in Alarms(TEMPLATE, values).emails(hours=6)] == ["PagesFailAlarm", "WorkFailsAlarm"]
