"""An organizer in the workshop, and what they bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from tests.support.organizers import SAME_ORIGIN, Browser
from undersigned.workshop import drafting, publishing
from undersigned.workshop.starting import empty_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.world import Answer, World
    from undersigned.base.stack import Stack
    from undersigned.workshop.rules.drafts import Draft

NEW = "safer-streets"
ANN = "ann@organizer.example"
BOUNDARY = "----boundary"

OWN_HEADINGS = """Chief's Full Name\tRank\tAgency\tCity\tE-mail Addr.\tZIPs served\tPhone
Robin Sample\tPolice Chief\tOakton Police\tOakton\tchief@oakton.example\t02134\t555-0100
Sasha Specimen\tSheriff\tElm County\tElmville\tsheriff@elmville.example\t*\t555-0101
"""
"""A table of recipients with the columns of its own."""

PAPER = """Dear Mayor ____________,

I live in ____________. Please act.

____________________
(signature)
Name: ____________
Address: ____________
Date: ____________
"""
"""A letter on paper."""


def send_parts(
    browser: Browser,
    path: str,
    values: Mapping[str, str | bytes],
    headers: Mapping[str, str] = SAME_ORIGIN,
) -> Answer:
    """Send values as multipart/form-data, and bytes as a file."""
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            BOUNDARY.encode(),
            name.encode(),
            b'; filename="a.csv"' if isinstance(value, bytes) else b"",
            value if isinstance(value, bytes) else value.replace("\n", "\r\n").encode(),
        )
        for name, value in values.items()
    ]
    body = b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()
    sent = {**headers, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return browser.request("POST", path, raw=body, headers=sent)


class Forms(HTMLParser):
    """The forms of a page, each with the values that a browser would send back unchanged."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given["action"], {}))
        if self.forms and "formaction" in given:
            self.forms.append((given["formaction"], self.forms[-1][1]))
        if not self.forms or not (name := given.get("name") or self._select):
            return
        values = self.forms[-1][1]
        if tag == "textarea":
            self._area, values[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in values or "selected" in given):
            values[name] = given["value"]
        elif tag == "input":
            kind = given.get("type")
            if kind not in {"radio", "checkbox", "file"} or "checked" in given:
                values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            # A browser leaves out the line end after the tag.
            values = self.forms[-1][1]
            values[self._area] = (values[self._area] + data).removeprefix("\n")


@dataclass
class Author(Browser):
    """An organizer in the workshop of a campaign. Their forms are posted as a browser posts them."""

    pages: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"/organizer/dashboard/{self.campaign}/workshop"

    def open(self, path: str) -> Answer:
        answer = self.see(f"{self.base}/{path}")
        self.pages[path] = answer.body
        return answer

    def form(self, path: str, action: str | None = None) -> dict[str, str]:
        """Return the values of a form of a page that was opened, by its action."""
        parser = Forms()
        parser.feed(self.pages[path])
        wanted = f"{self.base}/{action or path}"
        return next(values for address, values in parser.forms if address.partition("?")[0] == wanted.partition("?")[0])

    def send(self, path: str, changes: Mapping[str, str | bytes], action: str | None = None) -> Answer:
        """Send a form of a page that was opened, with some changes."""
        values: dict[str, str | bytes] = {**self.form(path, action), **changes}
        return send_parts(self, f"{self.base}/{action or path}", values)

    def take(self, changes: Mapping[str, str | bytes], columns: Mapping[str, str] | None = None) -> Answer:
        """Paste or upload recipients, and take the rows with the columns that the page chose, or with others."""
        answer = self.send("recipients", {**changes, "do": "paste"})
        if answer.status != 200:
            return answer
        self.pages["recipients"] = answer.body
        return self.send("recipients", {**(columns or {}), "do": "columns"})

    def draft(self) -> Draft:
        return drafting.draft_of(self.world.stack, self.campaign)

    def publish(self) -> None:
        publish(self.world.stack, self.campaign, self.draft().revision)


def publish(stack: Stack, campaign: str, revision: int, why: str = "") -> None:
    """Publish a revision of a draft after a look at what that changes."""
    publishing.publish(
        stack,
        campaign,
        revision,
        publishing.to_publish(stack, drafting.draft_of(stack, campaign)).fingerprint,
        ANN,
        why,
    )


def author_of(world: World) -> Author:
    """Return an organizer of the published campaign."""
    author = Author(world)
    author.enter("editor")
    return author


def beginner_of(world: World) -> Author:
    """Return an organizer with the draft of a new campaign in which everything is to fill in."""
    drafting.create(world.stack, NEW, ANN, empty_files(NEW))
    author = Author(world)
    author.enter("editor", NEW)
    return author
