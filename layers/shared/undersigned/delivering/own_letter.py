"""A signer's own letter: what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import DamagedRowsError, NotFoundError
from undersigned.base.logs import report_damaged
from undersigned.campaigns.catalog import KEPT_FOR, catalog_of, next_delivery
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.letters import render_html

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from undersigned.base.stack import Stack
    from undersigned.campaigns.catalog import Entry
    from undersigned.campaigns.rules.campaigns import Answer, Target
    from undersigned.campaigns.rules.counts import Count
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.letters import LinkedLetter
    from undersigned.signing.rules.forms import FormOrLetter


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """The current state of a signer's letter. `delivery` is the delivery with the letter, once it is sealed.

    `next_delivery` returns when the schedule sends the next email to the letter's target, or None if that isn't known.
    `is_of_other_words` says that the letter was confirmed by another email's link, with other words. `count` is the
    public count with the letter, for the page of thanks. `answer` answers the letter; the letter `is_unanswered` if
    there is none 30 days after its delivery.
    """

    entry: Entry
    target: Target
    signature: FormOrLetter
    letter_html: str
    letter_language: str
    delivery: Delivery | None
    next_delivery: Callable[[], datetime | None]
    token: str
    is_of_other_words: bool = False
    count: Count | None = None
    answer: Answer | None = None
    is_unanswered: bool = False

    @property
    def is_held_back(self) -> bool:
        """Say whether the letter waits, in the tray or sealed, until the organizer releases it."""
        has_left = self.delivery is not None and self.delivery.state not in {"open", "held"}
        return self.target.is_held and not has_left

    @property
    def is_waiting(self) -> bool:
        """Say whether the letter goes by itself with a later email: from the tray, or sealed and not yet sent."""
        if self.delivery is None:
            return self.signature.period is None
        return self.delivery.state == "held" and not self.delivery.awaits_decision


def own_letter(stack: Stack, linked: LinkedLetter) -> OwnLetter:
    """Return a signer's letter and its status."""
    signature, link, catalog = linked.signature, linked.link, catalog_of(stack)
    entry = catalog.entry(signature.campaign, signature.target)
    try:
        target = entry.target(signature.target)
        if signature.status == "confirmed":
            target = _target_now(stack, signature.campaign, signature.target)
        letter = catalog.letter(signature.campaign, signature.letter)
    except NotFoundError as error:
        # Something other than this program wrote the target and the versions.
        row = str(signature.own_key())
        report_damaged(row)
        raise DamagedRowsError(row) from error
    target = target.as_signed(signature.addressee)
    delivery = _delivery_of(stack, signature, target)
    answer: Answer | None = None
    is_late = False
    if delivery and (since := delivery.answerable_since) and signature.status == "confirmed":
        answer, today = target.answer_since(since), entry.campaign.local(stack.clock()).date()
        is_late = delivery.is_unanswered(entry.campaign, answer, today)
    details = signature.words.printed(signature.signed_on)
    shown = "" if signature.is_empty else render_html(letter.template, target, details, letter.language)
    return OwnLetter(
        entry=entry,
        target=target,
        signature=signature,
        letter_html=shown,
        letter_language=letter.language,
        delivery=delivery,
        next_delivery=lambda: next_delivery(stack, entry, not_before=target.free_from if signature.waits else None),
        token=stack.links.sign("letter", link["campaign"], link["signer"], issued_at=link.issued_at),
        is_of_other_words=linked.is_of_other_words,
        count=linked.count,
        answer=answer,
        is_unanswered=is_late,
    )


def _delivery_of(stack: Stack, signature: FormOrLetter, target: Target) -> Delivery | None:
    """Return the delivery that holds a letter, once it is sealed."""
    if signature.period is None:
        return None
    # No form and no confirmation needs these.
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import DeliveryKey

    made = Deliveries(stack.table).delivery(DeliveryKey(signature.campaign, signature.target, signature.period))
    return made and made.with_word_of(target)


def _target_now(stack: Stack, campaign: str, target: str) -> Target:
    """Return a target with what its office says, as it was a minute ago at most."""
    targets, now = stack.once(_targets), stack.clock()
    kept = targets.get((campaign, target))
    if kept is None or now - kept[0] >= KEPT_FOR:
        kept = targets[campaign, target] = (now, Campaigns(stack.table).target(campaign, target))
    return kept[1]


def _targets(_stack: Stack) -> dict[tuple[str, str], tuple[datetime, Target]]:
    """Return where a process keeps the targets that it has read."""
    return {}
