"""A signer’s own letter: the pages behind the links in their emails, and the same as JSON values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.languages import Message, full_date, long_date
from undersigned.campaigns.public_frame import public_page
from undersigned.campaigns.rules.campaigns import shown_of
from undersigned.signing.pages.signer_values import answer_values
from undersigned.signing.rules.forms import Form

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.base.page import Page
    from undersigned.campaigns.rules.campaigns import HeldBy
    from undersigned.delivering.own_letter import OwnLetter
    from undersigned.delivering.rules.deliveries import Delivery


def confirm_page(own: OwnLetter, confirm_token: str, language: str, *, can_sign: bool) -> Page:
    """Render the letter with the button that confirms these words of it, and a link to the form if people can sign."""
    return public_page(
        "delivering/pages/confirm.html",
        language,
        own.entry.campaign,
        target=own.target,
        whom=own.target.addressed(language),
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=own.letter_language,
        confirm_token=confirm_token,
        signed=own.signature.words,
        shown=shown_of({name for name in own.entry.campaign.asked if getattr(own.signature.words, name)}),
        can_sign=can_sign,
    )


def letter_page(own: OwnLetter, language: str, *, asked_to_withdraw: bool = False, form_url: str = "") -> Page:
    """Render a signer's letter and its status.

    With a `count`, the signer has just confirmed: the page thanks them, shows the count and offers to share `form_url`.
    With `asked_to_withdraw`, the page says if it was too late.
    """
    headline, explanation = state_of(own, language)
    return public_page(
        "delivering/pages/letter.html",
        language,
        own.entry.campaign,
        target=own.target,
        whom=own.target.addressed(language).strip(),
        signed=own.signature.words,
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=own.letter_language,
        headline=headline,
        explanation=explanation,
        is_of_other_words=own.is_of_other_words,
        is_cleared=own.signature.cleared_at is not None,
        can_withdraw=own.signature.status == "confirmed" and own.signature.bundle is None,
        agreed_on=_day(own, own.signature.agreed_at, language),
        ended_on=None if own.signature.agreed_at else _day(own, own.signature.news_ended_at, language),
        too_late=asked_to_withdraw and own.signature.status == "confirmed",
        count=own.count,
        on_paper=own.entry.roster.on_paper,
        recorded=[(own.target, own.answer)] if own.answer else [],
        is_unanswered=own.is_unanswered,
        form_url=form_url,
        token=own.token,
    )


def _day(own: OwnLetter, moment: datetime | None, language: str) -> str | None:
    return long_date(own.entry.campaign.local(moment), language) if moment else None


def letter_values(own: OwnLetter, language: str) -> dict[str, object]:
    """Return a signer's letter and its status."""
    headline, explanation = state_of(own, language)
    target, letter = own.target, None if isinstance(own.signature, Form) else own.signature
    return {
        "campaign": own.signature.campaign,
        "target": {
            "id": target.id,
            "title": target.title,
            "name": target.name,
            "department": target.department,
            "locality": target.locality,
        },
        # Nobody learns that a form looked like a bot's.
        "status": letter.status if letter else "pending",
        "version": letter.version if letter else 0,
        "other_words": own.is_of_other_words,
        "sealed": own.signature.bundle is not None,
        "delivery": own.delivery.state if own.delivery else None,
        "period": own.signature.period,
        "headline": headline,
        "detail": explanation,
        "letter_html": own.letter_html,
        "question": own.signature.words.question,
        "answer": own.signature.words.answer,
        "answers": [answer_values(own.target, own.answer)] if own.answer else [],
        # Before it is confirmed, there is no letter.
        "links": {
            "letter": f"/letters/{own.token}",
            "withdraw": f"/letters/{own.token}/withdraw",
            "no_news": f"/letters/{own.token}/no-news",
        }
        if letter
        else None,
    }


def state_of(own: OwnLetter, language: str) -> tuple[str, str]:
    """Return a letter's status as a headline and an explanation."""
    headline, explanation = _state_of(own, language)
    return headline.in_language(language), explanation.in_language(language)


