"""Test that each action of the organizers' API refuses a field that it doesn't have, instead of ignoring a typo."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.openapi_document import OPERATIONS, resolved
from tests.world import CAMPAIGN
from undersigned.web.posted import LONGEST_BODY

if TYPE_CHECKING:
    from tests.world import Answer, World

BEFORE = "/organizer/campaigns/{campaign}"
BODIES = {
    (method, path): resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    for (method, path), operation in OPERATIONS.items()
    if path.startswith(BEFORE) and "requestBody" in operation
}
EVERY = pytest.mark.parametrize(("method", "path"), BODIES, ids=lambda value: value.removeprefix(BEFORE))

PLACES = {
    "target": "evanston",
    "period": "2026-11-23",
    "signer": "0" * 32,
    "person": "0" * 32,
}


@pytest.fixture(autouse=True)
def _key(world: World) -> None:
    world.put_key("us_own", "own")


def send(world: World, method: str, path: str, values: object) -> Answer:
    address = re.sub(r"{(\w+)}", lambda found: {"campaign": CAMPAIGN, **PLACES}[found[1]], path)
    headers = {"authorization": "Bearer us_own"}
    return world.request(method, address, values, as_json=True, headers=headers)


@pytest.mark.asvs("15.3.3")
@EVERY
def test_a_field_that_an_action_does_not_have_is_refused_by_name(world: World, method: str, path: str) -> None:
    fields = BODIES[method, path]["properties"]
    for values in ({"agian": True}, {**dict.fromkeys(fields), "agian": True}):
        answer = send(world, method, path, values)
        assert answer.status == 400
        detail = str(answer.json["detail"])
        assert "`agian`" in detail
        assert all(f"`{name}`" in detail for name in fields), detail
    assert list(world.wiring.campaigns.audit(CAMPAIGN)) == []


@EVERY
def test_the_document_says_that_no_other_field_is_taken(method: str, path: str) -> None:
    assert BODIES[method, path]["additionalProperties"] is False


@EVERY
def test_no_field_that_the_document_has_is_refused_as_unknown(world: World, method: str, path: str) -> None:
    answer = send(world, method, path, dict.fromkeys(BODIES[method, path]["properties"], "?"))
    assert "There is no field" not in answer.body


def test_a_misspelled_field_of_a_form_is_refused_too(world: World) -> None:
    path = f"{BEFORE}/pause"
    form = {"content-type": "application/x-www-form-urlencoded", "authorization": "Bearer us_own"}
    answer = world.post(path.format(campaign=CAMPAIGN), raw=b"wyh=trial", headers=form)
    assert (answer.status, "`wyh`" in answer.body, "`why`" in answer.body) == (400, True, True)


def test_a_key_is_asked_for_before_a_field_is_named(world: World) -> None:
    assert world.post(f"/organizer/campaigns/{CAMPAIGN}/pause", {"wyh": ""}, as_json=True).status == 401


def test_a_draft_may_be_longer_than_other_bodies(world: World) -> None:
    row = "t{0},Chief,Pat {0},Police,Town {0},p{0}@town.example,{1}\n"
    rows = "".join(row.format(number, 10_000 + number) for number in range(2_000))
    values = {"revision": 0, "files": {"targets.csv": f"id,title,name,department,locality,email,postal_codes\n{rows}"}}
    assert len(json.dumps(values)) > LONGEST_BODY
    assert send(world, "PUT", f"{BEFORE}/draft", values).status == 200
    answer = send(world, "PUT", f"{BEFORE}/draft", {**values, "revison": 0})
    assert (answer.status, "`revison`" in answer.body) == (400, True)


def test_a_body_that_is_too_long_is_refused_as_before(world: World) -> None:
    answer = send(world, "POST", f"{BEFORE}/pause", {"why": "x" * 100_000})
    assert answer.status == 413
    assert json.loads(answer.body)["status"] == 413
