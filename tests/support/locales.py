"""What the pages say in a language with one copy of Babel's data or another, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING

import babel

from undersigned.base import languages as known
from undersigned.base.languages import SOURCE, catalog, languages
from undersigned_cli.local.template import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MONTHS = [date(2026, month, 20 + month % 7) for month in range(1, 13)]
ZONES = ("America/Chicago", "Pacific/Honolulu", "Europe/Warsaw")


def said_in(language: str) -> list[str]:
    """Return a word of the catalog, days, hours, zones, numbers and names, as the pages write them."""
    return [
        catalog(language).gettext("Full name"),
        *(write(day, language) for write in (known.long_date, known.full_date, known.short_date) for day in MONTHS),
        *(known.weekday_of(day, language) for day in range(7)),
        *(known.hour_of(hour, language) for hour in range(24)),
        known.short_moment(datetime(2026, 11, 30, 9, 5), language),  # noqa: DTZ001  (its own time zone)
        # Babel has no words for zones in some languages. The pages name them only in those that have a catalog.
        *(known.zone_of(zone, language) for zone in ZONES if language in languages()),
        *(known.number(number, language) for number in (7, 1234, 12345678)),
        known.name_of(language),
        known.direction(language),
        *(known.named_in(other, language) for other in languages()),
        known.named_in(language, SOURCE),
    ]


def said_with(folders: Iterable[Path], spoken: Iterable[str]) -> dict[str, list[str]]:
    """Return what another process says in languages, with the packages of these folders; Babel must be one of them."""
    paths = [*map(str, folders), str(ROOT)]
    ran = subprocess.run(  # noqa: S603  (this Python)
        [sys.executable, "-B", "-m", "tests.support.locales", *spoken],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    said: dict[str, list[str]]
    place, said = json.loads(ran.stdout)
    assert place.startswith(tuple(paths[:-1])), place
    return said


if __name__ == "__main__":
    sys.stdout.write(json.dumps([babel.__file__, {language: said_in(language) for language in sys.argv[1:]}]))
