"""Runs MiniStack, with what it lacks against AWS put right first. Not imported: the emulator's own Python runs it.

Each of these gaps is one of MiniStack 1.5.33, and docs/local-stack.md says of each how it shows. The product has no
branch for any of them.
"""

# mypy: ignore-errors
from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ministack import app
from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc, scheduler

_RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
"""What Lambda's Python runtime brings: boto3 and what it imports."""


_KEPT = (
    "apigateway", "cloudformation", "cloudwatch", "cloudwatch_logs", "dynamodb", "eventbridge", "iam", "lambda", "s3",
    "scheduler", "secretsmanager", "ses", "ses_v2", "sns", "sqs",
)  # fmt: skip
"""The services whose state is kept: the template uses no other."""


def keep_what_is_used() -> None:
    """Save and load the state of the services in use only: loading all of them takes four seconds of each start."""
    app._state_map = {key: module for key, module in app._state_map.items() if key in _KEPT}


def let_ses_publish() -> None:
    """Take events of source `aws.ses` by PutEvents: nobody else publishes them here, and AWS refuses them to us only."""
    eventbridge._put_events.__defaults__ = (True,)


def hide_own_packages() -> None:
    """Show Lambda workers the runtime's packages only, so that one missing from a layer fails as it would in AWS."""
    installed = Path(lambda_runtime.__file__).parents[2]
    shown = Path(os.environ["UNDERSIGNED_RUNTIME_PACKAGES"])
    shown.mkdir(parents=True, exist_ok=True)
    for name in _RUNTIME_PACKAGES:
        link = shown / name
        link.unlink(missing_ok=True)
        link.symlink_to(installed / name)
    lambda_runtime._PYTHON_WORKER_SCRIPT = (
        "import sys\n"
        f"sys.path[:] = [path for path in sys.path if path != {str(installed)!r}] + [{str(shown)!r}]\n"
        + lambda_runtime._PYTHON_WORKER_SCRIPT
    )


def keep_schedules_time_zone() -> None:
    """Fire cron schedules in their time zone, with the scheduled time in their input; or never, if asked so."""
    scheduler._tick_schedules = _fire_due_schedules if os.environ["UNDERSIGNED_SCHEDULES"] == "on" else lambda: None


_looked_until: dict[object, datetime] = {}


def _fire_due_schedules() -> None:
    now = datetime.now(UTC)
    for (account, region, name), schedule in list(scheduler._schedules._data.items()):
        fields = eventbridge._parse_cron_fields(schedule.get("ScheduleExpression", ""))
        if schedule.get("State") != "ENABLED" or fields is None:
            continue
        zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
        last = _looked_until.setdefault((account, region, name), now)
        due = eventbridge._cron_next_fire(fields, last.astimezone(zone))
        if due is None or due > now:
            continue
        _looked_until[account, region, name] = now
        target = dict(schedule["Target"])
        moment = due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        target["Input"] = target.get("Input", "{}").replace("<aws.scheduler.scheduled-time>", moment)
        with request_scope(account, region):
            eventbridge._invoke_target(target, {"Source": "aws.scheduler", "Time": now.timestamp()}, schedule)


def end_with_parent() -> None:
    """End in good order, state saved, when the process at the other end of standard input is gone."""

    def watch() -> None:
        with suppress(OSError):
            sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    keep_what_is_used()
    let_ses_publish()
    hide_own_packages()
    keep_schedules_time_zone()
    end_with_parent()
    sys.argv = ["ministack"]
    app.main()
