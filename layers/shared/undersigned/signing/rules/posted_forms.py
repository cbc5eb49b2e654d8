"""Posted forms: the fields of the form, and what each of them must contain."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.characters import can_be_printed, has_ink, has_phone_number, has_web_address
from undersigned.base.email_addresses import email_mistake, mailable
from undersigned.base.errors import AnswerError, FieldError, FormError
from undersigned.base.languages import Message
from undersigned.base.typos import meant_by
from undersigned.campaigns.rules.drawings import Drawing
from undersigned.campaigns.rules.letters import SignerDetails, specimen
from undersigned.signing.rules.choosing import choose_target
from undersigned.signing.rules.form_fields import FORM_FIELDS, PRINTED, WORDS, Words, form_fields
from undersigned.signing.rules.sources import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.campaigns.rules.campaigns import Campaign, Roster, Target
    from undersigned.signing.rules.form_fields import FormField


_TICKED = (True, "true", "on", "1", "yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedForm(Words):
    """A form that passed every check. `target` serves the postal code."""

    letter_language: str
    target: Target
    source: str | None = None


def _clean(field: FormField, value: object) -> str:
    """Return the field's text. Raises AnswerError."""
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise AnswerError(Message("%(field)s must be text", {"field": field.label}))
    text = re.sub(r"\r\n|[\r\u2028\u2029]", "\n", value) if field.has_lines else value
    text = text.strip()
    if not can_be_printed(text.replace("\n", "") if field.has_lines else text):
        raise AnswerError(
            Message(
                "%(field)s has a character that we can’t print. Type it again instead of pasting it.",
                {"field": field.label},
            )
        )
    # Composing takes quadratic time for a long run of combining characters, so the text is cut first.
    text, rest = unicodedata.normalize("NFC", text[: 4 * field.limit + 1]), text[4 * field.limit + 1 :]
    if not has_ink(text):
        if field.missing:
            raise AnswerError(field.missing)
        return ""
    if len(text) > field.limit:
        raise AnswerError(
            Message(
                "Use %(limit)s characters or fewer. You have used %(used)s.",
                {"limit": field.limit, "used": len(text) + len(rest)},
            )
        )
    if "web address" in field.refuses and has_web_address(text):
        raise AnswerError(
            Message(
                "%(field)s must not have a web address. Remove it. If it has none, put a space after each dot.",
                {"field": field.label},
            )
        )
    if "phone number" in field.refuses and has_phone_number(text):
        raise AnswerError(Message("%(field)s must not have a phone number. Remove it.", {"field": field.label}))
    return text


def _question_of(field: FormField, shown: object, answer: str) -> str:
    """Return the question that an answer is to, if it was `shown` or a website's own form names none.

    Raises AnswerError if there is no such question, or the answer is none of its choices: they were others before.
    """
    for words, *choices in field.questions.values():
        if shown in (None, words) and (not choices or answer in {_clean(field, choice) for choice in choices}):
            return words
    raise AnswerError(Message("The question or its choices may have changed. Answer it again."))


@dataclass(frozen=True, slots=True)
class UnfinishedForm:
    """An incomplete form: its valid answers, the target if it is known, and every error."""

    texts: Mapping[str, str]
    target: Target | None
    errors: tuple[FieldError, ...]


