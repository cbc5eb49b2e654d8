"""Signatures: what a form must contain, and the statuses of a signature."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from undersigned.domain.authoring.letters import SignerDetails, specimen
from undersigned.domain.characters import can_be_printed, has_ink, has_phone_number, has_web_address
from undersigned.domain.errors import AnswerError, FieldError, FormError, UndersignedError
from undersigned.domain.languages import SOURCE, Message
from undersigned.domain.signing.addresses import canonical_email, email_mistake, mailable
from undersigned.domain.signing.drawings import Drawing
from undersigned.domain.signing.sources import source_of
from undersigned.domain.signing.typos import meant_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.authoring.campaigns import Addressee, Campaign, Roster, Target
    from undersigned.domain.authoring.letters import Letter
    from undersigned.domain.signing.abuse_checks import WantedSuspicion

Status = Literal["pending", "confirmed", "withdrawn", "erased"]
"""`pending`: a form that waits. `erased`: nothing personal is left of the letter except its key, a hash of the signer's
email address."""

ReportedStatus = Literal["pending", "confirmed", "withdrawn", "erased", "quarantined"]
"""`quarantined`: pending, and the form looked like a bot's."""

PENDING_FOR = timedelta(days=14)
"""How long a signature waits for its confirmation."""

WITHDRAWN_FOR = timedelta(days=30)
"""How long a withdrawn letter's personal data is kept, so that its signer can still see the letter."""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form. `limit` is in characters; `missing` is the error if a required field is empty."""

    name: str
    limit: int
    label: Message
    missing: Message | None = None

    @property
    def required(self) -> bool:
        """Say whether the field must be filled in."""
        return self.missing is not None


FORM_FIELDS: tuple[FormField, ...] = (
    FormField("postal_code", 12, Message("Postal code"), Message("Enter your postal code")),
    FormField("target", 50, Message("Recipient")),
    FormField("name", 100, Message("Full name"), Message("Enter your full name")),
    FormField("email", 254, Message("Email address"), Message("Enter your email address")),
    FormField("address_line", 150, Message("Street address"), Message("Enter your street address")),
    FormField("locality", 80, Message("Town or city"), Message("Enter your town or city")),
    FormField("region", 50, Message("State")),
    FormField("signature", 100, Message("Signature")),
    FormField("note", 500, Message("Your own words")),
)
"""In the order of the form. `updates`, a checkbox, follows."""


def form_fields(campaign: Campaign) -> tuple[FormField, ...]:
    """Return the fields that a campaign's form can have."""
    asked = {"address_line": campaign.has_street, "note": campaign.own_words}
    optional = {"address_line"} if campaign.street_address == "optional" else set()
    return tuple(
        replace(field, missing=None) if field.name in optional else field
        for field in FORM_FIELDS
        if asked.get(field.name, True)
    )


_WITHOUT_WEB_ADDRESS = frozenset({"name", "address_line", "locality", "region", "signature"})
_WITHOUT_PHONE_NUMBER = frozenset({"name", "signature"})

_TICKED = (True, "true", "on", "1", "yes")


@dataclass(frozen=True, slots=True)
class SignedForm:
    """A form that passed every check. `target` serves the signer's postal code."""

    name: str
    email: str
    address_line: str
    locality: str
    region: str
    postal_code: str
    signature: str
    note: str
    updates: bool
    letter_language: str
    target: Target
    drawing: str = ""
    source: str | None = None


def new_mail_request(at: datetime, random: str) -> str:
    """Return the id of a request for an email: when it was made, in seconds, and eight random digits in hex."""
    return f"{int(at.timestamp()):08x}-{random[:8]}"


def requested_at(mail_request: str) -> datetime | None:
    """Return when an email was requested; None if something else wrote the id of its request."""
    match = re.fullmatch(r"([0-9a-f]{8})-[0-9a-f]{8}", mail_request)
    return datetime.fromtimestamp(int(match[1], 16), UTC) if match else None


