"""A signature, a signer, a campaign and a target for tests, which change the values that they need."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

from undersigned.campaigns.rules.campaigns import Addressee, Campaign, Organizer, Target
from undersigned.campaigns.rules.letters import SignerDetails
from undersigned.signing.rules.form_fields import Words
from undersigned.signing.rules.forms import Form
from undersigned.signing.rules.signatures import PENDING_FOR, Signature

SIGNED_AT = datetime(2026, 11, 24, 18, tzinfo=UTC)

_ADAS = Signature(
    campaign="end-demand-illinois",
    signer="0" * 32,
    status="confirmed",
    version=2,
    words=Words(
        name="Ada Specimen",
        email="ada@signers.example",
        address_line="1 Sample Street",
        locality="Evanston",
        region="IL",
        postal_code="60201",
        signature="Ada Specimen",
        note="",
    ),
    target="evanston",
    letter="0" * 64,
    language="en",
    addressee=Addressee("Police Chief", {}, "Avery Sample", "Evanston Police Department", "Evanston"),
    signed_at=SIGNED_AT,
    signed_on=SIGNED_AT.date(),
)


TREES = Campaign(
    id="trees",
    title="Trees",
    summary="Plant trees.",
    organizer=Organizer("Tree Friends (sample)", "letters@trees.example"),
    language="en",
    time_zone="America/Chicago",
    region="IL",
    goal=10,
    letter="0" * 64,
)
CHIEF = Target(
    id="sampleton",
    title="Police Chief",
    name="Avery Sample",
    department="Sampleton Police Department",
    locality="Sampleton",
    email="chief@sampleton.example",
    postal_codes=("60201",),
)
ROBIN = SignerDetails(
    name="Robin Resident",
    address_line="5 Placeholder Lane",
    locality="Sampleton",
    region="IL",
    postal_code="60201",
    signature="R. Resident",
    note="",
    signed_on=date(2026, 11, 30),
)


def adas_signature(**changes: Any) -> Signature:
    """Return the signature of Ada, who has confirmed, with some values changed."""
    return changed(_ADAS, **changes)


def changed[T: (Form, Signature)](signature: T, /, **changes: Any) -> T:
    """Return a letter or a form with some values changed; those that its signer typed are given like all others."""
    typed = {each.name: changes.pop(each.name) for each in fields(Words) if each.name in changes}
    return replace(signature, words=replace(signature.words, **typed), **changes)


def adas_form(**changes: Any) -> Form:
    """Return the form of Ada, which waits, with some values changed."""
    said = {each.name: getattr(_ADAS, each.name) for each in fields(Form) if hasattr(_ADAS, each.name)}
    form = Form(**said, mail_request="692c0000-00000000", expires_at=SIGNED_AT + PENDING_FOR)
    return changed(form, **changes)
