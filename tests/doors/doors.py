"""Every door: each route of the two APIs as the routers list it, its scope, and people of each role who ask for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tests.support.openapi_document import routes
from tests.support.organizers import add
from tests.support.packets import links_of_office
from tests.support.world import ADMINISTRATOR, CAMPAIGN, PERIOD, PUBLIC_URL, ROOT
from undersigned.organizing.rows.exports import Exports
from undersigned.organizing.rules.exports import Export, ExportFilter
from undersigned.people.rules.api_keys import digest_of
from undersigned.people.rules.people import person_id
from undersigned.workshop.pushing import push
from undersigned_cli import campaign_folder

if TYPE_CHECKING:
    from tests.support.organizers import Browser
    from tests.support.world import Answer, World
    from undersigned.people.rules.api_keys import KeyScope
    from undersigned.people.rules.people import Role

FOREIGN = "another"
API = "/organizer/campaigns/{campaign}"
PAGES = "/organizer/dashboard/{campaign}"
OPEN = "open"

# fmt: off
SCOPES: dict[str, tuple[str, str]] = {
    "/organizer":                                ("read",   "-"),
    "/organizer/sign-in*":                       (OPEN,     OPEN),
    "/organizer/sign-out":                       ("-",      "read"),
    "/organizer/guide/{page}":                   ("read",   "-"),
    "/organizer/new":                            ("own",    "own"),
    f"{PAGES}":                                  ("read",   "-"),
    f"{PAGES}/targets/{{target}}":               ("read",   "-"),
    f"{PAGES}/targets/{{target}}/*":             ("manage", "manage"),
    f"{PAGES}/deliveries":                       ("read",   "-"),
    f"{PAGES}/deliveries/next":                  ("-",      "manage"),
    f"{PAGES}/deliveries/{{period}}/{{target}}": ("read",   "-"),
    f"{PAGES}/deliveries/{{period}}/*/*":        ("manage", "manage"),
    f"{PAGES}/signatures*":                      ("manage", "manage"),
    f"{PAGES}/screening":                        ("manage", "manage"),
    f"{PAGES}/exports*":                         ("manage", "manage"),
    f"{PAGES}/audit":                            ("manage", "-"),
    f"{PAGES}/pause":                            ("-",      "manage"),
    f"{PAGES}/resume":                           ("-",      "manage"),
    f"{PAGES}/workshop*":                        ("manage", "manage"),
    f"{PAGES}/workshop/delete":                  ("-",      "own"),
    f"{PAGES}/people*":                          ("own",    "own"),
    f"{PAGES}/keys*":                            ("own",    "own"),
    f"{API}":                                    ("counts", "-"),
    f"{API}/targets":                            ("counts", "-"),
    f"{API}/counts":                             ("counts", "-"),
    f"{API}/deliveries*":                        ("counts", "-"),
    f"{API}/signatures*":                        ("letters", "-"),
    f"{API}/exports*":                           ("letters", "-"),
}
# fmt: on
"""Who may ask for an address of organizers, and who may post to it: a role's scope, or below `API` a key's.

