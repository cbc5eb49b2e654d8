"""Campaigns and the targets of their letters."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from undersigned.base.languages import Message
from undersigned.base.origins import origin_of
from undersigned.base.rows import ELSEWHERE, Row
from undersigned.campaigns.rules.postal_codes import ALL_OTHERS, canonical_postal_code, patterns_for
from undersigned.campaigns.rules.stops import Stop, mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

ID_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
"""Ids are part of URLs, keys and SES tags (letters, digits, `-` and `_` only), so they are plain slugs."""


def dashboard_path(campaign: str) -> str:
    """Return the path of a campaign's dashboard. The paths of all its pages and buttons begin with it."""
    return f"/organizer/dashboard/{campaign}"


MailState = Literal["ok", "bounced"]

Asked = Literal["required", "optional", "no"]
"""Whether the form asks for something, and whether it must be filled in."""

Shown = Literal["address", "town", "name"]
"""What a letter shows of its signer: the name alone, or also the town, or more of the address."""

PaperSize = Literal["us-letter", "a4"]
"""The size of printed pages, as Typst names it."""

ShowGoal = Literal["from-a-tenth", "always", "never"]
"""When people see the goal."""


@dataclass(frozen=True, slots=True)
class Organizer:
    """The person or organization that runs a campaign; `email` is the Reply-To of every email."""

    name: str
    email: str
    website: str | None = None
    telephone: str | None = None


@dataclass(frozen=True, slots=True)
class Addressee:
    """The texts of a target that a letter shows, as they were when its form was sent."""

    title: str
    titles: Mapping[str, str] = field(hash=False)
    name: str
    department: str
    locality: str


Way = Literal["email", "by hand"]
"""How letters reach a recipient. `by hand`: the organizer prints them, and brings or posts them."""


HeldBy = Literal["organizer", "no address", "office", "complaint", "bounce"]
"""What holds letters to a recipient. If several do, the first of these counts."""

_WHY_HELD: Mapping[HeldBy, str] = {
    "no address": "the recipient has no email address any more",
    "office": "the office stopped these emails",
    "complaint": "someone there marked an email as spam",
    "bounce": "email to this address bounced",
}


