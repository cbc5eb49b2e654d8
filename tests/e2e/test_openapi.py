"""Odd requests, made from the API's document, against the local stack: each is answered as it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.described import DOCUMENT
from undersigned.domain.api_keys import ApiKey, digest_of
from undersigned_cli import campaign_folder
from undersigned_cli.local.stack import PROJECT
from undersigned_cli.push import push
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from schemathesis import Case

    from undersigned_cli.local.running import RunningStack

CAMPAIGN = "of-odd-requests"
KEY = "us_odd"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.phases.coverage.enabled = False
bounded = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def address(stack: RunningStack) -> str:
    """Give the stack's address, with a campaign, a signature and a key for odd requests alone."""
    table = Stack(stack.outputs, stack.client).wiring().table
    folder = campaign_folder.read(PROJECT / "campaigns" / "end-demand-illinois")
    push(replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)), table)
    table.put_api_key(ApiKey(CAMPAIGN, digest_of(KEY), "manage", "", datetime.now(UTC)))
    return stack.public_url


@schema.parametrize()
@bounded
def test_with_a_key(case: Case, address: str) -> None:
    aim(case)
    case.call_and_validate(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, checks=CHECKS)


@schema.include(path_regex="^/organizer").parametrize()
@settings(bounded, max_examples=2)
def test_without_a_key(case: Case, address: str) -> None:
    aim(case)
    answer = case.call_and_validate(base_url=address, checks=CHECKS)
    assert answer.status_code == 401 or case.path.startswith("/organizer/approve/")


def aim(case: Case) -> None:
    """Let a request be about what is there, where it names a campaign and a target."""
    for name, there in (("campaign", CAMPAIGN), ("target", "evanston")):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = there
