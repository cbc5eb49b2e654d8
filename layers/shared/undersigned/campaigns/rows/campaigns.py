"""Campaigns: settings, letters, targets, an organizer's controls, and the activity log.

| row | pk | sk |
|---|---|---|
| settings | `CAMPAIGN#<campaign>` | `META` |
| letter | `CAMPAIGN#<campaign>` | `LETTER#<version>` |
| target | `CAMPAIGN#<campaign>` | `TARGET#<target>` |
| share picture | `CAMPAIGN#<campaign>` | `PICTURE#<language>` |
| controls | `CAMPAIGN#<campaign>` | `CONTROLS` |
| audit entry | `AUDIT#<campaign>` | `<moment>#<id>` |
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from undersigned.aws.counts import counter_key
from undersigned.base.errors import NotFoundError
from undersigned.base.failures import TRANSACTION_CONFLICT, code_of
from undersigned.base.table import (
    NEW,
    TRANSACTION,
    ConditionFailedError,
    Put,
    Repository,
    TransactionCanceledError,
    Update,
    read_choice,
    read_day,
    read_moment,
    read_row,
    read_rows,
    written,
)
from undersigned.campaigns.rows.keys import (
    LETTERS,
    TARGETS,
    audit_partition,
    campaign_key,
    campaign_partition,
    controls_key,
    letter_key,
    share_picture_key,
    target_key,
)
from undersigned.campaigns.rows.offices import office_key, office_partition, with_words
from undersigned.campaigns.rules.campaigns import (
    Answer,
    Campaign,
    Logo,
    MailState,
    OnPaper,
    Organizer,
    Target,
    Translation,
)
from undersigned.campaigns.rules.controls import AuditEntry, Controls
from undersigned.campaigns.rules.letters import Letter
from undersigned.domain.counting.tallies import TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values

_ALL = "CAMPAIGNS"
"""The partition of the listing index that holds every campaign."""


NOT_PAUSED = ~Attr("paused").eq(True)  # noqa: FBT003  (an attribute's value)
"""The condition on a campaign's controls that its deliveries are not paused."""

NO_HOLD = Attr("hold").not_exists()
"""The condition on a target that its organizer doesn't hold its letters."""

NO_COMPLAINT = Attr("complained_at").not_exists()
"""The condition on a target that nobody there marked an email as spam, or its letters were released since."""


def roster_change(campaign: str, when: ConditionBase | None = None) -> Update:
    """Return the update that gives a change of targets a new name."""
    return Update(controls_key(campaign), assign={"roster": secrets.token_hex(4)}, when=when)


