"""Email domains in the DNS: find the domains that certainly take no email, so that no email bounces there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from undersigned.base.providers import KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_RESERVED = ("test", "example", "invalid", "localhost", "example.com", "example.net", "example.org")
"""Names that no one can have (RFC 2606, RFC 6761). The local stack's signers have them."""

_LONGEST = 1.0
"""Seconds for a look-up: the sender of a form waits for it, or a batch of emails."""

_FAILURES, _SILENCE = 3, timedelta(minutes=1)
"""After so many failures in a row, nothing is looked up for a while: a resolver that hangs delays nobody."""

_KNOWN_FOR = timedelta(days=1)
_MOST_KNOWN = 10_000


class NameNotFoundError(Exception):
    """The DNS says that there is no such name."""


class NoAnswerError(Exception):
    """The DNS gave no answer about a name."""


def look_up(domain: str) -> Sequence[tuple[int, str]]:
    """Return a domain's MX records, each with its preference. Without any, its own host takes its email (RFC 5321).

    Raises NameNotFoundError, and NoAnswerError if no answer comes.
    """
    from dns import exception, resolver

    try:
        answer = resolver.resolve(f"{domain}.", "MX", lifetime=_LONGEST, raise_on_no_answer=False, search=False)
    except resolver.NXDOMAIN as error:
        raise NameNotFoundError from error
    except (exception.DNSException, OSError) as error:
        raise NoAnswerError from error
    return [(record.preference, record.exchange.to_text()) for record in answer]


class MailDomains:
    """Domains in the DNS. This process remembers an answer for a day."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        accepts_reserved: bool,
        look_up: Callable[[str], Sequence[tuple[int, str]]] = look_up,
    ) -> None:
        """Keep a clock, whether reserved names count as taking email, and a way to look a name up."""
        self._clock = clock
        self._accepts_reserved = accepts_reserved
        self._look_up = look_up
        self._known: dict[str, tuple[datetime, bool]] = {}
        self._failures = 0
        self._silent_until: datetime | None = None

    def takes_none(self, address: str) -> bool:
        """Say whether the domain of an address certainly takes no email. In doubt, it takes some."""
        domain = address.rpartition("@")[2].lower()
        if domain in KNOWN or (self._accepts_reserved and _is_reserved(domain)):
            return False
        now = self._clock()
        known = self._known.get(domain)
        if known and now - known[0] < _KNOWN_FOR:
            return known[1]
        if self._silent_until and now < self._silent_until:
            return False
        try:
            takes_none = self._asked(domain)
        except NoAnswerError:
            # A failing resolver costs nobody an email.
            self._failures += 1
            if self._failures >= _FAILURES:
                self._failures, self._silent_until = 0, now + _SILENCE
            return False
        self._failures = 0
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[domain] = now, takes_none
        return takes_none

    def _asked(self, domain: str) -> bool:
        """Say whether the name doesn't exist, or its only MX record is the null one (RFC 7505)."""
        try:
            return [exchange for _, exchange in self._look_up(domain)] == ["."]
        except NameNotFoundError:
            return True


def _is_reserved(domain: str) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in _RESERVED)