@dataclass(frozen=True, slots=True)
class OnPaper:
    """How many letters to a target were signed on paper, who counted them, and when. They are in no other count."""

    letters: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target's office answered on a day. It answers the letters that the office may have had by then.

    `by` recorded it, and if it `is_public`, the campaign's page may show it. It `is_told` once somebody had it emailed
    to the signers, whatever is corrected later.
    """

    day: date
    text: str
    is_public: bool
    by: str
    at: datetime
    is_told: bool = False

    @property
    def revision(self) -> str:
        """Return the name of this record, for a form that replaces it."""
        return self.at.isoformat()

    def says_the_same(self, other: Answer) -> bool:
        """Say whether another record has the same content."""
        return (self.day, self.text, self.is_public) == (other.day, other.text, other.is_public)


@dataclass(frozen=True, slots=True)
class Target(Row):
    """The person that letters are addressed to, such as a police chief.

    `postal_codes` are canonical, and have prefixes and `*`: see `postal_codes.py`. A target without postal codes gets
    everyone's letters.

    Without an `email` address, its letters go by hand or post, to the `postal_address`. A retired target gets no new
    letters; those in its tray are still sent. `titles` has the title in the campaign's other languages. `hold` is the
    organizer's reason for holding its letters back, if they do. `complained_at` is when someone there marked an email
    as spam, until the organizer releases the letters; `released_at` is when they last did. `free_from` is the first day
    that can name a new delivery: seven days after the last one that may arrive. `answer` is what its office answered
    last, as the organizer recorded it.

    Two fields are what its office says: `stops`, by `mailbox_digest`, of its mailbox and of mailboxes that it had
    before; and by period, when it said that it `received` the letters. A roster's targets don't have these.
    """

    pk, sk = "CAMPAIGN#{campaign}", "TARGET#{id}"

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
    released_at: datetime | None = None
    free_from: date | None = None
    on_paper: OnPaper | None = None
    postal_address: str = ""
    answer: Answer | None = None
    stops: Mapping[str, Stop] = field(default_factory=dict, metadata=ELSEWHERE)
    received: Mapping[str, datetime] = field(default_factory=dict, metadata=ELSEWHERE)

    @property
    def has_own_codes(self) -> bool:
        """Say whether it serves certain postal codes, not just everyone or all other codes."""
        return any(listed != ALL_OTHERS for listed in self.postal_codes)

    @property
    def by_hand(self) -> bool:
        """Say whether its letters go by hand or post, because it has no email address."""
        return not self.email

    @property
    def way(self) -> Way:
        """Return how the letters go that wait for it."""
        return "by hand" if self.by_hand else "email"

    @property
    def is_held(self) -> bool:
        """Say whether its letters wait until the organizer releases them, or lifts the stop."""
        return self.held_by() in {"organizer", "office", "complaint"}

    @property
    def stopped(self) -> Stop | None:
        """Return the stop of its mailbox, if somebody there stopped the emails."""
        return self.stops.get(mailbox_digest(self.email)) if self.stops else None

    @property
    def addressee(self) -> Addressee:
        """Return its texts that letters show if they are signed now."""
        return Addressee(self.title, self.titles, self.name, self.department, self.locality)

    def as_signed(self, addressee: Addressee) -> Target:
        """Return the target as a letter shows it."""
        return replace(self, **asdict(addressee))

    def held_by(self, way: Way | None = None) -> HeldBy | None:
        """Return what holds letters that go a way. Without a way, return what holds the letters in its tray."""
        if self.hold:
            return "organizer"
        if (way or self.way) == "by hand":
            return None
        if self.by_hand:
            return "no address"
        if self.stopped:
            return "office"
        if self.complained_at:
            return "complaint"
        return "bounce" if self.mail_state == "bounced" else None

    def why_held(self, way: Way | None = None) -> str | None:
        """Return why letters are held, as `held_by` does, in the words of rows and the API."""
        held = self.held_by(way)
        return f"held by the organizer: {self.hold}" if held == "organizer" else _WHY_HELD[held] if held else None

    def answer_since(self, day: date) -> Answer | None:
        """Return its answer, unless that came before a day."""
        return self.answer if self.answer and self.answer.day >= day else None

    def title_in(self, language: str) -> str:
        """Return the title in a language; if it has none, the title in the campaign's own language."""
        return self.titles.get(language, self.title)

    def addressed(self, language: str) -> str:
        """Return title and name as they are written in a sentence: `Police Chief Avery Sample`."""
        # For translators: Somebody's title and name amid a sentence, such as Police Chief Avery Sample.
        words = Message("%(title)s %(name)s", {"title": self.title_in(language), "name": self.name})
        return words.in_language(language)

    @property
    def label(self) -> str:
        """Return what people choose it by: its department, after the town if the department doesn't name it."""
        is_named = self.locality.casefold() in self.department.casefold()
        return self.department if is_named else f"{self.locality}: {self.department}"


def first_free(targets: Iterable[Target]) -> date | None:
    """Return the first day that can name a new delivery to one of the targets in use; None for any day."""
    days = [target.free_from for target in targets if not target.retired]
    return None if None in days else min((day for day in days if day), default=None)


@dataclass(frozen=True, slots=True)
class Translation:
    """A campaign's texts in another language. `letter` is the version to sign in that language, if there is one."""

    title: str
    summary: str
    letter: str | None = None
    next_step: str | None = None
    question: tuple[str, ...] = ()


def shown_of(parts: Collection[str]) -> Shown:
    """Return what a letter shows with these parts of the address, by the name of their field."""
    if "address_line" in parts or ("region" in parts and "locality" not in parts):
        return "address"
    return "town" if "locality" in parts else "name"


ALL_CAMPAIGNS = "CAMPAIGNS"
"""The partition of the listing index that has every campaign."""

_LOGO_WIDTH, _LOGO_HEIGHT = 160, 60


