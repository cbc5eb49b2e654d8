"""The public API's services, made once per process, or once for all processes that start from a snapshot of it."""

import random
from contextlib import suppress

from undersigned.wiring import Wiring

stack = Wiring.of_environment(
    "table_name",
    "secret_arn",
    "packet_bucket",
    "forms_a_minute",
    "packet_days",
    "schedule",
    "public_url",
    "api_url",
    "has_cdn",
)
signing = stack.signing()

# A snapshot has the state of `random`, with which botocore spreads its retries. Lambda's runtime brings the module.
with suppress(ImportError):
    from snapshot_restore_py import register_after_restore  # type: ignore[import-untyped]

    register_after_restore(random.seed)
