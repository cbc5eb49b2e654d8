"""Pictures in emails: a drawn signature as a PNG, because Gmail, Outlook and other mail programs show no SVG."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.emails import InlinePicture
from undersigned.campaigns.rules.drawings import Drawing
from undersigned.campaigns.rules.letters import DRAWN_HEIGHT, signature_html

if TYPE_CHECKING:
    from undersigned.campaigns.rules.letters import SignerDetails

# White paper keeps black ink readable in a dark email; a transparent background would not.
_INK, _PAPER = "#1b1b1b", "#ffffff"
_ZOOM = 2  # for high-resolution screens


def with_pictures(letter_html: str, signer: SignerDetails, domain: str) -> tuple[str, tuple[InlinePicture, ...]]:
    """Replace the SVG of a drawn signature with an image; return the letter and the pictures to send with it."""
    if not signer.drawing:
        return letter_html, ()
    drawn = Drawing.kept(signer.drawing).picture
    png = _png(drawn.svg(DRAWN_HEIGHT, ink=_INK))
    picture = InlinePicture(f"{hashlib.sha256(png).hexdigest()[:32]}@{domain}", png)
    width, height = drawn.size(DRAWN_HEIGHT)
    style = f"max-width: 100%; height: auto; background: {_PAPER}"
    image = Markup('<img src="cid:{}" alt="{}" width="{:.0f}" height="{:.0f}" style="{}">').format(
        picture.content_id, signer.signature, width, height, style
    )
    return letter_html.replace(signature_html(signer), image), (picture,)


def _png(svg: str) -> bytes:
    from resvg_py import svg_to_bytes

    return svg_to_bytes(svg_string=svg, zoom=_ZOOM, background=_PAPER, skip_system_fonts=True)