@dataclass(frozen=True, slots=True)
class Logo:
    """An organizer's picture: a PNG of at most 10,000 bytes without transparency, in Base64."""

    text: str

    def __str__(self) -> str:
        """Name it where settings are compared."""
        return f"picture {self.digest}"

    @property
    def png(self) -> bytes:
        """Return the file."""
        return base64.b64decode(self.text)

    @property
    def digest(self) -> str:
        """Return the name of its content."""
        return hashlib.sha256(self.png).hexdigest()[:16]

    @property
    def size(self) -> tuple[int, int]:
        """Return the width and height in which it is shown, in CSS pixels. A large one is sharp on fine screens."""
        width, height = struct.unpack_from(">II", self.png, 16)
        scale = min(1.0, _LOGO_WIDTH / width, _LOGO_HEIGHT / height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    @property
    def data(self) -> str:
        """Return it as an address that needs no request."""
        return f"data:image/png;base64,{self.text}"


@dataclass(frozen=True, slots=True)
class Campaign(Row):
    """A campaign as its organizer set it up. `letter` is the version (SHA-256, hex) that new signers sign.

    `opens` and `closes` are the first and the last day of signing, in the campaign's time zone. Pages and emails are in
    `language` or in one of the languages of `translations`. Only sites in `allowed_origins` may read its JSON, post
    forms of their own, or have a signer sent back to them. These sites and those in `frame_origins` are told how high
    the framed form is; unless `any_website` may frame it, only they may. `accent` is a color, `#rrggbb`. With
    `send_now_only`, letters wait until somebody presses *Send now*. `privacy_url` is the organizer's own privacy
    notice; without it, people read the built-in one. With `own_words`, signers can add words of their own, if the
    letter has a field for them. `request` says in emails to targets, which have no letter in them, what the letters ask
    for; without it, the title does. Letters are counted by `sources`, the labels of links and sites. `street_address`,
    `town` and `state` say what the form asks for. With `remind_signers`, people who have not confirmed get one
    reminder. `question` is the organizer's own question: its words, and then the choices. Without choices, people type;
    a single choice is a box to tick. Signers' personal data is kept for `keep_for_days` after `closes`; without it,
    until the organizer erases it. People who have confirmed see a button: its words are `next_step`, its address
    `next_step_url`. It needs both. Letters go out each week on `deliver_on` (`MON`) at the hour `deliver_at` of the
    campaign's time zone; without them, on the stack's day and hour. `logo` comes from a file of its own. Letters,
    packets and paper forms are printed on paper of `paper_size`.
    """

    pk, sk = "CAMPAIGN#{id}", "META"

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
    frame_origins: tuple[str, ...] = ()
    any_website: bool = True
    accent: str | None = None
    send_now_only: bool = False
    privacy_url: str | None = None
    next_step: str | None = None
    next_step_url: str | None = None
    street_address: Asked = "required"
    town: Asked = "required"
    state: Asked = "optional"
    own_words: bool = True
    question: tuple[str, ...] = ()
    question_required: bool = False
    remind_signers: bool = True
    keep_for_days: int | None = None
    sources: tuple[str, ...] = ()
    deliver_on: str | None = None
    deliver_at: int | None = None
    show_goal: ShowGoal = "from-a-tenth"
    logo: Logo | None = None
    request: str | None = None
    paper_size: PaperSize = "us-letter"

    @property
    def listed(self) -> str:
        """Return the partition of the listing that has it."""
        return ALL_CAMPAIGNS

    @property
    def listed_at(self) -> str:
        """Return its place there."""
        return self.id

    @property
    def has_own_cadence(self) -> bool:
        """Say whether its letters go out at other times than the stack's schedule says."""
        return (self.deliver_on, self.deliver_at) != (None, None)

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which signers can read the campaign, its own first."""
        return (self.language, *(language for language in self.translations if language != self.language))

    @property
    def asked(self) -> Mapping[str, Asked]:
        """Return whether its form asks for what not every campaign needs, by the name of the field."""
        answer: Asked = "required" if self.question_required else "optional"
        return {
            "address_line": self.street_address,
            "locality": self.town,
            "region": self.state,
            "answer": answer if self.question else "no",
        }

    @property
    def questions(self) -> Mapping[str, tuple[str, ...]]:
        """Return its question with the choices, by language; if one is missing, in the campaign's own language."""
        return {it: self.texts(it).question or self.question for it in self.languages} if self.question else {}

    @property
    def shown(self) -> Shown:
        """Return what its letters can show of a signer."""
        return shown_of({name for name, asked in self.asked.items() if asked != "no"})

    @property
    def letters(self) -> Mapping[str, str]:
        """Return the letter versions that can be signed, by language, its own first."""
        others = {language: texts.letter for language, texts in self.translations.items() if texts.letter}
        return {self.language: self.letter} | others

    def texts(self, language: str) -> Translation:
        """Return the texts in a language; if it has none, in the campaign's own language."""
        return self.translations.get(language) or Translation(self.title, self.summary, self.letter, self.next_step)

    @property
    def kept_until(self) -> date | None:
        """Return the last day on which signers' personal data is kept. None: until the organizer erases it."""
        if self.closes is None or self.keep_for_days is None:
            return None
        return self.closes + timedelta(days=self.keep_for_days)

    def is_over(self, today: date) -> bool:
        """Say whether the time to keep signers' personal data is over."""
        return self.kept_until is not None and today > self.kept_until

    def privacy_notice(self, base: str, language: str) -> str:
        """Return the address of the privacy notice: the organizer's own, or the built-in one below `base`."""
        return self.privacy_url or f"{base}/campaigns/{self.id}/privacy?lang={language}"

    @property
    def framing_origins(self) -> tuple[str, ...]:
        """Return the sites that the framed form talks to."""
        return tuple(dict.fromkeys((*self.allowed_origins, *self.frame_origins)))

    @property
    def framed_by(self) -> tuple[str, ...]:
        """Return the sites that may frame the form, as `frame-ancestors` lists them."""
        return ("*",) if self.any_website else self.framing_origins

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
    """A campaign's targets, found by id or by postal code. Several targets may serve one code.

    `by_pattern` has the targets that list a pattern of codes. `for_others` get the letters of all other codes, and
    `for_everyone` can get any letter.
    """

    by_id: Mapping[str, Target]
    by_pattern: Mapping[str, Sequence[Target]]
    for_others: Sequence[Target] = ()
    for_everyone: Sequence[Target] = ()

    @classmethod
    def of(cls, targets: tuple[Target, ...], *, is_whole: bool = True) -> Roster:
        """Index the targets, keeping their order.

        If some can't be read, no target gets the letters of all other codes: a code may be one of theirs.
        """
        by_pattern: dict[str, list[Target]] = {}
        active = [target for target in targets if not target.retired]
        for target in active:
            for listed in target.postal_codes:
                by_pattern.setdefault(listed, []).append(target)
        for_others = by_pattern.pop(ALL_OTHERS, ())
        return cls(
            {target.id: target for target in targets},
            by_pattern,
            for_others=for_others if is_whole else (),
            for_everyone=[target for target in active if not target.postal_codes],
        )

    @property
    def only(self) -> Target | None:
        """Return the target of every letter, if there is just one."""
        everyones = [*self.for_others, *self.for_everyone]
        return everyones[0] if len(everyones) == 1 and not self.by_pattern else None

    @property
    def free_from(self) -> date | None:
        """Return the first day that can name a new delivery to one of its targets; None for any day."""
        return first_free(self.by_id.values())

    @property
    def on_paper(self) -> int:
        """Return how many letters were signed on paper, as they were counted for each target."""
        return sum(target.on_paper.letters for target in self.by_id.values() if target.on_paper)

    def public_answers(self, most: int) -> tuple[tuple[Target, Answer], ...]:
        """Return the newest answers that the campaign's page shows, each with the target whose office gave it."""
        public = [(each, each.answer) for each in self.by_id.values() if each.answer and each.answer.is_public]
        return tuple(sorted(public, key=lambda pair: (pair[1].day, pair[1].at), reverse=True)[:most])

    @property
    def goes_by_town(self) -> bool:
        """Say whether each letter goes to the target of its signer's town, and all of them have the same title."""
        titles = {target.title for target in self.by_id.values() if not target.retired}
        return not (self.for_others or self.for_everyone) and len(titles) == 1

    def serving(self, postal_code: str) -> tuple[Target, ...]:
        """Return the targets that serve a postal code in any spelling, the most exact pattern first.

        Without a code, these are the targets that serve every code, or none if the code decides.
        """
        code = canonical_postal_code(postal_code)
        if not code and self.by_pattern:
            return ()
        patterns = patterns_for(code) if code else ()
        listing = [target for pattern in patterns for target in self.by_pattern.get(pattern, ())]
        found = [*(listing or self.for_others), *self.for_everyone]
        return tuple({target.id: target for target in found}.values())

    @property
    def towns(self) -> tuple[str, ...]:
        """Return the towns that have a target with postal codes."""
        return tuple(dict.fromkeys(target.locality for targets in self.by_pattern.values() for target in targets))

    def someone(self, language: str) -> Target:
        """Return the target of every letter; if there are several, a placeholder for a signer's own."""
        if self.only:
            return self.only
        titles = sorted({target.title_in(language) for target in self.by_id.values() if not target.retired})
        return Target(
            id="",
            title=titles[0] if len(titles) == 1 else Message("(title)").in_language(language),
            name=Message("(name)").in_language(language),
            department=Message("(department)").in_language(language),
            locality=Message("(town)").in_language(language),
            email="",
            postal_codes=(),
        )
