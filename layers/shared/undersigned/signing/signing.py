"""Signing: keep a form that was sent, make it a letter when it is confirmed, withdraw it, and show its status."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from undersigned.base.errors import (
    DamagedRowsError,
    NotFoundError,
    ThrottledError,
    UndersignedError,
)
from undersigned.base.languages import Message, chosen_language
from undersigned.base.logs import report_damaged
from undersigned.base.typos import ASKS, MistypedError, answered
from undersigned.campaigns.catalog import KEPT_FOR
from undersigned.campaigns.rules.answers import is_unanswered, waits_since
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.campaigns.rules.letters import render_html
from undersigned.signing.rules.forms import form_id
from undersigned.signing.rules.posted_forms import (
    details_so_far,
    letter_language,
    read_form,
    read_unfinished,
)
from undersigned.signing.rules.signatures import (
    PENDING_FOR,
    Signature,
    SignatureStateError,
    new_mail_request,
    pending_signature,
    signer_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from undersigned.base.errors import FieldError, Reader
    from undersigned.base.links import Link, Links
    from undersigned.base.mail_domains import MailDomains
    from undersigned.campaigns.catalog import Catalog, Entry
    from undersigned.campaigns.rules.cadence import WeeklySchedule
    from undersigned.campaigns.rules.campaigns import Answer, Campaign, Target
    from undersigned.campaigns.rules.counts import Count
    from undersigned.delivering.rows.deliveries import Deliveries
    from undersigned.delivering.rules.deliveries import Delivery
    from undersigned.signing.abuse_checks import AbuseChecks
    from undersigned.signing.rows.forms import Forms
    from undersigned.signing.rows.signatures import Signatures


class ClosedError(UndersignedError):
    """The campaign is not open on this day; carries the campaign."""

    status = 409
    title = Message("You can’t sign this letter now")
    detail = Message("The letter’s page shows when you can sign it.")

    def __init__(self, campaign: Campaign) -> None:
        """Keep the campaign."""
        super().__init__(f"campaign {campaign.id} is not open for signing")
        self.campaign = campaign


class ExpiredError(UndersignedError):
    """The form was not confirmed in time or is gone; carries the campaign's id.

    `can_sign` says whether people can sign the campaign's letter, if that is known.
    """

    status = 410
    title = Message("This letter was deleted")
    can_sign = False

    def __init__(self, campaign: str) -> None:
        """Keep the campaign's id."""
        super().__init__("the letter was not confirmed within 14 days")
        self.campaign = campaign

    def detail_for(self, _reader: Reader) -> Message:
        """Offer to sign again if people can."""
        if self.can_sign:
            return Message("It was not confirmed within 14 days. You can sign again on the letter’s page.")
        return Message("It was not confirmed within 14 days.")


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
class SentForm:
    """A form that was sent, with the email address that its sender typed or chose, in the language of its page.

    `meant` is the address that was probably meant if this one looks mistyped.
    """

    campaign: Campaign
    language: str
    values: Mapping[str, object]
    meant: str | None


@dataclass(frozen=True, slots=True)
class FormPage:
    """What the page of a campaign's form shows: whether people can sign, the count, and the form token.

    `next_delivery` is None while nobody can sign, or if its day isn't known. `closed_on` is the day on which signing
    ended.
    """

    entry: Entry
    count: Count
    token: str
    is_open: bool
    today: date
    next_delivery: datetime | None
    closed_on: date | None = None


