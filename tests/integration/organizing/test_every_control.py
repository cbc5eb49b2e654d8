"""A crawler presses every button and follows every link that any page or email shows, through the functions' handlers.

It reads what there is to press from the pages, so a new button is pressed, too. Each press begins in the state in which
its page was shown; what it leads to is looked at in the state that it left. The tests' memory checks every AWS call.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest

from tests.support.acting import Decisions
from tests.support.logos import png
from tests.support.organizers import Browser, add, signed_in
from tests.support.packets import links_of_office
from tests.support.shown_addresses import ShownAddresses
from tests.support.workshop import send_parts
from tests.support.world import CAMPAIGN, FORM, PUBLIC_URL
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.workshop import Author
    from tests.support.world import Answer, World

OWNER = "owner@enddemand.example"
PICTURE = png(64, 24)
TABS = {"where", "view"}
"""The parts of a query whose values are pages of their own."""


@dataclass(frozen=True)
class Control:
    """A link, or a form with one of its buttons (none if it has none)."""

    method: str
    path: str
    values: Mapping[str, str | bytes] = field(default_factory=dict)
    button: tuple[str, str] = ("", "")
    media_type: str = ""

    @property
    def kind(self) -> tuple[object, ...]:
        """What controls of different letters, days, languages and rows have in common."""
        parts = urlsplit(self.path)
        path = re.sub(r"/[^/]*\.[\w.-]{20,}|/[0-9a-f]{12,}|/\d{4}-\d\d-\d\d[\w-]*|/\d+(?=/|$)", "/…", parts.path)
        path = re.sub(r"/targets/(?!evanston|skokie|wilmette)[a-z-]+", "/targets/…", path)
        query = {name: f"{name}={value}" if name in TABS else name for name, value in parse_qsl(parts.query)}
        return self.method, path, *sorted({*query.values()} - {"lang"}), self.button


class Page(HTMLParser):
    """A page's links, and its forms with their fields and buttons. Scripts' own buttons send nothing."""

    def __init__(self, path: str, body: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.fields: list[tuple[str | int, str, str | bytes]] = []
        self.buttons: list[tuple[str | int, dict[str, str]]] = []
        self._open: int | None = None
        self._area: list[str] | None = None
        self._select: dict[str, str] | None = None
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        form = given.get("form", self._open if self._open is not None else -1)
        if address := given.get({"a": "href", "iframe": "src"}.get(tag, ""), ""):
            self.links.append(address)
        elif tag == "form":
            self._open = len(self.forms)
            self.forms.append(given)
        elif tag == "button" and given.get("type") != "button":
            self.buttons.append((form, given))
        elif tag == "textarea":
            self.fields.append((form, given.get("name", ""), ""))
            self._area = [""]
        elif tag == "select":
            self._select = {"form": str(form), "name": given["name"]}
            self.fields.append((form, given["name"], ""))
        elif tag == "option" and self._select and (not self.fields[-1][2] or "selected" in given):
            self.fields[-1] = (*self.fields[-1][:2], given.get("value", ""))
        elif tag == "input" and given.get("type") == "file":
            if "image" in given["accept"]:
                self.fields.append((form, given["name"], PICTURE))
        elif tag == "input" and "name" in given and (is_sent(given) or "required" in given):
            of_type = "number" if given.get("inputmode") == "numeric" else given.get("type", "text")
            self.fields.append((form, given["name"], given.get("value") or filling(given["name"], of_type)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._area is not None:
            form, name, _ = self.fields[-1]
            self.fields[-1] = (form, name, "".join(self._area).removeprefix("\n") or filling(name, "text"))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.append(data)

    def controls(self) -> Iterator[Control]:
        for link in self.links:
            address = urljoin(PUBLIC_URL + self.path, link)
            # A link to a place of the same page sends nothing.
            if address.startswith(f"{PUBLIC_URL}/") and not link.startswith("#"):
                yield Control("GET", address.removeprefix(PUBLIC_URL).partition("#")[0])
        for number, form in enumerate(self.forms):
            own = {number, form.get("id")}
            values = {name: value for of, name, value in self.fields if of in own and name}
            for button in [given for of, given in self.buttons if of in own] or [{}]:
                name = button.get("name", "")
                named = {name: button.get("value", "")} if name else {}
                action = urljoin(self.path, button.get("formaction", form.get("action", ""))).partition("#")[0]
                method = form.get("method", "get").upper()
                if method == "GET":
                    action = f"{action.partition('?')[0]}?{urlencode(values | named)}"
                yield Control(method, action, values | named, (name, named.get(name, "")), form.get("enctype", ""))


def is_sent(given: Mapping[str, str]) -> bool:
    return given.get("type") not in {"radio", "checkbox"} or "checked" in given


def filling(name: str, of_type: str) -> str:
    """Return what a person might type into an empty field."""
    known = {
        "hidden": "",
        "email": "new@desk.example",
        "date": "2026-12-01",
        "number": "5",
        "url": "https://site.example",
    }
    named = {
        "day": "2026-12-01",
        "typed": CAMPAIGN,
        "campaign": CAMPAIGN,
        "postal_code": "60201",
        "region": "IL",
        "company": "",
        "website": "",
    }
    return named.get(name, "new@desk.example" if "email" in name else known.get(of_type, "Some words"))


@dataclass
class Crawler:
    """Presses controls, each kind once, as somebody without a session and as an owner."""

    world: World
    people: Mapping[str, Browser]
    pressed: set[tuple[object, ...]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    links: deque[Any] = field(default_factory=deque)
    posts: deque[Any] = field(default_factory=deque)
    _mails: int = 0

    def crawl(self, *paths: str) -> None:
        self.find([Control("GET", path) for path in paths], again=True)
        while self.links or self.posts:
            restore, who, control = (self.links or self.posts).popleft()
            restore()
            self.press(who, control)

    def find(self, controls: list[Control], *, again: bool = False) -> None:
        """Remember controls that nobody has pressed, each with the state in which it was shown."""
        state = self.state()
        for control in controls:
            who = "owner" if control.path.startswith("/organizer") else "visitor"
            if again or control.kind not in self.pressed:
                self.pressed.add(control.kind)
                (self.links if control.method == "GET" else self.posts).append((state, who, control))

    def state(self) -> Callable[[], None]:
        world, memory = self.world, self.world.memory
        assert memory
        restore, now, read, sent = memory.save(), world.clock.now, world._read, list(world.sent)
        jars = {who: dict(browser.jar) for who, browser in self.people.items()}

        def go_back() -> None:
            restore()
            world.clock.now, world._read, world.sent[:] = now, read, sent
            self._mails = len(sent)
            for who, jar in jars.items():
                self.people[who].jar = dict(jar)
            # What they remember is of another state.
            world.restart()

        return go_back

    def press(self, who: str, control: Control) -> None:
        browser, before = self.people[who], len(self.problems)
        try:
            answer = self.send(browser, control)
            path = control.path
            for _ in range(3):
                if answer.status not in {302, 303} or not answer.headers["location"].startswith(("/", PUBLIC_URL)):
                    break
                path = answer.headers["location"].removeprefix(PUBLIC_URL).partition("#")[0]
                answer = browser.request("GET", path)
            if control.method == "POST":
                self.settle()
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  (all problems are told at once)
            self.problems.append(f"{control.method} {control.path} {control.button}: {error!r}"[:400])
            return
        if answer.status in {401, 403, 404, 405} or answer.status >= 500:
            self.problems.append(f"{control.method} {control.path} {control.button}: {answer.status} at {path}")
        if answer.headers.get("content-type", "").startswith("text/html") and len(self.problems) == before:
            self.look(control, answer.body)
            self.find([*Page(path, answer.body).controls(), *self.controls_of_mails()])

    def look(self, control: Control, body: str) -> None:
        """Tell of each address that a page, or an email since, shows as text."""
        contact = Campaigns(self.world.stack.table).campaign(CAMPAIGN).organizer.email
        for shown in (body, *(mail.html for mail in self.world.sent[self._mails :])):
            if plain := ShownAddresses(shown, contact).plain:
                self.problems.append(f"{control.method} {control.path} {control.button}: no links: {plain}")

    def send(self, browser: Browser, control: Control) -> Answer:
        self.world.clock.advance(minutes=1)
        if control.method == "GET":
            return browser.request("GET", control.path)
        if control.media_type != "multipart/form-data":
            return browser.request("POST", control.path, control.values)
        return send_parts(browser, control.path, control.values)

    def controls_of_mails(self) -> list[Control]:
        """Return the links in emails that were sent since."""
        new, self._mails = self.world.sent[self._mails :], len(self.world.sent)
        return [
            Control("GET", link)
            for mail in new
            for link in re.findall(rf"{re.escape(PUBLIC_URL)}(/[^\s<>)]+)", mail.text)
        ]

    def settle(self) -> None:
        """Let everything that a press began come to its end."""
        world = self.world
        world.run_stream()
        answers = [*world.run_people_mails(), *world.run_queue(), *world.run_exports(), *world.run_people_mails()]
        assert not [answer for answer in answers if answer["batchItemFailures"]], answers


@pytest.mark.memory
def test_every_button_and_link_of_every_page_works(world: World, author: Author) -> None:
    add(world, OWNER, "owner")
    author.open("settings")
    author.send("settings", {"logo": PICTURE, "do": "save"})
    author.publish()
    world.clock.advance(minutes=2)
    campaigns = Campaigns(world.stack.table)
    campaigns.put_target(CAMPAIGN, replace(campaigns.target(CAMPAIGN, "wilmette"), email=""))
    for name, code in {"Ada": "60201", "Bo": "60077", "Cy": "60091"}.items():
        world.confirmed(name=name, email=f"{name}@signers.example", postal_code=code)
    world.clock.now += timedelta(days=6)
    world.week()
    to = {mail.to: mail for mail in world.deliveries}
    world.feedback("bounce", to["chief@skokie-police.example"])
    world.feedback("delivery", to["chief@evanston-police.example"])
    Decisions(world.stack).save_answer(
        CAMPAIGN, "evanston", world.period, "We read it.", "cli", is_public=True, revision=""
    )
    world.confirmed(name="Dee", email="dee@signers.example")
    world.signed(name="Eve", email="eve@signers.example")
    office, cover = links_of_office(world)
    world.clock.advance(days=1)
    world.report()
    crawler = Crawler(world, {"visitor": Browser(world), "owner": signed_in(world, OWNER)})

    crawler.crawl(
        "/", FORM, f"{FORM}/embed", office, cover, "/organizer", *(c.path for c in crawler.controls_of_mails())
    )

    assert crawler.problems == []
    assert {path for method, path, *_ in crawler.pressed if method == "POST"} >= {"/confirm/…", "/office/…/received"}
