"""Screening: the evidence against some letters, and an organizer's actions on them.

Forms that a program fills in often come from one network, or give addresses at one domain whose email the program
reads. A school, an office or a library looks the same, so nothing here decides anything: it is shown to a person.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from undersigned.domain.errors import GivenError
from undersigned.domain.languages import Message, number
from undersigned.domain.signing.providers import KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from undersigned.domain.signing.signatures import Signature, SignatureFilter

_DOMAIN = re.compile(r"@?[a-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE)
_NETWORK = re.compile(r"[0-9a-f]{12}")

ENOUGH = 10
"""Fewer letters from one network within an hour, or of one domain, are not worth mentioning."""

WAVE = timedelta(hours=1)
"""How long a wave lasts."""

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
"""The places of the letters that an action changes. It leaves others as they are."""


def place_of(signature: Signature) -> Place | None:
    """Return where a letter is; None for an erased one."""
    match signature.reported_status:
        case "confirmed" if signature.bundle:
            return "in a delivery"
        case "confirmed":
            return "on hold" if signature.on_hold else "waiting"
        case "erased":
            return None
        case status:
            return status


@dataclass(frozen=True, slots=True)
class Wave:
    """Letters of one network within an hour, by when they were signed. `network` is its hash."""

    network: str
    letters: int
    first: datetime
    last: datetime

    @property
    def before(self) -> datetime:
        """Return a moment before which all of its letters were signed."""
        return self.last + timedelta(seconds=1)


class DomainShare(NamedTuple):
    """How many letters have an email address at one domain."""

    name: str
    letters: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence against some letters.

    `suspicions` counts the letters with each suspicion, `wave` is the largest one, and `domain` the most frequent one
    that is no known provider's. `on_hold` counts the letters of the campaign that are on hold. `damaged` counts the
    unreadable letters in each target's tray, by the target's id: no delivery takes them.
    """

    letters: int
    suspicions: Mapping[str, int]
    wave: Wave | None
    domain: DomainShare | None
    on_hold: int = 0
    damaged: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """Count the damaged letters."""
        return sum(self.damaged.values())

    @property
    def suspicious(self) -> int:
        """Count the letters that look like a bot's. A domain that takes no email is a person's typo."""
        return sum(count for suspicion, count in self.suspicions.items() if suspicion != "no mailbox")

    def sentences(self, language: str) -> tuple[Message, ...]:
        """Return sentences about the evidence against the letters, and about letters that are left out."""
        return (*self.to_check(language), *self.damage(language))

    def to_check(self, language: str, *, of_one_target: bool = False) -> tuple[Message, ...]:
        """Return the sentences about letters that an organizer can check.

        They don't name the domain: a stranger chose it. Beside the letters `of_one_target`, they say which number is
        the whole campaign's.
        """
        found = []
        if of := self.suspicious:
            found.append(
                Message.counted(
                    "%(count)s of %(letters)s letters looks like a bot’s",
                    "%(count)s of %(letters)s letters look like a bot’s",
                    of,
                    self._values(of, language),
                )
            )
        if self.wave:
            found.append(
                Message.counted(
                    "%(count)s of %(letters)s letters came from one network within an hour",
                    "%(count)s of %(letters)s letters came from one network within an hour",
                    self.wave.letters,
                    self._values(self.wave.letters, language),
                )
            )
        if self.domain:
            found.append(
                Message.counted(
                    "%(count)s of %(letters)s letters has an address at one domain that is no well-known provider’s",
                    "%(count)s of %(letters)s letters have addresses at one domain that is no well-known provider’s",
                    self.domain.letters,
                    self._values(self.domain.letters, language),
                )
            )
        if self.on_hold:
            found.append(self._held(language, of_one_target=of_one_target))
        return tuple(found)

    def _held(self, language: str, *, of_one_target: bool) -> Message:
        values = {"count": number(self.on_hold, language)}
        if of_one_target:
            return Message.counted(
                "In the whole campaign, %(count)s letter is on hold until somebody includes or erases it",
                "In the whole campaign, %(count)s letters are on hold until somebody includes or erases them",
                self.on_hold,
                values,
            )
        return Message.counted(
            "%(count)s letter is on hold until somebody includes or erases it",
            "%(count)s letters are on hold until somebody includes or erases them",
            self.on_hold,
            values,
        )

    def damage(self, language: str) -> tuple[Message, ...]:
        """Return the sentence about damaged letters, which no organizer can check; nothing if there are none."""
        if not self.left_out:
            return ()
        return (
            Message.counted(
                "%(count)s letter is left out, because its record is damaged: the person who runs the system can "
                "repair it",
                "%(count)s letters are left out, because their records are damaged: the person who runs the system "
                "can repair them",
                self.left_out,
                {"count": number(self.left_out, language)},
            ),
        )

    def _values(self, count: int, language: str) -> dict[str, object]:
        return {"count": number(count, language), "letters": number(self.letters, language)}


def evidence_of(signatures: Iterable[Signature], *, on_hold: int = 0) -> Evidence:
    """Return the evidence against some letters."""
    letters = 0
    suspicions: Counter[str] = Counter()
    domains: Counter[str] = Counter()
    moments: defaultdict[str, list[datetime]] = defaultdict(list)
    for signature in signatures:
        letters += 1
        if signature.quarantine:
            suspicions[signature.quarantine] += 1
        if signature.network:
            moments[signature.network].append(signature.signed_at)
        if signature.email_domain:
            domains[signature.email_domain] += 1
    waves = [wave for network, signed in moments.items() if (wave := _wave_of(network, sorted(signed)))]
    strange = [DomainShare(domain, of) for domain, of in domains.items() if of >= ENOUGH and domain not in KNOWN]
    return Evidence(
        letters,
        dict(suspicions.most_common()),
        max(waves, key=lambda wave: (wave.letters, wave.network), default=None),
        max(strange, key=lambda found: (found.letters, found.name), default=None),
        on_hold,
    )


def _wave_of(network: str, signed: list[datetime]) -> Wave | None:
    """Return the largest wave of a network, from the moments in order; None if it is too small to mention."""
    best, first = (0, 0), 0
    for last, moment in enumerate(signed):
        while moment - signed[first] >= WAVE:
            first += 1
        if last + 1 - first > best[1] - best[0]:
            best = first, last + 1
    start, end = best
    return Wave(network, end - start, signed[start], signed[end - 1]) if end - start >= ENOUGH else None


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
