"""The kinds of settings: which values each allows, in campaign.toml and on the page, and its words for any other."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from undersigned.base.characters import has_ink, has_phone_number, unprintable_in
from undersigned.base.colors import PATTERN as COLOR_PATTERN
from undersigned.base.email_addresses import email_mistake, mailable
from undersigned.base.languages import Message, hour_of, languages, name_of, weekday_of, zone_of
from undersigned.base.origins import origin_of
from undersigned.campaigns.rules.cadence import DAYS, LAST_HOUR
from undersigned.campaigns.rules.campaigns import ID_PATTERN
from undersigned.signing.rules.form_fields import LONGEST_ANSWER
from undersigned.signing.rules.sources import NO_SOURCE, OTHER, SOURCE
from undersigned.workshop.mistakes import count_and_most
from undersigned.workshop.regions import STATES, ZONES
from undersigned.workshop.sites import is_web_address, origin_mistake, pasted_origin
from undersigned.workshop.texts import on_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

type Value = str | int | bool | list[str] | None
"""A setting as JSON has it: a day is a text such as `2026-11-30`, and None is a setting that isn't there."""

type Choices = tuple[tuple[str, str], ...]
"""The values to choose from, each with its words."""

# It fits into a row of the table, an email's header and a page, with room to spare.
LONGEST_TEXT = 300
_MOST_ENTRIES = 50
_MOST_DIGITS = 20
"""A longer number stays a text, which is then a mistake."""

LANGUAGE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
"""The pattern of a language code."""


WRITE, CHOOSE = Message("Write %(meaning)s."), Message("Choose %(meaning)s.")
_CHOOSE_ONE = Message("Choose one of these: %(known)s.")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The values that a setting may have, as a JSON Schema, and its `control` in workshop_settings.html.

    `wrong_in` lists the mistakes in a value: a sentence each, with the way out, which can use the setting's `meaning`
    and the `text` of the value. `read` turns a value without mistakes into the campaign's; a campaign without the
    setting has `nothing`. `choices` returns the choices in a language. `typed` turns a person's answer into a value,
    which may have mistakes, and an empty answer into None. `ask` is for a person who left the setting out, and `hint`
    says how to fill it in.
    """

    schema: Mapping[str, Any]
    wrong_in: Callable[[Any], Iterable[Message]]
    control: str = "text"
    read: Callable[[Any], Any] = lambda value: value
    nothing: object = None
    choices: Callable[[str], Choices] = lambda _: ()
    typed: Callable[[str], Value] = lambda text: text or None
    ask: Message = WRITE
    hint: Message | None = None


def as_text(value: Value) -> str:
    """Return a value in the form of its field."""
    if isinstance(value, bool):
        return str(value).lower()
    return "\n".join(value) if isinstance(value, list) else "" if value is None else str(value)


def wrong_text(value: str, longest: int) -> Message | None:
    """Return what is wrong with a text that is printed and emailed: a character, or its length."""
    if character := unprintable_in(on_one_line(value)):
        return Message(
            "%(character)s in it can’t be printed. Type the text instead of pasting it.", {"character": character}
        )
    if len(value) > longest:
        return Message(
            "It has %(count)s characters, more than the maximum of %(most)s. Remove some.",
            count_and_most(len(value), longest),
        )
    return None


def text(
    mistake_in: Callable[[str], Message | None] = lambda _: None,
    *,
    longest: int = LONGEST_TEXT,
    pattern: str | None = None,
    read: Callable[[str], str] = str,
    **more: Any,  # noqa: ANN401  (as in `Kind`)
) -> Kind:
    """Return the kind of a text on one line. `mistake_in` finds further mistakes in it."""
    ask = more.get("ask", WRITE)

    def wrong_in(value: object) -> Iterator[Message]:
        if not isinstance(value, str) or not has_ink(value):
            yield ask
        elif wrong := wrong_text(value, longest) or mistake_in(on_one_line(value)):
            yield wrong

    schema = {"pattern": pattern} if pattern else {"minLength": 1, "maxLength": longest}
    return Kind(schema={"type": "string", **schema}, wrong_in=wrong_in, read=lambda it: read(on_one_line(it)), **more)


def _unless(fits: Callable[[str], object], says: Message) -> Callable[[str], Message | None]:
    return lambda value: None if fits(value) else says


def paragraph(longest: int) -> Kind:
    """Return the kind of a text of several sentences, which still has one line."""
    return text(control="paragraph", longest=longest)


SLUG = text(
    _unless(
        ID_PATTERN.fullmatch,
        Message("Use at most 50 lowercase letters, digits and hyphens, with a letter or digit at both ends."),
    ),
    pattern=f"^{ID_PATTERN.pattern}$",
    control="fixed",
)
"""A name in web addresses. People have links with it, so the page only shows it."""


EMAIL = text(email_mistake, read=mailable, control="email")


_TELEPHONE = re.compile(r"\+?[0-9()][0-9()./ -]{6,30}(?: (?:x|ext\.?) ?[0-9]{1,6})?", re.ASCII)
TELEPHONE = text(
    _unless(
        lambda value: _TELEPHONE.fullmatch(value) and has_phone_number(value),
        Message("“%(text)s” is not a telephone number. Write digits, with the area code."),
    ),
    pattern=f"^{_TELEPHONE.pattern}$",
    control="tel",
)


def _web_address(fits: Callable[[str], object], pattern: str | None = None) -> Kind:
    return text(
        _unless(
            fits,
            Message("“%(text)s” is not a full web address. Copy it from your browser."),
        ),
        pattern=pattern,
        typed=lambda typed: f"https://{typed}" if "." in typed and ":" not in typed else typed or None,
        control="url",
    )


WEB_ADDRESS = _web_address(is_web_address)
ENCRYPTED_ADDRESS = _web_address(lambda value: (origin_of(value) or "").startswith("https://"), "^https://")


def _color_meant(typed: str) -> str | None:
    """Read a color, also from three digits or without a #. Any other text stays."""
    digits = typed.lower().removeprefix("#")
    doubled = "".join(digit * 2 for digit in digits)
    meant = (color for color in (f"#{digits}", f"#{doubled}") if COLOR_PATTERN.fullmatch(color))
    return next(meant, typed or None)


