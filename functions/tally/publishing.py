"""What the stream's records mean for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.aws.stream import is_of_delivery, read_change, read_delivery_change
from undersigned.domain.events import event_of_delivery, event_of_signature
from undersigned.logs import facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.domain.events import Event
    from undersigned.services.publishing import Publishing

logger = Logger()


def publish(publishing: Publishing, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Publish what records tell, and return those that must come again."""
    happened: list[tuple[Event, Mapping[str, Any]]] = []
    failed: list[Mapping[str, Any]] = []
    for record in records:
        try:
            event = _event_of(record)
        except Exception as error:  # noqa: BLE001  (one bad record never stops its neighbours; it is reported)
            logger.error("a record tells nothing", extra=facts_of(error))
            failed.append(record)
        else:
            happened += [(event, record)] if event else []
    if not happened:
        return failed
    try:
        refused = publishing.publish([event for event, _ in happened])
    except Exception as error:  # noqa: BLE001  (which of them were taken is not known, so all come again)
        logger.error("events were not published", extra={"events": len(happened), **facts_of(error)})
        return [*failed, *(record for _, record in happened)]
    log = logger.error if refused else logger.info
    log("published", extra={"events": len(happened), "refused": len(refused)})
    return [*failed, *(record for event, record in happened if event.id in refused)]


def _event_of(record: Mapping[str, Any]) -> Event | None:
    if is_of_delivery(record):
        moved = read_delivery_change(record)
        return event_of_delivery(moved.delivery, moved.before, moved.at, moved.number)
    change = read_change(record)
    return None if change.is_gone else event_of_signature(change.signature, change.before)
