"""Strangers at the public doors: bodies, headers and addresses made to do harm, and guesses at who signed."""

from __future__ import annotations

import base64
import gzip
import json
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.world import ADA, CAMPAIGN, PUBLIC_URL
from undersigned.domain.signatures import signer_id

if TYPE_CHECKING:
    from tests.world import Answer, World

FORM = f"/campaigns/{CAMPAIGN}"
JSON = {"content-type": "application/json", "accept": "application/json"}
FIELDS = {"content-type": "application/x-www-form-urlencoded"}

_random = random.Random(7)  # noqa: S311  (a scrawl needs no secret)
SCRAWL = [[value for _ in range(1_900) for value in (_random.randrange(601), _random.randrange(201))]]

BODIES: dict[str, tuple[dict[str, str], bytes, set[int]]] = {
    "six megabytes": (JSON, b'{"name": "' + b"a" * 6_000_000 + b'"}', {413}),
    "a form of six megabytes": (FIELDS, b"name=" + b"a" * 6_000_000, {413}),
    "lists in lists": (JSON, b"[" * 30_000 + b"]" * 30_000, {400}),
    "objects in objects": (JSON, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {400}),
    "a deep field": (JSON, b'{"name":' + b"[" * 30_000 + b"]" * 30_000 + b"}", {400}),
    "a number of sixty thousand digits": (JSON, b'{"name":' + b"9" * 60_000 + b"}", {400}),
    "no numbers": (JSON, b'{"name": NaN, "target": Infinity, "postal_code": -1e999}', {422}),
    "thousands of names": (JSON, json.dumps({f"k{n}": 1 for n in range(4_000)}).encode(), {422}),
    "thousands of fields": (FIELDS, b"&".join(b"k%d=1" % n for n in range(6_000)), {400}),
    "separators": (FIELDS, b"&" * 60_000, {400}),
    "escapes": (FIELDS, b"name=" + b"%41" * 20_000, {422}),
    "half escapes": (FIELDS, b"name=" + b"%" * 60_000, {422}),
    "what unzips to a gigabyte": (
        {**JSON, "content-encoding": "gzip"}, gzip.compress(b"a" * 10_000_000), {400},
    ),
    "parts": ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n" * 10_000, {415}),
    "XML": ({"content-type": "application/xml"}, b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>', {415}),
    "a pile of accents": (JSON, json.dumps({**ADA, "name": "a" + "\u0301\u0323" * 5_000}).encode(), {422}),
    "a scrawl of thousands of points": (JSON, json.dumps({**ADA, "drawing": SCRAWL}).encode(), {202, 422}),
    "strokes in strokes": (JSON, json.dumps({**ADA, "drawing": "[" * 30_000}).encode(), {422}),
    "a proof that is no JSON": (JSON, json.dumps({**ADA, "proof": "A" * 60_000}).encode(), {202}),
    "a token of separators": (JSON, json.dumps({**ADA, "form": "~." * 25_000}).encode(), {202}),
}  # fmt: skip


def test_a_body_of_any_size_depth_or_shape_is_answered_at_once(world: World) -> None:
    world.get(FORM)
    for kind, (headers, body, expected) in BODIES.items():
        for path in ("preview", "signatures"):
            began = time.process_time()
            answer = world.post(f"{FORM}/{path}", raw=body, headers=headers)
            if path == "signatures":
                assert answer.status in expected, kind
            assert answer.status < 500, kind
            assert time.process_time() - began < 1, kind


def test_a_proof_that_names_a_cost_of_its_own_is_not_worked_on(world: World) -> None:
    """Whoever posts a proof must not choose how long it takes to check."""
    form = world.form(needs_proof=True)
    checks, campaign = world.wiring.signing().abuse_checks, world.wiring.catalog.entry(CAMPAIGN).campaign
    challenge = checks.issue_form(campaign, form).challenge
    assert challenge
    for name, value in (("cost", 10**9), ("algorithm", "SCRYPT"), ("keyLength", 10**9), ("cost", "x"), ("cost", None)):
        harder = json.loads(challenge)
        harder["parameters"][name] = value
        for counter in (1, 2**80, -1, "x", None):
            solved = {"challenge": harder, "solution": {"counter": counter, "derivedKey": "00"}}
            proof = base64.b64encode(json.dumps(solved).encode()).decode()
            judged = checks.judge(world.wiring.catalog.entry(CAMPAIGN).campaign, {"form": form, "proof": proof}, None)
            assert judged.suspicion == "no proof", (name, counter)


# Who signed?


def told(world: World, email: str, **options: Any) -> tuple[object, ...]:
    """Return all that somebody can see who signs with an address, and what it cost."""
    world.clock.advance(minutes=1)
    before = len(world.calls)
    values = {**ADA, "email": email, "form": world.form()}
    answer = world.post(f"{FORM}/signatures", values, **options)
    calls = world.calls[before:]
    counted = world.get(f"{FORM}/count").json["signatures"]
    return answer.status, answer.headers, answer.content, calls, counted


def test_nobody_learns_by_signing_who_has_signed(world: World) -> None:
    states = ("pending", "confirmed", "withdrawn", "erased", "sealed", "trapped")
    addresses = {state: f"{state}@signers.example" for state in states}
    world.sign(email=addresses["pending"])
    world.confirmed(email=addresses["sealed"])
    world.week()
    world.confirmed(email=addresses["confirmed"])
    letter = world.post(world.confirmed(email=addresses["withdrawn"]).link("confirm")).headers["location"]
    world.post(letter.partition("?")[0] + "/withdraw")
    world.confirmed(email=addresses["erased"])
    world.wiring.organizing().remove(
        CAMPAIGN, signer_id(world.wiring.secret(), addresses["erased"]), "key", "asked for"
    )
    world.sign(email=addresses["trapped"], topic="pills")
    world.run_stream()
    for as_json in (False, True):
        new = told(world, f"new-{as_json}@signers.example", as_json=as_json)
        assert [state for state in states if told(world, addresses[state], as_json=as_json) != new] == []
        # Nor by the mails that follow: there is no count that a stranger can move.
        world.run_stream()
        assert world.get(f"{FORM}/count").json["signatures"] == new[-1]


def test_no_answer_has_a_mark_by_which_two_can_be_compared(world: World) -> None:
    mail = world.confirmed()
    for path in (FORM, f"{FORM}/count", f"{FORM}/signed", mail.link("confirm"), f"{FORM}/targets?postal_code=60201"):
        assert (
            not {"etag", "last-modified", "content-length", "set-cookie", "server-timing"}
            & world.get(path).headers.keys()
        )


def test_an_address_of_a_letter_can_t_be_guessed_from_another(world: World) -> None:
    ada = world.confirmed().link("confirm")
    bo = world.confirmed(email="bo@signers.example").link("confirm")
    signer, other = (path.split("~")[1].partition(".")[0] for path in (ada, bo))
    assert world.get(ada.replace(signer, other)).status == 404
    assert world.get(ada.replace(CAMPAIGN, "another")).status == 404
    assert world.get(f"{ada.rpartition('.')[0]}.{bo.rpartition('.')[2]}").status == 404


# Mail to a third person


HOSTILE_ADDRESSES = [
    "ada@signers.example, eve@evil.example", "ada@signers.example;eve@evil.example", '"ada eve"@evil.example',
    "<a@b.example>", "Ada <a@b.example>", "a@b.example\r\nBcc: c@evil.example", "a@b.example\nBcc: c@evil.example",
    "a@b.example\x00", "everyone: a@b.example;", "a(comment)@b.example", "a@b.example(comment)", "a@[127.0.0.1]",
    "@relay.example:a@b.example", "a@b@c.example", "a..b@c.example", ".a@c.example", "a@-b.example", "a@b.example.",
    "a@b..example", "a@b.example:25", "a@localhost", "ａ@b.example", "ſ@b.example", "a@℀.example",
    "a\u202e@b.example", "a@b.example%0d%0aBcc:c@evil.example", "a" * 65 + "@b.example",
    "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example",
]  # fmt: skip


def test_an_address_with_a_second_one_in_it_gets_no_mail(world: World) -> None:
    for address in HOSTILE_ADDRESSES:
        assert world.sign(email=address).status == 422, address
    world.run_stream()
    assert world.sent == []


def test_an_odd_address_gets_its_mail_alone(world: World) -> None:
    odd = {
        "a!b@c.example": "a!b@c.example",
        "a%evil.example@c.example": "a%evil.example@c.example",
        "a'b@c.example": "a'b@c.example",
        "a@bücher.example": "a@xn--bcher-kva.example",
        "a@b。example": "a@b.example",
        " a@d.example ": "a@d.example",
    }
    for typed in odd:
        assert world.sign(email=typed).status == 303, typed
    world.run_stream()
    assert [sent.to for sent in world.sent] == [str(sent.mail["to"]) for sent in world.sent] == list(odd.values())
    assert not [sent for sent in world.sent if sent.mail["cc"] or sent.mail["bcc"]]


@pytest.mark.parametrize(
    "spellings",
    [
        ["vic@gmail.com", "v.ic@gmail.com", "VIC+1@googlemail.com", "vic+a+b@GMAIL.com", "v.i.c@ｇmail.com"],
        ["vic@corp.example", "VIC@corp.example", "vic+1@corp.example", "vic+2@CORP.example", "Vic@cORP。example"],
    ],
)  # fmt: skip
def test_one_mailbox_gets_three_mails_a_day_however_it_is_spelled(world: World, spellings: list[str]) -> None:
    for address in spellings:
        assert world.sign(email=address).status == 303
        world.run_stream()
    assert len(world.sent) == 3


def test_nobody_is_made_to_want_news_unseen(world: World) -> None:
    """A stranger can fill in the form for somebody; what its button agrees to stands above it or below."""
    world.sign()
    world.run_stream()
    page = world.sent[-1].link("confirm")
    assert "send you news" not in world.get(page).body
    world.sign(updates="yes")
    said = world.get(page).body
    assert 0 < said.find("may send you news") < said.find("Confirm and send my letter</button>")


# Caches and hosts


LIES = {
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

KEPT = (
    "",
    "/signed",
    "/signed?lang=es",
    "/signed?embedded=1",
    "/targets?postal_code=60201",
    "/count",
    "/count.svg",
    "/embed",
)


def test_what_a_cache_keeps_says_the_same_to_every_asker(world: World) -> None:
    """But for what the address and the headers named in Vary ask for."""
    paths = [*(f"{FORM}{path}" for path in KEPT), "/embed.js", "/openapi.json"]
    public = 0
    for path in paths:
        honest, lied_to = world.get(path), world.get(path, headers=LIES)
        assert "evil" not in lied_to.body
        if "no-store" not in honest.headers["cache-control"]:
            public += 1
            assert without_moment(honest) == without_moment(lied_to), path
            assert honest.headers == lied_to.headers
    assert public == 8


def without_moment(answer: Answer) -> str:
    return answer.body.partition('"as_of"')[0]


def test_what_depends_on_a_person_is_kept_by_no_cache(world: World) -> None:
    mail = world.confirmed()
    thanks = world.post(mail.link("confirm"))
    answers = [
        world.get(FORM),
        world.get(f"{FORM}/embed"),
        world.post(f"{FORM}/preview", ADA),
        world.post(f"{FORM}/preview", ADA, as_json=True),
        world.sign(),
        world.sign(name=""),
        world.post(f"{FORM}/signatures", {**ADA, "name": ""}, as_json=True),
        thanks,
        world.get(thanks.headers["location"]),
        world.get("/letters/forged"),
        world.get("/organizer"),
        world.get(f"/organizer/campaigns/{CAMPAIGN}", as_json=True),
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_no_mail_leads_to_where_a_stranger_says_we_are(world: World) -> None:
    assert world.post(f"{FORM}/signatures", {**ADA, "form": world.form()}, headers=LIES).status == 303
    world.run_stream()
    confirmed = world.post(world.sent[-1].link("confirm"), headers=LIES)
    assert confirmed.headers["location"].startswith("/letters/")
    world.run_stream()
    world.week()
    for sent in world.sent:
        assert "evil" not in sent.mail.as_string()
        assert PUBLIC_URL in sent.text or sent.tags["kind"] == "delivery"
    page = world.get(confirmed.headers["location"], headers={"x-forwarded-proto": "javascript:alert(1)//"})
    assert "alert" not in page.body


def test_only_the_sites_of_the_campaign_may_frame_a_page_and_no_other_page_is_framed_at_all(world: World) -> None:
    mail = world.confirmed()
    for path in (mail.link("confirm"), "/letters/forged", "/organizer", "/nothing"):
        answer = world.get(path)
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY"
    # That header can name no site, so the form has it only where nobody may frame it.
    assert "x-frame-options" not in world.get(FORM).headers
