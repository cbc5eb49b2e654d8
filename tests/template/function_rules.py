"""Rules on functions, and on the order of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.template.reading import (
    FUNCTION,
    LAYER,
    QUEUE,
    functions,
    named_by,
    of_type,
    translated,
)
from undersigned_cli.local.template import ROOT, event_sources, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned_cli.local.template import Template

ALIAS = "live"
"""The alias that names the version of each function that runs."""

LONGEST_ANSWER = 29
"""In seconds. An HTTP API stops waiting after 30 seconds (API Gateway quotas: maximum integration timeout)."""

TYPESETTING = {"Deliver", "OrganizerApi"}
"""The functions that make PDFs."""

COMPILED = {
    "BuildMethod": "makefile",
    "BuildArchitecture": {"Ref": "Architecture"},
    "ContextPath": {"Fn::Sub": "layers/${Architecture}"},
}
"""How `sam build` makes a layer."""


def _records(of: str, event: str = "", **images: Any) -> dict[str, str]:
    """Return the filter for records of items whose partition begins so, with such images, or of such an event."""
    named = {"eventName": [event]} if event else {}
    return {"Pattern": json.dumps(named | {"dynamodb": {"Keys": {"pk": {"S": [{"prefix": of}]}}, **images}})}


_HAS_ENDED: Any = {"status": {"S": ["withdrawn", "erased"]}}

SIGNATURES = {
    "SendConfirmations": [
        _records("FORM#", "INSERT"),
        _records("FORM#", NewImage={"is_released": {"BOOL": [True]}}),
    ],
    "Tally": [
        _records("SIGNATURE#", "INSERT"),
        _records("SIGNATURE#", NewImage=_HAS_ENDED),
        _records("SIGNATURE#", OldImage=_HAS_ENDED),
        _records("SIGNATURE#", OldImage={"tallied": {"S": [{"prefix": "TOTAL"}]}}),
    ],
}
"""The records for which each reader of the stream is called: at most five filters ("Lambda event filtering", developer
guide)."""

SCHEDULES = {"RunJobs": ["cron(1 * * * ? *)"], "SendConfirmations": ["cron(0/5 * * * ? *)"]}
"""The jobs run each hour, not at the stack's own: what is due is decided from the table."""

SECTIONS = ("Parameters", "Globals", "Resources", "Outputs")
RESOURCES = (
    "AWS::Serverless::HttpApi",
    "AWS::DynamoDB::Table",
    "AWS::SES::ConfigurationSet",
    "AWS::Serverless::LayerVersion",
    FUNCTION,
    "AWS::SNS::Topic",
)
"""The order of the first resource of each part: API, data, email, layers, functions with their schedules, alarms."""


def every_folder_of_functions_is_a_function(template: Template) -> Iterator[str]:
    folders = {f"functions/{file.parent.name}" for file in (ROOT / "functions").glob("*/app.py")}
    code = {properties["CodeUri"] for properties in functions(template).values()}
    for folder in sorted(folders ^ code):
        yield f"{folder} is not both a folder and a function"


def handlers_have_the_paths_that_tests_import(template: Template) -> Iterator[str]:
    for name, properties in functions(template).items():
        if properties["Handler"] != f"{properties['CodeUri'].replace('/', '.')}.app.handler":
            yield f"{name} runs {properties['Handler']}"
        if template["Resources"][name].get("Metadata") != {"BuildProperties": {"ParentPackageMode": "auto"}}:
            yield f"{name} is built without its package's path"


def functions_run_on_the_projects_python(template: Template) -> Iterator[str]:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    for name, properties in functions(template).items():
        if properties.get("Runtime") != f"python{version}":
            yield f"{name} runs on {properties.get('Runtime')}"


def functions_have_only_the_layers_they_need(template: Template) -> Iterator[str]:
    for name, properties in functions(template).items():
        needed = {"DependenciesLayer", "SharedLayer"} | ({"TypesettingLayer"} if name in TYPESETTING else set())
        if {named_by(layer) for layer in properties["Layers"]} != needed:
            yield f"{name} needs exactly the layers {', '.join(sorted(needed))}"


def layers_are_compiled_for_the_stacks_architecture(template: Template) -> Iterator[str]:
    recipe = ROOT / "layers" / "layer.mk"
    for name, properties in of_type(template, LAYER).items():
        if template["Resources"][name].get("Metadata") != COMPILED:
            yield f"{name} is not compiled for the stack's architecture"
        if (ROOT / properties["ContentUri"] / recipe.name).resolve() != recipe:
            yield f"SAM doesn't see in the folder of {name} that its recipe has changed"
    for architecture in template["Parameters"]["Architecture"]["AllowedValues"]:
        if not (ROOT / "layers" / architecture / "Makefile").is_file():
            yield f"no layer is compiled for {architecture}"


def every_function_publishes_versions(template: Template) -> Iterator[str]:
    # Code and layers of a function change by two calls. Only a version pins both.
    for name, properties in functions(template).items():
        if properties.get("AutoPublishAlias") != ALIAS or properties.get("AutoPublishAliasAllProperties") is not True:
            yield f"{name} publishes no version of all its properties"


