from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from undersigned_cli.local.inbox import inbox
from undersigned_cli.local.mail_store import MailStore, StoredMail

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.test import TestResponse

HOSTILE = "<script>alert(1)</script>\"'<img src=x onerror=alert(1)>"


def hostile_mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "letters@enddemand.example"
    message["To"] = "chief@police.example"
    message["Subject"] = HOSTILE
    message.set_content(f"{HOSTILE}\nhttps://letters.example/confirm/abc?a=1&b=2.")
    message.add_alternative(f"<!doctype html><html><head></head><body>{HOSTILE}</body></html>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename='a"; x=<b>.pdf')
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename="page.html")
    return message


class Desk:
    def __init__(self, folder: Path) -> None:
        self.store = MailStore(folder)
        self._client = Client(Request.application(inbox(self.store)))

    def keep(self, raw: bytes, to: str = "chief@police.example", **tags: str) -> None:
        at = datetime(2026, 11, 30, 15, tzinfo=UTC)
        self.store.append(StoredMail(raw, "id", "letters@enddemand.example", (to,), "set", tags, at))

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def html(self, path: str) -> str:
        return self.get(path).text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.keep(hostile_mail().as_bytes(), tag=HOSTILE)
    return desk


def test_the_newest_email_is_first(desk: Desk) -> None:
    desk.keep(b"Subject: the newer one\r\n\r\nx")

    page = desk.html("/inbox")

    assert page.index("the newer one") < page.index("alert(1)")


def test_an_empty_inbox_says_so(tmp_path: Path) -> None:
    assert "No email yet" in Desk(tmp_path / "empty").html("/inbox")


@pytest.mark.parametrize("path", ["/inbox", "/inbox/1"])
def test_an_email_adds_no_markup_to_the_inbox(desk: Desk, path: str) -> None:
    page = desk.html(path)

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_no_page_of_the_inbox_may_run_a_script(desk: Desk) -> None:
    for path in ("/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/attachments/2", "/inbox/1.eml"):
        policy = desk.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy


def test_an_emails_html_is_in_a_sandbox_whose_links_open_outside(desk: Desk) -> None:
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in desk.html("/inbox/1")
    part = desk.get("/inbox/1/html")
    assert "sandbox allow-popups" in part.headers["Content-Security-Policy"]
    assert b'<head><base target="_blank">' in part.data


def test_an_emails_picture_is_in_its_html(desk: Desk) -> None:
    message = EmailMessage()
    message.set_content('<p><img src="cid:1@letters.example" alt="Ada"></p>', subtype="html")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<1@letters.example>")
    desk.keep(message.as_bytes())

    assert b'<img src="data:image/png;base64,iVBORw==" alt="Ada">' in desk.get("/inbox/2/html").data


def test_addresses_in_text_are_links_without_the_full_stop(desk: Desk) -> None:
    assert '<a href="https://letters.example/confirm/abc?a=1&amp;b=2"' in desk.html("/inbox/1")


def test_an_attachment_is_always_downloaded(desk: Desk) -> None:
    pdf, page = desk.get("/inbox/1/attachments/1"), desk.get("/inbox/1/attachments/2")

    assert pdf.data == b"%PDF-1.7"
    assert pdf.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%22%3B%20x%3D%3Cb%3E.pdf"
    assert page.headers["Content-Disposition"].startswith("attachment;")


def test_the_raw_message_is_as_it_was_sent(desk: Desk) -> None:
    assert desk.get("/inbox/1.eml").data == hostile_mail_as_kept(desk)


def hostile_mail_as_kept(desk: Desk) -> bytes:
    [mail] = desk.store.mails()
    return mail.raw


@pytest.mark.parametrize("path", ["/inbox/2", "/inbox/x", "/inbox/1/attachments/9", "/inbox/1/../../secret"])
def test_what_is_not_there_is_not_found(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_an_email_in_an_unknown_charset_can_be_read(desk: Desk) -> None:
    desk.keep(b"Content-Type: text/plain; charset=klingon\r\n\r\nGood day")

    assert "Good day" in desk.html("/inbox/2")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/inbox", "/inbox/1", "/inbox/1/html", "/inbox/1/attachments/1", "/inbox/1.eml"])
def test_a_page_of_another_site_gets_no_email(desk: Desk, path: str, site: str) -> None:
    for refused in (desk.get(path, Sec_Fetch_Site=site), desk.get(path, Origin="http://localhost:3000")):
        assert (refused.status_code, b"chief" in refused.data) == (403, False)


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_typed_address_and_a_link_of_the_inbox_open_it(desk: Desk, site: str) -> None:
    assert desk.get("/inbox", Sec_Fetch_Site=site).status_code == 200


def test_no_page_frames_the_inbox(desk: Desk) -> None:
    assert "frame-ancestors 'none'" in desk.get("/inbox").headers["Content-Security-Policy"]
