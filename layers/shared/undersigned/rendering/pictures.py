"""Pictures in emails: a drawn signature as a PNG, because Gmail, Outlook and other mail programs show no SVG."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.campaigns.rules.drawings import Drawing
from undersigned.campaigns.rules.letters import DRAWN_HEIGHT, signature_html

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Logo
    from undersigned.campaigns.rules.letters import SignerDetails
    from undersigned.domain.delivering.deliveries import Sender

# White paper keeps black ink readable in a dark email; a transparent background would not.
_INK, _PAPER = "#1b1b1b", "#ffffff"
_ZOOM = 2  # for high-resolution screens


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A PNG that an email's HTML refers to by its Content-ID (RFC 2392), a hash of the picture."""

    content_id: str
    png: bytes = field(repr=False)

    @property
    def data(self) -> str:
        """Return it as an address that needs no request."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


def logo_in_mail(logo: Logo, sender: Sender) -> InlinePicture:
    """Return a campaign's logo as an email has it."""
    return InlinePicture(f"{logo.digest}@{sender.address.partition('@')[2]}", logo.png)


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
