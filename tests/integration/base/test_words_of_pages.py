"""Pages speak about the campaign: they have no settings key, merge field, line number, file, syntax or command.

Every sentence is in the catalog, which `make catalogs` fills from the code and the templates. One that is about files
is for a folder, and a page says it in other words; or for a program, which no page of ours is.
"""

from __future__ import annotations

import ast
import io
import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.pofile import read_po

from tests.support.bad_files import CASES
from tests.support.spreadsheets import zipped
from undersigned.base.languages import Message
from undersigned.campaigns.rules.letter_fields import MOST_TAGS
from undersigned.workshop.campaigns import compile_campaign
from undersigned.workshop.column_choice import rows_in
from undersigned.workshop.described_settings import SETTINGS
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.logos import read_logo
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pages.frame import by_rows, shown_in_letter, step_of, table_in
from undersigned.workshop.pasted_letters import pasted_letter
from undersigned.workshop.settings import values_of
from undersigned.workshop.starting import empty_files, example_files
from undersigned.workshop.targets import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from undersigned.workshop.mistakes import Mistake
    from undersigned.workshop.setting_kinds import Value

ROOT = Path(__file__).parents[3]
CATALOGS = sorted((ROOT / "layers/shared/undersigned/catalogs").glob("*/es.po"))
LANGUAGES = ("en", "es")

FILES = re.compile(
    r"`"  # a key, a column or a command
    r"|\{\{|\{%|%\}|%\((?:file|tag|half)\)s"
    r"|\[[a-z]{2}\]"  # a table of a language
    r"|\b[Ll](?:ine|ínea) (?:\d|%)"
    r"|\w+\.(?:toml|csv|md|json)\b|\bdocs/|\bcampaigns/"
    r"|\b(?:TOML|Markdown|JSON|UTF-8|GET|POST)\b|application/"
    r"|\b(?i:merge fields?|placeholders?|backslash|backticks?|braces|conditions?|settings?|slug|stack)\b"
    r"|\b(?i:campos? de combinación|marcador(?:es)? de posición|barra invertida|ajustes?|configuración)\b"
    r"|\b(?i:condici(?:ón|ones))\b"
)

NOT_ON_A_PAGE = {
    "Send `Authorization: Bearer <key>` with a key of this campaign. `undersigned key create` creates one.": "in JSON",
    "Use a key with the scope `%(scope)s`. `undersigned key create --scope %(scope)s` creates one.": "the same",
    "the file can’t be read as TOML (%(reason)s); correct that place": "only a folder has TOML",
    "line %(line)s": "by_rows makes rows of it, which the crawl sees",
    "on line %(line)s": "the same",
    "The file is too large to download here. `undersigned deliver CAMPAIGN --preview DIR` writes it.": "the API's, too",
    "the file is not in UTF-8, and is read as Windows-1252; check the names that have accents": "only the command's",
}


# Every sentence


def catalog() -> dict[str, set[str]]:
    """Return all sentences with what each is in English and in Spanish, in every plural form."""
    found = [it for path in CATALOGS for it in read_po(io.BytesIO(path.read_bytes()), locale="es") if it.id]
    return {_forms(it.id)[0]: {*_forms(it.id), *_forms(it.string)} for it in found}


def _forms(text: str | Sequence[str] | None) -> Sequence[str]:
    return [text] if isinstance(text, str) else text or ()


def texts_in(message: Message) -> Iterator[str]:
    """Yield a message's sentence, and those among its values."""
    yield message.text
    for value in message.values.values():
        if isinstance(value, Message):
            yield from texts_in(value)


