"""Answering: keep what an office answered by email, or delete it. Each is recorded in the activity log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.domain.authoring.campaigns import Answer
from undersigned.domain.delivering.answers import read_answer_text, read_day_of_answer, waits_since
from undersigned.domain.delivering.controls import AuditEntry
from undersigned.domain.errors import ChangedError, GivenError, NotNowError
from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from undersigned.aws.campaigns import Campaigns
    from undersigned.aws.deliveries import Deliveries
    from undersigned.domain.authoring.campaigns import Campaign
    from undersigned.domain.people.actions import Action


@dataclass(kw_only=True, frozen=True, slots=True)
class Answering:
    """Keeps the answers of a campaign's targets, one each."""

    campaigns: Campaigns
    deliveries: Deliveries
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def save(  # noqa: PLR0913  (an answer's parts)
        self, campaign: str, target: str, day: str, text: str, by: str, *, is_public: bool, revision: str
    ) -> Answer | None:
        """Keep and return an answer as somebody typed it, in place of the one that they saw; without a text, none.

        `revision` is that of the answer that they saw, empty if there was none. Saving the same again changes nothing.

        Raises NotFoundError; GivenError for a wrong day or text; NotNowError for an answer to nothing, for one that
        can't be kept, and if somebody has changed the answer since.
        """
        settings, known = self.campaigns.campaign(campaign), self.campaigns.target(campaign, target)
        new, was = None, known.answer
        if words := read_answer_text(text):
            new = Answer(self._day(settings, target, day), words, is_public, by, self.clock())
        elif not revision:
            raise GivenError(Message("Type or paste the answer."))
        changed = new or was
        if changed is None or (new and was and new.says_the_same(was)):
            return was
        if revision != (was.revision if was else ""):
            raise _changed_since()
        try:
            self.campaigns.put_answer(campaign, known, new)
        except ChangedError as error:
            raise _changed_since() from error
        action: Action = "record answer" if new else "delete answer"
        entry = AuditEntry(campaign, self.clock(), action, by, f"{target} {changed.day}")
        self.campaigns.record_audit(entry, self.new_id())
        return new

    def _day(self, campaign: Campaign, target: str, day: str) -> date:
        """Read the day on which an answer came; raises GivenError, NotNowError."""
        today = campaign.local(self.clock()).date()
        came = read_day_of_answer(day, today)
        if campaign.is_over(today):
            raise NotNowError(
                Message("This campaign no longer keeps what people wrote. Say under Details for how long.")
            )
        made = self.deliveries.deliveries(campaign.id, target, whole=False)
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
        return came


def _changed_since() -> NotNowError:
    return NotNowError(
        Message("Somebody has just changed this answer. Look at it, then save yours again if it should replace it.")
    )
