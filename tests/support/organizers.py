"""People at the dashboard, each in a browser of their own."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.pages import text_of
from tests.support.world import CAMPAIGN
from undersigned.campaigns.rules.campaigns import dashboard_path
from undersigned.people import membership, sessions
from undersigned.people.routes.cookies import COOKIE, session_token
from undersigned.people.rows.api_keys import ApiKeys
from undersigned.people.rows.people import People
from undersigned.people.rules.api_keys import digest_of
from undersigned.people.rules.people import Member, Person, person_id
from undersigned.people.sessions import post_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer, Sent, World
    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Role

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}
ROOTS = (
    *(f"/{room}" for room in ("organizer", "campaigns/", "confirm/", "disown/", "letters/", "office/", "packets")),
    *("/assets/", "/embed.js", "/openapi.json"),
)
"""How addresses begin that are given from the root."""


@dataclass
class Browser:
    """A browser: it keeps cookies, and says where a post comes from."""

    world: World
    campaign: str = CAMPAIGN
    jar: dict[str, str] = field(default_factory=dict)
    code_page: str = "/organizer/sign-in/none"

    @property
    def cookies(self) -> list[str]:
        return [f"{name}={value}" for name, value in self.jar.items()]

    def address(self, path: str) -> str:
        """Return a path that is given from the root, or below the campaign's dashboard."""
        return path if path.startswith(ROOTS) or path == "/" else f"{dashboard_path(self.campaign)}{path}"

    def request(self, method: str, path: str, values: Mapping[str, object] | None = None, **options: Any) -> Answer:
        options.setdefault("headers", SAME_ORIGIN)
        answer = self.world.request(method, self.address(path), values, cookies=self.cookies, **options)
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.jar[name] = value
            if not value:
                del self.jar[name]
        return answer

    def see(self, path: str = "", **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, values: Mapping[str, object] | None = None, **options: Any) -> Answer:
        return self.request("POST", path, values or {}, **options)

    def words(self, path: str = "") -> str:
        return text_of(self.see(path))

    @property
    def token(self) -> str:
        """Return the token in the forms of the session's pages."""
        found = re.search(r'name="token" value="([^"]+)"', self.see("/organizer").body or self.see("/deliveries").body)
        assert found
        return found[1]

    @property
    def post_token(self) -> str:
        """Return that token without opening a page."""
        return post_tokens(self.world.stack.links, session_token(self.cookies))[0]

    def revision(self, path: str) -> dict[str, str]:
        """Return what the buttons of a delivery's page send back: what the person saw of it."""
        found = re.search(r'name="revision" value="([^"]+)"', self.see(path).body)
        return {"revision": found[1]} if found else {}

    def press(self, path: str, values: Mapping[str, object] | None = None, **options: Any) -> Answer:
        return self.post(path, {"token": self.token, **(values or {})}, **options)

    # Signing in

    def ask(self, email: str) -> Answer:
        """Ask for an email to sign in with, and let it be sent."""
        answer = self.post("/organizer/sign-in", {"email": email})
        self.code_page = answer.headers.get("location", self.code_page)
        self.world.run_people_mails()
        return answer

    def type_code(self, code: str, **options: Any) -> Answer:
        """Type a code on the page that the browser got when it asked."""
        return self.post(self.code_page, {"code": code}, **options)

    def sign_in(self, email: str) -> Answer:
        """Sign in by the code of an email."""
        assert self.ask(email).status == 303
        answer = self.type_code(code_in(self.world.sent[-1]))
        assert answer.status == 303, answer.body
        return answer

    def enter(self, role: Role, campaign: str = CAMPAIGN) -> None:
        """Begin a session of somebody with a role in a campaign, as signing in does."""
        self.campaign = campaign
        self.jar[COOKIE] = begin_session(self.world.stack, role, campaign)


def begin_session(stack: Stack, role: Role, campaign: str = CAMPAIGN) -> str:
    """Give somebody a role in a campaign, begin their session, and return its token."""
    email = f"{role}@enddemand.example"
    person = Person(person_id(stack.secret(), email), email)
    if People(stack.table).member(campaign, person.id) is None:
        People(stack.table).put(Member(campaign, person.id, email, role, "command line", stack.clock()), None)
    return sessions.begin_session(stack, person)


def member(world: World, email: str, role: Role, campaign: str = CAMPAIGN) -> Browser:
    """Give somebody a role, and return their browser, signed in."""
    add(world, email, role, campaign)
    return signed_in(world, email, campaign)


def signed_in(world: World, email: str, campaign: str = CAMPAIGN) -> Browser:
    """Return the browser of somebody who signed in by email."""
    browser = Browser(world, campaign)
    browser.sign_in(email)
    return browser


def someone(world: World, role: Role, campaign: str = CAMPAIGN) -> Browser:
    """Return the browser of somebody who has a role, and is signed in."""
    browser = Browser(world)
    browser.enter(role, campaign)
    return browser


def act(world: World, path: str, values: Mapping[str, object] | None = None, role: Role = "editor") -> Answer:
    """Press a button of the dashboard as somebody with a role."""
    return someone(world, role).press(path, values)


def read(world: World, path: str) -> Any:
    """Return what a program reads with a key."""
    if ApiKeys(world.stack.table).api_key(CAMPAIGN, digest_of("us_letters")) is None:
        world.put_key("us_letters", "letters")
    answer = world.get(f"/organizer/campaigns/{CAMPAIGN}{path}", headers={"authorization": "Bearer us_letters"})
    assert answer.status == 200, answer.body
    return answer.json


def campaigns_of(browser: Browser) -> str:
    """Return the words of the table of campaigns that somebody sees."""
    table = browser.see("/organizer").body.partition("<tbody")[2].partition("</tbody>")[0]
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", table)).split())


def code_in(mail: Sent) -> str:
    """Return the code in an email that signs in."""
    found = re.search(r"\b(\d{6})\b", mail.text)
    assert found, mail.text
    return found[1]


def add(world: World, email: str, role: Role, campaign: str = CAMPAIGN) -> str:
    """Give somebody a role as the command line does, without their invitation, and return their id."""
    membership.invite(world.stack, campaign, email, role, "command line")
    world.run_people_mails()
    world.sent.pop()
    return person_id(world.stack.secret(), email)
