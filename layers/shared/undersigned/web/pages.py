"""Pages for signers, for targets and for organizers who approve, in the reader's language."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.domain.authoring.letters import render_marked, render_specimen
from undersigned.domain.languages import Message, languages, long_date, long_moment, name_of, named_in
from undersigned.domain.signing.abuse_checks import TRAP
from undersigned.domain.signing.mail_limits import CLAIMS_KNOWN_FOR
from undersigned.domain.signing.signatures import (
    FORM_FIELDS,
    PENDING_FOR,
    WITHDRAWN_FOR,
    details_at_first,
    form_fields,
    wants_updates,
)
from undersigned.domain.signing.sources import SOURCE
from undersigned.domain.signing.typos import ANSWER, ASKS
from undersigned.domain.tokens import VALID_FOR
from undersigned.web.page import render_page, usual_theme
from undersigned.web.signing.share_picture import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign, Roster, Target
    from undersigned.domain.counting.tallies import Count
    from undersigned.domain.delivering.approvals import PeriodState
    from undersigned.domain.delivering.deliveries import DeliveryState
    from undersigned.domain.delivering.plans import PlanLine
    from undersigned.domain.errors import FieldError
    from undersigned.services.delivering.packet_links import Packets
    from undersigned.services.signing.catalog import Entry
    from undersigned.services.signing.disowning import DisownedState
    from undersigned.services.signing.signing import Form, LetterPreview, OwnLetter, SentForm
    from undersigned.web.page import Page, Theme


_MORE_SHEETS = {
    "approval.html": ("fields.css",),
    "campaign.html": ("fields.css", "letter.css", "form.css"),
    "confirm.html": ("letter.css",),
    "letter.html": ("fields.css", "letter.css"),
    "packets.html": ("fields.css",),
    "privacy.html": ("fields.css",),
}
"""Style sheets beside that of all pages, by template."""


_KEPT = ("form", ASKS, "source", *(field.name for field in FORM_FIELDS), "drawing", "letter_language")
"""The values of a form that the page after signing keeps, beside `updates`."""


def _page(  # noqa: PLR0913  (what the page has)
    template: str,
    language: str,
    campaign: Campaign | None = None,
    *,
    embedded: bool = False,
    theme: Theme | None = None,
    script: str = "",
    **values: object,
) -> Page:
    usual = usual_theme(embedded=embedded)
    asked = theme if theme != usual else None
    return render_page(
        template,
        language,
        ("page.css", *_MORE_SHEETS.get(template, ())),
        campaign.accent if campaign else None,
        theme or usual,
        script=script,
        campaign=campaign,
        texts=campaign.texts(language) if campaign else None,
        embedded=embedded,
        hosts=" ".join(campaign.framing_origins) if campaign else "",
        asked_theme=asked,
        query=_query(campaign, language, asked, embedded=embedded) if campaign else "",
        form_path=_form_path(campaign, language, asked, embedded=embedded) if campaign else "",
        privacy=campaign.privacy_notice("", language) if campaign else "",
        **values,
    )


def _query(campaign: Campaign, language: str, theme: Theme | None, *, embedded: bool) -> str:
    """Return the query that the form's pages pass on: the language, the frame, and an unusual theme."""
    kept = {"lang": language} if len(campaign.languages) > 1 else {}
    kept |= {"embedded": "1"} if embedded else {}
    kept |= {"theme": theme} if theme else {}
    return f"?{urlencode(kept)}" if kept else ""


def _form_path(campaign: Campaign, language: str, theme: Theme | None, *, embedded: bool) -> str:
    """Return the form's address in this language, in a frame or not."""
    return f"/campaigns/{campaign.id}{'/embed' if embedded else ''}{_query(campaign, language, theme, embedded=False)}"


