from __future__ import annotations

import pytest

from undersigned.base.languages import Message
from undersigned.workshop.sites import builder_of, pasted_origin


@pytest.mark.parametrize(
    ("pasted", "origin"),
    [
        ("https://www.trees.example/sign", "https://www.trees.example"),
        ("https://www.trees.example/sign?a=b@c#d", "https://www.trees.example"),
        ("https://www.trees.example?a=b", "https://www.trees.example"),
        ("WWW.Trees.example", "https://www.trees.example"),
        ("https://bäume.example/", "https://xn--bume-loa.example"),
        ("https://trees.example:8443/x", "https://trees.example:8443"),
        ("http://localhost:8080/page", "http://localhost:8080"),
    ],
)
def test_a_pasted_address_becomes_its_origin(pasted: str, origin: str) -> None:
    assert pasted_origin(pasted) == origin


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "trees",
        "our website",
        "ann@trees.example",
        "https://ann@trees.example",
        "https://*.trees.example",
        "mailto:ann@trees.example",
        "file:///C:/sign.html",
        "javascript:alert(1)",
        "http://www.trees.example",
        "https://",
        "https://trees.example:port",
        "https://" + "a" * 300 + ".example",
    ],
)
def test_what_is_no_website_or_not_encrypted_is_refused(pasted: str) -> None:
    assert isinstance(pasted_origin(pasted), Message)


@pytest.mark.parametrize(
    ("origin", "builder"),
    [
        ("https://ann.wixsite.com", "Wix"),
        ("https://ann-trees-example.filesusr.com", "Wix"),
        ("https://sites.google.com", "Google Sites"),
        ("https://123-atari-embeds.googleusercontent.com", "Google Sites"),
        ("https://google.com", None),
        ("https://notwix.com", None),
        ("https://wix.com.evil.example", None),
        ("https://www.trees.example", None),
    ],
)
def test_a_builder_is_known_by_the_names_of_its_hosts(origin: str, builder: str | None) -> None:
    assert builder_of(origin) == builder
