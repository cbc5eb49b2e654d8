"""The inbox: shows every email that the local stack sent, in a browser.

Emails can contain anything that a stranger typed. So all text is escaped, and an email's HTML is in an iframe that runs
no script, loads nothing and has no origin. Its links open in a new tab.

Other sites' pages can't show the inbox, link to it or send it anything. A browser says where a request comes from:
https://www.w3.org/TR/fetch-metadata/.
"""

from __future__ import annotations

import re
from base64 import b64encode
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from email.message import EmailMessage, MIMEPart

    from werkzeug.wrappers import Request

    from undersigned_cli.local.mail_store import MailStore, StoredMail
    from undersigned_cli.local.serving import Answer

PATH = "/inbox"

_ADDRESS = re.compile(rf"{PATH}/(?P<number>\d+)(?P<part>/html|/attachments/(?P<attachment>\d+)|\.eml)?")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_OWN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_REFUSED = "The inbox refuses requests of other sites (cross-site). Type its address into the browser.\n"


def inbox(store: MailStore) -> Answer:
    """Return the handler of `/inbox` and the addresses below it."""

    def answer(request: Request) -> Response:
        if _is_of_another_site(request):
            return Response(_REFUSED, 403)
        if request.path.rstrip("/") == PATH:
            return _page("Inbox", mails=[(mail, _subject(_parsed(mail))) for mail in reversed(store.mails())])
        found = _ADDRESS.fullmatch(request.path)
        mail = store.mail(int(found["number"])) if found else None
        if found is None or mail is None:
            return _page("There is no such email", 404)
        return _part(mail, found["part"], int(found["attachment"] or 0))

    return answer


def _is_of_another_site(request: Request) -> bool:
    """Return whether the browser says that another site sent the request. Programs and old browsers say nothing."""
    return request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"} or "Origin" in request.headers


def _part(mail: StoredMail, part: str | None, number: int) -> Response:
    """Return an email's page, its HTML, its attachment of a number, or the email itself."""
    message = _parsed(mail)
    attachments = list(message.iter_attachments())
    if part is None:
        text = message.get_body(("plain",))
        return _page(
            _subject(message),
            mail=mail,
            sender=message["From"] or mail.sender,
            attachments=[(each.get_filename(), len(_content(each)), each.get_content_type()) for each in attachments],
            has_html=message.get_body(("html",)) is not None,
            text=_text(text) if text else "",
        )
    if part == "/html":
        return _html_part(message)
    if part == ".eml":
        return _download(mail.raw, "message/rfc822", f"{mail.number:04}.eml")
    if not 1 <= number <= len(attachments):
        return _page("There is no such attachment", 404)
    wanted = attachments[number - 1]
    return _download(_content(wanted), wanted.get_content_type(), wanted.get_filename() or f"attachment-{number}")


def _html_part(message: EmailMessage) -> Response:
    part = message.get_body(("html",))
    html = _with_pictures(_text(part), message) if part else ""
    head = _HEAD.search(html)
    cut = head.end() if head else 0
    # Links must not open inside the frame, where the page that they lead to could not work.
    html = f'{html[:cut]}<base target="_blank">{html[cut:]}'
    answered = _answer(html.encode(errors="replace"), "text/html; charset=utf-8", _MAIL_POLICY)
    answered.headers["Referrer-Policy"] = "no-referrer"
    return answered


def _with_pictures(html: str, message: EmailMessage) -> str:
    """Insert an email's pictures where its HTML refers to their Content-IDs, as mail programs do (RFC 2392)."""
    for part in message.walk():
        if part.get_content_type() == "image/png" and (name := part["Content-ID"]):
            picture = b64encode(_content(part)).decode()
            html = html.replace(f"cid:{name.strip('<> ')}", f"data:image/png;base64,{picture}")
    return html


def _download(content: bytes, media_type: str, name: str) -> Response:
    known = media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
    answered = _answer(content, known, "default-src 'none'; sandbox")
    answered.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answered


def _page(title: str, status: int = 200, **shown: Any) -> Response:
    html = _PAGES.get_template("inbox.html").render(title=title, path=PATH, **shown)
    return _answer(html.encode(errors="replace"), "text/html; charset=utf-8", _OWN_POLICY, status)


_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def _answer(content: bytes, media_type: str, policy: str, status: int = 200) -> Response:
    headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    return Response(content, status, headers, content_type=media_type)


def _parsed(mail: StoredMail) -> EmailMessage:
    return message_from_bytes(mail.raw, policy=default)


def _subject(message: EmailMessage) -> str:
    return str(message["Subject"] or "").strip() or "(no subject)"


def _text(part: MIMEPart) -> str:
    try:
        return _content(part).decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return _content(part).decode(errors="replace")


def _content(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()
