from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest

from undersigned.base.mail_domains import MailDomains, NameNotFoundError, NoAnswerError, look_up

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def answer(*records: str) -> dns.resolver.Answer:
    """Return a resolver's answer with these MX records."""
    name = dns.name.from_text("town.org.")
    response = dns.message.make_response(dns.message.make_query(name, "MX"))
    if records:
        response.answer.append(dns.rrset.from_text(name, 300, "IN", "MX", *records))
    received = dns.message.from_wire(response.to_wire())
    assert isinstance(received, dns.message.QueryMessage)
    return dns.resolver.Answer(name, dns.rdatatype.MX, dns.rdataclass.IN, received)


class Dns:
    """A resolver that answers in its place, and keeps what it was asked."""

    def __init__(self, result: dns.resolver.Answer | Exception) -> None:
        self.result = result
        self.asked: list[tuple[Any, ...]] = []

    def resolve(self, *arguments: Any, **options: Any) -> dns.resolver.Answer:
        inspect.signature(dns.resolver.Resolver.resolve).bind(None, *arguments, **options)
        assert options["lifetime"] == 1, "a form waits for the answer"
        self.asked.append(arguments)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    ("records", "found"),
    [
        (("10 mail.town.org.", "20 b.town.org."), [(10, "mail.town.org."), (20, "b.town.org.")]),
        (("0 .",), [(0, ".")]),
        ((), []),
    ],
)
def test_the_mx_records_of_the_full_name_are_read(
    monkeypatch: pytest.MonkeyPatch, records: Sequence[str], found: list[tuple[int, str]]
) -> None:
    resolver = Dns(answer(*records))
    monkeypatch.setattr(dns.resolver, "resolve", resolver.resolve)
    assert sorted(look_up("town.org")) == found
    assert resolver.asked == [("town.org.", "MX")]


def test_a_name_that_does_not_exist_is_told_from_a_resolver_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, silent = dns.resolver.NXDOMAIN(), dns.resolver.NoNameservers()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(dns.resolver, "resolve", Dns(missing).resolve)
    with pytest.raises(NameNotFoundError):
        look_up("town.org")
    for failure in (silent, TimeoutError(), OSError()):
        monkeypatch.setattr(dns.resolver, "resolve", Dns(failure).resolve)
        with pytest.raises(NoAnswerError):
            look_up("town.org")


def domains(found: Sequence[tuple[int, str]] | Exception, *, accepts_reserved: bool = False) -> MailDomains:
    def asked(_domain: str) -> Sequence[tuple[int, str]]:
        if isinstance(found, Exception):
            raise found
        return found

    return MailDomains(lambda: NOW, accepts_reserved=accepts_reserved, look_up=asked)


@pytest.mark.parametrize(
    ("found", "takes_none"),
    [
        (NameNotFoundError(), True),
        ([(0, ".")], True),
        ([], False),
        ([(10, "mail.town.org.")], False),
        ([(0, "."), (10, "mail.town.org.")], False),
        (NoAnswerError(), False),
    ],
)
def test_only_a_missing_name_or_a_null_mx_takes_no_email(
    *, found: Sequence[tuple[int, str]] | Exception, takes_none: bool
) -> None:
    assert domains(found).takes_none("ada@town.org") is takes_none


def test_a_package_that_is_missing_is_not_taken_for_a_silent_dns() -> None:
    with pytest.raises(ModuleNotFoundError):
        domains(ModuleNotFoundError()).takes_none("ada@town.org")


@pytest.mark.parametrize("address", ["ada@gmail.com", "ada@GMAIL.com"])
def test_known_providers_are_not_looked_up(address: str) -> None:
    assert not domains(NameNotFoundError()).takes_none(address)


@pytest.mark.parametrize("domain", ["signers.example", "example.com", "a.example.org", "b.test", "x.invalid"])
def test_names_that_nobody_can_have_take_email_on_the_local_stack_only(domain: str) -> None:
    assert not domains(NameNotFoundError(), accepts_reserved=True).takes_none(f"ada@{domain}")
    assert domains(NameNotFoundError()).takes_none(f"ada@{domain}")
    assert domains(NameNotFoundError(), accepts_reserved=True).takes_none("ada@not-example.com")


def test_what_is_known_of_a_domain_is_kept_for_a_day() -> None:
    now = [NOW]
    asked: list[str] = []

    def answer_none(name: str) -> Sequence[tuple[int, str]]:
        asked.append(name)
        return []

    found = MailDomains(lambda: now[0], accepts_reserved=False, look_up=answer_none)
    for hours in (0, 23, 24):
        now[0] = NOW + timedelta(hours=hours)
        found.takes_none("ada@town.org")
    assert asked == ["town.org"] * 2