def campaign(  # noqa: PLR0913  (what the page shows)
    form: Form,
    language: str,
    *,
    answers: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: LetterPreview | None = None,
    notice: Message | None = None,
    meant: str | None = None,
    embedded: bool = False,
    is_sample: bool = False,
    theme: Theme | None = None,
    base: str = "",
) -> Page:
    """Render the letter and its form; after a post, with its answers and either its errors or its preview.

    `notice`, shown above the form, says why a form without errors was refused. `meant` is the email address that the
    page asks about, because the one in the form looks mistyped. `base` is the origin of the page's canonical address,
    which other sites show beside a link. A sample runs no script.
    """
    entry, campaign, roster = form.entry, form.entry.campaign, form.entry.roster
    answers = {"region": campaign.region} if answers is None else answers
    source = answers.get("source")
    postal_code = answers.get("postal_code")
    serving = roster.serving(postal_code if isinstance(postal_code, str) else "")
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error.field, error.message.in_language(language))
    letter = entry.letter(preview.letter_language if preview else language)
    if preview:
        letter_html = preview.letter_html
    else:
        someone = roster.someone(letter.language)
        letter_html = render_specimen(letter.template, someone, letter.language, has_street=campaign.needs_street)
    return _page(
        "campaign.html",
        language,
        campaign,
        count=form.count,
        letter_html=Markup(letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=letter.language,
        marked_letters=_marked_letters(form) if form.is_open else {},
        letter_languages=_named(entry.letters),
        letter_is_in="" if language in entry.letters or len(entry.letters) > 1 else named_in(letter.language, language),
        languages=_named(campaign.languages),
        destination=_destination(roster, language),
        asks_for_town=roster.only is None,
        offers_note=campaign.own_words and letter.offers_note,
        note_limit=next(field.limit for field in FORM_FIELDS if field.name == "note"),
        trap=TRAP,
        is_open=form.is_open,
        closed_on=form.closed_on,
        next_delivery=campaign.local(form.next_delivery) if form.next_delivery else None,
        answers={name: _shown(value) for name, value in answers.items() if isinstance(value, str | bool)}
        | {"updates": wants_updates(answers)},
        errors=messages,
        # A label from a link goes back with the form.
        source=source if campaign.sources and isinstance(source, str) and SOURCE.fullmatch(source) else None,
        choices=serving if len(serving) > 1 or "target" in messages else (),
        previewed=preview.target if preview else None,
        token=form.token,
        kept=_kept(form.entry.campaign, language),
        notice=notice.in_language(language) if notice else None,
        meant=meant,
        address="",  # the script fills it in
        redo="",
        asks=ASKS,
        answer=ANSWER,
        embedded=embedded,
        theme=theme,
        script="form.js" if form.is_open and not is_sample else "",
        canonical=_canonical(base, campaign, "", language),
        share_picture=_canonical(base, campaign, "/share.png", language),
        picture_size=(WIDTH, HEIGHT),
        is_sample=is_sample,
        logo=_logo(campaign, is_sample=is_sample),
    )


def _logo(campaign: Campaign, *, is_sample: bool) -> str | None:
    """Return the address of a campaign's logo. A draft's logo has none yet, so it is in the page."""
    if campaign.logo is None:
        return None
    return campaign.logo.data if is_sample else f"/assets/logos/{campaign.id}/{campaign.logo.digest}"


def _canonical(base: str, campaign: Campaign, path: str, language: str) -> str:
    """Return the one address of a page in this language, with its origin; a campaign's own language needs no query."""
    query = f"?lang={language}" if language != campaign.language else ""
    return f"{base}/campaigns/{campaign.id}{path}{query}"


def _marked_letters(form: Form) -> Mapping[str, Markup]:
    """Return the letter that the browser fills in while somebody types, by language."""
    campaign, roster = form.entry.campaign, form.entry.roster
    marked = {}
    for language in form.entry.letters:
        nobody = details_at_first(campaign, form.today, language)
        template = form.entry.letter(language).template
        marked[language] = Markup(render_marked(template, roster.someone(language), nobody, language))  # noqa: S704
    return marked


def _destination(roster: Roster, language: str) -> str:
    """Say to whom a signed letter goes, before anything is typed."""
    someone = roster.someone(language)
    if roster.only:
        message = Message("Your letter goes to %(whom)s.", {"whom": someone.addressed(language)})
    elif roster.goes_by_town:
        message = Message("Your letter goes to the %(title)s of your town.", {"title": someone.title_in(language)})
    else:
        message = Message("Your postal code decides who can get your letter.")
    return message.in_language(language)


def _named(languages: Iterable[str]) -> list[tuple[str, str]]:
    return [(language, name_of(language)) for language in languages]


def _shown(answer: str | bool) -> str | bool:  # noqa: FBT001  (a form's value)
    """Return an answer that a page can show: JSON can hold lone surrogates, which UTF-8 can't encode."""
    return answer if isinstance(answer, bool) else answer.encode(errors="replace").decode()


def signed(  # noqa: PLR0913  (what the page shows)
    campaign: Campaign,
    next_delivery: datetime | None,
    language: str,
    *,
    sent: SentForm | None = None,
    embedded: bool = False,
    theme: Theme | None = None,
) -> Page:
    """Render the page after signing. It doesn't reveal whether the person has signed before.

    `next_delivery` is None while the campaign is paused. The page repeats the email address of the form that was
    `sent`, and keeps the form for its sender, who may want to correct it.
    """
    values = sent.values if sent else {}
    kept = {name: _shown(value) for name in _KEPT if isinstance(value := values.get(name), str | bool)}
    return _page(
        "signed.html",
        language,
        campaign,
        embedded=embedded,
        theme=theme,
        next_delivery=campaign.local(next_delivery) if next_delivery else None,
        address=kept.get("email"),
        redo=sent.redo if sent else "",
        kept=kept | ({"updates": "yes"} if wants_updates(values) else {}),
    )


def _kept(campaign: Campaign, language: str) -> str:
    """Say before the button how long a letter is kept, and how to withdraw it."""
    values: dict[str, object] = {"days": PENDING_FOR.days}
    if campaign.kept_until is None:
        return Message(
            "We keep your letter until the organizer erases it, or for %(days)s days if you don’t confirm it; until it "
            "is in a delivery, you can withdraw it with the link in our emails.",
            values,
        ).in_language(language)
    return Message(
        "We keep your letter until %(day)s (if that is later, until %(sent_days)s days after it arrived), or for "
        "%(days)s days if you don’t confirm it; until it is in a delivery, you can withdraw it with the link in our "
        "emails.",
        values | {"day": long_date(campaign.kept_until, language), "sent_days": VALID_FOR["packets"].days},
    ).in_language(language)


def _kept_until(campaign: Campaign, language: str) -> str:
    if campaign.kept_until is None:
        return Message("until the organizer erases it").in_language(language)
    return Message(
        "until %(day)s; if that is later, until %(sent_days)s days after it arrived",
        {"day": long_date(campaign.kept_until, language), "sent_days": VALID_FOR["packets"].days},
    ).in_language(language)


RECOVERABLE_FOR = timedelta(days=35)
"""How long DynamoDB can restore what was deleted ("Point-in-time backups for DynamoDB", developer guide)."""


def _asked(entry: Entry, language: str) -> str:
    """Return the labels of the form's fields, as a list in a sentence, without the recipient."""
    left_out = {"target"} if entry.letter(language).offers_note else {"target", "note"}
    labels = [field.label.in_language(language) for field in form_fields(entry.campaign) if field.name not in left_out]
    return ", ".join(label[:1].lower() + label[1:] for label in labels)


def privacy(entry: Entry, packet_days: int, language: str) -> Page:
    """Render the built-in privacy notice, whose figures are those of the stack."""
    from undersigned.domain.counting.exports import KEPT_FOR

    return _page(
        "privacy.html",
        language,
        entry.campaign,
        fields=_asked(entry, language),
        kept=_kept_until(entry.campaign, language),
        withdrawn_days=WITHDRAWN_FOR.days,
        pending_days=PENDING_FOR.days,
        claim_days=CLAIMS_KNOWN_FOR.days,
        packet_days=packet_days,
        export_days=KEPT_FOR.days,
        recovery_days=RECOVERABLE_FOR.days,
    )


def confirm(own: OwnLetter, confirm_token: str, language: str, *, can_sign: bool) -> Page:
    """Render the letter with the button that confirms these words of it, and a link to the form if people can sign."""
    return _page(
        "confirm.html",
        language,
        own.entry.campaign,
        target=own.target,
        whom=own.target.addressed(language),
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=own.letter_language,
        confirm_token=confirm_token,
        updates=own.signature.updates,
        has_street=bool(own.signature.address_line),
        can_sign=can_sign,
    )


def letter(
    own: OwnLetter, language: str, *, count: Count | None = None, asked_to_withdraw: bool = False, form_url: str = ""
) -> Page:
    """Render a signer's letter and its status.

    With a `count`, the signer has just confirmed: the page thanks them, shows the count and offers to share `form_url`.
    With `asked_to_withdraw`, the page says if it was too late.
    """
    headline, explanation = state_of(own, language)
    return _page(
        "letter.html",
        language,
        own.entry.campaign,
        target=own.target,
        whom=own.target.addressed(language),
        letter_html=Markup(own.letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=own.letter_language,
        headline=headline,
        explanation=explanation,
        is_of_other_words=own.is_of_other_words,
        is_cleared=own.signature.cleared_at is not None,
        can_withdraw=own.signature.status == "confirmed" and own.signature.bundle is None,
        can_end_links=own.signature.status == "confirmed",
        too_late=asked_to_withdraw and own.signature.status == "confirmed",
        count=count if own.signature.status == "confirmed" else None,
        form_url=form_url,
        token=own.token,
    )


def disown(campaign: Campaign, state: DisownedState, token: str, language: str) -> Page:
    """Render the page for a person whose address somebody else typed. It shows nothing of the form."""
    return _page("disown.html", language, campaign, state=state, address=f"/disown/{token}")


def links_ended_detail(language: str, *, can_sign: bool) -> str:
    """Say that all links to a letter have ended, and how its signer gets a new one while people can sign."""
    if can_sign:
        return Message(
            "No link that we have sent you for this letter works any more. The letter itself stays as it is. "
            "For a new link, sign again with the same email address."
        ).in_language(language)
    return Message(
        "No link that we have sent you for this letter works any more. The letter itself stays as it is."
    ).in_language(language)


def links_ended(campaign: Campaign, language: str, *, can_sign: bool) -> Page:
    """Render the page after a signer has ended all links to their letter."""
    return _page("links_ended.html", language, campaign, explanation=links_ended_detail(language, can_sign=can_sign))


def state_of(own: OwnLetter, language: str) -> tuple[str, str]:
    """Return a letter's status as a headline and an explanation."""
    headline, explanation = _state_of(own, language)
    return headline.in_language(language), explanation.in_language(language)


def _state_of(own: OwnLetter, language: str) -> tuple[Message, Message]:  # noqa: C901, PLR0911, PLR0912  (a table)
    signature, delivery = own.signature, own.delivery
    values = {"whom": own.target.addressed(language), "department": own.target.department}
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
    if signature.status == "pending":
        return (
            Message.in_context("status of a letter", "Not confirmed yet"),
            Message("Open the link in our email and confirm your letter. We send it only then."),
        )
    if own.is_held_back or own.is_waiting or signature.period is None:
        return _state_of_waiting(own, values, language)
    values["day"] = long_date(date.fromisoformat(signature.period), language)
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
        case "given_up":
            return Message.in_context("status of a letter", "Not delivered"), Message(
                "The mail server of %(department)s did not accept the email of %(day)s with your letter, and the "
                "organizer sends it no more.",
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


def _state_of_waiting(own: OwnLetter, values: Mapping[str, object], language: str) -> tuple[Message, Message]:
    on_hold = Message.in_context("status of a letter", "On hold")
    if own.signature.on_hold:
        return on_hold, Message(
            "The organizer looks at your letter before it goes to %(whom)s. Nothing is lost: it goes out when the "
            "organizer releases it.",
            values,
        )
    if own.target.hold:
        return on_hold, Message(
            "The organizer has put letters to %(whom)s on hold. The reason: “%(why)s”. "
            "Nothing is lost: your letter goes out when the hold ends.",
            {**values, "why": own.target.hold},
        )
    if own.target.complained_at:
        return on_hold, Message(
            "Someone at %(department)s marked an earlier email as spam, so letters to %(whom)s are on hold until the "
            "organizer releases them. Nothing is lost: your letter goes out when the hold ends.",
            values,
        )
    if own.target.mail_state == "bounced":
        return on_hold, Message(
            "Email to %(whom)s bounced, so your letter is on hold. The organizer can see this and correct the address.",
            values,
        )
    return Message.in_context("status of a letter", "Waiting"), _when_it_goes(own, values, language)


def _when_it_goes(own: OwnLetter, values: Mapping[str, object], language: str) -> Message:
    next_delivery = own.next_delivery()
    if next_delivery is None:
        return Message(
            "The organizer has paused the deliveries. Nothing is lost: your letter to %(whom)s goes out when they go "
            "on.",
            values,
        )
    values = {**values, "day": long_moment(own.entry.campaign.local(next_delivery), language)}
    if own.entry.campaign.approval:
        return Message(
            "Your letter goes to %(whom)s with the next delivery that the organizer approves, on %(day)s at the "
            "earliest.",
            values,
        )
    return Message("Your letter goes to %(whom)s with the next delivery, on %(day)s.", values)


def packets(found: Packets, token: str, number: int = 1) -> Page:
    """Render a page of packets that are too large for an email, by its number from 1."""
    return _page(
        "packets.html",
        found.campaign.language,
        found.campaign,
        whom=found.target.addressed(found.campaign.language),
        day=date.fromisoformat(found.key.period),
        packets=found.pages[number - 1],
        pages=[(page[0].record.number, page[-1].record.number) for page in found.pages if page],
        number=number,
        count=len(found.packets),
        token=token,
    )


def approval(found: PeriodState, token: str) -> Page:
    """Render a period with the button that approves it, or with the status of its deliveries."""
    from undersigned.domain.delivering.approvals import MOST_LISTED, not_all_listed

    language = found.campaign.language
    headline, explanation = _state_of_period(found)
    waiting = [
        (line.target, letters, state)
        for line in found.waiting
        for letters, state in ((line.letters, state_of_line(line, language)), (line.later, LATER))
    ]
    started = [(target, delivery.letters, DELIVERY_STATES[delivery.state]) for target, delivery in found.deliveries]
    states = [
        (target, letters, state.in_language(language)) for target, letters, state in [*waiting, *started] if letters
    ]
    not_all = not_all_listed(len(states), language)
    return _page(
        "approval.html",
        language,
        found.campaign,
        headline=headline.in_language(language),
        explanation=explanation.in_language(language),
        day=date.fromisoformat(found.period),
        rows=[
            (f"{target.addressed(language)}, {target.department}", letters, state)
            for target, letters, state in states[:MOST_LISTED]
        ],
        not_all=not_all,
        sums=_sums(states) if not_all else [],
        warnings=[sentence.in_language(language) for sentence in found.evidence.sentences(language)],
        can_approve=found.awaits_approval,
        dashboard=dashboard_path(found.campaign.id),
        look=found.seen_at.isoformat(),
        token=token,
    )


def _sums(states: Iterable[tuple[Target, int, str]]) -> list[tuple[str, int, int]]:
    """Return each status with how many recipients and letters have it."""
    recipients, sums = Counter[str](), Counter[str]()
    for _, letters, state in states:
        recipients[state] += 1
        sums[state] += letters
    return [(state, of, sums[state]) for state, of in recipients.most_common()]


def _state_of_period(found: PeriodState) -> tuple[Message, Message]:
    if found.is_paused:
        return Message("Campaign paused"), Message(
            "Nothing is sent until someone resumes the campaign. What you approve now goes out then."
        )
    if not found.campaign.approval:
        return Message("No approval needed"), Message("This campaign’s letters go out automatically.")
    if found.is_approved:
        return Message("Approved"), Message("The emails go out within minutes. Reload this page to see their status.")
    if found.awaits_approval:
        return Message("Waiting for your approval"), Message(
            "Each recipient gets these letters in one email. Nothing is sent until you press the button. Letters that "
            "come after you opened this page wait for a later delivery."
        )
    if found.waiting:
        return Message("Nothing to approve"), Message(
            "Each recipient gets at most one email in seven days. The letters go with a later delivery."
        )
    return Message("No letters waiting"), Message(
        "There is nothing to approve. The letters have gone out or were withdrawn."
    )


LATER = Message.in_context("status of letters", "Came after the approval: goes with the next one")
"""For letters that came after an approval, to a recipient who gets the letters from before it."""


def state_of_line(line: PlanLine, language: str) -> Message:  # noqa: PLR0911  (a table)
    """Return the status that a plan gives to letters: they are ready, or the reason why they aren't sent."""
    match line.outcome:
        case "held":
            if line.target.hold is None:
                return Message.in_context("status of letters", "On hold: email marked as spam")
            return Message.in_context("status of letters", "On hold: %(why)s", {"why": line.target.hold})
        case "bounced":
            return Message.in_context("status of letters", "On hold: email bounced")
        case "too soon" if line.too_soon:
            values = {
                "last": long_date(line.too_soon.last, language),
                "next": long_date(line.too_soon.next_day, language),
            }
            return Message.in_context(
                "status of letters", "Not before %(next)s, because of the delivery of %(last)s", values
            )
        case "in doubt":
            return Message.in_context("status of letters", "In doubt: nobody knows whether the email arrived")
        case "paused":
            return Message.in_context("status of letters", "Campaign paused")
        case "awaiting approval":
            return Message.in_context("status of letters", "Waiting for approval")
        case _:
            return Message.in_context("status of letters", "Ready to send")


DELIVERY_STATES: Mapping[DeliveryState, Message] = {
    "open": Message.in_context("status of a delivery", "Being sent"),
    "sending": Message.in_context("status of a delivery", "Being sent"),
    "in_doubt": Message.in_context("status of a delivery", "In doubt"),
    "sent": Message.in_context("status of a delivery", "Sent"),
    "delivered": Message.in_context("status of a delivery", "Delivered"),
    "complained": Message.in_context("status of a delivery", "Delivered, marked as spam"),
    "bounced": Message.in_context("status of a delivery", "Bounced"),
    "given_up": Message.in_context("status of a delivery", "Given up"),
    "held": Message.in_context("status of a delivery", "On hold"),
    "empty": Message.in_context("status of a delivery", "Nothing to send"),
}


def front(language: str) -> Page:
    """Render the page at the address without a path. It says what the address is for, and leads to nothing."""
    return _page("front.html", language, languages=_named(languages()))


def problem(  # noqa: PLR0913  (what the page shows)
    title: str,
    detail: str,
    language: str,
    framed: Campaign | None = None,
    theme: Theme | None = None,
    *,
    about: Campaign | None = None,
    can_sign: bool = False,
) -> Page:
    """Render a problem and its way out, in the style of a framed form when `framed` is its campaign.

    The page names the campaign that it is `about`, and links to its form if people `can_sign`.
    """
    return _page(
        "problem.html",
        language,
        framed or about,
        embedded=framed is not None,
        theme=theme,
        title=title,
        detail=detail,
        names_campaign=about is not None,
        can_sign=can_sign,
    )
