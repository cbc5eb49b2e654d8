"""Pictures in mails: a drawn signature for mail programs that show no SVG, Gmail and Outlook among them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.domain.drawings import Drawing
from undersigned.domain.letters import DRAWN_HEIGHT, signature_html

if TYPE_CHECKING:
    from undersigned.domain.letters import SignerDetails

# White below black is read on a dark mail, too, which clear below black would not be.
_INK, _PAPER = "#1b1b1b", "#ffffff"
_PIXELS_FOR_ONE = 2


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A PNG that a mail's HTML names by its Content-ID, which follows from the picture (RFC 2392)."""

    content_id: str
    png: bytes = field(repr=False)


def with_pictures(letter_html: str, signer: SignerDetails, domain: str) -> tuple[str, tuple[InlinePicture, ...]]:
    """Put an image in place of the SVG of a drawn signature; return the letter and what the mail must bring with it."""
    if not signer.drawing:
        return letter_html, ()
    drawn = Drawing.kept(signer.drawing).picture
    png = _png(drawn.svg(DRAWN_HEIGHT, ink=_INK))
    picture = InlinePicture(f"{hashlib.sha256(png).hexdigest()[:32]}@{domain}", png)
    width, height = drawn.size(DRAWN_HEIGHT)
    image = Markup(
        '<span class="signature drawn"><img src="cid:{}" alt="{}" width="{:.0f}" height="{:.0f}"></span>'
    ).format(picture.content_id, signer.signature, width, height)
    return letter_html.replace(signature_html(signer), image), (picture,)


def _png(svg: str) -> bytes:
    from resvg_py import svg_to_bytes

    return svg_to_bytes(svg_string=svg, zoom=_PIXELS_FOR_ONE, background=_PAPER, skip_system_fonts=True)
