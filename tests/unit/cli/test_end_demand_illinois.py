"""Check the shipped campaign: it has no mistakes, every fact, and no real person."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from undersigned.campaigns.rules.campaigns import Roster
from undersigned.campaigns.rules.letters import Block, SignerDetails, as_text, read_blocks, render_html
from undersigned_cli.campaign_folder import read

if TYPE_CHECKING:
    from undersigned.workshop.campaigns import CompiledCampaign

FOLDER = Path(__file__).parents[3] / "campaigns" / "end-demand-illinois"

TOWNS = (
    "Evanston", "Skokie", "Wilmette", "Winnetka", "Glencoe",
    "Highland Park", "Northbrook", "Glenview", "Deerfield", "Lake Forest",
)  # fmt: skip

# In the letter's order.
FACTS = (
    "Police Chief Avery Sample",
    "Dear Police Chief Avery Sample",
    "concerned citizen and a member of this community",
    "sex trafficking and the sexual exploitation",
    "lead in dealing with the people who buy sex",
    "root of this problem",
    "seldom held to account",
    "My own neighborhood is no exception",
    "www.ncjwcns.org/st-resources",
    "a leader and a public servant",
    "deter exploitation in Illinois",
    "the demand side",
    "PA 98-1013",
    "formerly SB 3558",
    "August 21, 2014",
    "January 1, 2015",
    "Specialized Services for Survivors of Human Trafficking Fund",
    "specialized services to meet the needs that prostitution and human trafficking cause",
    "funding stream to local municipalities",
    "arrest people who solicit a sex act",
    "police at every level, our local department among them",
    "punishing people who are prostituted",
    "arresting and punishing those who buy them",
    "pay for the harm",
    "the past five years",
    "far more local arrests for prostitution than for solicitation",
    "help to end demand",
    "without buyers there would be no prostitution",
    "pimps and traffickers who profit",
    "mostly ignored",
    "arrested again and again",
    "local research with men who buy sex",
    "prosecution and fines of $1,000 or more",
    "end demand by arresting and charging those who buy sex and those who try to",
    "Resources and social services",
    "make it possible to leave",
    "as long as buyers act with impunity",
    "vulnerable children and adults will be recruited and coerced",
    "Buying sex is never justified, whatever the circumstances",
    "each purchase feeds an industry that profits from exploitation",
    "awareness raising, advocacy, and critical fundraising",
    "your support, and for your participation in ending the demand",
    "change that is real and that lasts",
    "R. Resident",
    "November 30, 2026",
    "Robin Resident",
    "5 Made Up Lane Evanston, IL 60201",
)


# The same facts in the words of the Spanish letter.
FACTS_IN_SPANISH = (
    "Jefe de Policía Avery Sample",
    "Respetable Jefe de Policía Avery Sample:",
    "como parte de la ciudadanía y de esta comunidad",
    "la trata y la explotación sexuales",
    "que encabece la respuesta ante quienes compran sexo",
    "la raíz de este problema",
    "rara vez rinden cuentas",
    "Mi propio vecindario no es la excepción",
    "www.ncjwcns.org/st-resources",
    "su liderazgo y función pública",
    "frenar la explotación en Illinois",
    "el lado de la demanda",
    "PA 98-1013",
    "antes proyecto SB 3558",
    "21 de agosto de 2014",
    "1 de enero de 2015",
    "Fondo de Servicios Especializados para Sobrevivientes de la Trata de Personas",
    "servicios especializados para atender las necesidades que causan la prostitución y la trata",
    "flujo de fondos para los municipios locales",
    "arrestan a quienes solicitan un acto sexual",
    "la policía a todo nivel, también nuestro departamento local",
    "castigar a las personas prostituidas",
    "arrestar y castigar a quienes las compran",
    "paguen por el daño",
    "los últimos cinco años",
    "muchos más arrestos locales por prostitución que por solicitarla",
    "ayuda para acabar con la demanda",
    "sin compradores no habría prostitución",
    "proxenetas y tratantes que se lucran",
    "casi siempre se les pasa por alto",
    "se las arresta una y otra vez",
    "estudios locales con hombres que compran sexo",
    "el proceso penal y las multas de $1,000 o más",
    "con arrestos y cargos contra quienes compran sexo y quienes lo intentan",
    "los recursos y servicios sociales",
    "dejar la prostitución",
    "mientras los compradores actúen con impunidad",
    "se captará y se someterá a menores y personas adultas vulnerables",
    "Comprar sexo nunca se justifica, sean cuales sean las circunstancias",
    "cada compra alimenta una industria que se lucra con la explotación",
    "sensibilización, la defensa de la causa y una recaudación de fondos decisiva",
    "su apoyo y su participación para acabar con la demanda",
    "cambios reales y duraderos",
    "R. Resident",
    "30 de noviembre de 2026",
    "Robin Resident",
    "5 Made Up Lane Evanston, IL 60201",
)

LANGUAGES = ("en", "es")


@pytest.fixture(scope="module")
def campaign() -> CompiledCampaign:
    return read(FOLDER)


def blocks_of(campaign: CompiledCampaign, note: str = "", language: str = "en") -> tuple[Block, ...]:
    signer = SignerDetails(
        "Robin Resident", "5 Made Up Lane", "Evanston", "IL", "60201", "R. Resident", note, date(2026, 11, 30)
    )
    return read_blocks(render_html(campaign.letters[language].template, campaign.targets[0], signer, language))


def test_the_shipped_campaign_has_neither_mistakes_nor_warnings(campaign: CompiledCampaign) -> None:
    assert campaign.warnings == ()


def test_people_can_read_and_sign_it_in_english_and_spanish(campaign: CompiledCampaign) -> None:
    assert campaign.campaign.languages == LANGUAGES
    assert tuple(campaign.campaign.letters) == LANGUAGES


@pytest.mark.parametrize(("language", "facts"), [("en", FACTS), ("es", FACTS_IN_SPANISH)])
def test_the_letter_has_every_fact_in_order(campaign: CompiledCampaign, language: str, facts: tuple[str, ...]) -> None:
    words = " ".join(as_text(blocks_of(campaign, language=language)).split())
    end = 0
    for fact in facts:
        place = words.find(fact, end)
        assert place >= 0, fact
        end = place + len(fact)


def test_both_letters_have_the_same_number_of_paragraphs(campaign: CompiledCampaign) -> None:
    assert len(blocks_of(campaign)) == len(blocks_of(campaign, language="es"))


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("en", ["funding stream to local municipalities", "awareness raising, advocacy, and critical fundraising"]),
        (
            "es",
            [
                "flujo de fondos para los municipios locales",
                "sensibilización, la defensa de la causa y una recaudación de fondos decisiva",
            ],
        ),
    ],
)
def test_the_two_stressed_phrases_are_emphasized(campaign: CompiledCampaign, language: str, phrases: list[str]) -> None:
    stressed = [run.text for block in blocks_of(campaign, language=language) for run in block.runs if run.emphasis]

    assert stressed == phrases


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_neighborhoods_news_are_a_link(campaign: CompiledCampaign, language: str) -> None:
    links = [run.link for block in blocks_of(campaign, language=language) for run in block.runs if run.link]

    assert links == ["http://www.ncjwcns.org/st-resources"]


@pytest.mark.parametrize(("language", "closing"), [("en", "Sincerely,"), ("es", "Atentamente,")])
def test_the_signers_note_comes_before_the_closing(campaign: CompiledCampaign, language: str, closing: str) -> None:
    texts = [block.text for block in blocks_of(campaign, note="I have seen it myself.", language=language)]

    assert texts[texts.index("I have seen it myself.") + 1] == closing


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_without_a_note_has_no_gap(campaign: CompiledCampaign, language: str) -> None:
    assert "\n\n\n" not in as_text(blocks_of(campaign, language=language))


@pytest.mark.parametrize("word", ["estimado", "señor", "ciudadano", "preocupado", "líder "])
def test_the_spanish_letter_is_not_in_the_masculine(campaign: CompiledCampaign, word: str) -> None:
    assert word not in campaign.letters["es"].source.lower()


def test_each_of_the_ten_suburbs_has_a_target(campaign: CompiledCampaign) -> None:
    assert tuple(target.locality for target in campaign.targets) == TOWNS
    assert {target.title for target in campaign.targets} == {"Police Chief"}
    assert {target.title_in("es") for target in campaign.targets} == {"Jefe de Policía"}


def test_a_postal_code_that_two_towns_share_finds_both(campaign: CompiledCampaign) -> None:
    serving = Roster.of(campaign.targets).serving("60203")

    assert [target.id for target in serving] == ["evanston", "skokie"]


def test_every_address_is_an_example(campaign: CompiledCampaign) -> None:
    addresses = [campaign.campaign.organizer.email, *(target.email for target in campaign.targets)]

    assert [address for address in addresses if not address.endswith(".example")] == []
