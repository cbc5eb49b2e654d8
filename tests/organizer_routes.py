"""Every route of organizers, and people of each role who ask for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.openapi_document import routes
from tests.organizers import add
from tests.world import CAMPAIGN, ROOT
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import Export, ExportFilter
from undersigned.people.routes.cookies import session_token
from undersigned.people.rules.api_keys import digest_of
from undersigned.people.rules.people import person_id
from undersigned.people.sessions import post_tokens
from undersigned.signing.rules.signatures import signer_id
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import push

if TYPE_CHECKING:
    from tests.organizers import Browser
    from tests.world import Answer, World
    from undersigned.people.rules.api_keys import KeyScope
    from undersigned.people.rules.people import Role

FOREIGN = "another"
API = "/organizer/campaigns/{campaign}"
PEOPLE: dict[Role, str] = {
    "viewer": "viewer@enddemand.example",
    "editor": "editor@enddemand.example",
    "owner": "owner@enddemand.example",
}
KEY_SCOPES: tuple[KeyScope, ...] = ("counts", "letters")


@dataclass(frozen=True)
class Route:
    """A route of organizers, and the scope that it takes: a role's, or below `API` a key's."""

    method: str
    path: str
    scope: str | None

    @property
    def is_api(self) -> bool:
        return self.path.startswith(API)

    @property
    def is_of_campaign(self) -> bool:
        return "{campaign}" in self.path


def routes_of_organizers() -> list[Route]:
    """Return every route of the function, from its tables."""
    found = (Route(method, path, route.scope) for method, path, route in routes("organizer_api"))
    return sorted(found, key=lambda route: (route.path, route.method))


def filled(world: World, route: Route, campaign: str = CAMPAIGN) -> str:
    known = {
        "campaign": campaign,
        "target": "wilmette" if "/deliveries" not in route.path else "evanston",
        "period": "2026-11-24",
        "number": "1",
        "revision": "1",
        "signer": signer_id(world.stack.secret(), "ada@signers.example"),
        "export": "0123456789abcdef",
        "person": person_id(world.stack.secret(), "extra@enddemand.example"),
        "key": digest_of("us_extra")[:12],
        "asked": "0123456789abcdef",
        "page": "monday-morning",
    }
    return route.path.format(**known)


def add_everyone(world: World) -> None:
    """Make a campaign with letters, a delivery, people and keys, and another one with people and keys of its own."""
    world.confirmed()
    world.week()
    world.confirmed(email="bo@signers.example", postal_code="60091")
    export = Export(CAMPAIGN, "0123456789abcdef", "done", ExportFilter(), "key", world.clock.now)
    Exports(world.stack.table).put_export(export)
    world.stack.bucket.write(export.file, iter([b""]))
    folder = campaign_folder.read(ROOT / "campaigns" / CAMPAIGN)
    push(world.stack, replace(folder, campaign=replace(folder.campaign, id=FOREIGN)))
    for role, email in PEOPLE.items():
        add(world, email, role)
    add(world, "extra@enddemand.example", "viewer")
    add(world, "foreign@enddemand.example", "owner", FOREIGN)
    for scope in KEY_SCOPES:
        world.put_key(f"us_{scope}", scope)
    world.put_key("us_extra", "counts")
    world.put_key("us_foreign", "letters", FOREIGN)


def tokens_of(browser: Browser) -> str:
    """Return the token for posts of a session, which its pages have."""
    return post_tokens(browser.world.stack.links, session_token(browser.cookies))[0]


def ask(browser: Browser, route: Route, campaign: str = CAMPAIGN) -> Answer:
    """Ask for a page as a browser does; a button is pressed with the right token, but without values."""
    path = filled(browser.world, route, campaign)
    if route.method == "GET":
        return browser.see(path)
    return browser.post(path, {"token": tokens_of(browser)})
