"""Every language says every sentence of the source, and keeps what is filled into it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from undersigned.domain.languages import CATALOGS, SOURCE, languages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from babel.messages.catalog import Message

ROOT = Path(__file__).parents[2]
SHARED = ROOT / "layers" / "shared" / "undersigned"
TEMPLATES = [template for room in ("rendering", "web") for template in sorted((SHARED / room / "templates").iterdir())]
SOURCES = (ROOT / "layers" / "shared" / "undersigned", ROOT / "functions")
TRANSLATED = [language for language in languages() if language != SOURCE]


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make catalogs` finds in the source."""
    found = tmp_path_factory.mktemp("catalogs") / "sentences.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        folders = [str(folder.relative_to(ROOT)) for folder in SOURCES]
        CommandLineInterface().run(  # type: ignore[no-untyped-call]
            ["pybabel", "--quiet", "extract", "--mapping-file", "pyproject.toml", "--output", str(found), *folders]
        )
    with found.open("rb") as file:
        return read_po(file)


def catalog_of(language: str) -> Catalog:
    with (CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


def texts_of(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def named(message: Message) -> tuple[str | None, object]:
    """What a catalog finds a sentence by: the same words may stand in several contexts."""
    return message.context, message.id


def gaps_in(text: str) -> set[str]:
    return set(re.findall(r"%(?:\(\w+\))?.", text.replace("%%", "")))


def tags_in(text: str) -> Counter[str]:
    return Counter(re.findall(r"<[^<>]+>", text))


def mistakes_in(catalog: Catalog, sentences: Catalog) -> list[str]:
    """Say what is wrong in a language's catalog, for whoever mends it."""
    mistakes = [f"nobody says it any more; run `make catalogs`: {text}" for text in catalog.obsolete]
    known = {named(message) for message in catalog}
    mistakes += [
        f"it is missing; run `make catalogs`: {message.id}" for message in sentences if named(message) not in known
    ]
    for message in catalog:
        if message.id:
            mistakes += _mistakes_of(message, sentences)
    return mistakes


def _mistakes_of(message: Message, sentences: Catalog) -> Iterator[str]:
    originals, translations = texts_of(message.id), texts_of(message.string)
    if named(message) not in {named(sentence) for sentence in sentences}:
        yield f"nobody says it any more; run `make catalogs`: {message.id}"
    if not all(translations):
        yield f"it is not translated: {message.id}"
        return
    if message.fuzzy:
        yield f"its sentence changed; look at it and take the mark `fuzzy` off: {message.id}"
    for number, translation in enumerate(translations):
        # One thing may be spelled out where many are counted.
        allowed = [gaps_in(text) for text in (originals if number == 0 else originals[-1:])]
        if gaps_in(translation) not in allowed:
            yield f"it must have {sorted(allowed[-1])} as its sentence has: {translation}"
        if tags_in(translation) != tags_in(originals[-1]):
            yield f"it must have {sorted(tags_in(originals[-1]))} as its sentence has: {translation}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_says_every_sentence_of_the_source_and_nothing_else(language: str, sentences: Catalog) -> None:
    assert mistakes_in(catalog_of(language), sentences) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalog_can_be_filled_in_for_every_number(language: str) -> None:
    catalog = catalog_of(language)
    for message in catalog:
        if message.pluralizable:
            assert len(texts_of(message.string)) == catalog.num_plurals, message.id
        assert message.python_format or not gaps_in("".join(texts_of(message.id))), message.id


def made(text: str, translation: str, **options: object) -> Catalog:
    catalog = Catalog()
    catalog.add(text, translation, **options)  # type: ignore[arg-type]
    return catalog


@pytest.mark.parametrize(
    ("catalog", "mistake"),
    [
        (Catalog(), "it is missing"),
        (made("Wait <b>%(seconds)s</b> s", ""), "it is not translated"),
        (made("Wait <b>%(seconds)s</b> s", "Espere <b>%(seconds)s</b> s", flags=["fuzzy"]), "its sentence changed"),
        (made("Wait <b>%(seconds)s</b> s", "Espere <b>%(segundos)s</b> s"), "it must have ['%(seconds)s']"),
        (made("Wait <b>%(seconds)s</b> s", "Espere <b>%(seconds)s<b> s"), "it must have ['</b>', '<b>']"),
        (made("Wait <b>%(seconds)s</b> s", "Espere <b>unos</b> s"), "it must have ['%(seconds)s']"),
    ],
)
def test_what_is_wrong_with_a_catalog_is_found(catalog: Catalog, mistake: str) -> None:
    [found] = mistakes_in(catalog, made("Wait <b>%(seconds)s</b> s", ""))
    assert found.startswith(mistake)


def test_a_sentence_is_looked_for_in_its_context() -> None:
    [missing, unsaid] = mistakes_in(made("Sent", "Enviada", context="a letter"), made("Sent", "", context="a parcel"))
    assert missing.startswith("it is missing")
    assert unsaid.startswith("nobody says it any more")


def test_what_nobody_says_any_more_is_found() -> None:
    catalog = made("Gone", "Ido")
    old = made("Old", "Viejo")
    catalog.obsolete["Old"] = old["Old"]
    assert [mistake.partition(";")[0] for mistake in mistakes_in(catalog, Catalog())] == ["nobody says it any more"] * 2


def calls_in(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name, node


WORDS_IN = {"Message": 1, "in_context": 2, "counted": 2, "ngettext": 2}
"""How many of a call's first arguments `make catalogs` reads."""


def test_sentences_are_written_out_where_they_are_made_for_else_they_are_not_found() -> None:
    counted = 0
    # Where messages are translated they are values.
    for path in (path for folder in SOURCES for path in folder.rglob("*.py") if path.name != "languages.py"):
        for name, call in calls_in(path):
            texts = call.args[: WORDS_IN.get(name, 0)]
            counted += len(texts)
            assert all(isinstance(text, ast.Constant) for text in texts), f"{path.name}:{call.lineno}"
    assert counted > 100


TELLING = re.compile(r'\b(?:alt|aria-label|placeholder|title)="([^"]*)"')
# A tag, an attribute that a macro writes, and what a browser is told.
MARKUP = re.compile(r'<style>.*?</style>|<[^<>]*>|\s[a-z-]+="[^"]*"', re.DOTALL)
CLASSES = {
    name
    for sheet in TEMPLATES
    if sheet.suffix == ".css"
    for name in re.findall(r"\.([a-z]+)", sheet.read_text("utf-8"))
}


def words_outside_of_translations(template: str) -> list[str]:
    """Return the words of a template that no catalog can say otherwise, those of telling attributes, too."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(template)
    text = "\0".join(data.data for data in tree.find_all(nodes.TemplateData))
    said = " ".join([*TELLING.findall(text), MARKUP.sub(" ", text)])
    return [word for word in re.findall(r"[^\W\d_]{2,}", said) if word not in CLASSES]


@pytest.mark.parametrize("template", [path for path in TEMPLATES if path.suffix != ".css"], ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(template: Path) -> None:
    assert words_outside_of_translations(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p class="big">{{ _("Hello") }}</p>', []),
        ('<a href="{{ url }}" aria-label="Go">{{ _("Hello") }}</a>', ["Go"]),
        ("{% trans %}Hello{% endtrans %}, {{ name }} and others", ["and", "others"]),
    ],
)
def test_words_in_a_template_are_found(template: str, words: list[str]) -> None:
    assert words_outside_of_translations(template) == words