def signer_id(secret: str, email: str) -> str:
    """Return the key of a person's signature: an HMAC of the canonical email address, 128 bits in hex."""
    digest = hmac.new(f"signer:{secret}".encode(), canonical_email(email).encode(), hashlib.sha256).hexdigest()
    return digest[:32]


def _clean(field: FormField, value: object) -> str:
    """Return the field's text. Raises AnswerError."""
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise AnswerError(Message("%(field)s must be text", {"field": field.label}))
    text = re.sub(r"\r\n|[\r\u2028\u2029]", "\n", value) if field.name == "note" else value
    text = text.strip()
    if not can_be_printed(text.replace("\n", "") if field.name == "note" else text):
        raise AnswerError(
            Message(
                "%(field)s has a character that we can’t print. Type it again instead of pasting it.",
                {"field": field.label},
            )
        )
    # Composing takes quadratic time for a long run of combining characters, so the text is cut first.
    text, rest = unicodedata.normalize("NFC", text[: 4 * field.limit + 1]), text[4 * field.limit + 1 :]
    if not has_ink(text):
        if field.missing:
            raise AnswerError(field.missing)
        return ""
    if len(text) > field.limit:
        raise AnswerError(
            Message(
                "Use %(limit)s characters or fewer. You have used %(used)s.",
                {"limit": field.limit, "used": len(text) + len(rest)},
            )
        )
    if field.name in _WITHOUT_WEB_ADDRESS and has_web_address(text):
        raise AnswerError(
            Message(
                "%(field)s must not have a web address. Remove it. If it has none, put a space after each dot.",
                {"field": field.label},
            )
        )
    if field.name in _WITHOUT_PHONE_NUMBER and has_phone_number(text):
        raise AnswerError(Message("%(field)s must not have a phone number. Remove it.", {"field": field.label}))
    return text


@dataclass(frozen=True, slots=True)
class UnfinishedForm:
    """An incomplete form: its valid answers, the target if it is known, and every error."""

    texts: Mapping[str, str]
    target: Target | None
    errors: tuple[FieldError, ...]


def read_unfinished(values: Mapping[str, object], campaign: Campaign, roster: Roster) -> UnfinishedForm:
    """Check a posted form and find every error, in the form's order. Ignores values that the form doesn't ask for.

    The name is the signature if no other one was typed.
    """
    fields = form_fields(campaign)
    texts = dict.fromkeys({field.name for field in FORM_FIELDS} - {field.name for field in fields}, "")
    errors: list[FieldError] = []
    for field in fields:
        try:
            texts[field.name] = _clean(field, values.get(field.name))
        except AnswerError as error:
            errors.append(FieldError(field.name, error.message))
    if texts.get("signature") == "":
        texts["signature"] = texts.get("name", "")
    try:
        drawing = Drawing.posted(values.get("drawing"))
        texts["drawing"] = drawing.text if drawing else ""
    except AnswerError as error:
        errors.append(FieldError("drawing", error.message))
    if texts.get("email") and email_mistake(texts["email"]):
        errors.append(FieldError("email", _in_correct_format(texts.pop("email"))))
    target = None
    if "postal_code" in texts and "target" in texts:
        try:
            target = choose_target(campaign, roster, texts["postal_code"], texts["target"])
        except FormError as error:
            errors.extend(error.errors)
    order = {field.name: position for position, field in enumerate(FORM_FIELDS)}
    order["drawing"] = order["signature"]
    return UnfinishedForm(texts, target, tuple(sorted(errors, key=lambda error: order[error.field])))


def _in_correct_format(email: str) -> Message:
    meant = meant_by(email)
    if meant is None or email_mistake(meant):
        return Message("Enter an email address in the correct format")
    return Message("Enter an email address in the correct format. Did you mean %(address)s?", {"address": meant})


