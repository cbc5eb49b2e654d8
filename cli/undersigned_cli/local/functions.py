"""The real functions, in this process: each with the variables and the policy that the template gives it."""

from __future__ import annotations

import importlib
import json
import os
import secrets
import time
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned_cli.local import permissions
from undersigned_cli.local.resources import ACCOUNT, REGION
from undersigned_cli.local.template import environment_of, load_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LARGEST_ANSWER = 6_291_556
"""Bytes that a function can return ("Lambda quotas", Lambda developer guide)."""


class Functions:
    """The functions of the template by their logical ids."""

    def __init__(
        self,
        known: Mapping[str, Any],
        variables: Mapping[str, str],
        client: Callable[..., Any],
        log: Callable[[str], None],
    ) -> None:
        """Import all functions. `known` has the values of `!Ref` and `!GetAtt`; `variables` replace the functions' own.

        `client` makes AWS clients. `log` gets a line for each call that a policy doesn't allow.
        """
        self._client = client
        self._log = log
        self._handlers: dict[str, Callable[[Any, Any], Any]] = {}
        self._timeouts: dict[str, int] = {}
        template = load_template()
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                given = {**template["Globals"]["Function"], **resource["Properties"]}
                environment = environment_of(name, known)
                replaced = {key: value for key, value in variables.items() if key in environment}
                self._timeouts[name] = int(given["Timeout"])
                self._handlers[name] = self._start(name, given["Handler"], environment | replaced)

    def __iter__(self) -> Any:
        return iter(self._handlers)

    def _start(self, function: str, handler: str, environment: dict[str, str]) -> Callable[[Any, Any], Any]:
        # Powertools reads some of them when a module is imported.
        os.environ |= environment
        stack = Stack(Settings(environment), client=partial(self._client_of, function))
        made: Callable[[Any, Any], Any] = importlib.import_module(handler.rpartition(".")[0]).make_handler(stack)
        return made

    def _client_of(self, function: str, service: str, **settings: Any) -> Any:
        client = self._client(service, **settings)
        permissions.enforce(client, function, self._refuse)
        return client

    def _refuse(self, reason: str) -> None:
        self._log(reason)
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": reason}}, "Call")

    def invoke(self, function: str, event: Any) -> Any:
        """Return a function's answer to an event, as JSON. Raises its errors, and ValueError if it is too large."""
        ends = time.monotonic() + self._timeouts[function]
        context = SimpleNamespace(
            function_name=function,
            memory_limit_in_mb=512,
            invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live",
            aws_request_id=secrets.token_hex(16),
            get_remaining_time_in_millis=lambda: int((ends - time.monotonic()) * 1000),
        )
        answer = json.dumps(self._handlers[function](event, context))
        if len(answer) > LARGEST_ANSWER:
            message = f"{function} answers with {len(answer):,} bytes; Lambda takes {LARGEST_ANSWER:,}"
            raise ValueError(message)
        return json.loads(answer)
