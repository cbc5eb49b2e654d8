"""Rules on failures: nothing is lost, and a person is notified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.template.reading import (
    ALARM,
    LOG_GROUP,
    QUEUE,
    as_list,
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
"""SQS's maximum message retention, in seconds."""

SYNCHRONOUS = {"HttpApi"}
"""Event sources whose caller sees the failure."""


def every_function_has_a_log_group_with_retention(template: Template) -> Iterator[str]:
    groups = of_type(template, LOG_GROUP)
    for name, properties in functions(template).items():
        if named_by(properties.get("LoggingConfig", {}).get("LogGroup")) not in groups:
            yield f"{name} logs to no log group of this stack"
    for name, properties in groups.items():
        if not properties.get("RetentionInDays"):
            yield f"{name} keeps logs forever"


def every_function_has_an_errors_alarm(template: Template) -> Iterator[str]:
    for name in functions(template):
        if not _has_alarm(template, "AWS/Lambda", "Errors", "FunctionName", {"Ref": name}):
            yield f"{name} has no alarm for its errors"


def every_event_source_keeps_its_failed_events(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for function, event, kind, source in event_sources(template):
        match kind:
            case "DynamoDB":
                places = [source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")]
            case "SQS":
                places = [queues[named_by(source["Queue"])].get("RedrivePolicy", {}).get("deadLetterTargetArn")]
            case "ScheduleV2":
                asynchronous = functions(template)[function].get("EventInvokeConfig", {}).get("DestinationConfig", {})
                places = [
                    source.get("DeadLetterConfig", {}).get("Arn"),
                    asynchronous.get("OnFailure", {}).get("Destination"),
                ]
            case _ if kind in SYNCHRONOUS:
                continue
            case _:
                yield f"{function}.{event} is a {kind}, which this rule doesn't cover yet"
                continue
        if not all(named_by(place) in queues for place in places):
            yield f"{function}.{event} loses failed events"


def every_rule_and_subscription_keeps_what_it_cannot_hand_over(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for name, properties in of_type(template, "AWS::Events::Rule").items():
        places = [target.get("DeadLetterConfig", {}).get("Arn") for target in properties["Targets"]]
        if not all(named_by(place) in queues for place in places):
            yield f"{name} loses events"
    for name, properties in of_type(template, "AWS::SNS::Subscription").items():
        by_email = properties["Protocol"] == "email"
        if not by_email and named_by(properties.get("RedrivePolicy", {}).get("deadLetterTargetArn")) not in queues:
            yield f"{name} loses events"


def events_of_ses_come_in_two_ways(template: Template) -> Iterator[str]:
    # EventBridge gets SES's events on a best-effort basis.
    sends_with = functions(template)["Deliver"]["Environment"]["Variables"]["CONFIGURATION_SET"]
    destinations = [
        properties["EventDestination"]
        for properties in of_type(template, "AWS::SES::ConfigurationSetEventDestination").values()
        if properties["ConfigurationSetName"] == sends_with
    ]
    for way in ("EventBridgeDestination", "SnsDestination"):
        if not any(way in destination and destination["Enabled"] for destination in destinations):
            yield f"SES's events come by no {way}"
    if len({frozenset(destination["MatchingEventTypes"]) for destination in destinations}) > 1:
        yield "some events come in one way only"


def every_polled_batch_reports_each_failed_record(template: Template) -> Iterator[str]:
    for function, event, kind, source in event_sources(template):
        polled = kind in {"DynamoDB", "SQS"}
        if polled and source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{function}.{event} retries a whole batch for one failed record"


def every_dead_letter_queue_has_an_alarm(template: Template) -> Iterator[str]:
    for name in sorted(dead_letter_queues(template)):
        queue_name = {"Fn::GetAtt": [name, "QueueName"]}
        if not _has_alarm(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue_name):
            yield f"{name} has no alarm for its messages"


def every_dead_letter_queue_keeps_messages_for_fourteen_days(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for name in sorted(dead_letter_queues(template)):
        if queues[name].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} deletes messages in less than fourteen days"


def every_alarm_notifies_a_topic(template: Template) -> Iterator[str]:
    topics = of_type(template, "AWS::SNS::Topic")
    for name, properties in of_type(template, ALARM).items():
        actions = properties.get("AlarmActions", [])
        if not actions or not all(named_by(action) in topics for action in actions):
            yield f"{name} notifies nobody"


def every_alarm_links_to_its_entry_in_the_runbook(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, ALARM).items():
        if not properties.get("AlarmDescription", "").endswith(f" (docs/runbook.md#{name.lower()})"):
            yield f"{name} doesn't link to the runbook"


def every_stream_reader_has_an_alarm_for_its_lag(template: Template) -> Iterator[str]:
    # The stream deletes records after a day.
    for function, _, kind, _ in event_sources(template):
        wanted = ("AWS/Lambda", "IteratorAge", [{"Name": "FunctionName", "Value": {"Ref": function}}])
        if kind == "DynamoDB" and not any(
            (alarm.get("Namespace"), alarm.get("MetricName"), alarm.get("Dimensions")) == wanted
            for alarm in of_type(template, ALARM).values()
        ):
            yield f"{function} has no alarm for its lag"


def every_stream_reader_has_an_alarm_for_when_it_stops(template: Template) -> Iterator[str]:
    # A disabled mapping has no lag: IteratorAge has no data. On a quiet stream, a mapping that reads has data: "If
    # Lambda polls for events but receives an empty poll (no new records), Lambda emits a 0 value for this metric"
    # (PolledEventCount in "Types of metrics for Lambda functions", Lambda developer guide).
    for function, event, kind, source in event_sources(template):
        reads = [{"Name": "EventSourceMappingUUID", "Value": {"Ref": f"{function}{event}"}}]
        wanted = ("PolledEventCount", "SampleCount", reads, "LessThanThreshold", "breaching")
        if kind == "DynamoDB" and (
            source.get("MetricsConfig") != {"Metrics": ["EventCount"]}
            or not any(
                tuple(alarm.get(name) for name in _SAYS_THAT_NOTHING_HAPPENED) == wanted
                for alarm in of_type(template, ALARM).values()
            )
        ):
            yield f"{function}.{event} can stop unseen"


_SAYS_THAT_NOTHING_HAPPENED = ("MetricName", "Statistic", "Dimensions", "ComparisonOperator", "TreatMissingData")


def every_queue_that_is_read_has_an_alarm_for_its_age(template: Template) -> Iterator[str]:
    for function, event, kind, source in event_sources(template):
        if kind != "SQS":
            continue
        queue_name = [{"Name": "QueueName", "Value": {"Fn::GetAtt": [named_by(source["Queue"]), "QueueName"]}}]
        wanted = ("AWS/SQS", "ApproximateAgeOfOldestMessage", queue_name)
        if not any(
            (alarm.get("Namespace"), alarm.get("MetricName"), alarm.get("Dimensions")) == wanted
            for alarm in of_type(template, ALARM).values()
        ):
            yield f"{function}.{event} has no alarm for the age of its messages"


def a_week_without_a_plan_has_an_alarm(template: Template) -> Iterator[str]:
    # A plan that never runs has no errors, so the alarm must treat missing data as breaching.
    planning = [{"Name": "FunctionName", "Value": {"Ref": "PlanDeliveries"}}]
    if not any(
        (alarm.get("MetricName"), alarm.get("Dimensions"), alarm["TreatMissingData"])
        == ("Invocations", planning, "breaching")
        for alarm in of_type(template, ALARM).values()
    ):
        yield "there is no alarm for a PlanDeliveries that doesn't run"


def functions_that_write_to_their_own_queue_allow_the_loop(template: Template) -> Iterator[str]:
    # Lambda stops such a chain after about 16 messages ("Use Lambda recursive loop detection to prevent infinite
    # loops", Lambda developer guide).
    sources = list(event_sources(template))
    for function, properties in functions(template).items():
        read = {named_by(source["Queue"]) for name, _, kind, source in sources if (name, kind) == (function, "SQS")}
        written = {
            named_by(queue)
            for policy in properties["Policies"]
            for statement in policy["Statement"]
            if "sqs:SendMessage" in as_list(statement["Action"])
            for queue in as_list(statement["Resource"])
        }
        wanted = "Allow" if read & written else "Terminate"
        if properties.get("RecursiveLoop", "Terminate") != wanted:
            yield f"{function} must have the RecursiveLoop {wanted}"


def recursion_that_lambda_stops_has_an_alarm(template: Template) -> Iterator[str]:
    if not any(
        (alarm.get("MetricName"), alarm.get("Dimensions")) == ("RecursiveInvocationsDropped", None)
        for alarm in of_type(template, ALARM).values()
    ):
        yield "there is no alarm for recursion that Lambda stops"


def _has_alarm(template: Template, namespace: str, metric: str, dimension: str, value: Any) -> bool:
    """Return whether an alarm goes off at the first failure; a threshold above 1 would hide it."""
    return any(
        (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric)
        and alarm.get("Dimensions") == [{"Name": dimension, "Value": value}]
        and (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        for alarm in of_type(template, ALARM).values()
    )
