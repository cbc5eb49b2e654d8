from __future__ import annotations

import pytest

from undersigned.base.characters import has_web_address

LINKED = (
    "evil-casino.com", "t.me/evil", "t.me", "http:evil.com/x", "Evil-Casino.Com", "Win at BIGWIN.CASINO", "evil．com",
    "evil。com", "ada@evil.example.org", "x@y.Ng", "J.Ng/x", "mailto:x", "tel:x", "1.2.3.4", "x.com", "X.Com",
    "“evil.info”", "a.b.com", "evil.рф", "evil.xn--p1ai", "Ada,evil.com", "(evil.com)", "evil.com.", "evil.com:8080",
    "bit.ly/x",
)  # fmt: skip


NOT_LINKED = (
    "St. John", "St.John", "J.R.", "J.R", "Ng", "O'Neil-Smith Jr.", "María d.C.", "J.R.R.Tolkien", "J.Ng", "A.K.Li",
    "K.Me", "Ma.Teresa Santos", "Dr.Smith", "Mt.Vernon", "Washington, D.C.", "Smith, M.D.", "E.T.A. Hoffmann",
    "L.L.Bean", "P.O.Box 12", "p.o.box 12", "12 N. Main St.", "Apt. 3/4", "5th & Main No.5", "c/o Ada", "Nº 5",
    "25.5 Elm", "...", "A...Z",
)  # fmt: skip


@pytest.mark.parametrize("text", LINKED)
def test_what_a_mail_program_makes_a_link_of_is_a_web_address(text: str) -> None:
    assert has_web_address(text)


@pytest.mark.parametrize("text", NOT_LINKED)
def test_names_and_lines_of_addresses_that_exist_are_no_web_address(text: str) -> None:
    assert not has_web_address(text)