def for_programs() -> set[str]:
    """Return the sentences for which pages have others: those of a ProgramError, and those with a `plainly` beside."""
    paths = (*ROOT.glob("functions/**/*.py"), *ROOT.glob("layers/shared/**/*.py"))
    calls = (node for path in paths for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    found = set[str]()
    for call in calls:
        if ast.unparse(call.func) == "ProgramError":
            found |= _sentences(call.args[0])
        elif any(keyword.arg == "plainly" for keyword in call.keywords):
            found |= {sentence for arg in call.args for sentence in _sentences(arg)}
    return found


def _sentences(tree: ast.AST) -> set[str]:
    calls = (
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("Message")
    )
    return {
        arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }


def test_every_sentence_about_files_or_requests_is_one_that_no_page_shows() -> None:
    known = catalog()
    about_files = {text for text, said in known.items() if any(FILES.search(one) for one in said)}
    mistakes = [mistake for mistake, _ in crawled()]
    on_pages = {text for mistake in mistakes for text in texts_in(mistake.on_page)}
    in_folders = {text for mistake in mistakes for text in texts_in(mistake.says)} - on_pages
    # A letter's page shows the words of a merge field in their place: see the next test.
    in_words = {text for text in on_pages if "{{" in text}

    assert len(known) > 1_000
    assert about_files - in_folders - in_words - for_programs() - NOT_ON_A_PAGE.keys() == set()


# Every mistake


@cache
def crawled() -> list[tuple[Mistake, Callable[[str], str]]]:
    """Return every kind of mistake, warning and note, each with how a page shows it in a language."""
    found = [(mistake, shown(mistake, files)) for files in folders() for mistake in found_in(files)]
    found += [(mistake, mistake.on_page.in_language) for read in uploads() for mistake in refused(read)]
    typed = "a " * 20_000
    found += [(it, shown(it, {it.file: typed})) for it in refused(partial(pasted_letter, typed, "en"))]
    return found


def found_in(files: Mapping[str, str]) -> tuple[Mistake, ...]:
    try:
        compiled = compile_campaign(files)
    except MistakesError as error:
        return error.mistakes
    return *compiled.warnings, *compiled.notes


def refused(read: Callable[[], object]) -> tuple[Mistake, ...]:
    try:
        read()
    except MistakesError as error:
        return error.mistakes
    return ()


def shown(mistake: Mistake, files: Mapping[str, str]) -> Callable[[str], str]:
    """Return how the page of its step shows a mistake."""
    text = files.get(mistake.file, "")
    match step_of(mistake.file):
        case "letter":
            return lambda language: shown_in_letter(mistake, text, language).message
        case "recipients":
            return by_rows(mistake.on_page, table_in(text) or table_in(example_files()["targets.csv"])).in_language  # type: ignore[arg-type]
        case _:
            return mistake.on_page.in_language


def drafted(files: Mapping[str, str]) -> Mapping[str, str]:
    """Return the files of a folder as a draft has them."""
    return {**files, "settings": DraftSettings(values_of(files["campaign.toml"])).text}


def folders() -> Iterator[Mapping[str, str]]:
    """Yield folders with something wrong: what is missing, what can't be read, and each setting, cell and part."""
    example = drafted(example_files())
    yield empty_files("trees")
    for name in example:
        yield {file: text for file, text in example.items() if file != name}
    for name, cases in CASES.items():
        for text in cases.values():
            yield {**example, name: text}
    for text in (*LETTERS, *(f"{example['letter.md']}\n\n{letter}" for letter in LETTERS)):
        yield {**example, "letter.md": text}
        yield {**example, "letter.es.md": text}
    yield {**example, "letter.en.md": example["letter.md"], "letter.fr.md": example["letter.md"]}
    yield {**example, "logo.png": "x"}
    french = DraftSettings.read(example["settings"])
    changed = french.changed({"language": "fr", "languages": None}).text
    table = f"{','.join(COLUMNS)}\na,Mayor,A One,Hall,Aton,a@a.example,60201\n"
    yield {"settings": changed, "letter.md": "a", "targets.csv": table}
    own = DraftSettings.read(example["settings"]).changed({"street_address": "optional", "languages": None})
    filtered = DraftSettings.read(example["settings"]).changed({"request": "End sex trafficking."})
    yield {**example, "settings": filtered.text}
    yield {**example, "settings": own.text, "letter.md": "{{ signer.address_line }}", "letter.es.md": "a"}
    # What is wrong in settings and tables is read beside short letters: a letter takes most of the time.
    short = {**example, "letter.md": "I ask you.", "letter.es.md": "Le pido."}
    for text in settings():
        yield {**short, "settings": text}
    for text in tables():
        yield {**short, "targets.csv": text}


LETTERS = (
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```\na\n```",
    "`a`",
    "---",
    "<div>a</div>",
    "a <b>b</b>",
    "![a](https://a.example)",
    "[a](b)",
    "3. a",
    "https://a.example/{{ date }}",
    "a\x07",
    "{{ signer.address_line }}",
    "[sic]",
    "{{ signer.region }}",
    "{{ note }} " * (MOST_TAGS + 1),
    "a" * 25_000,
    "",
)


def settings() -> Iterator[str]:
    """Yield settings with each one missing, empty, or a value of every kind."""
    document = DraftSettings.read(drafted(example_files())["settings"])
    for setting in SETTINGS:
        for value in ("", None, "x" * 5_000, "\x07", "ünï", "2026-99-99", -1, 10**12, True, [""], ["x", "x"]):
            yield document.changed({setting.name: value}).text
    for name in (
        "organizer.name",
        "organizer.email",
        "organizer.website",
        "organizer.telephone",
        "es.title",
        "es.summary",
    ):
        for value in ("", None, "nobody", "x" * 5_000):
            yield document.changed({name: value}).text
    wrong: tuple[Mapping[str, Value], ...] = (
        {"opens": "2030-01-02", "closes": "2030-01-01"},
        {"keep_for_days": 90, "closes": None},
        {"language": "fr"},
        {"language": "es", "languages": ["en"]},
        {"languages": ["en", "id"]},
        {"languages": ["en", "fr"]},
        {"language": "fr", "languages": None, "es.title": None, "es.summary": None},
        {"allowed_origins": [f"https://s{number}.example" for number in range(500)]},
        {"sources": ["other"]},
    )
    yield from (document.changed(changed).text for changed in wrong)
    for more in ({"en.title": "T"}, {"fr.title": "T", "fr.summary": "S"}, {"nonsense": 1}, {"x": ["x"] * 50_000}):
        yield DraftSettings({**document.values, **more}).text


def tables() -> Iterator[str]:
    """Yield tables of recipients in which a cell, a row or a heading is wrong."""
    row = ("a", "Mayor", "A One", "Hall", "Aton", "a@a.example", "60201")
    bad = ("", "\x07", "x" * 400, "no one", "60201; 60201", "602-1", "60209-60201", "a@b", "(x)", "*")
    found: list[list[tuple[str, ...]]] = [
        [COLUMNS, (*row[:place], cell, *row[place + 1 :])] for place in range(len(row)) for cell in bad
    ]
    found += [
        [COLUMNS, row, row],
        [COLUMNS, row, ("b", *row[1:])],
        [COLUMNS, (*row[:-1], "*"), ("b", *row[1:-1], "*")],
        [COLUMNS, row[:3]],
        [COLUMNS],
        [COLUMNS[:3], row[:3]],
        [("x",), ("y",)],
        [("",)],
        [(*COLUMNS, "title_fr", "phone"), (*row, "Maire", "5")],
        [(*COLUMNS, "id"), (*row, "a")],
        [COLUMNS, (*row[:-1], " ".join(f"{code:05}" for code in range(30_000)))],
        [COLUMNS, (*row, *["x"] * 80)],
    ]
    return ("\n".join(";".join(cells) for cells in table) for table in found)


def uploads() -> Iterator[Callable[[], object]]:
    """Yield what reads a file that a person chose, and refuses it."""
    for content in (
        b" \n",
        b"a,b\n" * 1_100_000,
        b"\xff\xfea",
        b'a,"b\n',
        b"a,b\n" * 10_010,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        zipped({"a": ""}),
    ):
        yield lambda content=content: rows_in(content, "")  # type: ignore[misc]
    yield lambda: rows_in(b"", 'a,"b\n')
    for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"a" * 5_000_000):
        yield lambda content=content: read_logo(content)  # type: ignore[misc]


def test_every_mistake_is_said_in_the_words_of_its_page_in_both_languages() -> None:
    said = {say(language) for _, say in crawled() for language in LANGUAGES}

    assert sorted(text for text in said if FILES.search(text)) == []
    assert len(said) > 200
    in_letters = [say("en") for mistake, say in crawled() if step_of(mistake.file) == "letter"]
    assert all(not text[0].islower() and text.endswith(".") for text in in_letters)
