"""Pages: what signers and the addressee's office see in a browser."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.domain.campaigns import Target
from undersigned.domain.letters import long_date, long_moment, render_specimen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign, Roster
    from undersigned.domain.errors import FieldError
    from undersigned.domain.letters import Letter
    from undersigned.domain.tallies import Count
    from undersigned.services.signing import OwnLetter, Packets

_STYLE = (Path(__file__).parent / "templates" / "page.css").read_text().strip()

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""What a Content-Security-Policy allows instead of inline styles in general."""


def _render(template: str, language: str, **values: object) -> str:
    from undersigned.rendering.environment import ENVIRONMENT  # noqa: PLC0415  (it loads Jinja2)

    return ENVIRONMENT.get_template(template).render(
        style=Markup(_STYLE),  # noqa: S704  (our own file)
        language=language,
        **values,
    )


def campaign(  # noqa: PLR0913  (what the page shows)
    campaign: Campaign,
    roster: Roster,
    letter: Letter,
    count: Count,
    *,
    is_open: bool,
    today: date,
    next_delivery: datetime,
    answers: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: tuple[Target, str] | None = None,
) -> str:
    """Render the letter and its form, with a poster's answers and errors, or with the preview of their letter."""
    answers = {"region": campaign.region} if answers is None else answers
    postal_code = answers.get("postal_code")
    serving = roster.serving(postal_code) if isinstance(postal_code, str) else ()
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field, error.message)
    if preview:
        previewed, letter_html = preview
    else:
        previewed, letter_html = None, render_specimen(letter.template, _someone(roster))
    return _render(
        "campaign.html",
        campaign.language,
        campaign=campaign,
        count=count,
        letter_html=Markup(letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        addressee=_someone(roster).title,
        offers_note=letter.offers_note,
        is_open=is_open,
        today=today,
        next_delivery=next_delivery,
        answers={name: _shown(value) for name, value in answers.items() if isinstance(value, str | bool)},
        errors=messages,
        choices=serving if len(serving) > 1 else (),
        previewed=previewed,
    )


def _shown(answer: str | bool) -> str | bool:  # noqa: FBT001  (a form's value)
    """Return an answer as a page can hold it: JSON may bring lone surrogates, which UTF-8 has no bytes for."""
    return answer if isinstance(answer, bool) else answer.encode(errors="replace").decode()


def _someone(roster: Roster) -> Target:
    """Return an addressee in general, for a letter whose signer's town is not known yet."""
    titles = sorted({target.title for target in roster.by_id.values()})
    return Target(
        id="",
        title=titles[0] if len(titles) == 1 else "(title)",
        name="(name)",
        department="(department)",
        locality="(town)",
        email="",
        postal_codes=(),
    )


def signed(campaign: Campaign, next_delivery: datetime) -> str:
    """Render the page after signing, which is the same whether the person had signed before or not."""
    return _render("signed.html", campaign.language, campaign=campaign, next_delivery=next_delivery)


def confirm(own: OwnLetter, confirm_token: str, *, changed: bool = False) -> str:
    """Render the letter with the button that confirms just this version of it."""
    return _render(
        "confirm.html",
        own.entry.campaign.language,
        campaign=own.entry.campaign,
        target=own.target,
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        confirm_token=confirm_token,
        version=own.signature.version,
        changed=changed,
    )


def letter(own: OwnLetter, *, confirmed_now: bool = False, asked_back: bool = False) -> str:
    """Render a signer's letter and what became of it, after its confirmation or after asking for it back, too."""
    headline, explanation = state_of(own)
    return _render(
        "letter.html",
        own.entry.campaign.language,
        campaign=own.entry.campaign,
        target=own.target,
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        headline=headline,
        explanation=explanation,
        can_withdraw=own.signature.status != "withdrawn" and own.signature.bundle is None,
        too_late=asked_back and own.signature.status != "withdrawn",
        confirmed_now=confirmed_now and own.signature.status == "confirmed",
        token=own.token,
    )


def state_of(own: OwnLetter) -> tuple[str, str]:  # noqa: PLR0911  (a table)
    """Say where a letter is, in a headline and an explanation."""
    whom = f"{own.target.title} {own.target.name}"
    signature, delivery = own.signature, own.delivery
    if signature.status == "withdrawn":
        return "Taken back", "You took this letter back before it was in a packet. It is never sent."
    if signature.status == "pending":
        return "Not confirmed yet", "Open the link in our mail and confirm your letter; only then is it sent."
    if signature.period is None:
        if own.target.mail_state == "bounced":
            return (
                "Held",
                f"Mail to {whom} came back, so your letter is held. The organizer sees this and can mend the address.",
            )
        return "Waiting", f"Your letter goes to {whom} with the next packet, on {long_moment(own.next_delivery)}."
    day = long_date(date.fromisoformat(signature.period))
    match delivery.state if delivery else "open":
        case "delivered" | "complained":
            settled = delivery.settled_at if delivery and delivery.settled_at else None
            when = f" on {long_date(settled)}" if settled else ""
            return (
                "Arrived",
                f"The mail server of {own.target.department} accepted the packet of {day} with your letter{when}.",
            )
        case "bounced" | "held":
            came_back = f"The packet of {day} with your letter came back from {own.target.department}."
            return "Came back", f"{came_back} The organizer sees this and can send it again."
        case "sent":
            return "Sent", f"Your letter is in the packet of {day} to {whom}. Their mail server has not answered yet."
        case _:
            return "In a packet", f"Your letter is in the packet of {day} to {whom}, which is being sent."


def packets(found: Packets, token: str) -> str:
    """Render the page from which an office fetches packets that are too large for a mail."""
    return _render(
        "packets.html",
        found.campaign.language,
        campaign=found.campaign,
        target=found.target,
        day=date.fromisoformat(found.key.period),
        packets=found.packets,
        token=token,
    )


def problem(title: str, detail: str, language: str = "en") -> str:
    """Render an error with the way out."""
    return _render("problem.html", language, title=title, detail=detail)
