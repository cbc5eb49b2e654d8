"""Render a campaign's letter without AWS, as text, HTML or PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from undersigned.base.errors import NotFoundError
from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letters import SignerDetails, as_text, read_blocks, render_html
from undersigned.signing.rules.form_fields import PRINTED
from undersigned.signing.rules.posted_forms import checked_form, details_so_far, read_unfinished

if TYPE_CHECKING:
    from undersigned.campaigns.rules.campaigns import Campaign, PaperSize, Target
    from undersigned.workshop.campaigns import CompiledCampaign

Format = Literal["text", "html", "pdf"]

_PAGE = Markup("""\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font: 1.125rem/1.5 serif }}
.signature {{ font: italic 1.75rem cursive }}
</style>
</head>
<body>
<main>
{letter}</main>
</body>
</html>
""")


def render(
    compiled: CompiledCampaign,
    target_id: str,
    details: SignerDetails,
    format: Format,  # noqa: A002
    language: str | None = None,
) -> bytes:
    """Render the letter of one signer to one target as the stack would, in the campaign's language or `language`.

    Raises NotFoundError for an unknown target or language, and FormError with all details that the form would refuse.
    """
    letter = compiled.letters.get(language or compiled.campaign.language)
    if letter is None:
        message = f"there is no letter in {language!r}; there are letters in {', '.join(compiled.letters)}"
        raise NotFoundError(message)
    roster = Roster.of(compiled.targets)
    target = roster.by_id.get(target_id)
    if target is None:
        message = f"there is no recipient `{target_id}` in targets.csv; use one of {', '.join(roster.by_id)}"
        raise NotFoundError(message)
    signer = _as_signed(compiled.campaign, roster, target, details, letter.language)
    html = render_html(letter.template, target, signer, letter.language)
    match format:
        case "text":
            return as_text(read_blocks(html)).encode()
        case "html":
            title = f"Letter from {signer.name} to {target.title} {target.name}"
            return _PAGE.format(language=letter.language, title=title, letter=Markup(html)).encode()  # noqa: S704
        case "pdf":
            return _pdf(letter.language, html, signer, compiled.campaign.paper_size)


def _as_signed(
    campaign: Campaign, roster: Roster, target: Target, details: SignerDetails, language: str
) -> SignerDetails:
    """Return the details as the form would store them."""
    values = {
        # The form needs an address, but no letter shows it.
        "email": campaign.organizer.email,
        "target": target.id,
        **{name: getattr(details, name) for name in PRINTED},
    }
    checked_form(values, campaign, roster)
    return details_so_far(read_unfinished(values, campaign, roster), campaign, details.signed_on, language)


def _pdf(language: str, html: str, signer: SignerDetails, paper_size: PaperSize) -> bytes:
    from undersigned.base.fonts import FontBook
    from undersigned.delivering.printing.packets import PacketLetter, typeset

    letter = PacketLetter(read_blocks(html), language, signer.name, signer.locality)
    return typeset(None, [letter], FontBook(), paper_size).pdf
