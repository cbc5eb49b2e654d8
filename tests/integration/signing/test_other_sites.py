"""Test other websites: which may frame the form, hear from its frame, read its JSON, and get signers back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.world import ADA, CAMPAIGN, FORM, SITE, files_of_campaign, publish_files
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from tests.support.world import World

SHARED = "https://sites.builder.example"
"""A site builder: other people have pages at the same address."""

FRAMING = f"{SITE} http://localhost:8080 {SHARED}"
OTHER = "https://evil.example"


@pytest.fixture(autouse=True)
def allowed(world: World) -> None:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    assert campaign
    Campaigns(world.stack.table).put_campaign(
        replace(campaign, allowed_origins=(SITE, "http://localhost:8080"), frame_origins=(SHARED, SITE))
    )


@pytest.mark.parametrize("page", ["", "/embed", "/signed"])
def test_any_website_may_frame_the_form_but_its_frame_talks_only_to_the_listed_ones(world: World, page: str) -> None:
    answer = world.get(FORM + page)
    assert answer.headers["content-security-policy"].endswith("; frame-ancestors *")
    assert answer.headers["content-security-policy"].count("*") == 1
    assert f'data-hosts="{FRAMING}"' in world.get(f"{FORM}/embed").body


@pytest.mark.parametrize("page", ["", "/embed", "/signed"])
@pytest.mark.parametrize("listed", [f'["{SITE}"]', "[]"])
def test_a_campaign_can_let_only_listed_websites_frame_the_form(world: World, page: str, listed: str) -> None:
    files = files_of_campaign()
    lines = [line for line in files["campaign.toml"].split("\n") if not line.startswith("allowed_origins")]
    settings = f"any_website = false\nallowed_origins = {listed}\n" + "\n".join(lines)
    publish_files(world, {**files, "campaign.toml": settings})

    headers = world.get(FORM + page).headers

    assert headers["content-security-policy"].endswith(f"frame-ancestors {SITE if SITE in listed else "'none'"}")
    assert ("x-frame-options" in headers) == (SITE not in listed)


def test_a_site_that_may_only_frame_the_form_sends_none_of_its_own(world: World) -> None:
    for as_json in (False, True):
        answer = world.post(f"{FORM}/signatures", ADA, headers={"origin": SHARED}, as_json=as_json)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
    world.run_stream()
    assert world.sent == []


def test_an_error_in_a_frame_is_shown_in_the_frame(world: World) -> None:
    too_long = {**ADA, "note": "x" * 70_000}
    answer = world.post(f"{FORM}/signatures?embedded=1&lang=es", too_long)
    assert answer.status == 413
    assert answer.headers["content-security-policy"].endswith("frame-ancestors *")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert f'data-hosts="{FRAMING}"' in answer.body
    assert "El formulario es demasiado largo" in answer.body
    outside = world.post(f"{FORM}/signatures", too_long)
    assert outside.headers["content-security-policy"].endswith("frame-ancestors 'none'")
    assert world.post("/campaigns/nowhere/signatures?embedded=1", ADA).status == 404


def test_scripts_of_the_organizations_site_may_read_the_answers(world: World) -> None:
    for answer in (
        world.get(FORM, as_json=True, headers={"origin": SITE}),
        world.post(f"{FORM}/signatures", ADA, as_json=True, headers={"origin": SITE}),
        world.post(f"{FORM}/signatures", {**ADA, "name": ""}, as_json=True, headers={"origin": SITE}),
        world.post(f"{FORM}/signatures", raw=b"{", as_json=True, headers={"origin": SITE}),
        world.get(f"{FORM}/nothing", as_json=True, headers={"origin": SITE}),
    ):
        assert answer.headers["access-control-allow-origin"] == SITE
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize(
    "origin", [OTHER, SHARED, "null", f"{SITE}.evil.example", f"{SITE}:8443", "http://www.enddemand.example"]
)
def test_scripts_of_any_other_site_may_not(world: World, origin: str) -> None:
    answer = world.get(FORM, as_json=True, headers={"origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]


def test_a_preflight_request_is_answered(world: World) -> None:
    answer = world.request("OPTIONS", f"{FORM}/signatures", headers={"origin": SITE})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" in answer.headers["access-control-allow-headers"]
    refused = world.request("OPTIONS", f"{FORM}/signatures", headers={"origin": OTHER})
    assert "access-control-allow-origin" not in refused.headers


def test_no_other_site_may_read_a_signers_own_page(world: World) -> None:
    world.sign()
    world.run_stream()
    answer = world.get(world.sent[-1].link("confirm"), as_json=True, headers={"origin": SITE})
    assert "access-control-allow-origin" not in answer.headers


def test_an_organizations_form_redirects_to_its_page_of_thanks(world: World) -> None:
    thanks = f"{SITE}/thanks?from=letter#top"
    answer = world.post(f"{FORM}/signatures", {**ADA, "thanks": thanks}, headers={"origin": SITE})
    assert (answer.status, answer.headers["location"]) == (303, thanks)


def test_an_organizations_form_with_mistakes_redirects_with_only_the_names_of_fields(
    world: World,
) -> None:
    values = {**ADA, "name": "", "email": "ada@", "mistakes": f"{SITE}/sign?step=2#form"}
    answer = world.post(f"{FORM}/signatures", values, headers={"origin": SITE})
    assert (answer.status, answer.headers["location"]) == (303, f"{SITE}/sign?step=2&fields=name,email#form")


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        f"{SHARED}/our-group/thanks",
        "//evil.example/",
        "https://www.enddemand.example.evil.example/",
        "https://www.enddemand.example@evil.example/",
        "https://evil.example\\@www.enddemand.example/",
        "https://www.enddemand.example\r\nSet-Cookie: a=b",
        "https://www.enddemand.example:8443/",
        "javascript:alert(1)",
        "data:text/html,hello",
        "/thanks",
        "",
        "https://[",
    ],
)
def test_signers_are_not_redirected_to_any_other_site(world: World, address: str) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "thanks": address})
    assert (answer.status, "location" in answer.headers) == (200, False)
    mistaken = world.post(f"{FORM}/signatures", {**ADA, "name": "", "mistakes": address})
    assert (mistaken.status, "location" in mistaken.headers) == (422, False)


def test_another_spelling_of_the_organizations_address_is_accepted(world: World) -> None:
    thanks = "HTTPS://WWW.EndDemand.Example:443/thanks"
    answer = world.post(f"{FORM}/signatures", {**ADA, "thanks": thanks})
    assert answer.headers["location"] == thanks
