"""Posts that another website makes its visitors' browsers send to the public pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.doors import add_everyone, doors, filled
from tests.support.world import ADA, FORM, SITE

if TYPE_CHECKING:
    from tests.support.world import World
    from undersigned.signing.rules.forms import FormOrLetter


OURS = "https://letters.example"
FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "https://a.letters.example", "sec-fetch-site": "same-site"},
    {"origin": "http://letters.example"},
    {"origin": f"{OURS}:8443"},
    {"origin": f"{OURS}.evil.example"},
    {"origin": f"{SITE}.evil.example"},
    {"origin": f"https://evil.example@{OURS.removeprefix('https://')}"},
    {"origin": "file://"},
    {"origin": "null, https://evil.example"},
)
ACCEPTED: tuple[dict[str, str], ...] = (
    {},
    {"origin": OURS},
    {"origin": OURS, "sec-fetch-site": "same-origin"},
    # A proxy in front of the API may send another Host than the browser, and old browsers don't say more.
    {"origin": OURS, "host": "a1b2c3.execute-api.us-east-1.amazonaws.com"},
    {"origin": "https://letters.behind-a-proxy.example", "sec-fetch-site": "same-origin"},
    # Our own pages send it without JavaScript, because of their Referrer-Policy.
    {"origin": "null", "sec-fetch-site": "same-origin"},
    {"origin": "null"},
    {"origin": SITE, "sec-fetch-site": "cross-site"},
)


@pytest.fixture(autouse=True)
def allowed(world: World) -> None:
    world.change(allowed_origins=(SITE,))


def signature(world: World) -> FormOrLetter | None:
    return world.letter()


def status(world: World) -> str | None:
    found = signature(world)
    return found.status if found else None


@pytest.mark.asvs("3.5.2")
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_sites_post_signs_nothing(world: World, headers: dict[str, str]) -> None:
    form = {**ADA, "form": world.form()}

    page = world.post(f"{FORM}/signatures", form, headers=headers)
    program = world.post(f"{FORM}/signatures", form, as_json=True, headers=headers)
    framed = world.post(f"{FORM}/signatures?embedded=1&lang=es", form, headers=headers)

    assert [answer.status for answer in (page, program, framed)] == [403, 403, 403]
    assert "Sign on the letter’s own page" in page.body
    assert program.json["title"] == "This website can’t send the form"
    assert "Firme en la página propia de la carta" in framed.body
    assert signature(world) is None
    world.run_stream()
    assert world.sent == []


@pytest.mark.asvs("3.5.1")
def test_a_foreign_sites_post_opens_no_door(world: World) -> None:
    add_everyone(world)
    before = sorted(map(str, world.items()))
    for door in doors("public_api"):
        if door.method == "POST":
            answers = [world.post(filled(world, door), ADA, headers=headers) for headers in FOREIGN]
            assert {answer.status for answer in answers} == {403}, door
    assert sorted(map(str, world.items())) == before


@pytest.mark.parametrize("headers", ACCEPTED)
def test_our_own_pages_allowed_sites_and_programs_may_post(world: World, headers: dict[str, str]) -> None:
    page = world.post(f"{FORM}/signatures", {**ADA, "form": world.form()}, headers=headers)
    program = world.post(f"{FORM}/signatures", ADA, as_json=True, headers=headers)

    assert [page.status, program.status] == [200, 202]


def test_an_allowed_site_may_sign_but_press_no_button(world: World) -> None:
    world.sign()
    world.run_stream()

    assert world.post(world.sent[-1].link("confirm"), headers={"origin": SITE}).status == 403
    assert status(world) == "pending"
