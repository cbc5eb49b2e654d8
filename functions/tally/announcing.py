"""Announcing: sends other programs the events in the stream's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.stream import is_of_delivery, read_change, read_delivery_change
from undersigned.domain.events import event_of_delivery, event_of_signature
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.events import Event
    from undersigned.services.operating.announcing import Announcing

logger = Logger()


def announce(announcing: Announcing, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Announce the records' events, and return the records that must be retried."""
    found: list[tuple[Event, Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    for record in records:
        try:
            event = _event_of(record)
        except Exception as error:  # noqa: BLE001  (one bad record must not stop the others; it is reported)
            logger.error("an event failed", extra=facts_of(error))
            failed.append(record)
        else:
            found += [(event, record)] if event else []
    if not found:
        return failed
    try:
        refused = announcing.announce([event for event, _ in found])
    except Exception as error:  # noqa: BLE001  (it is not known which were announced, so all are retried)
        logger.error("events were not announced", extra={"events": len(found), **facts_of(error)})
        return [*failed, *(record for _, record in found)]
    log = logger.error if refused else logger.info
    log("announced", extra={"events": len(found), "refused": len(refused)})
    return [*failed, *(record for event, record in found if event.id in refused)]


def _event_of(record: Mapping[str, Any]) -> Event | None:
    if is_of_delivery(record):
        if record["eventName"] == "REMOVE":
            # Its campaign was deleted.
            return None
        moved = read_delivery_change(record)
        return event_of_delivery(moved.delivery, moved.before, moved.at, moved.number)
    change = read_change(record)
    return None if change.is_gone else event_of_signature(change.signature, change.before)
