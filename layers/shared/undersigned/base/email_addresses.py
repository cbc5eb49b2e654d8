"""Email addresses: which ones can be mailed, and the key by which a person counts once."""

from __future__ import annotations

import re

from undersigned.base.languages import Message

# The rule of <input type="email"> (WHATWG HTML, "valid email address"), so that server and browser agree.
# Email is stricter: a dot must be between other characters (a dot-atom of RFC 5322).
_LOCAL_PART = re.compile(r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN_LABEL = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")

# RFC 5321, 4.5.3.1.
_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254

# Email programs show this as other text (RFC 2047).
_ENCODED_WORD = re.compile(r"=\?.*\?=")
# A top-level domain is letters. In another script, it begins with xn-- in DNS (ICANN, applicant guidebook, 2.2.1.3.2).
_ENDING = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]+")

_GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


def _ascii_domain(domain: str) -> str:
    """Return a domain in the form that DNS uses: `straße.example` → `xn--strae-oqa.example`. Raises UnicodeError.

    Follows browsers (UTS 46, nontransitional). Python's own codec follows IDNA 2003, which gives another domain.
    """
    if domain.isascii():
        return domain.lower()
    if len(domain) > _LONGEST_ADDRESS:
        raise UnicodeError
    # Few addresses need its tables, which take 20 ms to load.
    import idna

    return idna.encode(domain, uts46=True).decode("ascii")


def email_mistake(text: str) -> Message | None:  # noqa: PLR0911  (one rule after the other)
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
    values: dict[str, object] = {"address": address, "domain": domain}
    if not address:
        return Message("the email address is missing; write it like name@example.org")
    if not at or not local or not domain:
        return Message("“%(address)s” is not a whole email address; write it like name@example.org", values)
    if _ENCODED_WORD.search(local):
        return Message(
            "“%(address)s” has “=?” and “?=”, which email programs read as a code; write it like name@example.org",
            values,
        )
    if not _LOCAL_PART.fullmatch(local):
        return Message(
            "“%(address)s” is not one plain address; write it without a name, spaces or accents, like name@example.org",
            values,
        )
    if not labels or not all(_DOMAIN_LABEL.fullmatch(label) for label in labels):
        return Message(
            "“%(domain)s” in “%(address)s” is not a domain; check for spaces, double dots and a dot at the end", values
        )
    if len(labels) == 1:
        return Message("“%(domain)s” in “%(address)s” has no dot; write the whole domain, such as example.org", values)
    if not _ENDING.fullmatch(labels[-1]):
        values["ending"] = f".{labels[-1]}"
        return Message(
            "“%(domain)s” in “%(address)s” ends in “%(ending)s”, and no domain does; write the whole domain, such as "
            "example.org",
            values,
        )
    if len(local) > _LONGEST_LOCAL_PART or len(local) + 1 + len(".".join(labels)) > _LONGEST_ADDRESS:
        values["most"] = _LONGEST_ADDRESS
        return Message("“%(address)s” is too long; use %(most)s characters or fewer", values)
    return None


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
