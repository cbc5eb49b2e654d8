"""Rules on failures: nothing is lost, and a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.template.reading import (
    ALARM,
    LOG_GROUP,
    QUEUE,
    dead_letter_queues,
    event_sources,
    functions,
    named_by,
    of_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws_from_template import Template

FOURTEEN_DAYS = 14 * 24 * 60 * 60
"""The longest that SQS keeps a message."""

SYNCHRONOUS = {"HttpApi"}
"""The caller sees the failure."""


def every_function_has_a_log_group_with_retention(template: Template) -> Iterator[str]:
    groups = of_type(template, LOG_GROUP)
    for name, properties in functions(template).items():
        if named_by(properties.get("LoggingConfig", {}).get("LogGroup")) not in groups:
            yield f"{name} logs to no log group of this stack"
    for name, properties in groups.items():
        if not properties.get("RetentionInDays"):
            yield f"{name} keeps logs for ever"


def every_function_has_an_errors_alarm(template: Template) -> Iterator[str]:
    for name in functions(template):
        if not _has_alarm(template, "AWS/Lambda", "Errors", "FunctionName", {"Ref": name}):
            yield f"{name} fails in silence"


def every_event_source_has_a_place_for_what_failed(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for function, event, kind, source in event_sources(template):
        match kind:
            case "DynamoDB":
                places = [source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")]
            case "SQS":
                places = [queues[named_by(source["Queue"])].get("RedrivePolicy", {}).get("deadLetterTargetArn")]
            case "ScheduleV2" | "EventBridgeRule":
                asynchronous = functions(template)[function].get("EventInvokeConfig", {}).get("DestinationConfig", {})
                places = [
                    source.get("DeadLetterConfig", {}).get("Arn"),
                    asynchronous.get("OnFailure", {}).get("Destination"),
                ]
            case _ if kind in SYNCHRONOUS:
                continue
            case _:
                yield f"{function}.{event} is a {kind}, of which this rule knows nothing yet"
                continue
        if not all(named_by(place) in queues for place in places):
            yield f"{function}.{event} loses what failed"


def every_polled_batch_reports_its_failures_one_by_one(template: Template) -> Iterator[str]:
    for function, event, kind, source in event_sources(template):
        polled = kind in {"DynamoDB", "SQS"}
        if polled and source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{function}.{event} takes a whole batch again for one record"


def every_dead_letter_queue_has_an_alarm(template: Template) -> Iterator[str]:
    for name in sorted(dead_letter_queues(template)):
        queue_name = {"Fn::GetAtt": [name, "QueueName"]}
        if not _has_alarm(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue_name):
            yield f"{name} fills in silence"


def every_dead_letter_queue_keeps_messages_for_fourteen_days(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for name in sorted(dead_letter_queues(template)):
        if queues[name].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} forgets messages before anybody can look"


def every_alarm_tells_somebody(template: Template) -> Iterator[str]:
    topics = of_type(template, "AWS::SNS::Topic")
    for name, properties in of_type(template, ALARM).items():
        actions = properties.get("AlarmActions", [])
        if not actions or not all(named_by(action) in topics for action in actions):
            yield f"{name} tells nobody"


def every_alarm_leads_to_its_entry_in_the_runbook(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, ALARM).items():
        if not properties.get("AlarmDescription", "").endswith(f" (docs/runbook.md#{name.lower()})"):
            yield f"{name} says nothing of what to do"


def every_reader_of_the_stream_has_an_alarm_for_its_lag(template: Template) -> Iterator[str]:
    # What is a day old, the stream forgets.
    for function, _, kind, _ in event_sources(template):
        wanted = ("AWS/Lambda", "IteratorAge", [{"Name": "FunctionName", "Value": {"Ref": function}}])
        if kind == "DynamoDB" and not any(
            (alarm.get("Namespace"), alarm.get("MetricName"), alarm.get("Dimensions")) == wanted
            for alarm in of_type(template, ALARM).values()
        ):
            yield f"{function} falls behind in silence"


def a_week_that_was_not_planned_is_missed(template: Template) -> Iterator[str]:
    # Where nothing runs, nothing fails: only what is missing tells.
    planning = [{"Name": "FunctionName", "Value": {"Ref": "PlanDeliveries"}}]
    if not any(
        (alarm.get("MetricName"), alarm.get("Dimensions"), alarm["TreatMissingData"])
        == ("Invocations", planning, "breaching")
        for alarm in of_type(template, ALARM).values()
    ):
        yield "nobody hears when PlanDeliveries does not run"


def _has_alarm(template: Template, namespace: str, metric: str, dimension: str, value: Any) -> bool:
    """Any first failure rings: a threshold above 1 would hide it."""
    return any(
        (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric)
        and alarm.get("Dimensions") == [{"Name": dimension, "Value": value}]
        and (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        for alarm in of_type(template, ALARM).values()
    )