def every_layer_publishes_versions_of_its_functions(template: Template) -> Iterator[str]:
    for name, properties in of_type(template, LAYER).items():
        if properties.get("PublishLambdaVersion") is not True:
            yield f"a new {name} publishes no version of its functions"


def every_caller_goes_through_the_alias(template: Template) -> Iterator[str]:
    result = translated(template)
    for name in of_type(result, "AWS::Lambda::Function"):
        alias = f"{name}Alias{ALIAS}"
        for caller, resource in result["Resources"].items():
            # Only the alias's own resources name the function.
            if {"Ref": name} in _callees(resource) or f"${{{name}.Arn}}" in str(resource.get("Properties")):
                yield f"{caller} calls {name} without its alias"
        if not any({"Ref": alias} in _callees(resource) for resource in result["Resources"].values()) and not any(
            f"${{{alias}}}" in str(api) for api in of_type(result, "AWS::ApiGatewayV2::Api").values()
        ):
            yield f"nothing calls {name} through its alias"


def _callees(resource: dict[str, Any]) -> list[Any]:
    """Return what a resource calls, if it is an event source, a permission or a schedule."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::Lambda::EventSourceMapping" | "AWS::Lambda::Permission":
            return [properties["FunctionName"]]
        case "AWS::Lambda::EventInvokeConfig":
            return [] if properties["Qualifier"] == ALIAS else [properties["FunctionName"]]
        case "AWS::Scheduler::Schedule":
            return [properties["Target"]["Arn"]]
        case _:
            return []


def functions_time_out_before_the_api_does(template: Template) -> Iterator[str]:
    for function, _, kind, _ in event_sources(template):
        if kind == "HttpApi" and functions(template)[function]["Timeout"] > LONGEST_ANSWER:
            yield f"{function} may run longer than the API waits"


def every_functions_concurrency_is_limited(template: Template) -> Iterator[str]:
    # New accounts have a limit of 10, and AWS keeps 100 unreserved, so nothing is reserved ("Configuring reserved
    # concurrency", Lambda developer guide). The API's routes have limits of their own.
    for function, event, kind, source in event_sources(template):
        match kind:
            case "SQS":
                is_limited = "MaximumConcurrency" in source.get("ScalingConfig", {})
            case "DynamoDB":
                # One for each shard of the stream, and more only for a rush.
                is_limited = resolve(source.get("ParallelizationFactor", 1)) == 1
            case _:
                is_limited = kind in {"HttpApi", "ScheduleV2"}  # a schedule runs one at a time
        if not is_limited:
            yield f"{function}.{event} can use up the account's concurrency"


def functions_of_the_api_do_not_name_it(template: Template) -> Iterator[str]:
    # The API's definition names its functions, and CloudFormation refuses circular references.
    for function, _, kind, _ in event_sources(template):
        if kind == "HttpApi" and "${Api}" in str(functions(template)[function]["Environment"]):
            yield f"{function} names the API, and the API names it"


def messages_stay_hidden_while_a_function_works_on_them(template: Template) -> Iterator[str]:
    # AWS advises six times: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    for function, event, kind, source in event_sources(template):
        if kind == "SQS":
            queue = of_type(template, QUEUE)[named_by(source["EventSourceArn"])]
            if queue.get("VisibilityTimeout", 30) < 6 * functions(template)[function]["Timeout"]:
                yield f"{function}.{event} can get a message a second time while it works on it"


def the_stream_has_two_readers_of_signatures(template: Template) -> Iterator[str]:
    # AWS advises at most two readers per shard of a stream, because more can be throttled.
    readers = [(function, source) for function, _, kind, source in event_sources(template) if kind == "DynamoDB"]
    if len(readers) > len(("send_confirmations", "tally")):
        yield f"the stream has {len(readers)} readers"
    for function, source in readers:
        filters = source.get("FilterCriteria", {}).get("Filters", [])
        if filters != SIGNATURES.get(function, []):
            yield f"{function} is called for rows that are not signatures"


def the_schedules_fire_each_hour_and_five_minutes(template: Template) -> Iterator[str]:
    schedules = [(function, source) for function, _, kind, source in event_sources(template) if kind == "ScheduleV2"]
    for function, wanted in SCHEDULES.items():
        found = [source.get("ScheduleExpression") for name, source in schedules if name == function]
        for expression in wanted:
            if expression not in found:
                yield f"{function} has no schedule at {expression}"
    for function, source in schedules:
        if source.get("ScheduleExpression") not in SCHEDULES.get(function, []):
            yield f"{function} runs at {source.get('ScheduleExpression')}"
        if source.get("ScheduleExpressionTimezone") != {"Ref": "DeliveryTimeZone"}:
            yield f"{function} runs in the time zone {source.get('ScheduleExpressionTimezone')}"


def sections_are_in_reading_order(template: Template) -> Iterator[str]:
    if [section for section in template if section in SECTIONS] != [*SECTIONS]:
        yield f"the sections must be in the order {', '.join(SECTIONS)}"
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    firsts = [kinds.index(kind) for kind in RESOURCES if kind in kinds]
    if len(firsts) < len(RESOURCES) or firsts != sorted(firsts):
        yield f"the first resources must be in the order {', '.join(RESOURCES)}"
