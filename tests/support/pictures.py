"""Draw docs/pictures of the form, the email, a letter of its packet and the dashboard, as they are now.

In a browser, on a stack in memory; the letter with pdftoppm, of Debian's poppler-utils.

python -m tests.support.pictures
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from tests.support.chromium import Visitor, running_browser
from tests.support.organizers import begin_session
from tests.support.served_world import Site, served, sign_in
from tests.support.world import ADA, CAMPAIGN, ROOT, world

if TYPE_CHECKING:
    from tests.support.world import World

PICTURES = ROOT / "docs" / "pictures"

_SHOW_THE_END_OF_THE_LETTER = """
document.activeElement.blur();
for (let box = document.getElementById("letter"); box; box = box.parentElement) box.scrollTop = box.scrollHeight;
scrollTo(0, 0);
"""

ANSWERS = {
    "name": "רות כהן",
    "email": "ruth@signers.example",
    "address_line": "1 Sample Street",
    "locality": "Evanston",
    "postal_code": "60201",
    "signature": "רות כהן",
}

TOWNS = (("60201", "Evanston"), ("60091", "Wilmette"), ("60022", "Glencoe"), ("60201", "Evanston"))


def draw(site: Site, visitor: Visitor) -> None:
    """Take both pictures of the form: an empty one, and one filled in on a phone, in dark mode."""
    address = f"{site.address}/campaigns/{CAMPAIGN}"
    _take(visitor, address, "form.png", width=1000)
    _take(visitor, address, "form-phone.png", width=360, is_phone=True)


def _take(visitor: Visitor, address: str, name: str, *, width: int, is_phone: bool = False) -> None:
    """Take a picture down to the button. On a phone, it begins with the end of the letter."""
    page = visitor.open(address, width=width, height=900, dark=is_phone, still=True)
    top = 0.0
    if is_phone:
        for field, answer in ANSWERS.items():
            page.locator(f"[name={field}]").fill(answer)
        page.locator("#letter", has_text=f"IL {ANSWERS['postal_code']}").wait_for()
        page.evaluate(_SHOW_THE_END_OF_THE_LETTER)
        box = page.locator("#letter").bounding_box()
        assert box
        top = box["y"] + box["height"] - 220
    button = page.locator("#send").bounding_box()
    assert button
    bottom = button["y"] + button["height"] + 24
    clip = {"x": 0.0, "y": top, "width": float(width), "height": bottom - top}
    page.screenshot(path=PICTURES / name, full_page=True, clip=clip)  # type: ignore[arg-type]


def draw_mail(made: World, visitor: Visitor) -> None:
    """Take the picture of an email to a recipient, down to the beginning of the letter."""
    page = visitor.open(width=700, height=700)
    page.set_content(next(sent.html for sent in made.deliveries if sent.tags["target"] == "evanston"))
    page.screenshot(path=PICTURES / "mail.png")


def draw_letter(made: World) -> None:
    """Take the picture of the last letter in a packet."""
    [pdf] = next(sent.pdfs for sent in made.deliveries if sent.tags["target"] == "evanston")
    last = str(len(PdfReader(io.BytesIO(pdf)).pages))
    command = ["pdftoppm", "-png", "-r", "72", "-f", last, "-singlefile", "-", str(PICTURES / "packet")]
    subprocess.run(command, input=pdf, check=True)  # noqa: S603


def draw_dashboard(site: Site, visitor: Visitor) -> None:
    """Take the picture of the overview, as a person who manages the campaign sees it."""
    page = visitor.open(f"{site.address}/organizer", width=1100, height=480, still=True)
    sign_in(page, begin_session(site.world.stack, "editor"))
    page.wait_for_load_state("networkidle")
    clip = {"x": 0.0, "y": 0.0, "width": 1100.0, "height": 1400.0}
    page.screenshot(path=PICTURES / "dashboard-overview.png", full_page=True, clip=clip)  # type: ignore[arg-type]


def _fill(made: World) -> None:
    """Make a campaign with a week behind it, and one thing that needs attention."""
    for number, (code, town) in enumerate(TOWNS):
        made.confirmed(**{**ADA, "email": f"person{number}@signers.example", "postal_code": code, "locality": town})
    made.week()
    for sent in made.deliveries:
        made.feedback("bounce" if sent.tags["target"] == "glencoe" else "delivery", sent)
    made.clock.advance(days=2)
    for number in range(3):
        made.confirmed(**{**ADA, "email": f"later{number}@signers.example"})


def main() -> None:
    """Sign a few letters, and take the pictures."""
    with (
        pytest.MonkeyPatch.context() as patch,
        world(patch, fast=True) as made,
        tempfile.TemporaryDirectory() as folder,
        running_browser() as browser,
        served(made, Path(folder)) as site,
    ):
        for number in range(4):
            made.confirmed(**{**ADA, "email": f"person{number}@signers.example"})
        visitor = Visitor(browser)
        draw(site, visitor)
        visitor.leave()
    with (
        pytest.MonkeyPatch.context() as patch,
        world(patch, fast=True) as made,
        tempfile.TemporaryDirectory() as folder,
        running_browser() as browser,
        served(made, Path(folder)) as site,
    ):
        _fill(made)
        visitor = Visitor(browser)
        draw_mail(made, visitor)
        draw_letter(made)
        draw_dashboard(site, visitor)
        visitor.leave()


if __name__ == "__main__":
    main()
