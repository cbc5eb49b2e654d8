"""Deleting: delete a campaign that nobody has signed, or whose time is over, with everything of it.

It refuses while a letter still holds personal data, because such a letter may have to be sent, or sent again. Every
step can be repeated. People go after everything else, and the last owner together with the settings, so that an owner
can go on after a crash.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rows.counters import Counters
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.storing import clear_files
from undersigned.organizing.rows.campaign_rows import Rows
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.workshop.rows.drafts import Drafts

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.base.stack import Stack


class NotYetError(NotNowError):
    """The campaign can't be deleted yet; says why not, and the way out."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many rows a run deleted, and whether nothing is left."""

    rows: int
    is_done: bool = True


def check_deletable(stack: Stack, campaign: str) -> None:
    """Raise NotYetError if people can sign, or if letters or deliveries still need the campaign.

    A campaign that was never published can always be deleted.
    """
    campaigns, deliveries = Campaigns(stack.table), Deliveries(stack.table)
    settings = campaigns.published(campaign)
    if settings is None:
        return
    names: dict[str, object] = {"campaign": campaign}
    if campaigns.controls(campaign).is_open(settings, stack.clock()):
        raise NotYetError(Message("People can still sign. First close the campaign."))
    undelivered = [
        made.key
        for target in campaigns.targets(campaign)
        for made in deliveries.deliveries(campaign, target.id)
        if not (seen := made.with_word_of(target)).is_settled or seen.is_ready_to_print or seen.question(stack.clock())
    ]
    if undelivered:
        first = undelivered[0]
        names |= {"count": len(undelivered), "period": first.period, "target": first.target}
        raise NotYetError(
            Message(
                "Some deliveries are not finished (%(count)s), such as the one of %(period)s to %(target)s. First "
                "send them, decide about them, or hand them over.",
                names,
            )
        )
    rows = list(Signatures(stack.table).listed_signatures(campaign))
    personal = sum(bool(row.words.email) for row in rows)
    personal = personal or sum(form is not None for _, form in Forms(stack.table).listed(campaign))
    names |= {"count": f"{personal:,}", "day": settings.kept_until}
    if personal and settings.kept_until:
        raise NotYetError(
            Message(
                "Letters still have personal data (%(count)s): they wait to be sent, or are kept until %(day)s. Wait "
                "until then, or erase them.",
                names,
            )
        )
    if personal:
        raise NotYetError(
            Message(
                "Letters still have personal data (%(count)s). Say with the setting `keep_for_days` how long they are "
                "kept, or erase them.",
                names,
            ),
            plainly=Message(
                "Letters still have personal data (%(count)s). Say under Details after how many days it is deleted, "
                "or erase it with “Check letters”.",
                names,
            ),
        )


def delete_campaign(stack: Stack, campaign: str, is_late: Callable[[], bool] = lambda: False) -> Deleted:
    """Delete all rows and files until `is_late`; then another run goes on. Raises NotYetError.

    The tally subtracts letters from the counters as they go. If a counter went before them, it would create it again.
    """
    check_deletable(stack, campaign)
    deliveries, rows, counters = Deliveries(stack.table), Rows(stack.table), Counters(stack.table)
    for target in Campaigns(stack.table).settings_of_targets(campaign):
        for delivery in deliveries.deliveries(campaign, target.id):
            if delivery.cleared_at is not None:
                continue
            # It is settled. A later event of SES, such as a complaint, needs no file.
            with suppress(ChangedError):
                clear_files(stack, delivery)
            if is_late():
                return Deleted(0, is_done=False)
    letters = rows.delete_letters(campaign, is_late)
    if is_late():
        return Deleted(letters, is_done=False)
    with suppress(NotFoundError):  # Without a total, all counters had followed, and a run began to delete them.
        counters.total(campaign)
        if any(counters.counts(campaign).values()):
            raise NotYetError(
                Message(
                    "The letters are deleted, but the counts still include them. Try again in a minute.",
                    {"campaign": campaign},
                )
            )
    Drafts(stack).delete(campaign)
    others = rows.delete_others(campaign, is_late)
    return Deleted(letters + others, is_done=not is_late())
