"""Email addresses: which ones can be mailed, and the key by which a person counts once."""

from __future__ import annotations

import re

# The rule of <input type="email"> (WHATWG HTML, "valid email address"), so that server and browser agree.
# Email is stricter: a dot must be between other characters (a dot-atom of RFC 5322).
_LOCAL_PART = re.compile(r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")

# RFC 5321, 4.5.3.1.
_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254

# What email programs show as other text (RFC 2047).
_ENCODED_WORD = re.compile(r"=\?.*\?=")
# No domain ends in a number; programs read such a host as an IP address (WHATWG URL, "ends in a number checker").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


def _ascii_domain(domain: str) -> str:
    """Return a domain in the form that DNS uses: `straße.example` → `xn--strae-oqa.example`. Raises UnicodeError.

    As browsers do it (UTS 46, nontransitional). Python's own codec follows IDNA 2003, and names another domain.
    """
    if domain.isascii():
        return domain.lower()
    if len(domain) > _LONGEST_ADDRESS:
        raise UnicodeError
    # Few addresses need its tables, which take 20 ms to load.
    import idna

    return idna.encode(domain, uts46=True).decode("ascii")


def email_mistake(text: str) -> str | None:
    """Return what is wrong with an email address and how to correct it, or None if it can be mailed.

    The rule is WHATWG's, with some of our own: the domain has a dot and a name, the lengths are RFC 5321's, and the
    address is no encoded word (RFC 2047).
    Spaces around the address don't matter.
    """
    address = text.strip()
    local, at, domain = address.rpartition("@")
    try:
        labels = _ascii_domain(domain).split(".")
    except UnicodeError:
        labels = []
    if not address:
        mistake = "the email address is missing; write it like name@example.org"
    elif not at or not local or not domain:
        mistake = f"“{address}” is not a whole email address; write it like name@example.org"
    elif _ENCODED_WORD.search(local):
        mistake = f"“{address}” has “=?” and “?=”, which email programs read as a code; write it like name@example.org"
    elif not _LOCAL_PART.fullmatch(local):
        mistake = f"“{address}” has a character before the @ that email can’t carry; check for spaces and accents"
    elif not labels or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels):
        mistake = f"“{domain}” in “{address}” is not a domain; check for spaces, double dots and a dot at the end"
    elif len(labels) == 1:
        mistake = f"“{domain}” in “{address}” has no dot; write the whole domain, such as example.org"
    elif _NUMBER.fullmatch(labels[-1]):
        mistake = f"“{domain}” in “{address}” ends in a number; write the domain’s name, such as example.org"
    elif len(local) > _LONGEST_LOCAL_PART or len(local) + 1 + len(".".join(labels)) > _LONGEST_ADDRESS:
        mistake = f"“{address}” is too long; use {_LONGEST_ADDRESS} characters or fewer"
    else:
        return None
    return mistake


def mailable(text: str) -> str:
    """Return an address with its domain in the form that DNS uses. `email_mistake` must have accepted the address."""
    local, _, domain = text.strip().rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def canonical_email(text: str) -> str:
    """Return the key by which a person counts once. `email_mistake` must have accepted the address.

    The key ignores letter case and spaces, has the domain in the form that DNS uses, and has no `+tag`. For Gmail it
    has no dots either, because Gmail ignores them. It is only a key: emails are sent to the address as typed.
    """
    local, _, domain = text.strip().lower().rpartition("@")
    domain = _ascii_domain(domain)
    # An address such as `+news@example.org` has nothing before its tag, so it is kept whole.
    mailbox = local.partition("+")[0].rstrip(".") or local
    if domain in _GMAIL_DOMAINS:
        return f"{mailbox.replace('.', '') or mailbox}@gmail.com"
    return f"{mailbox}@{domain}"
