"""A campaign's public count. It is kept for two seconds, so that a busy page reads the counters seldom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.campaigns.catalog import check_id
from undersigned.campaigns.rows.counters import Counters
from undersigned.campaigns.rules.counts import Count

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.stack import Stack

_KEPT_FOR = timedelta(seconds=2)


def public_count(stack: Stack, campaign: str, *, fresh: bool = False) -> Count:
    """Return the public count, which may be two seconds old unless it is `fresh`. Raises NotFoundError."""
    check_id(campaign)
    now, kept = stack.clock(), stack.once(_kept_counts)
    read_at, count = kept.get(campaign, (None, None))
    if fresh or not read_at or not count or now - read_at >= _KEPT_FOR:
        count = Count(campaign, *Counters(stack.table).total(campaign))
        kept[campaign] = now, count
    return count


def _kept_counts(_stack: Stack) -> dict[str, tuple[datetime, Count]]:
    return {}
