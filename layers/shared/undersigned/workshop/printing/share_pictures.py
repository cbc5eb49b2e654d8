"""The picture that other sites show beside a shared link to a campaign: its logo and title on its color, as a PNG.

Facebook, WhatsApp, X, Slack and others take no SVG. The picture has nothing that a signer typed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from undersigned.base.colors import PLAIN, contrast
from undersigned.base.fonts import font_book
from undersigned.delivering.printing.packets import plain, printable, tidied, typst_language
from undersigned.delivering.printing.typesetter import Typesetter, TypesettingError

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign

_TEMPLATE = Path(__file__).with_name("share.typ").read_bytes()

_PIXEL = 72
"""Pixels per inch at which a point is one pixel: 1200 by 630, which all of them show uncut."""

_INKS = ("#ffffff", "#1b1b1b")
_LOGO_ZOOM = 1.5
_LONGEST_WORD = 24


def share_pictures(campaign: Campaign) -> dict[str, bytes]:
    """Draw the picture in each language of a campaign."""
    return {language: _share_picture(campaign, language) for language in campaign.languages}


def _share_picture(campaign: Campaign, language: str) -> bytes:
    fonts, paper, logo = font_book(), campaign.accent or PLAIN, campaign.logo
    title = tidied(campaign.texts(language).title, _LONGEST_WORD)
    typesetter = Typesetter(fonts)

    def drawn(title: str) -> bytes:
        shared = {
            "title": title,
            "language": typst_language(language),
            "faces": fonts.faces(language),
            "paper": paper,
            "ink": max(_INKS, key=lambda ink: contrast(ink, paper)),
            "logo": logo and [[*logo.png], round(_LOGO_ZOOM * logo.size[0])],
        }
        [png] = typesetter.pictures(printable(json.dumps(shared, ensure_ascii=False), fonts), _PIXEL, _TEMPLATE)
        return png

    try:
        return drawn(title)
    except TypesettingError:
        return drawn(plain(title))
