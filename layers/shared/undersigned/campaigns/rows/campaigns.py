"""Campaigns: settings, letters, targets, share pictures, an organizer's controls, and the activity log."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from undersigned.base.errors import NotFoundError
from undersigned.base.failures import TRANSACTION_CONFLICT, code_of
from undersigned.base.rows import Row
from undersigned.base.table import (
    NEW,
    TRANSACTION,
    ConditionFailedError,
    Put,
    Repository,
    TransactionCanceledError,
    Update,
    as_read,
    read_row,
    read_rows,
)
from undersigned.campaigns.rows.counters import counter_key
from undersigned.campaigns.rows.offices import office_key, office_partition, with_words
from undersigned.campaigns.rules.campaigns import ALL_CAMPAIGNS, Answer, Campaign, MailState, OnPaper, Target
from undersigned.campaigns.rules.controls import AuditEntry, Controls
from undersigned.campaigns.rules.counts import TOTAL
from undersigned.campaigns.rules.letters import Letter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.base.table import Write

_SETTINGS = (
    "title", "name", "department", "locality", "email", "postal_codes", "retired", "titles", "postal_address",
)  # fmt: skip
"""The attributes of a target that its organizer sets."""

NOT_PAUSED = ~Attr("paused").eq(True)  # noqa: FBT003  (an attribute's value)
"""The condition on a campaign's controls that its deliveries are not paused."""

NO_HOLD = Attr("hold").not_exists()
"""The condition on a target that its organizer doesn't hold its letters."""

NO_COMPLAINT = Attr("complained_at").not_exists()
"""The condition on a target that nobody there marked an email as spam, or its letters were released since."""


@dataclass(frozen=True, slots=True)
class SharePicture(Row):
    """The picture beside a shared link in a language."""

    pk, sk = "CAMPAIGN#{campaign}", "PICTURE#{language}"

    campaign: str
    language: str
    png: bytes


def roster_change(campaign: str, when: ConditionBase | None = None) -> Update:
    """Return the update that gives a change of targets a new name."""
    return Update(Controls.locate(campaign=campaign), assign=Controls.written(roster=secrets.token_hex(4)), when=when)