COLOR = text(
    _unless(
        lambda value: COLOR_PATTERN.fullmatch(value.lower()),
        Message("“%(text)s” is not a color. Write # and six digits or letters from a to f."),
    ),
    pattern="^#[0-9a-fA-F]{6}$",
    read=str.lower,
    typed=_color_meant,
    control="color",
)

REGION = text(choices=lambda _: tuple(STATES.items()), ask=CHOOSE, control="region")
"""The state where signers live. Another country's region is typed."""


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        return False
    return True


def _zones(language: str) -> Choices:
    """Return the time zones of the states in words, and then all others by their cities."""
    near = tuple(dict.fromkeys(ZONES.values()))
    continents = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    far = (zone for zone in sorted(available_timezones()) if zone.startswith(continents) and zone not in near)
    return (
        *((zone, zone_of(zone, language)) for zone in near),
        *((zone, zone.replace("_", " ").replace("/", ": ", 1)) for zone in far),
    )


TIME_ZONE = text(_unless(_is_zone, CHOOSE), choices=_zones, ask=CHOOSE, control="select")


def _languages(_: str) -> Choices:
    return tuple((code, name_of(code)) for code in languages())


LANGUAGE_CODE = text(
    _unless(re.compile(LANGUAGE).fullmatch, CHOOSE),
    pattern=f"^{LANGUAGE}$",
    choices=_languages,
    ask=CHOOSE,
    control="select",
)


def _plain(schema: Mapping[str, Any], fits: Callable[[object], bool], wrong: Message, **more: Any) -> Kind:  # noqa: ANN401
    """Return a kind that has the same words for every mistake."""
    return Kind(schema=schema, wrong_in=lambda value: () if fits(value) else (wrong,), ask=wrong, **more)


