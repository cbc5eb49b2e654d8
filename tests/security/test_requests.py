"""Malicious strangers: guesses at who signed, emails to others, false headers and caches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.packets import links_of_office
from tests.support.world import ADA, CAMPAIGN, FORM, PUBLIC_URL
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from tests.support.world import Answer, World


# Who signed?


def observed(world: World, email: str, **options: Any) -> tuple[object, ...]:
    """Sign with an address and return all that the sender can see, and the AWS calls that were made."""
    world.clock.advance(minutes=1)
    before = len(world.calls)
    values = {**ADA, "email": email, "form": world.form()}
    answer = world.post(f"{FORM}/signatures", values, **options)
    # The secret is read every few minutes, no matter who signs.
    calls = [call for call in world.calls[before:] if call != "secretsmanager:GetSecretValue"]
    counted = world.get(f"{FORM}/count").json["signatures"]
    # The page repeats the address, and has a token of the form.
    body = re.sub(rf"{CAMPAIGN}~[\w.~-]+", lambda token: str(len(token[0])), answer.body.replace(email, "address"))
    return answer.status, answer.headers, re.sub(r'name="form" value="[^"]*"', "", body), calls, counted


def test_signing_does_not_reveal_who_has_signed(world: World) -> None:
    states = ("pending", "confirmed", "withdrawn", "erased", "sealed", "trapped")
    addresses = {state: f"{state}@signers.example" for state in states}
    world.sign(email=addresses["pending"])
    world.confirmed(email=addresses["sealed"])
    world.week()
    world.confirmed(email=addresses["confirmed"])
    thanks = world.post(world.confirmed(email=addresses["withdrawn"]).link("confirm"))
    world.post(re.findall(r'action="(/letters/[^"]+/withdraw)', thanks.body)[0])
    world.confirmed(email=addresses["erased"])
    world.erase(signer_id(world.stack.secret(), addresses["erased"]))
    world.sign(email=addresses["trapped"], topic="pills")
    world.run_stream()
    for as_json in (False, True):
        new = observed(world, f"new-{as_json}@signers.example", as_json=as_json)
        assert [state for state in states if observed(world, addresses[state], as_json=as_json) != new] == []
        # The emails that follow reveal nothing, either: a stranger can't change the count.
        world.run_stream()
        assert world.get(f"{FORM}/count").json["signatures"] == new[-1]


def test_no_answer_has_a_header_that_identifies_its_content(world: World) -> None:
    mail = world.confirmed()
    for path in (FORM, f"{FORM}/count", f"{FORM}/signed", mail.link("confirm"), f"{FORM}/targets?postal_code=60201"):
        assert (
            not {"etag", "last-modified", "content-length", "set-cookie", "server-timing"}
            & world.get(path).headers.keys()
        )


def test_a_letter_link_cannot_be_derived_from_another(world: World) -> None:
    ada = world.confirmed().link("confirm")
    bo = world.confirmed(email="bo@signers.example").link("confirm")
    signer, other = (path.split("~")[1].partition(".")[0] for path in (ada, bo))
    assert world.get(ada.replace(signer, other)).status == 404
    assert world.get(ada.replace(CAMPAIGN, "another")).status == 404
    assert world.get(f"{ada.rpartition('.')[0]}.{bo.rpartition('.')[2]}").status == 404


# Email to a third person


@pytest.mark.asvs("1.3.11")
def test_an_odd_address_is_the_only_recipient_of_its_email(world: World) -> None:
    odd = {
        "a!b@c.example": "a!b@c.example",
        "a%evil.example@c.example": "a%evil.example@c.example",
        "a'b@c.example": "a'b@c.example",
        "a@bücher.example": "a@xn--bcher-kva.example",
        "a@b。example": "a@b.example",
        " a@d.example ": "a@d.example",
    }
    for typed in odd:
        assert world.sign(email=typed).status == 200, typed
    world.run_stream()
    assert [sent.to for sent in world.sent] == [str(sent.mail["to"]) for sent in world.sent] == list(odd.values())
    assert not [sent for sent in world.sent if sent.mail["cc"] or sent.mail["bcc"]]


@pytest.mark.asvs("2.3.2")
@pytest.mark.parametrize(
    "spellings",
    [
        ["vic@gmail.com", "v.ic@gmail.com", "VIC+1@googlemail.com", "vic+a+b@GMAIL.com", "v.i.c@ｇmail.com"],
        ["vic@corp.example", "VIC@corp.example", "vic+1@corp.example", "vic+2@CORP.example", "Vic@cORP。example"],
    ],
)  # fmt: skip
def test_one_mailbox_gets_three_emails_a_day_in_any_spelling(world: World, spellings: list[str]) -> None:
    for address in spellings:
        assert world.sign(email=address).status == 200
        world.run_stream()
    assert len(world.sent) == 3


def test_the_confirmation_page_states_consent_to_news(world: World) -> None:
    """A stranger can fill in the form, so the page says above its button what the button agrees to."""
    world.sign()
    world.run_stream()
    without = world.sent[-1].link("confirm")
    world.sign(updates="yes")
    world.run_stream()
    assert "send you news" not in world.get(without).body
    said = world.get(world.sent[-1].link("confirm")).body
    assert 0 < said.find("may send you news") < said.find("Confirm and send my letter</button>")


# Caches and hosts


FALSE_HEADERS = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "javascript:alert(1)//",
    "x-forwarded-for": "203.0.113.9, evil.example",
    "x-forwarded-prefix": "/evil",
    "forwarded": "host=evil.example",
    "x-original-url": "/organizer",
    "x-rewrite-url": "/organizer",
    "x-http-method-override": "DELETE",
    "origin": "https://evil.example",
    "referer": "https://evil.example/",
    "cookie": "lang=evil",
    "user-agent": "<script>evil</script>",
}

PUBLIC_PATHS = (
    "",
    "/signed",
    "/signed?lang=es",
    "/signed?embedded=1",
    "/targets?postal_code=60201",
    "/count",
    "/share.png",
    "/share.png?lang=es",
    "/signed?theme=dark",
    "/embed",
    "/privacy",
)


def test_a_cacheable_answer_is_the_same_for_everyone(world: World) -> None:
    """It depends only on the address and on the headers that Vary names."""
    paths = [*(f"{FORM}{path}" for path in PUBLIC_PATHS), "/embed.js", "/openapi.json"]
    public = 0
    for path in paths:
        honest, with_false_headers = world.get(path), world.get(path, headers=FALSE_HEADERS)
        assert b"evil" not in with_false_headers.content
        if "no-store" not in honest.headers["cache-control"]:
            public += 1
            assert without_time(honest) == without_time(with_false_headers), path
            assert honest.headers == with_false_headers.headers
    assert public == 13


@pytest.mark.asvs("3.2.1", "3.4.1", "3.4.3", "3.4.4")
def test_no_answer_is_without_a_policy(world: World) -> None:
    """Also data, files and redirects, which nobody should open as a page (OWASP ASVS 5.0, 3.4.3 to 3.4.6)."""
    paths = [*(f"{FORM}{path}" for path in PUBLIC_PATHS), "/embed.js", "/openapi.json", "/nowhere", "/organizer"]
    answers = [
        *(world.get(path) for path in paths),
        world.get(FORM, headers={"accept": "application/json"}),
        world.get(f"/organizer{FORM}", headers={"accept": "application/json"}),
        world.sign(),
        world.sign(name=""),
    ]

    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] in {"no-referrer", "same-origin"}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def without_time(answer: Answer) -> bytes:
    return answer.content.partition(b'"as_of"')[0]


@pytest.mark.asvs("14.2.2")
def test_a_personal_answer_is_never_cached(world: World) -> None:
    mail = world.confirmed()
    thanks = world.post(mail.link("confirm"))
    answers = [
        world.get(mail.link("confirm")),
        world.post(f"{FORM}/preview", ADA),
        world.post(f"{FORM}/preview", ADA, as_json=True),
        world.sign(),
        world.sign(name=""),
        world.post(f"{FORM}/signatures", {**ADA, "name": ""}, as_json=True),
        thanks,
        world.get(re.findall(r'href="(/letters/[^"]+)', thanks.body)[0]),
        world.get("/letters/forged"),
        world.get("/organizer"),
        world.get(f"/organizer/campaigns/{CAMPAIGN}", as_json=True),
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_links_in_emails_ignore_the_headers_of_requests(world: World) -> None:
    assert world.post(f"{FORM}/signatures", {**ADA, "form": world.form()}, headers=FALSE_HEADERS).status == 200
    world.run_stream()
    confirmed = world.post(world.sent[-1].link("confirm"), headers=FALSE_HEADERS)
    [letter] = re.findall(r'href="(/letters/[^"]+)', confirmed.body)
    world.run_stream()
    world.week()
    for sent in world.sent:
        assert "evil" not in sent.mail.as_string()
        assert PUBLIC_URL in sent.text or sent.tags["kind"] == "delivery"
    page = world.get(letter, headers={"x-forwarded-proto": "javascript:alert(1)//"})
    assert "alert" not in page.body


@pytest.mark.asvs("3.4.5", "3.4.6")
def test_no_page_but_the_form_can_be_framed(world: World) -> None:
    mail = world.confirmed()
    confirmation = world.get(mail.link("confirm")).headers
    assert confirmation["referrer-policy"] == "no-referrer"
    assert "script-src" not in confirmation["content-security-policy"]
    [letter] = re.findall(r'href="(/letters/[^"]+)', world.post(mail.link("confirm")).body)
    world.week()
    offices = links_of_office(world)
    paths = (
        mail.link("confirm"),
        mail.link("disown"),
        letter,
        *offices,
        f"{FORM}/privacy",
        "/letters/no",
        "/organizer",
    )
    for path in (*paths, *(f"{it}?embedded=1" for it in paths), "/nothing", "/campaigns/nowhere/embed"):
        answer = world.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY"
    # X-Frame-Options can't name a site, so the form doesn't have it.
    assert "x-frame-options" not in world.get(FORM).headers
