"""The project's own rules over template.yaml: it keeps them, and each one finds a template that doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.aws_from_template import load_template
from tests.template import data_rules, failure_rules, function_rules, permission_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.aws_from_template import Template

    type Rule = Callable[[Template], Iterator[str]]

GONE = object()
"""Stands for a key that is taken out."""

LAST = object()
"""Stands for a key that is moved to the end."""


class Breach(NamedTuple):
    """A change of the template, and what the rule says of it."""

    path: str
    value: Any
    found: str


def ready_made(policy: str) -> list[Any]:
    return [{policy: {"TableName": {"Ref": "Table"}}}]


TALLY = "Resources.Tally.Properties"
DELIVER = "Resources.Deliver.Properties"
PLAN = "Resources.PlanDeliveries.Properties"
REPORT = "Resources.ReportDeliveries.Properties"
FEEDBACK = "Resources.RecordFeedback.Properties"
TALLY_STATEMENT = f"{TALLY}.Policies.0.Statement.0"

RULES: dict[Rule, list[Breach]] = {
    failure_rules.every_function_has_a_log_group_with_retention: [
        Breach(f"{TALLY}.LoggingConfig", GONE, "Tally logs to no log group"),
        Breach("Resources.TallyLogGroup", GONE, "Tally logs to no log group"),
        Breach("Resources.TallyLogGroup.Properties.RetentionInDays", GONE, "TallyLogGroup keeps logs for ever"),
        Breach("Resources.ApiLogGroup.Properties.RetentionInDays", GONE, "ApiLogGroup keeps logs for ever"),
    ],
    failure_rules.every_function_has_an_errors_alarm: [
        Breach("Resources.TallyAlarm", GONE, "Tally fails in silence"),
        Breach("Resources.TallyAlarm.Properties.Dimensions.0.Value", {"Ref": "Deliver"}, "Tally fails in silence"),
        Breach("Resources.TallyAlarm.Properties.Threshold", 5, "Tally fails in silence"),
    ],
    failure_rules.every_event_source_has_a_place_for_what_failed: [
        Breach(f"{TALLY}.Events.Signatures.Properties.DestinationConfig", GONE, "Tally.Signatures loses"),
        Breach("Resources.DeliveryQueue.Properties.RedrivePolicy", GONE, "Deliver.Queue loses"),
        Breach(f"{PLAN}.Events.Weekly.Properties.DeadLetterConfig", GONE, "PlanDeliveries.Weekly loses"),
        Breach(f"{PLAN}.EventInvokeConfig.DestinationConfig", GONE, "PlanDeliveries.Weekly loses"),
        Breach(f"{FEEDBACK}.Events.Mail.Properties.DeadLetterConfig", GONE, "RecordFeedback.Mail loses"),
        Breach(f"{FEEDBACK}.EventInvokeConfig", GONE, "RecordFeedback.Mail loses"),
        Breach(f"{FEEDBACK}.Events.Mail.Type", "SNS", "RecordFeedback.Mail is a SNS"),
    ],
    failure_rules.every_polled_batch_reports_its_failures_one_by_one: [
        Breach(f"{TALLY}.Events.Signatures.Properties.FunctionResponseTypes", GONE, "Tally.Signatures takes"),
        Breach(f"{DELIVER}.Events.Queue.Properties.FunctionResponseTypes", GONE, "Deliver.Queue takes"),
    ],
    failure_rules.every_dead_letter_queue_has_an_alarm: [
        Breach("Resources.TallyFailedAlarm", GONE, "TallyFailed fills in silence"),
        Breach("Resources.PlansFailedAlarm", GONE, "PlansFailed fills in silence"),
        Breach("Resources.ReportsFailedAlarm", GONE, "ReportsFailed fills in silence"),
        Breach("Resources.DeliveriesFailedAlarm", GONE, "DeliveriesFailed fills in silence"),
        Breach("Resources.FeedbackFailedAlarm.Properties.MetricName", "Age", "FeedbackFailed fills in silence"),
    ],
    failure_rules.every_dead_letter_queue_keeps_messages_for_fourteen_days: [
        Breach("Resources.TallyFailed.Properties.MessageRetentionPeriod", 345600, "TallyFailed forgets"),
        Breach("Resources.DeliveriesFailed.Properties.MessageRetentionPeriod", GONE, "DeliveriesFailed forgets"),
        Breach("Resources.ExportsFailed.Properties.MessageRetentionPeriod", 604800, "ExportsFailed forgets"),
    ],
    failure_rules.every_alarm_tells_somebody: [
        Breach("Resources.DeliverAlarm.Properties.AlarmActions", GONE, "DeliverAlarm tells nobody"),
        Breach("Resources.Alarms", GONE, "DeliverAlarm tells nobody"),
    ],
    failure_rules.every_alarm_leads_to_its_entry_in_the_runbook: [
        Breach("Resources.DeliverAlarm.Properties.AlarmDescription", "deliver fails", "DeliverAlarm says nothing"),
        Breach("Resources.TallyLagAlarm.Properties.AlarmDescription", GONE, "TallyLagAlarm says nothing"),
    ],
    failure_rules.every_reader_of_the_stream_has_an_alarm_for_its_lag: [
        Breach("Resources.TallyLagAlarm", GONE, "Tally falls behind"),
        Breach("Resources.ConfirmationsLagAlarm.Properties.MetricName", "Duration", "SendConfirmations falls behind"),
    ],
    failure_rules.a_week_that_was_not_planned_is_missed: [
        Breach("Resources.WeekMissedAlarm", GONE, "when PlanDeliveries does not run"),
        Breach("Resources.WeekMissedAlarm.Properties.TreatMissingData", "notBreaching", "when PlanDeliveries does not"),
    ],
    permission_rules.no_action_has_a_wildcard: [
        Breach(f"{TALLY_STATEMENT}.Action", "dynamodb:*", "TallyRole may do dynamodb:*"),
        Breach(f"{TALLY_STATEMENT}.Action.1", "dynamodb:Update*", "TallyRole may do dynamodb:Update*"),
        Breach(
            "Resources.FeedbackFailedPolicy.Properties.PolicyDocument.Statement.0.Action",
            "sqs:*",
            "FeedbackFailedPolicy may do sqs:*",
        ),
    ],
    permission_rules.no_resource_is_a_wildcard: [
        Breach(f"{TALLY_STATEMENT}.Resource", "*", "TallyRole may do"),
        Breach(
            f"{DELIVER}.Policies.0.Statement.4.Resource.0",
            "*",
            "DeliverRole may do ['ses:SendEmail', 'ses:SendRawEmail']",
        ),
    ],
    permission_rules.functions_have_statements_and_no_ready_made_policies: [
        Breach(f"{TALLY}.Policies", ready_made("DynamoDBCrudPolicy"), "Tally takes the ready-made policy"),
        Breach(f"{TALLY}.Policies", "AmazonDynamoDBFullAccess", "Tally takes the ready-made policy"),
        Breach(f"{TALLY}.Role", "arn:aws:iam::123456789012:role/admin", "Tally takes a role"),
    ],
    permission_rules.managed_policies_are_those_that_sam_adds: [
        Breach(f"{TALLY}.Policies", "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess", "TallyRole has arn:aws:iam"),
    ],
    permission_rules.every_statement_on_the_table_is_narrowed: [
        Breach(f"{TALLY_STATEMENT}.Condition", GONE, "TallyRole may dynamodb:BatchGetItem, dynamodb:UpdateItem any"),
        Breach(f"{TALLY_STATEMENT}.Action", ["dynamodb:Scan"], "TallyRole may read the whole table"),
        Breach(
            f"{PLAN}.Policies.0.Statement.1.Resource.0",
            {"Fn::Sub": "${Table.Arn}/index/*"},
            "PlanDeliveriesRole may dynamodb:Query any row",
        ),
    ],
    permission_rules.leading_keys_are_those_of_the_key_design: [
        Breach(
            f"{TALLY_STATEMENT}.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.1", "COUNTS#*", "to COUNTS#*"
        ),
        Breach(f"{TALLY_STATEMENT}.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.1", "*", "narrowed to *"),
    ],
    permission_rules.other_services_write_to_queues_only_for_this_stack: [
        Breach(
            "Resources.FeedbackFailedPolicy.Properties.PolicyDocument.Statement.0.Condition",
            GONE,
            "FeedbackFailedPolicy lets anybody",
        ),
    ],
    permission_rules.mails_go_out_from_the_one_sender: [
        Breach(f"{DELIVER}.Policies.0.Statement.4.Condition", GONE, "DeliverRole may mail in any name"),
    ],
    data_rules.queues_are_encrypted: [
        Breach("Resources.DeliveryQueue.Properties.SqsManagedSseEnabled", GONE, "DeliveryQueue is not"),
        Breach("Resources.TallyFailed.Properties.SqsManagedSseEnabled", False, "TallyFailed is not"),  # noqa: FBT003
    ],
    data_rules.buckets_are_encrypted: [
        Breach("Resources.PacketBucket.Properties.BucketEncryption", GONE, "PacketBucket is not encrypted"),
    ],
    data_rules.buckets_are_closed_to_the_public: [
        Breach("Resources.PacketBucket.Properties.PublicAccessBlockConfiguration", GONE, "PacketBucket can be opened"),
        Breach(
            "Resources.PacketBucket.Properties.PublicAccessBlockConfiguration.IgnorePublicAcls",
            False,  # noqa: FBT003
            "PacketBucket can be opened",
        ),
    ],
    data_rules.buckets_forget: [
        Breach("Resources.PacketBucket.Properties.LifecycleConfiguration", GONE, "PacketBucket keeps"),
        Breach("Resources.PacketBucket.Properties.LifecycleConfiguration.Rules.0.Status", "Disabled", "keeps"),
    ],
    data_rules.buckets_are_reached_by_tls_only: [
        Breach("Resources.PacketBucketPolicy", GONE, "PacketBucket can be read in the clear"),
        Breach("Resources.PacketBucketPolicy.Properties.PolicyDocument.Statement.0.Effect", "Allow", "in the clear"),
    ],
    data_rules.secrets_are_generated: [
        Breach("Resources.Secret.Properties.SecretString", "hunter2", "Secret can be known"),
        Breach("Resources.Secret.Properties.GenerateSecretString", GONE, "Secret can be known"),
        Breach("Resources.Secret.Properties.GenerateSecretString.PasswordLength", 8, "Secret can be known"),
    ],
    data_rules.apis_are_throttled: [
        Breach("Resources.Api.Properties.DefaultRouteSettings", GONE, "Api takes any load"),
        Breach("Resources.Api.Properties.DefaultRouteSettings.ThrottlingBurstLimit", GONE, "Api takes any load"),
    ],
    data_rules.access_logs_tell_nobody_s_name: [
        Breach("Resources.Api.Properties.AccessLogSettings", GONE, "Api has no access log"),
        *(
            Breach("Resources.Api.Properties.AccessLogSettings.Format", f'{{"it":"{variable}"}}', f"logs {variable}")
            for variable in ("$context.path", "$context.identity.sourceIp", "$context.identity.userAgent")
        ),
    ],
    data_rules.two_stacks_fit_into_one_account: [
        Breach("Resources.Table.Properties.TableName", "signatures", "Table is called signatures"),
        Breach(f"{TALLY}.FunctionName", "tally", "Tally is called tally"),
        Breach(f"{PLAN}.Events.Weekly.Properties.OmitName", GONE, "PlanDeliveriesWeekly is called"),
    ],
    permission_rules.events_are_published_only_if_asked_for: [
        Breach("Resources.TallyMayPublish.Condition", GONE, "TallyMayPublish may publish"),
        Breach("Resources.EventBus.Condition", "HasOperator", "EventBus is made"),
    ],
    data_rules.rows_are_kept_when_the_stack_goes: [
        Breach("Resources.Table.DeletionPolicy", GONE, "Table goes"),
        Breach("Resources.PacketBucket.UpdateReplacePolicy", "Delete", "PacketBucket goes"),
        Breach("Resources.Secret.DeletionPolicy", GONE, "Secret goes"),
    ],
    function_rules.every_folder_of_functions_is_a_function: [
        Breach("Resources.Tally", GONE, "functions/tally is not both"),
        Breach(f"{TALLY}.CodeUri", "functions/count", "functions/count is not both"),
    ],
    function_rules.handlers_are_where_tests_import_them: [
        Breach(f"{TALLY}.Handler", "app.handler", "Tally runs app.handler"),
        Breach("Resources.Tally.Metadata", GONE, "Tally is built without"),
    ],
    function_rules.functions_run_on_the_project_s_python: [
        Breach("Globals.Function.Runtime", "python3.12", "Tally runs on python3.12"),
        Breach(f"{TALLY}.Runtime", "python3.12", "Tally runs on python3.12"),
    ],
    function_rules.layers_are_where_they_are_needed: [
        Breach(f"{DELIVER}.Layers", GONE, "Deliver has not just"),
        Breach(f"{TALLY}.Layers", [{"Ref": "TypesettingLayer"}], "Tally has not just"),
        Breach("Globals.Function.Layers.1", GONE, "PublicApi has not just"),
    ],
    function_rules.pages_answer_before_the_api_gives_up: [
        Breach("Resources.PublicApi.Properties.Timeout", 30, "PublicApi may answer nobody"),
    ],
    function_rules.what_the_api_calls_does_not_name_the_api: [
        Breach(
            "Resources.OrganizerApi.Properties.Environment.Variables.PUBLIC_URL",
            {"Fn::Sub": "https://${Api}.example"},
            "OrganizerApi names the API",
        ),
    ],
    function_rules.queued_messages_stay_hidden_while_they_are_worked_on: [
        Breach("Resources.DeliveryQueue.Properties.VisibilityTimeout", 5399, "Deliver.Queue can get"),
        Breach("Resources.DeliveryQueue.Properties.VisibilityTimeout", GONE, "Deliver.Queue can get"),
        Breach("Resources.ExportQueue.Properties.VisibilityTimeout", 900, "ExportSignatures.Queue can get"),
    ],
    function_rules.the_stream_has_two_readers_of_signatures: [
        Breach(f"{TALLY}.Events.Signatures.Properties.FilterCriteria", GONE, "Tally is called for rows"),
        Breach(
            f"{TALLY}.Events.Signatures.Properties.FilterCriteria.Filters.1",
            {"Pattern": '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "DELIVERY#"}]}}}}'},
            "Tally is called for rows",
        ),
        Breach(
            f"{DELIVER}.Events.Stream",
            {"Type": "DynamoDB", "Properties": {"Stream": {"Fn::GetAtt": ["Table", "StreamArn"]}}},
            "the stream has 3 readers",
        ),
    ],
    function_rules.the_schedule_is_made_of_parameters: [
        Breach(f"{PLAN}.Events.Weekly", GONE, "PlanDeliveries does not run by itself"),
        Breach(f"{REPORT}.Events.Weekly", GONE, "ReportDeliveries does not run by itself"),
        Breach(
            f"{REPORT}.Events.Weekly.Properties.ScheduleExpression", "rate(7 days)", "ReportDeliveries runs at rate"
        ),
        Breach(f"{PLAN}.Events.Weekly.Properties.ScheduleExpression", "rate(7 days)", "runs at rate"),
        Breach(f"{PLAN}.Events.Weekly.Properties.ScheduleExpressionTimezone", GONE, "in the time zone None"),
    ],
    function_rules.sections_are_in_reading_order: [
        Breach("Parameters", LAST, "the file has not the order"),
        Breach("Outputs", GONE, "the file has not the order"),
        Breach("Resources.Table", LAST, "the first resources have not the order"),
        Breach("Resources.Api", LAST, "the first resources have not the order"),
    ],
    function_rules.a_function_s_log_group_and_alarm_stand_below_it: [
        Breach("Resources.TallyAlarm", LAST, "Tally is not followed by"),
    ],
}


def changed(path: str, value: Any) -> Template:
    """Return the template with one thing changed; the path's other parts must be there."""
    template = load_template()
    *above, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    place: Any = template
    for part in above:
        place = place[part]
    if value is GONE:
        del place[last]
    elif value is LAST:
        place[last] = place.pop(last)
    else:
        place[last] = value
    return template


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_keeps(rule: Rule) -> None:
    assert list(rule(load_template())) == []


@pytest.mark.parametrize(
    ("rule", "breach"),
    [
        pytest.param(rule, breach, id=f"{rule.__name__}-{breach.path}-{number}")
        for rule, breaches in RULES.items()
        for number, breach in enumerate(breaches)
    ],
)
def test_a_template_that_does_not_is_found(rule: Rule, breach: Breach) -> None:
    problems = list(rule(changed(breach.path, breach.value)))

    assert any(breach.found in problem for problem in problems), problems


def test_no_rule_is_without_a_breach_and_none_is_left_out() -> None:
    written = {
        rule
        for module in (failure_rules, permission_rules, data_rules, function_rules)
        for name, rule in vars(module).items()
        if getattr(rule, "__module__", "") == module.__name__ and callable(rule) and not name.startswith("_")
    }

    assert written == set(RULES)
    assert all(RULES.values())
