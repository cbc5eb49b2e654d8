"""Test pages, emails and packets in two languages, and in a third that one file adds."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace
from datetime import date
from gettext import NullTranslations
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po, write_po
from pypdf import PdfReader

from tests.doors.doors import add_everyone, doors, filled
from tests.support.pdfs import languages_in
from tests.support.world import ADA, CAMPAIGN, FORM
from undersigned.base import languages
from undersigned.base.environment import environment, page_environment
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.campaigns import Translation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.workshop import Author
    from tests.support.world import Answer, Sent, World
    from undersigned.campaigns.rules.campaigns import Campaign

IN_SPANISH = {"accept-language": "es-MX,es;q=0.9,en;q=0.8"}


def settings(world: World) -> Campaign:
    campaign = Campaigns(world.stack.table).campaign(CAMPAIGN)
    assert campaign is not None
    return campaign


def sign(world: World, language: str, **changes: object) -> Answer:
    """Sign as Ada on the page in the given language."""
    return world.post(f"{FORM}/signatures?lang={language}", {**ADA, "form": world.form(), **changes})


def confirmed(world: World, language: str, **changes: object) -> Sent:
    assert sign(world, language, **changes).status == 200
    world.run_stream()
    mail = world.sent[-1]
    assert world.press(mail.link("confirm")).status == 200
    world.run_stream()
    return mail


def words_of(text: str) -> str:
    return " ".join(text.split())


def pages_of(pdf: bytes) -> list[str]:
    return [words_of(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def test_a_link_or_the_browser_decides_the_pages_language(world: World) -> None:
    by_link, by_browser, by_neither = (
        world.get(f"{FORM}?lang=es"),
        world.get(FORM, headers=IN_SPANISH),
        world.get(FORM),
    )
    for page in (by_link, by_browser):
        assert '<html lang="es"' in page.body
        for words in ("Fin a la demanda en Illinois", "Firmar la carta", "Código postal"):
            assert words in page.body
    assert '<html lang="en"' in by_neither.body
    assert '<html lang="en"' in world.get(f"{FORM}?lang=en", headers=IN_SPANISH).body


def test_a_campaign_only_in_english_is_in_english_for_everyone(world: World) -> None:
    Campaigns(world.stack.table).put_campaign(replace(settings(world), translations={}))
    for page in (world.get(f"{FORM}?lang=es"), world.get(FORM, headers=IN_SPANISH)):
        assert '<html lang="en"' in page.body
        assert "Firmar" not in page.body


def test_errors_are_in_the_pages_language(world: World) -> None:
    answer = sign(world, "es", name="", email="ada@", postal_code="60203")
    assert answer.status == 422
    assert "<title>Error: Fin a la demanda en Illinois</title>" in answer.body
    assert "Hay un problema" in answer.body
    for message in (
        "Escriba su nombre completo",
        "Escriba un correo electrónico con el formato correcto",
        "Elija quién recibe su carta: Evanston Police Department",
    ):
        assert answer.body.count(message) == 2
    assert "Avery Sample (Jefe de Policía)" in answer.body


def test_errors_in_json_are_in_the_requested_language(world: World) -> None:
    answer = world.post(f"{FORM}/signatures", {**ADA, "name": ""}, as_json=True, headers=IN_SPANISH)
    assert answer.json["title"] == "Hay un problema"
    assert answer.json["errors"] == [{"field": "name", "detail": "Escriba su nombre completo"}]


def test_an_error_without_a_campaign_is_in_the_browsers_language(world: World) -> None:
    page = world.get("/confirm/forged", headers=IN_SPANISH)
    assert page.status == 404
    assert "Este enlace no está completo" in page.body


def test_the_form_in_json_is_in_the_requested_language(world: World) -> None:
    campaign = world.get(f"{FORM}?lang=es", as_json=True).json
    assert campaign["title"] == "Fin a la demanda en Illinois"
    assert campaign["fields"][0]["label"] == "Código postal"
    assert campaign["targets"][0]["title"] == "Jefe de Policía"


def test_signing_in_spanish_gets_a_spanish_email_and_spanish_pages(world: World) -> None:
    mail = confirmed(world, "es")
    assert mail.mail["Subject"] == "Confirme su carta a Avery Sample (Jefe de Policía)"
    assert mail.mail["Content-Language"] == "es"
    assert '<html lang="es" dir="ltr">' in mail.html
    for part in (mail.text, mail.html):
        assert "Usted firmó una carta a Avery Sample (Jefe de Policía), Evanston Police Department." in words_of(part)
        assert "no antes del lunes, 30 de noviembre de 2026, y el mismo enlace muestra qué pasa con ella." in words_of(
            part
        )
    page = world.get(mail.link("confirm"))
    assert "Su carta sale para Avery Sample (Jefe de Policía) con el próximo envío, el lunes, 30" in page.body


CHOSEN_LETTER = re.compile(r'name="letter_language" value="(\w+)"[^>]* checked')


@pytest.mark.parametrize(
    ("path", "headers", "language", "greeting"),
    [
        (FORM, {}, "en", "Dear Police Chief (name),"),
        (f"{FORM}?lang=es", {}, "es", "Respetable Jefe de Policía (nombre):"),
        (FORM, IN_SPANISH, "es", "Respetable Jefe de Policía (nombre):"),
        (f"{FORM}/embed?lang=es", {}, "es", "Respetable Jefe de Policía (nombre):"),
    ],
)
def test_the_page_shows_and_preselects_the_letter_in_its_own_language(
    world: World, path: str, headers: dict[str, str], language: str, greeting: str
) -> None:
    page = world.get(path, headers=headers)
    assert greeting in page.body
    assert f'<div class="letter" id="letter" lang="{language}"' in page.body
    assert CHOSEN_LETTER.findall(page.body) == [language]


def test_a_page_in_a_language_without_a_letter_shows_the_campaigns_own(world: World) -> None:
    campaign = settings(world)
    spanish = replace(campaign.translations["es"], letter=None)
    Campaigns(world.stack.table).put_campaign(replace(campaign, translations={"es": spanish}))
    page = world.get(f"{FORM}?lang=es").body
    assert "Dear Police Chief (name)," in page
    assert "La carta está en inglés." in page
    assert "The letter is in" not in world.get(FORM).body
    mail = confirmed(world, "es")
    assert "Dear Police Chief Avery Sample," in world.get(mail.link("confirm")).body


def test_a_preview_is_in_the_chosen_language_or_the_pages(world: World) -> None:
    def letter(query: str = "", headers: dict[str, str] | None = None, **changes: object) -> str:
        answer = world.post(f"{FORM}/preview{query}", {**ADA, **changes}, as_json=True, headers=headers)
        [greeting] = re.findall("^(?:Dear|Respetable) .*", answer.json["text"], re.MULTILINE)
        return f"{answer.json['language']}: {greeting}"

    english, spanish = "en: Dear Police Chief Avery Sample,", "es: Respetable Jefe de Policía Avery Sample:"
    assert letter() == english
    assert letter("?lang=es") == letter(headers=IN_SPANISH) == spanish
    assert letter("?lang=es", letter_language="en") == english
    assert letter("?lang=es", letter_language="fr") == spanish
    assert letter(letter_language="es") == spanish


def test_a_form_with_mistakes_keeps_the_chosen_letter(world: World) -> None:
    page = sign(world, "es", name="", letter_language="en")
    assert page.status == 422
    assert CHOSEN_LETTER.findall(page.body) == ["en"]
    assert "Dear Police Chief Avery Sample," in page.body


@pytest.mark.parametrize(
    ("chosen", "greeting", "day"),
    [
        ({}, "Respetable Jefe de Policía Avery Sample: Le escribo", "24 de noviembre de 2026"),
        ({"letter_language": "en"}, "Dear Police Chief Avery Sample, I write to you", "November 24, 2026"),
    ],
)
def test_the_letter_is_in_the_chosen_language_or_the_pages(
    world: World, chosen: dict[str, str], greeting: str, day: str
) -> None:
    confirmed(world, "es", **chosen)
    world.week()
    [_, _, letter] = pages_of(world.deliveries[0].pdfs[0])
    assert greeting in letter
    assert day in letter


def test_a_spanish_letter_is_in_spanish_in_a_packet_with_the_campaigns_cover(world: World) -> None:
    page = world.post(f"{FORM}/preview?lang=en", {**ADA, "letter_language": "es"})
    assert "Respetable Jefe de Policía Avery Sample:" in page.body
    confirmed(world, "en", letter_language="es")
    world.week()
    [delivery] = world.deliveries
    [cover, _, letter] = pages_of(delivery.pdfs[0])
    assert "1 signed letter" in cover
    assert letter.startswith(
        "1 Ada Specimen, Evanston Jefe de Policía Avery Sample Evanston Police Department Respetable"
    )
    assert "24 de noviembre de 2026" in letter
    assert "es" in languages_in(delivery.pdfs[0])


def test_the_packet_has_each_letter_in_the_language_that_was_signed(world: World) -> None:
    confirmed(world, "en")
    confirmed(world, "es", email="bea@signers.example", name="Bea Muestra", letter_language="es")
    world.week()
    [delivery] = world.deliveries
    assert delivery.mail["Content-Language"] == "en"
    assert (
        delivery.mail["Subject"]
        == "2 signed letters for Police Chief Avery Sample, November 24, 2026: End Demand Illinois"
    )
    assert "Dear Police Chief Avery Sample," in delivery.printed
    assert "Respetable Jefe de Policía Avery Sample:" in delivery.printed
    assert {"en", "es"} <= set(languages_in(delivery.pdfs[0]))


def test_a_spanish_campaign_has_spanish_emails_and_covers_for_its_targets(world: World) -> None:
    campaign = settings(world)
    spanish = campaign.translations["es"]
    assert spanish.letter is not None
    Campaigns(world.stack.table).put_campaign(
        replace(campaign, language="es", title=spanish.title, letter=spanish.letter, translations={})
    )
    confirmed(world, "en")
    world.week()
    [delivery] = world.deliveries
    assert delivery.mail["Subject"] == (
        "1 carta firmada para Avery Sample (Jefe de Policía), 24 de noviembre de 2026: Fin a la demanda en Illinois"
    )
    assert f"  {'Firmadas desde el':40}  24 de noviembre de 2026\r\n" in delivery.text
    assert "La carta va adjunta en un PDF" in delivery.text
    [cover, _, letter] = pages_of(delivery.pdfs[0])
    assert "1 carta firmada" in cover
    assert "Carta 1 de 1" in cover
    assert "30 de noviembre de 2026" not in cover
    assert "Carta 1 de 1 · archivo 1 de 1" in letter
    assert str(PdfReader(io.BytesIO(delivery.pdfs[0])).root_object["/Lang"]) == "es"


class Missing(NullTranslations):
    """Keeps the sentences that the signers' catalog doesn't have, and returns them in English."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: set[str] = set()

    def gettext(self, message: str) -> str:
        self.sentences.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.sentences.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)

    def pgettext(self, context: str, message: str) -> str:
        self.sentences.add(f"{context}: {message}")
        return message


