r"""Turn a campaign's letter into the text that people edit on its page, and typed or pasted text into a letter.

In `letter.md` a place to fill in is a merge field, `{{ signer.locality }}`, and an optional part stands in a condition,
`{% if note %}`. On the page both are words in brackets, in the page's language: `[your town]`. Brackets of links, and
those after a backslash, are text.

Typed or pasted text may have other brackets, such as `[DATE]`, and blanks of a paper letter. The importer of paper
letters guesses what each stands for, and the page asks about each. A blank that is text gets backslashes in
`letter.md`. The page shows it without them, and doesn't ask about it again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from undersigned.authoring.letters import FILE, RULE, SHORTEST_RULE, TAG
from undersigned.authoring.mistakes import MistakesError, TooMuchError
from undersigned.authoring.paper_form import import_letter
from undersigned.authoring.texts import with_our_line_ends
from undersigned.domain.authoring.letter_fields import FIELDS, SIGN_ONLINE, too_much_in
from undersigned.domain.languages import Message, languages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.authoring.paper_form import Finding

_ADDRESS = r"(?i:https?://|www\.)[^\s{}()]*"
_BRACKETS = r"\[(?P<words>[^\[\]\\]{1,80})\](?!\()"
# Possessive, because a text may be rules and spaces only.
_RULES = re.compile(rf"_{{3,}}+(?:\s++_{{3,}}+)*+(?:\s*+(?P<placeholder>{_BRACKETS}))?+")
_ESCAPED_RULE = RULE.replace("_", r"\\_")
_MEANT = rf"(?<!_)(?P<rule>{_ESCAPED_RULE})(?!\\?_)|\\\[(?P<meant>[^\[\]{{}}\\\n]{{1,80}})\\\](?!\()"
_PART = re.compile(rf"{_MEANT}|\\[^\w\s]|(?P<tag>{TAG.pattern})(?P<round>\()?|{_ADDRESS}|{_BRACKETS}")
# `{% if note %}` around a paragraph of the signer's own words has no effect: see `letters`.
_OWN_WORDS = re.compile(r"(?<![^\n]\n)(?<![^\n])\{% if note %\}\n+\{\{ note \}\}\n+\{% endif %\}(?=\n\n|\n*\Z)")


@cache
def placeholders(language: str) -> Mapping[str, str]:
    """Return the words of each merge field and condition in a language, by its tag in `letter.md`."""
    words = {f"{{{{ {name} }}}}": says for name, says in FIELDS.items()}
    for name, what in FIELDS.items():
        words[f"{{% if {name} %}}"] = Message("only if there is: %(what)s", {"what": what})
        words[f"{{% elif {name} %}}"] = Message("otherwise, only if there is: %(what)s", {"what": what})
    words["{% else %}"] = Message("otherwise")
    words["{% endif %}"] = Message("end of the optional part")
    return {tag: says.in_language(language) for tag, says in words.items()}


@cache
def _tags(language: str) -> Mapping[str, str]:
    """Return the tags by their words. A page knows the words of all languages, its own first."""
    return {_plain(words): tag for known in (*languages(), language) for tag, words in placeholders(known).items()}


@cache
def _foot() -> re.Pattern[str]:
    """Match what stands below the letter on a paper form, in each language, to the end of the text."""
    begins = (replace(SIGN_ONLINE, values={"address": ""}).in_language(known) for known in languages())
    return re.compile(rf"^[ \t]*(?:{'|'.join(map(re.escape, begins))})https?://.*\Z", re.DOTALL | re.MULTILINE)


def _plain(words: str) -> str:
    """Return words as they are compared: with a small first letter, and one kind of apostrophe."""
    words = " ".join(words.split()).replace("'", "’")
    return words[:1].lower() + words[1:]


def _with_spaces(tag: str) -> str:
    return " ".join((tag[:2], *tag[2:-2].split(), tag[-2:]))


def typed_letter(letter: str, language: str) -> str:
    """Return the text of `letter.md` with placeholders for its merge fields and conditions."""
    words, tags = placeholders(language), _tags(language)

    def shown(part: re.Match[str]) -> str:
        if part["rule"] or (part["meant"] and _plain(part["meant"]) not in tags):
            text = part.group().replace("\\", "")
            return part.group() if 0 < text.count("_") < SHORTEST_RULE else text
        if part["words"] and _plain(part["words"]) in tags:
            return f"\\{part.group()[:-1]}\\]"
        known = words.get(_with_spaces(part["tag"])) if part["tag"] else None
        # A round bracket right after it would make a link of it.
        return part.group() if known is None else f"[{known}]{'\\(' if part['round'] else ''}"

    return _PART.sub(shown, _OWN_WORDS.sub("{{ note }}", letter))


def merged_letter(typed: str, language: str) -> str:
    """Return a typed text with merge fields and conditions for its placeholders; other brackets stay."""
    tags = _tags(language)
    return _PART.sub(lambda part: tags.get(_plain(part["words"] or ""), part.group()), typed)


def pasted_letter(typed: str, language: str) -> str:
    """Return a letter as `merged_letter` does, without the rules before placeholders and the foot of a paper form."""
    tags = _tags(language)

    def filled(rules: re.Match[str]) -> str:
        return rules["placeholder"] if _plain(rules["words"] or "") in tags else rules.group()

    return merged_letter(_RULES.sub(filled, _foot().sub("", typed)), language)


@dataclass(frozen=True, slots=True)
class Question:
    """Asks if something typed is a blank. `guess` is the Markdown that belongs there, or empty if it is text."""

    blank: str
    guess: str


def read_typed(
    typed: str, language: str, answers: Mapping[str, str] | None = None, *, saved: str = ""
) -> tuple[str, tuple[Question, ...]]:
    """Return a typed or pasted text as the text of `letter.md`, and a question for each different blank.

    `answers` have the Markdown for blanks, or an empty text for those that are text; the others are filled as guessed.
    A blank that is text in the `saved` letter stays text, without a question.
    Raises TooMuchError for a text that takes long to read, and MistakesError for a label that nobody understands.
    """
    if too_much := too_much_in(typed):
        raise TooMuchError(FILE, None, too_much)
    form = _TypedForm.of(_with_meant(pasted_letter(with_our_line_ends(typed), language), saved))
    letter = form.ask()
    if answers is not None:
        for blank in form.asked:
            answer = answers.get(form.shown(blank.asked), blank.guess)
            blank.becomes = blank.becomes if answer and answer == blank.guess else answer
        letter, _ = form.imported()
    questions = {blank.asked: Question(form.shown(blank.asked), blank.guess) for blank in form.asked}
    return form.shown(letter), tuple(questions.values())


_BLANK = re.compile(
    rf"(?P<rule>(?:\b[Xx] ?)?{RULE})|(?P<square>\[[^\[\]\\\n]{{2,80}}\](?!\())|(?<!\])\([^()\[\]\\\n]{{2,50}}\)"
)
_UNKNOWN = Message("we can't tell what belongs here; write words in brackets, or remove the blank")
_SPECIAL = re.compile(r"([\[\]()_])")
_WORD_BEFORE = r"(?<![^\s\[\]_\\])[^\s\[\]_\\]*[^\S\n]?"
_MEANT_BLANK = re.compile(rf"{_WORD_BEFORE}(?:{_MEANT})")
_UNMEANT_BLANK = re.compile(rf"(?P<before>{_WORD_BEFORE})(?P<blank>{RULE}|\[[^\[\]\\\n]{{1,80}}\](?!\())")
_MOST_WORDS = 4
"""How many words before a blank its question quotes."""
_FIRST_HIDDEN = 0xF0000
_HIDDEN = re.compile("[\U000f0000-\U000ffffd]")


def _with_meant(letter: str, saved: str) -> str:
    """Put backslashes before each blank that is text in the saved letter, after the same word."""
    meant = {found.group().replace("\\", "") for found in _MEANT_BLANK.finditer(saved)}

    def escaped(found: re.Match[str]) -> str:
        return found["before"] + _SPECIAL.sub(r"\\\1", found["blank"]) if found.group() in meant else found.group()

    return _UNMEANT_BLANK.sub(escaped, letter)


@dataclass(slots=True)
class _Blank:
    """A part of a line that may be a blank, with the question about it. The words `lead` stand before it.

    It is replaced by `becomes`, or filled by the importer if that is None.
    """

    line: int
    start: int
    text: str
    kind: str | None
    lead: str
    asked: str = ""
    guess: str = ""
    becomes: str | None = None

    @property
    def with_lead(self) -> str:
        """Return it with some words before it."""
        return _in_short(f"{' '.join(self.lead.split()[-_MOST_WORDS:])} {self.text}").lstrip(",.;: ")


@dataclass(slots=True)
class _TypedForm:
    """A typed letter with merge fields for its placeholders, while its blanks are found and filled.

    Each part that the importer must not touch is in `hidden`. One private character stands for it in `lines`.
    """

    lines: list[str]
    blanks: list[_Blank] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> _TypedForm:
        """Read a text. A character after a backslash begins no blank."""
        form = cls([])
        text = re.sub(r"\\[\[\]()_]", lambda part: form._hide(part.group()), _HIDDEN.sub("", text))
        form.lines = text.split("\n")
        for number, line in enumerate(form.lines, start=1):
            end = 0
            for found in _BLANK.finditer(line):
                if not found["rule"] or found["rule"].count("_") >= SHORTEST_RULE:
                    lead, end = line[end : found.start()], found.end()
                    form.blanks.append(_Blank(number, found.start(), found.group(), found.lastgroup, lead))
        return form

    @property
    def asked(self) -> list[_Blank]:
        """Return the blanks that a person is asked about."""
        return [blank for blank in self.blanks if blank.asked]

    def shown(self, text: str) -> str:
        """Return a text with its hidden parts."""
        return _HIDDEN.sub(lambda found: self.hidden[ord(found.group()) - _FIRST_HIDDEN], text)

    def ask(self) -> str:
        """Find what each blank asks for, and return the letter with these guesses."""
        while True:
            letter, findings = self.imported()
            unclear = [
                number
                for number in {blank.line for blank in self.blanks if blank.becomes is None}
                if not self._ask_about(number, [found for found in findings if found.line == number], letter)
            ]
            if not unclear:
                break
            for number in unclear:
                if not self._settle(number):
                    self._take_as_text(number)
        guesses: dict[str, set[str]] = {}
        for blank in self.asked:
            guesses.setdefault(blank.text, set()).add(blank.guess)
        for blank in self.asked:
            # “Dear [name]” is another blank than “[name]” at the end.
            if len(guesses[blank.text]) > 1:
                blank.asked = blank.with_lead
        return letter

    def _ask_about(self, number: int, findings: list[Finding], letter: str) -> bool:
        """Ask about the blanks of a line as the importer understood them. Return whether it found the same rules."""
        blanks = self._blanks_of(number)
        rules = [found for found in findings if "_" in found.blank]
        others = [found for found in findings if found not in rules]
        if len(rules) != sum(blank.kind == "rule" for blank in blanks):
            return False
        for blank in blanks:
            short = _in_short(blank.text)
            fitting = iter(rules) if blank.kind == "rule" else (each for each in others if each.blank.endswith(short))
            found = next(fitting, None)
            if found and "{{" in found.outcome:
                blank.asked, blank.guess = found.blank if blank.kind == "rule" else short, found.outcome
            elif blank.kind == "square" and blank.text in letter:
                blank.asked, blank.guess = short, _guess(blank.text) or ""
            del rules[: blank.kind == "rule"]
        return True

    def imported(self) -> tuple[str, tuple[Finding, ...]]:
        """Import the letter. If the importer doesn't understand a line, guess its blanks one by one."""
        while True:
            written = "\n".join(self._written(number) for number, _ in enumerate(self.lines, start=1))
            try:
                return import_letter(written, FILE)
            except TooMuchError:
                raise
            except MistakesError as error:
                lines = sorted({mistake.line or 1 for mistake in error.mistakes})
                if not sum(self._settle(line) for line in lines):
                    raise MistakesError(replace(mistake, plainly=_UNKNOWN) for mistake in error.mistakes) from error

    def _settle(self, number: int) -> bool:
        """Guess the blanks of a line, each by the words before it. Return whether that changed anything."""
        line, blanks = self.lines[number - 1], self._blanks_of(number)
        for blank in blanks:
            guess = _guess(blank.lead + blank.text) or _guess(blank.text)
            if blank.kind or guess is not None:
                blank.guess = blank.becomes = guess or ""
                blank.asked = blank.with_lead if blank.kind == "rule" else _in_short(blank.text)
        is_settled = any(blank.becomes is not None for blank in blanks)
        if not is_settled:
            # A label with nothing after it, such as “Phone:”.
            self.lines[number - 1] = line.replace(":", self._hide(":"))
        return is_settled or self.lines[number - 1] != line

    def _take_as_text(self, number: int) -> None:
        """Leave the blanks of a line as they are: the importer reads other blanks there."""
        self.lines[number - 1] = re.sub(r"[\[\]()_]", lambda part: self._hide(part.group()), self.lines[number - 1])
        self.blanks = [blank for blank in self.blanks if blank.line != number or blank.becomes is not None]

    def _blanks_of(self, number: int) -> list[_Blank]:
        return [blank for blank in self.blanks if blank.line == number and blank.becomes is None]

    def _written(self, number: int) -> str:
        line = self.lines[number - 1]
        for blank in reversed(self.blanks):
            if blank.line == number and blank.becomes is not None:
                # As text, it gets backslashes.
                text = blank.becomes or self._hide(_SPECIAL.sub(r"\\\1", blank.text))
                line = line[: blank.start] + text + line[blank.start + len(blank.text) :]
        return line

    def _hide(self, part: str) -> str:
        if part not in self.hidden:
            self.hidden.append(part)
        return chr(_FIRST_HIDDEN + self.hidden.index(part))


def _guess(text: str) -> str | None:
    """Return the Markdown for the last blank of a text; empty if nobody can tell, and None if it has no blank."""
    try:
        _, findings = import_letter(text)
    except MistakesError:
        return ""
    outcomes = [found.outcome for found in findings if "{{" in found.outcome]
    return outcomes[-1] if outcomes else None


def _in_short(blank: str) -> str:
    """Return a blank as the importer reports it."""
    return " ".join(re.sub(r"(?:_ ?){4,}", "____ ", blank).replace("*", "").split())
