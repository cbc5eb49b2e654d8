"""The details of a campaign: settings become fields by their descriptions, and posted fields become settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.languages import SOURCE, hour_of, weekday_of, zone_of
from undersigned.campaigns.rules.cadence import DAYS, cadence_of
from undersigned.workshop import logos as logo_file
from undersigned.workshop.described_settings import GROUPS, label_of, setting_of
from undersigned.workshop.pages.frame import workshop_page
from undersigned.workshop.rules.drafts import DRAFTED
from undersigned.workshop.setting_kinds import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.campaigns.rules.campaigns import Campaign
    from undersigned.workshop.described_settings import Setting
    from undersigned.workshop.draft_settings import DraftSettings
    from undersigned.workshop.mistakes import Mistake
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.pages.preview import Preview
    from undersigned.workshop.setting_kinds import Choices, Value

_SHORT = {"choice", "select", "number", "date", "color"}
"""The controls whose values a folded group shows."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """A field of the page, in the reader's language. `value` is its text; `choices` are values with their words."""

    name: str
    control: str
    label: str
    hint: str
    value: str
    choices: Choices
    errors: tuple[str, ...]
    is_default: bool

    @property
    def id(self) -> str:
        """Return the field's id on the page."""
        return f"setting-{self.name.replace('.', '-')}"

    @property
    def words(self) -> str:
        """Return the choice in words, or the typed text."""
        return dict(self.choices).get(self.value, self.value)

    @property
    def is_hinted(self) -> bool:
        """Say whether its hint is shown. The error of an empty field says the same."""
        return bool(self.value or not self.errors)


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Fields under one heading, which are shown open if one has an error."""

    heading: str
    fields: tuple[SettingField, ...]

    @property
    def is_open(self) -> bool:
        """Say whether the group is shown open, because one of its fields has an error."""
        return any(field.errors for field in self.fields)

    @property
    def now(self) -> str:
        """Return the choices that differ from the defaults, in words."""
        short = (it for it in self.fields if it.control in _SHORT and not it.is_default)
        return "; ".join(f"{it.label}: {it.words}" for it in short)


def settings(  # noqa: PLR0913  (what the page shows)
    workshop: Workshop,
    preview: Preview,
    schedule: WeeklySchedule,
    logo_mistakes: Iterable[Mistake] = (),
    *,
    kept_logo: str = "",
    removes_logo: bool = False,
) -> Page:
    """Render the settings as fields, each with its errors, which stand nowhere else.

    `schedule` has the usual day and hour. `logo_mistakes` are about a logo that was just uploaded. The page keeps an
    uploaded logo that is not saved, or the wish to remove the present one.
    """
    errors: dict[str, list[str]] = {}
    logo_mistakes = [*logo_mistakes]
    for mistake in workshop.shown_mistakes_of("settings"):
        if mistake.file == logo_file.FILE:
            logo_mistakes.append(mistake)
            continue
        errors.setdefault(mistake.setting or "", []).append(workshop.viewer.say(mistake.on_page))
    usual = usual_words(preview.sample.form_page.entry.campaign, schedule, workshop.language)
    groups = setting_groups(workshop.settings, errors, workshop.language, usual)
    return workshop_page(
        "workshop/pages/settings.html",
        workshop,
        "settings",
        DRAFTED,
        left=workshop.left_behind("settings"),
        groups=groups,
        preview=preview,
        in_form=True,
        kept_logo=kept_logo,
        removes_logo=removes_logo,
        to_do=[field for group in groups for field in group.fields if field.errors],
        # Mistakes in the file about something that has no field.
        unknown=dict.fromkeys(errors.get("", ())),
        logo=preview.sample.form_page.entry.campaign.logo,
        logo_limit=(logo_file.MOST_BYTES, workshop.viewer.say(logo_file.TOO_LARGE)),
        logo_errors=[workshop.viewer.say(mistake.on_page) for mistake in logo_mistakes],
    )


def usual_words(campaign: Campaign, schedule: WeeklySchedule, language: str) -> Mapping[str, str]:
    """Return the day and the hour, with its time zone, of a campaign that chooses none."""
    zone = cadence_of(replace(campaign, deliver_at=None), schedule).time_zone
    return {
        "day": weekday_of(DAYS.index(schedule.day), language),
        "hour": f"{hour_of(schedule.hour, language)}, {zone_of(zone, language)}",
    }


def setting_groups(
    document: DraftSettings, errors: Mapping[str, Iterable[str]], language: str, usual: Mapping[str, str]
) -> tuple[SettingGroup, ...]:
    """Return the fields of all settings. `errors` are by name; `usual` has what counts where nothing is chosen."""
    own = _own_language(document, {})
    fields = {
        name: SettingField(
            name,
            setting.kind.control,
            label_of(name).in_language(language),
            setting.hint(language),
            value := _shown(document.values.get(name), setting),
            _choices(setting, value, language, own, usual),
            tuple(errors.get(name, ())),
            is_default=value == _shown(None, setting),
        )
        for name, setting in document.described().items()
    }
    placed = {name for _, names in GROUPS for name in names}
    translated = tuple(name for name in fields if name not in placed)
    return tuple(
        SettingGroup(
            heading.in_language(language) if heading else "",
            tuple(fields[name] for name in (*names, *(translated if "languages" in names else ()))),
        )
        for heading, names in GROUPS
    )


def changed_values(document: DraftSettings, posted: Mapping[str, object]) -> dict[str, Value]:
    """Return the settings that a posted page changes, by name. An empty field removes a setting that may be missing.

    A value that can't be read stays as it was typed: reading the settings finds the mistake.
    """
    changed: dict[str, Value] = {}
    for name, setting in document.described(_languages_of(posted)).items():
        before = _shown(document.values.get(name), setting)
        typed = _typed(name, setting, document, posted)
        if typed is None:
            continue
        value = setting.kind.typed(typed)
        if _shown(value, setting) != before:
            changed[name] = "" if value is None and setting.required else value
    return changed


def _typed(name: str, setting: Setting, document: DraftSettings, posted: Mapping[str, object]) -> str | None:
    """Return a setting's text on the posted page, as its kind reads it; None if the page has no such field."""
    typed = posted.get(name)
    if not isinstance(typed, str) or setting.kind.control == "fixed":
        return None
    if setting.kind.control == "boxes":
        own = _own_language(document, posted)
        before = as_text(document.values.get(name))
        checked = [code for code, _ in _choices(setting, before, own, own, {}) if posted.get(f"{name}.{code}")]
        return before if {*checked} == {*before.split()} - {own} else "\n".join([own, *checked]) if checked else ""
    if setting.kind.control == "region" and not typed:
        typed = str(posted.get(f"{name}.other", ""))
    return typed.strip()