def read_unfinished(values: Mapping[str, object], campaign: Campaign, roster: Roster) -> UnfinishedForm:
    """Check a posted form and find every error, in the form's order. Ignores values that the form doesn't ask for.

    The name is the signature if no other one was typed.
    """
    fields = form_fields(campaign, roster)
    texts = dict.fromkeys({field.name for field in FORM_FIELDS} - {field.name for field in fields}, "")
    errors: list[FieldError] = []
    for field in fields:
        try:
            texts[field.name] = _clean(field, values.get(field.name))
            if field.questions and texts[field.name]:
                texts["question"] = _question_of(field, values.get("question"), texts[field.name])
        except AnswerError as error:
            errors.append(FieldError(field.name, error.detail))
    if texts.get("signature") == "":
        texts["signature"] = texts.get("name", "")
    try:
        drawing = Drawing.posted(values.get("drawing"))
        texts["drawing"] = drawing.text if drawing else ""
    except AnswerError as error:
        errors.append(FieldError("drawing", error.detail))
    if email := texts.pop("email", ""):
        if email_mistake(email):
            errors.append(FieldError("email", _in_correct_format(email)))
        else:
            texts["email"] = mailable(email)
    target = None
    if "postal_code" in texts and "target" in texts:
        try:
            target = choose_target(campaign, roster, texts["postal_code"], texts["target"])
        except FormError as error:
            errors.extend(error.errors)
    order = {field.name: position for position, field in enumerate(FORM_FIELDS)}
    order["drawing"] = order["signature"]
    return UnfinishedForm(texts, target, tuple(sorted(errors, key=lambda error: order[error.field])))


def _in_correct_format(email: str) -> Message:
    meant = meant_by(email)
    if meant is None or email_mistake(meant):
        return Message("Enter an email address in the correct format")
    return Message("Enter an email address in the correct format. Did you mean %(address)s?", {"address": meant})


def checked_form(
    values: Mapping[str, object],
    campaign: Campaign,
    roster: Roster,
    page_language: str | None = None,
    site: str | None = None,
) -> CheckedForm:
    """Read a form without errors. `site` is the origin of a website's own form.

    Raises FormError with every error, in the form's order.
    """
    unfinished = read_unfinished(values, campaign, roster)
    if unfinished.errors or unfinished.target is None:
        raise FormError(unfinished.errors)
    texts = unfinished.texts
    return CheckedForm(
        **{name: texts[name] for name in WORDS} | {"region": texts["region"] or _region_of(campaign)},
        updates=(updates := wants_updates(values)),
        consent=site or box_of(campaign, page_language or campaign.language) if updates else "",
        letter_language=letter_language(values, campaign, page_language),
        target=unfinished.target,
        drawing=texts["drawing"],
        source=source_of(values.get("source"), campaign),
    )


def box_of(campaign: Campaign, language: str) -> str:
    """Return the words beside the box that asks for consent to news."""
    return Message(
        "%(organizer)s may send me news about this campaign (optional)", {"organizer": campaign.organizer.name}
    ).in_language(language)


def wants_updates(values: Mapping[str, object]) -> bool:
    """Say whether the signer wants updates. `no`, which an organization's own form may post, is not consent."""
    return values.get("updates") in _TICKED


def letter_language(values: Mapping[str, object], campaign: Campaign, page_language: str | None) -> str:
    """Return the language of the letter that a form signs: the chosen one, else the page's, else the campaign's own.

    Languages in which the campaign has no letter are passed over.
    """
    wanted = (values.get("letter_language"), page_language)
    return next(
        (language for language in wanted if isinstance(language, str) and language in campaign.letters),
        campaign.language,
    )


def details_so_far(unfinished: UnfinishedForm, campaign: Campaign, today: date | None, language: str) -> SignerDetails:
    """Return what a letter shows of the signer of an incomplete form, with placeholders for what is missing."""
    texts = unfinished.texts
    known = {name: texts[name] for name in (*PRINTED, "drawing") if texts.get(name)}
    left_out = {name: "" for name in ("address_line", "locality", "postal_code", "answer") if name in texts}
    return replace(specimen(language), **(left_out | {"region": _region_of(campaign)} | known), signed_on=today)


def details_at_first(campaign: Campaign, roster: Roster, today: date | None, language: str) -> SignerDetails:
    """Return the details that a letter shows of the signer of an empty form: placeholders."""
    return details_so_far(read_unfinished({}, campaign, roster), campaign, today, language)


def _region_of(campaign: Campaign) -> str:
    """Return the region of a signer who gives none: the campaign's, unless its letters show none."""
    return "" if campaign.state == "no" else campaign.region
