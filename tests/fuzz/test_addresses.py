"""Email addresses, postal codes, origins and IP addresses: each accepted one has one meaning and nothing else in it."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.fuzz.inputs import given, mutated, st, texts, tried
from undersigned.base.email_addresses import canonical_email, email_mistake, mailable
from undersigned.base.emails import Mail
from undersigned.base.networks import Visitor
from undersigned.base.origins import origin_of
from undersigned.campaigns.rules.postal_codes import canonical_postal_code

EMAILS = st.one_of(
    mutated(["ada@signers.example", "a.b+c@bücher.example", "!#$%&'*+/=?^_`{|}~-@x-y.example", "a@xn--p1b.example"]),
    st.builds("{}@{}".format, texts(70, surrogates=True), texts(70, surrogates=True)),
    texts(300, surrogates=True),
)
ORIGINS = st.one_of(
    mutated(["https://www.example.org", "http://localhost:8000", "https://[::1]:80/x?y#z", "https://a@b.example:443"]),
    texts(80, surrogates=True),
)
CODES = st.one_of(mutated(["60201", "60201-1234", "k1a 0b1", "SW1A 1AA"]), texts(20, surrogates=True))
SOURCES = st.one_of(mutated(["203.0.113.7", "2001:db8::1", "::ffff:203.0.113.7", "fe80::1%eth0"]), texts(60))


@tried(200)
@given(EMAILS)
def test_an_accepted_address_is_the_only_recipient(text: str) -> None:
    if mistake := email_mistake(text):
        assert str(mistake)
        return
    address = mailable(text)
    assert email_mistake(address) is None
    assert mailable(address) == address
    assert canonical_email(canonical_email(text)) == canonical_email(address) == canonical_email(text)
    mail = Mail("en", "Tree Friends", "letters@trees.example", address, address, "Trees", "Hello", "<p>Hello</p>", {})
    plain = EmailMessage(policy=policy.SMTP)
    plain["To"] = address
    for content in (mail.as_bytes(), plain.as_bytes()):
        read = message_from_bytes(content, policy=policy.default)
        assert [recipient.addr_spec for recipient in read["To"].addresses] == [address]
        assert not read.defects
        assert {"Bcc", "Cc", "Sender"}.isdisjoint(read.keys())


@tried(100)
@given(CODES)
def test_a_postal_code_has_one_spelling(text: str) -> None:
    code = canonical_postal_code(text)
    assert canonical_postal_code(code) == code
    assert canonical_postal_code(f" {text.lower()} ") == canonical_postal_code(text.lower())
    assert not re.search(r"[\s-]", code)


@tried(150)
@given(ORIGINS)
def test_an_accepted_origin_cannot_change_a_header(text: str) -> None:
    origin = origin_of(text)
    if origin is not None:
        assert re.fullmatch(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?", origin), origin
        assert origin_of(origin) == origin


@tried(100)
@given(SOURCES)
def test_any_source_of_a_request_has_a_network(text: str) -> None:
    visitor = Visitor.at(text)
    if visitor.address == text:
        assert visitor.network == text
    else:
        assert Visitor.at(visitor.address.partition("/")[0]) == visitor
