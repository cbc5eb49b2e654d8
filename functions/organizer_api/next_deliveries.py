"""The next deliveries: the mails and packets that would go now, before they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from functions.organizer_api import wired
from functions.organizer_api.deliveries import packet_values
from functions.organizer_api.routes import Asked, Routes, cursor_of
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.deliveries import DeliveryKey
from undersigned.http.answers import data, download
from undersigned.services.steering import NotNowError

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.services.packing import Packing, Preview

routes = Routes()
logger = Logger()

MOST_LETTERS = 2_500
"""Letters that are typeset while somebody waits: ten packets; the API gives up after half a minute."""

MOST_BYTES = 4_400_000
"""Bytes of a file that fit into an answer: Lambda takes 6 MB, in which a file is base64."""


@routes.get("/deliveries/next", "read")
def list_next(asked: Asked) -> Response[str]:
    """List the targets that letters wait for, and whether theirs would go now."""
    place = asked.place(ID_PATTERN)
    overview = wired.organizing.overview(asked.campaign)
    period = wired.wiring.period()
    found = wired.organizing.targets(asked.campaign, place, asked.limit(50, most=200))
    return data(
        {
            "period": period,
            "next_delivery": overview.next_delivery.isoformat(),
            "paused": overview.steering.paused,
            "may_begin": overview.steering.lets_begin(period, needs_approval=overview.campaign.approval),
            "targets": [
                {"target": state.target.id, "waiting": state.waiting, "held_because": state.target.held_because}
                for state in found.items
                if state.waiting
            ],
            "next": cursor_of(found.next_place),
        }
    )


@routes.get("/deliveries/next/<target>", "manage")
def preview(asked: Asked, target: str) -> Response[str]:
    """Show a target's mail as it would go now."""
    made = preview_of(asked, target)
    address = f"/organizer/campaigns/{asked.campaign}/deliveries/next/{target}"
    return data(
        {
            "target": target,
            "to": made.mail.to,
            "subject": made.mail.subject,
            "text": made.mail.text,
            "html": made.mail.html,
            "attached": bool(made.mail.attachments),
            "packets": [
                packet_values(packet) | {"link": f"{address}/packets/{packet.number}"} for packet in made.packets
            ],
            "mail": f"{address}/mail",
        }
    )


@routes.get("/deliveries/next/<target>/mail", "manage")
def preview_mail(asked: Asked, target: str) -> Response[bytes]:
    """Hand over a target's mail as a file that mail programs open."""
    made = preview_of(asked, target)
    return _file(made.mail.as_bytes(), "message/rfc822", f"{target}.eml")


@routes.get("/deliveries/next/<target>/packets/<number>", "manage")
def preview_packet(asked: Asked, target: str, number: str) -> Response[bytes]:
    """Hand over one of a target's packets as it would go now."""
    pdf = _packing(asked).preview_packet(_key(asked, target), int(number))
    return _file(pdf, "application/pdf", f"{target}-{number}.pdf")


def _packing(asked: Asked) -> Packing:
    return wired.wiring.packing(_report_replaced, f"https://{asked.event.headers['host']}")


def _key(asked: Asked, target: str) -> DeliveryKey:
    return DeliveryKey(asked.campaign, target, wired.wiring.period())


def preview_of(asked: Asked, target: str) -> Preview:
    """Make the mail that would go now; raises NotNowError when there is none, TooManyLettersError."""
    made = _packing(asked).preview(_key(asked, target), MOST_LETTERS)
    if made is None:
        message = f"no letter waits for {target}, so there is no mail to show"
        raise NotNowError(message)
    return made


def _file(content: bytes, media_type: str, filename: str) -> Response[bytes]:
    if len(content) > MOST_BYTES:
        message = (
            f"{filename} has {len(content):,} bytes, more than the {MOST_BYTES:,} that fit into an answer; "
            "`undersigned deliver CAMPAIGN --preview DIR` writes it"
        )
        raise NotNowError(message)
    return download(content, media_type, filename)


def _report_replaced(_key: DeliveryKey, packet: int, characters: dict[str, int]) -> None:
    """Write down which characters no font has; code points alone tell nothing about anyone."""
    logger.warning("characters replaced", extra={"packet": packet, "characters": characters})
