"""Forms: each form that was sent is an item, until it expires after 14 days.

| row | pk | sk |
|---|---|---|
| form | `FORM#<campaign>#<signer>` | a hash of its values and of its form token |

The index `listing` has every form in `FORMS#<campaign>#<shard>`, by the time of signing. The index `tray` has those
whose emails are postponed, in `POSTPONED#<campaign>#<lane>`, by the time when they are tried again.
"""

from __future__ import annotations

from datetime import UTC
from itertools import batched
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import DamagedRowsError
from undersigned.base.rows import Key
from undersigned.base.table import Repository, Update, read_row, read_rows
from undersigned.signing.rows.signatures import (
    LISTING_SHARDS,
    listing_position,
    read_letter,
    read_signature,
    signature_key,
    signature_values,
)
from undersigned.signing.rules.forms import FormName, ReadForms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.signing.rules.abuse_checks import Suspicion
    from undersigned.signing.rules.mail_budgets import Lane
    from undersigned.signing.rules.signatures import Signature

FORMS = "FORM#"
"""The beginning of the partitions of forms."""

_READ_AHEAD = 50
"""How many forms a listing reads in one step, by default."""

_EXISTS = Attr("pk").exists()


def form_partition(campaign: str, signer: str) -> str:
    """Return the partition of a signer's forms."""
    return f"FORM#{campaign}#{signer}"


def form_key(form: Signature) -> Key:
    """Return the key of a form."""
    return Key(form_partition(form.campaign, form.signer), form.form)


def form_shards(campaign: str) -> tuple[str, ...]:
    """Return all partitions of a campaign's forms in the listing index."""
    return tuple(f"FORMS#{campaign}#{shard}" for shard in range(LISTING_SHARDS))


def form_position(form: Signature) -> str:
    """Return a form's position in its campaign's listing."""
    return f"{listing_position(form)}#{form.form}"


def postponed_partition(campaign: str, lane: Lane) -> str:
    """Return the partition of the tray index that has a campaign's postponed emails of a lane.

    A partition takes 1,000 writes a second. If a rush postpones more emails while none may go, their messages come
    again.
    """
    return f"POSTPONED#{campaign}#{lane}"


def form_values(form: Signature) -> Values:
    """Return the item of a form."""
    return {
        **form_key(form)._asdict(),
        "listed": form_shards(form.campaign)[int(form.signer[-8:], 16) % LISTING_SHARDS],
        "listed_at": form_position(form),
        **signature_values(form),
        "mail_request": form.mail_request,
        "expires_at": int(form.expires_at.timestamp()) if form.expires_at else None,
    }


def read_form(values: Values) -> Signature:
    """Read a form. Raises one of DAMAGED if the item is damaged."""
    known = {"status": "pending", "version": 0, "form": values["sk"]}
    return read_letter(values | known, *_signer_of(_key_of(values)))


