"""Pages as tests read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.world import Answer


def text_of(answer: Answer, status: int = 200) -> str:
    """Return the text of a page that was answered with this status."""
    assert answer.status == status, answer.status
    return answer.words


@dataclass
class Element:
    """An element with its attributes. `text` is all text in it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""

    def __getitem__(self, attribute: str) -> str | None:
        return self.attributes[attribute]

    def __contains__(self, attribute: str) -> bool:
        return attribute in self.attributes


_VOID = {"base", "br", "input", "link", "meta"}


@dataclass
class Page(HTMLParser):
    """A page as a list of its elements."""

    html: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, /, **attributes: str) -> list[Element]:
        return [
            element
            for element in self.elements
            if element.name == tag and attributes.items() <= element.attributes.items()
        ]

    def one(self, tag: str, /, **attributes: str) -> Element:
        [found] = self.all(tag, **attributes)
        return found

    def field(self, name: str) -> Element:
        # A slot of the letter has a name, too.
        [found] = [it for it in self.elements if it.attributes.get("name") == name and it.name != "slot"]
        return found