The longest entry that fits counts. Everything else is for everybody.
"""

QUERIES = {f"{PAGES}/workshop/preview/paper": "?page=1", "/campaigns/{campaign}/targets": "?postal_code=60201"}
"""What an address is nothing without."""

ROLES: dict[str, tuple[Role, ...]] = {
    "read": ("viewer", "editor", "owner"),
    "manage": ("editor", "owner"),
    "own": ("owner",),
}
FOREIGN_SITES: tuple[dict[str, str], ...] = (
    {},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": f"{PUBLIC_URL}.evil.example"},
    {"origin": f"https://evil.example@{PUBLIC_URL.removeprefix('https://')}"},
    {"origin": PUBLIC_URL.replace("https", "http")},
    {"sec-fetch-site": "cross-site", "origin": PUBLIC_URL},
    {"sec-fetch-site": "same-site", "origin": PUBLIC_URL},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": ""},
)
"""What browsers say of a post to organizers' pages that these didn't send."""

PEOPLE: dict[Role, str] = {role: f"{role}@enddemand.example" for role in ROLES["read"]}
KEY_SCOPES: tuple[KeyScope, ...] = ("counts", "letters")


def entry_of(path: str) -> str | None:
    """Return the entry of `SCOPES` for an address."""
    return max((it for it in SCOPES if fnmatchcase(path, it)), key=lambda it: (it == path, len(it)), default=None)


@dataclass(frozen=True)
class Door:
    """A route, with the scope that `SCOPES` says."""

    method: str
    path: str

    @property
    def scope(self) -> str:
        entry = entry_of(self.path)
        return SCOPES[entry][self.method == "POST"] if entry else OPEN

    @property
    def is_api(self) -> bool:
        return self.path.startswith(API)

    @property
    def is_of_campaign(self) -> bool:
        return self.path.startswith((API, PAGES))

    def is_open_to(self, role: Role) -> bool:
        return self.scope == OPEN or role in ROLES[self.scope]


def doors(*functions: str) -> list[Door]:
    """Return the doors of functions, or of organizers."""
    found = (Door(*route[:2]) for function in functions or ("organizer_api",) for route in routes(function))
    return sorted(found, key=lambda door: (door.path, door.method))


def filled(world: World, door: Door, campaign: str = CAMPAIGN, **ids: str) -> str:
    """Return the address of a door with the ids of what `add_everyone` makes, or with others."""
    sign, ada = world.stack.links.sign, world.signer()
    form = world.row().form
    tokens = {
        "/confirm": lambda: sign("confirm", CAMPAIGN, ada, form),
        "/disown": lambda: sign("disown", CAMPAIGN, ada),
        "/letters": lambda: sign("letter", CAMPAIGN, ada),
        "/office": lambda: links_of_office(world)[0].rpartition("/")[2],
        "/packets-sent": lambda: links_of_office(world)[1].rpartition("/")[2],
        "/packets": lambda: sign("packets", CAMPAIGN, "evanston", PERIOD),
    }
    known = {
        "campaign": campaign,
        "target": "wilmette" if "/deliveries" not in door.path else "evanston",
        "period": PERIOD,
        "number": "1",
        "signer": ada,
        "export": "0123456789abcdef",
        "person": person_id(world.stack.secret(), "extra@enddemand.example"),
        "key": digest_of("us_extra")[:12],
        "asked": "0123456789abcdef",
        "page": "monday-morning",
        "digest": "0" * 16,
        "name": "page.js",
        "_rest": "signatures",
        **ids,
    }
    if "{token}" in door.path:
        known["token"] = tokens[door.path.partition("/{token}")[0]]()
    return door.path.format(**known) + QUERIES.get(door.path, "")


def add_everyone(world: World, **typed: str) -> None:
    """Make a campaign with letters, as `typed`, a delivery, people and keys, and another one with people of its own."""
    world.confirmed(**typed)
    world.week()
    world.confirmed(**{**typed, "email": "bo@signers.example", "postal_code": "60091"})
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


def everyone_who_sees_pages() -> tuple[str, str]:
    """Return an owner of the campaign, and the administrator, who also sees what is about none."""
    return PEOPLE["owner"], ADMINISTRATOR


def ask(browser: Browser, door: Door, campaign: str = CAMPAIGN) -> Answer:
    """Ask for a page as a browser does; a button is pressed with the right token, but without values."""
    path = filled(browser.world, door, campaign)
    if door.method == "GET":
        return browser.see(path)
    return browser.post(path, {"token": browser.post_token} if path.startswith("/organizer") else {})


def ask_api(world: World, door: Door, key: str | None, campaign: str = CAMPAIGN) -> Answer:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return world.request(door.method, filled(world, door, campaign), as_json=True, headers=headers)


def check_harmless(body: str, about: str) -> None:
    """Check that nothing of hostile text is markup, and that no template engine has calculated in it."""
    assert not re.search(r"<img src=x|<style>\*", body), about
    assert not re.search(r"\b49\b", re.sub(r"<style>.*?</style>", "", body, flags=re.DOTALL)), about