class Forms(Repository):
    """Forms in the table."""

    def put(self, form: Signature) -> None:
        """Write a form. A form that is there already doesn't change."""
        self._table.put_new(form_values(form))

    def form(self, campaign: str, signer: str, form: str) -> Signature | None:
        """Read a form consistently. Raises DamagedRowsError."""
        values = self._table.get(Key(form_partition(campaign, signer), form), consistent=True)
        return read_row(read_form, values) if values else None

    def of_signer(self, campaign: str, signer: str) -> tuple[Signature, ...]:
        """Read all forms of a signer consistently. A damaged one is left out."""
        found = self._table.query(form_partition(campaign, signer), consistent=True)
        return tuple(read_rows(read_form, found))

    def read(self, forms: Sequence[FormName]) -> ReadForms:
        """Read several forms consistently, each with its signer's letter. Those that are gone are left out."""
        return self._read([Key(form_partition(campaign, signer), form) for campaign, signer, form in forms])

    def _read(self, keys: Iterable[Key], *, consistent: bool = True) -> ReadForms:
        keys = list(dict.fromkeys(keys))
        letters = [signature_key(*_signer_of(key)) for key in keys]
        rows = self._table.batch_get([*keys, *letters], consistent=consistent)
        values = {Key(row["pk"], row["sk"]): row for row in rows}
        found, damaged = [], []
        for key, letter in zip(keys, letters, strict=True):
            try:
                if key in values:
                    row = read_row(read_signature, values[letter]) if letter in values else None
                    found.append((read_row(read_form, values[key]), row))
            except DamagedRowsError:
                damaged.append(FormName(*_signer_of(key), key.sk))
        return ReadForms(tuple(found), tuple(damaged))

    def listed(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None, consistent: bool = True
    ) -> Iterator[tuple[str, Signature | None]]:
        """List a campaign's forms with their positions, newest first, or those older than a position.

        A form that can't be confirmed any more, or is damaged, is None, so that a caller can bound how many are read.
        `read_ahead` is how many are read in one step.
        """
        read_ahead = read_ahead or _READ_AHEAD
        merged = self._table.merged(
            form_shards(campaign), "listing", newest_first=True, below=before, read_ahead=read_ahead
        )
        for some in batched(merged, read_ahead, strict=False):
            read = self._read(map(_key_of, some), consistent=consistent).found
            waiting = {form_key(form): form for form, row in read if form.can_follow(row)}
            yield from ((values["listed_at"], waiting.get(_key_of(values))) for values in some)

    def delete(self, campaign: str, signer: str, form: str) -> None:
        """Delete a form, if it is there."""
        self._table.delete(Key(form_partition(campaign, signer), form))

    def delete_all(self, campaign: str, signer: str) -> None:
        """Delete all forms of a signer."""
        # By their keys: a damaged one goes, too.
        for values in self._table.query(form_partition(campaign, signer), consistent=True):
            self._table.delete(Key(values["pk"], values["sk"]))

    def release(self, form: Signature, mail_request: str) -> None:
        """Release a form from quarantine, and request its email again. Raises ChangedError if it is in none."""
        # By `released`, the filter of SendConfirmations in template.yaml knows such a request.
        self._table.update(
            Update(
                form_key(form),
                assign={"mail_request": mail_request, "released": True},
                remove=["quarantine"],
                when=Attr("quarantine").exists(),
            )
        )

    def put_in_quarantine(self, form: Signature, why: Suspicion) -> None:
        """Put a form into quarantine. Raises ChangedError if it is gone."""
        self._table.update(Update(form_key(form), assign={"quarantine": why}, when=_EXISTS))

    def postpone_mail(self, form: Signature, until: datetime) -> None:
        """Let the email of a form wait. Raises ChangedError if the form is gone, or requests another email."""
        self._table.update(_postponement(form, until, Attr("mail_request").eq(form.mail_request)))

    def postpone_further(self, form: Signature, until: datetime) -> None:
        """Let a postponed email wait longer. Raises ChangedError if it was sent, or was postponed anew, meanwhile."""
        self._table.update(_postponement(form, until, Attr("due_at").eq(form.mail_postponed)))

    def end_postponement(self, form: Signature, expires_at: datetime | None = None) -> None:
        """List a form no longer. If its email was sent, it can be confirmed until `expires_at`.

        Raises ChangedError if it is gone.
        """
        kept = {"expires_at": int(expires_at.timestamp())} if expires_at else {}
        self._table.update(Update(form_key(form), assign=kept, remove=["due", "due_at"], when=_EXISTS))

    def postponed_mails(self, campaigns: Iterable[str], lane: Lane, until: datetime) -> Iterator[Signature]:
        """Read the forms whose emails wait no longer than until then, the longest postponed first.

        A damaged one is left out, so that it stops no other.
        """
        lanes = [postponed_partition(campaign, lane) for campaign in campaigns]
        merged = self._table.merged(lanes, "tray", below=f"{_second(until)}~", read_ahead=_READ_AHEAD)
        for some in batched(map(_key_of, merged), _READ_AHEAD, strict=False):
            # The index lags behind.
            yield from (form for form in read_rows(read_form, self._table.batch_get(some)) if form.mail_postponed)

    def how_many_postponed(self, campaign: str, lane: Lane, most: int) -> int:
        """Count a campaign's postponed emails of a lane, up to `most`."""
        return self._table.count(postponed_partition(campaign, lane), "tray", most)


def _key_of(listed: Values) -> Key:
    return Key(listed["pk"], listed["sk"])


def _postponement(form: Signature, until: datetime, when: ConditionBase) -> Update:
    from undersigned.signing.rules.mail_budgets import lane_of

    waiting = {
        "due": postponed_partition(form.campaign, lane_of(form)),
        "due_at": f"{_second(until)}#{form.signer}",
    }
    return Update(form_key(form), assign=waiting, when=when)


def _signer_of(key: Key) -> tuple[str, str]:
    """Return the campaign and the signer of a form's key. Raises ValueError for any other key."""
    _, campaign, signer = key.pk.split("#")
    return campaign, signer


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