@pytest.fixture
def esperanto(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Missing]:
    """Add a language to the campaign: it has a catalog for signers only, which puts each sentence in brackets."""
    with (languages.CATALOGS / "signers" / "es.po").open("rb") as file:
        catalog = read_po(file, locale="eo")
    for message in catalog:
        if isinstance(message.id, str):
            message.string = f"⟦{message.id}⟧" if message.id else message.string
        else:
            message.string = tuple(f"⟦{text}⟧" for text in message.id)
    shutil.copytree(languages.CATALOGS, tmp_path / "catalogs")
    with (tmp_path / "catalogs" / "signers" / "eo.po").open("wb") as file:
        write_po(file, catalog)
    monkeypatch.setattr(languages, "CATALOGS", tmp_path / "catalogs")
    _clear_caches()
    translation = Translation("Fini la postulon", "Petu vian policestron.")
    Campaigns(world.stack.table).put_campaign(replace(settings(world), translations={"eo": translation}))
    missing = Missing()
    languages.catalog("eo").add_fallback(missing)
    yield missing
    monkeypatch.undo()
    _clear_caches()


def _clear_caches() -> None:
    for cached in (
        languages.languages,
        languages.organizers_languages,
        languages.catalog,
        environment,
        page_environment,
    ):
        cached.cache_clear()


