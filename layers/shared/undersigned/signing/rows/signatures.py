"""Signatures: the rows, the listing of a campaign's rows, and the trays.

The index `listing` has every signature in `SIGNATURES#<campaign>#<shard>`, by the time of signing. The index `tray` has
the letters in trays in `DUE#<campaign>#<shard>`, and those on hold in `HELD#<campaign>#<shard>`, in the order of
`<target>#<moment since which it waits>#<signer>`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import batched, chain, islice
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from undersigned.base.errors import DamagedRowsError
from undersigned.base.failures import UNFIT, code_of
from undersigned.base.rows import plain, read_moment
from undersigned.base.table import (
    BATCH_GET,
    NEW,
    ConditionFailedError,
    Repository,
    Update,
    as_read,
    read_row,
    read_rows,
)
from undersigned.campaigns.rules.campaigns import Addressee
from undersigned.campaigns.rules.drawings import Drawing
from undersigned.signing.rules.form_fields import NO_WORDS
from undersigned.signing.rules.forms import Form
from undersigned.signing.rules.signatures import (
    DISOWNED_FOR,
    ReadRows,
    Signature,
    SignatureStateError,
    Waiting,
    in_order,
    listing_shards,
    tray_shard,
    tray_shards,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Key, Values
    from undersigned.signing.rules.forms import FormOrLetter

_READ_AHEAD = 50
"""How many signatures a listing reads in one step, by default."""

_NOBODY = Addressee(title="", titles={}, name="", department="", locality="")
"""The addressee of an erased letter: what it showed would say where its signer lives."""

_KEPT = ("version", "tallied", "erased_at", "news_ended_at")
"""The attributes that stay when a form follows a withdrawn or erased letter."""


def parse_signature_key(pk: str) -> tuple[str, str]:
    """Return the campaign and the signer of a signature's partition key. Raises ValueError for any other key."""
    match pk.split("#"):
        case ["SIGNATURE", str(campaign), str(signer)] if campaign and signer:
            return campaign, signer
        case _:
            message = "the key of a signature reads SIGNATURE#<campaign>#<signer>"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class SignaturePage:
    """Up to 100 signatures of a campaign's listing, and how many more were damaged.

    Reading continues after `position`.
    """

    position: str
    rows: tuple[Signature, ...]
    damaged: int = 0


