"""Screening: what many letters have in common, and an organizer's actions on all that a filter selects.

Forms that a program fills in often come from one network, or give addresses at one domain whose email the program
reads. A school, an office or a library looks the same, so nothing here decides anything: it is shown to a person.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from undersigned.base.errors import GivenError
from undersigned.base.languages import Message
from undersigned.base.providers import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from undersigned.signing.rules.abuse_checks import WantedSuspicion
    from undersigned.signing.rules.forms import FormOrLetter
    from undersigned.signing.rules.signatures import ReportedStatus

_DOMAIN = re.compile(r"@?[a-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE)
_NETWORK = re.compile(r"[0-9a-f]{12}")

ENOUGH = 10
"""Fewer letters of one network, or of one domain, are not worth mentioning."""

ScreeningAction = Literal["hold", "release", "erase"]
"""`hold` keeps letters out of deliveries, `release` ends that, and `erase` removes everything personal in them."""

Place = Literal["pending", "quarantined", "waiting", "on hold", "in a delivery", "withdrawn"]
"""Where a letter is. `in a delivery`: it is sealed, and sent or about to be."""

PLACES: tuple[Place, ...] = get_args(Place)

REACHES: Mapping[ScreeningAction, frozenset[Place]] = {
    "hold": frozenset({"waiting"}),
    "release": frozenset({"on hold"}),
    "erase": frozenset(PLACES),
}
"""The places of the letters that an action changes. It changes no others."""


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
        """Say whether the filter has a criterion. Letters can be held or erased by one only."""
        criteria = (self.suspicion, self.domain, self.network, self.signed_from, self.signed_before, self.on_hold)
        return any(criteria)

    def matches(self, signature: FormOrLetter) -> bool:
        """Say whether a letter belongs in the listing."""
        suspicions = {None, signature.quarantine, "any" if signature.quarantine else None}
        return (
            self.target in {None, signature.target}
            and self.status in {None, signature.status}
            and self.suspicion in suspicions
            and self.domain in {None, signature.words.email_domain}
            and self.network in {None, signature.network}
            and (self.signed_from is None or signature.signed_at >= self.signed_from)
            and (self.signed_before is None or signature.signed_at < self.signed_before)
            and (signature.on_hold or not self.on_hold)
        )


def place_of(signature: FormOrLetter) -> Place | None:
    """Return where a letter is; None for an erased one."""
    match signature.status:
        case "confirmed" if signature.bundle:
            return "in a delivery"
        case "confirmed":
            return "on hold" if signature.on_hold else "waiting"
        case "erased":
            return None
        case status:
            return status


class Shared(NamedTuple):
    """How many letters have one value of a criterion. `value` is a suspicion, a network's hash or an email domain."""

    criterion: Literal["suspicion", "network", "domain"]
    value: str
    letters: int


def shared_by(letters: Iterable[FormOrLetter]) -> tuple[Shared, ...]:
    """Return what many letters share, most letters first: suspicions, networks, and domains of no known provider."""
    counted: Counter[tuple[Literal["suspicion", "network", "domain"], str | None]] = Counter()
    for row in letters:
        counted.update((("suspicion", row.quarantine), ("network", row.network), ("domain", row.words.email_domain)))
    return tuple(
        Shared(criterion, value, of)
        for (criterion, value), of in counted.most_common()
        if value and (criterion == "suspicion" or (of >= ENOUGH and value not in KNOWN))
    )


def checked_filter(wanted: SignatureFilter) -> SignatureFilter:
    """Return a filter with its email domain as rows have it: in lower case, without an @.

    Raises GivenError for a domain or a network that no letter can have.
    """
    domain, network = (wanted.domain or "").strip(), (wanted.network or "").strip()
    if domain and not _DOMAIN.fullmatch(domain):
        raise GivenError(Message("The domain must be the part of an email address after the @, such as example.org."))
    if network and not _NETWORK.fullmatch(network):
        raise GivenError(Message("The network must be one of those that we show: 12 digits and letters."))
    return replace(wanted, domain=domain.removeprefix("@").lower() or None, network=network or None)


def in_words(wanted: SignatureFilter) -> str:
    """Return a filter's criteria for the activity log. It doesn't name the domain, which may be one person's own."""
    criteria = (
        ("to", wanted.target),
        ("status", wanted.status),
        ("suspicion", wanted.suspicion),
        ("", "one email domain" if wanted.domain else None),
        ("network", wanted.network),
        ("signed from", _minute(wanted.signed_from)),
        ("signed before", _minute(wanted.signed_before)),
        ("", "on hold" if wanted.on_hold else None),
    )
    return ", ".join(f"{name} {value}".strip() for name, value in criteria if value)


def _minute(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None
