"""The key of a local stack. What AWS clients talk to asks for it, because any web page can send requests there.

AWS clients show it as their session token, which they send with each request (IAM User Guide, "Create a signed AWS API
request"). Nothing else of a request's signature is checked.
"""

from __future__ import annotations

import hmac
import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from undersigned_cli.local.serving import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "X-Amz-Security-Token"

_FILE = "key"
_NO_KEY = (
    "This is a local stack of Undersigned, and no request of a web page is answered here. A program shows the stack's "
    "key: AWS_SESSION_TOKEN in `stack.json` of the state folder."
)


def key_of(state: Path) -> str:
    """Return the key in a state folder, which the first start makes."""
    file = state / _FILE
    if not file.exists():
        write_privately(file, secrets.token_urlsafe(32))
    return file.read_text(encoding="ascii")


def write_privately(file: Path, text: str) -> None:
    """Write a file that nobody but its owner can read. It is complete, or as it was before."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def for_key_holders(key: str, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Return a handler that refuses requests without the key, and all requests of web pages."""

    def guarded(request: Request) -> Response:
        shown = request.header(HEADER) or _in_link(request)
        if request.header("Origin") is None and hmac.compare_digest(shown.encode(), key.encode()):
            return answer(request)
        headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", "AccessDeniedException"))
        return Response(403, headers, json.dumps({"message": _NO_KEY}).encode())

    return guarded


def _in_link(request: Request) -> str:
    """Return the key in a signed link of S3, which a browser opens."""
    query = parse_qs(urlsplit(request.target).query) if request.method == "GET" else {}
    return query.get(HEADER, [""])[0]
