"""People who sign on a running stack, and an organizer who creates a file."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.support.organizers import begin_session
from tests.support.waiting import wait_for
from undersigned.organizing.rows.exports import Exports
from undersigned.people.routes.cookies import COOKIE
from undersigned.people.sessions import post_tokens

if TYPE_CHECKING:
    from tests.support.running import RunningStack
    from undersigned.base.stack import Stack


def sign(stack: RunningStack, email: str, postal_code: str, *, campaign: str) -> None:
    values = {
        "name": "Ada Specimen",
        "email": email,
        "address_line": "1 Sample Street",
        "locality": "Evanston",
        "postal_code": postal_code,
        "signature": "Ada Specimen",
    }
    address = f"{stack.public_url}/campaigns/{campaign}/signatures"
    with urlopen(Request(address, urlencode(values).encode()), timeout=60) as answer:  # noqa: S310
        assert answer.status == 200


def confirm(stack: RunningStack, email: str) -> None:
    wait_for(lambda: [mail for mail in stack.mails() if mail.to == (email,)])
    [mail] = [mail for mail in stack.mails() if mail.to == (email,)]
    part = message_from_bytes(mail.raw, policy=policy.default).get_body(("plain",))
    assert part
    link = re.search(rf"{re.escape(stack.public_url)}/confirm/\S*", part.get_content())
    assert link
    with urlopen(Request(link[0], b""), timeout=60) as answer:  # noqa: S310
        assert answer.status == 200


def create_file(stack: RunningStack, opened: Stack, campaign: str, target: str = "") -> str:
    """Press the button that creates a file of letters, as an editor, and return the export's id."""
    session = begin_session(opened, "editor", campaign)
    values = {"token": post_tokens(opened.links, session)[0], "target": target}
    headers = {"Cookie": f"{COOKIE}={session}", "Sec-Fetch-Site": "same-origin"}
    address = f"{stack.public_url}/organizer/dashboard/{campaign}/exports"
    with urlopen(Request(address, urlencode(values).encode(), headers), timeout=60) as answer:  # noqa: S310
        assert answer.status == 200
    [export] = Exports(opened.table).exports(campaign)
    return export.id
