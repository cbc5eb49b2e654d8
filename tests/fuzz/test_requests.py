"""Requests: anything over HTTP gets an answer, never a 5xx, and its text never becomes markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from tests.fuzz import stack
from tests.fuzz.inputs import ANY_CHARACTER, ODD, example, given, json_texts, mutated, st, texts, tried, values
from tests.support.openapi_document import OPERATIONS, resolved
from tests.support.organizers import someone
from tests.support.world import ADA, CAMPAIGN, SITE
from undersigned.base.languages import chosen_language, languages
from undersigned.campaigns.rules.stops import mailbox_digest
from undersigned.signing.rules.signatures import signer_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import Answer, World

NEEDS_STACK = True

SECRET = "s" * 64
SIGNERS = ("ada@signers.example", "bo@signers.example")
KEY = "us_letters"


def tokens(world: World) -> dict[str, str]:
    """Issue a good token of each kind, for letters that exist and for one that doesn't."""
    sign = world.stack.links.sign
    signer = signer_id(SECRET, SIGNERS[0])
    return {
        "confirm": sign("confirm", CAMPAIGN, signer, "661097a9d6800"),
        "letter": sign("letter", CAMPAIGN, signer),
        "nobody": sign("confirm", CAMPAIGN, "0" * 32, "661097a9d6800"),
        "packets": sign("packets", CAMPAIGN, "evanston", "2026-11-24"),
        "office": sign("office", CAMPAIGN, "evanston", mailbox_digest("chief@evanston-police.example")),
        "cover": sign("cover", CAMPAIGN, "evanston"),
    }


PUBLIC = """
GET /campaigns/{campaign}
GET /campaigns/{campaign}/embed
GET /campaigns/{campaign}/targets
POST /campaigns/{campaign}/preview
POST /campaigns/{campaign}/signatures
GET /campaigns/{campaign}/signatures
GET /campaigns/{campaign}/signed
GET /campaigns/{campaign}/count
GET /campaigns/{campaign}/share.png
OPTIONS /campaigns/{campaign}/{odd}
GET /confirm/{confirm}
POST /confirm/{confirm}
POST /confirm/{nobody}
POST /confirm/{odd}
GET /letters/{letter}
POST /letters/{letter}/withdraw
POST /letters/{letter}/no-news
GET /letters/{odd}
GET /packets/{packets}
GET /packets/{packets}/{odd}
GET /packets/{odd}/1
GET /office/{office}
GET /office/{odd}
POST /office/{office}/received
POST /office/{office}/stop
POST /office/{odd}/stop
GET /office/{office}/stop
GET /packets-sent/{cover}
GET /packets-sent/{odd}
GET /assets/{odd}
GET /campaigns/{odd}
GET /{odd}
"""
ORGANIZERS = """
GET
GET /targets
GET /counts
GET /signatures
GET /signatures/{signer}
GET /signatures/{odd}
GET /deliveries
GET /deliveries/next
GET /deliveries/2026-11-24/{target}
GET /deliveries/{odd}/{target}
GET /exports
GET /exports/{odd}
GET /{odd}
"""
PAGES = """
GET
GET /dashboard/{campaign}
POST /sign-out
POST /sign-in
GET /sign-in
GET /sign-in/{odd}
POST /sign-in/{odd}
GET /dashboard/{campaign}/people
POST /dashboard/{campaign}/people
POST /dashboard/{campaign}/people/{odd}/role
POST /dashboard/{campaign}/people/{odd}/remove
GET /dashboard/{campaign}/keys
POST /dashboard/{campaign}/keys
POST /dashboard/{campaign}/keys/{odd}/revoke
GET /dashboard/{campaign}/targets/{target}
GET /dashboard/{campaign}/targets/{odd}
GET /dashboard/{campaign}/targets/{target}/next
POST /dashboard/{campaign}/targets/{target}/hold
POST /dashboard/{campaign}/targets/{odd}/hold
POST /dashboard/{campaign}/targets/{target}/release
POST /dashboard/{campaign}/targets/{target}/test
POST /dashboard/{campaign}/targets/{target}/address
POST /dashboard/{campaign}/targets/{target}/lift-stop
POST /dashboard/{campaign}/targets/{target}/tell
POST /dashboard/{campaign}/targets/{target}/on-paper
GET /dashboard/{campaign}/deliveries
GET /dashboard/{campaign}/deliveries/2026-11-24/{target}
POST /dashboard/{campaign}/deliveries/2026-11-24/{target}/retry
POST /dashboard/{campaign}/deliveries/2026-11-24/{target}/settle-as-sent
POST /dashboard/{campaign}/deliveries/2026-11-24/{target}/settle-as-not-sent
GET /dashboard/{campaign}/deliveries/2026-11-24/{target}/packets/{odd}
POST /dashboard/{campaign}/deliveries/next
GET /dashboard/{campaign}/signatures
POST /dashboard/{campaign}/signatures
GET /dashboard/{campaign}/signatures/{signer}
GET /dashboard/{campaign}/signatures/{odd}
POST /dashboard/{campaign}/signatures/{signer}/erase
POST /dashboard/{campaign}/signatures/{signer}/release
GET /dashboard/{campaign}/screening
POST /dashboard/{campaign}/screening
GET /dashboard/{campaign}/exports
POST /dashboard/{campaign}/exports
GET /dashboard/{campaign}/exports/{odd}
GET /dashboard/{campaign}/audit
GET /new
POST /new
GET /dashboard/{campaign}/workshop
GET /dashboard/{campaign}/workshop/letter
POST /dashboard/{campaign}/workshop/letter
GET /dashboard/{campaign}/workshop/recipients
POST /dashboard/{campaign}/workshop/recipients
POST /dashboard/{campaign}/workshop/recipients
GET /dashboard/{campaign}/workshop/settings
POST /dashboard/{campaign}/workshop/settings
GET /dashboard/{campaign}/workshop/preview
POST /dashboard/{campaign}/workshop/test-email
GET /dashboard/{campaign}/workshop/publish
POST /dashboard/{campaign}/workshop/publish
POST /dashboard/{campaign}/workshop/discard
POST /dashboard/{campaign}/workshop/delete
POST /dashboard/{campaign}/pause
POST /dashboard/{campaign}/resume
POST /dashboard/{campaign}/targets/{target}/answer
POST /dashboard/{campaign}/deliveries/2026-11-24/{target}/handed-over
POST /dashboard/{campaign}/deliveries/2026-11-24/{target}/close-unsent
GET /dashboard/{campaign}/{odd}
GET /dashboard/{odd}
POST /dashboard/{odd}/pause
GET /{odd}
"""


