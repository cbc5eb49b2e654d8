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
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from undersigned_cli.local.serving import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from email.message import EmailMessage, MIMEPart

    from undersigned_cli.local.mail_store import MailStore, StoredMail

PATH = "/inbox"

_ADDRESS = re.compile(rf"{PATH}/(?P<number>\d+)(?P<part>/html|/attachments/(?P<attachment>\d+)|\.eml)?")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_OWN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_REFUSED = Response(
    403, body=b"The inbox refuses requests of other sites (cross-site). Type its address into the browser.\n"
)

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .8rem .4rem 0;
border-bottom: 1px solid #ccc; vertical-align: top; overflow-wrap: anywhere }
iframe { width: 100%; height: 36rem; border: 1px solid #767676 } pre { white-space: pre-wrap; overflow-wrap: anywhere }
"""


def inbox(store: MailStore) -> Callable[[Request], Response]:
    """Return the handler of `/inbox` and the addresses below it."""

    def answer(request: Request) -> Response:
        if request.path.rstrip("/") == PATH:
            return _page("Inbox", _list(reversed(store.mails())))
        found = _ADDRESS.fullmatch(request.path)
        mail = store.mail(int(found["number"])) if found else None
        if found is None or mail is None:
            return _page("There is no such email", f'<p><a href="{PATH}">All emails</a></p>', 404)
        message = message_from_bytes(mail.raw, policy=default)
        if found["attachment"]:
            return _attachment(message, int(found["attachment"]))
        match found["part"]:
            case None:
                return _page(_subject(message), _mail(mail, message))
            case "/html":
                return _html_part(message)
            case _:
                return _download(mail.raw, "message/rfc822", f"{mail.number:04}.eml")

    return lambda request: _REFUSED if _is_of_another_site(request) else answer(request)


def _is_of_another_site(request: Request) -> bool:
    """Return whether the browser says so. A program and an old browser say nothing."""
    return request.header("Sec-Fetch-Site") not in {None, "none", "same-origin"} or request.header("Origin") is not None


def _list(mails: Iterable[StoredMail]) -> str:
    rows = [
        "<tr>"
        f"<td>{mail.number}</td>"
        f"<td>{mail.at:%Y-%m-%d %H:%M:%S} UTC</td>"
        f"<td>{escape(', '.join(mail.to))}</td>"
        f'<td><a href="{PATH}/{mail.number}">{escape(_subject(message_from_bytes(mail.raw, policy=default)))}</a></td>'
        "</tr>"
        for mail in mails
    ]
    if not rows:
        return "<p>No email yet. Reload this page to look again.</p>"
    return (
        '<table><thead><tr><th scope="col">No.</th><th scope="col">Sent</th><th scope="col">To</th>'
        f'<th scope="col">Subject</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _mail(mail: StoredMail, message: EmailMessage) -> str:
    facts = {
        "From": str(message["From"] or mail.envelope.sender),
        "To": ", ".join(mail.to),
        "Sent": f"{mail.at:%Y-%m-%d %H:%M:%S} UTC",
        "SES message id": mail.message_id,
        "Configuration set": mail.envelope.configuration_set or "none",
        "Tags": ", ".join(f"{name}={value}" for name, value in mail.tags.items()) or "none",
    }
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>' for name, value in facts.items())
    parts = [f'<p><a href="{PATH}">All emails</a></p><table><tbody>{rows}</tbody></table>']
    if attachments := list(message.iter_attachments()):
        items = "".join(
            f'<li><a href="{PATH}/{mail.number}/attachments/{index}">{escape(_name(part, index))}</a> '
            f"({len(_content(part)):,} bytes, {escape(part.get_content_type())})</li>"
            for index, part in enumerate(attachments, 1)
        )
        parts.append(f"<h2>Attachments</h2><ul>{items}</ul>")
    if message.get_body(("html",)):
        parts.append(
            f'<h2>HTML</h2><iframe title="The email\'s HTML" src="{PATH}/{mail.number}/html" '
            'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        )
    if text := message.get_body(("plain",)):
        parts.append(f"<h2>Text</h2><pre>{_with_links(_text(text))}</pre>")
    parts.append(f'<p><a href="{PATH}/{mail.number}.eml">The raw message</a></p>')
    return "".join(parts)


def _html_part(message: EmailMessage) -> Response:
    part = message.get_body(("html",))
    html = _with_pictures(_text(part), message) if part else ""
    head = _HEAD.search(html)
    cut = head.end() if head else 0
    # Links must not open inside the frame, where the page that they lead to could not work.
    html = f'{html[:cut]}<base target="_blank">{html[cut:]}'
    return Response(
        200,
        (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", _MAIL_POLICY),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ),
        html.encode(errors="replace"),
    )


def _with_pictures(html: str, message: EmailMessage) -> str:
    """Insert an email's pictures where its HTML refers to their Content-IDs, as mail programs do (RFC 2392)."""
    for part in message.walk():
        if part.get_content_type() == "image/png" and (name := part["Content-ID"]):
            picture = b64encode(_content(part)).decode()
            html = html.replace(f"cid:{name.strip('<> ')}", f"data:image/png;base64,{picture}")
    return html


def _attachment(message: EmailMessage, index: int) -> Response:
    parts = list(message.iter_attachments())
    if not 1 <= index <= len(parts):
        return _page("There is no such attachment", f'<p><a href="{PATH}">All emails</a></p>', 404)
    part = parts[index - 1]
    return _download(_content(part), part.get_content_type(), _name(part, index))


def _download(content: bytes, media_type: str, name: str) -> Response:
    return Response(
        200,
        (
            (
                "Content-Type",
                media_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type) else "application/octet-stream",
            ),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}"),
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
            ("X-Content-Type-Options", "nosniff"),
        ),
        content,
    )


def _page(title: str, body: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(
        status,
        (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", _OWN_POLICY),
            ("X-Content-Type-Options", "nosniff"),
        ),
        html.encode(errors="replace"),
    )


def _with_links(text: str) -> str:
    """Escape a text, and turn its web addresses into links."""
    pieces, end = [], 0
    for found in _LINK.finditer(text):
        address = escape(found[0])
        pieces.append(escape(text[end : found.start()]))
        pieces.append(f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>')
        end = found.end()
    return "".join([*pieces, escape(text[end:])])


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


def _name(part: MIMEPart, index: int) -> str:
    return part.get_filename() or f"attachment-{index}"
