"""The frame of emails: their two templates, in the color and with the logo of a campaign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.colors import PLAIN, accents
from undersigned.base.emails import InlinePicture
from undersigned.base.environment import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.emails import Sender
    from undersigned.campaigns.rules.campaigns import Campaign, Logo


@dataclass(frozen=True, slots=True)
class Bodies:
    """An email's text, its HTML in the campaign's color, and the pictures in the HTML."""

    text: str
    html: str
    pictures: tuple[InlinePicture, ...] = ()


def bodies(kind: str, language: str, sender: Sender, campaign: Campaign | None, values: Mapping[str, object]) -> Bodies:
    """Write an email's text and HTML from the two templates of its kind."""
    written = environment(language)
    light, dark = accents((campaign and campaign.accent) or PLAIN)
    logo = campaign and campaign.logo
    pictures = (logo_in_mail(logo, sender),) if logo else ()
    own = {"language": language, "campaign": campaign, "light": light, "dark": dark, "pictures": pictures}
    values = {**own, "styled": partial(_styled, link=light.color), **values}
    text, html = (written.get_template(f"{kind}.{ending}").render(values) for ending in ("txt", "html"))
    return Bodies(text, html, pictures)


_SIGNATURE = "font-family: 'Brush Script MT', 'Segoe Script', cursive; font-size: 24px"


def _styled(letter: str, link: str) -> Markup:
    """Return a letter's HTML with its styles in it. A link that shows an address may break anywhere."""
    html = str(letter).replace('<span class="signature">', f'<span style="{_SIGNATURE}">')
    found = re.sub(
        r'<a href="([^"]*)">(?=(\S{30})?)',
        lambda a: f'<a href="{a[1]}" style="color: {link}{"; word-break: break-all" if a[2] else ""}">',
        html,
    )
    return Markup(found)  # noqa: S704  (the letter's rendering escapes every value)


def logo_in_mail(logo: Logo, sender: Sender) -> InlinePicture:
    """Return a campaign's logo as an email has it."""
    return InlinePicture(f"{logo.digest}@{sender.address.partition('@')[2]}", logo.png)
