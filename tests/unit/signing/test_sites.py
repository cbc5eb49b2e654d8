"""Test the redirects to pages of other sites."""

from __future__ import annotations

import pytest

from undersigned.base.errors import FieldError
from undersigned.base.languages import Message
from undersigned.signing.sites import with_fields

ERRORS = tuple(FieldError(field, Message("…")) for field in ("name", "email", "name"))


@pytest.mark.parametrize(
    ("address", "redirect"),
    [
        ("https://trees.example/form", "https://trees.example/form?fields=name,email"),
        ("https://trees.example/form?page=2", "https://trees.example/form?page=2&fields=name,email"),
        ("https://trees.example/form#top", "https://trees.example/form?fields=name,email#top"),
    ],
)
def test_the_address_of_an_organizations_form_gets_each_field_with_errors_once(address: str, redirect: str) -> None:
    assert with_fields(address, ERRORS) == redirect
