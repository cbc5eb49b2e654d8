"""The settings of a draft: JSON values by dotted name, such as `goal`, `organizer.email` or `es.title`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.workshop.described_settings import described
from undersigned.workshop.setting_kinds import LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.workshop.described_settings import Setting
    from undersigned.workshop.setting_kinds import Value


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """The settings that people gave, with any mistakes in them. Missing settings are left out."""

    values: Mapping[str, Value]

    @classmethod
    def read(cls, text: str) -> DraftSettings:
        """Read the text that a draft keeps; an empty one has no settings."""
        return cls(json.loads(text or "{}"))

    @property
    def text(self) -> str:
        """Return the text that a draft keeps."""
        return json.dumps(dict(self.values), ensure_ascii=False)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the other languages of the campaign: it has texts in them, or needs some."""
        listed, own = self.values.get("languages"), self.values.get("language")
        tables = (name.partition(".")[0] for name in self.values if "." in name)
        names = [*(listed if isinstance(listed, list) else ()), *tables]
        return tuple(dict.fromkeys(name for name in names if _is_language(name) and name not in {own, "organizer"}))

    def described(self, languages: Iterable[str] = ()) -> Mapping[str, Setting]:
        """Return the settings that the campaign can have, by dotted name. `languages` are added to its own."""
        return described(dict.fromkeys((*self.languages, *filter(_is_language, languages))))

    def changed(self, values: Mapping[str, Value]) -> DraftSettings:
        """Return the settings with these; None removes one. Values are not checked here.

        A language that is removed from `languages`, or becomes the campaign's own, loses its texts, too.
        """
        gone = {f"{values.get('language')}."}
        if "languages" in values:
            listed = values["languages"]
            gone |= {f"{it}." for it in {*self.languages}.difference(listed if isinstance(listed, list) else ())}
        kept = {name: value for name, value in {**self.values, **values}.items() if value is not None}
        return DraftSettings({name: value for name, value in kept.items() if not name.startswith(tuple(gone))})


def _is_language(name: str) -> bool:
    return bool(re.fullmatch(LANGUAGE, name))
