"""Assets: how heavy the scripts are, and addresses that change with their content."""

from __future__ import annotations

import gzip
import re

import pytest

from undersigned.domain.errors import NotFoundError
from undersigned.web.assets import asset, asset_path


@pytest.mark.parametrize(("name", "most"), [("embed.js", 2048), ("frame.js", 614)])
def test_a_script_for_slow_lines_stays_small(name: str, most: int) -> None:
    assert len(gzip.compress(asset(name).content)) <= most


def test_an_address_has_the_beginning_of_its_contents_hash() -> None:
    assert re.fullmatch(r"/assets/[0-9a-f]{12}/frame\.js", asset_path("frame.js"))
    assert asset_path("frame.js") != asset_path("embed.js").replace("embed", "frame")


def test_an_asset_that_is_missing_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"There is no asset 'form\.mjs'"):
        asset_path("form.mjs")
