"""Campaigns and the targets that their letters go to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from undersigned.domain.languages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

ID_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
"""Ids stand in URLs, keys and SES tags (letters, digits, `-` and `_` only), so they are plain slugs."""

MailState = Literal["ok", "bounced"]

ProofOfWork = Literal["never", "when-busy", "always"]
"""When a form must bring a proof of work: a moment of its browser's time that costs a flood of bots dearly."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ADDRESS = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without blanks and backslashes."""
# What stands in a Content-Security-Policy as it is: a name in ASCII, or an IP address.
_HOST = re.compile(r"[a-z0-9.:-]+")

_ZIP_PLUS_FOUR = re.compile(r"(\d{5})\d{4}")


def canonical_postal_code(text: str) -> str:
    """Return the one spelling under which a postal code is looked up.

    Letter case, spaces and hyphens do not matter, and a US ZIP+4 counts as its five digits:
    `60201-1234` → `60201`, `k1a 0b1` → `K1A0B1`.
    """
    compact = re.sub(r"[\s-]", "", text).upper()
    plus_four = _ZIP_PLUS_FOUR.fullmatch(compact)
    return plus_four.group(1) if plus_four else compact


def origin_of(address: str) -> str | None:
    """Return the origin of an http or https address as browsers write it (RFC 6454), or None when it has none.

    `HTTPS://Example.org:443/thanks` → `https://example.org`. Addresses with a name and password, and those that
    browsers and we might read differently, have none here.
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
    """Who runs the campaign; `email` is the Reply-To of every mail."""

    name: str
    email: str
    website: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An addressee of letters, such as a police chief. `postal_codes` are canonical.

    A retired target gets no new letters; those that wait for it are still sent. `titles` are the title in further
    languages of the campaign. `hold` says why its organizer holds its letters back.
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

    @property
    def held_because(self) -> str | None:
        """Say why its letters are held: because its organizer does, or because its address takes no mail."""
        if self.hold:
            return f"held by the organizer: {self.hold}"
        return "mail to this address came back" if self.mail_state == "bounced" else None

    def title_in(self, language: str) -> str:
        """Return the title in a language, or in the campaign's own where there is none in it."""
        return self.titles.get(language, self.title)

    def addressed(self, language: str) -> str:
        """Return title and name as a sentence of a language has them: `Police Chief Avery Sample`."""
        # For translators: Somebody's title and name amid a sentence, such as Police Chief Avery Sample.
        words = Message("%(title)s %(name)s", {"title": self.title_in(language), "name": self.name})
        return words.in_language(language)


@dataclass(frozen=True, slots=True)
class Translation:
    """A campaign's texts in one more language. `letter` is the version to sign in it, if there is one."""

    title: str
    summary: str
    letter: str | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """What an organizer sets up. `letter` is the version (SHA-256, hex) that new signers sign.

    `opens` and `closes` are the first and the last day of signing, in the campaign's time zone. Pages and mails come in
    `language` and in the languages of `translations`. Only sites of `allowed_origins` may frame the form, read
    its JSON or get a signer back after a post. `accent` is a colour, `#rrggbb`. With `approval` each week's delivery
    waits until somebody approves it.
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
        """Return the languages that signers can read it in, its own first."""
        return (self.language, *(language for language in self.translations if language != self.language))

    @property
    def letters(self) -> Mapping[str, str]:
        """Return the letter versions that can be signed, by language, its own first."""
        others = {language: texts.letter for language, texts in self.translations.items() if texts.letter}
        return {self.language: self.letter} | others

    def texts(self, language: str) -> Translation:
        """Return title and summary in a language, or in the campaign's own where it has none."""
        return self.translations.get(language) or Translation(self.title, self.summary, self.letter)

    def allows(self, address: str) -> bool:
        """Say whether an address is on one of the allowed origins, exactly: scheme, host and port."""
        return origin_of(address) in self.allowed_origins

    def is_open(self, today: date) -> bool:
        """Say whether people can sign on this day of the campaign's time zone."""
        return (self.opens is None or self.opens <= today) and (self.closes is None or today <= self.closes)


@dataclass(frozen=True, slots=True)
class Roster:
    """A campaign's targets, found by id or by postal code. A code may belong to several."""

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
        """Return the targets that serve a postal code, however it is spelled."""
        return self.by_postal_code.get(canonical_postal_code(postal_code), ())

    def someone(self, language: str) -> Target:
        """Return an addressee in general, for a letter whose signer's town is not known yet."""
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