class Campaigns(Repository):
    """Campaigns in the table."""

    def campaign(self, campaign: str) -> Campaign:
        """Read a campaign's settings; raises NotFoundError."""
        if values := self._table.get(campaign_key(campaign)):
            return read_row(read_campaign, values)
        raise _no_campaign(campaign)

    def targets(self, campaign: str, *, consistent: bool = False, whole: bool = True) -> tuple[Target, ...]:
        """Read a campaign's targets with what their offices say, in the order of their ids."""
        said = {row["sk"]: row for row in self._table.query(office_partition(campaign), consistent=consistent)}
        found = self._query_targets(campaign, consistent=consistent)
        return tuple(read_rows(lambda values: _read_whole(values, said.get(_target_of(values))), found, whole=whole))

    def settings_of_targets(self, campaign: str, *, consistent: bool = False, whole: bool = True) -> tuple[Target, ...]:
        """Read a campaign's targets without what their offices say.

        Whatever changes these afterwards changes `Controls.roster`, too.
        """
        return tuple(read_rows(read_target, self._query_targets(campaign, consistent=consistent), whole=whole))

    def _query_targets(self, campaign: str, *, consistent: bool) -> Iterator[Values]:
        return self._table.query(campaign_partition(campaign), begins_with=TARGETS, consistent=consistent)

    def target(self, campaign: str, target: str) -> Target:
        """Read one target consistently; raises NotFoundError."""
        chosen = self._table.get(target_key(campaign, target), consistent=True)
        if chosen is None:
            raise _no_target(campaign, target)
        office = self._table.get(office_key(campaign, target), consistent=True)
        return read_row(lambda values: _read_whole(values, office), chosen)

    def of_target(self, campaign: str, target: str) -> tuple[Campaign, Target, Controls]:
        """Read a campaign's settings, one of its targets and its controls consistently. Raises NotFoundError."""
        keys = (
            campaign_key(campaign),
            target_key(campaign, target),
            controls_key(campaign),
            office_key(campaign, target),
        )
        found = {(values["pk"], values["sk"]): values for values in self._table.batch_get(keys)}
        settings, chosen, controls, office = (found.get(key) for key in keys)
        if settings is None:
            raise _no_campaign(campaign)
        if chosen is None:
            raise _no_target(campaign, target)
        return (
            read_row(read_campaign, settings),
            read_row(lambda values: _read_whole(values, office), chosen),
            read_row(_read_controls, controls or {}),
        )

    def letter(self, campaign: str, version: str) -> Letter:
        """Read a letter version; raises NotFoundError."""
        if values := self._table.get(letter_key(campaign, version)):
            return read_row(read_letter, values)
        message = f"Campaign {campaign!r} has no letter version {version[:12]}"
        raise NotFoundError(message)

    def campaign_ids(self) -> Iterator[str]:
        """List the ids of all campaigns."""
        return (values["listed_at"] for values in self._table.query(_ALL, index="listing"))

    def put_letter(self, campaign: str, letter: Letter) -> bool:
        """Write a letter version. Return False if it exists; a version never changes."""
        return self._table.put_new(letter_values(campaign, letter))

    def put_campaign(self, campaign: Campaign) -> None:
        """Write a campaign's settings, and its goal beside the count."""
        self._table.update(
            Update(counter_key(campaign.id, TOTAL), assign={"goal": campaign.goal, "show_goal": campaign.show_goal})
        )
        self._table.put(campaign_values(campaign))

    def put_target(self, campaign: str, target: Target) -> None:
        """Write a target's settings. A new email address is assumed to take email."""
        key, settings = target_key(campaign, target.id), target_settings(target)
        if not self._table.put_new(key._asdict() | settings):
            same_address = Attr("email").eq(target.email)
            try:
                self._table.update(Update(key, assign=settings, when=same_address))
            except ConditionFailedError:
                self._table.update(Update(key, assign=settings | {"mail_state": "ok"}))
        self._name_change(campaign)

    def put_new_targets(self, campaign: str, targets: Sequence[Target]) -> None:
        """Write targets that are not there yet, as `put_target` does, many in one call. Each has few postal codes."""
        for some in batched(targets, TRANSACTION, strict=False):
            rows = [Put(target_key(campaign, target.id)._asdict() | target_settings(target), NEW) for target in some]
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
            self._table.update(Update(target_key(campaign, target), assign={"mail_state": state}, when=still))
        except ConditionFailedError:
            return
        self._name_change(campaign, when=Attr("pk").exists())

    def controls(self, campaign: str) -> Controls:
        """Read the controls of a campaign's deliveries consistently."""
        values = self._table.get(controls_key(campaign), consistent=True)
        return read_row(_read_controls, values or {})

    def pause(self, campaign: str, *, paused: bool) -> None:
        """Pause a campaign's deliveries, or resume them."""
        self._table.update(Update(controls_key(campaign), assign={"paused": paused}))

    def close(self, campaign: str, at: datetime | None) -> None:
        """Close a campaign at a moment, or open it again."""
        self._table.update(Update(controls_key(campaign), assign={"closed_at": written(at)}))

    def hold(self, campaign: str, target: str, why: str) -> None:
        """Hold a target's letters back for a reason; raises NotFoundError."""
        self._change_target(campaign, target, {"hold": why})

    def release(self, campaign: str, target: str, at: datetime) -> None:
        """Release a target's letters after a hold or a complaint; raises NotFoundError."""
        self._change_target(campaign, target, {"hold": None, "complained_at": None, "released_at": written(at)})

    def count_on_paper(self, campaign: str, target: str, counted: OnPaper) -> None:
        """Keep how many letters to a target were signed on paper; raises NotFoundError."""
        kept = {"letters": counted.letters, "by": counted.by, "at": written(counted.at)}
        self._change_target(campaign, target, {"on_paper": kept})

    def put_answer(self, campaign: str, target: Target, answer: Answer | None) -> None:
        """Keep what a target's office answered, in place of what was read; None deletes that.

        Raises ChangedError if somebody has changed it since, or the target is gone.
        """
        as_read = Attr("answer").eq(_answer_values(target.answer)) if target.answer else Attr("answer").not_exists()
        change = Update(
            target_key(campaign, target.id),
            assign={"answer": _answer_values(answer) if answer else None},
            when=Attr("pk").exists() & as_read,
        )
        self._table.transact([change, roster_change(campaign)], wait_for_others=True)

    def record_complaint(self, campaign: str, target: str, at: datetime) -> None:
        """Hold a target's letters because of a complaint. Does nothing if they were released after it."""
        not_released_since = Attr("released_at").not_exists() | Attr("released_at").lt(written(at))
        news = Attr("pk").exists() & Attr("complained_at").not_exists() & not_released_since
        with suppress(ConditionFailedError):
            change = Update(target_key(campaign, target), assign={"complained_at": written(at)}, when=news)
            self._table.update(change)
            self._name_change(campaign, when=Attr("pk").exists())

    def _change_target(self, campaign: str, target: str, assign: Values) -> None:
        exists = Attr("pk").exists()
        try:
            self._table.update(Update(target_key(campaign, target), assign=assign, when=exists))
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
        self._table.put({**share_picture_key(campaign, language)._asdict(), "png": png})

    def share_picture(self, campaign: str, language: str) -> bytes:
        """Return this picture. Raises NotFoundError."""
        found = self._table.get(share_picture_key(campaign, language))
        if found is None:
            raise _no_campaign(campaign)
        return bytes(found["png"])

    def record_audit(self, entry: AuditEntry, entry_id: str) -> None:
        """Record an action. The id distinguishes entries of one moment. Raises ChangedError if the entry exists."""
        self._table.put(audit_values(entry, entry_id), NEW)

    def audit(self, campaign: str) -> Iterator[AuditEntry]:
        """List the actions of organizers, newest first."""
        return (entry for _, entry in self.newest_audit(campaign))

    def newest_audit(self, campaign: str, before: str | None = None) -> Iterator[tuple[str, AuditEntry]]:
        """List the actions of organizers with their positions, newest first, or those older than a position."""
        found = self._table.query(audit_partition(campaign), newest_first=True, below=before)
        yield from read_rows(lambda values: (values["sk"], read_audit(values)), found)


