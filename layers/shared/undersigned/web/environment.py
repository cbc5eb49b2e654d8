"""Jinja2 environments for pages, one for each language: those of emails, plus the addresses of assets."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from undersigned.base.assets import asset_data, asset_path
from undersigned.base.environment import make_environment
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.campaigns.rules.postal_codes import in_words

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment(language: str) -> Environment:
    """Return the environment for pages in a language."""
    made = make_environment(Path(__file__).parent / "templates", language)
    made.globals["asset_path"] = asset_path
    made.globals["asset_data"] = asset_data
    made.filters["dashboard_path"] = dashboard_path
    made.filters["codes_in_words"] = partial(in_words, language=language)
    return made
