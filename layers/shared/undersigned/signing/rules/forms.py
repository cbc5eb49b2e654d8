"""Forms: tell which posts are the same form, and which of a signer's forms can be confirmed.

Each form is an item of its own until it expires. The link in its email names it, and confirms just what it says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from undersigned.signing.rules.form_fields import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from undersigned.signing.rules.signatures import Signature

_SENT_AGAIN_WITHIN = timedelta(minutes=15)
"""Posts without a token, from an organization's own page, are the same form within such a quarter of an hour."""

_SAID = (
    "campaign", "signer", *WORDS, "target", "drawing", "updates", "letter", "addressee", "language", "quarantine",
    "network",
)  # fmt: skip
"""The values that all posts of a form share. So a bot's form is never a person's, nor another network's."""


class FormName(NamedTuple):
    """What names a form: its campaign, its signer and its id."""

    campaign: str
    signer: str
    form: str

    @classmethod
    def of(cls, form: Signature) -> FormName:
        """Return the name of a form."""
        return cls(form.campaign, form.signer, form.form)


@dataclass(frozen=True, slots=True)
class ReadForms:
    """Forms that were read together, each with its signer's letter if there is one, and those that are damaged.

    A form is damaged if something else wrote it, or its signer's letter.
    """

    found: tuple[tuple[Signature, Signature | None], ...]
    damaged: tuple[FormName, ...] = ()


def form_id(secret: str, form: Signature, token: str | None) -> str:
    """Return the id of a form, made from its values and its form token: 64 bits in hex.

    So a form that is posted again, by a double click or because its answer was lost, is the same one. Somebody who
    got no email opens the form again, and has another token.
    """
    copy = token or f"{form.signed_at.timestamp() // _SENT_AGAIN_WITHIN.total_seconds():.0f}"
    said = json.dumps([copy, *(getattr(form, name) for name in _SAID)], default=asdict)
    return hmac.new(f"form:{secret}".encode(), said.encode(), hashlib.sha256).hexdigest()[:16]


def waiting_of(forms: Iterable[Signature], row: Signature | None, now: datetime) -> tuple[Signature, ...]:
    """Return a signer's forms that can be confirmed: clean ones after suspicious ones, then newer after older ones."""
    waiting = (form for form in forms if not form.has_expired(now) and form.can_follow(row))
    return tuple(sorted(waiting, key=lambda form: (not form.quarantine, form.signed_at)))


def current_of(forms: Iterable[Signature], row: Signature | None, now: datetime) -> Signature | None:
    """Return the last of a signer's forms that can be confirmed, or else their letter."""
    return next(reversed(waiting_of(forms, row, now)), row)
