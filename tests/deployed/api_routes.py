"""The API's routes, which MiniStack doesn't create: it ignores the OpenAPI document in which SAM writes them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from undersigned_cli.local.errors import LocalStackError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALIAS = re.compile(r"\$\{(\w+)Alias([a-z]+)\}")
"""SAM's reference to an alias: the function's logical id, and the alias's name."""

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"})


@dataclass(frozen=True, slots=True)
class Route:
    """A route key, such as `ANY /{proxy+}`, its function's logical id and alias, and the version of its payload."""

    key: str
    function: str
    alias: str
    payload: str = "2.0"


def routes_of(template: Mapping[str, Any]) -> tuple[Route, ...]:
    """Return the routes of the API in a processed template; raises LocalStackError when there are none."""
    bodies = [
        resource["Properties"].get("Body") or {}
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
    ]
    routes = tuple(
        Route(
            _key(method, path),
            *_function_and_alias(operation["x-amazon-apigateway-integration"]["uri"]),
            operation["x-amazon-apigateway-integration"].get("payloadFormatVersion", "2.0"),
        )
        for body in bodies
        for path, item in body.get("paths", {}).items()
        for method, operation in item.items()
        if method in _METHODS
    )
    if not routes:
        message = "the processed template has no API routes; check that template.yaml has `HttpApi` events"
        raise LocalStackError(message)
    return routes


def make_routes(client: Callable[[str], Any], stack_name: str, api: str, functions: Mapping[str, str]) -> None:
    """Replace the API's routes with those of its template."""
    template = client("cloudformation").get_template(StackName=stack_name, TemplateStage="Processed")["TemplateBody"]
    routes = routes_of(json.loads(template) if isinstance(template, str) else template)
    gateway = client("apigatewayv2")
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api)["Items"]:
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    for wanted in routes:
        alias = client("lambda").get_alias(FunctionName=functions[wanted.function], Name=wanted.alias)
        made = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=alias["AliasArn"],
            PayloadFormatVersion=wanted.payload,
        )
        gateway.create_route(ApiId=api, RouteKey=wanted.key, Target=f"integrations/{made['IntegrationId']}")


def _key(method: str, path: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _function_and_alias(uri: Any) -> tuple[str, str]:
    text = uri["Fn::Sub"] if isinstance(uri, dict) else uri
    if found := _ALIAS.search(text if isinstance(text, str) else text[0]):
        return found[1], found[2]
    message = f"the API's integration {uri!r} names no function's alias; correct its `HttpApi` event in template.yaml"
    raise LocalStackError(message)