def _languages_of(posted: Mapping[str, object]) -> tuple[str, ...]:
    """Return the languages for which settings with these names are texts, such as `es.title`."""
    tables = (name.rpartition(".")[0] for name in posted if setting_of(name))
    return tuple(dict.fromkeys(table for table in tables if table not in {"", "organizer"}))


def _own_language(document: DraftSettings, posted: Mapping[str, object]) -> str:
    return str(posted.get("language") or document.values.get("language") or SOURCE)


def _choices(setting: Setting, value: str, language: str, own: str, usual: Mapping[str, str]) -> Choices:
    """Return the choices, with the present value, and with no value if the setting may be missing."""
    known = setting.kind.choices(language)
    unset = (("", replace(setting.unset, values=usual).in_language(language)),) if setting.unset else ()
    match setting.kind.control:
        case "boxes":
            others = tuple((code, code) for code in value.split() if code not in dict(known))
            return tuple((code, words) for code, words in (*known, *others) if code != own)
        case "select" if value and value not in dict(known):
            return (*unset, *known, (value, value))
        case _:
            return (*unset, *known)


def _shown(value: Value, setting: Setting) -> str:
    """Return a setting's value in the form of its field. A setting that isn't there has its default."""
    return as_text(setting.default if value is None else value)


def words_of(name: str, text: str, language: str) -> str:
    """Return a setting's text in the words of its choices on the page; a text that is no choice stays as it is."""
    setting = setting_of(name)
    return dict(setting.kind.choices(language)).get(text, text) if setting else text