class Signatures(Repository):
    """Signature rows in the table."""

    def signature(self, campaign: str, signer: str) -> Signature | None:
        """Read a signature consistently."""
        values = self._table.get(Signature.locate(campaign=campaign, signer=signer), consistent=True)
        return read_row(read_signature, values) if values else None

    def signatures(self, campaign: str, signers: Sequence[str], *, whole: bool = True) -> tuple[Signature, ...]:
        """Read several signatures consistently, in this order; all of them, but signers without a row."""
        found = self.read_rows(campaign, signers)
        if whole and found.damaged:
            raise DamagedRowsError(*(self.row_name(campaign, signer) for signer in found.damaged))
        return found.rows

    def row_name(self, campaign: str, signer: str) -> str:
        """Return how logs and errors name a signature's row."""
        return str(Signature.locate(campaign=campaign, signer=signer))

    def read_rows(self, campaign: str, signers: Sequence[str]) -> ReadRows:
        """Read several signatures like `signatures`, and say which rows are damaged."""
        keys = [Signature.locate(campaign=campaign, signer=signer) for signer in signers]
        read = {parse_signature_key(row["pk"])[1]: row for row in self._table.batch_get(keys)}
        found = {row.signer: row for row in read_rows(read_signature, read.values())}
        return ReadRows(
            tuple(found[signer] for signer in signers if signer in found),
            tuple(signer for signer in read if signer not in found),
        )

    def newest_signatures(
        self, campaign: str, before: str | None = None, *, read_ahead: int | None = None
    ) -> Iterator[tuple[str, Signature]]:
        """List a campaign's signatures with their positions, newest first, or those older than a position.

        `read_ahead` is how many are read in one step. A higher number takes fewer calls.
        """
        read_ahead = read_ahead or _READ_AHEAD
        merged = self._table.merged(
            listing_shards(campaign), "listing", newest_first=True, below=before, read_ahead=read_ahead
        )
        for positions in batched((values["listed_at"] for values in merged), read_ahead, strict=False):
            signers = [position.rpartition("#")[2] for position in positions]
            found = {row.signer: row for row in self.signatures(campaign, signers, whole=False)}
            yield from (
                (position, found[signer])
                for position, signer in zip(positions, signers, strict=True)
                # The index lags behind: a person who signed again is at a newer position, too.
                if signer in found and position == found[signer].listed_at
            )

    def listed_signatures(self, campaign: str) -> Iterator[Signature]:
        """Read all signatures of a campaign, in no order and whole."""
        for shard in listing_shards(campaign):
            signers = (parse_signature_key(values["pk"])[1] for values in self._table.query(shard, index="listing"))
            for some in batched(signers, BATCH_GET, strict=False):
                yield from self.signatures(campaign, some)

    def pages(self, campaign: str, after: str = "") -> Iterator[SignaturePage]:
        """Read all signatures of a campaign in pages of up to 100, or those after a page's position."""
        first, _, listed_at = after.partition(" ")
        for number, shard in enumerate(listing_shards(campaign)):
            if after and number < int(first):
                continue
            # No position begins with this one, so the next ones sort after this one with a last character added.
            at_least = f"{listed_at}~" if after and number == int(first) else None
            listed = (values["listed_at"] for values in self._table.query(shard, index="listing", at_least=at_least))
            for positions in batched(listed, BATCH_GET, strict=False):
                yield self._page(campaign, number, positions)

    def _page(self, campaign: str, shard: int, positions: Sequence[str]) -> SignaturePage:
        last_of = {position.rpartition("#")[2]: position for position in positions}
        found = self.read_rows(campaign, [*last_of])
        # A person who has signed again since is at a later position, too. Earlier words that were confirmed since
        # are at an earlier one, where reading has been.
        rows = (row for row in found.rows if row.listed_at <= last_of[row.signer])
        return SignaturePage(f"{shard} {positions[-1]}", tuple(rows), len(found.damaged))

    def confirm(self, form: Form, *, at: datetime, on: date) -> Signature:
        """Make a form its signer's letter, and put it into its target's tray.

        Only if the signer has no letter, or withdrew or erased it before the form was sent. Raises SignatureStateError.
        """
        signed_at, long_ago = plain(form.signed_at), plain(form.signed_at - DISOWNED_FOR)
        not_disowned = Attr("disowned_at").not_exists() | Attr("disowned_at").lte(long_ago)
        ended_before = (Attr("status").eq("withdrawn") & Attr("withdrawn_at").lt(signed_at)) | (
            Attr("status").eq("erased") & Attr("erased_at").lt(signed_at) & not_disowned
        )
        # Its status takes the letter out of quarantine. The suspicion stays, because a program that reads the email of
        # a whole domain confirms, too.
        letter = _letter_of(form, status="confirmed", confirmed_at=at, confirmed_on=on, waits_since=at)
        changes = {name: value for name, value in letter.attributes().items() if name not in _KEPT}
        return self._move(Update(letter.own_key(), changes, add={"version": 1}, when=NEW | ended_before))

    def withdraw(self, campaign: str, signer: str, at: datetime) -> Signature:
        """Withdraw a signature whose letter is not sealed, and return it. Raises SignatureStateError."""
        waits = Attr("status").eq("confirmed") & Attr("bundle").not_exists()
        key = Signature.locate(campaign=campaign, signer=signer)
        return self._move(_out_of_tray(key, waits, status="withdrawn", withdrawn_at=at))

    def end_news(self, signature: Signature, at: datetime) -> Signature:
        """End a signer's consent to news, and return the letter. Raises SignatureStateError if it has changed."""
        same = Attr("status").eq("confirmed") & Attr("form").eq(signature.form) & Attr("cleared_at").not_exists()
        return self._move(Update(signature.own_key(), Signature.written(news_ended_at=at), when=same))

    def mark_told(self, signature: Signature, day: date | None) -> bool:
        """Note the day of the answer that a signer is told of. Return False if the letter has changed."""
        read = Signature.written(
            told=signature.told, form=signature.form, news_ended_at=signature.news_ended_at, cleared_at=None
        )
        same = Attr("status").eq("confirmed") & as_read(read)
        try:
            self._table.update(Update(signature.own_key(), Signature.written(told=day), when=same))
        except ConditionFailedError:
            return False
        return True

    def _move(self, change: Update) -> Signature:
        """Change a signature for its signer, and return it. Raises SignatureStateError, DamagedRowsError."""
        try:
            values = self._table.update(change, returns="ALL_NEW")
        except ConditionFailedError as error:
            raise SignatureStateError(read_row(read_signature, error.values) if error.values else None) from error
        except ClientError as error:
            # For example, nothing can be added to a version that is a text.
            if code_of(error) == UNFIT:
                self.signature(*parse_signature_key(change.key.pk))
            raise
        return read_row(read_signature, values)

    def clear(self, signature: Signature, at: datetime) -> None:
        """Remove all personal data from a row, which keeps its status and its place in the counts.

        Raises ChangedError if the row has changed.
        """
        self._table.update(
            Update(
                signature.own_key(),
                assign=Signature.written(cleared_at=at, network=None, news_ended_at=None, told=None, words=NO_WORDS),
                add={"version": 1},
                when=Attr("version").eq(signature.version) & Attr("cleared_at").not_exists(),
            )
        )

    def erase(self, signature: FormOrLetter, at: datetime) -> None:
        """Erase all personal data from a row. Raises ChangedError if the row has changed.

        For the form of a signer without a row, write an erased row, so that this form and earlier ones can't be
        confirmed. For a sealed letter, use `Deliveries.erase_letter`.
        """
        self._table.update(erasure(signature, at))

    def hold(self, signature: Signature) -> None:
        """Take a letter out of its target's tray, and keep it out. Raises ChangedError if it is not in the tray."""
        in_tray = is_in_tray(signature.campaign, signature.target, signature.signer)
        self._table.update(Update(signature.own_key(), {"due": _hold_of(signature)}, when=in_tray))

    def end_hold(self, signature: Signature, at: datetime) -> None:
        """Put a letter on hold back into its target's tray, due from now on. Raises ChangedError if it is not on hold.

        A page that was read before didn't show it, so *Send now* there doesn't send it.
        """
        on_hold = Attr("due").eq(_hold_of(signature))
        self._table.update(Update(signature.own_key(), _in_tray(signature, at), when=on_hold))

    def put_back(self, signature: Signature, at: datetime) -> None:
        """Put a confirmed letter into its target's tray if it is in no tray, on no hold and not sealed.

        Raises ChangedError if it has changed.
        """
        in_tray = is_in_tray(signature.campaign, signature.target, signature.signer)
        is_somewhere = in_tray | Attr("due").eq(_hold_of(signature))
        unchanged = Attr("version").eq(signature.version) & Attr("bundle").not_exists() & ~is_somewhere
        self._table.update(Update(signature.own_key(), _in_tray(signature, at), when=unchanged))

    def how_many_held(self, campaign: str) -> int:
        """Count a campaign's letters on hold."""
        return sum(self._table.count(shard, "tray") for shard in tray_shards(campaign, "HELD"))

    def has_waiting(self, campaign: str, target: str) -> bool:
        """Say whether a letter is in a target's tray. A damaged one doesn't count."""
        return next(self.readable(campaign, target), None) is not None

    def readable(self, campaign: str, target: str, *, until: datetime | None = None) -> Iterator[Signature]:
        """List the letters in a target's tray that were due by a moment, without damaged ones, oldest first."""
        for signers in batched(self.waiting(campaign, target, until=until), BATCH_GET, strict=False):
            # The index lags behind: some are sealed or withdrawn, or wait for another target.
            rows = self.signatures(campaign, signers, whole=False)
            yield from (row for row in rows if row.in_tray and row.target == target)

    def waiting(self, campaign: str, target: str, *, until: datetime | None = None) -> Iterator[str]:
        """List the signers of the letters in a target's tray that were due by a moment, oldest letter first.

        Rows may be damaged.
        """
        those = _from(target), _to(target, until)
        for values in self._table.merged(tray_shards(campaign), "tray", between=those):
            yield parse_signature_key(values["pk"])[1]

    def trays(self, campaign: str, first: str, last: str) -> tuple[Iterator[Waiting], ...]:
        """List the letters in the trays from one target's to another's, in parts that can be read at the same time.

        Each part has them by target, oldest first, and may have only some to a target, but the oldest: after each
        thousand letters it goes on with the next target. Rows may be damaged.
        """

        def read(shard: str) -> Iterator[Waiting]:
            some = chain.from_iterable(self._steps(shard, _from(first), _to(last)))
            return filter(None, map(_waiting_at, some))

        return tuple(map(read, tray_shards(campaign)))

    def how_many_wait_each(self, campaign: str, first: str, last: str) -> Counter[str]:
        """Count the letters in each tray from one target's to another's, also damaged ones; 0 for any other target."""
        found: Counter[str] = Counter()
        for shard in tray_shards(campaign):
            for page in self._steps(shard, _from(first), _to(last)):
                positions = [str(values["due_at"]) for values in page]
                found.update(map(target_at, positions))
                if len(page) == self._table.limits.tray_step:
                    # The step leaves out the other letters to this target.
                    others = f"{positions[-1]}~", _to(target := target_at(positions[-1]))
                    found[target] += self._table.count(shard, "tray", between=others)
        return found

    def _steps(self, shard: str, start: str, end: str) -> Iterator[list[Values]]:
        """List a shard's letters in pages that have the first ones to each target, from position to position."""
        step = self._table.limits.tray_step
        while start < end:
            page = list(islice(self._table.query(shard, index="tray", between=(start, end), read_ahead=step), step))
            yield page
            if len(page) < step:
                return
            start = _to(target_at(page[-1]["due_at"]))


