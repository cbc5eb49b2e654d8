"""Test the size of the scripts, and asset addresses that change with their content."""

from __future__ import annotations

import gzip
import re

import pytest

from undersigned.base.assets import asset, asset_path
from undersigned.base.errors import NotFoundError


@pytest.mark.parametrize(("name", "most"), [("embed.js", 3072), ("frame.js", 614)])
def test_a_script_stays_small_for_slow_connections(name: str, most: int) -> None:
    assert len(gzip.compress(asset(name).content)) <= most


def test_an_assets_address_has_the_start_of_its_hash() -> None:
    assert re.fullmatch(r"/assets/[0-9a-f]{12}/frame\.js", asset_path("frame.js"))
    assert asset_path("frame.js") != asset_path("embed.js").replace("embed", "frame")


def test_a_missing_asset_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"There is no asset 'form\.mjs'"):
        asset_path("form.mjs")
