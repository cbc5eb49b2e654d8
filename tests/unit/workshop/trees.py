"""The files of a small campaign without mistakes, for tests to change."""

from __future__ import annotations

import pytest

from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.described_settings import described
from undersigned.workshop.mistakes import MistakesError

type Files = dict[str, str]

SETTINGS = """\
id = "plant-trees"
title = "Plant trees"
summary = "Ask the mayor to plant trees."
language = "en"
region = "IL"
time_zone = "America/Chicago"
goal = 50
opens = 2026-01-01
closes = 2026-12-31

[organizer]
name = "Tree Friends (sample)"
email = "letters@trees.example"
website = "https://trees.example"
"""
LETTER = """\
{{ target.title }} {{ target.name }}

Plant trees.

{{ signature }}
{{ date }}
{{ signer.name }}
{{ signer.address }}
"""
TARGETS = """\
id,title,name,department,locality,email,postal_codes
oakton,Mayor,Avery Sample,City Hall,Oakton,mayor@oakton.example,60201; 60202
elmton,Mayor,Blake Specimen,Village Hall,Elmton,mayor@elmton.example,60202
"""
SPANISH_TABLE = '\n[es]\ntitle = "Plante  árboles"\nsummary = "Pida más árboles."\n'

FILES = {"campaign.toml": SETTINGS, "letter.md": LETTER, "targets.csv": TARGETS}

OTHER_VALUES: dict[str, str | int | bool | list[str] | None] = {
    **{name: setting.sample for name, setting in described(["es"]).items()},  # type: ignore[misc]
    "opens": "2030-01-01",
    "closes": "2030-12-31",
    # The example campaign has the samples.
    "time_zone": "America/Denver",
    "goal": 12,
    "accent": "#123456",
    "organizer.telephone": "+1 847 555 0199",
}
"""Another value for each setting, as JSON has it."""


def change(files: Files, file: str, old: str, new: str) -> None:
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1)


def mistakes_of(files: Files) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        compile_campaign(files)
    return [str(mistake) for mistake in caught.value.mistakes]