def routes(listed: str) -> st.SearchStrategy[tuple[str, str]]:
    """Return methods and paths from a list. Most of them match."""
    known = [(line.partition(" ")[0], line.partition(" ")[2]) for line in listed.split("\n")[1:-1]]
    methods = st.sampled_from(("GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT"))
    good = st.sampled_from(known)
    return st.one_of(good, good, good, st.tuples(methods, good.map(lambda route: route[1])))


FIELDS = {
    "look": "2026-11-24T18:00:00+00:00",
    **ADA, "note": "Please.", "target": "evanston", "updates": "on", "drawing": "[[1,1,90,90]]", "form": "x",
    "topic": "", "letter_language": "es", "thanks": f"{SITE}/thanks", "mistakes": f"{SITE}/form#a",
    "version": "1", "why": "Because.", "token": "x", "campaign": CAMPAIGN, "period": "2026-11-30",
    "status": "confirmed", "revision": 0, "files": {"letter.es.md": None, "targets.csv": "id\n"},
    "settings": {"goal": 5, "organizer.email": "a@b.example", "languages": ["en"], "closes": None},
    "do": "save", "text": "Dear {{ target.name }} <canary>", "language": "en", "pasted": "name\temail\nA\ta@b.example",
    "replace": "yes", "cell-0-name": "<canary>", "cell-99999-id": "x", "cell-0-": "x", "remove-1": "yes", "was": "{}",
    "was-0": "evanston", "row-evanston": "{}", "row-": "[1]", "title": "<canary>", "goal": "5", "start": "letter",
    "copy": CAMPAIGN, "scope": "counts", "label": "x",
    "reason": "<canary>", "day": "2026-11-30", "public": True, "role": "editor",
    "cursor": "MjAyNi0xMS0zMCBldmFuc3Rvbg==", "find": "ada", "code": "123456",
}  # fmt: skip
PARAMETERS = {
    "lang": "es", "embedded": "1", "postal_code": "60201", "confirmed": "1", "by": "day", "limit": "10",
    "status": "pending", "target": "evanston", "period": "2026-11-30", "cursor": "MjAyNi0xMS0zMCBldmFuc3Rvbg==",
    "email": SIGNERS[0], "sort": "waiting", "order": "descending", "done": "paused", "theme": "dark", "revision": "7",
}  # fmt: skip
REQUEST_HEADERS = {
    "accept-language": "es-MX, en;q=0.8, *;q=0.1", "origin": SITE, "sec-fetch-site": "same-origin",
    "accept": "application/json", "content-type": "application/json", "x-forwarded-proto": "https",
    "authorization": f"Bearer {KEY}", "host": "letters.example",
}  # fmt: skip

HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=300)
ODD_NAMES = st.one_of(st.sampled_from(ODD), st.text(ANY_CHARACTER, max_size=20), st.just("x" * 3_000))


def some(good: dict[str, str], odd: st.SearchStrategy[str], *, most: int = 4) -> st.SearchStrategy[dict[str, str]]:
    """Return a few of these values, good and bad."""
    pair = st.sampled_from(sorted(good)).flatmap(
        lambda name: st.tuples(st.just(name), st.one_of(st.just(good[name]), odd, mutated([good[name]])))
    )
    return st.lists(pair, max_size=most).map(dict)


def as_multipart(values: dict[str, str]) -> bytes:
    """Return a form as browsers send it with a file; one of its fields is the file."""
    parts = [
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"{"; filename=a" if name == "pasted" else ""}\r\n\r\n'
        f"{value}\r\n"
        for name, value in values.items()
    ]
    return f"{''.join(parts)}--xyz--\r\n".encode("utf-8", "replace")


def bodies() -> st.SearchStrategy[tuple[str, bytes]]:
    """Return bodies with their types: forms, JSON, and neither."""
    good = {name: str(value) for name, value in FIELDS.items()}
    changed = some(good, texts(80, surrogates=True)).map(lambda changes: {**good, **changes})
    as_form = changed.map(lambda values: urlencode(values, errors="replace").encode())
    as_json = st.one_of(changed.map(json.dumps), json_texts([FIELDS])).map(lambda text: text.encode("utf-8", "replace"))
    return st.one_of(
        as_form.map(lambda body: ("application/x-www-form-urlencoded", body)),
        changed.map(lambda values: ("multipart/form-data; boundary=xyz", as_multipart(values))),
        as_json.map(lambda body: ("application/json", body)),
        st.tuples(st.sampled_from(("multipart/form-data; boundary=x", "application/json", "")), st.binary(max_size=40)),
    )


HEADERS = some(REQUEST_HEADERS, HEADER)
QUERY = some(PARAMETERS, texts(60))


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs), (tag, attrs)
        assert not any(str(value).lower().startswith("javascript:") for name, value in attrs if name in {"href", "src"})


def check(answer: Answer) -> None:
    """Check that an answer is no 5xx, and that no input became a header, markup or a redirect."""
    assert answer.status < 500, (answer.status, answer.body[:500])
    for name, value in (*answer.headers.items(), *(("set-cookie", cookie) for cookie in answer.cookies)):
        assert not re.search(r"[\r\n\0]", value), (name, value)
        value.encode("latin-1")
    media_type = answer.headers.get("content-type", "")
    if answer.headers.get("content-encoding") is None and answer.content:
        if media_type.startswith("text/html"):
            assert "canary" not in Tags(answer.body).tags
        elif "json" in media_type:
            json.loads(answer.body)
    if location := answer.headers.get("location"):
        assert location.startswith(("/", SITE, "https://s3", "https://undersigned")), location
        assert not location.startswith("//")


def filled(template: str, world: World, odd: str) -> str:
    """Fill in a path with good names, and with an odd one as a browser encodes it."""
    known = {
        "campaign": CAMPAIGN,
        "target": "evanston",
        "signer": signer_id(SECRET, SIGNERS[0]),
        "period": "2026-11-24",
    }
    issued = tokens(world)
    return template.format(**known, **issued, token=issued["packets"], odd=quote(odd, safe=""))


def prepare(world: World) -> None:
    """Add a key, letters of hostile signers, and a delivery."""
    world.put_key(KEY, "letters")
    for email in SIGNERS:
        world.confirmed(email=email, name="<canary>", note="<canary onload=1>\n{{ 7*7 }}", locality='"><canary>')
        if not world.deliveries:
            world.week()


@pytest.mark.asvs("13.4.4")
@tried(150)
@given(routes(PUBLIC), ODD_NAMES, QUERY, HEADERS, bodies())
def test_any_public_request_is_answered(
    route: tuple[str, str], odd: str, query: dict[str, str], headers: dict[str, str], body: tuple[str, bytes]
) -> None:
    world, (method, path) = stack.as_prepared(prepare), route
    address = filled(path, world, odd) + (f"?{urlencode(query)}" if query else "")
    sent: dict[str, Any] = {"raw": body[1]} if method in {"POST", "PUT", "DELETE"} else {}
    check(world.request(method, address, headers={"content-type": body[0], **headers}, **sent))


