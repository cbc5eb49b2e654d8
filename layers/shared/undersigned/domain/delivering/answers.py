"""Answers: what a target's office answered by email, as the organizer recorded it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from undersigned.domain.characters import has_ink, without_hidden
from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.delivering.deliveries import Delivery

LONGEST_ANSWER = 5_000
"""The most characters in an answer."""

MOST_PUBLIC = 3
"""The most answers on a campaign's page, the newest ones: more would make its form slow to load."""

ANSWER_WITHIN = timedelta(days=30)
"""How long an office may take before its target counts as one without an answer."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a target's office. It answers the letters that the office may have had on its day.

    `id` is its day and a hash of its text, such as `2026-11-30-0123456789ab`: recorded again, it is the same answer.
    `by` recorded it, and if it `is_public`, the campaign's page may show it.
    """

    campaign: str
    target: str
    id: str
    text: str
    by: str
    at: datetime
    is_public: bool

    @property
    def day(self) -> date:
        """Return the day on which it came."""
        return date.fromisoformat(self.id[: len("2026-11-30")])


def answer_id(day: date, text: str) -> str:
    """Return the id of an answer."""
    return f"{day.isoformat()}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def waits_since(delivery: Delivery) -> date | None:
    """Return the day from which an office that may have a delivery can answer it."""
    if delivery.way == "by hand":
        return delivery.handed.day if delivery.handed else None
    return delivery.day if delivery.may_have_arrived else None


def is_unanswered(campaign: Campaign, delivery: Delivery, answers: Collection[object], today: date) -> bool:
    """Say whether a delivery may have arrived 30 days ago, and has no answer. After a campaign's time, none is kept."""
    since = waits_since(delivery)
    return since is not None and today - since >= ANSWER_WITHIN and not answers and not campaign.is_over(today)


def read_day_of_answer(typed: str, today: date) -> date:
    """Read the day on which an answer came. Raises GivenError for one in the future, and for what is no day."""
    try:
        day = date.fromisoformat(typed if _DAY.fullmatch(typed) else "")
    except ValueError as error:
        raise GivenError(
            Message("Give the day on which the answer came, such as %(day)s.", {"day": today.isoformat()})
        ) from error
    if day > today:
        raise GivenError(Message("This day is in the future. Give the day on which the answer came."))
    return day


def read_answer_text(typed: str) -> str:
    """Return a pasted text with its lines, and without what pages can't show. Raises GivenError."""
    # A text that is much too long is not looked at.
    text = typed if len(typed) > 2 * LONGEST_ANSWER else _cleaned(typed)
    if len(text) > LONGEST_ANSWER:
        values = {"limit": f"{LONGEST_ANSWER:,}", "used": f"{len(text):,}"}
        raise GivenError(Message("Use %(limit)s characters or fewer. This answer has %(used)s.", values))
    if not has_ink(text):
        raise GivenError(Message("Type or paste the answer."))
    return text


def _cleaned(typed: str) -> str:
    lines = re.sub(r"\r\n|[\r\u2028\u2029]", "\n", typed)
    return without_hidden(lines.replace("\t", " ")).strip()