def number(fewest: int, most: int, **more: Any) -> Kind:  # noqa: ANN401  (as in `Kind`)
    """Return the kind of a whole number."""
    values: dict[str, object] = {"fewest": fewest, "most": f"{most:,}"}
    wrong = Message("Write a whole number from %(fewest)s to %(most)s.", values)

    def fits(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and fewest <= value <= most

    schema = {"type": "integer", "minimum": fewest, "maximum": most}
    return _plain(schema, fits, wrong, **{"typed": _number_typed, "control": "number"} | more)


def _number_typed(typed: str) -> Value:
    """Read a number, also with separators of thousands. Any other text stays."""
    digits = re.sub(r"[,. ]", "", typed) if re.fullmatch(r"[0-9][0-9,. ]*", typed) else ""
    return int(digits) if digits and len(digits) <= _MOST_DIGITS else typed or None


HOUR = number(
    0,
    LAST_HOUR,
    choices=lambda language: tuple((str(hour), hour_of(hour, language)) for hour in range(LAST_HOUR + 1)),
    control="select",
)


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    with suppress(ValueError):
        return bool(date.fromisoformat(value))
    return False


DAY = _plain(
    {"type": "string", "format": "date"},
    _is_day,
    Message("Write year, month and day, such as 2026-11-30."),
    read=date.fromisoformat,
    control="date",
)

_YES_NO = {"true": Message.in_context("setting", "Yes"), "false": Message.in_context("setting", "No")}
YES_NO = _plain(
    {"type": "boolean"},
    lambda value: isinstance(value, bool),
    replace(_CHOOSE_ONE, values={"known": ", ".join(_YES_NO)}),
    choices=lambda language: tuple((value, words.in_language(language)) for value, words in _YES_NO.items()),
    typed=lambda typed: typed == "true" if typed in _YES_NO else typed or None,
    control="choice",
)


def _one_of(words: Mapping[str, Callable[[str], str]], control: str) -> Kind:
    """Return the kind of a choice from these values. `words` returns each one's words in a language."""
    return _plain(
        {"enum": list(words)},
        lambda value: isinstance(value, str) and value in words,
        replace(_CHOOSE_ONE, values={"known": ", ".join(words)}),
        choices=lambda language: tuple((value, said(language)) for value, said in words.items()),
        control=control,
    )


def choice(words: Mapping[str, Message]) -> Kind:
    """Return the kind of a choice from a few values, each with its words."""
    return _one_of({value: said.in_language for value, said in words.items()}, "choice")


WEEKDAY = _one_of({day: partial(weekday_of, number) for number, day in enumerate(DAYS)}, "select")


def _lines(
    pattern: str,
    wrong_line: Callable[[str], Message | None],
    hint: Message | None,
    *,
    meant: Callable[[str], str] = str,
    **more: Any,  # noqa: ANN401  (as in `Kind`)
) -> Kind:
    """Return the kind of a list of texts, each on its line of the page. `meant` corrects what a person typed."""

    def wrong_in(value: object) -> Iterator[Message]:
        if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
            yield Message("Write a list, with one on each line.")
            return
        for it in dict.fromkeys(value):
            if value.count(it) > 1:
                yield Message("%(line)s is there twice; remove one", {"line": repr(it)})
            if wrong := wrong_line(it):
                yield wrong
        if len(value) > _MOST_ENTRIES:
            counts = count_and_most(len(value), _MOST_ENTRIES)
            yield Message("%(count)s are more than the maximum of %(most)s; remove some", counts)

    def typed(lines: str) -> Value:
        return list(dict.fromkeys(meant(line.strip()) for line in lines.split("\n") if line.strip())) or None

    items = {"type": "string", "pattern": pattern}
    return Kind(
        schema={"type": "array", "items": items, "maxItems": _MOST_ENTRIES, "uniqueItems": True},
        wrong_in=wrong_in,
        read=tuple,
        nothing=(),
        typed=typed,
        hint=hint,
        **{"control": "lines"} | more,
    )


def _website_meant(line: str) -> str:
    origin = pasted_origin(line)
    return origin if isinstance(origin, str) else line


WEBSITES = _lines(
    r"^https?://[^/?#\s]+$",
    origin_mistake,
    Message("One on each line. The address of any of its pages is enough."),
    meant=_website_meant,
)


def _wrong_source(line: str) -> Message | None:
    source: dict[str, object] = {"source": repr(line)}
    if line in {OTHER, NO_SOURCE}:
        return Message("%(source)s stands for letters without a label of this list; choose another", source)
    if not SOURCE.fullmatch(line):
        return Message("%(source)s is not a label; use at most 30 lowercase letters, digits and hyphens", source)
    return None


SOURCES = _lines(
    f"^(?!(?:{OTHER}|{NO_SOURCE})$){SOURCE.pattern}$",
    _wrong_source,
    Message("One on each line."),
    meant=lambda line: "-".join(line.lower().split()),
)
"""Labels of links and sites."""


def _wrong_in_question(line: str) -> Message | None:
    if line != on_one_line(line) or not has_ink(line):
        return Message("A question and its choices have no blank lines and no repeated spaces. Remove them.")
    return wrong_text(line, LONGEST_ANSWER)


QUESTION = _lines(
    r"\S",
    _wrong_in_question,
    Message("The question is the first line, and each choice has its own."),
    meant=on_one_line,
    control="question",
)
"""A question with its choices."""


def _wrong_language(line: str) -> Message | None:
    if line in languages():
        return None
    return Message("Pages and emails are not translated into %(language)s. Take it out.", {"language": repr(line)})


LANGUAGES = _lines(f"^{LANGUAGE}$", _wrong_language, None, choices=_languages, control="boxes")
"""Languages that people can choose. Each has a box on the page."""
