"""Letters: their lists, and the page of each."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from undersigned.base.languages import Message
from undersigned.campaigns.cursors import cursor_of
from undersigned.campaigns.rules.letters import render_html
from undersigned.delivering.pages.states import state_of_delivery
from undersigned.organizing.pages.recipients import recipient_choices, recipient_name
from undersigned.people.dashboard_frame import render_framed
from undersigned.signing.rules.form_fields import FORM_FIELDS, LINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.base.page import Page
    from undersigned.organizing.letters import LetterRecord
    from undersigned.organizing.listing import Listing
    from undersigned.organizing.rules.screening import SignatureFilter
    from undersigned.people.viewer import Viewer
    from undersigned.signing.rules.abuse_checks import Suspicion
    from undersigned.signing.rules.forms import FormOrLetter
    from undersigned.signing.rules.signatures import ReportedStatus

STATUSES: Mapping[ReportedStatus, Message] = {
    "pending": Message.in_context("status of a letter", "Not confirmed yet"),
    "confirmed": Message.in_context("status of a letter", "Confirmed"),
    "withdrawn": Message.in_context("status of a letter", "Withdrawn"),
    "erased": Message.in_context("status of a letter", "Erased"),
    "quarantined": Message.in_context("status of a letter", "In quarantine"),
}

_ANY_SUSPICION = Message.in_context("suspicion about a letter", "Any")

_SUSPICIONS: Mapping[Suspicion, Message] = {
    "trap": Message("A field that people don’t see was filled in."),
    "no form": Message("It didn’t come from our form, or from a site on the campaign’s list."),
    "erased before": Message("An earlier letter by the same person was erased."),
    "no mailbox": Message("The email address has a domain that takes no email, so none was sent."),
}


def signatures_page(viewer: Viewer, found: Listing[FormOrLetter], wanted: SignatureFilter) -> Page:
    """Render a list of letters, newest first, and the forms that search them."""
    next_cursor = cursor_of(found.next_position)
    kept = {
        "target": wanted.target,
        "status": wanted.status,
        "suspicion": wanted.suspicion,
        "cursor": next_cursor,
    }
    return render_framed(
        "organizing/pages/signatures.html",
        viewer.language,
        viewer,
        "signatures",
        rows=letter_rows(viewer, found.items),
        ended_early=found.ended_early,
        wanted=wanted,
        targets=recipient_choices(viewer),
        statuses=[(name, viewer.say(message)) for name, message in STATUSES.items()],
        suspicions=suspicion_choices(viewer),
        next_address=f"?{urlencode({name: value for name, value in kept.items() if value})}" if next_cursor else None,
    )


def letter_rows(viewer: Viewer, letters: Iterable[FormOrLetter]) -> list[tuple[FormOrLetter, str, str, str | None]]:
    """Return the rows of a table of letters: each with its recipient, status and suspicion in words."""
    return [
        (row, recipient_name(viewer, row.target), status_in_words(viewer, row), suspicion_of(viewer, row))
        for row in letters
    ]


def named_page(viewer: Viewer, found: Listing[FormOrLetter], name: str, most: int) -> Page:
    """Render the letters whose name has the words that somebody looks for, newest first. `most` letters were read."""
    return render_framed(
        "organizing/pages/named.html",
        viewer.language,
        viewer,
        "signatures",
        rows=letter_rows(viewer, found.items),
        name=name,
        ended_early=found.ended_early,
        most=most,
        next_cursor=cursor_of(found.next_position),
    )


def signature_page(viewer: Viewer, found: LetterRecord) -> Page:
    """Render a letter as it was signed, its outcome, and its buttons."""
    row, target = found.row, found.target
    whom, letter = found.signed or (target, None)
    details = row.words.printed(row.signed_on)
    html = render_html(letter.template, whom, details, letter.language) if letter else ""
    return render_framed(
        "organizing/pages/signature.html",
        viewer.language,
        viewer,
        "signatures",
        ("letter.css",),
        row=row,
        words=_where(viewer, row),
        name=f"{target.addressed(viewer.language)}, {target.locality}",
        letter_html=Markup(html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=letter.language if letter else "",
        delivered=state_of_delivery(viewer, found.delivery, target) if found.delivery else None,
        state=status_in_words(viewer, row),
        suspicion=suspicion_of(viewer, row),
        sheet=found.sheet,
    )


def _where(viewer: Viewer, row: FormOrLetter) -> list[tuple[str, str]]:
    """Return the label and the text of each line that the letter need not show: where the signer lives, the answer."""
    labels = {field.name: viewer.say(field.label) for field in FORM_FIELDS} | {"answer": row.words.question}
    names = (name for name in (*LINES, "postal_code") if name not in {"name", "email"})
    return [(labels[name], text) for name in names if (text := getattr(row.words, name))]


def status_in_words(viewer: Viewer, row: FormOrLetter) -> str:
    """Return the status of a letter in words."""
    if row.on_hold:
        return viewer.say(Message.in_context("status of a letter", "Confirmed, on hold"))
    if row.status == "quarantined" and row.quarantine == "no mailbox":
        return viewer.say(Message.in_context("status of a letter", "Wrong email address"))
    return viewer.say(STATUSES[row.status])


def suspicion_of(viewer: Viewer, row: FormOrLetter) -> str | None:
    """Return what speaks against a letter in quarantine, in words."""
    return suspicion_in_words(viewer, row.quarantine) if row.quarantine else None


def suspicion_in_words(viewer: Viewer, suspicion: str) -> str:
    """Return a suspicion in words. A suspicion of another version of the code stays as it is."""
    known = next((message for name, message in _SUSPICIONS.items() if name == suspicion), None)
    return viewer.say(known) if known else suspicion


def suspicion_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the suspicions that a form offers to choose from."""
    known = [(name, viewer.say(message)) for name, message in _SUSPICIONS.items()]
    return [("any", viewer.say(_ANY_SUSPICION)), *known]