def read_form(
    values: Mapping[str, object], campaign: Campaign, roster: Roster, page_language: str | None = None
) -> SignedForm:
    """Read a form without errors. Raises FormError with every error, in the form's order."""
    unfinished = read_unfinished(values, campaign, roster)
    if unfinished.errors or unfinished.target is None:
        raise FormError(unfinished.errors)
    texts = unfinished.texts
    return SignedForm(
        name=texts["name"],
        email=mailable(texts["email"]),
        address_line=texts["address_line"],
        locality=texts["locality"],
        region=texts["region"] or campaign.region,
        postal_code=texts["postal_code"],
        signature=texts["signature"],
        note=texts["note"],
        updates=wants_updates(values),
        letter_language=letter_language(values, campaign, page_language),
        target=unfinished.target,
        drawing=texts["drawing"],
        source=source_of(values.get("source"), campaign),
    )


def wants_updates(values: Mapping[str, object]) -> bool:
    """Say whether the signer wants updates. `no`, which an organization's own form may post, is not consent."""
    return values.get("updates") in _TICKED


def letter_language(values: Mapping[str, object], campaign: Campaign, page_language: str | None) -> str:
    """Return the language of the letter that a form signs: the chosen one, else the page's, else the campaign's own.

    Languages in which the campaign has no letter are passed over.
    """
    wanted = (values.get("letter_language"), page_language)
    return next(
        (language for language in wanted if isinstance(language, str) and language in campaign.letters),
        campaign.language,
    )


def choose_target(campaign: Campaign, roster: Roster, postal_code: str, target_id: str) -> Target:
    """Return the target that serves the postal code, or the signer's choice among several.

    Raises FormError if no target serves the code, if several do and none of them is chosen, or if the chosen one
    doesn't serve the code.
    """
    serving = roster.serving(postal_code)
    if not serving:
        raise FormError((FieldError("postal_code", _not_covered(campaign, roster, postal_code)),))
    chosen = [target for target in serving if target.id == target_id]
    if chosen:
        return chosen[0]
    if len(serving) == 1 and not target_id:
        return serving[0]
    towns = dict.fromkeys(target.locality for target in serving if target.postal_codes)
    values = {
        "postal_code": postal_code,
        "towns": " / ".join(towns),
        "names": " / ".join(target.name for target in serving),
    }
    if len(towns) < len(serving):
        # The towns don't tell the targets apart.
        message = Message("Choose who gets your letter: %(names)s", values)
    elif target_id:
        message = Message("%(postal_code)s is in %(towns)s. Choose that town, or correct the postal code.", values)
    else:
        message = Message("%(postal_code)s is in more than one town. Choose yours: %(towns)s", values)
    raise FormError((FieldError("target", message),))