def _in_tray(signature: Signature, since: datetime) -> Values:
    """Return a letter's place in its tray."""
    placed = replace(signature, waits_since=since, on_hold=False)
    return {"due": placed.due, "due_at": placed.due_at}


def _letter_of(form: Form, **changes: Any) -> Signature:  # noqa: ANN401  (values of any field)
    """Return the letter that has what a form says."""
    of_both = {each.name for each in fields(Form)} & {each.name for each in fields(Signature)}
    return Signature(**{name: getattr(form, name) for name in of_both} | {"version": 1} | changes)


def is_in_tray(campaign: str, target: str, signer: str) -> ConditionBase:
    """Return the condition that a letter is in a target's tray: it was not sealed, withdrawn or erased meanwhile."""
    return Attr("due").eq(tray_shard(campaign, signer)) & Attr("due_at").begins_with(_from(target))


def _from(target: str) -> str:
    """Return the position before a target's first letter."""
    return f"{target}#"


def _to(target: str, until: datetime | None = None) -> str:
    """Return the position after a target's last letter, or after its last letter that was due by a moment."""
    return f"{target}#{in_order(until) if until else ''}~"


def target_at(position: str) -> str:
    """Return the target of a position in a tray."""
    return position.partition("#")[0]


def _waiting_at(values: Values) -> Waiting | None:
    """Read a position in a tray; None if it is damaged, which the daily reconciliation reports."""
    target, _, rest = str(values.get("due_at", "")).partition("#")
    with suppress(ValueError):
        return Waiting(target, read_moment(rest.partition("#")[0]), parse_signature_key(values["pk"])[1])
    return None


