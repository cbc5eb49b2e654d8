"""Write a campaign's folder: a new folder to fill in, or a campaign of a stack."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.workshop import logos
from undersigned.workshop.described_settings import SCHEMA_FILE, schema_text
from undersigned.workshop.starting import empty_files
from undersigned.workshop.writing import files_of, files_of_folder
from undersigned_cli.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from undersigned.campaigns.rows.campaigns import Campaigns


def write_new(folder: Path) -> None:
    """Write the folder of a new campaign. `campaign check` says what to fill in. Raises UndersignedError."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:50].strip("-")
    files = empty_files(name)
    _write(folder, files, replace=False, way_out="name another folder")


def pull(campaigns: Campaigns, campaign: str, folder: Path, *, replace: bool) -> None:
    """Write the folder of a campaign on a stack. Raises NotFoundError, and UndersignedError if a file is there."""
    settings = campaigns.campaign(campaign)
    letters = {language: campaigns.letter(campaign, version) for language, version in settings.letters.items()}
    files = files_of(settings, letters, campaigns.settings_of_targets(campaign))
    _write(folder, files, replace=replace, way_out="name another folder, or replace them with --force")


def write(folder: Path, files: Mapping[str, str], *, replace: bool) -> None:
    """Write the files of a draft. Raises UndersignedError if a file is there."""
    _write(folder, files, replace=replace, way_out="name another folder, or replace them with --force")


def _write(folder: Path, files: Mapping[str, str], *, replace: bool, way_out: str) -> None:
    """Write files, and the schema for editors."""
    files = {**files_of_folder(files), SCHEMA_FILE: schema_text()}
    there = [file for file in files if (folder / file).exists()]
    if there and not replace:
        message = f"{folder} has {', '.join(there)} already; {way_out}"
        raise UndersignedError(message)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        write_whole(folder / file, b64decode(text) if file == logos.FILE else text.encode())
