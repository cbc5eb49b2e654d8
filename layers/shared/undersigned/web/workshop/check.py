"""The step that shows all mistakes, and what people will see."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.domain.languages import Message, name_of
from undersigned.web import pages
from undersigned.web.workshop.frame import workshop_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.domain.errors import FieldError
    from undersigned.services.sampling import Sample
    from undersigned.services.signing import Form
    from undersigned.web.page import Page
    from undersigned.web.workshop.frame import Workshop

TEST_FIELDS: Mapping[str, Message] = {
    "name": Message("Name"),
    "postal_code": Message("Postal code"),
    "note": Message("Your own words"),
}
"""What a person types to sign as a test. The other fields have made-up values."""

_RECIPIENTS_SHOWN = 100


def check(
    workshop: Workshop,
    sample: Sample | None,
    *,
    test_to: str,
    given: Mapping[str, str] | None = None,
    errors: Iterable[FieldError] = (),
) -> Page:
    """Render all mistakes with links to where they are corrected, and the samples of a draft without any.

    `test_to` is the address that a test email goes to. `given` and `errors` are of a test signature that was refused.
    """
    others = (*workshop.checked.warnings, *workshop.checked.notes)
    campaign = sample.form.entry.campaign if sample else workshop.viewer.campaign
    offers_note = bool(sample and campaign.own_words and sample.form.entry.letter(campaign.language).offers_note)
    values = given or ({"name": sample.signature.name, "postal_code": sample.signature.postal_code} if sample else {})
    return workshop_page(
        "workshop_check.html",
        workshop,
        "preview",
        warnings=workshop.shown(others),
        sample=sample,
        recipients=workshop.checked.compiled.targets if workshop.checked.compiled else (),
        recipients_shown=_RECIPIENTS_SHOWN,
        test_to=test_to,
        languages=[(language, name_of(language)) for language in campaign.languages],
        test_fields=[
            (name, workshop.viewer.say(label), values.get(name, ""))
            for name, label in TEST_FIELDS.items()
            if name != "note" or offers_note
        ],
        test_errors=_by_field(errors, workshop.language),
    )


def _by_field(errors: Iterable[FieldError], language: str) -> dict[str, str]:
    """Return the first error of each field: the signature is the name, and the postal code decides about the rest."""
    found: dict[str, str] = {}
    for error in errors:
        field = error.field if error.field in TEST_FIELDS else "name" if error.field == "signature" else "postal_code"
        found.setdefault(field, error.message.in_language(language))
    return found


def test_signature(workshop: Workshop, sample: Sample) -> Page:
    """Render what a test signature leads to: the letter, and the email that asks to confirm it."""
    return workshop_page(
        "workshop_test.html",
        workshop,
        "preview",
        left=(),
        whom=sample.target.addressed(workshop.language),
        letter_html=Markup(sample.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=sample.letter_language,
        confirmation=sample.confirmation,
    )


def form_page(form: Form, language: str) -> Page:
    """Render the form's page of a draft in one of its languages, marked as a preview."""
    notice = Message("This is a preview of a draft. Its form sends nothing.")
    languages = form.entry.campaign.languages
    shown = replace(form, is_open=True)
    return pages.campaign(shown, language if language in languages else languages[0], notice=notice, is_sample=True)
