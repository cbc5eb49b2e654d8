"""Test the OpenAPI document: it is valid, has what programs can use, and real answers match it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

from tests.support.logos import JPEG
from tests.support.openapi_document import DOCUMENT, OPERATIONS, breach_of, operation_of, resolved, routed
from tests.support.packets import links_of_office
from tests.support.world import ADA, CAMPAIGN, publish_files
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.logos import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

LETTER = f"/campaigns/{CAMPAIGN}"


def test_the_document_is_openapi() -> None:
    validate(DOCUMENT)


@pytest.mark.asvs("13.4.5")
def test_it_has_every_route_of_programs_and_no_other(world: World) -> None:
    """Signers' pages that are no JSON, and the dashboard's, are not in it."""
    of_programs = {route for route in routed("organizer_api") if route[1].startswith("/organizer/campaigns/")}
    assert {route for route in OPERATIONS if route[1].startswith("/organizer")} == of_programs
    assert set(OPERATIONS) - of_programs <= routed("public_api")


def test_each_operation_has_a_name_of_its_own_and_a_summary() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z]+", name) for name in names)
    assert all(operation["summary"] for operation in OPERATIONS.values())


def test_each_operation_has_the_scope_of_the_key_it_needs() -> None:
    for (_, path), operation in OPERATIONS.items():
        needs_key = path.startswith("/organizer/campaigns/")
        assert (operation["security"] != [], "401" in operation["responses"]) == (needs_key, needs_key), path
        if needs_key:
            assert operation["security"] in ([{"key": ["counts"]}], [{"key": ["letters"]}])
            assert ("403" in operation["responses"]) == (operation["security"] == [{"key": ["letters"]}]), path


def test_the_licence_has_its_spdx_identifier() -> None:
    assert DOCUMENT["info"]["license"] == {"name": "MIT", "identifier": "MIT"}


def test_each_tag_is_used_and_described() -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == described


def test_each_operation_describes_its_success_and_client_errors() -> None:
    for (method, path), operation in OPERATIONS.items():
        statuses = set(operation["responses"])
        assert {status for status in statuses if status.startswith("2")}, path
        # A request for a fixed file has no arguments that could be wrong.
        is_fixed = (method, path) == ("GET", "/openapi.json")
        assert any(status.startswith("4") for status in statuses) != is_fixed, path


def test_each_operation_declares_the_parameters_in_its_path() -> None:
    for (_, path), operation in OPERATIONS.items():
        parameters = [resolved(parameter) for parameter in operation.get("parameters", [])]
        declared = [(parameter["in"], parameter["name"]) for parameter in parameters]
        assert len(set(declared)) == len(declared), path
        in_path = {name for where, name in declared if where == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), path
        assert all(parameter["required"] for parameter in parameters if parameter["in"] == "path"), path


def test_each_component_is_used() -> None:
    text = json.dumps(DOCUMENT)
    for kind, components in DOCUMENT["components"].items():
        if kind != "securitySchemes":
            for name in components:
                assert f'"#/components/{kind}/{name}"' in text, name
    assert set(DOCUMENT["components"]["securitySchemes"]) == {
        scheme for operation in OPERATIONS.values() for choice in operation["security"] for scheme in choice
    }


def test_every_site_may_read_it(world: World) -> None:
    answer = world.get("/openapi.json")
    assert answer.json == DOCUMENT
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.asvs("4.1.1", "15.3.1")
@pytest.mark.parametrize("as_json", [True, False], ids=["program", "browser"])
def test_every_public_route_answers_as_in_the_document(world: World, *, as_json: bool) -> None:
    """Request every route with good and bad values. The world checks each answer against the document."""
    covered: set[Any] = {("GET", "/openapi.json")}

    def ask(method: str, path: str, values: Any = None) -> Any:
        covered.add(operation_of(method, path.partition("?")[0]))
        return world.request(method, path, values, as_json=as_json)

    for path in (
        "",
        "/embed",
        "/signed",
        "/privacy",
        "/count",
        "/share.png",
        "/targets?postal_code=60201",
        "/targets",
    ):
        assert ask("GET", LETTER + path).status == (400 if path == "/targets" else 200)
        ask("GET", f"/campaigns/none-such{path}")
    for path in (LETTER, f"{LETTER}/signatures"):
        assert ask("OPTIONS", path).status == 204
    for action in ("preview", "signatures"):
        ask("POST", f"{LETTER}/{action}", {**ADA, "form": world.form()})
        ask("POST", f"{LETTER}/{action}", {"email": "no address"})
        assert ask("GET", f"{LETTER}/{action}").status == 303
    world.run_stream()
    confirm, letter = world.sent[-1].link("confirm"), world.sent[-1].link("confirm").replace("confirm", "letters")
    ask("GET", confirm)
    ask("POST", f"{LETTER}/signatures", {**ADA, "form": world.form(), "note": "Other words."})
    world.run_stream()
    other_words = world.sent[-1].link("confirm")
    ask("POST", confirm, {})
    ask("GET", confirm)
    assert ask("GET", other_words).status == 200
    assert ask("POST", other_words, {}).status == 409
    ask("GET", letter)
    letter = "/letters/" + world.stack.links.sign("letter", CAMPAIGN, _only_signer(world))
    assert ask("GET", letter).status == 200
    for button in ("no-news", "withdraw"):
        assert ask("POST", f"{letter}/{button}", {}).status == 200
        assert ask("GET", f"{letter}/{button}").status == 303
    world.sign(email="not@signers.example")
    world.run_stream()
    disown = world.sent[-1].link("disown")
    assert ask("GET", disown).status == 200
    assert ask("POST", disown, {}).status == 200
    world.confirmed(email="bo@signers.example")
    world.week()
    packets = "/packets/" + world.stack.links.sign("packets", CAMPAIGN, "evanston", "2026-11-24")
    assert [ask("GET", packets).status, ask("GET", f"{packets}/1").status, ask("GET", f"{packets}/2").status] == [
        200, 302, 404,
    ]  # fmt: skip
    assert [ask("GET", f"{packets}/pages/{number}").status for number in (1, 2)] == [200, 404]
    for *request, status in _of_office(world):
        assert ask(*request).status == status
    publish_files(world, {FILE: b64encode(JPEG).decode()})
    logos = (f"/assets/logos/{CAMPAIGN}/none", "/assets/logos/none/none")
    assets = ("/embed.js", "/assets/none/form.js", "/assets/none/none.js", *logos)
    for path in ("/", *assets, "/packets/none", "/letters/none"):
        ask("GET", path)
    assert covered - {None} == {operation for operation in OPERATIONS if not operation[1].startswith("/organizer")}


def _of_office(world: World) -> Iterator[tuple[Any, ...]]:
    """Yield requests with the links of an office, and the status of each answer."""
    office, cover = links_of_office(world)
    yield from (("GET", path, None, 200) for path in (office, cover))
    yield "POST", f"{office}/received", {"period": "2026-11-24"}, 303
    yield "GET", f"{office}/stop", None, 303
    yield "POST", f"{office}/stop", {}, 200


def _only_signer(world: World) -> str:
    [(_, row)] = Signatures(world.stack.table).newest_signatures(CAMPAIGN)
    return row.signer


def test_a_field_status_or_type_missing_from_the_document_is_found() -> None:
    count = {"campaign": CAMPAIGN, "signatures": 1, "goal": 5, "shows_goal": True, "as_of": "2026-11-24T18:00:00+00:00"}

    def breach(values: Any, status: int = 200, media_type: str = "application/json") -> str:
        found = breach_of("GET", f"{LETTER}/count", status, {"content-type": media_type}, json.dumps(values).encode())
        return found or ""

    assert breach(count) == ""
    assert "signers" in breach(count | {"signers": ["Ada"]})
    assert "as_of" in breach(count | {"as_of": "today"})
    assert "goal" in breach({name: value for name, value in count.items() if name != "goal"})
    assert "418" in breach(count, 418)
    assert "text/plain" in breach(count, media_type="text/plain")
