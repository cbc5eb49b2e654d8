"""The built-in privacy notice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.languages import Message, long_date
from undersigned.base.purposes import PURPOSES
from undersigned.campaigns.public_frame import public_page
from undersigned.signing.rules.form_fields import form_fields
from undersigned.signing.rules.signatures import EXPORTS_KEPT_FOR, PENDING_FOR, WITHDRAWN_FOR

if TYPE_CHECKING:
    from undersigned.base.page import Page
    from undersigned.campaigns.catalog import Entry
    from undersigned.campaigns.rules.campaigns import Campaign

RECOVERABLE_FOR = timedelta(days=35)
"""How long DynamoDB can restore what was deleted ("Point-in-time backups for DynamoDB", developer guide)."""


def privacy_page(entry: Entry, packet_days: int, language: str) -> Page:
    """Render the built-in privacy notice, whose figures are those of the stack."""
    from undersigned.signing.rules.mail_budgets import CLAIMS_KNOWN_FOR

    return public_page(
        "signing/pages/privacy.html",
        language,
        entry.campaign,
        asks_for_town=entry.roster.only is None,
        fields=_asked(entry, language),
        kept=_kept_until(entry.campaign, language),
        withdrawn_days=WITHDRAWN_FOR.days,
        pending_days=PENDING_FOR.days,
        claim_days=CLAIMS_KNOWN_FOR.days,
        packet_days=packet_days,
        export_days=EXPORTS_KEPT_FOR.days,
        recovery_days=RECOVERABLE_FOR.days,
    )


def _asked(entry: Entry, language: str) -> str:
    """Return the labels of the form's fields, as a list in a sentence, without the recipient."""
    left_out = {"target"} if entry.letter(language).offers_note else {"target", "note"}
    fields = form_fields(entry.campaign, entry.roster)
    labels = [field.label.in_language(language) for field in fields if field.name not in left_out]
    return ", ".join(label[:1].lower() + label[1:] for label in labels)


def _kept_until(campaign: Campaign, language: str) -> str:
    if campaign.kept_until is None:
        return Message("until the organizer erases it").in_language(language)
    return Message(
        "until %(day)s or until %(sent_days)s days after it arrived, whichever is later",
        {"day": long_date(campaign.kept_until, language), "sent_days": PURPOSES["packets"].valid_for.days},
    ).in_language(language)
