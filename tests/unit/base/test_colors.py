from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.colors import ENOUGH, accents, contrast


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4),
    ],
)
def test_contrast_is_computed_as_wcag_defines_it(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_a_legible_color_is_unchanged() -> None:
    light, dark = accents("#1f4e79")
    assert (light.color, light.on) == ("#1f4e79", "#ffffff")
    assert dark.color != "#1f4e79"


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_every_accent_is_legible_on_its_page_and_so_is_text_on_it(color: str) -> None:
    light, dark = accents(color)
    for accent, pages in ((light, ("#ffffff", "#f3f4f6")), (dark, ("#161616", "#232323"))):
        assert all(contrast(accent.color, page) >= ENOUGH for page in pages)
        assert contrast(accent.color, accent.on) >= ENOUGH
