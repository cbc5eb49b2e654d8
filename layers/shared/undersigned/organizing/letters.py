"""Letters, as organizers see them: lists, one with what belongs to it, and its release from quarantine or hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from undersigned.base.actions import Done, action
from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import ChangedError, NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.names import is_named
from undersigned.base.stack import Stack
from undersigned.campaigns.actions import FOR_THE_LOG
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rows.deliveries import Deliveries
from undersigned.delivering.rules.bundles import sealed_in
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.delivering.rules.packets import reference_number
from undersigned.organizing.listing import Listing, newest_letters
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rows.signatures import Signatures
from undersigned.signing.rules.forms import Form, current_of, waiting_of
from undersigned.signing.rules.signatures import new_mail_request, signer_id

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.campaigns.rules.letters import Letter
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.organizing.rules.screening import SignatureFilter
    from undersigned.signing.rules.forms import FormOrLetter

_READ_AHEAD = 100
"""How many rows DynamoDB returns in one call, at most ("BatchGetItem", DynamoDB API reference)."""


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """A letter or a form, its target, and its delivery. Unless it is empty, it has the target and the text `signed`.

    `sheet` is the reference number of a letter that was erased after it could be printed.
    """

    row: FormOrLetter
    target: Target
    signed: tuple[Target, Letter] | None
    delivery: Delivery | None
    sheet: str = ""


def list_letters(
    stack: Stack, campaign: str, wanted: SignatureFilter, after: str | None, limit: int
) -> Listing[FormOrLetter]:
    """List letters, newest first, in a bounded number of reads."""
    rows = newest_letters(stack, campaign, after, status=wanted.status)
    return Listing.of(rows, wanted.matches, limit, stack.limits.rows_read)


def letters_with_name(stack: Stack, campaign: str, name: str, after: str | None, limit: int) -> Listing[FormOrLetter]:
    """List the letters whose signer's name has these words, newest first, in a bounded number of reads.

    No index has names, because they are personal data: this reads the newest letters, or those after a position.
    """
    rows = newest_letters(stack, campaign, after, read_ahead=_READ_AHEAD)
    return Listing.of(
        rows, lambda row: bool(row.words.name) and is_named(row.words.name, name), limit, stack.limits.names_read
    )


def letter_signed_with(stack: Stack, campaign: str, email: str) -> FormOrLetter | None:
    """Find the letter or the form of an email address, in two reads. An invalid address has none."""
    if email_mistake(email):
        return None
    row = _current(stack, campaign, signer_id(stack.secret(), email))
    return row if row and row.words.email else None


def find_letter(stack: Stack, campaign: str, signer: str) -> FormOrLetter:
    """Return a signer's letter, or the form that waits for a confirmation. Raises NotFoundError."""
    row = _current(stack, campaign, signer)
    if row is None:
        message = f"campaign {campaign!r} has no letter {signer!r}"
        raise NotFoundError(message)
    return row


def _current(stack: Stack, campaign: str, signer: str) -> FormOrLetter | None:
    forms, letter = Forms(stack.table).of_signer(campaign, signer), Signatures(stack.table).signature(campaign, signer)
    return current_of(forms, letter, stack.clock())


def letter_record(stack: Stack, campaign: str, signer: str) -> LetterRecord:
    """Return a signer's letter with what belongs to it. Raises NotFoundError."""
    row, campaigns, deliveries = find_letter(stack, campaign, signer), Campaigns(stack.table), Deliveries(stack.table)
    target = campaigns.target(campaign, row.target)
    signed = None if row.is_empty else (target.as_signed(row.addressee), campaigns.letter(campaign, row.letter))
    made = deliveries.delivery(DeliveryKey(campaign, row.target, row.period)) if row.period else None
    if made is None:
        return LetterRecord(row, target, signed, None)
    delivery, sheet = made.with_word_of(target), ""
    if row.status == "erased" and delivery.may_be_on_paper and signer not in delivery.last.left_out:
        sheet = reference_number(made.key.period, sealed_in(deliveries.bundles(made.key)).index(signer) + 1)
    return LetterRecord(row, target, signed, delivery, sheet)


@action(
    "release from quarantine",
    Message("Said that a person wrote a letter"),
    page="/signatures/<signer>/release",
    button=Message("A person wrote this"),
    done={
        "released-letter": Message(
            "We’re sending its confirmation email again. The letter counts once it is confirmed."
        ),
        "ended-hold": Message("Included. The letter goes out with the next delivery."),
        "ended-hold-while-paused": Message("Included. The letter goes out after the campaign is resumed."),
    },
)
def release_letter(stack: Stack, campaign: str, signer: str, why: Annotated[str, FOR_THE_LOG]) -> Done:
    """Release a letter from quarantine, and send its signer the confirmation email again; or release it from hold.

    Raises NotFoundError, and NotNowError if the letter is neither quarantined nor on hold.
    """
    del why
    row, now = find_letter(stack, campaign, signer), stack.clock()
    try:
        if not isinstance(row, Form) and row.on_hold:
            Signatures(stack.table).end_hold(row, now)
        else:
            Forms(stack.table).release(_quarantined(stack, row), new_mail_request(now, stack.new_id()))
    except ChangedError as error:
        raise NotNowError(Message("The letter is not in quarantine, and not on hold.")) from error
    if not row.on_hold:
        return Done("released-letter")
    is_paused = Campaigns(stack.table).controls(campaign).paused
    return Done("ended-hold-while-paused" if is_paused else "ended-hold", log="release letters")


def _quarantined(stack: Stack, row: FormOrLetter) -> Form:
    """Return the newest form in quarantine of a signer. Raises ChangedError without one."""
    letter = None if isinstance(row, Form) else row
    waiting = waiting_of(Forms(stack.table).of_signer(row.campaign, row.signer), letter, stack.clock())
    found = max((form for form in waiting if form.quarantine), key=lambda form: form.signed_at, default=None)
    if found is None:
        raise ChangedError
    return found
