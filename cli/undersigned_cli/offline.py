"""Show a campaign's letter on this computer, without AWS: as text, as a page or as a PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from undersigned.domain.campaigns import Roster
from undersigned.domain.errors import NotFoundError
from undersigned.domain.letters import SignerDetails, as_text, read_blocks, render_html
from undersigned.domain.signatures import details_so_far, read_draft, read_form

if TYPE_CHECKING:
    from undersigned_cli.campaign_folder import CampaignFolder

type Format = Literal["text", "html", "pdf"]

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
    folder: CampaignFolder,
    target_id: str,
    details: SignerDetails,
    format: Format,  # noqa: A002
    language: str | None = None,
) -> bytes:
    """Render the letter of one signer to one target, as the stack would, in the campaign's language or another one.

    Raises NotFoundError for an unknown target or language, and FormError with all that the form would refuse in the
    details.
    """
    letter = folder.letters.get(language or folder.letter.language)
    if letter is None:
        message = f"there is no letter in {language!r}; there are letters in {', '.join(folder.letters)}"
        raise NotFoundError(message)
    known = [target.id for target in folder.targets]
    if target_id not in known:
        message = f"there is no target `{target_id}` in targets.csv; the known ones are {', '.join(known)}"
        raise NotFoundError(message)
    target = next(target for target in folder.targets if target.id == target_id)
    signer = _as_signed(folder, target_id, details, letter.language)
    html = render_html(letter.template, target, signer, letter.language)
    match format:
        case "text":
            return as_text(read_blocks(html)).encode()
        case "html":
            title = f"Letter from {signer.name} to {target.title} {target.name}"
            return _PAGE.format(language=letter.language, title=title, letter=Markup(html)).encode()  # noqa: S704
        case "pdf":
            return _pdf(letter.language, html, signer)


def _as_signed(folder: CampaignFolder, target_id: str, details: SignerDetails, language: str) -> SignerDetails:
    """Return the details as the form would have taken them."""
    values = {
        "name": details.name,
        # No letter shows it, but no form goes without it.
        "email": folder.campaign.organizer.email,
        "address_line": details.address_line,
        "locality": details.locality,
        "region": details.region,
        "postal_code": details.postal_code,
        "target": target_id,
        "signature": details.signature,
        "note": details.note,
    }
    roster = Roster.of(folder.targets)
    read_form(values, folder.campaign, roster)
    return details_so_far(read_draft(values, roster), folder.campaign, details.signed_on, language)


def _pdf(language: str, html: str, signer: SignerDetails) -> bytes:
    # Typesetting loads all fonts, which text and pages need none of.
    from undersigned.rendering.packets import FontBook, PacketLetter, typeset  # noqa: PLC0415

    letter = PacketLetter(read_blocks(html), language, signer.name, signer.locality)
    return typeset(None, [letter], FontBook()).pdf
