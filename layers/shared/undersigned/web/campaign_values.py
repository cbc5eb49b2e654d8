"""A campaign's settings as JSON values, under the names that they have in campaign.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.campaigns import Campaign


def settings_values(campaign: Campaign) -> Mapping[str, object]:
    """Return all settings. `translations` has the tables of the languages."""
    return {
        "id": campaign.id,
        "title": campaign.title,
        "summary": campaign.summary,
        "language": campaign.language,
        "languages": campaign.languages,
        "region": campaign.region,
        "time_zone": campaign.time_zone,
        "goal": campaign.goal,
        "opens": campaign.opens.isoformat() if campaign.opens else None,
        "closes": campaign.closes.isoformat() if campaign.closes else None,
        "allowed_origins": campaign.allowed_origins,
        "frame_origins": campaign.frame_origins,
        "accent": campaign.accent,
        "street_address": campaign.street_address,
        "own_words": campaign.own_words,
        "sources": campaign.sources,
        "approval": campaign.approval,
        "deliver": campaign.deliver,
        "deliver_on": campaign.deliver_on,
        "deliver_at": campaign.deliver_at,
        "privacy_url": campaign.privacy_url,
        "keep_for_days": campaign.keep_for_days,
        "organizer": {
            "name": campaign.organizer.name,
            "email": campaign.organizer.email,
            "website": campaign.organizer.website,
        },
        "translations": {
            language: {"title": texts.title, "summary": texts.summary}
            for language, texts in campaign.translations.items()
        },
    }
