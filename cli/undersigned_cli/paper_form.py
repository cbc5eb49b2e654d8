"""Make a campaign letter of a letter as it is typed for paper, with blanks to fill in by hand.

A blank is a run of three underscores or more (bare, escaped as `\\_`, or with spaces between), a placeholder such as
`(print name)` or `[address]`, or a label with nothing after it (`Date:`). What a blank means is read off the words beside
it: those before it on its line, the placeholder after it, the caption under it, or the line above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from undersigned.domain.errors import UndersignedError
from undersigned.domain.letters import FIELDS, Mistake


@dataclass(frozen=True, slots=True)
class Finding:
    """A blank of the paper form, by its line (1-based), and what became of it."""

    line: int
    blank: str
    became: str

    def __str__(self) -> str:
        """Write it as one line of a report."""
        return f"line {self.line}: “{self.blank}” → {self.became}"


class PaperFormError(UndersignedError):
    """A paper form has blanks that can't be placed; carries all of them, by line."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        """Keep every mistake, in the order of the lines."""
        super().__init__("; ".join(f"line {mistake.line}: {mistake.message}" for mistake in mistakes))
        self.mistakes = mistakes


TAKEN_OUT = "taken out"

_UNDERSCORES = r"(?:\\?_){1,}(?:[ \t]*(?:\\?_)+)*"
# A day blank of a form from the last century ends in “, 20__”; one of numbers is “__/__/____”.
_DAY_BLANK = rf"{_UNDERSCORES}(?:[ \t]*/[ \t]*{_UNDERSCORES}){{2}}|{_UNDERSCORES}[ \t]*,[ \t]*20(?:\\?_){{2,}}"
_PARENTHESES = r"\\?[(\[](?P<words>[^()\[\]\\\n]{2,50})\\?[)\]](?!\()"
_BLANK = re.compile(rf"(?P<line>{_DAY_BLANK}|{_UNDERSCORES})|{_PARENTHESES}")
_FEWEST_UNDERSCORES = 3

_ITALIC_OR_STRONG = re.compile(r"(?<![\w_\\])(_{1,3})(?=[^\s_\\])([^_\n]*[^\s_\\])\1(?![\w_])")
_NEEDLESS_ESCAPE = re.compile(r"(?<=\S)\\([-.!+=])(?![\[(])|\\([$%&'\"~,:;/?@^=])")

# Words that qualify a label but don't change what it asks for.
_QUALIFIERS = re.compile(
    r"\b(?:your|my|the|please|print(?:ed)?|type(?:d)?|full|legal|first|last|and|here|of|signer(?:'s)?|writer(?:'s)?"
    r"|home|street|mailing|postal|complete|line|is|sign(?=\s+(?:here|your|name))|\d)\b"
)
_CHIEF = re.compile(r"\b(?:police chief|chief(?: of police)?|addressee|recipient)\b")
_WORDS = {
    "signature": "signature", "sign": "signature", "signed": "signature",
    "date": "date", "dated": "date", "today": "date", "todays date": "date",
    "name": "signer.name",
    "address": "signer.address",
    "city": "signer.locality", "town": "signer.locality", "village": "signer.locality", "locality": "signer.locality",
    "state": "signer.region",
    "zip": "signer.postal_code", "zip code": "signer.postal_code", "zipcode": "signer.postal_code",
    "code": "signer.postal_code",
}  # fmt: skip
_PRINT_ONLY = frozenset({"print", "please print", "please type", "print clearly", "please print clearly", "optional"})
_CLOSING = re.compile(r"(?i)\b(?:sincerely|respectfully|regards|yours|truly|faithfully)\b.{0,20}$")
_MARKS = re.compile(r"[*_\\#>]")


