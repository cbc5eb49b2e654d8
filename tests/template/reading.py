"""Read the template for the rules."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.aws_from_template import Template

FUNCTION = "AWS::Serverless::Function"
ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
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
    """A metric that an alarm watches, or the metrics that its query finds.

    A query finds the metrics with these dimensions; with `labels`, those that have just these, whatever their values.
    """

    namespace: str
    name: Any
    dimensions: dict[str, Any]
    statistic: str | None
    period: int
    is_query: bool = False
    labels: frozenset[str] | None = None

    def has(self, namespace: str, name: Any, dimensions: Mapping[str, Any]) -> bool:
        """Return whether this is, or the query finds, a metric with just these dimensions."""
        if (self.namespace, self.name) != (namespace, name):
            return False
        if not self.is_query:
            return self.dimensions == dimensions
        return self.dimensions.items() <= dimensions.items() and self.labels in {None, frozenset(dimensions)}


_QUERY = re.compile(
    r"""SELECT\ (?P<statistic>\w+)\((?P<name>\w+|"[^"]+")\)
    \ FROM\ (?:"(?P<any_labels>[\w/]+)"|SCHEMA\("(?P<namespace>[\w/]+)"(?P<labels>(?:,\ \w+)*)\))
    (?:\ WHERE\ (?P<dimension>\w+)\ =\ '(?P<value>[^']+)')?""",
    re.VERBOSE,
)
"""A query of Metrics Insights. SCHEMA takes the namespace and all labels that a metric has, in any order.

Source: "Query components and syntax in CloudWatch Metrics Insights", CloudWatch user guide.
"""


def sources(alarm: Mapping[str, Any]) -> list[Source]:
    """Return what an alarm watches: one metric, those that an expression names, or those that a query finds."""
    parts = alarm.get("Metrics")
    if parts is None:
        return [_source(alarm, alarm.get("Statistic"), alarm["Period"])]
    named = [part["MetricStat"] for part in parts if "MetricStat" in part]
    if named:
        return [_source(part["Metric"], part["Stat"], part["Period"]) for part in named]
    [part] = parts
    expression = part["Expression"]
    found = _QUERY.fullmatch(expression["Fn::Sub"] if isinstance(expression, dict) else expression)
    assert found, expression
    dimensions = {found["dimension"]: _substituted(found["value"])} if found["dimension"] else {}
    labels = None if found["any_labels"] else frozenset(re.findall(r"\w+", found["labels"]))
    assert labels is None or dimensions.keys() <= labels, f"{expression} finds nothing"
    return [
        Source(
            found["any_labels"] or found["namespace"],
            _substituted(found["name"].strip('"')),
            dimensions,
            {"MAX": "Maximum", "SUM": "Sum"}[found["statistic"]],
            part["Period"],
            is_query=True,
            labels=labels,
        )
    ]


def _substituted(text: str) -> Any:
    """Return what a part of a text in Fn::Sub stands for: a Ref or a GetAtt, a text with names in it, or the text."""
    if whole := re.fullmatch(r"\$\{(\w+)(?:\.(\w+))?\}", text):
        return {"Fn::GetAtt": [whole[1], whole[2]]} if whole[2] else {"Ref": whole[1]}
    return {"Fn::Sub": text} if "${" in text else text


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


def event_sources(template: Template) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """List the event sources of all functions, each as function, event name, type and properties."""
    for function, properties in functions(template).items():
        for event, source in properties.get("Events", {}).items():
            yield function, event, source["Type"], source["Properties"]


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
