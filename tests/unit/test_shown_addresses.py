"""What the crawler takes for an address that nobody can follow."""

from __future__ import annotations

import pytest

from tests.support.shown_addresses import ShownAddresses

CONTACT = "letters@enddemand.example"


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("<p>See https://enddemand.example/news.</p>", ["https://enddemand.example/news"]),
        ("<p>It shows on www.enddemand.example, and <b>nowhere</b> else.</p>", ["www.enddemand.example"]),
        (f"<p>Write to {CONTACT}.</p>", [CONTACT]),
        (f'<p>Write to <a href="mailto:{CONTACT}">{CONTACT}</a>, not {CONTACT}</p>', [CONTACT]),
        ("<dl><dt>To</dt><dd>chief@police.example</dd></dl>", ["chief@police.example"]),
        ("<dl><dt>On paper</dt><dd>5, as owner@enddemand.example counted</dd></dl>", []),
        ("<p>The email to chief@police.example came back.</p>", []),
        ('<p><a href="/x">https://enddemand.example</a></p>', []),
        ("<textarea>https://enddemand.example</textarea><p>https://other.example</p>", ["https://other.example"]),
        ("<p><code>https://enddemand.example</code>, such as https://www.example.org/sign</p>", []),
        ('<div class="card shared"><span>enddemand.example</span></div><div>x.example</div>', ["x.example"]),
    ],
)
def test_an_address_that_is_neither_a_link_nor_to_be_copied_is_found(html: str, plain: list[str]) -> None:
    assert ShownAddresses(html, CONTACT).plain == plain
