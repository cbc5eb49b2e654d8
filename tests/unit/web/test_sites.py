"""Other sites: the pages of theirs that a form leads to."""

from __future__ import annotations

import pytest

from undersigned.domain.errors import FieldError
from undersigned.domain.languages import Message
from undersigned.web.sites import with_fields

ERRORS = tuple(FieldError(field, Message("…")) for field in ("name", "email", "name"))


@pytest.mark.parametrize(
    ("address", "led_to"),
    [
        ("https://trees.example/form", "https://trees.example/form?fields=name,email"),
        ("https://trees.example/form?page=2", "https://trees.example/form?page=2&fields=name,email"),
        ("https://trees.example/form#top", "https://trees.example/form?fields=name,email#top"),
    ],
)
def test_an_organizations_own_form_is_told_its_fields_with_errors_once_each(address: str, led_to: str) -> None:
    assert with_fields(address, ERRORS) == led_to