def _not_covered(campaign: Campaign, roster: Roster, postal_code: str) -> Message:
    """Name the towns that the letter covers, and the organizer, whom people of other towns can ask."""
    towns, others = roster.towns_near(postal_code)
    values = {
        "postal_code": postal_code,
        "towns": ", ".join(towns),
        "others": others,
        "organizer": campaign.organizer.name,
        "email": campaign.organizer.email,
    }
    if not others:
        return Message(
            "This letter doesn’t cover %(postal_code)s. It covers %(towns)s. "
            "If you live somewhere else, write to %(organizer)s: %(email)s",
            values,
        )
    return Message.counted(
        "This letter doesn’t cover %(postal_code)s. It covers %(towns)s and %(others)s more town. "
        "If you live somewhere else, write to %(organizer)s: %(email)s",
        "This letter doesn’t cover %(postal_code)s. It covers %(towns)s and %(others)s more towns. "
        "If you live somewhere else, write to %(organizer)s: %(email)s",
        others,
        values,
    )


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature of one campaign's letter. Datetimes are aware, in UTC.

    `bundle` is `<period>#<number>` once the letter is sealed. `tallied` is the tally's mark (see `tallies`). `version`
    grows with every change of status. `letter` is the signed letter version, `addressee` what it shows of the
    target, `language` the one of the signer's pages and emails. `quarantine` is the
    suspicion; it stays when the letter is confirmed. `erased_at` stays when a person whose letter was erased signs
    again. `network` is a hash of the network that the form came from, another one each day; it goes when the letter is
    sealed. `in_tray` says whether the letter waits in its target's tray, `due_at` since when, `on_hold` whether an
    organizer keeps it out of it. No link works that was made until `links_ended_at`. `town` is the one that it counts
    for: a target's, or `other`; None if it was erased. `cleared_at` is when its personal data was removed, because its
    time was over; `provider` is then the email provider that it counts for. `source` is the label of the link or site
    that it came from, in a campaign that counts them. `disowned_at` is when the person with this address said that they
    didn't sign: the form was erased, and they get no more emails about the campaign.

    A form reads as the pending signature that it would make. `form` is its id, and that of the form which a letter was
    made from. Only forms have a `mail_request`, and `expires_at`. `mail_postponed` is where their email waits
    for room in a budget, if it does; `is_released` says whether an organizer said that a person wrote it.
    """

    campaign: str
    signer: str
    status: Status
    version: int
    name: str
    email: str
    address_line: str
    locality: str
    region: str
    postal_code: str
    target: str
    signature: str
    note: str
    updates: bool
    letter: str
    addressee: Addressee
    signed_at: datetime
    signed_on: date
    mail_request: str = ""
    form: str = ""
    expires_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_on: date | None = None
    withdrawn_at: datetime | None = None
    bundle: str | None = None
    tallied: str = ""
    language: str = SOURCE
    quarantine: str | None = None
    erased_at: datetime | None = None
    drawing: str = ""
    in_tray: bool = False
    due_at: datetime | None = None
    on_hold: bool = False
    links_ended_at: datetime | None = None
    network: str | None = None
    town: str | None = None
    cleared_at: datetime | None = None
    provider: str | None = None
    mail_postponed: str = ""
    is_released: bool = False
    source: str | None = None
    disowned_at: datetime | None = None

    @property
    def details(self) -> SignerDetails:
        """Return the signer's details that the letter shows."""
        return SignerDetails(
            name=self.name,
            address_line=self.address_line,
            locality=self.locality,
            region=self.region,
            postal_code=self.postal_code,
            signature=self.signature,
            note=self.note,
            signed_on=self.signed_on,
            drawing=self.drawing,
        )

    @property
    def period(self) -> str | None:
        """Return the period of the delivery that holds the letter, once it is sealed."""
        return self.bundle.partition("#")[0] if self.bundle else None

    @property
    def reported_status(self) -> ReportedStatus:
        """Return the status as organizers see it: a pending signature may be quarantined."""
        return "quarantined" if self.status == "pending" and self.quarantine else self.status

    @property
    def is_empty(self) -> bool:
        """Say whether nothing personal is left: it was erased, or its time was over."""
        return self.status == "erased" or self.cleared_at is not None

    @property
    def waits(self) -> bool:
        """Say whether the letter is confirmed and goes with a later delivery."""
        return self.status == "confirmed" and self.bundle is None and not self.on_hold

    @property
    def email_domain(self) -> str:
        """Return the domain of the email address; empty if nothing personal is left of the letter."""
        return self.email.rpartition("@")[2].lower()

    @property
    def changed_at(self) -> datetime:
        """Return when the status last changed, except by sealing."""
        moments = (self.signed_at, self.confirmed_at, self.withdrawn_at, self.erased_at)
        return max(moment for moment in moments if moment is not None)

    @property
    def ended_at(self) -> datetime | None:
        """Return when a letter was withdrawn or erased; None for any other."""
        return {"withdrawn": self.withdrawn_at, "erased": self.erased_at}.get(self.status)

    def can_follow(self, row: Signature | None) -> bool:
        """Say whether a form can become its signer's letter: there is none, or it ended before the form was sent."""
        if row is None:
            return True
        return row.disowned_at is None and row.ended_at is not None and row.ended_at < self.signed_at

    def is_opened_by_links_of(self, issued_at: datetime) -> bool:
        """Say whether links of this date open the letter, or the signer has ended them."""
        return self.links_ended_at is None or issued_at > self.links_ended_at

    def has_expired(self, now: datetime) -> bool:
        """Say whether the time to confirm is over. DynamoDB deletes the form within days (TTL)."""
        return self.expires_at is not None and self.expires_at <= now


