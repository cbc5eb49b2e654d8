"""A campaign's settings as JSON values, under the names that they have in campaign.toml."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.campaigns.rules.campaigns import Campaign


def settings_values(campaign: Campaign) -> Mapping[str, object]:
    """Return all settings. `translations` has the tables of the languages."""
    values = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(campaign).items()
        if name not in {"letter", "logo"}
    }
    translations = {
        language: {"title": texts.title, "summary": texts.summary} for language, texts in campaign.translations.items()
    }
    return {**values, "languages": campaign.languages, "translations": translations}