def _tag(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _fields_of_label(label: str) -> str | None:
    """Return what a label asks for, as merge fields, or None when it is no label. The whole text must be one."""
    words = _MARKS.sub("", label).replace("’", "'").lower().strip(" \t:.,-–—")
    if not words:
        return None
    if re.fullmatch(rf"(?:the )?{_CHIEF.pattern}(?:'s)? name|name of (?:the |your )?{_CHIEF.pattern}", words):
        return _tag("target.name")
    parts = [" ".join(_QUALIFIERS.sub("", part).replace("'s", "s").split()) for part in re.split(r"[,/&+]| and ", words)]
    # “city state zip” without commas, as forms for hand-writing have it.
    if len(parts) == 1 and parts[0] not in _WORDS:
        parts = re.sub(r"\bzip code\b", "zip", parts[0]).split()
    names = [_WORDS.get(part) for part in parts if part]
    if not names or None in names:
        # “print your name here” and “sign here” leave their verb where only qualifiers are.
        return _tag("signature") if re.fullmatch(r"sign(?:ed)?(?: here| by)?", words) else None
    place = [name for name in names if name and name != "signer.address"]
    if "signer.address" in names and set(place) <= {"signer.locality", "signer.region", "signer.postal_code"}:
        return _tag("signer.address")
    text = " ".join(_tag(name) for name in names if name)
    return text.replace(f"{_tag('signer.locality')} ", f"{_tag('signer.locality')}, ")


def _field_after(before: str) -> str | None:
    """Return what a blank stands for by the words before it on its line: those nearest to it count."""
    words = _MARKS.sub("", before).replace("’", "'").rstrip(" \t:")
    if re.search(r"(?i)\bdear$", words):
        return f"{_tag('target.title')} {_tag('target.name')}"
    if re.search(rf"(?i){_CHIEF.pattern}$", words):
        return _tag("target.name")
    if re.search(r"(?i)^\W*(?:to|attn|attention)$", words):
        return f"{_tag('target.title')} {_tag('target.name')}"
    if re.search(r"(?i)\bmy name is$", words):
        return _tag("signer.name")
    # A label is what follows the last blank, gap or sentence on the line.
    label = re.split(r"[.;]\s|\t|\s{2,}|\}\}", words)[-1]
    return _fields_of_label(label)


@dataclass(slots=True)
class _Form:
    """The lines of a paper form, and what is made of them."""

    lines: list[str]
    findings: list[Finding] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    # Captions and labels on lines of their own that went into the blank beside them.
    _used: set[int] = field(default_factory=set)
    _last: str | None = None

    def letter(self) -> str:
        """Return the letter's Markdown."""
        written: list[str] = []
        for index, line in enumerate(self.lines):
            if index in self._used:
                continue
            filled = self._fill(index, line)
            if filled is not None:
                written.append(filled)
        return "\n".join(written)

    def _fill(self, index: int, line: str) -> str | None:
        """Return a line with its blanks filled, or None when nothing is left of it."""
        blanks = [match for match in _BLANK.finditer(line) if _is_blank(match)]
        if not blanks:
            return self._fill_bare_label(index, line)
        if not _MARKS.sub("", _BLANK.sub("", line)).strip(" \t.,:") and all(match["line"] for match in blanks):
            return self._fill_lonely(index, line, blanks)
        return self._fill_inline(index, line, blanks)

    def _fill_inline(self, index: int, line: str, blanks: list[re.Match[str]]) -> str:
        text = ""
        end = 0
        for position, match in enumerate(blanks):
            if match.start() < end:
                continue  # a placeholder that went with the blank before it
            text += line[end : match.start()]
            end = match.end()
            following = blanks[position + 1] if position + 1 < len(blanks) else None
            caption = following if following and not line[end : following.start()].strip() and following["words"] else None
            before = re.sub(r".*\}\}", "", text)
            if match["line"] is None:
                if _field_after(before) in {_tag("target.name"), f"{_tag('target.title')} {_tag('target.name')}"}:
                    became = _field_after(before)
                else:
                    became = _fields_of_label(match["words"])
            else:
                became = self._by_neighbors(before, caption["words"] if caption else None, line[end:])
            if caption and match["line"]:
                end = caption.end()
            shown = " ".join(line[match.start() : end].split())
            if became is None:
                self._refuse(index, before, shown)
                text += shown
                continue
            self._found(index, f"{before.strip()} {shown}".strip(), became)
            text += became
        text += line[end:]
        if re.fullmatch(r"\W*dear\b.*\}\}[*_]*\s*", text, re.IGNORECASE):
            text = text.rstrip() + ","
        return text

    def _by_neighbors(self, before: str, caption: str | None, after: str) -> str | None:
        if re.match(r"\s*(?:Police|Public Safety) Department\b", after):
            return _tag("target.locality")
        placed = _field_after(before)
        if placed is None and caption:
            placed = _fields_of_label(caption)
        return placed

    def _fill_lonely(self, index: int, line: str, blanks: list[re.Match[str]]) -> str | None:
        """Fill a line of blanks alone by its captions below, or by the line above."""
        below = index + 1
        captions = _captions(self.lines[below]) if below < len(self.lines) else []
        found = [_fields_of_label(caption) for caption in captions]
        if len(captions) == len(blanks) and all(found):
            self._used.add(below)
            for match, became in zip(blanks, found, strict=True):
                self._found(index, _shown(match), str(became))
            return "\n".join(str(became) for became in found)
        above = next((text for text in reversed(self.lines[:index]) if text.strip()), "")
        if len(blanks) == 1:
            if self._last in {_tag("signer.address"), _tag("signer.address_line")} and not _is_label_line(above):
                self._found(index, _shown(blanks[0]), f"{TAKEN_OUT}: a second line of the address")
                return None
            became = _fields_of_label(above) if _is_label_line(above) else None
            if became is None and _CLOSING.search(_MARKS.sub("", above).rstrip(" ,")):
                became = _tag("signature")
            if became is not None:
                self._found(index, _shown(blanks[0]), became)
                return became
        self._refuse(index, "", " ".join(line.split()))
        return line

    def _fill_bare_label(self, index: int, line: str) -> str:
        """Fill a label that has nothing after it, unless its blank is the next line."""
        if not _is_label_line(line):
            return line
        below = next((text for text in self.lines[index + 1 :] if text.strip()), "")
        became = _fields_of_label(line)
        if became is None or (below and not _MARKS.sub("", _BLANK.sub("", below)).strip()):
            return line
        self._found(index, line.strip(), became)
        return f"{line.rstrip()} {became}"

    def _found(self, index: int, blank: str, became: str) -> None:
        self.findings.append(Finding(index + 1, blank[-60:], became))
        self._last = became

    def _refuse(self, index: int, before: str, shown: str) -> None:
        words = " ".join(_MARKS.sub("", before).split()[-4:])
        where = f"the blank after “{words}”" if words else f"the blank “{shown[:30]}”"
        self.mistakes.append(
            Mistake(
                index + 1,
                f"{where} can't be placed; take it out, or write the merge field that belongs there: "
                + ", ".join(_tag(name) for name in FIELDS),
            )
        )


def _is_blank(match: re.Match[str]) -> bool:
    if match["line"] is not None:
        return match["line"].count("_") >= _FEWEST_UNDERSCORES
    words = match["words"].lower().strip()
    return words in _PRINT_ONLY or _fields_of_label(words) is not None


def _is_label_line(line: str) -> bool:
    return line.rstrip(" \t*\\").endswith(":") and _fields_of_label(line) is not None


def _captions(line: str) -> list[str]:
    return [caption.strip("()[]\\ ") for caption in re.split(r"\t+| {2,}", line.strip()) if caption.strip("()[]\\ ")]


def _shown(match: re.Match[str]) -> str:
    return " ".join(match.group().split())


def _plain(text: str) -> list[str]:
    """Return the lines of a typed text, without the marks that word processors leave in it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text = text.replace("\u00a0", " ").replace("\u200b", "")
    lines = []
    for line in text.split("\n"):
        # Two blanks at the end are a line break that nobody sees; a backslash says the same.
        breaks = line.endswith("  ") and bool(line.strip())
        plain = _ITALIC_OR_STRONG.sub(lambda match: "*" * len(match[1]) + match[2] + "*" * len(match[1]), line.rstrip())
        plain = _NEEDLESS_ESCAPE.sub(lambda match: match[1] or match[2], plain)
        plain = re.sub(r"\\?([{}])", r"\\\1", plain)
        lines.append(plain + ("\\" if breaks else ""))
    return lines
