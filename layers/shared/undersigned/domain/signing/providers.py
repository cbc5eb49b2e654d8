"""Email providers: detect one that doesn't deliver our emails, by how many of its users sign and how many confirm.

Only known providers are counted by name. All other domains are counted together, because anybody can make one up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH = 10
"""With fewer signers than this, the share of those who confirmed means nothing."""

CONFIRMED = "PROVIDER#"
"""The beginning of the names of the counters of confirmed letters by provider."""

OTHER = "other"
"""Stands for all domains that are not `KNOWN`, and for all towns without a target."""

_DOMAINS = """
aim.com alice.it aol.com arcor.de att.net bell.net bellsouth.net bigpond.com bluewin.ch bol.com.br btinternet.com
charter.net comcast.net cox.net earthlink.net embarqmail.com fastmail.com free.fr freenet.de frontier.com
frontiernet.net gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com
hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com juno.com laposte.net libero.it live.ca
live.co.uk live.com live.fr live.nl mac.com mail.com mail.de mail.ru me.com mindspring.com msn.com naver.com
netscape.net netzero.net ntlworld.com optonline.net optusnet.com.au orange.fr outlook.com outlook.es outlook.fr
pacbell.net pm.me posteo.de prodigy.net proton.me protonmail.com qq.com rcn.com roadrunner.com rocketmail.com
rogers.com rr.com sbcglobal.net sfr.fr shaw.ca sky.com skynet.be sympatico.ca t-online.de talktalk.net telus.net
terra.com.br tuta.com tutanota.com twc.com uol.com.br verizon.net videotron.ca virgilio.it virginmedia.com
wanadoo.fr web.de windstream.net wowway.com xtra.co.nz yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com
"""

KNOWN = frozenset(_DOMAINS.split())
"""The domains of providers whose addresses many people have."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A known email domain, or `other`: how many letters were signed with it, and how many of them are confirmed.

    Only the newest unconfirmed ones are known.
    """

    domain: str
    signed: int
    confirmed: int


def provider_of(email: str) -> str:
    """Return an address's domain if it is a known provider's, else `other`."""
    domain = email.rpartition("@")[2].lower()
    return domain if domain in KNOWN else OTHER


def providers_of(counters: Mapping[str, int], waiting: Mapping[str, int]) -> tuple[Provider, ...]:
    """Return the providers in the counters and of the forms that wait, those with the most signers first."""
    confirmed = {
        name.removeprefix(CONFIRMED): count
        for name, count in counters.items()
        if name.startswith(CONFIRMED) and count > 0
    }
    found = [
        Provider(domain, confirmed.get(domain, 0) + waiting.get(domain, 0), confirmed.get(domain, 0))
        for domain in {**confirmed, **waiting}
    ]
    return tuple(sorted(found, key=lambda provider: (-provider.signed, provider.domain)))


def odd_ones(providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
    """Return the providers that may not deliver our emails.

    Such a provider is a known one with at least ten signers. Fewer than a third of them confirmed, and less than half
    as many in a hundred as with the other known providers together, or with `other` if there are none. So a rush of
    people who have not confirmed yet is not reported, and a flood of made-up domains hides nothing.
    """

    def is_odd(provider: Provider) -> bool:
        rest = [other for other in providers if other != provider]
        rest = [other for other in rest if other.domain != OTHER] or rest
        others_signed = sum(other.signed for other in rest)
        others_confirmed = sum(other.confirmed for other in rest)
        return (
            provider.domain != OTHER
            and provider.signed >= ENOUGH
            and 3 * provider.confirmed < provider.signed
            and (not others_signed or 2 * provider.confirmed * others_signed < others_confirmed * provider.signed)
        )

    return tuple(provider for provider in providers if is_odd(provider))