@dataclass(frozen=True, slots=True)
class LetterPreview:
    """The letter of an incomplete form. `serving` are the targets of the postal code; `target` is the chosen one."""

    target: Target | None
    serving: tuple[Target, ...]
    letter_html: str
    letter_language: str
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """The current state of a signer's letter. `delivery` is the one that it is in, once it is sealed.

    `next_delivery` returns when the schedule sends the next email to the letter's target, or None if that isn't known.
    `is_of_other_words` says that the letter was confirmed by another email's link, with other words. `count` is
    the public count with the letter, for the page of thanks. `answer` is the one to the letter; it
    `is_unanswered` if there is none 30 days after its delivery.
    """

    entry: Entry
    target: Target
    signature: Signature
    letter_html: str
    letter_language: str
    delivery: Delivery | None
    next_delivery: Callable[[], datetime | None]
    token: str
    is_of_other_words: bool = False
    count: Count | None = None
    answer: Answer | None = None
    is_unanswered: bool = False

    @property
    def is_held_back(self) -> bool:
        """Say whether the letter waits, in the tray or sealed, until the organizer releases it."""
        has_left = self.delivery is not None and self.delivery.state not in {"open", "held"}
        return self.target.is_held and not has_left

    @property
    def is_waiting(self) -> bool:
        """Say whether the letter goes by itself with a later email: from the tray, or sealed and not yet sent."""
        if self.delivery is None:
            return self.signature.period is None
        return self.delivery.state == "held" and not self.delivery.awaits_decision


