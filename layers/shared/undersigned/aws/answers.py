"""Answers of targets' offices, as organizers recorded them. The target's row lists its own, so pages read them by key.

| row | pk | sk |
|---|---|---|
| answer | `ANSWERS#<campaign>` | `<target>#<day>-<hash of the text>` |
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.aws.campaign_keys import target_key
from undersigned.aws.campaigns import roster_change
from undersigned.aws.dynamodb import Delete, Key, Put, Repository, Update, read_rows, written
from undersigned.domain.delivering.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from undersigned.aws.dynamodb import Values, Write
    from undersigned.domain.authoring.campaigns import Target


def answers_partition(campaign: str) -> str:
    """Return the partition of a campaign's answers."""
    return f"ANSWERS#{campaign}"


def answer_key(campaign: str, target: str, answer: str) -> Key:
    """Return the key of an answer by its id."""
    return Key(answers_partition(campaign), f"{target}#{answer}")


class Answers(Repository):
    """Answers in the table."""

    def read(self, campaign: str, names: Iterable[tuple[str, str]]) -> tuple[Answer, ...]:
        """Read answers by target and id, newest first. A damaged one is left out."""
        found = self._table.batch_get(answer_key(campaign, *name) for name in names)
        return tuple(sorted(read_rows(read_answer, found), key=lambda answer: answer.id, reverse=True))

    def put(self, answer: Answer, target: Target) -> None:
        """Write an answer, and list it in its target. Raises ChangedError if that has other answers than were read."""
        listed = {**target.answers, answer.id: answer.is_public}
        self._write([Put(answer_values(answer))], answer.campaign, target, listed)

    def delete(self, campaign: str, target: Target, answers: Collection[str]) -> None:
        """Delete answers by their ids. Raises ChangedError if their target has other answers than were read."""
        left = {known: is_public for known, is_public in target.answers.items() if known not in answers}
        self._write([Delete(answer_key(campaign, target.id, answer)) for answer in answers], campaign, target, left)

    def _write(self, writes: Sequence[Write], campaign: str, target: Target, listed: Mapping[str, bool]) -> None:
        as_read = Attr("answers").eq({**target.answers}) if target.answers else Attr("answers").not_exists()
        listing = Update(
            target_key(campaign, target.id),
            assign={"answers": listed or None},
            when=Attr("pk").exists() & as_read,
        )
        if writes:
            self._table.transact([*writes, listing, roster_change(campaign)], wait_for_others=True)


def answer_values(answer: Answer) -> Values:
    """Return the item of an answer."""
    return {
        **answer_key(answer.campaign, answer.target, answer.id)._asdict(),
        "text": answer.text,
        "by": answer.by,
        "at": written(answer.at),
        "public": answer.is_public,
    }


def read_answer(values: Values) -> Answer:
    """Read an answer."""
    target, _, answer = values["sk"].partition("#")
    return Answer(
        campaign=values["pk"].partition("#")[2],
        target=target,
        id=answer,
        text=values["text"],
        by=values["by"],
        at=datetime.fromisoformat(values["at"]),
        is_public=bool(values["public"]),
    )
