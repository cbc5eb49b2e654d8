"""The fields of the form: what a signer is asked. The form, its checks, rows, exports and pages loop over them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from undersigned.base.languages import Message
from undersigned.campaigns.rules.letters import SignerDetails

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from undersigned.campaigns.rules.campaigns import Campaign, Roster

LONGEST_ANSWER = 200
"""The most characters in the answer to an organizer's own question, and in the question itself."""

type Refused = Literal["web address", "phone number"]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form. `limit` is in characters; `missing` is the error if a required field is empty.

    `autocomplete` is what browsers may fill in, `refuses` what its text must not have, and `column` its column in
    exports. A field of a form that `has_lines` may have several. `questions` are a campaign's own question by language:
    its words, and then the choices.
    """

    name: str
    limit: int
    label: Message
    missing: Message | None = None
    autocomplete: str = "off"
    refuses: tuple[Refused, ...] = ()
    column: str = ""
    has_lines: bool = False
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Say whether the field must be filled in."""
        return self.missing is not None

    def title(self, language: str) -> str:
        """Return what the field asks, in a language."""
        return self.questions[language][0] if self.questions else self.label.in_language(language)

    def choices(self, language: str) -> tuple[str, ...]:
        """Return the answers that a signer chooses from; none if the answer is typed."""
        return self.questions[language][1:] if self.questions else ()

    def asked(self, language: str) -> str:
        """Return the label at the field, which says if the answer may be left out. A region has one from the start."""
        title = self.title(language)
        if self.required or self.name == "region":
            return title
        return Message("%(field)s (optional)", {"field": title}).in_language(language)


FORM_FIELDS: tuple[FormField, ...] = (
    FormField(
        "postal_code",
        12,
        Message("Postal code"),
        Message("Enter your postal code"),
        autocomplete="postal-code",
        column="postal_code",
    ),
    FormField("target", 50, Message("Recipient")),
    FormField(
        "name",
        100,
        Message("Full name"),
        Message("Enter your full name"),
        autocomplete="name",
        refuses=("web address", "phone number"),
        column="full_name",
    ),
    FormField(
        "email",
        254,
        Message("Email address"),
        Message("Enter your email address"),
        autocomplete="email",
        column="email_address",
    ),
    FormField(
        "address_line",
        150,
        Message("Street address"),
        Message("Enter your street address"),
        autocomplete="address-line1",
        refuses=("web address",),
        column="address_lines",
    ),
    FormField(
        "locality",
        80,
        Message("Town or city"),
        Message("Enter your town or city"),
        autocomplete="address-level2",
        refuses=("web address",),
        column="locality",
    ),
    FormField(
        "region",
        50,
        Message("State"),
        Message("Enter your state"),
        autocomplete="address-level1",
        refuses=("web address",),
        column="region",
    ),
    FormField("question", LONGEST_ANSWER, Message("Question"), column="question"),
    FormField("answer", LONGEST_ANSWER, Message("Your answer"), Message("Answer the question"), column="answer"),
    FormField("signature", 100, Message("Signature"), refuses=("web address", "phone number")),
    FormField("note", 500, Message("Your own words"), column="comments", has_lines=True),
)
"""In the order of the form. `updates`, a checkbox, follows. The page itself says which `question` it asks."""

WORDS = tuple(field.name for field in FORM_FIELDS if field.name != "target")
"""The fields whose texts a letter keeps, and loses when it is erased. The target is kept: letters count by it."""

PRINTED = tuple(name for name in WORDS if name not in {"email", "question"})
"""The words that a letter can show."""


LINES = tuple(name for name in WORDS if name not in {"postal_code", "question", "signature", "note"})
"""The words that the form asks for alike, in a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a signer typed, drew and ticked. Confirming a form copies it into the letter, and erasing empties it.

    `consent` is what the ticked box for `updates` said; for a website's own form, the website's origin. `question` is
    the question as it was shown, and `answer` the answer to it.
    """

    name: str
    email: str
    address_line: str
    locality: str
    region: str
    postal_code: str
    signature: str
    note: str
    question: str = ""
    answer: str = ""
    drawing: str = ""
    updates: bool = False
    consent: str = ""

    @property
    def email_domain(self) -> str:
        """Return the domain of the email address; empty if nothing personal is left of the letter."""
        return self.email.rpartition("@")[2].lower()

    def printed(self, signed_on: date) -> SignerDetails:
        """Return what a letter that was signed on a day shows of its signer."""
        shown = {name: getattr(self, name) for name in (*PRINTED, "drawing")}
        return SignerDetails(**shown, signed_on=signed_on)


NO_WORDS = Words(name="", email="", address_line="", locality="", region="", postal_code="", signature="", note="")
"""The words of a letter that was erased or cleared."""


def form_fields(campaign: Campaign, roster: Roster) -> tuple[FormField, ...]:
    """Return the fields of a campaign's form. A field that people may leave empty has no `missing`.

    There is no postal code if one target gets every letter.
    """
    left_out = {"question"} | {name for name, asked in campaign.asked.items() if asked == "no"}
    left_out |= {"postal_code"} if roster.only else set()
    left_out |= set() if campaign.own_words else {"note"}
    return tuple(
        replace(
            field,
            missing=None if campaign.asked.get(field.name) == "optional" else field.missing,
            questions=campaign.questions if field.name == "answer" else {},
        )
        for field in FORM_FIELDS
        if field.name not in left_out
    )
