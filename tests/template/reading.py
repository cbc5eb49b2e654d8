"""Read the template for the rules."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned_cli.local.template import Template

FUNCTION = "AWS::Serverless::Function"
ALARM = "AWS::CloudWatch::Alarm"
LAYER = "AWS::Serverless::LayerVersion"
LOG_GROUP = "AWS::Logs::LogGroup"
QUEUE = "AWS::SQS::Queue"
BUCKET = "AWS::S3::Bucket"


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


class Source(NamedTuple):
    """A metric that an alarm watches."""

    namespace: str
    name: Any
    dimensions: dict[str, Any]
    statistic: str | None
    period: int


def sources(alarm: Mapping[str, Any]) -> list[Source]:
    """Return what an alarm watches: one metric, or those that an expression names."""
    parts = alarm.get("Metrics")
    if parts is None:
        return [_source(alarm, alarm["Statistic"], alarm["Period"])]
    named = [part["MetricStat"] for part in parts if "MetricStat" in part]
    return [_source(part["Metric"], part["Stat"], part["Period"]) for part in named]


def _source(metric: Mapping[str, Any], statistic: str | None, period: int) -> Source:
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])}
    return Source(metric["Namespace"], metric["MetricName"], dimensions, statistic, period)


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Return the functions' properties, including those of Globals, by logical id."""
    shared: dict[str, Any] = template["Globals"]["Function"]
    return {
        name: {**shared, **own, "Layers": [*shared.get("Layers", []), *own.get("Layers", [])]}
        for name, own in of_type(template, FUNCTION).items()
    }


def named_by(reference: object) -> str:
    """Return the logical id that a Ref or a GetAtt names, or an empty text for anything else."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return name
        case _:
            return ""


def as_list(value: Any) -> list[Any]:
    """Return a value as a list, as IAM reads it: a single value is a list of one."""
    return value if isinstance(value, list) else [value]


def translated(
    template: Template, parameters: Mapping[str, str] | None = None, packaged: Mapping[str, str] | None = None
) -> Template:
    """Return the template after the SAM transform, as CloudFormation gets it.

    `parameters` has values other than the defaults. `packaged` names the content of functions and layers in S3.
    """
    copy = deepcopy(template)
    for name, resource in copy["Resources"].items():
        for code in ("CodeUri", "ContentUri"):
            if code in resource.get("Properties", {}):
                resource["Properties"][code] = f"s3://packaged/{(packaged or {}).get(name, 'code')}"
    session = boto3.Session(region_name="us-east-2")
    result: Template = Translator({}, Parser(), boto_session=session).translate(copy, dict(parameters or {}))
    return result


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """List every Allow statement of roles and resource policies after the SAM transform, each with its owner."""
    for name, resource in translated(template)["Resources"].items():
        properties = resource.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        if "PolicyDocument" in properties:
            documents.append(properties["PolicyDocument"])
        for document in documents:
            for statement in as_list(document["Statement"]):
                if statement["Effect"] == "Allow":
                    yield name, statement


def dead_letter_queues(template: Template) -> set[str]:
    """Return the logical ids of all queues that get failed events or messages."""
    return {named_by(target) for target in _failure_targets(template["Resources"])} - {""}


def _failure_targets(value: Any) -> Iterator[Any]:
    match value:
        case {"deadLetterTargetArn": target}:
            yield target
        case {"DeadLetterConfig": {"Arn": target}, **others}:
            yield target
            yield from _failure_targets(others)
        case {"OnFailure": {"Destination": target}}:
            yield target
        case dict():
            for item in value.values():
                yield from _failure_targets(item)
        case list():
            for item in value:
                yield from _failure_targets(item)
