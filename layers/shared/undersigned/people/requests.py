"""Organizers' requests: reads and checks their parameters and bodies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.days import day_in
from undersigned.base.errors import UNREADABLE_REQUEST, NotFoundError
from undersigned.base.languages import Message
from undersigned.base.names import LONGEST_SEARCH, SHORTEST_SEARCH
from undersigned.base.posted import (
    UNREADABLE_ADDRESS,
    ProgramError,
    RequestError,
    posted_values,
)
from undersigned.base.posted_files import Upload, posted_form
from undersigned.base.routes import Request
from undersigned.base.typos import ANSWER, MistypedError, answered
from undersigned.campaigns.cursors import position_of
from undersigned.campaigns.rules.campaigns import ID_PATTERN, dashboard_path
from undersigned.people.access import KeyRefusedError
from undersigned.people.rules.api_keys import DIGITS_SHOWN
from undersigned.people.rules.people import PERSON_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from undersigned.people.rules.api_keys import ApiKey
    from undersigned.people.rules.people import Member, Person
    from undersigned.people.sessions import Session

_NO_DECISION = Message("A decision is missing or wrong")

_NAMES = {
    "target": ID_PATTERN,
    "signer": re.compile(r"[0-9a-f]{32}"),
    "export": re.compile(r"[0-9a-f]{16}"),
    "person": PERSON_PATTERN,
    "key": re.compile(rf"[0-9a-f]{{{DIGITS_SHOWN}}}"),
    "page": re.compile(r"[a-z-]{1,40}"),
    "number": re.compile(r"[1-9]\d{0,3}", re.ASCII),
    "revision": re.compile(r"\d{1,15}", re.ASCII),
}
"""The format of each name in an address. The names become parts of keys of the table."""


class OrganizerRequest(Request):
    """A request of somebody who organizes, or wants to sign in."""

    __slots__ = ()

    def query(self, name: str) -> str | None:
        """Return a query parameter; None when it is missing or empty."""
        return self.event.query_string_parameters.get(name) or None

    def posted(self, name: str) -> str:
        """Return a form field without surrounding spaces; empty when it is missing."""
        return self.typed(name).strip()

    def typed(self, name: str) -> str:
        """Return a form field with its spaces; empty when it is missing."""
        value = posted_form(self.event).get(name, "")
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class CampaignRequest(OrganizerRequest):
    """A request about a campaign."""

    campaign: str

    def choice[Choice: str](self, name: str, choices: Sequence[Choice]) -> Choice | None:
        """Return a query parameter that is one of `choices`; raises RequestError for any other value."""
        return one_of(name, self.query(name) or "", choices, UNREADABLE_ADDRESS)

    def query_name(self, name: str) -> str | None:
        """Return a query parameter that names a target or a period; raises RequestError when it can't name one."""
        text = self.query(name)
        if text is not None and not _can_name(name, text):
            raise ProgramError(
                Message("There is no such `%(name)s`. GET the list to see those that exist.", {"name": name}),
                UNREADABLE_ADDRESS,
            )
        return text

    def limit(self, usual: int, most: int) -> int:
        """Return the most items of a page; raises RequestError unless `limit` is a number from 1 to `most`."""
        text = self.query("limit") or str(usual)
        if not _NAMES["number"].fullmatch(text) or int(text) > most:
            raise ProgramError(
                Message("`limit` must be a whole number from 1 to %(most)s.", {"most": most}), UNREADABLE_ADDRESS
            )
        return int(text)

    def position(self, pattern: re.Pattern[str]) -> str | None:
        """Return the position after which a page begins; raises RequestError for a cursor that no page has."""
        cursor = self.query("cursor")
        if cursor is None:
            return None
        position = position_of(cursor, pattern)
        if position is None:
            raise ProgramError(
                Message("`cursor` must be the `next` of the page before. Leave it out for the first page."),
                UNREADABLE_ADDRESS,
            )
        return position


@dataclass(frozen=True, slots=True)
class ApiRequest(CampaignRequest):
    """A program's request, with a key that opens what it reads."""

    key: ApiKey


