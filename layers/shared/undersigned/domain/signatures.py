"""Signatures: what a form must contain, and the statuses of a signature."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from undersigned.domain.addresses import canonical_email, email_mistake, mailable
from undersigned.domain.characters import can_be_printed, has_ink, has_phone_number, has_web_address
from undersigned.domain.drawings import Drawing
from undersigned.domain.errors import AnswerError, FieldError, FormError
from undersigned.domain.languages import SOURCE, Message
from undersigned.domain.letters import SignerDetails, specimen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.campaigns import Campaign, Roster, Target

Status = Literal["pending", "confirmed", "withdrawn", "erased"]
"""`erased`: nothing personal is left of the letter except its key, a hash of the signer's email address."""

ReportedStatus = Literal["pending", "confirmed", "withdrawn", "erased", "quarantined"]
"""`quarantined`: pending, and the form looked like a bot's."""

PENDING_FOR = timedelta(days=14)
"""How long a signature waits for its confirmation."""


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
    FormField("name", 100, Message("Full name"), Message("Enter your full name")),
    FormField("email", 254, Message("Email address"), Message("Enter your email address")),
    FormField("address_line", 150, Message("Street address"), Message("Enter your street address")),
    FormField("locality", 80, Message("Town or city"), Message("Enter your town or city")),
    FormField("region", 50, Message("State")),
    FormField("postal_code", 12, Message("Postal code"), Message("Enter your postal code")),
    FormField("target", 50, Message("Recipient")),
    FormField("signature", 100, Message("Signature"), Message("Type your name to sign the letter")),
    FormField("note", 500, Message("Your own words")),
)
"""In the order of the form. `updates`, a checkbox, follows."""

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


def new_mail_request(at: datetime, random: str) -> str:
    """Return the id of a request for an email: when it was made, in seconds, and eight random digits."""
    return f"{int(at.timestamp()):08x}-{random[:8]}"


def requested_at(mail_request: str) -> datetime | None:
    """Return when an email was requested. Return None for a request of a version before 0.3, which doesn't say it."""
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
        raise AnswerError(Message("%(field)s must not have a web address. Remove it.", {"field": field.label}))
    if field.name in _WITHOUT_PHONE_NUMBER and has_phone_number(text):
        raise AnswerError(Message("%(field)s must not have a phone number. Remove it.", {"field": field.label}))
    return text


@dataclass(frozen=True, slots=True)
class Draft:
    """An incomplete form: its valid answers, the target if it is known, and every error."""

    texts: Mapping[str, str]
    target: Target | None
    errors: tuple[FieldError, ...]


def read_draft(values: Mapping[str, object], roster: Roster) -> Draft:
    """Check a posted form and find every error, in the form's order."""
    texts: dict[str, str] = {}
    errors: list[FieldError] = []
    for field in FORM_FIELDS:
        try:
            texts[field.name] = _clean(field, values.get(field.name))
        except AnswerError as error:
            errors.append(FieldError(field.name, error.message))
    try:
        drawing = Drawing.posted(values.get("drawing"))
        texts["drawing"] = drawing.text if drawing else ""
    except AnswerError as error:
        errors.append(FieldError("drawing", error.message))
    if texts.get("email") and email_mistake(texts["email"]):
        del texts["email"]
        errors.append(FieldError("email", Message("Enter an email address in the correct format")))
    target = None
    if "postal_code" in texts and "target" in texts:
        try:
            target = choose_target(roster, texts["postal_code"], texts["target"])
        except FormError as error:
            errors.extend(error.errors)
    order = {field.name: position for position, field in enumerate(FORM_FIELDS)}
    order["drawing"] = order["signature"]
    return Draft(texts, target, tuple(sorted(errors, key=lambda error: order[error.field])))


def read_form(
    values: Mapping[str, object], campaign: Campaign, roster: Roster, page_language: str | None = None
) -> SignedForm:
    """Read a form without errors. Raises FormError with every error, in the form's order."""
    draft = read_draft(values, roster)
    if draft.errors or draft.target is None:
        raise FormError(draft.errors)
    texts = draft.texts
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
        target=draft.target,
        drawing=texts["drawing"],
    )


def wants_updates(values: Mapping[str, object]) -> bool:
    """Say whether the signer wants updates. `no`, which an organization's own form may post, is not consent."""
    return values.get("updates") in _TICKED


