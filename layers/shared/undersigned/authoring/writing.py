"""Write a campaign as the files of its folder. Reading them again gives the same campaign."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from undersigned.authoring import letters as letter_file
from undersigned.authoring import logos as logo_file
from undersigned.authoring import settings as settings_file
from undersigned.authoring import targets as targets_file
from undersigned.authoring.described_settings import (
    ORGANIZER_SETTINGS,
    SCHEMA_FILE,
    SETTINGS,
    TRANSLATION_SETTINGS,
    as_toml,
)
from undersigned.authoring.table_texts import text_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from undersigned.authoring.described_settings import Setting
    from undersigned.domain.authoring.campaigns import Campaign, Organizer, Target, Translation
    from undersigned.domain.authoring.letters import Letter

_WIDTH = 120


def files_of(campaign: Campaign, letters: Mapping[str, Letter], targets: Iterable[Target]) -> dict[str, str]:
    """Return the texts of a campaign's files, by name. `letters` are by language; retired targets are left out."""
    return {
        settings_file.FILE: settings_text(campaign),
        **{
            letter_file.FILE if language == campaign.language else f"letter.{language}.md": letter.source
            for language, letter in letters.items()
        },
        targets_file.FILE: _targets_text(campaign, [target for target in targets if not target.retired]),
        **({logo_file.FILE: campaign.logo.text} if campaign.logo else {}),
    }


def settings_text(campaign: Campaign) -> str:
    """Return a campaign's campaign.toml. A required setting that is missing is an empty text to fill in."""
    lines = [f"#:schema {SCHEMA_FILE}", "", *_settings(SETTINGS, campaign)]
    lines += ["# Who runs the campaign.", "[organizer]", *_settings(ORGANIZER_SETTINGS, campaign.organizer)]
    for language, texts in campaign.translations.items():
        lines += [f"[{language}]", *_settings(TRANSLATION_SETTINGS, texts)]
    return "\n".join(lines)


def _settings(settings: Iterable[Setting], of: Campaign | Organizer | Translation) -> Iterator[str]:
    for setting in settings:
        value = getattr(of, setting.name)
        if setting.name == "languages" and len(value) == 1:
            value = ()
        yield from textwrap.wrap(setting.note_in_file, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        is_unset = value in {None, (), ""} and not setting.required
        yield f"#{setting.example}" if is_unset else f"{setting.name} = {as_toml(value)}"
        yield ""


def _targets_text(campaign: Campaign, targets: Sequence[Target]) -> str:
    languages = [language for language in campaign.translations if any(language in it.titles for it in targets)]
    optional = [targets_file.POSTAL_ADDRESS] if any(target.postal_address for target in targets) else []
    rows = [[*targets_file.COLUMNS, *optional, *(f"title_{language}" for language in languages)]]
    for target in targets:
        cells = [target.id, target.title, target.name, target.department, target.locality, target.email]
        titles = [target.titles.get(language, "") for language in languages]
        rows.append([*cells, "; ".join(target.postal_codes), *(target.postal_address for _ in optional), *titles])
    return text_of_rows(rows)
