"""Check that template.yaml follows the project's rules, and that each rule finds a template that breaks it."""

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
"""Removes a key."""

LAST = object()
"""Moves a key to the end."""


class Breach(NamedTuple):
    """A change of the template that breaks a rule, and a part of the rule's message."""

    path: str
    value: Any
    found: str


def predefined(policy: str) -> list[Any]:
    return [{policy: {"TableName": {"Ref": "Table"}}}]


def query(what: str, namespace: str, dimension: str, value: str) -> dict[str, str]:
    metrics = f'SCHEMA("{namespace}", {dimension})'
    return {"Fn::Sub": f"SELECT {what} FROM {metrics} WHERE {dimension} = '{value}'"}  # noqa: S608  (this is no SQL)


TALLY = "Resources.Tally.Properties"
SIGN = "Resources.Api.Properties.RouteSettings.POST /campaigns/{campaign}/signatures"
DELIVER = "Resources.Deliver.Properties"
PLAN = "Resources.PlanDeliveries.Properties"
REPORT = "Resources.ReportDeliveries.Properties"
FEEDBACK = "Resources.RecordFeedback.Properties"
TALLY_STATEMENT = f"{TALLY}.Policies.0.Statement.0"

RULES: dict[Rule, list[Breach]] = {
    failure_rules.every_function_has_a_log_group_with_retention: [
        Breach(f"{TALLY}.LoggingConfig", GONE, "Tally logs to no log group"),
        Breach("Resources.TallyLogGroup", GONE, "Tally logs to no log group"),
        Breach("Resources.TallyLogGroup.Properties.RetentionInDays", GONE, "TallyLogGroup keeps logs forever"),
        Breach("Resources.ApiLogGroup.Properties.RetentionInDays", GONE, "ApiLogGroup keeps logs forever"),
    ],
    failure_rules.no_function_logs_a_line_of_lambdas_for_each_request: [
        Breach(f"{TALLY}.LoggingConfig.SystemLogLevel", GONE, "Tally logs lines of Lambda's"),
        Breach(f"{TALLY}.LoggingConfig.SystemLogLevel", "INFO", "Tally logs lines of Lambda's"),
        Breach(f"{TALLY}.LoggingConfig.LogFormat", "Text", "Tally logs lines of Lambda's"),
        Breach(f"{TALLY}.LoggingConfig.ApplicationLogLevel", "ERROR", "Tally may leave out"),
    ],
    failure_rules.every_function_has_an_errors_alarm: [
        Breach("Resources.TallyAlarm", GONE, "Tally has no alarm for its errors"),
        Breach(
            "Resources.TallyAlarm.Properties.Metrics.0.Expression",
            query("SUM(Errors)", "AWS/Lambda", "FunctionName", "${Deliver}"),
            "Tally has no alarm for its errors",
        ),
        Breach(
            "Resources.TallyAlarm.Properties.Metrics.0.Expression",
            query("MAX(Errors)", "AWS/Lambda", "FunctionName", "${Tally}"),
            "Tally has no alarm for its errors",
        ),
        Breach(
            "Resources.TallyAlarm.Properties.Metrics.0.Expression",
            {"Fn::Sub": 'SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName)'},
            "Tally has no alarm for its errors",
        ),
        Breach("Resources.TallyAlarm.Properties.Threshold", 5, "Tally has no alarm for its errors"),
    ],
    failure_rules.every_event_source_keeps_its_failed_events: [
        Breach(f"{TALLY}.Events.Signatures.Properties.DestinationConfig", GONE, "Tally.Signatures loses failed"),
        Breach("Resources.DeliveryQueue.Properties.RedrivePolicy", GONE, "Deliver.Queue loses failed"),
        Breach(f"{PLAN}.Events.Weekly.Properties.DeadLetterConfig", GONE, "PlanDeliveries.Weekly loses failed"),
        Breach(f"{PLAN}.EventInvokeConfig.DestinationConfig", GONE, "PlanDeliveries.Weekly loses failed"),
        Breach("Resources.FeedbackQueue.Properties.RedrivePolicy", GONE, "RecordFeedback.Queue loses failed"),
        Breach(f"{FEEDBACK}.Events.Queue.Type", "SNS", "RecordFeedback.Queue is a SNS"),
    ],
    failure_rules.every_rule_and_subscription_keeps_what_it_cannot_hand_over: [
        Breach("Resources.FeedbackRule.Properties.Targets.0.DeadLetterConfig", GONE, "FeedbackRule loses events"),
        Breach("Resources.FeedbackSubscription.Properties.RedrivePolicy", GONE, "FeedbackSubscription loses events"),
    ],
    failure_rules.events_of_confirmation_emails_wake_feedback_only_if_they_are_bad: [
        Breach(
            "Resources.ConfirmationFeedbackRule.Properties.EventPattern.detail.eventType",
            ["Bounce", "Complaint", "Delivery"],
            "ConfirmationFeedbackRule wakes feedback for emails that arrived",
        ),
        Breach(
            "Resources.ConfirmationFeedbackRule.Properties.EventPattern.detail.eventType",
            GONE,
            "for emails that arrived",
        ),
        Breach("Resources.ConfirmationFeedbackRule", GONE, "bounces of confirmation emails are not seen"),
        Breach(
            "Resources.FeedbackRule.Properties.EventPattern.detail.mail.tags.kind", GONE, "FeedbackRule wakes feedback"
        ),
        Breach(
            "Resources.DeliveryMailEventsByTopic.Properties.ConfigurationSetName",
            {"Ref": "MailConfiguration"},
            "DeliveryMailEventsByTopic publishes each event",
        ),
    ],
    failure_rules.events_of_ses_come_in_two_ways: [
        Breach("Resources.DeliveryMailEvents", GONE, "come by no EventBridgeDestination"),
        Breach("Resources.DeliveryMailEventsByTopic", GONE, "come by no SnsDestination"),
        Breach(
            "Resources.DeliveryMailEventsByTopic.Properties.EventDestination.MatchingEventTypes",
            ["BOUNCE"],
            "in one way only",
        ),
    ],
    failure_rules.every_polled_batch_reports_each_failed_record: [
        Breach(f"{TALLY}.Events.Signatures.Properties.FunctionResponseTypes", GONE, "Tally.Signatures retries"),
        Breach(f"{DELIVER}.Events.Queue.Properties.FunctionResponseTypes", GONE, "Deliver.Queue retries"),
    ],
    failure_rules.every_dead_letter_queue_has_an_alarm: [
        Breach("Resources.TallyFailedAlarm", GONE, "TallyFailed has no alarm for its messages"),
        Breach("Resources.PlansFailedAlarm", GONE, "PlansFailed has no alarm for its messages"),
        Breach("Resources.ReportsFailedAlarm", GONE, "ReportsFailed has no alarm for its messages"),
        Breach("Resources.DeliveriesFailedAlarm", GONE, "DeliveriesFailed has no alarm for its messages"),
        Breach(
            "Resources.FeedbackFailedAlarm.Properties.Metrics.0.Expression",
            query("MAX(ApproximateAgeOfOldestMessage)", "AWS/SQS", "QueueName", "${FeedbackFailed.QueueName}"),
            "FeedbackFailed has no alarm for its messages",
        ),
        Breach(
            "Resources.FeedbackFailedAlarm.Properties.Metrics.0.Expression",
            query("MAX(ApproximateNumberOfMessagesVisible)", "AWS/SQS", "QueueName", "${FeedbackQueue.QueueName}"),
            "FeedbackFailed has no alarm for its messages",
        ),
        Breach("Resources.FeedbackFailedAlarm.Properties.Threshold", 2, "FeedbackFailed has no alarm for its messages"),
    ],
    failure_rules.every_dead_letter_queue_keeps_messages_for_fourteen_days: [
        Breach("Resources.TallyFailed.Properties.MessageRetentionPeriod", 345600, "TallyFailed deletes"),
        Breach("Resources.DeliveriesFailed.Properties.MessageRetentionPeriod", GONE, "DeliveriesFailed deletes"),
        Breach("Resources.ExportsFailed.Properties.MessageRetentionPeriod", 604800, "ExportsFailed deletes"),
    ],
    failure_rules.every_alarm_notifies_a_topic: [
        Breach("Resources.TallyFailedAlarm.Properties.AlarmActions", GONE, "TallyFailedAlarm sends no email of"),
        Breach("Resources.DeliverAlarm.Properties.AlarmActions", [{"Ref": "Alarms"}], "DeliverAlarm sends no email"),
        Breach("Resources.WorkFailsAlarm.Properties.AlarmActions", GONE, "WorkFailsAlarm notifies nobody"),
        Breach("Resources.Alarms", GONE, "TallyFailedAlarm notifies nobody"),
        Breach(
            "Resources.WorkFailsAlarm.Properties.AlarmRule",
            {"Fn::Sub": 'NOT ALARM("${PagesFailAlarm}") AND ALARM("${PublicApiAlarm}")'},
            "OrganizerApiAlarm sends no email of its own and is in no composite alarm",
        ),
        Breach("Resources.PlanDeliveriesAlarm.Condition", GONE, "PlanDeliveriesAlarm sends no email of its own"),
    ],
    failure_rules.only_events_with_dead_letters_have_an_alarm_for_deployments_only: [
        Breach("Resources.TallyAlarm.Condition", "DeploysGradually", "TallyAlarm is there for gradual deployments"),
        Breach("Resources.PublicApiAlarm.Condition", "DeploysGradually", "PublicApiAlarm is there for gradual"),
        Breach(f"{PLAN}.EventInvokeConfig.DestinationConfig", GONE, "PlanDeliveriesAlarm is there for gradual"),
    ],
    failure_rules.no_alarm_of_events_sends_more_than_an_email_an_hour: [
        Breach("Resources.DecisionsAlarm.Properties.EvaluationPeriods", 1, "DecisionsAlarm can go off again"),
        Breach("Resources.EventsDroppedAlarm.Properties.EvaluationPeriods", 6, "EventsDroppedAlarm can go off again"),
    ],
    failure_rules.every_alarm_says_first_what_to_do: [
        Breach("Resources.DeliverAlarm.Properties.AlarmDescription", "deliver failed", "begins with deliver"),
        Breach("Resources.PagesFailAlarm.Properties.AlarmDescription", GONE, "PagesFailAlarm begins with"),
    ],
    failure_rules.every_metric_of_ours_is_emitted: [
        Breach("Resources.LettersOverdueAlarm.Properties.MetricName", "LettersLate", "watches LettersLate"),
        Breach("Resources.LettersOverdueAlarm.Properties.Dimensions", GONE, "LettersOverdueAlarm watches"),
        Breach("Resources.ConfirmationsLateAlarm.Properties.Namespace", "Ours", "ConfirmationsLateAlarm watches"),
        Breach("Resources.SendConfirmationsRefused", GONE, "ConfirmationsRefusedAlarm watches"),
    ],
    failure_rules.functions_emit_metrics_of_their_stack: [
        Breach("Globals.Function.Environment.Variables.POWERTOOLS_SERVICE_NAME", "undersigned", "two stacks"),
        Breach("Globals.Function.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE", GONE, "another namespace"),
    ],
    failure_rules.functions_are_traced_only_if_a_parameter_says_so: [
        Breach("Globals.Function.Tracing", "Active", "Tally is traced in every stack"),
        Breach(f"{TALLY}.Tracing", "PassThrough", "Tally is traced in every stack"),
    ],
    failure_rules.the_operator_gets_every_alarm: [
        Breach("Parameters.OperatorEmail.Default", "", "a stack can have no operator"),
        Breach("Parameters.OperatorEmail.AllowedPattern", GONE, "a stack can have no operator"),
        Breach("Resources.OperatorSubscription", GONE, "the operator doesn't get the alarms"),
        Breach("Resources.OperatorSubscription.Condition", "HasBudget", "the operator doesn't get the alarms"),
    ],
    failure_rules.what_needs_a_person_has_an_alarm_of_its_own: [
        Breach("Resources.RecordFeedbackDecisions", GONE, "nobody learns of mail event"),
        Breach("Resources.DeliverHandledErrors", GONE, "nobody learns of other errors in DeliverLogGroup"),
        Breach("Resources.DecisionsAlarm.Properties.AlarmActions", GONE, "nobody learns of delivery"),
    ],
    failure_rules.every_alarm_links_to_its_entry_in_the_runbook: [
        Breach("Resources.DeliverAlarm.Properties.AlarmDescription", "deliver fails", "DeliverAlarm doesn't link"),
        Breach("Resources.TallyLagAlarm.Properties.AlarmDescription", GONE, "TallyLagAlarm doesn't link"),
    ],
    failure_rules.every_stream_reader_has_an_alarm_for_its_lag: [
        Breach("Resources.TallyLagAlarm", GONE, "Tally has no alarm for its lag"),
        Breach(
            "Resources.ConfirmationsLagAlarm.Properties.Metrics.0.Expression",
            query("MAX(Duration)", "AWS/Lambda", "FunctionName", "${SendConfirmations}"),
            "SendConfirmations has no alarm for its lag",
        ),
    ],
    failure_rules.every_stream_reader_has_an_alarm_for_when_it_stops: [
        Breach("Resources.TallyStoppedAlarm", GONE, "Tally.Signatures can stop"),
        Breach("Resources.TallyStoppedAlarm.Properties.TreatMissingData", "notBreaching", "Tally.Signatures can stop"),
        Breach(
            "Resources.SendConfirmations.Properties.Events.Signatures.Properties.MetricsConfig",
            GONE,
            "SendConfirmations.Signatures can stop",
        ),
    ],
    failure_rules.every_queue_that_is_read_has_an_alarm_for_its_age: [
        Breach("Resources.DeliveriesAgeAlarm", GONE, "Deliver.Queue has no alarm for the age"),
        Breach("Resources.WaitingMailsAgeAlarm", GONE, "SendConfirmations.Waiting has no alarm for the age"),
        Breach("Resources.FeedbackAgeAlarm.Properties.MetricName", "Age", "RecordFeedback.Queue has no alarm"),
        Breach("Resources.ExportsAgeAlarm", GONE, "ExportSignatures.Queue has no alarm for the age"),
    ],
    failure_rules.a_week_without_a_plan_has_an_alarm: [
        Breach("Resources.WeekMissedAlarm", GONE, "for a PlanDeliveries that doesn't run"),
        Breach(
            "Resources.WeekMissedAlarm.Properties.TreatMissingData", "notBreaching", "for a PlanDeliveries that doesn't"
        ),
        Breach("Resources.WeekMissedAlarm.Properties.MetricName", "Invocations", "for a PlanDeliveries that doesn't"),
        Breach("Resources.HoursMissedAlarm", GONE, "for an hourly plan that doesn't"),
        Breach(
            "Resources.HoursMissedAlarm.Properties.TreatMissingData", "notBreaching", "for an hourly plan that doesn't"
        ),
        Breach("Resources.HoursMissedAlarm.Properties.Period", 86400, "for an hourly plan that doesn't"),
    ],
    failure_rules.throttles_of_the_table_and_its_indexes_have_alarms: [
        Breach(
            "Resources.TableReadsThrottledAlarm.Properties.Metrics.0.Expression",
            {"Fn::Sub": "SELECT SUM(ReadThrottleEvents) FROM \"AWS/DynamoDB\" WHERE TableName = '${Other}'"},
            "ReadThrottleEvents of tray has no alarm",
        ),
        Breach("Resources.TableWritesThrottledAlarm", GONE, "WriteThrottleEvents of Table has no alarm"),
    ],
    failure_rules.what_aws_loses_has_an_alarm: [
        Breach("Resources.EventsDroppedAlarm", GONE, "DestinationDeliveryFailures of AWS/Lambda has no alarm"),
        Breach(
            "Resources.EventsDroppedAlarm.Properties.Metrics.0.Expression",
            'SELECT SUM(DestinationDeliveryFailures) FROM SCHEMA("AWS/Lambda")',
            "DestinationDeliveryFailures of AWS/Lambda has no alarm for {'FunctionName': {'Ref': 'SendConfirmations'}}",
        ),
        Breach(
            "Resources.EventsDroppedAlarm.Properties.Metrics.0.Expression",
            'SELECT SUM(DestinationDeliveryFailures) FROM SCHEMA("AWS/Lambda", FunctionName)',
            "DestinationDeliveryFailures of AWS/Lambda has no alarm for {}",
        ),
        Breach("Resources.RuleFailedAlarm", GONE, "InvocationsFailedToBeSentToDlq of AWS/Events has no"),
        Breach("Resources.SchedulesFailedAlarm", GONE, "DeadLetterCount of AWS/Scheduler has no alarm"),
        Breach("Resources.NotificationsFailedAlarm", GONE, "NumberOfNotificationsFailed of AWS/SNS has no alarm"),
    ],
    failure_rules.messages_that_wait_for_ses_have_an_alarm: [
        Breach("Resources.DeliveriesWaitAlarm", GONE, "delayed in DeliveryQueue are not seen"),
        Breach("Resources.MailsWaitAlarm", GONE, "delayed in WaitingMails are not seen"),
    ],
    failure_rules.refusals_that_fail_no_function_have_an_alarm: [
        Breach("Resources.ApiThrottledAlarm", GONE, "in ApiLogGroup"),
        Breach("Resources.SendConfirmationsRefused", GONE, "in SendConfirmationsLogGroup"),
    ],
    failure_rules.functions_that_write_to_their_own_queue_allow_the_loop: [
        Breach(f"{DELIVER}.RecursiveLoop", GONE, "Deliver must have the RecursiveLoop Allow"),
        Breach("Resources.SendConfirmations.Properties.RecursiveLoop", "Terminate", "SendConfirmations must have"),
        Breach(f"{TALLY}.RecursiveLoop", "Allow", "Tally must have the RecursiveLoop Terminate"),
    ],
    failure_rules.recursion_that_lambda_stops_has_an_alarm: [
        Breach("Resources.RecursionAlarm", GONE, "there is no alarm for recursion"),
        Breach(
            "Resources.RecursionAlarm.Properties.Metrics.0.Expression",
            query("SUM(RecursiveInvocationsDropped)", "AWS/Lambda", "FunctionName", "${Deliver}"),
            "there is no alarm for recursion that Lambda stops, with {}",
        ),
    ],
    failure_rules.a_query_finds_nothing_while_all_is_well: [
        Breach(
            "Resources.TallyAlarm.Properties.Metrics.0.Expression",
            query("SUM(Throttles)", "AWS/Lambda", "FunctionName", "${Tally}"),
            "TallyAlarm queries Throttles, which a stack always has",
        ),
        Breach(
            "Resources.PlansFailedAlarm.Properties.TreatMissingData", "breaching", "PlansFailedAlarm goes off while"
        ),
        Breach("Resources.DecisionsAlarm.Properties.EvaluationPeriods", 37, "DecisionsAlarm looks at more than"),
        Breach(
            "Resources.DecisionsAlarm.Properties.Metrics.0.Expression",
            'SELECT SUM(LettersBounced) FROM "Undersigned"',
            "DecisionsAlarm queries metrics of other stacks",
        ),
    ],
    failure_rules.a_budget_warns_the_operator: [
        Breach("Resources.Budget", GONE, "there is no budget"),
        Breach("Resources.Budget.Condition", GONE, "Budget is created without a MonthlyBudget"),
        Breach("Resources.Budget.Properties.Budget.BudgetLimit.Amount", 100, "not of MonthlyBudget"),
        Breach("Resources.Budget.Properties.NotificationsWithSubscribers.0", GONE, "warns nobody of forecasted costs"),
        Breach("Resources.Budget.Properties.NotificationsWithSubscribers.1.Subscribers", [], "nobody of actual costs"),
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
    permission_rules.functions_have_statements_and_no_predefined_policies: [
        Breach(f"{TALLY}.Policies", predefined("DynamoDBCrudPolicy"), "Tally has the predefined policy"),
        Breach(f"{TALLY}.Policies", "AmazonDynamoDBFullAccess", "Tally has the predefined policy"),
        Breach(f"{TALLY}.Role", "arn:aws:iam::123456789012:role/admin", "Tally has a role"),
    ],
    permission_rules.only_sam_adds_managed_policies: [
        Breach(f"{TALLY}.Policies", "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess", "TallyRole has arn:aws:iam"),
    ],
    permission_rules.every_statement_on_the_table_is_limited_to_some_keys: [
        Breach(f"{TALLY_STATEMENT}.Condition", GONE, "TallyRole may dynamodb:BatchGetItem, dynamodb:UpdateItem any"),
        Breach(f"{TALLY_STATEMENT}.Action", ["dynamodb:Scan"], "TallyRole may read the whole table"),
        Breach(
            "Resources.Table.Properties.GlobalSecondaryIndexes.0.Projection.ProjectionType",
            "ALL",
            "PlanDeliveriesRole may read the whole table",
        ),
        Breach(
            f"{PLAN}.Policies.0.Statement.1.Resource.0",
            {"Fn::Sub": "${Table.Arn}/index/*"},
            "PlanDeliveriesRole may dynamodb:Query any row",
        ),
    ],
    permission_rules.no_statement_lists_attributes: [
        Breach(
            f"{TALLY_STATEMENT}.Condition.ForAllValues:StringEquals",
            {"dynamodb:Attributes": ["pk", "sk", "count"]},
            "TallyRole lists attributes in ReadRowsAndMarkThem",
        ),
    ],
    permission_rules.nothing_on_the_table_is_granted_twice: [
        Breach(
            f"{TALLY_STATEMENT}.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys",
            ["COUNT#*", "COUNT#*"],
            "TallyRole may dynamodb:UpdateItem COUNT#* twice",
        ),
    ],
    permission_rules.leading_keys_are_those_of_the_key_design: [
        Breach(
            f"{TALLY_STATEMENT}.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.1", "COUNTS#*", "to COUNTS#*"
        ),
        Breach(f"{TALLY_STATEMENT}.Condition.ForAllValues:StringLike.dynamodb:LeadingKeys.1", "*", "limited to *"),
    ],
    permission_rules.other_services_write_to_queues_and_topics_only_for_this_stack: [
        Breach(
            "Resources.FeedbackTopicPolicy.Properties.PolicyDocument.Statement.0.Condition",
            GONE,
            "FeedbackTopicPolicy lets any account",
        ),
        Breach(
            "Resources.FeedbackFailedPolicy.Properties.PolicyDocument.Statement.0.Condition",
            GONE,
            "FeedbackFailedPolicy lets any account",
        ),
    ],
    permission_rules.emails_are_sent_from_one_address_only: [
        Breach(f"{DELIVER}.Policies.0.Statement.4.Condition", GONE, "DeliverRole may send email from any address"),
    ],
    permission_rules.emails_can_be_sent_in_the_sandbox: [
        Breach(
            f"{DELIVER}.Policies.0.Statement.4.Resource.0",
            {"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${SenderIdentity}"},
            "DeliverRole may not send to the recipients' identities",
        ),
    ],
    data_rules.queues_are_encrypted: [
        Breach("Resources.DeliveryQueue.Properties.SqsManagedSseEnabled", GONE, "DeliveryQueue is not"),
        Breach("Resources.TallyFailed.Properties.SqsManagedSseEnabled", False, "TallyFailed is not"),  # noqa: FBT003
    ],
    data_rules.events_of_signers_emails_are_kept_nowhere: [
        Breach("Resources.FeedbackSubscription.Properties.FilterPolicy", GONE, "FeedbackSubscription keeps"),
        Breach("Resources.FeedbackRule.Properties.EventPattern.detail.mail.tags.kind", GONE, "FeedbackRule keeps"),
        Breach(
            "Resources.ConfirmationFeedbackRule.Properties.Targets.0.InputTransformer",
            GONE,
            "ConfirmationFeedbackRule keeps",
        ),
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
    data_rules.buckets_delete_old_objects: [
        Breach("Resources.PacketBucket.Properties.LifecycleConfiguration", GONE, "PacketBucket keeps"),
        Breach("Resources.PacketBucket.Properties.LifecycleConfiguration.Rules.0.Status", "Disabled", "keeps"),
    ],
    data_rules.buckets_allow_only_tls: [
        Breach("Resources.PacketBucketPolicy", GONE, "PacketBucket can be read without TLS"),
        Breach("Resources.PacketBucketPolicy.Properties.PolicyDocument.Statement.0.Effect", "Allow", "without TLS"),
    ],
    data_rules.emails_are_sent_over_tls: [
        Breach("Resources.MailConfiguration.Properties.DeliveryOptions", GONE, "emails of MailConfiguration can be"),
        Breach("Resources.DeliveryMailConfiguration.Properties.DeliveryOptions.TlsPolicy", "OPTIONAL", "can be read"),
        Breach("Parameters.RequireTls.Default", "false", "letters can be read on their way by default"),
    ],
    data_rules.secrets_are_generated: [
        Breach("Resources.Secret.Properties.SecretString", "hunter2", "Secret is not generated"),
        Breach("Resources.Secret.Properties.GenerateSecretString", GONE, "Secret is not generated"),
        Breach("Resources.Secret.Properties.GenerateSecretString.PasswordLength", 8, "Secret is not generated"),
    ],
    data_rules.apis_are_throttled: [
        Breach("Resources.Api.Properties.DefaultRouteSettings", GONE, "Api is not throttled"),
        Breach("Resources.Api.Properties.DefaultRouteSettings.ThrottlingBurstLimit", GONE, "Api is not throttled"),
        Breach(f"{SIGN}.ThrottlingRateLimit", GONE, "Api is not throttled at POST /campaigns/{campaign}/signatures"),
    ],
    data_rules.signing_never_starves_behind_reads: [
        Breach(SIGN, GONE, "no limit for POST /campaigns/{campaign}/signatures"),
        Breach("Resources.PublicApi.Properties.Events.Sign", GONE, "signatures shares its limit"),
        Breach("Mappings.Requests.500.Read", 9000, "for 500 signers, Api lets through"),
        Breach("Mappings.Requests.3333.Sign", 3333, "for 3333 signers, GET /confirm/{token} is limited to 3333"),
    ],
    data_rules.access_logs_identify_nobody: [
        Breach("Resources.Api.Properties.AccessLogSettings", GONE, "Api has no access log"),
        *(
            Breach("Resources.Api.Properties.AccessLogSettings.Format", f'{{"it":"{variable}"}}', f"logs {variable}")
            for variable in ("$context.path", "$context.identity.sourceIp", "$context.identity.userAgent")
        ),
        Breach("Resources.Api.Properties.AccessLogSettings.Format", "$context.status" * 7, "more than 160 bytes"),
    ],
    data_rules.two_stacks_can_share_an_account: [
        Breach("Resources.Table.Properties.TableName", "signatures", "Table has the name signatures"),
        Breach(f"{TALLY}.FunctionName", "tally", "Tally has the name tally"),
        Breach(f"{PLAN}.Events.Weekly.Properties.OmitName", GONE, "PlanDeliveriesWeekly has the name"),
    ],
    permission_rules.events_are_published_only_if_a_parameter_says_so: [
        Breach("Resources.TallyMayPublish.Condition", GONE, "TallyMayPublish may publish"),
        Breach("Resources.EventBus.Condition", "HasBudget", "EventBus is created"),
    ],
    data_rules.tables_cannot_be_deleted_by_mistake: [
        Breach("Resources.Table.Properties.DeletionProtectionEnabled", GONE, "Table can be deleted"),
    ],
    data_rules.data_is_kept_when_the_stack_is_deleted: [
        Breach("Resources.Table.DeletionPolicy", GONE, "Table is deleted"),
        Breach("Resources.PacketBucket.UpdateReplacePolicy", "Delete", "PacketBucket is deleted"),
        Breach("Resources.Secret.DeletionPolicy", GONE, "Secret is deleted"),
        Breach("Resources.SenderEmailIdentity.DeletionPolicy", GONE, "SenderEmailIdentity is deleted"),
    ],
    function_rules.every_folder_of_functions_is_a_function: [
        Breach("Resources.Tally", GONE, "functions/tally is not both"),
        Breach(f"{TALLY}.CodeUri", "functions/count", "functions/count is not both"),
    ],
    function_rules.handlers_have_the_paths_that_tests_import: [
        Breach(f"{TALLY}.Handler", "app.handler", "Tally runs app.handler"),
        Breach("Resources.Tally.Metadata", GONE, "Tally is built without"),
    ],
    function_rules.functions_run_on_the_projects_python: [
        Breach("Globals.Function.Runtime", "python3.12", "Tally runs on python3.12"),
        Breach(f"{TALLY}.Runtime", "python3.12", "Tally runs on python3.12"),
    ],
    function_rules.functions_have_only_the_layers_they_need: [
        Breach(f"{DELIVER}.Layers", GONE, "Deliver needs exactly"),
        Breach(f"{TALLY}.Layers", [{"Ref": "TypesettingLayer"}], "Tally needs exactly"),
        Breach("Globals.Function.Layers.1", GONE, "PublicApi needs exactly"),
    ],
    function_rules.layers_are_compiled_for_the_stacks_architecture: [
        Breach("Resources.SharedLayer.Metadata", {"BuildMethod": "python3.13"}, "SharedLayer is not compiled"),
        Breach("Resources.SharedLayer.Properties.ContentUri", "functions", "in the folder of SharedLayer"),
        Breach("Parameters.Architecture.AllowedValues", ["riscv"], "no layer is compiled for riscv"),
    ],
    function_rules.every_function_publishes_versions: [
        Breach("Globals.Function.AutoPublishAlias", "latest", "Tally publishes no version"),
        Breach(f"{TALLY}.AutoPublishAliasAllProperties", GONE, "Tally publishes no version"),
        Breach(f"{DELIVER}.AutoPublishAliasAllProperties", False, "Deliver publishes no version"),  # noqa: FBT003
    ],
    function_rules.every_layer_publishes_versions_of_its_functions: [
        Breach("Resources.SharedLayer.Properties.PublishLambdaVersion", GONE, "a new SharedLayer publishes no version"),
    ],
    function_rules.every_caller_goes_through_the_alias: [
        Breach("Globals.Function.AutoPublishAlias", GONE, "TallySignatures calls Tally without its alias"),
        Breach(f"{TALLY}.AutoPublishAlias", "another", "nothing calls Tally through its alias"),
    ],
    function_rules.gradual_deployments_stop_at_the_functions_alarm: [
        Breach(f"{TALLY}.DeploymentPreference", GONE, "no alarm stops a gradual deployment of Tally"),
        Breach(f"{DELIVER}.DeploymentPreference.Alarms.0.Ref", "TallyAlarm", "a gradual deployment of Deliver"),
    ],
    function_rules.functions_time_out_before_the_api_does: [
        Breach("Resources.PublicApi.Properties.Timeout", 30, "PublicApi may run longer"),
    ],
    function_rules.every_functions_concurrency_is_limited: [
        Breach("Resources.PublicApi.Properties.ReservedConcurrentExecutions", GONE, "PublicApi.Any can use up"),
        Breach("Resources.OrganizerApi.Properties.ReservedConcurrentExecutions", 100, "OrganizerApi.Any can use up"),
        Breach("Parameters.PublicApiConcurrency.Default", 100, "PublicApi.Any can use up"),
        Breach(f"{FEEDBACK}.Events.Queue.Properties.ScalingConfig", GONE, "RecordFeedback.Queue can use up"),
        Breach(f"{TALLY}.Events.Signatures.Properties.ParallelizationFactor", 10, "Tally.Signatures can use up"),
    ],
    function_rules.functions_of_the_api_do_not_name_it: [
        Breach(
            "Resources.OrganizerApi.Properties.Environment.Variables.PUBLIC_URL",
            {"Fn::Sub": "https://${Api}.example"},
            "OrganizerApi names the API",
        ),
    ],
    function_rules.messages_stay_hidden_while_a_function_works_on_them: [
        Breach("Resources.DeliveryQueue.Properties.VisibilityTimeout", 5399, "Deliver.Queue can get"),
        Breach("Resources.DeliveryQueue.Properties.VisibilityTimeout", GONE, "Deliver.Queue can get"),
        Breach("Resources.ExportQueue.Properties.VisibilityTimeout", 900, "ExportSignatures.Queue can get"),
    ],
    function_rules.the_stream_has_two_readers_of_signatures: [
        Breach(f"{TALLY}.Events.Signatures.Properties.FilterCriteria", GONE, "Tally is called for rows"),
        Breach(
            f"{TALLY}.Events.Signatures.Properties.FilterCriteria.Filters.4",
            {"Pattern": '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "DELIVERY#"}]}}}}'},
            "Tally is called for rows",
        ),
        Breach(
            f"{DELIVER}.Events.Stream",
            {"Type": "DynamoDB", "Properties": {"Stream": {"Fn::GetAtt": ["Table", "StreamArn"]}}},
            "the stream has 3 readers",
        ),
    ],
    function_rules.the_schedule_comes_from_parameters: [
        Breach(f"{PLAN}.Events.Weekly", GONE, "PlanDeliveries has no schedule"),
        Breach(f"{REPORT}.Events.Weekly", GONE, "ReportDeliveries has no schedule"),
        Breach(f"{PLAN}.Events.Hourly", GONE, "PlanDeliveries has no schedule at cron(0 * * * ? *)"),
        Breach(f"{REPORT}.Events.Hourly", GONE, "ReportDeliveries has no schedule at cron(0 * * * ? *)"),
        Breach(
            f"{REPORT}.Events.Weekly.Properties.ScheduleExpression", "rate(7 days)", "ReportDeliveries runs at rate"
        ),
        Breach(f"{PLAN}.Events.Weekly.Properties.ScheduleExpression", "rate(7 days)", "runs at rate"),
        Breach(f"{PLAN}.Events.Weekly.Properties.ScheduleExpressionTimezone", GONE, "in the time zone None"),
    ],
    function_rules.sections_are_in_reading_order: [
        Breach("Parameters", LAST, "the sections must be in the order"),
        Breach("Outputs", GONE, "the sections must be in the order"),
        Breach("Resources.Table", LAST, "the first resources must be in the order"),
        Breach("Resources.Api", LAST, "the first resources must be in the order"),
    ],
    function_rules.a_functions_log_group_and_alarm_follow_it: [
        Breach("Resources.TallyAlarm", LAST, "Tally is not followed by"),
    ],
}


def changed(path: str, value: Any) -> Template:
    """Return the template with one key changed. All other keys of the path must exist."""
    template = load_template()
    *above, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    place: Any = template
    for part in above:
        place = place[part if isinstance(place, list) else str(part)]
    if value is GONE:
        del place[last]
    elif value is LAST:
        place[last] = place.pop(last)
    else:
        place[last] = value
    return template


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_follows_the_rule(rule: Rule) -> None:
    assert list(rule(load_template())) == []


@pytest.mark.parametrize(
    ("rule", "breach"),
    [
        pytest.param(rule, breach, id=f"{rule.__name__}-{breach.path}-{number}")
        for rule, breaches in RULES.items()
        for number, breach in enumerate(breaches)
    ],
)
def test_the_rule_finds_a_template_that_breaks_it(rule: Rule, breach: Breach) -> None:
    problems = list(rule(changed(breach.path, breach.value)))

    assert any(breach.found in problem for problem in problems), problems


def test_every_rule_is_checked_and_has_a_breach() -> None:
    written = {
        rule
        for module in (failure_rules, permission_rules, data_rules, function_rules)
        for name, rule in vars(module).items()
        if getattr(rule, "__module__", "") == module.__name__ and callable(rule) and not name.startswith("_")
    }

    assert written == set(RULES)
    assert all(RULES.values())
