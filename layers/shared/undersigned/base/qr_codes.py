"""QR codes as SVG."""

from __future__ import annotations

import io
from functools import lru_cache


@lru_cache(maxsize=16)
def qr_code(address: str, border: int = 0, *, sized: bool = False) -> str:
    """Return the QR code of an address as SVG, black on white or on nothing; `border` is in modules.

    Browsers scale the picture to its place; for Typst, it must be `sized`.
    """
    import segno

    written = io.BytesIO()
    # The pages' policy allows no style of an element's own.
    segno.make(address, error="m").save(
        written, kind="svg", xmldecl=False, border=border, omitsize=not sized, svgclass=None, lineclass=None
    )
    return written.getvalue().decode().strip()
