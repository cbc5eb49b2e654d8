"""Abuse checks: issue form tokens, and detect forms that bots filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from undersigned.base.abuse_counters import admit
from undersigned.base.errors import TokenError
from undersigned.base.networks import hashed_network, window_of
from undersigned.signing.rules.abuse_checks import FORM_WINDOW, TRAP, Suspicion, suspicion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign


class Judged(NamedTuple):
    """A posted form: why it looks like a bot's, the hash of its network on this day, and its token if it is valid."""

    suspicion: Suspicion | None
    network: str
    token: str | None


def issue_token(stack: Stack, campaign: Campaign, earlier_token: object = None) -> str:
    """Issue a form token, or return the earlier one if it is valid: a form that is corrected keeps its token."""
    issued_at = _issued_at(stack, campaign, earlier_token) or window_of(stack.clock(), FORM_WINDOW)
    return stack.links.sign("form", campaign.id, issued_at=issued_at)


def judge(stack: Stack, campaign: Campaign, values: Mapping[str, object], address: str, origin: str | None) -> Judged:
    """Count a form from an IP address, and judge it. `origin` is the site that posted it, as browsers report it.

    Raises BusyError.
    """
    admit(stack, "form", address, stack.settings.forms_a_minute)
    posted = values.get("form")
    has_token, key = _issued_at(stack, campaign, posted) is not None, f"network:{stack.token_keys()[0]}"
    found = suspicion(
        has_token=has_token,
        is_trapped=bool(values.get(TRAP)),
        is_from_known_site=origin in campaign.allowed_origins,
    )
    return Judged(found, hashed_network(key, address, stack.clock()), str(posted) if has_token else None)


def _issued_at(stack: Stack, campaign: Campaign, posted: object) -> datetime | None:
    """Return the date of a campaign's form token; None for anything else."""
    try:
        link = stack.links.read("form", posted) if isinstance(posted, str) else None
    except TokenError:
        return None
    return link.issued_at if link and link["campaign"] == campaign.id else None
