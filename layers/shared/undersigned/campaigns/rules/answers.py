"""Answers: what a target's office answered by email, as the organizer recorded it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from undersigned.base.characters import has_ink, without_hidden
from undersigned.base.errors import GivenError, NotNowError
from undersigned.base.languages import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.campaigns.rules.campaigns import Answer, Campaign
    from undersigned.delivering.rules.deliveries import Delivery

LONGEST_ANSWER = 5_000
"""The most characters in an answer."""

MOST_PUBLIC = 3
"""The most answers on a campaign's page, the newest ones: more would make its form slow to load."""

ANSWER_WITHIN = timedelta(days=30)
"""How long an office may take before its target counts as one without an answer."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def waits_since(delivery: Delivery) -> date | None:
    """Return the day from which an office that may have a delivery can answer it."""
    if delivery.way == "by hand":
        return delivery.handed.day if delivery.handed else None
    return delivery.day if delivery.may_have_arrived else None


def is_unanswered(campaign: Campaign, delivery: Delivery, answer: Answer | None, today: date) -> bool:
    """Say whether a delivery may have arrived 30 days ago, and has no answer. After a campaign's time, none is kept."""
    since = waits_since(delivery)
    return since is not None and today - since >= ANSWER_WITHIN and answer is None and not campaign.is_over(today)


def read_day_of_answer(typed: str, today: date, made: Iterable[Delivery]) -> date:
    """Read the day on which an answer to some of the deliveries that were made came.

    Raises GivenError for one in the future, and for what is no day; NotNowError if no letter had arrived by then.
    """
    try:
        day = date.fromisoformat(typed if _DAY.fullmatch(typed) else "")
    except ValueError as error:
        raise GivenError(
            Message("Give the day on which the answer came, such as %(day)s.", {"day": today.isoformat()})
        ) from error
    if day > today:
        raise GivenError(Message("This day is in the future. Give the day on which the answer came."))
    sent = [since for since in map(waits_since, made) if since]
    if not sent:
        raise NotNowError(
            Message(
                "No letter has reached this recipient yet, so there is nothing to answer. Once a delivery to this "
                "recipient has gone out or was handed over, record the answer."
            )
        )
    if day < min(sent):
        raise NotNowError(
            Message(
                "The first letters to this recipient went on %(day)s. An answer to them has that day or a later "
                "one: check the day of the office’s email.",
                {"day": min(sent)},
            )
        )
    return day


def read_answer_text(typed: str) -> str:
    """Return a pasted text with its lines, and without what pages can't show; empty if it has no ink.

    Raises GivenError for one that is too long.
    """
    # A text that is much too long is not looked at.
    text = typed if len(typed) > 2 * LONGEST_ANSWER else _cleaned(typed)
    if len(text) > LONGEST_ANSWER:
        values = {"limit": f"{LONGEST_ANSWER:,}", "used": f"{len(text):,}"}
        raise GivenError(Message("Use %(limit)s characters or fewer. This answer has %(used)s.", values))
    return text if has_ink(text) else ""


def _cleaned(typed: str) -> str:
    lines = re.sub(r"\r\n|[\r\u2028\u2029]", "\n", typed)
    return without_hidden(lines.replace("\t", " ")).strip()
