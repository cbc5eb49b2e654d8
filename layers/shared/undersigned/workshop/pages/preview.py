"""The preview of a draft, whatever is missing: beside the fields of other steps, and as a step of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.languages import Message, name_of
from undersigned.signing.form import LetterPreview
from undersigned.signing.pages.form import form_page
from undersigned.signing.rules.form_fields import PRINTED
from undersigned.workshop.draft_views import SAMPLE_TARGET
from undersigned.workshop.pages.frame import workshop_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import Target
    from undersigned.workshop.pages.frame import Workshop
    from undersigned.workshop.sampling import Sample

_RECIPIENTS_SHOWN = 100
_VIEWS = ("letter", "form", "email", "paper")


@dataclass(frozen=True, slots=True)
class Preview:
    """The sample of a draft as people will see it: a made-up signer's letter to a recipient.

    The form, the email and the paper are in frames and pictures, with addresses of their own.
    """

    sample: Sample
    recipients: Sequence[Target]
    chosen: str = ""

    @property
    def view(self) -> str:
        """Return the name of the view that is shown first."""
        return self.chosen if self.chosen in _VIEWS else _VIEWS[0]

    @property
    def names_nobody(self) -> bool:
        """Say whether the draft has no recipients yet, so that one is made up."""
        return [target.id for target in self.recipients] == [SAMPLE_TARGET]

    @property
    def shown(self) -> Sequence[Target]:
        """Return the recipients in the table of postal codes."""
        return self.recipients[:_RECIPIENTS_SHOWN]

    @property
    def letter_html(self) -> Markup:
        """Return the letter."""
        return Markup(self.sample.letter_html)  # noqa: S704  (the letter's rendering escapes every value)

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Return the languages of the form, each with its name."""
        return [(code, name_of(code)) for code in self.sample.form_page.entry.campaign.languages]


def preview(workshop: Workshop, made: Preview, *, test_to: str) -> Page:
    """Render the step. `test_to` is the address that a test email goes to."""
    from undersigned.workshop.sampling import recipient_of_test

    return workshop_page(
        "workshop/pages/preview.html",
        workshop,
        "preview",
        preview=made,
        notes=workshop.shown((*workshop.checked.warnings, *workshop.checked.notes)),
        can_test=not workshop.checked.mistakes,
        test_to=test_to,
        test_of=recipient_of_test(made.recipients),
    )


def sample_page(sample: Sample, language: str) -> Page:
    """Render a draft's form in one of its languages, filled in by the made-up signer."""
    languages = sample.form_page.entry.campaign.languages
    return form_page(
        replace(sample.form_page, is_open=True),
        language if language in languages else languages[0],
        answers={name: getattr(sample.signature.words, name) for name in PRINTED},
        preview=LetterPreview(sample.target, (), sample.letter_html, sample.letter_language, ()),
        notice=Message("This is a preview of a draft. Its form sends nothing."),
        is_sample=True,
    )