def _state_of(own: OwnLetter, language: str) -> tuple[Message, Message]:  # noqa: C901, PLR0911, PLR0912  (a table)
    signature, delivery = own.signature, own.delivery
    values = {"whom": own.target.addressed(language), "department": own.target.department}
    if isinstance(signature, Form):
        return (
            Message.in_context("status of a letter", "Not confirmed yet"),
            Message("Open the link in our email and confirm your letter. Until you do, we don’t send it."),
        )
    if signature.status == "withdrawn":
        return (
            Message.in_context("status of a letter", "Withdrawn"),
            Message("You withdrew this letter before it was in a delivery. It won’t be sent."),
        )
    if signature.disowned_at and not signature.bundle:
        return (
            Message.in_context("status of a letter", "Deleted"),
            Message("Somebody with this email address said that they didn’t sign. The letter won’t be sent."),
        )
    if signature.status == "erased":
        return (
            Message.in_context("status of a letter", "Erased"),
            Message("The organizer erased this letter, with everything that it said about you."),
        )
    if own.is_held_back or own.is_waiting or signature.period is None:
        return _state_of_waiting(own, values, language)
    values["day"] = long_date(date.fromisoformat(signature.period), language)
    if delivery and (said := delivery.received_at(own.target)):
        return Message.in_context("status of a letter", "Delivered"), Message(
            "%(department)s said on %(received)s that it has your letter.",
            values | {"received": long_date(own.entry.campaign.local(said), language)},
        )
    if delivery and delivery.state == "closed_unsent":
        return Message.in_context("status of a letter", "Not delivered"), Message(
            "Your letter in the delivery of %(day)s did not reach %(whom)s, and the organizer won’t send it again. "
            "The reason: “%(why)s”.",
            {**values, "why": delivery.reason},
        )
    if delivery and delivery.way == "by hand":
        return _state_by_hand(delivery, values | {"organizer": own.entry.campaign.organizer.name}, language)
    match delivery.state if delivery else "open":
        case "delivered" | "complained" if delivery and delivery.last.settled_at:
            return Message.in_context("status of a letter", "Delivered"), Message(
                "The mail server of %(department)s accepted your letter on %(settled)s.",
                values | {"settled": long_date(own.entry.campaign.local(delivery.last.settled_at), language)},
            )
        case "delivered" | "complained":
            return Message.in_context("status of a letter", "Delivered"), Message(
                "The mail server of %(department)s accepted your letter.", values
            )
        case "bounced" | "held":
            return Message.in_context("status of a letter", "Bounced"), Message(
                "The mail server of %(department)s did not accept the email of %(day)s with your letter. "
                "The organizer can see this and send it again.",
                values,
            )
        case "in_doubt":
            return Message.in_context("status of a letter", "Being checked"), Message(
                "Your letter is in the email of %(day)s to %(whom)s. We don’t know yet whether that email arrived. The "
                "organizer can see this and ask them. Nothing is lost: if it did not arrive, it can be sent again.",
                values,
            )
        case "sent" if delivery and delivery.last.settled_at:
            return Message.in_context("status of a letter", "Sent"), Message(
                "We sent your letter to %(whom)s with the delivery of %(day)s.", values
            )
        case "sent":
            return Message.in_context("status of a letter", "Sent"), Message(
                "We sent your letter to %(whom)s with the delivery of %(day)s. Their mail server has not answered yet.",
                values,
            )
        case _:
            return Message.in_context("status of a letter", "Being sent"), Message(
                "Your letter is in the delivery of %(day)s to %(whom)s, which is being sent.", values
            )


def _state_by_hand(delivery: Delivery, values: Mapping[str, object], language: str) -> tuple[Message, Message]:
    """Return the status of a letter that the organizer prints, and hands over or mails."""
    if delivery.handed:
        return Message.in_context("status of a letter", "Handed over"), Message(
            "Your letter was handed over or mailed on paper on %(handed)s, as %(organizer)s recorded.",
            {**values, "handed": long_date(delivery.handed.day, language)},
        )
    return Message.in_context("status of a letter", "Being printed"), Message(
        "Your letter is in the delivery of %(day)s to %(whom)s. %(organizer)s prints it, and hands it over or mails "
        "it.",
        values,
    )


_HELD: Mapping[HeldBy, Message] = {
    "organizer": Message(
        "The organizer has put letters to %(whom)s on hold. The reason: “%(why)s”. "
        "Nothing is lost: your letter goes out when the hold ends."
    ),
    "office": Message(
        "%(department)s stopped these emails, so letters to %(whom)s are on hold. Nothing is lost: the organizer "
        "knows, and can bring your letter on paper."
    ),
    "complaint": Message(
        "Someone at %(department)s marked an earlier email as spam, so letters to %(whom)s are on hold until the "
        "organizer releases them. Nothing is lost: your letter goes out when the hold ends."
    ),
    "bounce": Message(
        "Email to %(whom)s bounced, so your letter is on hold. The organizer can see this and correct the address."
    ),
}


def _state_of_waiting(own: OwnLetter, values: Mapping[str, object], language: str) -> tuple[Message, Message]:
    on_hold = Message.in_context("status of a letter", "On hold")
    if own.signature.on_hold:
        return on_hold, Message(
            "The organizer looks at your letter before it goes to %(whom)s. Nothing is lost: it goes out when the "
            "organizer releases it.",
            values,
        )
    by_hand = own.delivery is not None and own.delivery.way == "by hand"
    if held := own.target.held_by("by hand" if by_hand else own.target.way):
        return on_hold, replace(_HELD[held], values={**values, "why": own.target.hold})
    return Message.in_context("status of a letter", "Waiting"), _when_it_goes(own, values, language)


def _when_it_goes(own: OwnLetter, values: Mapping[str, object], language: str) -> Message:
    if own.entry.campaign.send_now_only:
        return Message("Your letter goes to %(whom)s with the next delivery, which the organizer starts.", values)
    next_delivery = own.next_delivery()
    if next_delivery is None:
        return Message(
            "The organizer has paused the deliveries. Nothing is lost: your letter to %(whom)s goes out when the "
            "pause ends.",
            values,
        )
    values = {**values, "day": full_date(own.entry.campaign.local(next_delivery), language)}
    return Message("Your letter goes to %(whom)s with the next delivery, on %(day)s.", values)
