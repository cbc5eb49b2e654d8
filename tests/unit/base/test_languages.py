from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from undersigned.base import languages as known
from undersigned.base.languages import (
    Message,
    catalog,
    chosen_language,
    direction,
    full_date,
    languages,
    long_date,
    name_of,
    number,
    organizers_languages,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("day", "english", "spanish"),
    [
        (date(2026, 1, 1), "January 1, 2026", "1 de enero de 2026"),
        (date(2026, 11, 30), "November 30, 2026", "30 de noviembre de 2026"),
    ],
)
def test_a_day_is_written_as_in_letters_of_its_language(day: date, english: str, spanish: str) -> None:
    assert (long_date(day, "en"), long_date(day, "es")) == (english, spanish)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("Elmwood P.D.", "Your letter goes to Elmwood P.D."), ("Sam", "Your letter goes to Sam.")],
)
def test_a_name_that_ends_in_a_period_ends_its_sentence(name: str, sentence: str) -> None:
    message = Message("Your letter goes to %(whom)s.", {"whom": name})
    assert str(message) == sentence
    assert str(Message("%(reason)s. Try again.", {"reason": message})) == f"{sentence} Try again."


def test_a_day_is_written_in_the_language_of_its_sentence() -> None:
    said = Message("The office said on %(day)s that it has these letters.", {"day": date(2026, 11, 24)})
    assert str(said) == "The office said on November 24, 2026 that it has these letters."
    assert said.in_language("es") == "La oficina dijo el 24 de noviembre de 2026 que tiene estas cartas."


def test_only_the_period_of_the_sentence_is_left_out() -> None:
    values = {"name": "P.D.", "end": "..."}
    for first, last in ("“”", "«»"):
        quoted = Message(f"The reason: {first}<b>%(name)s</b>{last}.", values)
        assert str(Message("%(said)s. On.", {"said": quoted})) == f"The reason: {first}<b>P.D.</b>{last} On."
    sentence = "letter.%(name)s.md, %(name)s, %(name)s.<br>%(end)s.</p>"
    assert str(Message(sentence, values)) == "letter.P.D..md, P.D., P.D.<br>...</p>"


def test_a_full_date_includes_its_weekday() -> None:
    moment = datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert full_date(moment, "en") == "Monday, November 30, 2026"
    assert full_date(moment, "es") == "lunes, 30 de noviembre de 2026"


def test_numbers_are_grouped_as_in_their_language() -> None:
    assert [number(12345, language) for language in ("en", "es", "es-ES", "de")] == [
        "12,345",
        "12,345",
        "12.345",
        "12.345",
    ]


def test_dates_and_numbers_of_an_unknown_language_are_in_english() -> None:
    assert long_date(date(2026, 5, 9), "tlh") == "May 9, 2026"
    assert number(12345, "not a language") == "12,345"


def test_a_language_has_its_own_name_for_itself() -> None:
    names = [name_of(language) for language in ("en", "es", "pl", "pt-BR")]
    assert names == ["English", "Español", "Polski", "Português (Brasil)"]


def test_a_language_has_a_direction() -> None:
    assert [direction(language) for language in ("en", "es", "ar", "not a language")] == ["ltr", "ltr", "rtl", "ltr"]


@pytest.mark.parametrize(
    ("asked_for", "accept", "chosen"),
    [
        (None, None, "en"),
        (None, "es-MX,es;q=0.9,en;q=0.8", "es"),
        (None, "fr, en;q=0.2, es;q=0.7", "es"),
        (None, "es;q=0, en;q=0.1", "en"),
        ("en", "es", "en"),
        ("ES", "en", "es"),
        ("fr", "es", "es"),
        ("", "*", "en"),
        (None, ";;q=,es;q=9", "en"),
        (None, "x" * 100_000, "en"),
    ],
)
def test_the_links_language_wins_then_the_browsers_then_the_campaigns(
    asked_for: str | None, accept: str | None, chosen: str
) -> None:
    assert chosen_language(("en", "es"), asked_for, accept) == chosen


def test_a_language_without_a_region_matches_one_with_a_region() -> None:
    assert chosen_language(("en", "pt-BR"), None, "pt") == "pt-BR"
    assert chosen_language(("en", "pt-BR", "pt-PT"), None, "pt-PT") == "pt-PT"


def test_a_message_includes_its_values() -> None:
    message = Message("%(field)s must be text", {"field": Message("Full name")})
    assert str(message) == "Full name must be text"
    assert message.in_language("en") == "Full name must be text"


@pytest.mark.asvs("1.3.10")
def test_a_percent_sign_in_a_value_stays_a_percent_sign() -> None:
    assert str(Message("no %(what)s", {"what": "100%(s) %d"})) == "no 100%(s) %d"


def test_english_is_the_first_language() -> None:
    assert languages()[0] == "en"


@pytest.fixture
def brazilian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make a catalog for the language of one country, with a translation that is still fuzzy."""
    (tmp_path / "signers").mkdir()
    (tmp_path / "signers" / "pt-BR.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Full name"\nmsgstr "Nome completo"\n\n#, fuzzy\nmsgid "Sent"\nmsgstr "Cenviada"\n\n'
        'msgid "%(count)s letter"\nmsgid_plural "%(count)s letters"\nmsgstr[0] "%(count)s carta"\nmsgstr[1] "cartas"\n'
        '\nmsgid "Open"\nmsgstr "Abrir"\n\nmsgctxt "state of a shop"\nmsgid "Open"\nmsgstr "Aberta"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(known, "CATALOGS", tmp_path)
    for kept in (languages, organizers_languages, catalog):
        kept.cache_clear()
    yield
    monkeypatch.undo()
    for kept in (languages, organizers_languages, catalog):
        kept.cache_clear()


@pytest.mark.usefixtures("brazilian")
def test_signers_need_only_their_own_catalog_in_a_language() -> None:
    assert languages() == ("en", "pt-BR")
    assert organizers_languages() == ("en",)
    assert Message("Full name").in_language("pt-BR") == "Nome completo"
    assert catalog("pt-BR").ngettext("%(count)s letter", "%(count)s letters", 5) == "cartas"


@pytest.mark.usefixtures("brazilian")
def test_the_same_word_is_translated_by_its_context() -> None:
    assert Message("Open").in_language("pt-BR") == "Abrir"
    assert Message.in_context("state of a shop", "Open").in_language("pt-BR") == "Aberta"
    assert Message.in_context("state of a door", "Open").in_language("pt-BR") == "Open"
    assert str(Message.in_context("state of a shop", "Open")) == "Open"


@pytest.mark.usefixtures("brazilian")
@pytest.mark.parametrize(
    ("count", "english", "portuguese"),
    [(0, "0 letters", "0 carta"), (1, "1 letter", "1 carta"), (2, "2 letters", "cartas")],
)
def test_a_counted_message_has_its_languages_plural(count: int, english: str, portuguese: str) -> None:
    message = Message.counted("%(count)s letter", "%(count)s letters", count, {"count": count})
    assert str(message) == message.in_language("tlh") == english
    assert message.in_language("pt-BR") == portuguese


@pytest.mark.usefixtures("brazilian")
@pytest.mark.parametrize("text", ["Sent", "Never heard of"])
def test_a_fuzzy_or_missing_translation_stays_in_english(text: str) -> None:
    assert Message(text).in_language("pt-BR") == text


def test_a_language_without_a_catalog_is_in_english() -> None:
    assert Message("Full name").in_language("tlh") == "Full name"
