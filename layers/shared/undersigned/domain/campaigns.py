"""Campaigns and the targets of their letters."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

ID_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
"""Ids are part of URLs, keys and SES tags (letters, digits, `-` and `_` only), so they are plain slugs."""

MailState = Literal["ok", "bounced"]

ProofOfWork = Literal["never", "when-busy", "always"]
"""When a form needs a proof of work: a second of a browser's time, which makes a flood of forms expensive."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without spaces and backslashes."""
# What a Content-Security-Policy can contain unchanged: a name in ASCII, or an IP address.
_HOST = re.compile(r"[a-z0-9.:-]+")

_ZIP_PLUS_FOUR = re.compile(r"(\d{5})\d{4}")


def canonical_postal_code(text: str) -> str:
    """Return the spelling by which a postal code is looked up.

    Letter case, spaces and hyphens don't matter, and a US ZIP+4 counts as its five digits:
    `60201-1234` → `60201`, `k1a 0b1` → `K1A0B1`.
    """
    compact = re.sub(r"[\s-]", "", text).upper()
    plus_four = _ZIP_PLUS_FOUR.fullmatch(compact)
    return plus_four.group(1) if plus_four else compact


def origin_of(address: str) -> str | None:
    """Return the origin of an http or https address as browsers write it (RFC 6454), or None if it has none.

    `HTTPS://Example.org:443/thanks` → `https://example.org`. Returns None for an address with a user name or password,
    and for one that a browser might read differently.
    """
    if not _ADDRESS.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    netloc = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{netloc}" + ("" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}")


@dataclass(frozen=True, slots=True)
class Organizer:
    """The person or organization that runs a campaign; `email` is the Reply-To of every email."""

    name: str
    email: str
    website: str | None = None


@dataclass(frozen=True, slots=True)
class TargetVersion:
    """What letters show of a target. A version never changes; it is named by its content."""

    target: str
    title: str
    titles: Mapping[str, str]
    name: str
    department: str
    locality: str

    @property
    def version(self) -> str:
        """Return the name: the first 128 bits of the SHA-256 (hex). Each signature row has one, so it is short."""
        content = json.dumps(
            [self.target, self.title, dict(self.titles), self.name, self.department, self.locality], sort_keys=True
        )
        return hashlib.sha256(content.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Target:
    """The person that letters are addressed to, such as a police chief. `postal_codes` are canonical.

    A retired target gets no new letters; those in its tray are still sent. `titles` has the title in the campaign's
    other languages. `hold` is the organizer's reason for holding its letters back, if they do. `complained_at` is when
    someone there marked an email as spam, until the organizer releases the letters.
    """

    id: str
    title: str
    name: str
    department: str
    locality: str
    email: str
    postal_codes: tuple[str, ...]
    mail_state: MailState = "ok"
    retired: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    hold: str | None = None
    complained_at: datetime | None = None

    @property
    def is_held(self) -> bool:
        """Say whether its letters wait until the organizer releases them."""
        return self.hold is not None or self.complained_at is not None

    @property
    def shown(self) -> TargetVersion:
        """Return what letters that are signed now show of it."""
        return TargetVersion(self.id, self.title, self.titles, self.name, self.department, self.locality)

    def as_shown(self, version: TargetVersion) -> Target:
        """Return the target with the title, name, department and locality of a version."""
        return replace(
            self,
            title=version.title,
            titles=version.titles,
            name=version.name,
            department=version.department,
            locality=version.locality,
        )

    @property
    def held_because(self) -> str | None:
        """Return why its letters are held: the organizer's reason, a complaint, or that its address takes no email."""
        if self.hold:
            return f"held by the organizer: {self.hold}"
        if self.complained_at:
            return "someone there marked an email as spam"
        return "email to this address bounced" if self.mail_state == "bounced" else None

    def title_in(self, language: str) -> str:
        """Return the title in a language; if it has none, the title in the campaign's own language."""
        return self.titles.get(language, self.title)

    def addressed(self, language: str) -> str:
        """Return title and name as they are written in a sentence: `Police Chief Avery Sample`."""
        # For translators: Somebody's title and name amid a sentence, such as Police Chief Avery Sample.
        words = Message("%(title)s %(name)s", {"title": self.title_in(language), "name": self.name})
        return words.in_language(language)


@dataclass(frozen=True, slots=True)
class Translation:
    """A campaign's texts in another language. `letter` is the version to sign in that language, if there is one."""

    title: str
    summary: str
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """What an organizer sets up. `letter` is the version (SHA-256, hex) that new signers sign.

    `opens` and `closes` are the first and the last day of signing, in the campaign's time zone. Pages and emails are in
    `language` or in one of the languages of `translations`. Only sites in `allowed_origins` may frame the form, read
    its JSON, or have a signer sent back to them after a post. `accent` is a color, `#rrggbb`. With `approval`, each
    weekly delivery waits until an organizer approves it.
    """

    id: str
    title: str
    summary: str
    organizer: Organizer
    language: str
    time_zone: str
    region: str
    goal: int
    letter: str
    opens: date | None = None
    closes: date | None = None
    translations: Mapping[str, Translation] = field(default_factory=dict)
    allowed_origins: tuple[str, ...] = ()
    accent: str | None = None
    proof_of_work: ProofOfWork = "when-busy"
    approval: bool = False

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which signers can read the campaign, its own first."""
        return (self.language, *(language for language in self.translations if language != self.language))

    @property
    def letters(self) -> Mapping[str, str]:
        """Return the letter versions that can be signed, by language, its own first."""
        others = {language: texts.letter for language, texts in self.translations.items() if texts.letter}
        return {self.language: self.letter} | others

    def texts(self, language: str) -> Translation:
        """Return title and summary in a language; if it has none, those in the campaign's own language."""
        return self.translations.get(language) or Translation(self.title, self.summary, self.letter)

    def allows(self, address: str) -> bool:
        """Say whether an address has exactly the scheme, host and port of an allowed origin."""
        return origin_of(address) in self.allowed_origins

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the campaign's time zone, to show people its day."""
        return moment.astimezone(ZoneInfo(self.time_zone))

    def is_open(self, today: date) -> bool:
        """Say whether people can sign on this day of the campaign's time zone."""
        return (self.opens is None or self.opens <= today) and (self.closes is None or today <= self.closes)


@dataclass(frozen=True, slots=True)
class Roster:
    """A campaign's targets, found by id or by postal code. Several targets may serve one code."""

    by_id: Mapping[str, Target]
    by_postal_code: Mapping[str, tuple[Target, ...]]

    @classmethod
    def of(cls, targets: tuple[Target, ...]) -> Roster:
        """Index the targets, keeping their order."""
        by_postal_code: dict[str, tuple[Target, ...]] = {}
        for target in (target for target in targets if not target.retired):
            for code in target.postal_codes:
                by_postal_code[code] = (*by_postal_code.get(code, ()), target)
        return cls({target.id: target for target in targets}, by_postal_code)

    def serving(self, postal_code: str) -> tuple[Target, ...]:
        """Return the targets that serve a postal code in any spelling."""
        return self.by_postal_code.get(canonical_postal_code(postal_code), ())

    def someone(self, language: str) -> Target:
        """Return a placeholder target, for a letter whose signer's town is not known yet."""
        titles = sorted({target.title_in(language) for target in self.by_id.values()})
        return Target(
            id="",
            title=titles[0] if len(titles) == 1 else Message("(title)").in_language(language),
            name=Message("(name)").in_language(language),
            department=Message("(department)").in_language(language),
            locality=Message("(town)").in_language(language),
            email="",
            postal_codes=(),
        )
