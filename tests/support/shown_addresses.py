"""Addresses that a page or an email shows as text, so that nobody can follow them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# In tests, every website and mailbox is below `.example`.
_ADDRESS = re.compile(r"https?://\S*\w|[\w.+-]+@[\w.-]+\w|(?:[\w-]+\.)+example\b(?:/\S*\w)?")
_SAMPLE = "www.example.org"
_LINK_OR_TO_COPY = {"a", "code", "textarea", "option"}
_UNSEEN = {"script", "style", "title"}


class ShownAddresses(HTMLParser):
    """The addresses in a page's text that are neither links nor there to be copied.

    Of email addresses only those that people are to write to: the `contact`'s, and one that is the value of a list. A
    sentence, such as one about a bounce, only names an address.
    """

    def __init__(self, body: str, contact: str) -> None:
        super().__init__()
        self.plain: list[str] = []
        self._contact = contact
        self._inside: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A card that stands for what social networks show has their look.
        is_picture = "shared" in (dict(attrs).get("class") or "")
        if tag in {*_LINK_OR_TO_COPY, *_UNSEEN, "dd", "div"}:
            self._inside.append("picture" if is_picture else tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] in {tag, "picture"}:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if {*_LINK_OR_TO_COPY, *_UNSEEN, "picture"} & {*self._inside}:
            return
        for address in _ADDRESS.findall(data):
            is_written_to = address == self._contact or ("dd" in self._inside and address == data.strip())
            if (is_written_to or "@" not in address) and _SAMPLE not in address:
                self.plain.append(address)
