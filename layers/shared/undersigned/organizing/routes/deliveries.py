"""Deliveries, their packets, and SES's events about them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from undersigned.base.answers import data, moved
from undersigned.campaigns.cursors import DELIVERY_POSITION, cursor_of
from undersigned.delivering.rules.deliveries import DeliveryKey, delivery_at, delivery_position
from undersigned.delivering.storing import packet_link
from undersigned.organizing import deliveries as organizing
from undersigned.people.routes.programs import ApiRoutes

if TYPE_CHECKING:
    from datetime import datetime

    from aws_lambda_powertools.event_handler import Response

    from undersigned.delivering.rules.deliveries import Delivery, PacketRecord
    from undersigned.delivering.rules.mail_events import MailEvent
    from undersigned.organizing.deliveries import DeliveryRecord
    from undersigned.people.requests import ApiRequest, CampaignRequest, DashboardRequest

routes = ApiRoutes()


@routes.get("/deliveries", "counts")
def list_deliveries(request: ApiRequest) -> Response[str]:
    """List deliveries, newest period first."""
    target, period = request.query_name("target"), request.query_name("period")
    found, last = organizing.list_deliveries(
        request.stack, request.campaign, target, period, after(request), request.limit(20, most=50)
    )
    return data({"deliveries": [_record(record) for record in found], "next": cursor_of(delivery_position(last))})


def after(request: CampaignRequest) -> DeliveryKey | None:
    """Return the delivery after which a page begins; raises RequestError for a cursor that no page has."""
    return delivery_at(request.campaign, request.position(DELIVERY_POSITION))


@routes.get("/deliveries/<period>/<target>", "counts")
def show_delivery(request: ApiRequest, period: str, target: str) -> Response[str]:
    """Show one delivery, with the ids of the letters in each packet."""
    found = organizing.delivery_record(request.stack, DeliveryKey(request.campaign, target, period))
    packets = [packet_values(packet) | {"letters": found.letters_of(packet)} for packet in found.packets]
    return data(_record(found) | {"packets": packets})


def fetch_packet(request: DashboardRequest, period: str, target: str, number: str) -> Response[str]:
    """Redirect to a packet's PDF, at an address that works for a few minutes."""
    key = DeliveryKey(request.campaign, target, period)
    return moved(packet_link(request.stack, key, number), status=302)


def delivery_values(delivery: Delivery) -> dict[str, object]:
    """Return a delivery with its state."""
    handed = delivery.handed
    return {
        "target": delivery.key.target,
        "period": delivery.key.period,
        "state": delivery.state,
        "reason": delivery.reason,
        "permanent": delivery.last.permanent,
        "letters": delivery.letters,
        "bytes": delivery.last.bytes,
        "attempt": delivery.attempt,
        "revision": delivery.revision,
        "way": delivery.way,
        "email": delivery.email,
        "message_id": delivery.last.message_id,
        "opened_at": delivery.opened_at.isoformat(),
        "sending_since": _moment(delivery.last.since),
        "sent_at": _moment(delivery.last.sent_at),
        "settled_at": _moment(delivery.last.settled_at),
        "handed_over": handed and asdict(handed) | {"day": handed.day.isoformat(), "at": handed.at.isoformat()},
    }


def packet_values(packet: PacketRecord) -> dict[str, object]:
    """Return a packet's facts. It holds letters `first` to `last` of its delivery, counted from 1."""
    return {
        "number": packet.number,
        "first": packet.first,
        "last": packet.last,
        "bytes": packet.bytes,
        "residents": packet.residents,
        "since": packet.since.isoformat(),
    }


def _record(record: DeliveryRecord) -> dict[str, object]:
    return delivery_values(record.delivery) | {
        "needs_attention": record.question,
        "received_at": _moment(record.delivery.received_at(record.target)),
        "packets": [packet_values(packet) for packet in record.packets],
        "events": [_event(event) for event in record.events],
    }


def _event(event: MailEvent) -> dict[str, object]:
    return {
        "kind": event.kind,
        "at": event.at.isoformat(),
        "attempt": event.attempt,
        "message_id": event.message_id,
        "reason": event.reason,
        "permanent": event.permanent,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
