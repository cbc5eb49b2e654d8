"""Abuse checks: tell a person's form from a bot's, without tracking anyone.

A form that looks like a bot's is not refused. It gets the same answer as any other, and its letter waits in quarantine
with the reason until its signer confirms it or the organizer releases it. Only a network that sends a flood of forms
has to wait.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

Suspicion = Literal["trap", "no form", "erased before", "no mailbox"]
"""Why a form looks like a bot's.

- `trap`: the field that people don't see is filled in.
- `no form`: the form has no valid token.
- `erased before`: an earlier letter of this signer was erased, and must not be sent again unnoticed.
- `no mailbox`: the domain of the email address takes no email, so none was sent.
"""

WantedSuspicion = Literal["any", Suspicion]
"""The suspicions that a search can ask for."""

FORM_WINDOW = timedelta(seconds=30)
"""Everybody who opens the form within it gets the same form token, so that caches can keep the page."""

TRAP = "topic"
"""The name of the field that people don't see. Browsers don't autofill a field of this name."""


def suspicion(*, has_token: bool, is_trapped: bool, is_from_known_site: bool) -> Suspicion | None:
    """Return why a form looks like a bot's, or None.

    An organization's own form has no token. It must come from a site that the campaign allows instead.
    """
    if is_trapped:
        return "trap"
    return None if has_token or is_from_known_site else "no form"
