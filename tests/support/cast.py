"""What people do, each act once: the link or the button, and what they post. A harness says how an act runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tests.support.organizers import someone
from tests.support.workshop import Forms
from tests.support.world import CAMPAIGN, FORM
from undersigned.campaigns.rows.campaigns import Campaigns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.support.organizers import Browser
    from tests.support.world import Answer, World
    from undersigned.people.rules.people import Role

KEY = "us_letters"
"""The key of a program that reads everything. `World.put_key` makes it."""


class Addressed(Protocol):
    """A person in a search who knows their address."""

    @property
    def email(self) -> str: ...


def email_of(person: str | Addressed) -> str:
    """Return a person's address. People who are only a first name have one of their own, too."""
    return f"{person.lower()}@signers.example" if isinstance(person, str) else person.email


def path_of(period: str, target: str) -> str:
    """Return the path of a delivery on the dashboard and in the API."""
    return f"/deliveries/{period}/{target}"


class Cast[Who: str | Addressed, Done]:
    """Signers, offices and organizers.

    `does` runs an act, which has a name, and returns what a harness needs of it: the answer, perhaps after several
    tries, or a thread that stops before each call.

    In a search nobody opens the page of a button: that takes longer than the press. With `opens_pages` everybody
    does, and posts what its form has; tests/search/test_cast.py does each act so.
    """

    def __init__(
        self,
        world: World,
        does: Callable[[str, Callable[[], Answer]], Done],
        *,
        role: Role = "editor",
        as_json: bool = False,
        opens_pages: bool = False,
    ) -> None:
        """Gather around a stack. Organizers have a role; signers use a form of the organizer's own with `as_json`."""
        self.world = world
        self.does = does
        self.role: Role = role
        self._as_json = as_json
        self._opens_pages = opens_pages

    # Signers

    def sign(self, person: Who, name: str, *, source: str = "203.0.113.7", **typed: object) -> Done:
        """Sign with a name, which is also on the address line: so it tells letters apart in packets."""
        own = {"name": name, "signature": name, "email": email_of(person), "address_line": name}
        values = self.world.typed(**{**own, **typed})
        return self._press(f"sign {name}", f"{FORM}/signatures", values, page=FORM, source=source)

    def press_link(self, link: str, name: str = "press a link") -> Done:
        """Press the button behind an email's link, which confirms a letter or disowns it."""
        return self._press(name, link, {}, page=link)

    def withdraw(self, person: Who) -> Done:
        return self._press_on_own_page(person, "withdraw")

    def end_news(self, person: Who) -> Done:
        return self._press_on_own_page(person, "no-news")

    def _press_on_own_page(self, person: Who, button: str) -> Done:
        page = self.world.own_page(email_of(person))
        return self._press(f"{button} {email_of(person)}", f"{page}/{button}", {}, page=page)

    # Offices

    def office(self, target: str = "evanston") -> str:
        """Return the path of an office's page, to which the emails to its present address lead."""
        email = Campaigns(self.world.stack.table).target(CAMPAIGN, target).email
        return self.world.office_path(email, target)

    def stop(self, page: str = "", reason: str = "") -> Done:
        """Stop the emails to an office, by default to Evanston's."""
        page = page or self.office()
        return self._press("stop", f"{page}/stop", {"reason": reason}, page=page, as_json=False)

    def receive(self, period: str, page: str = "") -> Done:
        """Say that the letters of a delivery are there, by default Evanston's."""
        page = page or self.office()
        return self._press("receive", f"{page}/received", {"period": period}, page=page, as_json=False)

    def _press(self, name: str, path: str, values: Mapping[str, object], *, page: str, **options: Any) -> Done:
        def act() -> Answer:
            shown = shown_by(self.world.get(page), path, values) if self._opens_pages else {}
            return self.world.post(path, {**shown, **values}, **{"as_json": self._as_json, **options})

        return self.does(name, act)

    # Organizers

    def organizer(self, path: str, values: Mapping[str, str] | None = None, *, page: str = "", name: str = "") -> Done:
        """Press a button of the dashboard, which is on a page, or else on the overview."""
        return self.press(someone(self.world, self.role), path, values, page=page, name=name)

    def press(
        self, browser: Browser, path: str, values: Mapping[str, str] | None = None, *, page: str = "", name: str = ""
    ) -> Done:
        """Press a button in somebody's browser."""
        given = values or {}

        def act() -> Answer:
            if self._opens_pages:
                shown = shown_by(browser.see(page), browser.address(path), given)
            else:
                shown = {"token": browser.post_token}
            return browser.post(path, {**shown, **given})

        return self.does(name or path, act)

    def erase(self, person: Who) -> Done:
        """Erase a letter, as its signer asked."""
        return self._of_letter(person, "erase", {"why": "asked for it"})

    def release_letter(self, person: Who) -> Done:
        """Release a letter that is on hold or in quarantine."""
        return self._of_letter(person, "release", {})

    def _of_letter(self, person: Who, what: str, values: Mapping[str, str]) -> Done:
        page = f"/signatures/{self.world.signer(email_of(person))}"
        return self.organizer(f"{page}/{what}", values, page=page, name=f"{what} {email_of(person)}")

    def pause(self) -> Done:
        return self.organizer("/pause", {"why": "a mistake in the letter"}, name="pause")

    def resume(self) -> Done:
        return self.organizer("/resume", name="resume")

    def hold(self, target: str = "evanston") -> Done:
        return self._of_target(target, "hold", {"why": "the office changes"})

    def release(self, target: str = "evanston") -> Done:
        return self._of_target(target, "release")

    def lift_stop(self, target: str = "evanston") -> Done:
        return self._of_target(target, "lift-stop", {"why": "they telephoned"})

    def set_address(self, email: str, target: str = "evanston") -> Done:
        """Save the address of an office. Without one, its letters go by hand."""
        return self._of_target(target, "address", {"email": email})

    def answer(self, text: str, target: str = "evanston") -> Done:
        """Save what an office answered today, which everyone can read, in place of an earlier answer."""
        known = Campaigns(self.world.stack.table).target(CAMPAIGN, target).answer
        revision = known.revision if known else ""
        values = {"day": self.world.day(), "text": text, "public": "yes", "revision": revision}
        return self._of_target(target, "answer", values)

    def let_tell(self, target: str = "evanston") -> Done:
        """Let signers be told of an answer."""
        return self._of_target(target, "tell")

    def _of_target(self, target: str, what: str, values: Mapping[str, str] | None = None) -> Done:
        page = f"/targets/{target}"
        return self.organizer(f"{page}/{what}", values, page=page, name=what)

    def send_now(self, seen_at: datetime | None = None, **values: str) -> Done:
        """Press *Send now* on a page that was read at a moment, or just now."""
        given = {"seen_at": (seen_at or self.world.clock.now).isoformat(), **values}
        return self.organizer("/deliveries/next", given, name="send now")

    def decide(self, delivery: str, what: str, **values: str) -> Done:
        """Decide about a delivery on its page, as it was there if a `revision` is given."""
        return self.organizer(f"{delivery}/{what}", values, page=delivery, name=what)

    def retry(self, delivery: str, **values: str) -> Done:
        return self.decide(delivery, "retry", **values)

    def hand_over(self, delivery: str, revision: str, day: str, note: str = "") -> Done:
        """Record that an office got the letters of a delivery by hand."""
        return self.decide(delivery, "handed-over", day=day, note=note, revision=revision)

    # Programs

    def read(self, path: str, *, key: str = KEY) -> Done:
        """Read what a program with a key reads."""
        at, headers = f"/organizer/campaigns/{CAMPAIGN}{path}", {"authorization": f"Bearer {key}"}
        return self.does(f"read {path}", lambda: self.world.get(at, headers=headers))


def at_once(world: World, *, opens_pages: bool = False) -> Cast[str, Answer]:
    """Return people whose acts are done when they return."""
    return Cast(world, lambda _name, act: act(), opens_pages=opens_pages)


def shown_by(page: Answer, path: str, values: Mapping[str, object]) -> dict[str, str]:
    """Return what the form on a page that posts to a path has. It must have fields for these values."""
    parser = Forms()
    parser.feed(page.body)
    forms = [shown for action, shown in parser.forms if action.partition("?")[0] == path]
    assert forms, f"no form for {path} on the page, but for {[action for action, _ in parser.forms]}"
    # A box that isn't ticked sends nothing.
    missing = [name for name in values if f'name="{name}"' not in page.body]
    assert not missing, f"the form for {path} has no {missing}"
    return forms[0]
