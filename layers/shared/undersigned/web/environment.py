"""Jinja2 environments for pages, one for each language: those of emails, plus the addresses of assets."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.domain.authoring.postal_codes import in_words
from undersigned.rendering.environment import make_environment
from undersigned.web.assets import asset_data, asset_path

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
