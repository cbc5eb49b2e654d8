"""What browsers load beside the pages: scripts and fonts, with what they may do with them."""

from __future__ import annotations

import gzip
from shutil import copy
from typing import TYPE_CHECKING

import pytest

from tests.world import CAMPAIGN
from undersigned.web import assets
from undersigned.web.assets import asset, asset_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world import World

BROWSER = {"accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Give a font that is no text, `pen.woff2`, as the one asset beside the font that each page names."""
    content = bytes(range(256)) * 8
    copy(assets._FOLDER / "caveat.woff2", tmp_path)
    (tmp_path / "pen.woff2").write_bytes(content)
    (tmp_path / "OFL.md").write_text("a licence", encoding="utf-8")
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)
    asset.cache_clear()
    return content


@pytest.fixture(autouse=True)
def _read_anew() -> None:
    asset.cache_clear()


def test_the_embedding_script_is_for_every_site_and_kept_for_an_hour(world: World) -> None:
    answer = world.get("/embed.js", headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"].startswith("public, max-age=3600, stale-while-revalidate=")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.content) == asset("embed.js").content


def test_a_client_that_does_not_take_gzip_gets_the_script_as_it_is(world: World) -> None:
    answer = world.get("/embed.js", headers={"accept": "*/*"})
    assert "content-encoding" not in answer.headers
    assert answer.content == asset("embed.js").content


def test_an_asset_at_the_address_of_its_content_is_kept_for_good_and_for_our_own_pages(world: World) -> None:
    answer = world.get(asset_path("frame.js"), headers=BROWSER)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers
    assert gzip.decompress(answer.content) == asset("frame.js").content


def test_a_page_from_before_a_deploy_gets_the_present_asset_for_a_minute(world: World) -> None:
    answer = world.get("/assets/0123456789ab/frame.js", headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert gzip.decompress(answer.content) == asset("frame.js").content


def test_a_font_goes_through_byte_for_byte_and_is_not_compressed_again(world: World, font: bytes) -> None:
    answer = world.get(asset_path("pen.woff2"), headers=BROWSER)
    assert answer.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in answer.headers
    assert answer.content == font


@pytest.mark.parametrize(
    "name", ["nothing.js", "OFL.md", "..", "%2e%2e", "assets.py", "..%2frendering%2fassets.py", "x" * 300]
)
@pytest.mark.usefixtures("font")
def test_there_is_no_other_asset(world: World, name: str) -> None:
    answer = world.get(f"/assets/0123456789ab/{name}")
    assert answer.status == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        f"/campaigns/{CAMPAIGN}",
        f"/campaigns/{CAMPAIGN}/count",
        "/embed.js",
        "/campaigns/nobody",
        "/nowhere",
        f"/organizer/campaigns/{CAMPAIGN}/counts",
    ],
)
def test_head_is_answered_like_get_but_for_the_body(world: World, path: str) -> None:
    got, head = world.get(path, headers=BROWSER), world.request("HEAD", path, headers=BROWSER)
    assert (head.status, head.headers, head.content) == (got.status, got.headers, b"")
    assert got.content != b""


def test_head_of_what_can_only_be_posted_changes_nothing(world: World) -> None:
    world.sign()
    world.run_stream()
    path = world.sent[-1].link("confirm")
    assert world.request("HEAD", path).status == 200
    assert world.request("HEAD", f"/campaigns/{CAMPAIGN}/signatures").status == 303
    assert world.run_stream() == []


SITE = {"origin": "https://www.example.org"}


def test_any_site_may_read_the_count_and_nothing_else_of_a_campaign_that_allows_none(world: World) -> None:
    for path, allowed in (("/count", "*"), ("", None), ("/targets?postal_code=60201", None)):
        answer = world.get(f"/campaigns/{CAMPAIGN}{path}", as_json=True, headers=SITE)
        assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize("name", ["count", "count.svg"])
def test_the_count_of_another_site_costs_one_read_too_and_is_one_for_every_cache(world: World, name: str) -> None:
    world.calls.clear()
    answer = world.get(f"/campaigns/{CAMPAIGN}/{name}", headers=SITE | {"accept-language": "es"})
    assert world.calls == ["dynamodb:GetItem"]
    assert answer.headers["cache-control"] == "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers.get("vary") in {None, "Accept-Encoding"}


def test_the_picture_shows_the_count_and_runs_nothing(world: World) -> None:
    world.confirmed()
    answer = world.get(f"/campaigns/{CAMPAIGN}/count.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert "<title>1 person has signed. Goal: 500</title>" in answer.body
    assert gzip.decompress(world.get(f"/campaigns/{CAMPAIGN}/count.svg", headers=BROWSER).content) == answer.content


def test_there_is_no_picture_of_a_campaign_that_does_not_exist(world: World) -> None:
    assert world.get("/campaigns/nobody/count.svg").status == 404