@dataclass(frozen=True, slots=True)
class DashboardRequest(CampaignRequest):
    """A request from the dashboard by somebody with a role in the campaign."""

    member: Member
    session: Session

    @property
    def by(self) -> str:
        """Return who makes the request, for the activity log."""
        return self.member.name

    @property
    def person(self) -> Person:
        """Return the person who is signed in."""
        return self.session.person

    def posted_position(self, pattern: re.Pattern[str]) -> str | None:
        """Return the position of the cursor in a body; raises RequestError for a cursor that no answer has."""
        cursor = posted_values(self.event).get("cursor") or None
        position = position_of(cursor, pattern) if isinstance(cursor, str) else None
        if cursor is not None and position is None:
            raise ProgramError(
                Message("`cursor` must be the `next` of the answer before. Leave it out for the first one.")
            )
        return position

    def posted_person(self, field: str) -> str:
        """Return the words of a person's name in a body; raises RequestError if they are too few or too many."""
        name = posted_values(self.event).get(field)
        # JSON can hold lone surrogates, which UTF-8 can't encode.
        words = " ".join(name.encode(errors="replace").decode().split()) if isinstance(name, str) else ""
        if not SHORTEST_SEARCH <= len(words) <= LONGEST_SEARCH:
            raise RequestError(
                400,
                Message("We can’t search for this name"),
                Message(
                    "Type a part of the name: %(fewest)s to %(most)s characters.",
                    {"fewest": SHORTEST_SEARCH, "most": LONGEST_SEARCH},
                ),
            )
        return words

    def posted_choice[Choice: str](
        self, name: str, choices: Sequence[Choice], title: Message = UNREADABLE_REQUEST
    ) -> Choice | None:
        """Return a value of the body that is one of `choices`, None if it is empty; raises RequestError otherwise."""
        posted = posted_form(self.event).get(name) if self.event.body else None
        return one_of(name, str(posted or "").strip(), choices, title)

    def decision[Choice: str](self, name: str, choices: Sequence[Choice], title: Message = _NO_DECISION) -> Choice:
        """Return a value of the body that is one of `choices`; raises RequestError for anything else."""
        decided = self.posted_choice(name, choices, title)
        if decided is None:
            raise not_one_of(name, choices, title)
        return decided

    def revision(self, *, required: bool = False) -> str | None:
        """Return the revision of a delivery that a person saw; raises RequestError if it is required and missing."""
        value = posted_values(self.event).get("revision") if self.event.body else None
        if isinstance(value, str) or (value is None and not required):
            return value
        raise ProgramError(
            Message("GET the delivery, decide, and send the `revision` that it had."), Message("A revision is missing")
        )

    @property
    def home(self) -> str:
        """Return the address of the campaign's dashboard."""
        return dashboard_path(self.campaign)

    def address(self) -> str:
        """Return the email address in a form. Raises MistypedError if it looks mistyped, and nobody said which."""
        values, meant = answered(posted_form(self.event))
        if meant and values.get(ANSWER) != values["email"]:
            raise MistypedError(meant)
        return str(values.get("email", "")).strip()

    def uploaded(self, name: str) -> bytes:
        """Return the content of a file; empty when none was chosen."""
        value = posted_form(self.event).get(name)
        return value.content if isinstance(value, Upload) else b""

    def ticked(self, name: str) -> bool:
        """Return whether a box is ticked; raises RequestError if its value is not `yes`."""
        value = posted_form(self.event).get(name)
        if value not in (None, "yes"):
            raise not_one_of(name, ["yes"])
        return value == "yes"

    def why(self) -> str:
        """Return the reason in a form. The use case checks it, and asks for a missing one."""
        return self.posted("why")


@dataclass(frozen=True, slots=True)
class SessionRequest(OrganizerRequest):
    """A request by somebody who is signed in, about no campaign."""

    session: Session


def one_of[Choice: str](
    name: str, word: str, choices: Sequence[Choice], title: Message = UNREADABLE_REQUEST
) -> Choice | None:
    """Return the choice that is this word, or None for an empty one. Raises RequestError."""
    chosen = next((choice for choice in choices if choice == word), None)
    if word and chosen is None:
        raise not_one_of(name, choices, title)
    return chosen


def not_one_of(name: str, choices: Sequence[str], title: Message = UNREADABLE_REQUEST) -> ProgramError:
    """Return the error about a value that is none of the choices."""
    return ProgramError(
        Message("`%(name)s` must be one of: %(choices)s.", {"name": name, "choices": ", ".join(choices)}), title
    )


def check_names(named: Mapping[str, str]) -> None:
    """Raise NotFoundError when a name in an address doesn't have the format of such names."""
    if unknown := [name for name, text in named.items() if not _can_name(name, text)]:
        message = f"there is no such {unknown[0]}"
        raise NotFoundError(message)


def _can_name(name: str, text: str) -> bool:
    return bool(day_in(text) if name == "period" else _NAMES[name].fullmatch(text))


def bearer_key(headers: Mapping[str, str]) -> str:
    """Return the key that a request carries (RFC 6750, 2.1); raises KeyRefusedError without one."""
    scheme, _, key = (headers.get("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "no key was sent"
        raise KeyRefusedError(message)
    return key.strip()