class Campaigns(Repository):
    """Campaigns in the table."""

    def campaign(self, campaign: str) -> Campaign:
        """Read a campaign's settings; raises NotFoundError."""
        if found := self.published(campaign):
            return found
        raise _no_campaign(campaign)

    def published(self, campaign: str) -> Campaign | None:
        """Read a campaign's settings; None if it was never published."""
        values = self._table.get(Campaign.locate(id=campaign))
        return read_row(Campaign.read, values) if values else None

    def targets(self, campaign: str, *, consistent: bool = False, whole: bool = True) -> tuple[Target, ...]:
        """Read a campaign's targets with what their offices say, in the order of their ids."""
        said = {row["sk"]: row for row in self._table.query(office_partition(campaign), consistent=consistent)}
        found = self._query_targets(campaign, consistent=consistent)
        return tuple(read_rows(lambda values: _read_whole(values, said.get(_target_of(values))), found, whole=whole))

    def settings_of_targets(self, campaign: str, *, consistent: bool = False, whole: bool = True) -> tuple[Target, ...]:
        """Read a campaign's targets without what their offices say.

        Whatever changes these afterwards changes `Controls.roster`, too.
        """
        return tuple(read_rows(Target.read, self._query_targets(campaign, consistent=consistent), whole=whole))

    def _query_targets(self, campaign: str, *, consistent: bool) -> Iterator[Values]:
        return self._table.query(Campaign.partition(id=campaign), begins_with=Target.beginning(), consistent=consistent)

    def target(self, campaign: str, target: str) -> Target:
        """Read one target consistently; raises NotFoundError."""
        chosen = self._table.get(Target.locate(campaign=campaign, id=target), consistent=True)
        if chosen is None:
            raise _no_target(campaign, target)
        office = self._table.get(office_key(campaign, target), consistent=True)
        return read_row(lambda values: _read_whole(values, office), chosen)

    def of_target(self, campaign: str, target: str) -> tuple[Campaign, Target, Controls]:
        """Read a campaign's settings, one of its targets and its controls consistently. Raises NotFoundError."""
        keys = (
            Campaign.locate(id=campaign),
            Target.locate(campaign=campaign, id=target),
            Controls.locate(campaign=campaign),
            office_key(campaign, target),
        )
        found = {(values["pk"], values["sk"]): values for values in self._table.batch_get(keys)}
        settings, chosen, controls, office = (found.get(key) for key in keys)
        if settings is None:
            raise _no_campaign(campaign)
        if chosen is None:
            raise _no_target(campaign, target)
        return (
            read_row(Campaign.read, settings),
            read_row(lambda values: _read_whole(values, office), chosen),
            read_row(Controls.read, controls) if controls else Controls(),
        )

    def letter(self, campaign: str, version: str) -> Letter:
        """Read a letter version; raises NotFoundError."""
        if values := self._table.get(Letter.locate(campaign=campaign, version=version)):
            return read_row(read_letter, values)
        message = f"Campaign {campaign!r} has no letter version {version[:12]}"
        raise NotFoundError(message)

    def campaign_ids(self) -> Iterator[str]:
        """List the ids of all campaigns."""
        return (values["listed_at"] for values in self._table.query(ALL_CAMPAIGNS, index="listing"))

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version. Return False if it exists; a version never changes."""
        return self._table.put_new(letter.item(campaign=campaign))

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal beside the count."""
        self._table.update(
            Update(counter_key(campaign.id, TOTAL), assign={"goal": campaign.goal, "show_goal": campaign.show_goal})
        )
        self._table.put(campaign.item())

    def put_target(self, campaign: str, target: Target) -> None:
        """Write a target's settings. A new email address is assumed to take email."""
        key, settings = Target.locate(campaign=campaign, id=target.id), target_settings(target)
        if not self._table.put_new(key._asdict() | settings):
            same_address = Attr("email").eq(target.email)
            try:
                self._table.update(Update(key, assign=settings, when=same_address))
            except ConditionFailedError:
                self._table.update(Update(key, assign=settings | Target.written(mail_state="ok")))
        self._name_change(campaign)

    def put_new_targets(self, campaign: str, targets: Sequence[Target]) -> None:
        """Write targets that are not there yet, as `put_target` does, many in one call. Each has few postal codes."""
        for some in batched(targets, TRANSACTION, strict=False):
            rows = [
                Put(Target.locate(campaign=campaign, id=target.id)._asdict() | target_settings(target), NEW)
                for target in some
            ]
            try:
                self._table.transact(rows)
            except TransactionCanceledError:
                for target in some:
                    self.put_target(campaign, target)
        if targets:
            self._name_change(campaign)

    def set_mail_state(self, campaign: str, target: str, email: str, state: MailState) -> None:
        """Record whether an address takes email. "bounced" is recorded only while it is the target's address."""
        # A policy that lets a function compare the address lets it change the address, too. To say "ok" needs neither:
        # at worst, one more email bounces.
        still = Attr("pk").exists() if state == "ok" else Attr("email").eq(email)
        try:
            self._table.update(
                Update(Target.locate(campaign=campaign, id=target), assign=Target.written(mail_state=state), when=still)
            )
        except ConditionFailedError:
            return
        self._name_change(campaign, when=Attr("pk").exists())

    def controls(self, campaign: str) -> Controls:
        """Read the controls of a campaign's deliveries consistently."""
        values = self._table.get(Controls.locate(campaign=campaign), consistent=True)
        return read_row(Controls.read, values) if values else Controls()

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Pause a campaign's deliveries, or resume them."""
        self._table.update(Update(Controls.locate(campaign=campaign), assign=Controls.written(paused=paused)))

    def close(self, campaign: str, at: datetime | None) -> None:
        """Close a campaign at a moment, or open it again."""
        self._table.update(Update(Controls.locate(campaign=campaign), assign=Controls.written(closed_at=at)))

    def hold(self, campaign: str, target: str, why: str) -> None:
        """Hold a target's letters back for a reason; raises NotFoundError."""
        self._change_target(campaign, target, Target.written(hold=why))

    def release(self, campaign: str, target: str, at: datetime) -> None:
        """Release a target's letters after a hold or a complaint; raises NotFoundError."""
        self._change_target(campaign, target, Target.written(hold=None, complained_at=None, released_at=at))

    def count_on_paper(self, campaign: str, target: str, counted: OnPaper) -> None:
        """Keep how many letters to a target were signed on paper; raises NotFoundError."""
        self._change_target(campaign, target, Target.written(on_paper=counted))

    def put_answer(self, campaign: str, target: Target, answer: Answer | None, *also: Write) -> None:
        """Keep what a target's office answered, in place of what was read; None deletes that. Write the rest with it.

        Raises ChangedError if somebody has changed it since, or the target is gone.
        """
        change = Update(
            Target.locate(campaign=campaign, id=target.id),
            assign=Target.written(answer=answer),
            when=Attr("pk").exists() & as_read(Target.written(answer=target.answer)),
        )
        self._table.transact([change, roster_change(campaign), *also], wait_for_others=True)

    def record_complaint(self, campaign: str, target: str, at: datetime) -> None:
        """Hold a target's letters because of a complaint. Does nothing if they were released after it."""
        values = Target.written(complained_at=at)
        not_released_since = Attr("released_at").not_exists() | Attr("released_at").lt(values["complained_at"])
        news = Attr("pk").exists() & Attr("complained_at").not_exists() & not_released_since
        with suppress(ConditionFailedError):
            change = Update(Target.locate(campaign=campaign, id=target), assign=values, when=news)
            self._table.update(change)
            self._name_change(campaign, when=Attr("pk").exists())

    def _change_target(self, campaign: str, target: str, assign: Values) -> None:
        exists = Attr("pk").exists()
        try:
            self._table.update(Update(Target.locate(campaign=campaign, id=target), assign=assign, when=exists))
        except ConditionFailedError as error:
            raise _no_target(campaign, target) from error
        self._name_change(campaign, when=Attr("pk").exists())

    def _name_change(self, campaign: str, when: ConditionBase | None = None) -> None:
        """Give a change of targets a name after it, so that processes that keep the roster read it again.

        The name is new each time, also for a campaign that was deleted and made again. `when` keeps a late change from
        making a row of a campaign that was deleted. Each delivery checks this row while it begins to send. If too many
        do so at once, the change goes without a name, and is seen a quarter of an hour later.
        """
        try:
            with suppress(ConditionFailedError):
                self._table.update(roster_change(campaign, when))
        except ClientError as error:
            if code_of(error) != TRANSACTION_CONFLICT:
                raise

    def put_share_picture(self, campaign: str, language: str, png: bytes) -> None:
        """Keep the picture beside a shared link in a language."""
        self._table.put(SharePicture(campaign, language, png).item())

    def share_picture(self, campaign: str, language: str) -> bytes:
        """Return this picture. Raises NotFoundError."""
        found = self._table.get(SharePicture.locate(campaign=campaign, language=language))
        if found is None:
            raise _no_campaign(campaign)
        return read_row(SharePicture.read, found).png

    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        """Record an action. The id distinguishes entries of one moment. Raises ChangedError if the entry exists."""
        self._table.put(entry.item(id=entry_id), NEW)

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List the actions of organizers, newest first."""
        return (entry for _, entry in self.newest_audit(campaign))

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List the actions of organizers with their positions, newest first, or those older than a position."""
        found = self._table.query(AuditEntry.partition(campaign=campaign), newest_first=True, below=before)
        yield from read_rows(lambda values: (values["sk"], AuditEntry.read(values)), found)


def _no_campaign(campaign: str) -> NotFoundError:
    return NotFoundError(f"There is no campaign {campaign!r}")


def _no_target(campaign: str, target: str) -> NotFoundError:
    return NotFoundError(f"Campaign {campaign!r} has no recipient {target!r}")


def read_letter(values: Values) -> Letter:
    """Read a letter version. Raises ValueError if something else wrote the text: it is not what people signed."""
    letter = Letter.read(values)
    if letter != Letter.of(letter.language, letter.source, letter.template):
        message = f"the letter version {letter.version[:12]} is not what was signed; restore its row from a backup"
        raise ValueError(message)
    return letter


def target_settings(target: Target) -> Values:
    """Return a target's attributes that its organizer sets."""
    return Target.written(**{name: getattr(target, name) for name in _SETTINGS})


def _target_of(values: Values) -> str:
    return str(values["sk"]).removeprefix(Target.beginning())


def _read_whole(values: Values, office: Values | None) -> Target:
    return with_words(Target.read(values), office)
