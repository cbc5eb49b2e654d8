"""Screening: show letters that a filter selects, and hold, release or erase all of them.

It works in slices, from the newest letter to the oldest. A slice has a bounded number of rows, so that a request of the
API ends in time. Each letter is changed by a write of its own, on the condition that it is still where it was read. So
the work can stop after any letter, and doing it again changes only the rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from undersigned.base.actions import ACTIONS, Action
from undersigned.base.errors import ChangedError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.actions import needed
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.controls import AuditEntry
from undersigned.organizing.erasing import UnderWayError, erase_letter
from undersigned.organizing.exporting import end_exports
from undersigned.organizing.listing import Listing, newest_letters
from undersigned.organizing.rules.screening import REACHES, checked_filter, in_words, place_of, shared_by
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.organizing.rules.screening import Place, ScreeningAction, Shared, SignatureFilter
    from undersigned.signing.rules.forms import FormOrLetter

SAMPLE = 25
"""How many of the selected letters are shown."""

_READ_AHEAD = 100


ACTIONS |= {
    "hold letters": Action(Message("Put several letters on hold"), "screen --action hold", "/screening"),
    # One letter on hold has a button of its own, which does the same for it (letters.py).
    "release letters": Action(
        Message("Included several letters again"),
        "screen --action release",
        "/signatures/<signer>/release",
        Message("Include this letter"),
    ),
    "erase letters": Action(Message("Erased several letters"), "screen --action erase", "/screening"),
}


@dataclass(frozen=True, slots=True)
class Screened:
    """The letters that a filter selects from a slice, and their outcome.

    `places` says where the letters were. `changed` were held, released or erased; `printed` of them may be on paper.
    `under_way` are in an email that is being sent: they can be erased an hour later. The next slice begins after
    `next_position`; None if this was the last one. `sample` are the newest of these letters, to look at, and
    `shared` is what many of them share.
    """

    places: Mapping[Place, int]
    changed: int = 0
    printed: int = 0
    under_way: int = 0
    next_position: str | None = None
    sample: tuple[FormOrLetter, ...] = ()
    shared: tuple[Shared, ...] = ()

    def plus(self, following: Screened) -> Screened:
        """Return this slice and the following one as one."""
        return Screened(
            Counter(self.places) + Counter(following.places),
            self.changed + following.changed,
            self.printed + following.printed,
            self.under_way + following.under_way,
            following.next_position,
        )

    def reached_by(self, action: ScreeningAction) -> int:
        """Count the letters that an action changes."""
        return sum(count for place, count in self.places.items() if place in REACHES[action])


def count_letters(stack: Stack, campaign: str, wanted: SignatureFilter, after: str | None = None) -> Screened:
    """Count the letters of a slice that a filter selects, by where they are. Changes nothing.

    Raises NotFoundError for an unknown target, and GivenError for a criterion that no letter can meet.
    """
    found = _slice(stack, campaign, wanted, after, stack.limits.rows_read)
    return Screened(
        _places(found.items),
        next_position=found.next_position,
        sample=found.items[:SAMPLE],
        shared=shared_by(found.items),
    )


def screen(  # noqa: PLR0913  (what, who and why)
    stack: Stack,
    campaign: str,
    action: ScreeningAction,
    wanted: SignatureFilter,
    *,
    by: str,
    why: str,
    after: str | None = None,
    until: datetime | None = None,
) -> Screened:
    """Hold, release or erase the letters that a filter selects, slice by slice, until a moment. Return the sums.

    Raises as `count_letters` does, NotNowError for a filter that singles no letters out and without a reason, and
    GivenError for a reason that can't be kept.
    """
    if not checked_filter(wanted).singles_out:
        raise NotNowError(Message("Say which letters: by suspicion, email domain, network or time."))
    entry = AuditEntry(campaign, stack.clock(), f"{action} letters", by, why=needed(Message("Give a reason."), why))
    done = _screen_slice(stack, action, wanted, entry, after)
    while done.next_position and (until is None or stack.clock() < until):
        done = done.plus(_screen_slice(stack, action, wanted, entry, done.next_position))
    return done


def _screen_slice(
    stack: Stack, action: ScreeningAction, wanted: SignatureFilter, entry: AuditEntry, after: str | None
) -> Screened:
    """Change the letters of a slice, after their number is in the activity log."""
    found = _slice(stack, entry.campaign, wanted, after, stack.limits.letters_changed)
    reached = [row for row in found.items if place_of(row) in REACHES[action]]
    if reached:
        about = f"{len(reached)}: {in_words(wanted)}"
        Campaigns(stack.table).record_audit(replace(entry, at=stack.clock(), about=about), stack.new_id())
    if reached and action == "erase":
        end_exports(stack, entry.campaign)
    outcomes = Counter(_change(stack, action, row) for row in reached)
    if reached and action == "erase":
        end_exports(stack, entry.campaign)
    changed = outcomes["changed"] + outcomes["printed"]
    return Screened(_places(found.items), changed, outcomes["printed"], outcomes["under way"], found.next_position)


def _change(stack: Stack, action: ScreeningAction, row: FormOrLetter) -> str:
    if isinstance(row, Form):
        # Forms can only be erased.
        Forms(stack.table).delete(row.campaign, row.signer, row.form)
        return "changed"
    try:
        match action:
            case "hold":
                Signatures(stack.table).hold(row)
            case "release":
                Signatures(stack.table).end_hold(row, stack.clock())
            case "erase":
                arrived = erase_letter(stack, row.campaign, row.signer)
                return "printed" if arrived and arrived.may_be_on_paper else "changed"
    except UnderWayError:
        return "under way"
    except ChangedError:
        # It has just been sealed, withdrawn or erased.
        return "elsewhere"
    return "changed"


def _slice(stack: Stack, campaign: str, wanted: SignatureFilter, after: str | None, most: int) -> Listing[FormOrLetter]:
    wanted = checked_filter(wanted)
    if wanted.target:
        Campaigns(stack.table).target(campaign, wanted.target)
    position = after or (wanted.signed_before.isoformat() if wanted.signed_before else None)
    rows = newest_letters(stack, campaign, position, read_ahead=_READ_AHEAD, status=wanted.status)
    if earliest := wanted.signed_from:
        rows = takewhile(lambda found: found[1] is None or found[1].signed_at >= earliest, rows)
    return Listing.of(rows, lambda row: row.status != "erased" and wanted.matches(row), most, stack.limits.rows_read)


def _places(rows: Iterable[FormOrLetter]) -> dict[Place, int]:
    return dict(Counter(place for row in rows if (place := place_of(row))))
