"""Screening: the page with a filter of letters, and the buttons for all that it selects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message, number
from undersigned.campaigns.cursors import cursor_of
from undersigned.organizing.pages.signatures import STATUSES, letter_rows, suspicion_choices, suspicion_in_words
from undersigned.organizing.rules.screening import PLACES
from undersigned.people.dashboard_frame import render_framed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from undersigned.base.page import Page
    from undersigned.organizing.rules.screening import Place, ScreeningAction, Shared
    from undersigned.organizing.screening import Screened
    from undersigned.people.viewer import Viewer

CRITERIA = ("suspicion", "domain", "network", "signed_from", "signed_before", "on_hold")
"""The fields of the form that selects letters."""

_PLACES: Mapping[Place, Message] = {
    "pending": STATUSES["pending"],
    "quarantined": STATUSES["quarantined"],
    "waiting": Message.in_context("where letters are", "Waiting for the next delivery"),
    "on hold": Message.in_context("where letters are", "On hold"),
    "in a delivery": Message.in_context("where letters are", "Sent, or being sent"),
    "withdrawn": STATUSES["withdrawn"],
}

_ADVICE: Mapping[ScreeningAction, tuple[Message, Message]] = {
    "hold": (
        Message("Put letters on hold"),
        Message(
            "Waiting letters stay out of every delivery until you include them again. They still count. Letters that "
            "are not confirmed yet, and those that were sent, stay as they are."
        ),
    ),
    "release": (
        Message("Include letters that are on hold"),
        Message("Letters on hold go out with the next delivery."),
    ),
    "erase": (
        Message("Erase letters"),
        Message(
            "This erases everything that these letters say about their signers, for good, wherever the letters are. "
            "They no longer count. If a letter has already been sent, the recipient keeps the email and the files "
            "that they have."
        ),
    ),
}
"""The title and the advice of each action."""


def screening_page(  # noqa: PLR0913  (the parts of the page)
    viewer: Viewer,
    typed: Mapping[str, str],
    found: Screened,
    *,
    after: str | None = None,
    done: Screened | None = None,
    may_act: bool = False,
    wrong: Mapping[str, Message] | None = None,
) -> Page:
    """Render the form that selects letters with what was typed, or its mistakes; the letters, and their buttons.

    With a filter that singles letters out, somebody `may_act` on them. `done` is the result of a button.
    """
    chosen = [(name, typed.get(name, "")) for name in CRITERIA]
    return render_framed(
        "organizing/pages/screening.html",
        viewer.language,
        viewer,
        "signatures",
        (),
        typed=dict(chosen),
        errors={name: viewer.say(message) for name, message in (wrong or {}).items()},
        suspicions=suspicion_choices(viewer),
        places=[(viewer.say(_PLACES[place]), found.places[place]) for place in PLACES if place in found.places],
        shared=[(_in_words(viewer, each), each) for each in found.shared if not typed.get(each.criterion)],
        sample=letter_rows(viewer, found.sample),
        actions=[
            (action, *map(viewer.say, words), viewer.say(_button(action, reached, viewer.language)))
            for action, words in _ADVICE.items()
            if may_act and (reached := found.reached_by(action))
        ],
        wanted=[*chosen, ("cursor", cursor_of(after))],
        older=[*chosen, ("cursor", cursor_of(found.next_position))] if found.next_position else None,
        done=" ".join(map(viewer.say, _done(done, viewer.language))) if done else None,
    )


def _in_words(viewer: Viewer, shared: Shared) -> str:
    """Return how many letters share something, in words."""
    match shared.criterion:
        case "suspicion":
            words = suspicion_in_words(viewer, shared.value)
        case "network":
            words = viewer.say(Message("from one network on one day"))
        case "domain":
            words = viewer.say(Message("with addresses at %(domain)s", {"domain": shared.value}))
    values = {"count": number(shared.letters, viewer.language), "words": words}
    return viewer.say(
        Message.counted("%(count)s letter: %(words)s", "%(count)s letters: %(words)s", shared.letters, values)
    )


def _button(action: ScreeningAction, letters: int, language: str) -> Message:
    """Return the button of an action, which names the number of letters."""
    values = {"count": number(letters, language)}
    match action:
        case "hold":
            return Message.counted("Put %(count)s letter on hold", "Put %(count)s letters on hold", letters, values)
        case "release":
            return Message.counted("Include %(count)s letter", "Include %(count)s letters", letters, values)
        case "erase":
            return Message.counted("Yes, erase %(count)s letter", "Yes, erase %(count)s letters", letters, values)


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
