"""The form and its preview as JSON values, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.campaigns.rules.letters import as_text, read_blocks
from undersigned.signing.rules.form_fields import form_fields
from undersigned.signing.rules.posted_forms import read_unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable

    from undersigned.campaigns.catalog import Entry
    from undersigned.campaigns.rules.campaigns import Answer, Target
    from undersigned.signing.form import FormPage, LetterPreview


def form_values(page: FormPage, language: str, origin: str) -> dict[str, object]:
    """Return a campaign's form: its fields, its targets and its form token. `origin` is our own."""
    entry = page.entry
    texts = entry.campaign.texts(language)
    offers_note = entry.letter(language).offers_note
    return {
        "campaign": entry.campaign.id,
        "title": texts.title,
        "summary": texts.summary,
        "language": language,
        "languages": entry.campaign.languages,
        "letter_languages": list(entry.letters),
        "organizer": entry.campaign.organizer.name,
        "open": page.is_open,
        "fields": [
            {
                "name": field.name,
                "label": field.title(language),
                "choices": field.choices(language),
                "required": field.required,
                "max_length": field.limit,
            }
            for field in form_fields(entry.campaign, entry.roster)
            if field.name != "note" or offers_note
        ],
        "targets": targets_values((it for it in entry.roster.by_id.values() if not it.retired), language),
        "answers": [answer_values(target, answer) for target, answer in entry.answers],
        "signatures": page.count.signatures,
        "goal": page.count.goal,
        "next_delivery": page.next_delivery.isoformat() if page.next_delivery else None,
        "privacy_url": entry.campaign.privacy_notice(origin, language),
        "form": page.token,
    }


def answer_values(target: Target, answer: Answer) -> dict[str, str]:
    """Return what the organizer recorded of the answer of a target's office."""
    return {"target": target.id, "day": answer.day.isoformat(), "text": answer.text}


def targets_values(targets: Iterable[Target], language: str) -> list[dict[str, object]]:
    """Return targets as the letters address them, each with the label that people choose it by."""
    return [
        {
            "id": target.id,
            "label": target.label,
            "title": target.title_in(language),
            "name": target.name,
            "addressed": target.addressed(language),
            "department": target.department,
            "locality": target.locality,
        }
        for target in targets
    ]


def serving_values(entry: Entry, postal_code: str, language: str) -> dict[str, object]:
    """Return the targets of a postal code, and why there is none or more than one."""
    form = read_unfinished({"postal_code": postal_code}, entry.campaign, entry.roster)
    code = form.texts.get("postal_code")
    serving = entry.roster.serving(code) if code is not None else ()
    targets = [
        {**values, "titles": {it: target.title_in(it) for it in entry.campaign.letters}}
        for target, values in zip(serving, targets_values(serving, language), strict=True)
    ]
    wrong = next((error for error in form.errors if error.field in {"postal_code", "target"}), None)
    return {
        "campaign": entry.campaign.id,
        "targets": targets,
        **({"detail": wrong.message.in_language(language)} if wrong else {}),
    }


def preview_values(preview: LetterPreview, language: str) -> dict[str, object]:
    """Return a letter filled in with the form's answers so far, and the form's errors."""
    targets = targets_values(preview.serving, language)
    return {
        "target": next((it for it in targets if preview.target and it["id"] == preview.target.id), None),
        "targets": targets,
        "language": preview.letter_language,
        "html": preview.letter_html,
        "text": as_text(read_blocks(preview.letter_html)),
        "errors": [{"field": error.field, "detail": error.message.in_language(language)} for error in preview.errors],
    }
