"""Test which names a search finds."""

from __future__ import annotations

import pytest

from undersigned.base.names import folded, is_named


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Maria Rossi", "Rossi"),
        ("Maria Rossi", "rossi maria"),
        ("María de la Rössi-Núñez", "NUNEZ rossi"),
        ("Strauß", "strauss"),
        ("Οδυσσέας Ελύτης", "ελυτης"),
        ("山田太郎", "山田"),
        ("José", "Jose\u0301"),
        ("Ada  Specimen", " ada   specimen "),
    ],
)
def test_a_name_is_found_whatever_the_case_the_accents_and_the_order(name: str, wanted: str) -> None:
    assert is_named(name, wanted)


@pytest.mark.parametrize(("name", "wanted"), [("Maria Rossi", "Rossini"), ("Maria Rossi", "Rossi Ada"), ("", "ada")])
def test_another_name_is_not_found(name: str, wanted: str) -> None:
    assert not is_named(name, wanted)


def test_a_text_is_folded() -> None:
    assert folded("  ÉCOLE  Straße ") == "ecole strasse"