class SignatureStateError(UndersignedError):
    """The signature's status doesn't allow this; carries the current signature, or None if there is no row."""

    def __init__(self, signature: Signature | None) -> None:
        """Keep the signature."""
        super().__init__(f"the signature is {signature.status if signature else 'missing'}")
        self.signature = signature


def pending_signature(form: SignedForm, campaign: Campaign, letter: Letter, signer: str, at: datetime) -> Signature:
    """Return what a form that was sent then asks for: a letter with its words, to the addressee that it showed."""
    return Signature(
        campaign=campaign.id,
        signer=signer,
        status="pending",
        version=0,
        name=form.name,
        email=form.email,
        address_line=form.address_line,
        locality=form.locality,
        region=form.region,
        postal_code=form.postal_code,
        target=form.target.id,
        signature=form.signature,
        note=form.note if letter.offers_note else "",
        drawing=form.drawing,
        updates=form.updates,
        letter=letter.version,
        addressee=form.target.addressee,
        source=form.source,
        signed_at=at,
        signed_on=campaign.local(at).date(),
    )


class Waiting(NamedTuple):
    """A letter in a tray, as the index lists it."""

    target: str
    since: datetime
    signer: str


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Signatures that were read together, and the signers whose rows are damaged: something else wrote them."""

    rows: tuple[Signature, ...]
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureFilter:
    """Selects the letters that meet all given criteria.

    The suspicion `any` selects letters with any suspicion. `domain` is the email address's, `network` a row's hash.
    Letters were signed at `signed_from` or later, and before `signed_before`. With `on_hold`, only letters that an
    organizer put on hold are selected.
    """

    target: str | None = None
    status: ReportedStatus | None = None
    suspicion: WantedSuspicion | None = None
    domain: str | None = None
    network: str | None = None
    signed_from: datetime | None = None
    signed_before: datetime | None = None
    on_hold: bool = False

    @property
    def singles_out(self) -> bool:
        """Say whether the filter has a criterion. Letters can be held or removed by one only."""
        criteria = (self.suspicion, self.domain, self.network, self.signed_from, self.signed_before, self.on_hold)
        return any(criteria)

    def matches(self, signature: Signature) -> bool:
        """Say whether a letter belongs in the listing."""
        suspicions = {None, signature.quarantine, "any" if signature.quarantine else None}
        return (
            self.target in {None, signature.target}
            and self.status in {None, signature.reported_status}
            and self.suspicion in suspicions
            and self.domain in {None, signature.email_domain}
            and self.network in {None, signature.network}
            and (self.signed_from is None or signature.signed_at >= self.signed_from)
            and (self.signed_before is None or signature.signed_at < self.signed_before)
            and (signature.on_hold or not self.on_hold)
        )


def details_so_far(unfinished: UnfinishedForm, campaign: Campaign, today: date | None, language: str) -> SignerDetails:
    """Return what a letter shows of the signer of an incomplete form, with placeholders for what is missing."""
    shown = ("name", "address_line", "locality", "region", "postal_code", "signature", "note", "drawing")
    known = {name: unfinished.texts[name] for name in shown if unfinished.texts.get(name)}
    return replace(
        specimen(language, has_street=campaign.needs_street), **({"region": campaign.region} | known), signed_on=today
    )


def details_at_first(campaign: Campaign, today: date, language: str) -> SignerDetails:
    """Return the details that a letter shows of the signer of an empty form: placeholders."""
    return details_so_far(UnfinishedForm({}, None, ()), campaign, today, language)
