from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undersigned.base.email_addresses import canonical_email, email_mistake


@pytest.mark.parametrize(
    "address",
    [
        "robin@mail.example",
        " robin@mail.example ",
        "Robin.Resident+letters@sub.mail.example",
        "o'brien!#$%&*/=?^_`{|}~-@mail.example",
        "robin@bücher.example",
        "robin@xn--bcher-kva.example",
        f"{'x' * 64}@mail.example",
        f"robin@{'x' * 63}.example",
    ],
)
def test_a_deliverable_address_is_accepted(address: str) -> None:
    assert email_mistake(address) is None


@pytest.mark.parametrize(
    ("address", "mistake"),
    [
        ("", "the email address is missing; write it like name@example.org"),
        ("  ", "the email address is missing; write it like name@example.org"),
        ("robin", "“robin” is not a whole email address; write it like name@example.org"),
        ("@mail.example", "“@mail.example” is not a whole email address; write it like name@example.org"),
        ("robin@", "“robin@” is not a whole email address; write it like name@example.org"),
        ("ro bin@mail.example", "“ro bin@mail.example” is not one plain address; write it without a name"),
        ("röbin@mail.example", "“röbin@mail.example” is not one plain address; write it without a name"),
        ("a@b@mail.example", "“a@b@mail.example” is not one plain address; write it without a name"),
        (
            "Robin <robin@mail.example>",
            "“Robin <robin@mail.example>” is not one plain address; write it without a name",
        ),
        ("robin@mail", "“mail” in “robin@mail” has no dot; write the whole domain, such as example.org"),
        ("robin@mail..example", "“mail..example” in “robin@mail..example” is not a domain; check for spaces, double"),
        ("robin@mail.example.", "“mail.example.” in “robin@mail.example.” is not a domain; check"),
        ("robin@.example", "“.example” in “robin@.example” is not a domain; check"),
        ("robin@-mail.example", "“-mail.example” in “robin@-mail.example” is not a domain; check"),
        ("robin@ma il.example", "“ma il.example” in “robin@ma il.example” is not a domain; check"),
        ("robin@[192.0.2.1]", "“[192.0.2.1]” in “robin@[192.0.2.1]” is not a domain; check"),
        ("robin@127.1", "“127.1” in “robin@127.1” ends in “.1”, and no domain does; write the whole domain, such as"),
        ("robin@mail.0X7F", "“mail.0X7F” in “robin@mail.0X7F” ends in “.0x7f”, and no domain does; write the whole"),
        ("robin@mail.c0m", "“mail.c0m” in “robin@mail.c0m” ends in “.c0m”, and no domain does; write the whole"),
        ("robin@mail.c", "“mail.c” in “robin@mail.c” ends in “.c”, and no domain does; write the whole domain"),
        ("=?utf-8?q?a?=@mail.example", "“=?utf-8?q?a?=@mail.example” has “=?” and “?=”, which email programs read as"),
        (f"robin@{'é' * 300}.example", f"“{'é' * 300}.example” in “robin@{'é' * 300}.example” is not a domain; check"),
        (f"robin@{'x' * 64}.example", f"“{'x' * 64}.example” in “robin@{'x' * 64}.example” is not a domain; check"),
        (f"{'x' * 65}@mail.example", f"“{'x' * 65}@mail.example” is too long; use 254 characters or fewer"),
        ("robin@mail.example\nBcc: all@mail.example", "“robin@mail.example\nBcc: all@mail.example” is not one plain"),
    ],
)
def test_an_undeliverable_address_is_refused_with_the_fix(address: str, mistake: str) -> None:
    assert str(email_mistake(address)).startswith(mistake)


def test_the_maximum_length_of_an_address_is_that_of_rfc_5321() -> None:
    domain = f"{'d' * 63}.{'e' * 63}.{'f' * 53}.example"
    assert len(f"x@{domain}") == 191

    assert email_mistake(f"{'x' * 64}@{domain}") is None
    assert email_mistake(f"{'x' * 64}@d.{domain}") is not None


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Robin@Mail.Example", "robin@mail.example"),
        (" robin@mail.example\n", "robin@mail.example"),
        ("robin+petition@mail.example", "robin@mail.example"),
        ("robin+a+b@mail.example", "robin@mail.example"),
        ("robin.r@mail.example", "robin.r@mail.example"),
        ("+robin@mail.example", "+robin@mail.example"),
        ("r.o.b.i.n+x@gmail.com", "robin@gmail.com"),
        ("robin@googlemail.com", "robin@gmail.com"),
        ("robin@Bücher.example", "robin@xn--bcher-kva.example"),
        ("robin@Straße.example", "robin@xn--strae-oqa.example"),
        ("robin@ＭＡＩＬ。example", "robin@mail.example"),
    ],
)
def test_all_spellings_of_an_address_have_one_key(address: str, key: str) -> None:
    assert canonical_email(address) == key


ADDRESSES = st.builds(
    "{}@{}".format,
    st.from_regex(r"[aB1+_'-]{1,6}(\.[aB1+_'-]{1,3}){0,2}", fullmatch=True),
    st.sampled_from(["mail.example", "MAIL.example", "gmail.com", "GoogleMail.com", "bücher.example"]),
)


@given(ADDRESSES)
def test_a_key_is_an_address_with_itself_as_key(address: str) -> None:
    key = canonical_email(address)

    assert email_mistake(key) is None
    assert canonical_email(key) == key
    assert canonical_email(address.upper()) == key


SPACES = st.text(" \n\t", max_size=2)
LABELS = st.text(
    st.sampled_from("abAB1-éÉ李ıİßẞǅŉΣς٣ａ\u0301\u200b\u200d") | st.characters(categories=["L", "M", "N"]),
    min_size=1,
    max_size=4,
)
# Hypothesis fails the test if it finds too few addresses that are accepted.
ACCEPTED = st.builds(
    "{}{}@{}{}.{}{}".format,
    SPACES,
    st.from_regex(r"[aB1+_'-]{1,6}(\.[aB1+_'-]{1,3})?", fullmatch=True),
    st.sampled_from(["", "a.", "É。"]),
    LABELS,
    st.sampled_from(["example", "EXAMPLE", "рф", "straße"]),
    SPACES,
).filter(lambda text: email_mistake(text) is None)


@given(ACCEPTED)
def test_every_accepted_address_has_a_key(address: str) -> None:
    key = canonical_email(address)

    assert key.isascii()
    assert email_mistake(key) is None
    assert canonical_email(key) == key
