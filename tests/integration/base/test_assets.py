"""Test the scripts, fonts and pictures that browsers load, and their headers."""

from __future__ import annotations

import gzip
from shutil import copy
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from tests.support.pages import Page
from tests.support.world import CAMPAIGN, PICTURES
from undersigned.base import assets
from undersigned.base.assets import asset, asset_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

BROWSER = {"accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd"}


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Make a binary font, `pen.woff2`, the only asset besides those that pages name. Return its content."""
    content = bytes(range(256)) * 8
    for name in ("caveat.woff2", "caveat-rare.woff2", "icon.svg"):
        copy(assets._FOLDER / name, tmp_path)
    (tmp_path / "pen.woff2").write_bytes(content)
    (tmp_path / "OFL.md").write_text("a licence", encoding="utf-8")
    monkeypatch.setattr(assets, "_FOLDER", tmp_path)
    asset.cache_clear()
    return content


@pytest.fixture(autouse=True)
def _uncached() -> None:
    asset.cache_clear()


def test_every_site_may_load_the_embed_script_and_cache_it_for_an_hour(world: World) -> None:
    answer = world.get("/embed.js", headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"].startswith("public, max-age=3600, stale-while-revalidate=")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.content) == asset("embed.js").content


def test_a_client_without_gzip_gets_the_script_uncompressed(world: World) -> None:
    answer = world.get("/embed.js", headers={"accept": "*/*"})
    assert "content-encoding" not in answer.headers
    assert answer.content == asset("embed.js").content


def test_an_asset_is_cached_forever_at_its_hash_and_only_for_our_pages(world: World) -> None:
    answer = world.get(asset_path("frame.js"), headers=BROWSER)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers
    assert gzip.decompress(answer.content) == asset("frame.js").content


def test_an_old_hash_gets_the_current_asset_cached_for_a_minute(world: World) -> None:
    answer = world.get("/assets/0123456789ab/frame.js", headers=BROWSER)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert gzip.decompress(answer.content) == asset("frame.js").content


def test_a_font_is_sent_unchanged_and_not_compressed_again(world: World, font: bytes) -> None:
    answer = world.get(asset_path("pen.woff2"), headers=BROWSER)
    assert answer.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in answer.headers
    assert answer.content == font


@pytest.mark.asvs("13.4.3")
@pytest.mark.parametrize(
    "name", ["nothing.js", "OFL.md", "..", "%2e%2e", "assets.py", "..%2frendering%2fassets.py", "x" * 300]
)
@pytest.mark.usefixtures("font")
def test_any_other_asset_is_not_found(world: World, name: str) -> None:
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
def test_head_is_answered_like_get_without_the_body(world: World, path: str) -> None:
    got, head = world.get(path, headers=BROWSER), world.request("HEAD", path, headers=BROWSER)
    assert (head.status, head.headers, head.content) == (got.status, got.headers, b"")
    assert got.content != b""


def test_head_changes_nothing(world: World) -> None:
    world.sign()
    world.run_stream()
    path = world.sent[-1].link("confirm")
    assert world.request("HEAD", path).status == 200
    assert world.request("HEAD", f"/campaigns/{CAMPAIGN}/signatures").status == 303
    assert world.run_stream() == []


SITE = {"origin": "https://www.example.org"}


def test_a_site_that_is_not_allowed_may_read_only_the_count(world: World) -> None:
    for path, allowed in (("/count", "*"), ("", None), ("/targets?postal_code=60201", None)):
        answer = world.get(f"/campaigns/{CAMPAIGN}{path}", as_json=True, headers=SITE)
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_the_count_for_another_site_takes_one_read_and_can_be_cached(world: World) -> None:
    world.clock.advance(seconds=2)
    world.calls.clear()
    answer = world.get(f"/campaigns/{CAMPAIGN}/count", headers=SITE | {"accept-language": "es"})
    assert world.calls == ["dynamodb:BatchGetItem"]
    assert answer.headers["cache-control"] == "public, max-age=5, stale-if-error=86400"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers.get("vary") in {None, "Accept-Encoding"}


def test_an_unknown_campaign_has_no_picture(world: World) -> None:
    assert world.get("/campaigns/nobody/share.png").status == 404


def test_the_picture_of_a_shared_link_takes_one_read_and_can_be_cached_by_any_site(world: World) -> None:
    world.get(f"/campaigns/{CAMPAIGN}")
    world.clock.advance(seconds=2)
    world.calls.clear()
    answer = world.get(f"/campaigns/{CAMPAIGN}/share.png", headers=SITE | {"accept-language": "es"})
    assert world.calls == ["dynamodb:GetItem"]
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"].startswith("public, max-age=600, ")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers.get("vary") is None


def test_the_picture_of_a_shared_link_is_in_the_links_language(world: World) -> None:
    def picture(query: str = "") -> bytes:
        return world.get(f"/campaigns/{CAMPAIGN}/share.png{query}").content

    assert picture() == picture("?lang=en") == picture("?lang=fr") == PICTURES["en"]
    assert picture("?lang=es") == PICTURES["es"]


def test_our_pages_have_an_icon_that_they_may_load(world: World) -> None:
    path, icon = asset_path("icon.svg"), asset("icon.svg").content.decode().strip()
    for page in (f"/campaigns/{CAMPAIGN}", "/nowhere"):
        shown = world.get(page)
        # Without a request, because each signer would make it.
        url = unquote(Page(shown.body).one("link", rel="icon")["href"] or "")
        assert url == f"data:image/svg+xml,{icon}"
        assert "img-src 'self' data:;" in shown.headers["content-security-policy"]
    shown = world.get("/organizer")
    assert f'<link rel="icon" href="{path}">' in shown.body
    assert "img-src 'self'" in shown.headers["content-security-policy"]
    assert world.get(path).headers["content-type"] == "image/svg+xml"
