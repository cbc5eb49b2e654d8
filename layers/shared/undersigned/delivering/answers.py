"""Answers: what a recipient's office answered by email, as an organizer records it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from undersigned.base.actions import ACTIONS, Action, Done, Field, action
from undersigned.base.characters import has_ink, without_hidden
from undersigned.base.days import day_in
from undersigned.base.errors import ChangedError, GivenError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.stack import Stack
from undersigned.base.table import Put
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Answer
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rows.tellings import Telling

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from undersigned.delivering.rules.deliveries import Delivery

LONGEST_ANSWER = 5_000
"""The most characters in an answer."""


def _text(typed: str) -> str:
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


@action(
    "record answer",
    Message("Recorded an answer"),
    page="/targets/<target>/answer",
    button=Message("Save the answer"),
    done={
        "answer-recorded": Message("Recorded. The people whose letters it answers can read it, within two minutes."),
        "answer-corrected": Message(
            "Recorded. The answer before it went by email to the people who signed, so nobody gets another email."
        ),
        "answer-deleted": Message("The answer is deleted, and within two minutes no page shows it."),
    },
)
def record_answer(  # noqa: PLR0913  (an answer's parts)
    stack: Stack,
    campaign: str,
    target: str,
    *,
    day: Annotated[str, Field(str, "The day on which the answer came.")],
    text: Annotated[str, Field(_text, "The answer; without a text, it is deleted.")],
    public: Annotated[bool, Field(bool, "Whether the campaign's page shows it.")],
    revision: Annotated[str, Field(str, "The revision of the answer that somebody saw; empty if there was none.")],
    by: str,
) -> Done:
    """Replace the answer that somebody saw by what they typed. Without a text, delete it.

    Saving the same again changes nothing. Raises NotFoundError; GivenError for a wrong day or text; NotNowError for an
    answer to nothing, for one that can't be kept, and if somebody has changed the answer since.
    """
    campaigns, now = Campaigns(stack.table), stack.clock()
    settings, known = campaigns.campaign(campaign), campaigns.target(campaign, target)
    new, was = None, known.answer
    if text:
        today = settings.local(now).date()
        if settings.is_over(today):
            raise NotNowError(
                Message("This campaign no longer keeps what people wrote. Say under Details for how long.")
            )
        made = Deliveries(stack.table).deliveries(campaign, target, whole=False)
        new = Answer(_read_day(day, today, made), text, public, by, now, is_told=was is not None and was.is_told)
    elif not revision:
        raise GivenError(Message("Type or paste the answer."))
    word, log = ("answer-recorded", "record answer") if new else ("answer-deleted", "delete answer")
    if new and new.is_told:
        word = "answer-corrected"
    changed = new or was
    if changed is None or (new and was and new.says_the_same(was)):
        return Done(word, log=None)
    if revision != (was.revision if was else ""):
        raise _changed()
    try:
        campaigns.put_answer(campaign, known, new)
    except ChangedError as error:
        raise _changed() from error
    return Done(word, log, about=f"{target} {changed.day}")


@action(
    "tell signers",
    Message("Sent an answer by email to the people who signed"),
    command="tell-signers",
    page="/targets/<target>/tell",
    button=Message("Email it to the people who signed"),
    asks="Email it to the people who signed?",
    done={
        "signers-told": Message("The answer goes by email to the people whose letters it answers and who want news.")
    },
)
def tell_signers(
    stack: Stack,
    campaign: str,
    target: str,
    revision: Annotated[str, Field(str, "The revision of the answer that somebody saw.")],
) -> Done:
    """Email a recorded answer, once, to the people whose letters it answers and who want news.

    Nobody gets a second email about it, whatever is corrected later. The others read it on their letter's page.

    Raises NotFoundError; NotNowError without an answer, and if somebody has changed it since it was seen.
    """
    campaigns = Campaigns(stack.table)
    known = campaigns.target(campaign, target)
    if (answer := known.answer) is None:
        raise NotNowError(Message("Record the answer first."))
    if revision not in {"", answer.revision}:
        raise _changed()
    if answer.is_told:
        return Done("signers-told", log=None)
    telling = Telling(campaign, target, answer.day, stack.new_id())
    try:
        campaigns.put_answer(campaign, known, replace(answer, is_told=True), Put(telling.item()))
    except ChangedError as error:
        raise _changed() from error
    return Done("signers-told", about=f"{target} {answer.day}")


ACTIONS["delete answer"] = Action(Message("Deleted an answer"), page="/targets/<target>/answer")


def _read_day(typed: str, today: date, made: Iterable[Delivery]) -> date:
    """Read the day on which an answer to some of the deliveries that were made came.

    Raises GivenError for one in the future, and for what is no day; NotNowError if no letter had arrived by then.
    """
    day = day_in(typed)
    if day is None:
        raise GivenError(Message("Give the day on which the answer came, such as %(day)s.", {"day": today.isoformat()}))
    if day > today:
        raise GivenError(Message("This day is in the future. Give the day on which the answer came."))
    sent = [since for each in made if (since := each.answerable_since)]
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


def _changed() -> NotNowError:
    return NotNowError(
        Message("Somebody has just changed this answer. Look at it, then save yours again if it should replace it.")
    )
