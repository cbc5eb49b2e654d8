"""The fields and buttons of a page, as a browser reads them, fills them in and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from tests.support.logos import png
from tests.support.workshop import send_parts
from undersigned.people.pages.typed import unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.organizers import Browser
    from tests.support.world import Answer

type Typed = Mapping[int, str | bytes | None]
"""What is typed in fields, by their places; None is a box that is not on."""

_CHOICES = {"select", "radio", "checkbox"}


@dataclass
class Field:
    """A field of a form. `options` are the values of a choice."""

    name: str
    kind: str
    form: str
    value: str = ""
    is_on: bool = True
    options: list[str] = field(default_factory=list)
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_choice(self) -> bool:
        return self.kind in _CHOICES

    @property
    def another(self) -> str | None:
        """Return another value of a choice than the present one; None for a box that is on."""
        if self.kind == "checkbox":
            return None if self.is_on else self.value
        return next((value for value in reversed(self.options) if value != self.value), self.value)

    def typed(self, number: int) -> str | bytes:
        """Return what a person types here, different for each number, or a file."""
        if self.kind == "file":
            picture = "image" in self.attributes["accept"]
            return png(100 + number, 50) if picture else f"Name\tTown\nfilled-{number:03}\tOakton\n".encode()
        if self.kind == "date":
            return f"2031-05-{number % 28 + 1:02}"
        mode = self.attributes.get("inputmode", self.kind)
        return {"email": f"filled-{number:03}@filled.example", "url": f"https://filled-{number:03}.example"}.get(
            mode, f"filled-{number:03}"
        )


@dataclass
class Button:
    """A button that sends a form to an address."""

    form: str
    address: str
    name: str
    value: str
    says: str = ""

    @property
    def id(self) -> str:
        """Return what tells the button from the others of its page."""
        return f"{self.address.rpartition('/')[2].partition('?')[0]} {self.value}".strip()


class FilledPage(HTMLParser):
    """The main part of a page: its fields and buttons. What only chooses a preview or leaves the page is left out."""

    def __init__(self, path: str, html: str) -> None:
        super().__init__()
        self.fields: list[Field] = []
        self.buttons: list[Button] = []
        self._path, self._form, self.forms = path, "", dict[str, str]()
        self.with_files: set[str] = set()
        self._inside: list[str] = []
        self._text: Field | Button | None = None
        self.feed(html.partition("<main")[2].partition("</main>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = given.get("id") or f"#{len(self.forms)}"
            address = urldefrag(urljoin(self._path, given.get("action", self._path)))[0]
            self.forms[self._form] = address if given.get("method") == "post" else ""
            self.with_files |= {self._form} if given.get("enctype") == "multipart/form-data" else set()
        if tag == "section":
            self._inside.append(given.get("class", ""))
        owner, name = given.get("form", self._form), given.get("name", "")
        kind = given.get("type", "text") if tag == "input" else tag
        if "disabled" in given or "readonly" in given or (tag == "button" and "hidden" in given):
            return
        if tag == "button" and given.get("type") != "button":
            self._text = Button(owner, given.get("formaction", ""), name, given.get("value", ""))
            self.buttons.append(self._text)
        elif tag == "option":
            chosen = self.fields[-1]
            chosen.options.append(given.get("value", ""))
            if "selected" in given or len(chosen.options) == 1:
                chosen.value = given.get("value", "")
        elif tag in {"input", "textarea", "select"} and name and owner:
            is_on = kind not in {"radio", "checkbox"} or "checked" in given
            shows = "shown" in self._inside
            made = Field(name, "hidden" if shows else kind, owner, given.get("value", ""), is_on, attributes=given)
            same = [it for it in self.fields if (it.name, it.form, it.kind) == (name, owner, "radio")]
            if shows and not is_on:
                return
            if kind == "radio" and same:
                made = same[0]
                made.value = given["value"] if is_on else made.value
                made.is_on |= is_on
            else:
                self.fields.append(made)
            made.options += [given.get("value", "")] if kind == "radio" else []
            self._text = made if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = ""
        elif tag == "section":
            self._inside.pop()
        elif tag in {"textarea", "button"}:
            if isinstance(self._text, Field):
                # A browser leaves out the line end after the tag.
                self._text.value = self._text.value.removeprefix("\n")
            self._text = None

    def handle_data(self, data: str) -> None:
        if isinstance(self._text, Field):
            self._text.value += data
        elif self._text:
            self._text.says += data

    def finish(self) -> FilledPage:
        """Give each button the address of its form. A form can stand after its buttons."""
        for button in self.buttons:
            button.address = urljoin(self._path, button.address or self.forms[button.form])
        self.buttons = [button for button in self.buttons if self.forms[button.form]]
        return self

    @property
    def to_fill_in(self) -> list[tuple[int, Field]]:
        """Return the fields that a person fills in, with their places."""
        posted = [(place, it) for place, it in enumerate(self.fields) if self.forms.get(it.form)]
        return [(place, it) for place, it in posted if it.kind != "hidden" and "hidden" not in it.attributes]

    def holds(self, text: str) -> bool:
        """Say whether a text stands in a field, or is kept in one."""
        return any(text in kept for it in self.fields for kept in (it.value, _unpacked(it.value)))

    @property
    def state(self) -> list[tuple[str, str, bool]]:
        """Return what the page's fields would send, without what is different on each page."""
        return [(it.name, it.value, it.is_on) for it in self.fields if it.name not in {"token", "was", "revision"}]


def _unpacked(value: str) -> str:
    try:
        return unpacked(value)
    except ValueError:
        return ""


def send(browser: Browser, page: FilledPage, button: Button, typed: Typed) -> Answer:
    """Press a button, as a browser does with some fields filled in."""
    values: dict[str, str | bytes] = {}
    for place, it in enumerate(page.fields):
        value = typed.get(place, it.value if it.is_on else None)
        if it.form == button.form and value is not None:
            values[it.name] = (value or b"") if it.kind == "file" else value
    if button.name:
        values[button.name] = button.value
    if button.form in page.with_files:
        return send_parts(browser, button.address, values)
    return browser.post(button.address.partition("#")[0], values)
