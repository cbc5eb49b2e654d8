"""Run MiniStack after patching where it differs from AWS. Its own Python runs this file; nothing imports it.

Each function closes a gap of MiniStack 1.5.33 that a test here meets. When a new MiniStack closes one itself, delete
the function.
"""

# MiniStack is not in the type checker's environment, and its gaps can be closed only by patching its internals.
# mypy: ignore-errors

from __future__ import annotations

import hmac
import os
import re
import signal
import string
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import ses_v2
from ministack.services.cloudformation import provisioners

_THIS_MACHINE = re.compile(rb"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)
_KEY = b"x-amz-security-token"
_NO_KEY = b"This is an emulator for tests; show its key.\n"


def ask_for_the_key() -> None:
    """Answer only who shows the stack's key, under this machine's name. MiniStack answers all, and any page may read.

    A signed link shows the key in its query. A browser's Origin is for the API, which decides about it itself.
    """
    key, answer_all = os.environ["AWS_SESSION_TOKEN"].encode(), app.app

    def is_allowed(scope: dict) -> bool:
        headers = dict(scope["headers"])
        signed_link = parse_qs(scope["query_string"]) if scope["method"] == "GET" else {}
        shown = headers.get(_KEY) or signed_link.get(b"X-Amz-Security-Token", [b""])[0]
        return (
            hmac.compare_digest(shown, key)
            and _THIS_MACHINE.fullmatch(headers.get(b"host", b"")) is not None
            and b"origin" not in headers
        )

    async def answer(scope: dict, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not is_allowed(scope):
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_NO_KEY))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _NO_KEY})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            # No function sees the key.
            seen = [header for header in scope.get("headers", []) if header[0] != _KEY]
            await answer_all({**scope, "headers": seen}, receive, send)

    app.app = answer


def hide_own_packages() -> None:
    """Show Lambda workers only their layers, from the start, so that a package missing from a layer fails."""
    installed = Path(lambda_runtime.__file__).parents[2]
    lambda_runtime._PYTHON_WORKER_SCRIPT = (
        "import os, sys\n"
        f"sys.path.remove({str(installed)!r})\n"
        "_layers = filter(None, os.environ.get('_LAMBDA_LAYERS_DIRS', '').split(os.pathsep))\n"
        "sys.path.extend(os.path.join(layer, 'python') for layer in _layers)\n" + lambda_runtime._PYTHON_WORKER_SCRIPT
    )


def make_secrets_without_punctuation() -> None:
    """Make secrets without punctuation if the template says so: one that began with `{` would be read as JSON."""
    make = provisioners._sm_secret_string

    def made(properties: dict[str, Any]) -> str:
        wanted = properties.get("GenerateSecretString", {})
        if wanted.get("ExcludePunctuation"):
            wanted = wanted | {"ExcludeCharacters": wanted.get("ExcludeCharacters", "") + string.punctuation}
        return make(properties | {"GenerateSecretString": wanted})

    provisioners._sm_secret_string = made


def give_identities_dkim_tokens() -> None:
    """Give an identity of the template the DKIM records that it waits for. MiniStack gives them to others only."""
    make = provisioners._ses_email_identity_create

    def made(logical_id: str, properties: dict, stack_name: str) -> tuple:
        result = make(logical_id, properties, stack_name)
        identity = ses_v2._identities[result[0]]
        identity["DkimAttributes"] = ses_v2._easy_dkim_attributes(result[0], identity["IdentityType"], {})
        return result

    provisioners._RESOURCE_HANDLERS["AWS::SES::EmailIdentity"]["create"] = made


def take_alarms_of_several_metrics() -> None:
    """Take an alarm of an expression for one of its first metric. MiniStack has none of the metrics."""
    record = provisioners._cw_metric_alarm_record

    def of_first_metric(name: str, properties: dict) -> dict:
        stated = [part["MetricStat"] for part in properties.get("Metrics", ()) if "MetricStat" in part]
        for first in stated[:1]:
            kept = {key: value for key, value in properties.items() if key != "Metrics"}
            properties = kept | first["Metric"] | {"Statistic": first["Stat"], "Period": first["Period"]}
        return record(name, properties)

    provisioners._cw_metric_alarm_record = of_first_metric


def stop_with_parent() -> None:
    """Stop when the process at the other end of standard input has ended."""

    def watch() -> None:
        with suppress(OSError):
            sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    hide_own_packages()
    make_secrets_without_punctuation()
    give_identities_dkim_tokens()
    take_alarms_of_several_metrics()
    ask_for_the_key()
    stop_with_parent()
    sys.argv = ["ministack"]
    app.main()
