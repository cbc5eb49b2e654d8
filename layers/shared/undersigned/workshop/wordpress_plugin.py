"""The plugin for WordPress: its authors may not post frames and scripts, so it makes them from a form's link."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from undersigned.base.assets import asset

_FOLDER = Path(__file__).parent / "wordpress"


def plugin() -> bytes:
    """Return the plugin as a zip file that WordPress installs: the same bytes for the same files."""
    files = {file.name: file.read_bytes() for file in _FOLDER.iterdir()} | {"embed.js": asset("embed.js").content}
    written = io.BytesIO()
    with ZipFile(written, "w") as zipped:
        for name, content in sorted(files.items()):
            entry = ZipInfo(f"undersigned/{name}")  # the day is the first one that a zip file can have
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o100644 << 16
            zipped.writestr(entry, content)
    return written.getvalue()