def letter_language(values: Mapping[str, object], campaign: Campaign, page_language: str | None) -> str:
    """Return the language of the letter that a form signs: the one chosen, else the page's, else the campaign's own.

    A language in which the campaign has no letter counts as none.
    """
    wanted = (values.get("letter_language"), page_language)
    return next(
        (language for language in wanted if isinstance(language, str) and language in campaign.letters),
        campaign.language,
    )


def choose_target(roster: Roster, postal_code: str, target_id: str) -> Target:
    """Return the target that serves the postal code, or the signer's choice among several.

    Raises FormError if no target serves the code, if several do and none of them is chosen, or if the chosen one
    doesn't serve the code.
    """
    serving = roster.serving(postal_code)
    if not serving:
        message = Message("This letter doesn’t cover %(postal_code)s", {"postal_code": postal_code})
        raise FormError((FieldError("postal_code", message),))
    chosen = [target for target in serving if target.id == target_id]
    if chosen:
        return chosen[0]
    values = {"postal_code": postal_code, "towns": " / ".join(target.locality for target in serving)}
    if target_id:
        message = Message("%(postal_code)s is in %(towns)s. Choose that town, or correct the postal code.", values)
        raise FormError((FieldError("target", message),))
    if len(serving) > 1:
        message = Message("%(postal_code)s is in more than one town. Choose yours: %(towns)s", values)
        raise FormError((FieldError("target", message),))
    return serving[0]


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature of one campaign's letter. Datetimes are aware, in UTC.

    `bundle` is `<period>#<number>` once the letter is sealed. `tallied` is the tally's mark (see `tallies`). `version`
    grows with every change of status. `letter` is the signed letter version, `target_version` what it shows of the
    target (None before version 0.3), `language` the one of the signer's pages and emails. `quarantine` says why the
    form looked like a bot's, until the letter is confirmed. `erased_at` stays when a person whose letter was erased
    signs again. `in_tray` says whether the letter waits in its target's tray. No link works that was made until
    `links_ended_at`.
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
    signed_at: datetime
    signed_on: date
    mail_request: str
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
    links_ended_at: datetime | None = None
    target_version: str | None = None

    @property
    def details(self) -> SignerDetails:
        """Return what the letter shows about the signer."""
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
    def waits(self) -> bool:
        """Say whether the letter is confirmed and not sealed yet."""
        return self.status == "confirmed" and self.bundle is None

    @property
    def changed_at(self) -> datetime:
        """Return when the status last changed, except by sealing."""
        moments = (self.signed_at, self.confirmed_at, self.withdrawn_at, self.erased_at)
        return max(moment for moment in moments if moment is not None)

    def awaits_mail(self, now: datetime) -> bool:
        """Say whether the person still needs the email that the row requests."""
        if self.status == "pending":
            return not self.has_expired(now)
        if self.status != "confirmed" or self.confirmed_at is None:
            return False
        # A confirmed letter had its email, unless its signer has sent the form again since.
        asked_at = requested_at(self.mail_request)
        return asked_at is not None and asked_at > self.confirmed_at

    def is_opened_by_links_of(self, issued_at: datetime) -> bool:
        """Say whether links of this date open the letter, or the signer has ended them."""
        return self.links_ended_at is None or issued_at > self.links_ended_at

    def has_expired(self, now: datetime) -> bool:
        """Say whether the time to confirm is over. DynamoDB deletes the row within days (TTL)."""
        return self.status == "pending" and self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class SignatureFilter:
    """Selects the letters of a listing: to one target or to all, with one reported status or with any."""

    target: str | None = None
    status: ReportedStatus | None = None

    def matches(self, signature: Signature) -> bool:
        """Say whether a letter belongs in the listing."""
        return self.target in {None, signature.target} and self.status in {None, signature.reported_status}


def details_so_far(draft: Draft, campaign: Campaign, today: date | None, language: str) -> SignerDetails:
    """Return what a letter shows about the signer of an incomplete form, with placeholders for what is missing."""
    shown = ("name", "address_line", "locality", "region", "postal_code", "signature", "note", "drawing")
    known = {name: draft.texts[name] for name in shown if draft.texts.get(name)}
    return replace(specimen(language), **({"region": campaign.region} | known), signed_on=today)
