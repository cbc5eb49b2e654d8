"""Forms: each form that was sent is an item, until it expires after 14 days.

Its id is a hash of its values and of its form token. The index `listing` has every form in `FORMS#<campaign>#<shard>`,
by the time of signing. The index `tray` has the forms whose emails are postponed, in `POSTPONED#<campaign>#<queue>`, by
the time of the next try.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import batched
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import DamagedRowsError
from undersigned.base.rows import Key
from undersigned.base.table import Repository, Update, read_row, read_rows
from undersigned.signing.rows.signatures import checked, read_signature
from undersigned.signing.rules.forms import Form, FormMail, FormName, ReadForms, in_seconds, postponed_partition
from undersigned.signing.rules.signatures import Signature, listing_shards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.signing.rules.abuse_checks import Suspicion
    from undersigned.signing.rules.forms import Queue
    from undersigned.signing.rules.signatures import Lane

_READ_AHEAD = 50
"""How many forms a listing reads in one step, by default."""

_EXISTS = Attr("pk").exists()


def read_form(values: Values) -> Form:
    """Read a form. Raises one of DAMAGED if the item is damaged."""
    return checked(Form.read(values))


class Forms(Repository):
    """Forms in the table."""

    def put(self, form: Form) -> None:
        """Write a form. A form that is there already doesn't change."""
        self._table.put_new(form.item())

    def form(self, campaign: str, signer: str, form: str) -> Form | None:
        """Read a form consistently. Raises DamagedRowsError."""
        values = self._table.get(Form.locate(campaign=campaign, signer=signer, form=form), consistent=True)
        return read_row(read_form, values) if values else None

    def of_signer(self, campaign: str, signer: str) -> tuple[Form, ...]:
        """Read all forms of a signer consistently. A damaged one is left out."""
        found = self._table.query(Form.partition(campaign=campaign, signer=signer), consistent=True)
        return tuple(read_rows(read_form, found))

    def read(self, forms: Sequence[FormName]) -> ReadForms:
        """Read several forms consistently, each with its signer's letter. Leaves out forms that are gone."""
        return self._read(
            [Form.locate(campaign=campaign, signer=signer, form=form) for campaign, signer, form in forms]
        )

    def _read(self, keys: Iterable[Key], *, consistent: bool = True) -> ReadForms:
        keys = list(dict.fromkeys(keys))
        names = [_name_of(key) for key in keys]
        letters = [Signature.locate(campaign=name.campaign, signer=name.signer) for name in names]
        rows = self._table.batch_get([*keys, *letters], consistent=consistent)
        values = {Key(row["pk"], row["sk"]): row for row in rows}
        found, damaged = [], []
        for key, name, letter in zip(keys, names, letters, strict=True):
            try:
                if key in values:
                    row = read_row(read_signature, values[letter]) if letter in values else None
                    found.append((read_row(read_form, values[key]), row))
            except DamagedRowsError:
                damaged.append(name)
        return ReadForms(tuple(found), tuple(damaged))

    def listed(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None, consistent: bool = True
    ) -> Iterator[tuple[str, Form | None]]:
        """List a campaign's forms with their positions, newest first, or those older than a position.

        A form that can't be confirmed any more, or is damaged, is None, so that a caller can bound how many are read.
        `read_ahead` is how many are read in one step.
        """
        read_ahead = read_ahead or _READ_AHEAD
        merged = self._table.merged(
            listing_shards(campaign, "FORMS"), "listing", newest_first=True, below=before, read_ahead=read_ahead
        )
        for some in batched(merged, read_ahead, strict=False):
            read = self._read(map(_key_of, some), consistent=consistent).found
            waiting = {form.own_key(): form for form, row in read if form.can_follow(row)}
            yield from ((values["listed_at"], waiting.get(_key_of(values))) for values in some)

    def delete(self, campaign: str, signer: str, form: str) -> None:
        """Delete a form, if it is there."""
        self._table.delete(Form.locate(campaign=campaign, signer=signer, form=form))

    def delete_all(self, campaign: str, signer: str) -> None:
        """Delete all forms of a signer."""
        # By their keys: a damaged one goes, too.
        for values in self._table.query(Form.partition(campaign=campaign, signer=signer), consistent=True):
            self._table.delete(Key(values["pk"], values["sk"]))

    def release(self, form: Form, mail_request: str) -> None:
        """Release a form from quarantine, and request its email again. Raises ChangedError if it is in none."""
        # By `is_released`, the filter of SendConfirmations in template.yaml knows such a request.
        self._table.update(
            Update(
                form.own_key(),
                assign=Form.written(mail_request=mail_request, is_released=True, is_reminder=False, quarantine=None),
                when=Attr("quarantine").exists(),
            )
        )

    def put_in_quarantine(self, form: Form, why: Suspicion) -> None:
        """Put a form into quarantine. Raises ChangedError if it is gone."""
        self._table.update(Update(form.own_key(), assign=Form.written(quarantine=why), when=_EXISTS))

    def postpone_mail(self, mail: FormMail, until: datetime) -> None:
        """Let the email of a form wait. Raises ChangedError if the form is gone, or requests another email."""
        self._table.update(_postponement(mail, until, Attr("mail_request").eq(mail.form.mail_request)))

    def remind(self, form: Form, at: datetime) -> None:
        """Request a form's reminder at a moment. Raises ChangedError if it is gone, or requests another email."""
        unchanged = Attr("mail_request").eq(form.mail_request) & Attr("is_reminder").not_exists()
        self._table.update(_postponement(FormMail(replace(form, is_reminder=True)), at, unchanged))

    def postpone_further(self, form: Form, until: datetime) -> None:
        """Let a postponed email wait longer. Raises ChangedError if another run has sent or postponed it since."""
        self._table.update(_postponement(FormMail(form), until, Attr("due_at").eq(form.due_at)))

    def end_postponement(self, form: Form, expires_at: datetime | None = None) -> None:
        """Take a form off the list of postponed emails. If its email was sent, it can be confirmed until `expires_at`.

        Raises ChangedError if it is gone.
        """
        kept = Form.written(expires_at=expires_at) if expires_at else {}
        ended = Form.written(postponed_until=None)
        self._table.update(Update(form.own_key(), assign=kept | ended, remove=["due", "due_at"], when=_EXISTS))

    def postponed_mails(self, campaigns: Iterable[str], queue: Queue, until: datetime) -> Iterator[Form]:
        """Read the forms whose postponed emails are due by a moment, the longest postponed first.

        A damaged one is left out, so that it stops no other.
        """
        queues = [postponed_partition(campaign, queue) for campaign in campaigns]
        merged = self._table.merged(queues, "tray", below=f"{in_seconds(until)}~", read_ahead=_READ_AHEAD)
        for some in batched(map(_key_of, merged), _READ_AHEAD, strict=False):
            # The index lags behind.
            yield from (form for form in read_rows(read_form, self._table.batch_get(some)) if form.postponed_until)

    def how_many_postponed(self, campaign: str, lane: Lane, most: int) -> int:
        """Count a campaign's postponed emails of a lane, up to `most`."""
        return self._table.count(postponed_partition(campaign, lane), "tray", most)


def _key_of(listed: Values) -> Key:
    return Key(listed["pk"], listed["sk"])


def _postponement(mail: FormMail, until: datetime, when: ConditionBase) -> Update:
    later = replace(mail.form, postponed_until=until)
    place = {"due": postponed_partition(later.campaign, mail.queue), "due_at": later.due_at}
    written = Form.written(postponed_until=until, is_reminder=later.is_reminder)
    return Update(later.own_key(), assign=place | written, when=when)


def _name_of(key: Key) -> FormName:
    """Return the name of the form with a key. Raises ValueError for any other key."""
    _, campaign, signer = key.pk.split("#")
    return FormName(campaign, signer, key.sk)
