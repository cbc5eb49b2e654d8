"""Sign: keep a form that was sent, until its signer confirms it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.base.languages import Message, chosen_language
from undersigned.base.typos import ASKS, MistypedError, answered
from undersigned.campaigns.catalog import find_campaign
from undersigned.signing.abuse_checks import judge
from undersigned.signing.rows.forms import Forms
from undersigned.signing.rules.forms import form_id, new_form
from undersigned.signing.rules.posted_forms import checked_form
from undersigned.signing.rules.signatures import new_mail_request, signer_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign


class ClosedError(UndersignedError):
    """The campaign is not open on this day; carries the campaign."""

    status = 409
    title = Message("You can’t sign this letter now")
    detail = Message("The letter’s page shows when you can sign it.")

    def __init__(self, campaign: Campaign) -> None:
        """Keep the campaign."""
        super().__init__(f"campaign {campaign.id} is not open for signing")
        self.campaign = campaign


@dataclass(frozen=True, slots=True)
class FormContext:
    """The context of a posted form: the IP address, and the site that posted it if the browser reports it.

    `wanted` is the language in the page's address, `accepted` are the browser's, as its header has them.
    """

    address: str
    origin: str | None
    wanted: str | None
    accepted: str | None


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form that was kept: its values with the email address that its sender typed or chose, and its page's language.

    `meant` is the address that was probably meant if this one looks mistyped. `free_from` is the first day of a new
    delivery to the form's target.
    """

    campaign: Campaign
    language: str
    values: Mapping[str, object]
    meant: str | None
    free_from: date | None


def keep_form(stack: Stack, campaign: str, values: Mapping[str, object], context: FormContext) -> KeptForm:
    """Keep a form that was sent, in one write. The same form sent again is kept once.

    Raises NotFoundError, ClosedError, FormError, BusyError; MistypedError instead of writing a form that asks.

    The reads and writes are the same whether or not the person has signed before or the form looks like a bot's, so
    that nobody can find out.
    """
    entry, now = find_campaign(stack, campaign), stack.clock()
    if not entry.is_open(now):
        raise ClosedError(entry.campaign)
    language = chosen_language(entry.campaign.languages, context.wanted, context.accepted)
    values, meant = answered(values)
    site = context.origin if context.origin in entry.campaign.allowed_origins else None
    signed = checked_form(values, entry.campaign, entry.roster, language, site)
    if values.get(ASKS) and (meant or stack.mail_domains.takes_none(signed.email)):
        raise MistypedError(meant)
    judged = judge(stack, entry.campaign, values, context.address, context.origin)
    secret, random = stack.secret(), stack.new_id()
    mail_request, signer = new_mail_request(now, random), signer_id(secret, signed.email)
    form = replace(
        new_form(signed, entry.campaign, entry.letters[signed.letter_language], signer, now, language=language),
        quarantine=judged.suspicion,
        mail_request=mail_request,
        network=judged.network,
    )
    Forms(stack.table).put(replace(form, form=form_id(secret, form, judged.token)))
    return KeptForm(entry.campaign, language, values, meant, signed.target.free_from)