@pytest.mark.usefixtures("esperanto")
def test_one_file_adds_a_third_language(world: World) -> None:
    page = world.get(FORM, headers={"accept-language": "eo"})
    for words in ('<html lang="eo"', "Fini la postulon", "⟦Full name⟧", "lundo, la 30-a de Novembro 2026"):
        assert words in page.body
    assert (
        '<a href="/campaigns/end-demand-illinois?lang=eo" lang="eo" hreflang="eo" target="_self">Esperanto</a>'
        in world.get(FORM).body
    )
    assert "⟦Enter your full name⟧" in sign(world, "eo", name="").body
    mail = confirmed(world, "eo")
    assert mail.mail["Subject"] == "⟦Confirm your letter to ⟦Police Chief Avery Sample⟧⟧"
    assert "⟦Hello,⟧" in mail.text
    assert "lundo, la 30-a de Novembro 2026" in words_of(mail.text)
    assert "⟦This link is not complete⟧" in world.get("/confirm/forged", headers={"accept-language": "eo"}).body


@pytest.mark.usefixtures("esperanto")
def test_a_language_of_signers_alone_is_offered_for_a_form_and_not_on_the_dashboard(
    world: World, author: Author
) -> None:
    assert 'value="eo"' in author.open("settings").body
    assert '<html lang="en"' in author.see("?lang=eo").body
    assert re.findall(r"lang=(\w+)\" lang=", author.see("").body) == ["es"]
    world.change_and_wait(language="eo", translations={})
    assert '<html lang="eo"' in world.get(FORM).body
    assert '<html lang="en"' in author.see("").body
    world.confirmed()
    world.week()
    world.clock.advance(days=1)
    world.report()
    assert world.mails("report")[-1].mail["Content-Language"] == "en"


