"""Typing mistakes in the domains of email addresses: suggest the address that was meant.

Only tables decide, never how alike two domains are: bp.com is two letters from qq.com, and mail.com is one from
gmail.com. The tables have mistakes that people really make, and no domain where anybody has email.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.errors import UndersignedError
from undersigned.base.languages import Message
from undersigned.base.providers import KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

ASKS = "asks"
"""The name of a field of our own form: with any value, its sender is asked about an address that looks wrong."""

ANSWER = "email_is"
"""The name of the buttons that answer the question. Their values are addresses."""


class MistypedError(UndersignedError):
    """The email address of a form looks mistyped, and nobody said that it is right.

    Carries the address that was probably meant, or None if the domain takes no email.
    """

    status = 422
    title = Message("Check your email address")

    def __init__(self, meant: str | None) -> None:
        """Keep the address."""
        super().__init__("the email address looks mistyped")
        self.meant = meant
        self.detail = (
            Message("Did you mean %(address)s?", {"address": meant})
            if meant
            else Message("The domain of this address takes no email.")
        )


_ENDINGS = {
    "com": "con cpm comm coom cmo ocm vom xom dom ccom comn coml copm ckm comcom",
    "net": "nett nte ner netnet",
    "org": "ogr rog orgg orh prg",
    "edu": "eud",
    "co.uk": "couk",
}
"""Endings, and how they are mistyped. No mistake is a top-level domain (IANA's list in 2026)."""

_PROVIDERS = {
    "gmail.com": (
        "gmial gamil gmai gmal gmali gmil gmaill gmaiil gnail gmaik gmsil gmaul ggmail gmqil gmeil gimail gmnail gmaol"
    ),
    "yahoo.com": "yaho yahooo yhaoo yahho yaoo yhoo yahhoo yahoi ayhoo yahou",
    "hotmail.com": (
        "hotmial hotmal hotmil hotmai hotamil hotmaill hormail hotmsil homtail htomail hotnail hotmeil hitmail hotmali "
        "hptmail hotmaul"
    ),
    "outlook.com": "outlok outloo oultook outllook outlokk outook putlook outlool otulook",
    "icloud.com": "iclould icoud iclod icluod icloude iclooud icould icolud icoloud",
    "aol.com": "aoll",
    "comcast.net": "comcat concast comacst comcas comcst",
    "sbcglobal.net": "sbcgloba sbcgobal sbcglobl sbcglobel sbcgolbal",
    "verizon.net": "verizion verzion verizn",
    "bellsouth.net": "belsouth bellsoth bellsout",
    "earthlink.net": "earthlin eathlink earthlnk",
    "optonline.net": "optonlin optonine optoline",
    "protonmail.com": "protonmai protonmial protonmal",
}
"""Providers, and how the part before their ending is mistyped."""

_MISSED_A_LETTER = "co cm om cim"
"""Mistyped endings of providers that have only `.com`. Each is a country's ending, or no ending at all."""

_ONLY_COM = "gmail yahoo hotmail outlook icloud aol protonmail"

_MEANT_ENDING = {typed: meant for meant, mistakes in _ENDINGS.items() for typed in mistakes.split()}
_MEANT_NAME = {typed: meant for meant, mistakes in _PROVIDERS.items() for typed in mistakes.split()}
_MEANT_DOMAIN = {f"{name}.{ending}": f"{name}.com" for name in _ONLY_COM.split() for ending in _MISSED_A_LETTER.split()}


def meant_by(address: str) -> str | None:
    """Return the address that somebody probably meant, or None if nothing looks mistyped.

    The part before the @ stays. Several dots in a row become one, and dots at the end go.
    """
    local, _, domain = address.strip().rpartition("@")
    domain = domain.lower()
    meant = _meant_domain(".".join(filter(None, domain.split("."))))
    return f"{local}@{meant}" if local and meant not in {"", domain} else None


def answered(values: Mapping[str, object]) -> tuple[Mapping[str, object], str | None]:
    """Return a posted form with the email address that its sender chose, and the address that was probably meant.

    A form with an answer asks no more. An answer about an address that the form no longer has doesn't count.
    """
    typed, chosen = values.get("email"), values.get(ANSWER)
    meant = meant_by(typed) if isinstance(typed, str) else None
    if not isinstance(chosen, str) or chosen not in {typed, meant}:
        return values, meant
    return {**values, "email": chosen, ASKS: ""}, meant if chosen == typed else None


def _meant_domain(domain: str) -> str:
    name, _, ending = domain.rpartition(".")
    if not name:
        return domain
    domain = f"{name}.{_MEANT_ENDING.get(ending, ending)}"
    name, _, ending = domain.partition(".")
    if meant := _MEANT_NAME.get(name):
        # yaho.co.uk is yahoo.co.uk, and gmial.co is gmail.com.
        country = f"{meant.partition('.')[0]}.{ending}"
        domain = country if country in KNOWN else meant
    return _MEANT_DOMAIN.get(domain, domain)
