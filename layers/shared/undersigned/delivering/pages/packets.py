"""The page of packets that are too large for an email."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from undersigned.campaigns.public_frame import public_page

if TYPE_CHECKING:
    from undersigned.base.page import Page
    from undersigned.delivering.packet_links import Packets


def packets_page(found: Packets, token: str) -> Page:
    """Render a page of packets that are too large for an email."""
    return public_page(
        "delivering/pages/packets.html",
        found.campaign.language,
        found.campaign,
        whom=found.target.addressed(found.campaign.language),
        day=date.fromisoformat(found.key.period),
        packets=found.pages[found.page - 1],
        pages=[(page[0].record.number, page[-1].record.number) for page in found.pages if page],
        number=found.page,
        count=sum(map(len, found.pages)),
        token=token,
    )
