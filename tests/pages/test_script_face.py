"""The script face of typed signatures: a browser loads what a name needs of it, and has all of Latin as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.world import CAMPAIGN

if TYPE_CHECKING:
    from tests.support.chromium import Visitor
    from tests.support.served_world import Site

USUAL, RARE = "caveat.woff2", "caveat-rare.woff2"

LATIN = [
    chr(code)
    for first, last in (
        (0x21, 0x7E),
        (0xA1, 0x17F),
        (0x218, 0x21B),
        (0x2010, 0x2015),
        (0x2018, 0x201E),
        (0x2026, 0x2026),
    )
    for code in range(first, last + 1)
]
"""The characters that signatures have had in this face since version 0.2, without spaces."""

WITHOUT = set("ſ‒―‛")
"""Those of them that Caveat never had."""


@pytest.mark.parametrize(
    ("signature", "loaded"),
    [
        ("Ada Specimen", {USUAL}),
        ("José Núñez-O’Brien, Jr.", {USUAL}),
        ("Zoë D'Amboise", {USUAL}),
        ("Łukasz Żak", {USUAL, RARE}),
        ("王小明", {USUAL}),
    ],
)
def test_a_name_loads_what_it_needs_of_the_script_face(
    site: Site, visitor: Visitor, signature: str, loaded: set[str]
) -> None:
    page = visitor.open(f"{site.address}/campaigns/{CAMPAIGN}")
    page.locator("[name=signature]").fill(signature)
    expect(page.locator("#letter .signature")).to_have_text(signature)
    page.evaluate("document.fonts.ready.then(() => null)")
    asked = {one.rpartition("/")[2] for one in site.requests}
    assert {name for name in asked if name.startswith("caveat")} == loaded


def test_each_character_of_the_face_is_still_in_it(site: Site, visitor: Visitor) -> None:
    page = visitor.open(f"{site.address}/campaigns/{CAMPAIGN}")
    page.locator("[name=signature]").fill("A\u0141")
    page.evaluate("document.fonts.ready.then(() => null)")
    devtools = page.context.new_cdp_session(page)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    page.evaluate(
        """(characters) => {
          const letter = document.querySelector("#letter");
          letter.replaceChildren(...characters.map((character) => {
            const part = document.createElement("span");
            part.className = "signature";
            part.textContent = character;
            return part;
          }));
        }""",
        LATIN,
    )
    page.evaluate("document.fonts.ready.then(() => null)")
    root = devtools.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
    parts = devtools.send("DOM.querySelectorAll", {"nodeId": root, "selector": "#letter .signature"})["nodeIds"]
    used = {
        character: {
            font["familyName"] for font in devtools.send("CSS.getPlatformFontsForNode", {"nodeId": part})["fonts"]
        }
        for character, part in zip(LATIN, parts, strict=True)
    }
    assert {character for character, fonts in used.items() if fonts != {"Caveat"}} == WITHOUT
