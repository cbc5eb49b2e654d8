"""Rules on failures: nothing is lost, and a person is notified."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.template.reading import (
    ALARM,
    LOG_GROUP,
    QUEUE,
    as_list,
    dead_letter_queues,
    functions,
    named_by,
    of_type,
    sources,
)
from undersigned.base.metrics import UNITS
from undersigned_cli.local.template import event_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.template import Template

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


def every_event_source_keeps_its_failed_events(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for function, event, kind, source in event_sources(template):
        match kind:
            case "DynamoDB":
                places = [source.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")]
            case "SQS":
                places = [
                    queues[named_by(source["EventSourceArn"])].get("RedrivePolicy", {}).get("deadLetterTargetArn")
                ]
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


def every_dead_letter_queue_keeps_messages_for_fourteen_days(template: Template) -> Iterator[str]:
    queues = of_type(template, QUEUE)
    for name in sorted(dead_letter_queues(template)):
        if queues[name].get("MessageRetentionPeriod") != FOURTEEN_DAYS:
            yield f"{name} deletes messages in less than fourteen days"


DAMPED = timedelta(hours=1)


def no_alarm_of_events_sends_more_than_an_email_an_hour(template: Template) -> Iterator[str]:
    # An alarm that counts events is off as soon as a period has none. One that looks at the last hour stays on as long,
    # and an alarm that is on sends nothing.
    for name, properties in of_type(template, ALARM).items():
        watched = sources(properties)
        # How many messages a queue has is no event.
        counts = properties["ComparisonOperator"].startswith("Greater") and all(
            source.statistic == "Sum" and source.namespace != "AWS/SQS" for source in watched
        )
        looked_at = timedelta(seconds=watched[0].period) * properties["EvaluationPeriods"]
        if counts and looked_at < DAMPED:
            yield f"{name} can go off again within the hour"


def every_alarm_says_first_what_to_do(template: Template) -> Iterator[str]:
    # The description comes first in the email.
    for name, properties in of_type(template, ALARM).items():
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
    for name, properties in of_type(template, ALARM).items():
        if not properties.get("AlarmDescription", "").endswith(f" (docs/runbook.md#{name.lower()})"):
            yield f"{name} doesn't link to the runbook"


def functions_that_write_to_their_own_queue_allow_the_loop(template: Template) -> Iterator[str]:
    # Lambda stops such a chain after about 16 messages ("Use Lambda recursive loop detection to prevent infinite
    # loops", Lambda developer guide).
    queues = [
        (reader, named_by(source["EventSourceArn"]))
        for reader, _, kind, source in event_sources(template)
        if kind == "SQS"
    ]
    for function, properties in functions(template).items():
        read = {queue for reader, queue in queues if reader == function}
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
