"""Check that each language translates every sentence of the source, with the same placeholders and tags."""

from __future__ import annotations

import ast
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import grimp
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from checks.catalogs import sentences as sentences_in_source
from checks.catalogs import update
from undersigned.base.languages import CATALOGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from babel.messages.catalog import Message

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "layers" / "shared" / "undersigned"
TEMPLATES = [
    template
    for folder in ("sheets", "pages", "emails")
    for template in sorted(SHARED.glob(f"*/{folder}/*"))
    if template.suffix in {".html", ".txt", ".svg", ".css"}
]
SOURCES = (ROOT / "layers" / "shared" / "undersigned", ROOT / "functions")
FILES = sorted(CATALOGS.glob("*/*.po"))
EACH_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")


@pytest.fixture(scope="module")
def sentences() -> Mapping[str, Catalog]:
    """Return what `make catalogs` finds in the source."""
    return sentences_in_source()


def catalog_in(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def texts_of(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def key_of(message: Message) -> tuple[str | None, object]:
    """Return what identifies a sentence in a catalog: its context and its words."""
    return message.context, message.id


def gaps_in(text: str) -> set[str]:
    return set(re.findall(r"%(?:\(\w+\))?.", text.replace("%%", "")))


def tags_in(text: str) -> Counter[str]:
    return Counter(re.findall(r"<[^<>]+>", text))


def files_of(message: Message | None) -> set[str]:
    return {file for file, _ in message.locations} if message else set()


def mistakes_in(catalog: Catalog, sentences: Catalog) -> list[str]:
    """List the mistakes in a language's catalog, each with its fix."""
    mistakes = [f"it is not in the source; run `make catalogs`: {text}" for text in catalog.obsolete]
    known = {key_of(message) for message in catalog}
    mistakes += [
        f"it is missing; run `make catalogs`: {message.id}" for message in sentences if key_of(message) not in known
    ]
    for message in catalog:
        if message.id:
            mistakes += _mistakes_of(message, sentences)
    return mistakes


def _mistakes_of(message: Message, sentences: Catalog) -> Iterator[str]:
    originals, translations = texts_of(message.id), texts_of(message.string)
    if key_of(message) not in {key_of(sentence) for sentence in sentences}:
        yield f"it is not in the source; run `make catalogs`: {message.id}"
    if files_of(message) != files_of(sentences.get(message.id, message.context)):
        yield f"it is in other files now; run `make catalogs`: {message.id}"
    if not all(translations):
        yield f"it is not translated: {message.id}"
        return
    if message.fuzzy:
        yield f"its sentence changed; check the translation and remove the mark `fuzzy`: {message.id}"
    for number, translation in enumerate(translations):
        # The singular may spell out a number that the plural counts.
        allowed = [gaps_in(text) for text in (originals if number == 0 else originals[-1:])]
        if gaps_in(translation) not in allowed:
            yield f"it must have {sorted(allowed[-1])} like its sentence: {translation}"
        if tags_in(translation) != tags_in(originals[-1]):
            yield f"it must have {sorted(tags_in(originals[-1]))} like its sentence: {translation}"


@EACH_FILE
def test_a_catalog_has_every_sentence_of_its_readers_and_no_other(path: Path, sentences: Mapping[str, Catalog]) -> None:
    assert mistakes_in(catalog_in(path), sentences[path.parent.name]) == []


READ_BY_ORGANIZERS = {
    "undersigned.base.email_addresses",  # the form has its own words
    "undersigned.campaigns.rules.controls",  # a hold's reason
    "undersigned.campaigns.rules.stops",  # in the email to the organizer
    "undersigned.delivering.emails.organizer_mails",
    "undersigned.people.rules.api_keys",
}


def test_signers_functions_know_no_other_sentence_of_organizers_than_these(sentences: Mapping[str, Catalog]) -> None:
    files = {file for message in sentences["organizers"] for file in files_of(message) if file.endswith(".py")}
    speaking = {file.removeprefix("layers/shared/").removesuffix(".py").replace("/", ".") for file in files}
    graph = grimp.build_graph("undersigned", "functions", cache_dir=None)
    known = {
        module
        for function in ("public_api", "send_confirmations")
        for module in graph.find_upstream_modules(f"functions.{function}.app")
    }
    assert speaking & known == READ_BY_ORGANIZERS


ORGANIZERS_EMAILS = {"invitation", "mail_reasons", "organizer_mails", "report", "reports", "sign_in", "__init__"}


def test_a_new_email_is_for_signers_or_offices_unless_it_is_one_of_these(sentences: Mapping[str, Catalog]) -> None:
    """If it is, list its files under `[tool.undersigned.catalogs]` in pyproject.toml."""
    files = {file for message in sentences["organizers"] for file in files_of(message) if "/emails/" in file}
    assert {Path(file).stem for file in files} == ORGANIZERS_EMAILS


def test_a_sentence_takes_its_translation_along_to_the_other_catalog(
    tmp_path: Path, sentences: Mapping[str, Catalog], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CATALOGS, tmp_path, dirs_exist_ok=True)
    everything = {"signers": Catalog(), "organizers": Catalog()}
    for message in (*sentences["signers"], *sentences["organizers"]):
        if message.id:
            everything["organizers"][message.id] = message
    update(tmp_path, everything)
    assert "signers/es.po: 0 sentences, 0 words\n" in capsys.readouterr().out
    update(tmp_path, sentences)
    assert [path.read_bytes() for path in sorted(tmp_path.glob("*/es.po"))] == [
        path.read_bytes() for path in sorted(CATALOGS.glob("*/es.po"))
    ]


@EACH_FILE
def test_a_catalog_has_every_plural_of_its_language(path: Path) -> None:
    catalog = catalog_in(path)
    for message in catalog:
        if message.pluralizable:
            assert len(texts_of(message.string)) == catalog.num_plurals, message.id
        assert message.python_format or not gaps_in("".join(texts_of(message.id))), message.id


FAMILIAR = re.compile(
    r"\b(?:tú|te|ti|tus?|contigo|(?!atrás|detrás)\w+rás|puedes|quieres|debes|tienes|di|haz|deshaz|envíal[ao]s?|inténtalo)\b"
    r"|(?:^|[.:;] )(?:Abre|Anota|Elige|Escribe|Guarda|Indica|Llama|Mira|Pulsa|Revisa)\b",
    re.IGNORECASE,
)
"""Forms of *tú*; a sentence about somebody else begins with none of the second line's."""


def test_spanish_says_usted_to_everybody() -> None:
    catalogs = [catalog_in(path) for path in FILES if path.stem == "es"]
    sentences = [text for catalog in catalogs for message in catalog for text in texts_of(message.string)]
    guide = [path.read_text("utf-8") for path in sorted((SHARED / "organizing" / "guide" / "es").iterdir())]
    assert [text for text in (*sentences, *guide) if FAMILIAR.search(" ".join(text.split()))] == []


SPANISH_WORDS = {
    r"\bdeliver(?:y|ies)\b": "env[ií]o",
    r"\bbounce": "devuel",
    r"\bdelet": "elim[ií]n",
    r"\beras": r"\bb[oó]rr(?!ador)",
    r"\bspam\b": "no deseado",
    r"\brecipient": "destinatari",
    r"\borganizer\b": "organización",
    r"\bon hold\b": "ret(?:en|uv|ien)",
    r"\bwithdr[ae]w": "retir",
    r"\bsign(?:ed|s)?[- ](?:in|out)\b(?! the)": "sesión",
    r"\bdashboard\b": "panel",
    r"\bkeys?\b": "clave",
    r"\bbots?\b": "robot",
}
"""Words of docs/translating.md that have one translation."""
OTHER_SPANISH = re.compile(r"[«»]|\b(?:agr[eé]g|desech|ordenador|presion|rebot|rellen)|\bspam\b(?!\))")
"""What would be a second word, or another mark, for the same thing."""


def _wrong_words(english: str, spanish: str) -> list[str]:
    english, spanish = (re.sub(r"%\(\w+\)s", "", text) for text in (english, spanish))
    has = {word: bool(re.search(word, english, re.IGNORECASE)) for word in SPANISH_WORDS}
    wrong = [
        word for word, spoken in SPANISH_WORDS.items() if has[word] and not re.search(spoken, spanish, re.IGNORECASE)
    ]
    return wrong + OTHER_SPANISH.findall(spanish)


def test_spanish_has_one_word_for_each_of_ours() -> None:
    catalogs = [catalog_in(path) for path in FILES if path.stem == "es"]
    pairs = [(texts_of(one.id)[0], text) for catalog in catalogs for one in catalog for text in texts_of(one.string)]
    assert [(wrong, spanish) for english, spanish in pairs if (wrong := _wrong_words(english, spanish))] == []
    guide = [path.read_text("utf-8") for path in sorted((SHARED / "organizing" / "guide" / "es").iterdir())]
    assert [found for text in guide for found in OTHER_SPANISH.findall(text)] == []


@EACH_FILE
def test_a_translation_says_its_sentence_once(path: Path) -> None:
    texts = [text for message in catalog_in(path) for text in texts_of(message.string)]
    assert [text for text in texts if len(text) > 20 and text[: len(text) // 2] == text[(len(text) + 1) // 2 :]] == []


@EACH_FILE
def test_a_button_that_a_sentence_names_is_named_as_on_the_button(path: Path) -> None:
    catalogs = [catalog_in(file) for file in FILES if file.stem == path.stem]
    names: dict[str, set[str]] = {}
    for message in (message for catalog in catalogs for message in catalog):
        for english in texts_of(message.id):
            names.setdefault(english, set()).update(texts_of(message.string))
    quoted = [
        (name, spoken)
        for message in catalog_in(path)
        for english, spoken in zip(texts_of(message.id), texts_of(message.string), strict=False)
        for name in re.findall("“([^”%]+)”", english)
        if name in names
    ]
    assert path.parent.name == "signers" or quoted
    assert [(name, said) for name, said in quoted if not any(f"“{own}”" in said for own in names[name])] == []


OURS = re.compile(
    r"\b(?:short names?|packets?|specimens?|fingerprints?|files for your database"
    r"|nombres? cortos?|paquetes?|esp[eé]cimen(?:es)?|huellas?|archivos para su base de datos)\b",
    re.IGNORECASE,
)
"""Words of ours that people had to guess at. Code and what engineers read may have them."""


@EACH_FILE
def test_no_sentence_and_no_guide_has_a_word_that_only_we_use(path: Path) -> None:
    catalog = [text for message in catalog_in(path) for part in (message.id, message.string) for text in texts_of(part)]
    guides = [path.read_text("utf-8") for path in SHARED.glob("*/guide/*/*.md")]
    assert len(guides) > 5
    assert [text for text in (*catalog, *guides) if OURS.search(re.sub(r"%\(\w+\)s", "", text))] == []


def calls_in(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name, node


WORDS_IN = {"Message": 1, "in_context": 2, "counted": 2, "ngettext": 2}
"""How many of a call's arguments `make catalogs` reads."""


def test_messages_are_literals_so_that_make_catalogs_finds_them() -> None:
    counted = 0
    # In languages.py, which translates messages, they are variables.
    for path in (path for folder in SOURCES for path in folder.rglob("*.py") if path.name != "languages.py"):
        for name, call in calls_in(path):
            texts = call.args[: WORDS_IN.get(name, 0)]
            counted += len(texts)
            assert all(isinstance(text, ast.Constant) for text in texts), f"{path.name}:{call.lineno}"
    assert counted > 100


SPOKEN = re.compile(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"')
# Styles, tags, and attributes that a macro writes.
MARKUP = re.compile(r'<style>.*?</style>|<[^<>]*>|\s[a-z-]+="[^"]*"', re.DOTALL)
CLASSES = {
    name
    for sheet in TEMPLATES
    if sheet.suffix == ".css"
    for name in re.findall(r"\.([a-z]+)", sheet.read_text("utf-8"))
}


def words_outside_of_translations(template: str) -> list[str]:
    """Return a template's words that no catalog translates, including those of attributes that people hear or see."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(template)
    text = "\0".join(data.data for data in tree.find_all(nodes.TemplateData))
    words = " ".join([*SPOKEN.findall(text), MARKUP.sub(" ", text)])
    return [word for word in re.findall(r"[^\W\d_]{2,}", words) if word not in CLASSES]


@pytest.mark.parametrize("template", [path for path in TEMPLATES if path.suffix != ".css"], ids=lambda path: path.name)
def test_a_template_has_no_untranslated_words(template: Path) -> None:
    assert words_outside_of_translations(template.read_text(encoding="utf-8")) == []


STRAIGHT = re.compile(r"(?<=\w)'(?=\w)|(?<=s)'(?= )")


@EACH_FILE
def test_apostrophes_are_curly(path: Path) -> None:
    texts = [text for message in catalog_in(path) for text in (*texts_of(message.id), *texts_of(message.string))]
    assert [text for text in texts if STRAIGHT.search(text)] == []
