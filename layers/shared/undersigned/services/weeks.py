"""Weeks: move the day from which a target is free in the transaction that changes a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.plans import Week, next_day

if TYPE_CHECKING:
    from undersigned.domain.deliveries import Delivery
    from undersigned.services.ports import CampaignStore, DeliveryStore


def change(deliveries: DeliveryStore, campaigns: CampaignStore, changed: Delivery, before: Delivery) -> None:
    """Write a changed delivery. If it surely did not arrive, it gives its week back; news can take it again.

    Raises ChangedError, as `DeliveryStore.change` does.
    """
    week, key = None, changed.key
    if changed.occupies_week != before.occupies_week:
        known = campaigns.target(key.campaign, key.target).free_from
        others = (other for other in deliveries.deliveries(key.campaign, key.target) if other.key != key)
        week = Week(known, next_day([changed, *others]))
    deliveries.change(changed, state=before.state, attempt=before.attempt, week=week)
