"""Assets: the scripts, fonts and style sheets of our pages, each at an address that changes with its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from undersigned.base.errors import NotFoundError

_FOLDER = Path(__file__).parents[1] / "assets"

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Media types by suffix. A file with another suffix, such as a licence, is not served."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that browsers load. `digest` is the beginning of its content's SHA-256, in hex."""

    name: str
    media_type: str
    content: bytes
    digest: str

    @property
    def path(self) -> str:
        """The asset's address on the API. It changes with the content, so caches can keep the asset forever."""
        return f"/assets/{self.digest}/{self.name}"


@cache
def asset(name: str) -> Asset:
    """Return an asset by name; raises NotFoundError."""
    # The name comes from a request, so it is compared with a listing and never used as a path.
    file = next((file for file in _FOLDER.iterdir() if file.name == name and file.suffix in MEDIA_TYPES), None)
    if file is None:
        message = f"There is no asset {name[:50]!r}"
        raise NotFoundError(message)
    content = file.read_bytes()
    return Asset(name, MEDIA_TYPES[file.suffix], content, hashlib.sha256(content).hexdigest()[:12])


@cache
def asset_data(name: str) -> Markup:
    """Return a picture of ours (SVG) as a data URL, which takes no request; raises NotFoundError."""
    # It has nothing that an attribute in double quotes must escape.
    url = "data:image/svg+xml," + quote(asset(name).content.decode().strip(), safe=" =:/.,-<>'")
    return Markup(url)  # noqa: S704  (our own file)


def asset_path(name: str) -> str:
    """Return an asset's address on the API; raises NotFoundError."""
    return asset(name).path