@tried(150)
@given(routes(ORGANIZERS), ODD_NAMES, QUERY, HEADERS, bodies(), st.sampled_from((True, True, True, False)))
def test_any_api_request_is_answered(  # noqa: PLR0917
    route: tuple[str, str],
    odd: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: tuple[str, bytes],
    opens: bool,  # noqa: FBT001
) -> None:
    world, (method, path) = stack.as_prepared(prepare), route
    address = f"/organizer/campaigns/{CAMPAIGN}{filled(path, world, odd)}" + (f"?{urlencode(query)}" if query else "")
    sent: dict[str, Any] = {"raw": body[1]} if method in {"POST", "PUT", "DELETE"} else {}
    known = {"authorization": f"Bearer {KEY}"} if opens else {}
    check(world.request(method, address, headers={"content-type": body[0], **headers, **known}, **sent))


@tried(100)
@given(routes(PAGES), ODD_NAMES, QUERY, HEADERS, bodies(), st.one_of(st.none(), HEADER))
def test_any_dashboard_request_is_answered(  # noqa: PLR0917
    route: tuple[str, str],
    odd: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: tuple[str, bytes],
    cookie: str | None,
) -> None:
    world, (method, path) = stack.as_prepared(prepare), route
    address = f"/organizer{filled(path, world, odd)}" + (f"?{urlencode(query)}" if query else "")
    owner = someone(world, "owner")
    token = owner.post_token.encode()
    content = body[1].replace(b"token=x", b"token=" + token).replace(b'"token"\r\n\r\nx', b'"token"\r\n\r\n' + token)
    content = content.replace(b'"token": "x"', b'"token": "' + token + b'"')
    sent: dict[str, Any] = {"raw": content} if method in {"POST", "PUT", "DELETE"} else {}
    own = {"content-type": body[0], "sec-fetch-site": "same-origin"}
    cookies = owner.cookies if cookie is None else [cookie]
    check(world.request(method, address, headers={**own, **headers}, cookies=cookies, **sent))


SCREENING: dict[str, Any] = {
    "suspicion": "any", "domain": "signers.example", "network": "0123456789ab", "signed_from": "2026-11-24T09:00",
    "signed_before": "2026-11-30T09:00", "on_hold": True, "target": "evanston", "action": "hold", "why": "Because.",
    "cursor": None,
}  # fmt: skip
EVERY_KIND: tuple[Any, ...] = (None, False, True, 0, -1, 0.5, 10**30, "", "x", "yes", "\ud800", [], [[]], {}, {"x": []})


def fields_of_api() -> list[tuple[str, str, dict[str, Any], str]]:
    """Return method, path, a good body and the name of one field, for every field that the document has."""
    found = []
    for (method, path), operation in OPERATIONS.items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            # The office's page posts forms, which the test of public requests tries.
            continue
        names = resolved(content["application/json"]["schema"])["properties"]
        found += [(method, path, {known: FIELDS[known] for known in names if known in FIELDS}, name) for name in names]
    return found


def with_every_kind[Property: Callable[..., None]](prop: Property) -> Property:
    """Try each kind of JSON value on a property, before those that Hypothesis makes."""
    for value in EVERY_KIND:
        prop = example(value)(prop)
    return prop


@tried(5)
@with_every_kind
@given(values())
def test_any_value_of_any_field_of_the_api_is_answered(value: object) -> None:
    for method, path, good, name in fields_of_api():
        world = stack.as_prepared(prepare)
        raw = json.dumps({**good, name: value}).encode()
        headers = {"content-type": "application/json"}
        check(world.request(method, filled(path, world, "x"), raw=raw, headers=headers))


@tried(100)
@given(
    st.sampled_from([line.partition(" ")[2] for line in PAGES.split("\n") if line.startswith("POST ")]),
    st.sampled_from(sorted(FIELDS | SCREENING)),
    st.one_of(st.sampled_from(EVERY_KIND), values()),
)
def test_any_value_of_any_field_of_a_page_is_answered(path: str, name: str, value: object) -> None:
    world = stack.as_prepared(prepare)
    owner = someone(world, "owner")
    good = SCREENING | {"on_hold": "yes"} if path.endswith("/screening") else FIELDS
    raw = json.dumps({**good, "token": owner.post_token, name: value}).encode()
    headers = {"content-type": "application/json", "sec-fetch-site": "same-origin"}
    check(
        world.request("POST", f"/organizer{filled(path, world, 'x')}", raw=raw, headers=headers, cookies=owner.cookies)
    )


LANGUAGES = st.one_of(
    mutated(["es-MX, en;q=0.8, *;q=0.1", "zh-Hant-TW;q=1.000", "en;q=0"]),
    texts(300),
    texts(3).map(lambda text: text * 900),
)


@tried(100)
@given(LANGUAGES, LANGUAGES)
def test_any_preference_leads_to_an_existing_language(requested: str, accepted: str) -> None:
    assert chosen_language(languages(), requested, accepted) in languages()
