"""Screening: the evidence against letters, and the buttons for those that somebody selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.domain.counting.screening import PLACES
from undersigned.domain.languages import Message, number, short_moment
from undersigned.web.counting.posted_filters import CRITERIA
from undersigned.web.counting.signatures import STATUSES, status_in_words, suspicion_choices, suspicion_in_words
from undersigned.web.cursors import cursor_of
from undersigned.web.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.counting.screening import Evidence, Place, ScreeningAction
    from undersigned.domain.signing.signatures import SignatureFilter
    from undersigned.services.counting.screening import Screened
    from undersigned.web.page import Page
    from undersigned.web.viewer import Viewer

_PLACES: Mapping[Place, Message] = {
    "pending": STATUSES["pending"],
    "quarantined": STATUSES["quarantined"],
    "waiting": Message.in_context("where letters are", "Waiting for the next delivery"),
    "on hold": Message.in_context("where letters are", "On hold"),
    "in a delivery": Message.in_context("where letters are", "Sent, or being sent"),
    "withdrawn": STATUSES["withdrawn"],
}

_SCREENING: Mapping[ScreeningAction, tuple[Message, Message, Message]] = {
    "hold": (
        Message("Put letters on hold"),
        Message(
            "Waiting letters stay out of every delivery until you include them again. They still count. Letters that "
            "are not confirmed yet, and those that were sent, stay as they are."
        ),
        Message("Put on hold"),
    ),
    "release": (
        Message("Include letters that are on hold"),
        Message("Letters on hold go out with the next delivery."),
        Message("Include these letters"),
    ),
    "erase": (
        Message("Erase letters"),
        Message(
            "This erases everything that these letters say about their signers, for good, wherever the letters are. "
            "They no longer count. If a letter has already been sent, the recipient keeps the email and the packets "
            "that they have."
        ),
        Message("Yes, erase these letters"),
    ),
}
"""The title, the advice and the button of each action."""


def screening_page(viewer: Viewer, evidence: Evidence) -> Page:
    """Render the evidence against the newest letters, and the form that selects letters."""
    return _screening(viewer, found=[*_criteria(viewer, evidence)], places=None, done=None)


def select_again_page(viewer: Viewer, typed: Mapping[str, str], wrong: Mapping[str, Message]) -> Page:
    """Render the form that selects letters again, with the typed values, and with the mistakes by field."""
    errors = {name: viewer.say(message) for name, message in wrong.items()}
    return _screening(viewer, places=None, done=None, typed=typed, errors=errors)


def screened_page(
    viewer: Viewer, wanted: SignatureFilter, found: Screened, after: str | None, done: Screened | None
) -> Page:
    """Render the places of the selected letters, the buttons for them, and the result of a button."""
    chosen = _as_posted(wanted)
    return _screening(
        viewer,
        places=[(viewer.say(_PLACES[place]), found.places[place]) for place in PLACES if place in found.places],
        actions=[(action, *map(viewer.say, words)) for action, words in _SCREENING.items() if found.reached_by(action)],
        criteria=_criteria_in_words(viewer, wanted),
        sample=[(row, status_in_words(viewer, row)) for row in found.sample],
        wanted=[*chosen, ("cursor", cursor_of(after))],
        older=[*chosen, ("cursor", cursor_of(found.next_position))] if found.next_position else None,
        done=" ".join(map(viewer.say, _done(done, viewer.language))) if done else None,
    )


def _screening(viewer: Viewer, **values: object) -> Page:
    typed_nothing = {"typed": dict.fromkeys(CRITERIA, ""), "errors": {}}
    return render_framed(
        "dashboard_screening.html",
        viewer.language,
        viewer,
        "signatures",
        (),
        suspicions=suspicion_choices(viewer),
        **(typed_nothing | values),
    )


def _criteria(viewer: Viewer, evidence: Evidence) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the evidence against letters, each piece with the values that select its letters."""
    for suspicion, letters in evidence.suspicions.items():
        yield _letters(viewer, letters, suspicion_in_words(viewer, suspicion)), [("suspicion", suspicion)]
    if wave := evidence.wave:
        when = short_moment(viewer.local(wave.first), viewer.language)
        words = viewer.say(Message("from one network within an hour, beginning on %(when)s", {"when": when}))
        hour = [("signed_from", wave.first.isoformat()), ("signed_before", wave.before.isoformat())]
        yield _letters(viewer, wave.letters, words), [("network", wave.network), *hour]
    if domain := evidence.domain:
        words = viewer.say(Message("with addresses at %(domain)s", {"domain": domain.name}))
        yield _letters(viewer, domain.letters, words), [("domain", domain.name)]
    if evidence.on_hold:
        yield _letters(viewer, evidence.on_hold, viewer.say(_PLACES["on hold"])), [("on_hold", "yes")]


def _letters(viewer: Viewer, letters: int, words: str) -> str:
    values = {"count": number(letters, viewer.language), "words": words}
    return viewer.say(Message.counted("%(count)s letter: %(words)s", "%(count)s letters: %(words)s", letters, values))


def _criteria_in_words(viewer: Viewer, wanted: SignatureFilter) -> list[tuple[str, str]]:
    suspicions = dict(suspicion_choices(viewer))
    criteria: list[tuple[Message, str | None]] = [
        (Message("Recipient"), wanted.target),
        (Message("Looks like a bot’s"), suspicions[wanted.suspicion] if wanted.suspicion else None),
        (Message("Domain of the email address"), wanted.domain),
        (Message("Network"), wanted.network),
        (Message("Signed from"), _local(viewer, wanted.signed_from)),
        (Message("Signed before"), _local(viewer, wanted.signed_before)),
        (Message.in_context("where letters are", "On hold"), viewer.say(Message("yes")) if wanted.on_hold else None),
    ]
    return [(viewer.say(label), value) for label, value in criteria if value]


def _local(viewer: Viewer, moment: datetime | None) -> str | None:
    return short_moment(viewer.local(moment), viewer.language) if moment else None


def _as_posted(wanted: SignatureFilter) -> list[tuple[str, str | None]]:
    moments = {"signed_from": wanted.signed_from, "signed_before": wanted.signed_before}
    return [
        ("target", wanted.target),
        ("suspicion", wanted.suspicion),
        ("domain", wanted.domain),
        ("network", wanted.network),
        *((name, moment.isoformat() if moment else None) for name, moment in moments.items()),
        ("on_hold", "yes" if wanted.on_hold else None),
    ]


def _done(done: Screened, language: str) -> Iterator[Message]:
    values: dict[str, object] = {"count": number(done.changed, language), "rest": number(done.under_way, language)}
    if done.under_way:
        yield Message(
            "Letters changed: %(count)s. Another %(rest)s are in an email that is being sent: try again in an hour.",
            values,
        )
    else:
        yield Message("Letters changed: %(count)s.", values)
    if done.printed:
        yield Message.counted(
            "%(count)s of them may have been printed: the page of its delivery names the sheet to take out.",
            "%(count)s of them may have been printed: the page of each delivery by hand names the sheets to take out.",
            done.printed,
            {"count": number(done.printed, language)},
        )
