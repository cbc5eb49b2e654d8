from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from undersigned.base.limits import Limits
from undersigned.delivering.rules.deliveries import Delivery

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.delivering.rules.deliveries import DeliveryKey
    from undersigned.delivering.rules.states import DeliveryState


def delivery_of(key: DeliveryKey, state: DeliveryState, opened_at: datetime, **values: Any) -> Delivery:
    """Return a delivery in a state, with packets of the usual size."""
    return Delivery(**asdict(key), state=state, opened_at=opened_at, packet_size=Limits.packet_size, **values)
