"""Rules on functions, and on the order of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.aws_from_template import ROOT
from tests.template.reading import FUNCTION, QUEUE, event_sources, functions, named_by, of_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.aws_from_template import Template

LONGEST_ANSWER = 29
"""Seconds; an HTTP API gives up after 30 (API Gateway quotas: maximum integration timeout)."""

TYPESETTING = {"Deliver", "OrganizerApi"}
"""The functions that make PDFs."""

SIGNATURES = {"Pattern": '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "SIGNATURE#"}]}}}}'}
DELIVERIES = {
    "Pattern": '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "DELIVERY#"}]}, "sk": {"S": [{"prefix": "PERIOD#"}]}}}}'
}
DELIVERIES_IF_PUBLISHED = {"Fn::If": ["PublishesEvents", DELIVERIES, {"Ref": "AWS::NoValue"}]}

SCHEDULES = {
    "PlanDeliveries": {"Fn::Sub": "cron(0 ${DeliveryHour} ? * ${DeliveryDay} *)"},
    "ReportDeliveries": {
        "Fn::Sub": [
            "cron(0 ${DeliveryHour} ? * ${Day} *)",
            {"Day": {"Fn::FindInMap": ["NextDay", {"Ref": "DeliveryDay"}, "Day"]}},
        ]
    },
}

SECTIONS = ("Parameters", "Mappings", "Globals", "Resources", "Outputs")
RESOURCES = (
    "AWS::Serverless::HttpApi",
    "AWS::DynamoDB::Table",
    "AWS::SES::ConfigurationSet",
    "AWS::Serverless::LayerVersion",
    FUNCTION,
    "AWS::SNS::Topic",
)
"""API, data, mail, layers, functions with their schedules, who is told: by the first resource of each."""


def every_folder_of_functions_is_a_function(template: Template) -> Iterator[str]:
    folders = {f"functions/{file.parent.name}" for file in (ROOT / "functions").glob("*/app.py")}
    code = {properties["CodeUri"] for properties in functions(template).values()}
    for folder in sorted(folders ^ code):
        yield f"{folder} is not both a folder and a function"


def handlers_are_where_tests_import_them(template: Template) -> Iterator[str]:
    for name, properties in functions(template).items():
        if properties["Handler"] != f"{properties['CodeUri'].replace('/', '.')}.app.handler":
            yield f"{name} runs {properties['Handler']}"
        if template["Resources"][name].get("Metadata") != {"BuildProperties": {"ParentPackageMode": "auto"}}:
            yield f"{name} is built without its package's path"


def functions_run_on_the_project_s_python(template: Template) -> Iterator[str]:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    for name, properties in functions(template).items():
        if properties.get("Runtime") != f"python{version}":
            yield f"{name} runs on {properties.get('Runtime')}"


def layers_are_where_they_are_needed(template: Template) -> Iterator[str]:
    for name, properties in functions(template).items():
        needed = {"DependenciesLayer", "SharedLayer"} | ({"TypesettingLayer"} if name in TYPESETTING else set())
        if {named_by(layer) for layer in properties["Layers"]} != needed:
            yield f"{name} has not just {', '.join(sorted(needed))}"


def pages_answer_before_the_api_gives_up(template: Template) -> Iterator[str]:
    for function, _, kind, _ in event_sources(template):
        if kind == "HttpApi" and functions(template)[function]["Timeout"] > LONGEST_ANSWER:
            yield f"{function} may answer nobody"


def what_the_api_calls_does_not_name_the_api(template: Template) -> Iterator[str]:
    # CloudFormation refuses a circle: the API's definition names the functions behind it.
    for function, _, kind, _ in event_sources(template):
        if kind == "HttpApi" and "${Api}" in str(functions(template)[function]["Environment"]):
            yield f"{function} names the API that names it"


def queued_messages_stay_hidden_while_they_are_worked_on(template: Template) -> Iterator[str]:
    # AWS advises six times: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    for function, event, kind, source in event_sources(template):
        if kind == "SQS":
            queue = of_type(template, QUEUE)[named_by(source["Queue"])]
            if queue.get("VisibilityTimeout", 30) < 6 * functions(template)[function]["Timeout"]:
                yield f"{function}.{event} can get a message twice at once"


def the_stream_has_two_readers_of_signatures(template: Template) -> Iterator[str]:
    # AWS advises at most two readers of a stream's shard: more are throttled.
    readers = [(function, source) for function, _, kind, source in event_sources(template) if kind == "DynamoDB"]
    if len(readers) > len(("send_confirmations", "tally")):
        yield f"the stream has {len(readers)} readers"
    for function, source in readers:
        filters = source.get("FilterCriteria", {}).get("Filters", [])
        if filters != [SIGNATURES, *([DELIVERIES_IF_PUBLISHED] if function == "Tally" else [])]:
            yield f"{function} is called for rows that are no signatures"


def the_schedule_is_made_of_parameters(template: Template) -> Iterator[str]:
    schedules = [(function, source) for function, _, kind, source in event_sources(template) if kind == "ScheduleV2"]
    for function in sorted(SCHEDULES.keys() - {function for function, _ in schedules}):
        yield f"{function} does not run by itself"
    for function, source in schedules:
        if source.get("ScheduleExpression") != SCHEDULES.get(function):
            yield f"{function} runs at {source.get('ScheduleExpression')}"
        if source.get("ScheduleExpressionTimezone") != {"Ref": "DeliveryTimeZone"}:
            yield f"{function} runs in the time zone {source.get('ScheduleExpressionTimezone')}"


def sections_are_in_reading_order(template: Template) -> Iterator[str]:
    if [section for section in template if section in SECTIONS] != [*SECTIONS]:
        yield f"the file has not the order {', '.join(SECTIONS)}"
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    firsts = [kinds.index(kind) for kind in RESOURCES if kind in kinds]
    if len(firsts) < len(RESOURCES) or firsts != sorted(firsts):
        yield f"the first resources have not the order {', '.join(RESOURCES)}"


def a_function_s_log_group_and_alarm_stand_below_it(template: Template) -> Iterator[str]:
    names = list(template["Resources"])
    for name in functions(template):
        place = names.index(name)
        if names[place + 1 : place + 3] != [f"{name}LogGroup", f"{name}Alarm"]:
            yield f"{name} is not followed by {name}LogGroup and {name}Alarm"
