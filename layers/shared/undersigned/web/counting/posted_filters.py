"""Filters in posted values: which letters to hold, release or erase.

They are posted, because an email domain may be one person's own, and URLs are in logs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

from undersigned.domain.authoring.campaigns import ID_PATTERN
from undersigned.domain.counting.screening import checked_filter
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message
from undersigned.domain.signing.abuse_checks import WantedSuspicion
from undersigned.domain.signing.signatures import SignatureFilter
from undersigned.web.organizer_requests import one_of
from undersigned.web.posted import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.authoring.campaigns import Campaign

CRITERIA = ("suspicion", "domain", "network", "signed_from", "signed_before", "on_hold", "target")


def posted_filter(values: Mapping[str, object], campaign: Campaign, *, on_hold: bool) -> SignatureFilter:
    """Return the filter in posted values. A time without an offset is in the campaign's time zone.

    `on_hold` is given apart: a program says true or false, a page has a box. Raises RequestError, GivenError.
    """
    target = _text(values, "target")
    if target and not ID_PATTERN.fullmatch(target):
        raise ProgramError(Message("`%(name)s` must be the id of a recipient.", {"name": "target"}))
    return checked_filter(
        SignatureFilter(
            target,
            suspicion=one_of("suspicion", _text(values, "suspicion") or "", get_args(WantedSuspicion)),
            domain=_text(values, "domain"),
            network=_text(values, "network"),
            signed_from=_moment(values, "signed_from", campaign),
            signed_before=_moment(values, "signed_before", campaign),
            on_hold=on_hold,
        )
    )


_TIMES: Mapping[str, Message] = {
    "signed_from": Message("Signed from: write a day and a time, such as 2026-11-30T09:00."),
    "signed_before": Message("Signed before: write a day and a time, such as 2026-11-30T09:00."),
}
"""A page's words for a time that can't be read. The API names its own field."""


def mistyped(values: Mapping[str, object], campaign: Campaign) -> Mapping[str, Message]:
    """Return a page's words for each posted criterion that `posted_filter` would refuse, by name."""
    wrong = {}
    for name in ("domain", "network", *_TIMES):
        try:
            posted_filter({name: values.get(name)}, campaign, on_hold=False)
        except GivenError as error:
            wrong[name] = error.message
        except ProgramError as error:
            wrong[name] = _TIMES.get(name, error.on_page)
    return wrong


def _text(values: Mapping[str, object], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise ProgramError(Message("`%(name)s` must be text.", {"name": name}))
    return value.strip() or None if value else None


def _moment(values: Mapping[str, object], name: str, campaign: Campaign) -> datetime | None:
    text = _text(values, name)
    try:
        moment = datetime.fromisoformat(text) if text else None
        if moment and moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(campaign.time_zone))
        return moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError) as error:
        raise ProgramError(Message("`%(name)s` must be a time, such as 2026-11-30T09:00.", {"name": name})) from error
