"""The button that people see once they have confirmed: what their organizer asks of them next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.pages import Page
from tests.support.world import files_of_campaign, publish_files
from undersigned.workshop.mistakes import MistakesError

if TYPE_CHECKING:
    from tests.support.world import World

WORDS = 'next_step = "Come & <b>talk</b>"'
ADDRESS = 'next_step_url = "https://www.enddemand.example/meeting?a=1&b=2#top"'


def settings(*lines: str, spanish: str = "") -> dict[str, str]:
    files = files_of_campaign()
    text = files["campaign.toml"].replace("[es]\n", f"[es]\n{spanish}\n")
    return files | {"campaign.toml": "\n".join((*lines, text))}


def buttons(world: World, language: str = "en") -> list[tuple[str, dict[str, str | None]]]:
    """Return the button on the page after confirming: its words, and its attributes."""
    world.sign()
    world.run_stream()
    page = Page(world.post(f"{world.sent[-1].link('confirm').partition('?')[0]}?lang={language}").body)
    assert page.all("ul", **{"class": "share"})
    return [(link.text, dict(link.attributes)) for link in page.all("a") if link.attributes.get("class") == "button"]


def button(lang: str | None = None) -> dict[str, str | None]:
    href = "https://www.enddemand.example/meeting?a=1&b=2#top"
    known: dict[str, str | None] = {"class": "button", "href": href, "rel": "noopener noreferrer", "target": "_blank"}
    return known | ({"lang": lang} if lang else {})


def test_who_has_confirmed_sees_the_organizers_button(world: World) -> None:
    publish_files(world, settings(WORDS, ADDRESS))
    assert buttons(world) == [("Come & <b>talk</b>", button())]


def test_in_another_language_it_has_the_words_of_that_language(world: World) -> None:
    publish_files(world, settings(WORDS, ADDRESS, spanish='next_step = "Venga"'))
    assert buttons(world, "es") == [("Venga", button())]


def test_without_words_in_that_language_it_has_those_of_the_campaign(world: World) -> None:
    publish_files(world, settings(WORDS, ADDRESS))
    assert buttons(world, "es") == [("Come & <b>talk</b>", button("en"))]


@pytest.mark.parametrize("lines", [(), (WORDS,), (ADDRESS,)])
def test_without_words_or_without_an_address_there_is_no_button(world: World, lines: tuple[str, ...]) -> None:
    publish_files(world, settings(*lines))
    assert buttons(world) == []


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://www.enddemand.example", "//evil.example", "data:text/html,x", "https://"]
)
def test_the_button_leads_to_an_encrypted_address_only(world: World, address: str) -> None:
    with pytest.raises(MistakesError, match="next_step_url"):
        publish_files(world, settings(WORDS, f'next_step_url = "{address}"'))


def test_its_words_have_at_most_60_characters(world: World) -> None:
    with pytest.raises(MistakesError, match="next_step"):
        publish_files(world, settings(f'next_step = "{"x" * 61}"', ADDRESS))