def _read_controls(values: Values) -> Controls:
    return Controls(
        bool(values.get("paused", False)),
        str(values.get("roster", "")),
        closed_at=read_moment(values.get("closed_at")),
    )


def _no_campaign(campaign: str) -> NotFoundError:
    return NotFoundError(f"There is no campaign {campaign!r}")


def _no_target(campaign: str, target: str) -> NotFoundError:
    return NotFoundError(f"Campaign {campaign!r} has no recipient {target!r}")


def campaign_values(campaign: Campaign) -> Values:
    """Return the item of a campaign's settings."""
    return {
        **campaign_key(campaign.id)._asdict(),
        "listed": _ALL,
        "listed_at": campaign.id,
        **{name: _plain(value) for name, value in asdict(campaign).items()},
    }


def _plain(value: object) -> object:
    """Return a setting as the table has it."""
    if isinstance(value, date):
        return written(value)
    return list(value) if isinstance(value, tuple) else value


def read_campaign(values: Values) -> Campaign:
    """Read a campaign's settings. One that is not there has the default of `Campaign`."""
    settings = {field.name: _setting(values[field.name]) for field in fields(Campaign) if field.name in values}
    texts: Mapping[str, Mapping[str, str]] = values.get("translations", {})
    return Campaign(
        **{
            **settings,
            "organizer": Organizer(**values["organizer"]),
            "opens": read_day(values.get("opens")),
            "closes": read_day(values.get("closes")),
            "translations": {language: Translation(**its) for language, its in texts.items()},
            "logo": Logo(**logo) if (logo := values.get("logo")) else None,
        }
    )