@dataclass(kw_only=True, frozen=True, slots=True)
class Signing:
    """Everything that signers do."""

    catalog: Catalog
    abuse_checks: AbuseChecks
    forms: Forms
    signatures: Signatures
    public_count: Callable[..., Count]
    deliveries: Callable[[], Deliveries]
    domains: MailDomains
    links: Links
    secret: Callable[[], str]
    schedule: WeeklySchedule
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    _targets: dict[tuple[str, str], tuple[datetime, Target]] = field(default_factory=dict, init=False)

    def campaign(self, campaign: str) -> Entry:
        """Return a campaign; raises NotFoundError."""
        _check_id(campaign)
        return self.catalog.entry(campaign)

    def is_allowed(self, campaign: str, site: str) -> bool:
        """Say whether scripts of a site (an origin) may read a campaign's answers."""
        try:
            return site in self.campaign(campaign).campaign.allowed_origins
        except NotFoundError:
            return False

    def count(self, campaign: str) -> Count:
        """Return the public count of the last two seconds; raises NotFoundError."""
        _check_id(campaign)
        return self.public_count(campaign)

    def next_delivery(self, campaign: str) -> datetime | None:
        """Return when the next deliveries of a campaign are sent; None while it is paused. Raises NotFoundError."""
        return self.campaign(campaign).next_delivery(self.schedule, self.clock())

    def is_open(self, campaign: str) -> bool:
        """Say whether people can sign. Raises NotFoundError."""
        return self.campaign(campaign).is_open(self.clock())

    def form_page(self, campaign: str, earlier_token: object = None) -> FormPage:
        """Return what the form's page shows; a valid token from an earlier post is kept. Raises NotFoundError."""
        entry, now = self.campaign(campaign), self.clock()
        is_open, today = entry.is_open(now), entry.campaign.local(now).date()
        return FormPage(
            entry,
            self.count(campaign),
            self.abuse_checks.issue_token(entry.campaign, earlier_token),
            is_open=is_open,
            today=today,
            next_delivery=entry.next_delivery(self.schedule, now) if is_open else None,
            closed_on=entry.controls.closed_on(entry.campaign, today),
        )

    def preview(self, campaign: str, values: Mapping[str, object], page_language: str) -> LetterPreview:
        """Render the letter of an incomplete form, without signing it. Raises NotFoundError."""
        entry = self.campaign(campaign)
        unfinished = read_unfinished(values, entry.campaign, entry.roster)
        language = letter_language(values, entry.campaign, page_language)
        letter = entry.letter(language)
        target = unfinished.target or entry.roster.someone(language)
        today = entry.campaign.local(self.clock()).date()
        details = details_so_far(unfinished, entry.campaign, today, language)
        return LetterPreview(
            target=unfinished.target,
            serving=entry.roster.serving(unfinished.texts.get("postal_code", "")),
            letter_html=render_html(letter.template, target, details, language),
            letter_language=language,
            errors=unfinished.errors,
        )

    def sign(self, campaign: str, values: Mapping[str, object], context: FormContext) -> SentForm:
        """Keep a form that was sent, in one write. The same form sent again is kept once.

        Raises NotFoundError, ClosedError, FormError, BusyError; MistypedError instead of writing a form that asks.

        The reads and writes are the same whether or not the person has signed before or the form looks like a bot's, so
        that nobody can find out.
        """
        entry, now = self.campaign(campaign), self.clock()
        if not entry.is_open(now):
            raise ClosedError(entry.campaign)
        language = chosen_language(entry.campaign.languages, context.wanted, context.accepted)
        values, meant = answered(values)
        signed = read_form(values, entry.campaign, entry.roster, language)
        if values.get(ASKS) and (meant or self.domains.takes_none(signed.email)):
            raise MistypedError(meant)
        judged = self.abuse_checks.judge(entry.campaign, values, context.address, context.origin)
        secret, random = self.secret(), self.new_id()
        mail_request, signer = new_mail_request(now, random), signer_id(secret, signed.email)
        form = replace(
            pending_signature(signed, entry.campaign, entry.letters[signed.letter_language], signer, now),
            language=language,
            quarantine=judged.suspicion,
            mail_request=mail_request,
            expires_at=now + PENDING_FOR,
            network=judged.network,
        )
        form = replace(form, form=form_id(secret, form, judged.token))
        self.forms.put(form)
        return SentForm(entry.campaign, language, values, meant)

    def to_confirm(self, token: str) -> OwnLetter:
        """Return the letter with the words of the form that a confirmation link names. Changes nothing.

        Once the form can't be confirmed, return the signer's letter. Raises TokenError, ExpiredError.
        """
        link = self.links.read("confirm", token)
        form, row = self._form_of(link), self.signatures.signature(link["campaign"], link["signer"])
        if form and form.can_follow(row):
            return self._own_letter(form, link)
        return self._letter_at(link, row)

    def confirm(self, token: str, *, counted: bool = True) -> OwnLetter:
        """Confirm the letter with the words of the form that a link names, in one write. Doing it twice is harmless.

        A letter that is confirmed already keeps its words. If it is `counted`, the answer has the public count with it.
        Raises TokenError, ExpiredError.
        """
        link = self.links.read("confirm", token)
        # In this order: the tally may count the letter right after it is confirmed.
        before = self._count_now(link["campaign"]) if counted else None
        own = self._confirm(link)
        if before is None or own.signature.status != "confirmed" or own.is_of_other_words:
            return own
        return replace(own, count=with_letter(before, own.signature))

    def _count_now(self, campaign: str) -> Count | None:
        """Return the public count; None while it is throttled, which must not keep anyone from confirming."""
        try:
            return self.public_count(campaign, fresh=True)
        except ThrottledError:
            return None

    def _confirm(self, link: Link) -> OwnLetter:
        form = self._form_of(link)
        if form is None:
            return self._letter_at(link, self.signatures.signature(link["campaign"], link["signer"]))
        now = self.clock()
        today = self.catalog.entry(link["campaign"]).campaign.local(now).date()
        try:
            row: Signature | None = self.signatures.confirm(form, at=now, on=today)
        except SignatureStateError as error:
            row = error.signature
        return self._letter_at(link, row)

    def _form_of(self, link: Link) -> Signature | None:
        """Return the form that a confirmation link names; None once it is gone or its time is over."""
        form = self.forms.form(link["campaign"], link["signer"], link["form"])
        return None if form is None or form.has_expired(self.clock()) else form

    def _letter_at(self, link: Link, row: Signature | None) -> OwnLetter:
        """Return the signer's letter behind a confirmation link, as it was confirmed, withdrawn or erased.

        One that ended before the link was made is another letter: that of the link was not confirmed in time.
        """
        if row and row.ended_at and row.ended_at < link.issued_at and not row.is_disowned(link.issued_at):
            raise ExpiredError(link["campaign"])
        own = self._own_letter(self._current(link, row), link)
        return replace(
            own, is_of_other_words=own.signature.status == "confirmed" and own.signature.form != link["form"]
        )

    def own_letter(self, token: str) -> OwnLetter:
        """Return a signer's letter and its status.

        Raises TokenError, ExpiredError.
        """
        link = self.links.read("letter", token)
        return self._own_letter(self._current(link, self.signatures.signature(link["campaign"], link["signer"])), link)

    def withdraw(self, token: str) -> OwnLetter:
        """Withdraw a letter unless it is sealed, and return it.

        Raises TokenError, ExpiredError.
        """
        link = self.links.read("letter", token)
        try:
            signature = self.signatures.withdraw(link["campaign"], link["signer"], self.clock())
        except SignatureStateError as error:
            signature = self._current(link, error.signature)
        else:
            self._forget(signature)
        return self._own_letter(signature, link)

    def _forget(self, row: Signature) -> None:
        """Delete the form of a letter. Otherwise the same form, sent again, would be there already and get no email."""
        self.forms.delete(row.campaign, row.signer, row.form)

    def _current(self, link: Link, signature: Signature | None) -> Signature:
        """Return the row of a link. Raises ExpiredError if there is none."""
        if signature is None:
            raise ExpiredError(link["campaign"])
        return signature

    def _own_letter(self, signature: Signature, link: Link) -> OwnLetter:
        entry = self.catalog.entry(signature.campaign, signature.target)
        try:
            target = entry.target(signature.target)
            if signature.status == "confirmed":
                target = self._target_now(signature.campaign, signature.target)
            target, letter = self.catalog.as_signed(signature, target)
        except NotFoundError as error:
            # Something other than this program wrote the target and the versions.
            row = self.signatures.row_name(signature.campaign, signature.signer)
            report_damaged(row)
            raise DamagedRowsError(row) from error
        delivery = None
        if signature.period is not None:
            from undersigned.delivering.rules.deliveries import DeliveryKey

            made = self.deliveries().delivery(DeliveryKey(signature.campaign, signature.target, signature.period))
            delivery = made and made.with_word_of(target)
        answer: Answer | None = None
        is_late = False
        if delivery and (since := waits_since(delivery)) and signature.status == "confirmed":
            answer, today = target.answer_since(since), entry.campaign.local(self.clock()).date()
            is_late = is_unanswered(entry.campaign, delivery, answer, today)
        return OwnLetter(
            entry=entry,
            target=target,
            signature=signature,
            letter_html=(
                render_html(letter.template, target, signature.details, letter.language)
                if not signature.is_empty
                else ""
            ),
            letter_language=letter.language,
            delivery=delivery,
            next_delivery=lambda: entry.next_delivery(
                self.schedule, self.clock(), not_before=target.free_from if signature.waits else None
            ),
            token=self.links.sign("letter", link["campaign"], link["signer"], issued_at=link.issued_at),
            answer=answer,
            is_unanswered=is_late,
        )

    def _target_now(self, campaign: str, target: str) -> Target:
        """Return a target with what its office says, as it was a minute ago at most."""
        now = self.clock()
        kept = self._targets.get((campaign, target))
        if kept is None or now - kept[0] >= KEPT_FOR:
            kept = self._targets[campaign, target] = (now, self.catalog.campaigns.target(campaign, target))
        return kept[1]


def with_letter(count: Count, signature: Signature) -> Count:
    """Return a public count with a letter in it. The count was read before the letter's row was read or written.

    If the row was not counted yet, it has no mark, and the count can't have it, whenever the tally runs.
    """
    if signature.status == "confirmed" and not signature.tallied:
        return replace(count, signatures=count.signatures + 1)
    return count


def _check_id(campaign: str) -> None:
    if not ID_PATTERN.fullmatch(campaign):
        message = f"There is no campaign {campaign[:50]!r}"
        raise NotFoundError(message)
