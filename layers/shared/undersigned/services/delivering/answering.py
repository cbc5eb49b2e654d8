"""Answering: record what offices answered by email, and delete it. Each action is recorded in the activity log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.delivering.answers import Answer, answer_id, read_answer_text, read_day_of_answer, waits_since
from undersigned.domain.delivering.controls import AuditEntry
from undersigned.domain.errors import ChangedError, NotFoundError, NotNowError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.aws.answers import Answers
    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.deliveries import Deliveries
    from undersigned.domain.authoring.campaigns import Target
    from undersigned.domain.people.actions import Action

MOST_ANSWERS = 50
"""The most answers of a target, whose row lists them."""


@dataclass(kw_only=True, frozen=True, slots=True)
class Answering:
    """Keeps the answers of a campaign's targets."""

    campaigns: Campaigns
    deliveries: Deliveries
    answers: Answers
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def of_target(self, campaign: str, target: Target) -> tuple[Answer, ...]:
        """Return a target's answers, newest first."""
        return self.answers.read(campaign, ((target.id, answer) for answer in target.answers))

    def record(  # noqa: PLR0913  (an answer's parts)
        self, campaign: str, target: str, day: str, text: str, by: str, *, is_public: bool
    ) -> Answer:
        """Keep and return an answer as somebody typed it. The same one recorded again gets the new `is_public`.

        Raises NotFoundError; GivenError for a wrong day or text; NotNowError for an answer to nothing, and for one that
        can't be kept.
        """
        settings, now = self.campaigns.campaign(campaign), self.clock()
        known, today = self.campaigns.target(campaign, target), settings.local(now).date()
        came, words = read_day_of_answer(day, today), read_answer_text(text)
        if settings.is_over(today):
            raise NotNowError(
                Message("This campaign no longer keeps what people wrote. Say under Details for how long.")
            )
        answer = Answer(campaign, target, answer_id(came, words), words, by, now, is_public)
        if len(known.answers) >= MOST_ANSWERS and answer.id not in known.answers:
            raise NotNowError(
                Message("A recipient can have %(most)s answers. First delete one.", {"most": MOST_ANSWERS})
            )
        made = self.deliveries.deliveries(campaign, target, whole=False)
        sent = [since for since in map(waits_since, made) if since]
        if not sent:
            raise NotNowError(
                Message(
                    "No letter has reached this recipient yet, so there is nothing to answer. Once a delivery to this "
                    "recipient has gone out or was handed over, record the answer."
                )
            )
        if came < min(sent):
            raise NotNowError(
                Message(
                    "The first letters to this recipient went on %(day)s. An answer to them has that day or a later "
                    "one: check the day of the office’s email.",
                    {"day": min(sent)},
                )
            )
        self._keep(lambda: self.answers.put(answer, known))
        self._log("record answer", answer.campaign, answer.target, answer.id, by)
        return answer

    def delete(self, campaign: str, target: str, answer: str, by: str) -> None:
        """Delete an answer everywhere. Raises NotFoundError, or NotNowError if somebody changed answers meanwhile."""
        known = self.campaigns.target(campaign, target)
        if answer not in known.answers:
            message = f"{target} has no answer {answer!r}"
            raise NotFoundError(message)
        self._keep(lambda: self.answers.delete(campaign, known, [answer]))
        self._log("delete answer", campaign, target, answer, by)

    def _keep(self, write: Callable[[], None]) -> None:
        try:
            write()
        except ChangedError as error:
            raise NotNowError(Message("Somebody has just changed this recipient’s answers. Try again.")) from error

    def _log(self, action: Action, campaign: str, target: str, answer: str, by: str) -> None:
        about = f"{target} {answer[: len('2026-11-30')]}"
        self.campaigns.record_audit(AuditEntry(campaign, self.clock(), action, by, about), self.new_id())
