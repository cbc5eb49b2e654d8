"""The emails in a browser that is light or dark, narrow or wide, as email programs show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support import looks
from tests.support.emails import every_email
from undersigned.base.colors import ENOUGH, contrast

if TYPE_CHECKING:
    from tests.support.chromium import Visitor

CONTRASTS = """() => [...document.querySelectorAll("a, p, td, th, li, h1, h2")]
.filter((it) => [...it.childNodes].some((inside) => inside.nodeType === Node.TEXT_NODE && inside.data.trim()))
.map((it) => {
  const behind = (it) => {
    const color = getComputedStyle(it).backgroundColor;
    return /^rgba.*, 0\\)$/.test(color) && it.parentElement ? behind(it.parentElement) : color;
  };
  return [getComputedStyle(it).color, behind(it), it.innerText];
})"""
"""The color of each text, what is behind it, and the text. Email programs choose a background for elements without
one."""


def as_hex(color: str) -> str:
    assert color.startswith("rgb("), "nothing opaque is behind a text"
    return "#" + "".join(f"{int(part):02x}" for part in color.removeprefix("rgb(").removesuffix(")").split(","))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("accent", [None, "#ffee00", "#101010"])
def test_every_text_has_contrast_in_any_color(visitor: Visitor, accent: str | None, *, dark: bool) -> None:
    page = visitor.open(dark=dark)
    for mail in every_email(accent).values():
        page.set_content(mail.html)
        found = page.evaluate(CONTRASTS)
        assert found
        for color, behind, text in found:
            assert contrast(as_hex(color), as_hex(behind)) >= ENOUGH, (text, color, behind)


@pytest.mark.parametrize("width", [360, 600, 1280])
def test_nothing_is_wider_than_the_screen_and_no_word_is_split(visitor: Visitor, width: int) -> None:
    page = visitor.open(width=width)
    for name, mail in every_email().items():
        page.set_content(mail.html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(looks.BROKEN) == [], name
        assert page.evaluate("Math.max(...[...document.querySelectorAll('p')].map((it) => it.offsetWidth))") <= 600


def test_the_longest_word_breaks_and_widens_nothing(visitor: Visitor) -> None:
    page = visitor.open(width=360)
    page.set_content(every_email(request="W" * 200)["delivery"].html)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(looks.BROKEN) == []


def test_a_whole_address_breaks_where_overflow_wrap_is_not_known(visitor: Visitor) -> None:
    """Gmail and Outlook leave it out."""
    page = visitor.open(width=360)
    for name, mail in every_email().items():
        # Only its signer gets the letter with a word of 250 letters.
        if name != "signed":
            page.set_content(mail.html.replace("overflow-wrap: break-word", ""))
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


@pytest.mark.parametrize(("sentence", "direction"), [("אנא בנו מעברי חציה", "rtl"), ("Build crossings.", "ltr")])
def test_a_sentence_has_the_direction_of_its_own_script(visitor: Visitor, sentence: str, direction: str) -> None:
    page = visitor.open()
    page.set_content(every_email(request=sentence)["delivery"].html)
    assert page.get_by_text(sentence).evaluate("it => getComputedStyle(it).direction") == direction


def test_lines_are_quiet_in_dark_mode(visitor: Visitor) -> None:
    page = visitor.open(dark=True)
    page.set_content(every_email()["delivery"].html)
    lines = page.locator(".sheet [style*='border-bottom'], .sheet [style*='border: 1px']")
    colors = {line.evaluate("it => getComputedStyle(it).borderBottomColor") for line in lines.all()}
    assert max(contrast(as_hex(color), "#232323") for color in colors) < ENOUGH


def test_email_programs_know_every_style() -> None:
    for mail in every_email().values():
        assert not re.search(r"&lt;span|<bdi|flex|grid|var\(|<svg|overflow-wrap: anywhere|class=\"signature", mail.html)
        [sheet] = re.findall(r"<style>(.*?)</style>", mail.html, re.DOTALL)
        assert sheet.startswith("@media (prefers-color-scheme: dark)")
        assert len(sheet) < 1_000
