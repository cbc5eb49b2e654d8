"""The step in which the settings are filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.authoring import settings as settings_file
from undersigned.web.workshop.frame import (
    workshop_page,
)
from undersigned.web.workshop.setting_fields import setting_groups, setting_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Workshop


def settings(workshop: Workshop) -> Page:
    """Render the settings as fields; as the text of their file if that can't be read."""
    document = workshop.settings
    if document is None:
        text = workshop.draft.files.get(settings_file.FILE, "")
        return workshop_page(
            "workshop_settings.html", workshop, "settings", settings_file.FILE, as_file=text or "\n", groups=()
        )
    errors: dict[str, list[str]] = {}
    for mistake in workshop.mistakes_of("settings"):
        if name := setting_in(mistake.message, workshop.setting_names):
            errors.setdefault(name, []).append(workshop.viewer.say(mistake.says))
    groups = setting_groups(document.described(), document.values, errors, workshop.language)
    return workshop_page(
        "workshop_settings.html", workshop, "settings", settings_file.FILE, as_file=None, groups=groups
    )


def languages_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the languages for which settings with these names are texts, such as `es.title`."""
    tables = (name.rpartition(".")[0] for name in names)
    return tuple(dict.fromkeys(table for table in tables if table not in {"", "organizer"}))