def test_all_that_signers_and_offices_read_is_in_the_signers_catalog(world: World, esperanto: Missing) -> None:
    """If a sentence is missing, list its file under `[tool.undersigned.catalogs]` in pyproject.toml."""
    world.change(language="eo", translations={})
    said = [" ".join(answer.words for answer in all_that_signers_and_offices_see(world))]
    said += [f"{sent.mail['Subject']} {sent.text}" for sent in world.sent if sent.mail["Content-Language"] == "eo"]
    said += [sent.printed for sent in world.deliveries]
    found = re.findall("⟦[^⟦⟧]+⟧", " ".join(said))
    assert len(set(found)) > 150
    assert esperanto.sentences == set()


def all_that_signers_and_offices_see(world: World) -> Iterator[Answer]:
    """Sign, confirm, deliver, read and stop as people do, and with the mistakes that they make."""
    add_everyone(world)
    for door in doors("public_api"):
        values: dict[str, object] | None = {} if door.method == "POST" else None
        yield world.request(door.method, filled(world, door), values)
        yield world.request(door.method, filled(world, door, token="forged"), values)
    for wrong in (
        {"name": "", "email": "ada@", "postal_code": "60203", "address_line": "", "locality": "x" * 999},
        {"name": "\u0007", "email": "", "note": "x" * 9_999, "postal_code": "", "drawing": "M0", "target": "nowhere"},
        {"postal_code": "99999"},
        {"email": "ada@gmial.com"},
        {"form": "forged"},
    ):
        yield world.sign(**wrong)
        yield world.post(f"{FORM}/preview", {**ADA, **wrong})
    yield world.post(f"{FORM}/signatures", raw=b"x" * 99_999)
    yield world.post(f"{FORM}/signatures", raw=b"{", as_json=True)
    yield world.get(world.office_path("former@evanston-police.example"))
    yield world.post(f"{world.office_path('former@evanston-police.example')}/stop")
    # One is signed twice, one waits for its reminder, and one expires.
    world.signed(email="bo@signers.example")
    cy = world.signed(email="cy@signers.example")
    world.clock.advance(days=2, hours=1)
    world.reconcile()
    for _ in range(24):
        world.clock.advance(hours=1)
        world.run_postponed()
        world.run_stream()
    subjects = [str(sent.mail["Subject"]) for sent in world.sent]
    for words in ("⟦Confirm your", "⟦Reminder: ", "⟦You’ve already", "⟦1 signed letter"):
        assert any(subject.startswith(words) for subject in subjects), subjects
    world.clock.advance(days=30)
    yield world.get(cy.link("confirm"))
    # A letter that is held, withdrawn; a goal that is reached, a last day that is over.
    world.confirmed(email="di@signers.example")
    page = world.own_page("di@signers.example")
    Campaigns(world.stack.table).hold(CAMPAIGN, "evanston", "because")
    yield world.get(page)
    Campaigns(world.stack.table).release(CAMPAIGN, "evanston", world.clock.now)
    yield world.press(f"{page}/withdraw")
    yield world.get(page)
    for changes in ({"goal": 1}, {"closes": date(2000, 1, 1)}):
        world.change_and_wait(**changes)
        yield world.get(FORM)
        yield world.sign()
