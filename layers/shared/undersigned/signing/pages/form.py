"""The form with its letter, the page after signing, and the page for a person who didn’t sign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from undersigned.base.languages import Message, long_date, named_in
from undersigned.base.purposes import PURPOSES
from undersigned.base.typos import ANSWER, ASKS
from undersigned.campaigns.public_frame import languages_named, public_page
from undersigned.campaigns.rules.letter_templates import fields_of
from undersigned.campaigns.rules.letters import render_html, render_marked
from undersigned.signing.rules.abuse_checks import TRAP
from undersigned.signing.rules.form_fields import FORM_FIELDS, LINES, form_fields
from undersigned.signing.rules.posted_forms import box_of, details_at_first, wants_updates
from undersigned.signing.rules.signatures import PENDING_FOR
from undersigned.signing.rules.sources import is_counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from undersigned.base.errors import FieldError
    from undersigned.base.page import Page, Theme
    from undersigned.base.reader import Event
    from undersigned.base.typos import MistypedError
    from undersigned.campaigns.rules.campaigns import Campaign, Roster
    from undersigned.signing.disowning import DisownedState
    from undersigned.signing.form import FormPage, LetterPreview
    from undersigned.signing.sign import KeptForm

_KEPT = ("form", ASKS, "source", *(field.name for field in FORM_FIELDS), "drawing", "letter_language")
"""The values of a form that the page after signing keeps, beside `updates`."""

_LONGEST_IN_LINK = 50


def prefilled(event: Event, campaign: Campaign) -> Mapping[str, object]:
    """Return the answers in a link to a form: a postal code, and the label of the link.

    A link gives nothing else, because logs have the addresses of pages.
    """
    link = event.query_string_parameters
    given = {name: link[name][:_LONGEST_IN_LINK] for name in ("postal_code", "source") if link.get(name)}
    return {"region": campaign.region} | given


def form_page(  # noqa: PLR0913  (what the page shows)
    page: FormPage,
    language: str,
    *,
    answers: Mapping[str, object] | None = None,
    errors: tuple[FieldError, ...] = (),
    preview: LetterPreview | None = None,
    notice: Message | None = None,
    question: MistypedError | None = None,
    embedded: bool = False,
    is_sample: bool = False,
    theme: Theme | None = None,
    base: str = "",
) -> Page:
    """Render the letter and its form; after a post, with its answers and either its errors or its preview.

    `notice`, shown above the form, says why a form without errors was refused. `question` asks about the email
    address. `base` is the origin of the page's canonical address,
    which other sites show beside a link. A sample runs no script.
    """
    entry, campaign, roster = page.entry, page.entry.campaign, page.entry.roster
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
        nobody = details_at_first(campaign, roster, None, letter.language)
        letter_html = render_html(letter.template, someone, nobody, letter.language)
    return public_page(
        "signing/pages/campaign.html",
        language,
        campaign,
        count=page.count,
        on_paper=page.entry.roster.on_paper,
        recorded=page.entry.answers,
        letter_html=Markup(letter_html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=letter.language,
        marked_letters=_marked_letters(page) if page.is_open else {},
        letter_languages=languages_named(entry.letters),
        letter_is_in="" if language in entry.letters or len(entry.letters) > 1 else named_in(letter.language, language),
        languages=languages_named(campaign.languages),
        destination=_destination(roster, language),
        asks_for_town=roster.only is None,
        offers_note=campaign.own_words and letter.offers_note,
        prints_answer="signer.answer" in fields_of(letter.template),
        fields=[field for field in form_fields(campaign, roster) if field.name in LINES],
        note_limit=next(field.limit for field in FORM_FIELDS if field.name == "note"),
        trap=TRAP,
        is_open=page.is_open,
        box=box_of(campaign, language),
        closed_on=page.closed_on,
        next_delivery=campaign.local(page.next_delivery) if page.next_delivery else None,
        answers={name: _shown(value) for name, value in answers.items() if isinstance(value, str | bool)}
        | {"updates": wants_updates(answers)},
        errors=messages,
        # A label from a link goes back with the form.
        source=source if is_counted(campaign, source) else None,
        choices=serving if len(serving) > 1 or "target" in messages else (),
        previewed=preview.target if preview else None,
        token=page.token,
        kept=_kept(page.entry.campaign, language),
        notice=notice.in_language(language) if notice else None,
        question=question,
        address="",  # the script fills it in
        asks=ASKS,
        answer=ANSWER,
        embedded=embedded,
        theme=theme,
        script="form.js" if page.is_open and not is_sample else "",
        canonical=_canonical(base, campaign, "", language),
        first_sentence=_first_sentence(campaign.texts(language).summary),
        share_picture=_canonical(base, campaign, "/share.png", language),
        is_sample=is_sample,
        logo=_logo(campaign, is_sample=is_sample),
    )


def _logo(campaign: Campaign, *, is_sample: bool) -> str | None:
    """Return the address of a campaign's logo. A draft's logo has none yet, so it is in the page."""
    if campaign.logo is None:
        return None
    return campaign.logo.data if is_sample else f"/assets/logos/{campaign.id}/{campaign.logo.digest}"


def _canonical(base: str, campaign: Campaign, path: str, language: str) -> str:
    """Return a page's address in this language, with its origin. In the campaign's own language it has no query."""
    query = f"?lang={language}" if language != campaign.language else ""
    return f"{base}/campaigns/{campaign.id}{path}{query}"


def _first_sentence(text: str) -> str:
    """Return the first sentence of a text. If it has less than 40 characters, such as "Ask Rep.", add the next."""
    found = re.match(r".{40,}?[.!?\u2026](?=\s)", text, re.DOTALL)
    return found[0] if found else text


def _marked_letters(page: FormPage) -> Mapping[str, Markup]:
    """Return the letter that the browser fills in while somebody types, by language."""
    campaign, roster = page.entry.campaign, page.entry.roster
    marked = {}
    for language in page.entry.letters:
        nobody = details_at_first(campaign, roster, page.today, language)
        template = page.entry.letter(language).template
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


def _shown(answer: str | bool) -> str | bool:  # noqa: FBT001  (a form's value)
    """Return an answer that a page can show: JSON can hold lone surrogates, which UTF-8 can't encode."""
    return answer if isinstance(answer, bool) else answer.encode(errors="replace").decode()


