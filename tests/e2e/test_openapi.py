"""Odd requests, generated from the OpenAPI document, to the local stack: each answer is as documented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.openapi_document import DOCUMENT
from tests.support.scale import scale
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rules.api_keys import KEY_WORKS_FOR, ApiKey, digest_of
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.signatures import signer_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder
from undersigned_cli.local.template import ROOT
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

    from tests.support.running import RunningStack

CAMPAIGN = "odd-requests"
KEY = "us_odd"
ADA = {
    "name": "Ada Specimen",
    "email": "ada@odd.example",
    "address_line": "1 Sample Street",
    "locality": "Evanston",
    "postal_code": "60201",
    "signature": "Ada Specimen",
}
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
    max_examples=scale.requests,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def address(stack: RunningStack) -> Iterator[str]:
    """Yield the stack's address, with a campaign, a confirmed letter and a key for these tests only."""
    opened = DeployedStack(stack.outputs, stack.client).opened()
    folder = campaign_folder.read(ROOT / "campaigns" / "end-demand-illinois")
    push(opened, replace(folder, campaign=replace(folder.campaign, id=CAMPAIGN)))
    now = datetime.now(UTC)
    ApiKeys(opened.table).put_api_key(ApiKey(CAMPAIGN, digest_of(KEY), "letters", "", now, now + KEY_WORKS_FOR))
    signed = requests.post(f"{stack.public_url}/campaigns/{CAMPAIGN}/signatures", json=ADA, timeout=30)
    assert signed.status_code == 202, signed.text
    signer = signer_id(opened.secret(), ADA["email"])
    [form] = Forms(opened.table).of_signer(CAMPAIGN, signer)
    Signatures(opened.table).confirm(form, at=now, on=now.date())
    yield stack.public_url
    # Its letter must not be sent with those of other tests.
    Campaigns(opened.table).pause(CAMPAIGN, paused=True)


@schema.parametrize()
@bounded
def test_requests_with_a_key(case: Case[Any], address: str) -> None:
    send(case, address, {"Authorization": f"Bearer {KEY}"})


@schema.include(path_regex="^/organizer/campaigns/").parametrize()
@settings(bounded, max_examples=min(scale.requests, 2))
def test_requests_without_a_key(case: Case[Any], address: str) -> None:
    # A wrong key would count towards the limit for their network, which all tests share.
    case.headers.pop("Authorization", None)
    # 404: no route has a `#` in it.
    assert send(case, address, {}) in {401, 404}


def send(case: Case[Any], address: str, headers: dict[str, str]) -> int:
    """Send a request about the campaign and a target that exist, check the answer, and return its status."""
    for name, existing in (("campaign", CAMPAIGN), ("target", "evanston")):
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = existing
    # Without it, addresses of signers are pages, which the document leaves out.
    answer = case.call(base_url=address, headers={**headers, "Accept": "application/json"})
    # The gateway has no route for a path with a line break, and answers itself.
    if (answer.status_code, answer.content) != (404, b'{"message":"Not Found"}'):
        case.validate_response(answer, checks=CHECKS)
    return answer.status_code
