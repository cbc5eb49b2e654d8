"""The next deliveries: previews of the emails and packets that would be sent now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.answers import data, download
from undersigned.base.errors import NotFoundError, NotNowError
from undersigned.base.languages import Message
from undersigned.base.logs import report_replaced
from undersigned.base.reader import base_url
from undersigned.campaigns.catalog import current_period
from undersigned.campaigns.cursors import TARGET_POSITION, cursor_of
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.delivering.rules.deliveries import DeliveryKey
from undersigned.organizing.overviews import Overview
from undersigned.people.routes.programs import ApiRoutes

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from undersigned.base.emails import Mail, Sender
    from undersigned.delivering.packing import DeliveryPreview
    from undersigned.delivering.rules.plans import PlanLine
    from undersigned.people.requests import ApiRequest, DashboardRequest

routes = ApiRoutes()

MOST_LETTERS = 2_500
"""The most letters in a preview: ten packets. The organizer waits for them, and the API times out after 30 seconds."""

MOST_BYTES = 4_400_000
"""The most bytes of a file in an answer: Lambda's limit is 6 MB, and the file is in Base64."""


@routes.get("/deliveries/next", "counts")
def list_next(request: ApiRequest) -> Response[str]:
    """List what a delivery would send now to whom, and what it would not send and why. Changes nothing."""
    found = Overview(request.stack, request.campaign, request.position(TARGET_POSITION), request.limit(50, most=200))
    return data(
        {
            "period": found.period,
            "next_delivery": None if found.campaign.send_now_only else found.next_delivery.isoformat(),
            "paused": found.controls.paused,
            "targets": [
                {"target": listed.target.id, "waiting": listed.waiting, "held_because": listed.target.why_held()}
                for listed in found.targets.items
                if listed.waiting
            ],
            "deliveries": [line_values(line) for line in found.plan(*found.targets.items)],
            "next": cursor_of(found.targets.next_position),
        }
    )


def line_values(line: PlanLine) -> dict[str, object]:
    """Return what a plan does with a target's letters, or why it doesn't send them."""
    return {
        "target": line.key.target,
        "period": line.key.period,
        "letters": line.letters,
        "to": line.target.email or None,
        "outcome": line.outcome,
        "why": line.why_held,
        "last_period": line.too_soon.last.isoformat() if line.too_soon else None,
        "not_before": line.too_soon.next_day.isoformat() if line.too_soon else None,
    }


def preview_mail(request: DashboardRequest, target: str) -> Response[bytes]:
    """Download the previewed email as a file that mail programs open."""
    return _file(mail_of(request, target).as_bytes(), "message/rfc822", f"{target}.eml")


def preview_packet(request: DashboardRequest, target: str, number: str) -> Response[bytes]:
    """Download one of the previewed email's packets."""
    from undersigned.delivering import packing

    pdf = packing.preview_packet(request.stack, sender_at(request), _key(request, target), int(number))
    return _file(pdf, "application/pdf", f"{target}-{number}.pdf")


def sender_at(request: DashboardRequest) -> Sender:
    """Return the sender of emails with links to the address of this request."""
    settings = request.stack.settings
    return settings.sender_at(base_url(request.event, settings.public_url))


def _key(request: DashboardRequest, target: str) -> DeliveryKey:
    campaign = Campaigns(request.stack.table).campaign(request.campaign)
    return DeliveryKey(campaign.id, target, current_period(request.stack, campaign))


def mail_of(request: DashboardRequest, target: str) -> Mail:
    """Return the email of the preview. Raises NotFoundError if the letters go by hand, and what `preview_of` does."""
    if mail := preview_of(request, target).mail:
        return mail
    message = f"{target} gets its letters by hand or post, so there is no email"
    raise NotFoundError(message)


def preview_of(request: DashboardRequest, target: str) -> DeliveryPreview:
    """Return the email that a target would get now.

    Raises NotNowError when no letters wait, and TooManyLettersError for more than MOST_LETTERS.
    """
    from undersigned.delivering import packing

    made = packing.preview_delivery(request.stack, sender_at(request), _key(request, target), most=MOST_LETTERS)
    if made is None:
        raise NotNowError(Message("No letters are waiting for this recipient, so there is no email to preview."))
    for number, characters in enumerate(made.replaced, start=1):
        if characters:
            report_replaced(f"{request.campaign}/{target}/{number}", characters)
    return made


def _file(content: bytes, media_type: str, filename: str) -> Response[bytes]:
    if len(content) > MOST_BYTES:
        raise NotNowError(
            Message("The file is too large to download here. `undersigned deliver CAMPAIGN --preview DIR` writes it.")
        )
    return download(content, media_type, filename)