def signed_page(  # noqa: PLR0913  (what the page shows)
    campaign: Campaign,
    next_delivery: datetime | None,
    language: str,
    *,
    sent: KeptForm | None = None,
    embedded: bool = False,
    theme: Theme | None = None,
) -> Page:
    """Render the page after signing. It doesn't reveal whether the person has signed before.

    `next_delivery` is None if its day isn't known. The page repeats the email address of the form that was
    `sent`, and keeps the form for its sender, who may want to correct it.
    """
    values = sent.values if sent else {}
    kept = {name: _shown(value) for name in _KEPT if isinstance(value := values.get(name), str | bool)}
    return public_page(
        "signing/pages/signed.html",
        language,
        campaign,
        embedded=embedded,
        theme=theme,
        next_delivery=campaign.local(next_delivery) if next_delivery else None,
        address=kept.get("email"),
        kept=kept | ({"updates": "yes"} if wants_updates(values) else {}),
    )


def disown_page(campaign: Campaign, state: DisownedState, token: str, language: str) -> Page:
    """Render the page for a person whose address somebody else typed. It shows nothing of the form."""
    return public_page("signing/pages/disown.html", language, campaign, state=state, address=f"/disown/{token}")


def _kept(campaign: Campaign, language: str) -> str:
    """Say before the button how long a letter is kept, and how to withdraw it."""
    values: dict[str, object] = {"days": PENDING_FOR.days}
    if campaign.kept_until is None:
        return Message(
            "We keep your letter until the organizer erases it, or for %(days)s days if you don’t confirm it. Until "
            "it is in a delivery, you can withdraw it with the link in our emails.",
            values,
        ).in_language(language)
    return Message(
        "We keep your letter until %(day)s or until %(sent_days)s days after it arrived, whichever is later; if you "
        "don’t confirm it, only for %(days)s days. Until it is in a delivery, you can withdraw it with the link in "
        "our emails.",
        values | {"day": long_date(campaign.kept_until, language), "sent_days": PURPOSES["packets"].valid_for.days},
    ).in_language(language)
