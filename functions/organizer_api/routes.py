"""Routes of one campaign: each names the scope that a key needs for it, so none is open by mistake."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.organizer_api import wired
from undersigned.domain.campaigns import ID_PATTERN
from undersigned.domain.characters import can_be_printed
from undersigned.domain.errors import NotFoundError
from undersigned.domain.languages import Message
from undersigned.services.access import KeyRefusedError
from undersigned.web.posted import RequestError, posted_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

    from undersigned.domain.api_keys import ApiKey, Scope

LONGEST_REASON = 500

NAMES = {
    "target": ID_PATTERN,
    "period": re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII),
    "signer": re.compile(r"[0-9a-f]{32}"),
    "export": re.compile(r"[0-9a-f]{16}"),
    "number": re.compile(r"[1-9]\d{0,3}", re.ASCII),
}
"""How what an address names is written; it becomes part of keys of the table."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request about a campaign, which a key has opened."""

    campaign: str
    key: ApiKey
    event: APIGatewayProxyEventV2

    @property
    def by(self) -> str:
        """Say who asks, for the audit."""
        return self.key.name

    def query(self, name: str) -> str | None:
        """Return a parameter of the address; an empty one counts as none."""
        return self.event.query_string_parameters.get(name) or None

    def choice[Choice: str](self, name: str, choices: Sequence[Choice]) -> Choice | None:
        """Return a parameter that is one of some words; raises RequestError for any other word."""
        word = self.query(name)
        chosen = next((choice for choice in choices if choice == word), None)
        if word is not None and chosen is None:
            raise RequestError(
                400,
                Message("We can’t read this address"),
                Message("`%(name)s` must be one of: %(choices)s.", {"name": name, "choices": ", ".join(choices)}),
            )
        return chosen

    def named(self, name: str) -> str | None:
        """Return a parameter that names a target or a period; raises RequestError when it can name none."""
        text = self.query(name)
        if text is not None and not can_name(name, text):
            raise RequestError(
                400,
                Message("We can’t read this address"),
                Message("There is no such `%(name)s`. GET the list to see those that exist.", {"name": name}),
            )
        return text

    def limit(self, usual: int, most: int) -> int:
        """Return how many items a page shall have; raises RequestError for what is no such number."""
        text = self.query("limit") or str(usual)
        if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII) or int(text) > most:
            raise RequestError(
                400,
                Message("We can’t read this address"),
                Message("`limit` must be a whole number from 1 to %(most)s.", {"most": most}),
            )
        return int(text)

    def place(self, pattern: re.Pattern[str]) -> str | None:
        """Return the place behind which a page begins; raises RequestError for a cursor that no page gave."""
        cursor = self.query("cursor")
        if cursor is None:
            return None
        try:
            place = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        except ValueError:
            place = ""
        if not pattern.fullmatch(place):
            raise RequestError(
                400,
                Message("We can’t read this address"),
                Message("`cursor` must be the `next` of the page before. Leave it out for the first page."),
            )
        return place

    def why(self, *, required: bool = False) -> str:
        """Return the reason that was sent as JSON; raises RequestError when it is required and none was sent."""
        reason = posted_values(self.event).get("why", "") if self.event.body or required else ""
        if not isinstance(reason, str) or len(reason) > LONGEST_REASON or (required and not reason.strip()):
            raise RequestError(
                400,
                Message("A reason is missing or too long"),
                Message(
                    'Send the reason as JSON, {"why": "…"}, in %(limit)s characters or fewer.',
                    {"limit": LONGEST_REASON},
                ),
            )
        return printable(reason.strip())


def printable(reason: str) -> str:
    """Return a reason that pages, mails and terminals can show; raises RequestError for one with control characters."""
    if not can_be_printed(reason):
        raise RequestError(
            400,
            Message("We can’t print the reason"),
            Message(
                "%(field)s has a character that we can’t print. Type it again instead of pasting it.",
                {"field": Message("Why")},
            ),
        )
    return reason


def cursor_of(place: str | None) -> str | None:
    """Return what a page gives for the next one; nobody but us needs to read it."""
    return urlsafe_b64encode(place.encode("ascii")).decode("ascii") if place else None


def can_name(name: str, text: str) -> bool:
    """Say whether a text can be what an address names; it becomes part of keys of the table."""
    if not NAMES[name].fullmatch(text):
        return False
    try:
        return name != "period" or bool(date.fromisoformat(text))
    except ValueError:
        return False


class Routes:
    """Routes below a campaign's address."""

    def __init__(self) -> None:
        """Begin without any."""
        self.router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

    def get[Answer: Callable[..., object]](self, path: str, scope: Scope) -> Callable[[Answer], Answer]:
        """Let a function answer GET."""
        return self._answer("GET", path, scope)

    def post[Answer: Callable[..., object]](self, path: str, scope: Scope) -> Callable[[Answer], Answer]:
        """Let a function answer POST."""
        return self._answer("POST", path, scope)

    def delete[Answer: Callable[..., object]](self, path: str, scope: Scope) -> Callable[[Answer], Answer]:
        """Let a function answer DELETE."""
        return self._answer("DELETE", path, scope)

    def _answer[Answer: Callable[..., object]](
        self, method: str, path: str, scope: Scope
    ) -> Callable[[Answer], Answer]:
        def register(answer: Answer) -> Answer:
            def opened(campaign: str, **named: str) -> object:
                event = self.router.current_event
                key = wired.access.let_in(campaign, bearer(event), scope, event.request_context.http.source_ip)
                if unknown := [name for name, text in named.items() if not can_name(name, text)]:
                    message = f"there is no such {unknown[0]}"
                    raise NotFoundError(message)
                return answer(ApiRequest(campaign, key, event), **named)

            self.router.route(f"/organizer/campaigns/<campaign>{path}", method)(opened)
            return answer

        return register


def bearer(event: APIGatewayProxyEventV2) -> str:
    """Return the key that a request carries (RFC 6750, 2.1); raises KeyRefusedError without one."""
    scheme, _, key = (event.headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "no key was sent"
        raise KeyRefusedError(message)
    return key.strip()