def _setting(value: object) -> Any:  # noqa: ANN401  (whatever `Campaign` has)
    """Return a setting of the table. Its numbers are decimal, and its lists can be changed."""
    if isinstance(value, Decimal):
        return int(value)
    return tuple(value) if isinstance(value, list) else value


def letter_values(campaign: str, letter: Letter) -> Values:
    """Return the item of a letter version."""
    return {
        **letter_key(campaign, letter.version)._asdict(),
        "language": letter.language,
        "source": letter.source,
        "template": letter.template,
    }


def read_letter(values: Values) -> Letter:
    """Read a letter version. Raises ValueError if something else wrote it, so that it is not what people signed."""
    version = values["sk"].removeprefix(LETTERS)
    letter = Letter.of(values["language"], values["source"], values["template"])
    if letter.version != version:
        message = f"the letter version {version[:12]} is not what was signed; restore its row from a backup"
        raise ValueError(message)
    return letter


def target_settings(target: Target) -> Values:
    """Return a target's attributes that its organizer sets."""
    return {
        "title": target.title,
        "name": target.name,
        "department": target.department,
        "locality": target.locality,
        "email": target.email,
        "postal_codes": list(target.postal_codes),
        "retired": target.retired,
        "titles": dict(target.titles),
        "postal_address": target.postal_address,
    }


def _target_of(values: Values) -> str:
    return str(values["sk"]).removeprefix(TARGETS)


def _read_whole(values: Values, office: Values | None) -> Target:
    return with_words(read_target(values), office)


def read_target(values: Values) -> Target:
    """Read a target without what its office says."""
    return Target(
        id=_target_of(values),
        title=values["title"],
        name=values["name"],
        department=values["department"],
        locality=values["locality"],
        email=values["email"],
        postal_codes=tuple(values["postal_codes"]),
        mail_state=read_choice(MailState, values.get("mail_state", "ok")),
        retired=bool(values.get("retired", False)),
        titles=values.get("titles", {}),
        postal_address=values.get("postal_address", ""),
        hold=values.get("hold"),
        complained_at=read_moment(values.get("complained_at")),
        free_from=read_day(values.get("free_from")),
        on_paper=_read_on_paper(values["on_paper"]) if "on_paper" in values else None,
        answer=_read_answer(values["answer"]) if "answer" in values else None,
    )


def _read_on_paper(values: Values) -> OnPaper:
    return OnPaper(int(values["letters"]), values["by"], datetime.fromisoformat(values["at"]))


def _answer_values(answer: Answer) -> Values:
    return {
        "day": written(answer.day),
        "text": answer.text,
        "public": answer.is_public,
        "by": answer.by,
        "at": written(answer.at),
    }


def _read_answer(values: Values) -> Answer:
    day, at = date.fromisoformat(values["day"]), datetime.fromisoformat(values["at"])
    return Answer(day, values["text"], bool(values["public"]), values["by"], at)


def audit_values(entry: AuditEntry, entry_id: str) -> Values:
    """Return the item of an audit entry. `entry_id` distinguishes entries of the same moment."""
    return {
        "pk": audit_partition(entry.campaign),
        "sk": f"{entry.at.isoformat()}#{entry_id}",
        "at": written(entry.at),
        "action": entry.action,
        "by": entry.by,
        "about": entry.about,
        "why": entry.why,
    }


def read_audit(values: Values) -> AuditEntry:
    """Read an audit entry."""
    return AuditEntry(
        campaign=values["pk"].partition("#")[2],
        at=datetime.fromisoformat(values["at"]),
        action=values["action"],
        by=values["by"],
        about=values["about"],
        why=values["why"],
    )