def _out_of_tray(key: Key, when: ConditionBase, **changes: Any) -> Update:  # noqa: ANN401  (values of any field)
    """Return the update that gives a letter another state, and takes it out of its tray or hold."""
    return Update(key, assign=Signature.written(**changes), add={"version": 1}, remove=["due", "due_at"], when=when)


def sealing(campaign: str, target: str, signer: str, bundle: str) -> Update:
    """Return the update that seals a letter into a bundle, `<period>#<number>`.

    The letter must be in this target's tray. The index lags behind: it can still list a letter that is sealed already,
    or that was signed again for another target.
    """
    waits = Attr("status").eq("confirmed") & is_in_tray(campaign, target, signer)
    return _out_of_tray(Signature.locate(campaign=campaign, signer=signer), waits, bundle=bundle, network=None)


def erasure(signature: FormOrLetter, at: datetime, **changes: Any) -> Update:  # noqa: ANN401  (values of any field)
    """Return the update that erases all personal data from a row. The row stays, so that a new letter is recognized.

    For a signer without a row, a form is given. The erased row keeps forms that were sent until then from being
    confirmed.
    """
    changes |= {"words": NO_WORDS, "status": "erased", "erased_at": at, "addressee": _NOBODY}
    changes |= dict.fromkeys(("quarantine", "network", "cleared_at", "news_ended_at", "told"))
    if isinstance(signature, Form):
        row = _letter_of(signature, **changes)
        return Update(row.own_key(), row.attributes(), when=NEW)
    return _out_of_tray(signature.own_key(), Attr("version").eq(signature.version), **changes)


def read_signature(values: Values) -> Signature:
    """Read a signature. Raises one of DAMAGED if the row is damaged."""
    signature = checked(Signature.read(values))
    if "due" not in values:
        return signature
    # The keys of the index say where a letter is. If they make no sense, it is in no place.
    waiting, on_hold = _waiting_at(values), values["due"] == _hold_of(signature)
    in_place = on_hold or values["due"] == tray_shard(signature.campaign, signature.signer)
    is_its_own = in_place and waiting is not None and waiting.target == signature.target
    return replace(signature, waits_since=waiting.since if waiting and is_its_own else None, on_hold=on_hold)


def checked[T: (Form, Signature)](signature: T) -> T:
    """Return a letter or a form. Raises ValueError for a drawing that the page didn't make: it can't be typeset."""
    if signature.words.drawing:
        Drawing.kept(signature.words.drawing)
    return signature


def _hold_of(signature: Signature) -> str:
    """Return the partition that has a letter while it is on hold."""
    return tray_shard(signature.campaign, signature.signer, "HELD")
