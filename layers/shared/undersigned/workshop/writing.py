"""Write a campaign as the files of its folder. Reading them again gives the same campaign."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import TYPE_CHECKING

from undersigned.workshop import letters as letter_file
from undersigned.workshop import logos as logo_file
from undersigned.workshop import settings as settings_file
from undersigned.workshop import targets as targets_file
from undersigned.workshop.described_settings import SCHEMA_FILE, as_toml, described
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.setting_kinds import DAY
from undersigned.workshop.table_texts import text_of_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.letters import Letter
    from undersigned.workshop.described_settings import Setting
    from undersigned.workshop.setting_kinds import Value

_WIDTH = 120


def files_of(campaign: Campaign, letters: Mapping[str, Letter], targets: Iterable[Target]) -> dict[str, str]:
    """Return the texts of a campaign, by name, as a draft has them. `letters` are by language.

    Retired targets are left out.
    """
    return {
        DRAFTED: DraftSettings(_values(campaign)).text,
        **{
            letter_file.FILE if language == campaign.language else f"letter.{language}.md": letter.source
            for language, letter in letters.items()
        },
        targets_file.FILE: _targets_text(campaign, [target for target in targets if not target.retired]),
        **({logo_file.FILE: campaign.logo.text} if campaign.logo else {}),
    }


def files_of_folder(files: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of a draft as the files of a folder."""
    others = {name: text for name, text in files.items() if name != DRAFTED}
    return {settings_file.FILE: _settings_text(DraftSettings.read(files.get(DRAFTED, ""))), **others}


def _values(campaign: Campaign) -> dict[str, Value]:
    """Return a campaign's settings by dotted name. A required setting that is missing is an empty text to fill in."""
    parts = {"": campaign, "organizer": campaign.organizer, **campaign.translations}
    values: dict[str, Value] = {}
    for name, setting in described(campaign.translations).items():
        table, _, key = name.rpartition(".")
        value = getattr(parts[table], key)
        is_unset = value in {None, (), ""} and not setting.required
        if not is_unset and not (name == "languages" and len(value) == 1):
            as_json = value.isoformat() if isinstance(value, date) else value
            values[name] = list(as_json) if isinstance(as_json, tuple) else as_json
    return values


def _settings_text(settings: DraftSettings) -> str:
    """Return settings as a campaign.toml, with a note for each, and with the unset ones in comments."""
    lines = [f"#:schema {SCHEMA_FILE}", ""]
    table = ""
    for name, setting in settings.described().items():
        of, _, key = name.rpartition(".")
        if of != table:
            lines += ["# Who runs the campaign.", "[organizer]"] if of == "organizer" else [f"[{of}]"]
            table = of
        lines += textwrap.wrap(setting.note_in_file, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        value = settings.values.get(name)
        lines += [f"#{setting.example}" if value is None else f"{key} = {_as_toml(setting, value)}", ""]
    return "\n".join(lines)


def _as_toml(setting: Setting, value: Value) -> str:
    is_day = setting.kind is DAY and not [*DAY.wrong_in(value)]
    return str(value) if is_day else as_toml(value)


def _targets_text(campaign: Campaign, targets: Sequence[Target]) -> str:
    languages = [language for language in campaign.translations if any(language in it.titles for it in targets)]
    optional = [targets_file.POSTAL_ADDRESS] if any(target.postal_address for target in targets) else []
    rows = [[*targets_file.COLUMNS, *optional, *(f"title_{language}" for language in languages)]]
    for target in targets:
        cells = [target.id, target.title, target.name, target.department, target.locality, target.email]
        titles = [target.titles.get(language, "") for language in languages]
        rows.append([*cells, "; ".join(target.postal_codes), *(target.postal_address for _ in optional), *titles])
    return text_of_rows(rows)
