"""Rules on failures: nothing is lost, and a person is notified."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.template.reading import (
    ALARM,
    COMPOSITE,
    LOG_GROUP,
    QUEUE,
    as_list,
    dead_letter_queues,
    event_sources,
    functions,
    named_by,
    of_type,
    sources,
)
from undersigned.metrics import UNITS

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


def no_function_logs_a_line_of_lambdas_for_each_request(template: Template) -> Iterator[str]:
    # At WARN, starts, reports and successful ends are left out, and timeouts and crashes are kept. It takes the format
    # JSON ("Log-level filtering", Lambda developer guide).
    wanted = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    for name, properties in functions(template).items():
        config = properties.get("LoggingConfig", {})
        if any(config.get(key) != value for key, value in wanted.items()):
            yield f"{name} logs lines of Lambda's for each request"
        if "ApplicationLogLevel" in config:
            yield f"{name} may leave out what alarms and the runbook read"


def every_function_whose_events_are_no_dead_letters_has_an_errors_alarm(template: Template) -> Iterator[str]:
    # What a schedule starts is tried again, and then a dead letter, which has an alarm.
    scheduled = {function for function, _, kind, _ in event_sources(template) if kind == "ScheduleV2"}
    polled = {function for function, _, kind, _ in event_sources(template) if kind in {"DynamoDB", "HttpApi"}}
    for name in functions(template).keys() - (scheduled - polled):
        if not _has_alarm(template, "AWS/Lambda", "Errors", "Sum", {"FunctionName": {"Ref": name}}):
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


def events_of_confirmation_emails_wake_feedback_only_if_they_are_bad(template: Template) -> Iterator[str]:
    # Each email has two or more events, and nobody needs to know of one that arrived.
    seen = False
    for name, properties in of_type(template, "AWS::Events::Rule").items():
        detail = properties["EventPattern"]["detail"]
        if "confirmation" not in detail["mail"]["tags"].get("kind", ["confirmation"]):
            continue
        seen = True
        if set(detail.get("eventType", ["everything"])) != {"Bounce", "Complaint"}:
            yield f"{name} wakes feedback for emails that arrived"
    if not seen:
        yield "bounces of confirmation emails are not seen"
    for name, destination in of_type(template, "AWS::SES::ConfigurationSetEventDestination").items():
        sends_to = destination["EventDestination"]
        if named_by(destination["ConfigurationSetName"]) == "MailConfiguration" and "SnsDestination" in sends_to:
            yield f"{name} publishes each event of a confirmation email to a topic"


def every_polled_batch_reports_each_failed_record(template: Template) -> Iterator[str]:
    for function, event, kind, source in event_sources(template):
        polled = kind in {"DynamoDB", "SQS"}
        if polled and source.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{function}.{event} retries a whole batch for one failed record"


def every_dead_letter_queue_has_an_alarm(template: Template) -> Iterator[str]:
    for name in sorted(dead_letter_queues(template)):
        of_queue = {"QueueName": {"Fn::GetAtt": [name, "QueueName"]}}
        if not _has_alarm(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", of_queue):
            yield f"{name} has no alarm for its messages"


def every_dead_letter_queue_keeps_messages_for_fourteen_days(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for name in sorted(dead_letter_queues(template)):
        if queues[name].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} deletes messages in less than fourteen days"


def every_alarm_notifies_a_topic(template: Template) -> Iterator[str]:
    topics = of_type(template, "AWS::SNS::Topic")
    composites = of_type(template, COMPOSITE)
    held = {child for properties in composites.values() for child in _children(properties)}
    for name, properties in (of_type(template, ALARM) | composites).items():
        actions = properties.get("AlarmActions", [])
        if not all(named_by(action) in topics for action in actions):
            yield f"{name} notifies nobody"
        if name in composites and not actions:
            yield f"{name} notifies nobody"
        elif name not in composites and bool(actions) == (name in held):
            yield f"{name} sends no email of its own and is in no composite alarm, or both"


def _children(composite: dict[str, Any]) -> list[str]:
    """Return the logical ids of the alarms that a composite alarm goes off for."""
    rule = str(composite["AlarmRule"]["Fn::Sub"])
    return re.findall(r'(?<!NOT )ALARM\("\$\{(\w+)\}"\)', rule)


DAMPED = timedelta(hours=1)


def no_alarm_of_events_sends_more_than_an_email_an_hour(template: Template) -> Iterator[str]:
    # An alarm that counts events is off as soon as a period has none. One that looks at the last hour stays on as long,
    # and an alarm that is on sends nothing.
    for name, properties in of_type(template, ALARM).items():
        watched = sources(properties)
        counts = properties["ComparisonOperator"].startswith("Greater") and all(
            source.statistic == "Sum" for source in watched
        )
        looked_at = timedelta(seconds=watched[0].period) * properties["EvaluationPeriods"]
        if counts and looked_at < DAMPED:
            yield f"{name} can go off again within the hour"


def every_alarm_says_first_what_to_do(template: Template) -> Iterator[str]:
    # The description comes first in the email.
    for name, properties in (of_type(template, ALARM) | of_type(template, COMPOSITE)).items():
        first = properties.get("AlarmDescription", "").split(" ")[0]
        if first not in TO_DO:
            yield f"{name} begins with {first}, not with what a person must do"


TO_DO = {
    "Check",
    "Decide",
    "Find",
    "Fix",
    "Look",
    "Put",
    "Raise",
    "Read",
    "Run",
    "Send",
    "Start",
    "Wait",
}


def every_metric_of_ours_is_emitted(template: Template) -> Iterator[str]:
    filtered = {
        str(transformation["MetricName"])
        for properties in of_type(template, "AWS::Logs::MetricFilter").values()
        for transformation in properties["MetricTransformations"]
    }
    for name, properties in of_type(template, ALARM).items():
        for source in sources(properties):
            if source.namespace.startswith("AWS/"):
                continue
            by_function = str(source.name) in UNITS and source.dimensions == OF_THIS_STACK
            by_filter = str(source.name) in filtered and not source.dimensions
            if source.namespace != "Undersigned" or not (by_function or by_filter):
                yield f"{name} watches {source.name}, which nothing emits"


OF_THIS_STACK = {"service": {"Ref": "AWS::StackName"}}
"""The only dimension of the metrics that functions emit: POWERTOOLS_SERVICE_NAME."""


def functions_emit_metrics_of_their_stack(template: Template) -> Iterator[str]:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    if variables.get("POWERTOOLS_SERVICE_NAME") != {"Ref": "AWS::StackName"}:
        yield "the metrics of two stacks in an account are one"
    if variables.get("POWERTOOLS_METRICS_NAMESPACE") != "Undersigned":
        yield "the metrics are in another namespace than the alarms"


def the_operator_gets_every_alarm(template: Template) -> Iterator[str]:
    parameter = template["Parameters"]["OperatorEmail"]
    if "Default" in parameter or "AllowedPattern" not in parameter:
        yield "a stack can have no operator"
    subscribed = [
        name
        for name, properties in of_type(template, "AWS::SNS::Subscription").items()
        if (properties["Endpoint"], properties["TopicArn"]) == ({"Ref": "OperatorEmail"}, {"Ref": "Alarms"})
        and "Condition" not in template["Resources"][name]
    ]
    if len(subscribed) != 1:
        yield "the operator doesn't get the alarms"


def a_budget_warns_the_operator(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, "AWS::Budgets::Budget").items():
        limit = properties["Budget"]["BudgetLimit"]
        if limit != {"Amount": {"Ref": "MonthlyBudget"}, "Unit": "USD"}:
            yield f"{name} is of {limit}, not of MonthlyBudget"
        if template["Resources"][name].get("Condition") != "HasBudget":
            yield f"{name} is created without a MonthlyBudget"
        warnings = properties.get("NotificationsWithSubscribers", [])
        for kind in ("FORECASTED", "ACTUAL"):
            if not any(
                warning["Notification"]["NotificationType"] == kind
                and {"SubscriptionType": "EMAIL", "Address": {"Ref": "OperatorEmail"}} in warning["Subscribers"]
                for warning in warnings
            ):
                yield f"{name} warns nobody of {kind.lower()} costs"
    if not of_type(template, "AWS::Budgets::Budget"):
        yield "there is no budget"


def every_alarm_links_to_its_entry_in_the_runbook(template: Template) -> Iterator[str]:
    for name, properties in (of_type(template, ALARM) | of_type(template, COMPOSITE)).items():
        if not properties.get("AlarmDescription", "").endswith(f" (docs/runbook.md#{name.lower()})"):
            yield f"{name} doesn't link to the runbook"


def every_stream_reader_has_an_alarm_for_its_lag(template: Template) -> Iterator[str]:
    # The stream deletes records after a day.
    for function, _, kind, _ in event_sources(template):
        if kind == "DynamoDB" and not _is_watched(
            template, "AWS/Lambda", "IteratorAge", {"FunctionName": {"Ref": function}}, "Maximum"
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


def every_queue_that_is_read_has_an_alarm_for_what_waits_in_it(template: Template) -> Iterator[str]:
    for function, event, kind, source in event_sources(template):
        if kind != "SQS":
            continue
        of_queue = {"QueueName": {"Fn::GetAtt": [named_by(source["Queue"]), "QueueName"]}}
        if not any(
            all(_is_watched(template, "AWS/SQS", f"Approximate{what}", of_queue) for what in way)
            for way in (["AgeOfOldestMessage"], ["NumberOfMessagesVisible", "NumberOfMessagesNotVisible"])
        ):
            yield f"{function}.{event} has no alarm for messages that wait"


def a_week_without_a_plan_has_an_alarm(template: Template) -> Iterator[str]:
    # A plan that never runs has no errors, so the alarm must treat missing data as breaching. Invocations would count a
    # run that failed, and one for a single campaign by hand. So the function says when it has planned all campaigns.
    planned = _counted_in_logs(template, "PlanDeliveriesLogGroup", '$.campaigns = "all of them"')
    if not any(
        (alarm.get("MetricName"), alarm["TreatMissingData"]) == (metric, "breaching")
        for metric in planned
        for alarm in of_type(template, ALARM).values()
    ):
        yield "there is no alarm for a PlanDeliveries that doesn't run"
    # Each hour has a run, and one that failed has PlansFailedAlarm. So here, the invocations do.
    of_plan = [{"Name": "FunctionName", "Value": {"Ref": "PlanDeliveries"}}]
    if not any(
        (alarm.get("MetricName"), alarm.get("Dimensions"), alarm.get("Period"), alarm["TreatMissingData"])
        == ("Invocations", of_plan, 3600, "breaching")
        for alarm in of_type(template, ALARM).values()
    ):
        yield "there is no alarm for an hourly plan that doesn't run"


def throttles_of_the_table_and_its_indexes_have_alarms(template: Template) -> Iterator[str]:
    for table, properties in of_type(template, "AWS::DynamoDB::Table").items():
        of_table = {"TableName": {"Ref": table}}
        indexes = [index["IndexName"] for index in properties["GlobalSecondaryIndexes"]]
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            for more in ({}, *({"GlobalSecondaryIndexName": index} for index in indexes)):
                if not _is_watched(template, "AWS/DynamoDB", metric, of_table | more):
                    yield f"{metric} of {', '.join(more.values()) or table} has no alarm"


def what_aws_loses_has_an_alarm(template: Template) -> Iterator[str]:
    # What AWS gives up is in a dead-letter queue, which has an alarm. These metrics count what did not get there. The
    # sources are the pages on CloudWatch metrics of Lambda, EventBridge, EventBridge Scheduler and SNS.
    # They don't list the dimensions of Lambda's, so it may be by function or for the whole account.
    called = {function for function, _, kind, _ in event_sources(template) if kind in {"ScheduleV2", "DynamoDB"}}
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        *(("AWS/Lambda", metric, {"FunctionName": {"Ref": name}}) for metric in _OF_LAMBDA for name in sorted(called)),
        *(("AWS/Lambda", metric, {}) for metric in _OF_LAMBDA),
        *(
            ("AWS/Events", metric, {"RuleName": {"Ref": name}})
            for name in of_type(template, "AWS::Events::Rule")
            for metric in ("InvocationsFailedToBeSentToDlq",)
        ),
        *(("AWS/Scheduler", metric, {"ScheduleGroup": "default"}) for metric in _OF_SCHEDULES),
        ("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": {"Fn::GetAtt": ["Alarms", "TopicName"]}}),
    ]
    for namespace, metric, dimensions in wanted:
        if not _is_watched(template, namespace, metric, dimensions):
            yield f"{metric} of {namespace} has no alarm for {dimensions}"


_OF_LAMBDA = ("DestinationDeliveryFailures",)
_OF_SCHEDULES = ("InvocationsFailedToBeSentToDeadLetterCount",)


def messages_that_wait_for_ses_have_an_alarm(template: Template) -> Iterator[str]:
    # They are put anew with a delay every 15 minutes, so they neither grow old nor are in flight.
    for queue in ("DeliveryQueue", "WaitingMails"):
        of_queue = {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}}
        if not _is_watched(template, "AWS/SQS", "ApproximateNumberOfMessagesDelayed", of_queue):
            yield f"messages that are delayed in {queue} are not seen"


def refusals_that_fail_no_function_have_an_alarm(template: Template) -> Iterator[str]:
    for group, pattern in (
        ("ApiLogGroup", '$.status = "429"'),
        ("PublicApiLogGroup", '$.message = "a row is damaged"'),
        ("SendConfirmationsLogGroup", '$.message = "SES refused an email"'),
    ):
        counted = _counted_in_logs(template, group, pattern)
        if not any(_is_watched(template, "Undersigned", metric, {}, "Sum") for metric in counted):
            yield f"nobody learns of {pattern} in {group}"


def _counted_in_logs(template: Template, group: str, pattern: str) -> list[Any]:
    """Return the metrics that count the lines of a log group with a pattern."""
    return [
        transformation["MetricName"]
        for properties in of_type(template, "AWS::Logs::MetricFilter").values()
        if (named_by(properties["LogGroupName"]), properties["FilterPattern"]) == (group, f"{{ {pattern} }}")
        for transformation in properties["MetricTransformations"]
    ]


def _is_watched(
    template: Template, namespace: str, metric: Any, dimensions: dict[str, Any], statistic: str | None = None
) -> bool:
    """Return whether an alarm watches a metric: by itself, in a sum or by a query."""
    return any(
        source.has(namespace, metric, dimensions) and statistic in {None, source.statistic}
        for alarm in of_type(template, ALARM).values()
        for source in sources(alarm)
    )


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
    # Its dimensions are not documented, so it may be by function or for the whole account.
    for dimensions in ({}, *({"FunctionName": {"Ref": function}} for function in functions(template))):
        if not _is_watched(template, "AWS/Lambda", "RecursiveInvocationsDropped", dimensions, "Sum"):
            yield f"there is no alarm for recursion that Lambda stops, with {dimensions}"


def _has_alarm(template: Template, namespace: str, metric: str, statistic: str, dimensions: dict[str, Any]) -> bool:
    """Return whether an alarm of this metric alone goes off at the first failure; a threshold above 1 would hide it."""
    return any(
        [source.dimensions for source in watched if source.has(namespace, metric, dimensions)] == [dimensions]
        and [source.statistic for source in watched] == [statistic]
        and (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        for alarm in of_type(template, ALARM).values()
        for watched in (sources(alarm),)
    )


def a_query_finds_nothing_while_all_is_well(template: Template) -> Iterator[str]:
    # A query has no free part, and costs what each metric costs that it finds. Data that is missing is good news here,
    # and CloudWatch reads the last three hours only ("Limits that apply to alarms based on Metrics Insights queries").
    for name, properties in of_type(template, ALARM).items():
        for source in sources(properties):
            if not source.is_query:
                continue
            if (source.namespace, str(source.name)) not in ONLY_WHEN_IT_HAPPENS and source.namespace != "Undersigned":
                yield f"{name} queries {source.name}, which a stack always has"
            if properties.get("TreatMissingData") != "notBreaching":
                yield f"{name} goes off while the query finds nothing"
            if source.period * properties["EvaluationPeriods"] > THREE_HOURS:
                yield f"{name} looks at more than a query reads"
            if source.namespace == "Undersigned" and source.labels != frozenset():
                yield f"{name} queries metrics of other stacks"


THREE_HOURS = 3 * 60 * 60

ONLY_WHEN_IT_HAPPENS = {
    # An empty queue that nobody touches has no metrics ("Available CloudWatch metrics for Amazon SQS").
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    # "EventBridge only sends this metric to CloudWatch if it isn't zero."
    ("AWS/Events", "InvocationsFailedToBeSentToDlq"),
    ("AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount"),
    ("AWS/SNS", "NumberOfNotificationsFailed"),
    ("AWS/DynamoDB", "ReadThrottleEvents"),
    ("AWS/DynamoDB", "WriteThrottleEvents"),
    ("AWS/Lambda", "DestinationDeliveryFailures"),
    ("AWS/Lambda", "RecursiveInvocationsDropped"),
    # Lambda sends these when a function has run ("Using CloudWatch metrics with Lambda").
    ("AWS/Lambda", "Errors"),
    ("AWS/Lambda", "IteratorAge"),
}
"""Metrics of AWS that an idle stack in good order doesn't have."""


def what_needs_a_person_has_an_alarm_of_its_own(template: Template) -> Iterator[str]:
    # Beside errors that are tried again, nobody would see it.
    for group, message in (("RecordFeedbackLogGroup", "mail event"), ("DeliverLogGroup", "delivery")):
        level = '($.level = "ERROR")'
        decisions = _counted_in_logs(template, group, f'{level} && ($.message = "{message}")')
        others = _counted_in_logs(template, group, f'{level} && ($.message != "{message}")')
        told = [
            source
            for alarm in of_type(template, ALARM).values()
            if alarm.get("AlarmActions")
            for source in sources(alarm)
        ]
        if not decisions or not all(any(one.has("Undersigned", metric, {}) for one in told) for metric in decisions):
            yield f"nobody learns of {message} in {group}"
        if not others:
            yield f"nobody learns of other errors in {group}"
