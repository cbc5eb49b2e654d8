"""An email: its sender, its text, its HTML with pictures, and its MIME form."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from email.header import Header
from email.headerregistry import Address, AddressHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import cache
from typing import TYPE_CHECKING, Any, override

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Sender:
    """The From address of a stack's emails, and the base address of the links in them."""

    address: str
    public_url: str


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A PNG that an email's HTML refers to by its Content-ID (RFC 2392), a hash of the picture."""

    content_id: str
    png: bytes = field(repr=False)

    @property
    def data(self) -> str:
        """Return it as an address that needs no request."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF attached to an email."""

    filename: str
    pdf: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A complete email. SES repeats `tags` in its events; they have letters, digits, `-` and `_` only.

    `list_id` names the list that it is of (RFC 2919). A program can stop the list with a post to `stop_url` (RFC 8058).
    """

    language: str
    sender_name: str
    sender_address: str
    to: str
    reply_to: str
    subject: str
    text: str
    html: str
    tags: Mapping[str, str]
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[InlinePicture, ...] = ()
    list_id: str | None = None
    stop_url: str | None = None

    @property
    def shown_html(self) -> str:
        """Return its HTML with its pictures in it, for a page."""
        html = self.html
        for picture in self.pictures:
            html = html.replace(f"cid:{picture.content_id}", picture.data)
        return html

    def as_bytes(self) -> bytes:
        """Return the email as MIME; equal emails give equal bytes."""
        message = EmailMessage(policy=_WHOLE)
        message["From"] = _address(self.sender_name, self.sender_address)
        message["To"] = _address("", self.to)
        message["Reply-To"] = _address("", self.reply_to)
        message["Subject"] = self.subject
        message["Auto-Submitted"] = "auto-generated"
        if self.list_id:
            message["List-Id"] = f"<{self.list_id}>"
        if self.stop_url:
            message["List-Unsubscribe"] = f"<{self.stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        self._add_pictures(message)
        for attachment in self.attachments:
            message.add_attachment(attachment.pdf, maintype="application", subtype="pdf", filename=attachment.filename)
        # The reader's language (RFC 3282). It comes last, because adding parts moves Content- headers into a part.
        message["Content-Language"] = self.language
        seed = hashlib.sha256(f"{self.to}\n{self.subject}\n{self.text}".encode()).hexdigest()[:32]
        for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
            part.set_boundary(f"=_{seed}_{number}")
        return message.as_bytes()

    def _add_pictures(self, message: EmailMessage) -> None:
        """Join the pictures to the HTML as `multipart/related` (RFC 2387)."""
        html = message.get_body(("html",))
        if html is None or not self.pictures:
            return
        for picture in self.pictures:
            html.add_related(picture.png, maintype="image", subtype="png", cid=f"<{picture.content_id}>")
        html.set_param("type", "text/html")


def _address(name: str, address: str) -> Address:
    return Address(display_name=name, addr_spec=address)


_LONG_WORD = 60
"""A word of this many characters may not fit into a header's first line, which has 78."""


class _EncodedWhole(EmailPolicy):
    """Encodes a whole subject, or the whole name before an address, unless it is short words in ASCII (RFC 2047).

    The standard library encodes only some words, and loses or doubles the spaces around them. It also folds before the
    first word, where readers then see a space. It encodes a long address in a `List-` field, which programs don't read.
    """

    @override
    def fold_binary(self, name: str, value: Any) -> bytes:
        text, end = str(value), ""
        if name.startswith("List-"):
            return f"{name}: {text}\r\n".encode("ascii")
        if name not in {"From", "Subject"}:
            return super().fold_binary(name, value)
        is_plain = text.isascii() and all(len(word) < _LONG_WORD for word in text.split())
        if isinstance(value, AddressHeader) and not is_plain:
            [address] = value.addresses
            text, end = address.display_name, f"\r\n <{address.addr_spec}>"
        encoded = Header(text, "us-ascii" if is_plain else "utf-8", header_name=name).encode(linesep="\r\n")
        return f"{name}: {encoded}{end}\r\n".encode("ascii")


class _Fields(HeaderRegistry):
    """Makes the class of each field once. The standard library makes it twice for each field of each email."""

    __getitem__ = cache(HeaderRegistry.__getitem__)


_WHOLE = _EncodedWhole(linesep="\r\n", header_factory=_Fields())
