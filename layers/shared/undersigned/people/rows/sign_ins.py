"""Sign-ins by email: the requests for codes, and the numbers of a person's emails and wrong codes.

| row | pk | sk |
|---|---|---|
| sign-in request | `SIGN_IN#<id>` | `META` |
| a person's emails in an hour (UTC) | `SIGN_INS#<person>` | `MAILS#<hour>`, `INVITATIONS#<hour>`, `TESTS#<hour>` |
| a person's wrong codes, and tests by keys, in a day (UTC) | same | `WRONG#<day>`, `TESTS#<day>` |
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from boto3.dynamodb.conditions import Attr

from undersigned.base.table import NEW, Key, Repository, Update, read_row
from undersigned.people.rules.people import MOST_TRIES, SignInRequest

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.table import Values


type SignInCount = Literal["MAILS", "INVITATIONS", "TESTS", "WRONG"]


def _key(request: str) -> Key:
    return Key(f"SIGN_IN#{request}", "META")


def _count_key(person: str, count: SignInCount, window: str) -> Key:
    return Key(f"SIGN_INS#{person}", f"{count}#{window}")


class SignIns(Repository):
    """Sign-ins in the table."""

    def put(self, request: SignInRequest) -> None:
        """Write a new request."""
        values = {
            "person": request.person,
            "language": request.language,
            "is_operators": request.is_operators,
            "tries": request.tries,
            "expires_at": int(request.expires_at.timestamp()),
        }
        self._table.put({**_key(request.id)._asdict(), **values}, NEW)

    def request(self, request: str) -> SignInRequest | None:
        """Read a request consistently."""
        values = self._table.get(_key(request), consistent=True)
        return read_row(_read, values) if values else None

    def count_try(self, request: str, now: datetime) -> SignInRequest:
        """Count one more code that was typed. Raises ChangedError if there is no such request, or it takes no more."""
        can_try = _is_open(now) & Attr("tries").lt(MOST_TRIES)
        counted = self._table.update(Update(_key(request), add={"tries": 1}, when=can_try), returns="ALL_NEW")
        return read_row(_read, counted)

    def use(self, request: str, now: datetime) -> None:
        """Mark a request as used. Raises ChangedError if it was used or has expired."""
        self._table.update(Update(_key(request), assign={"used": True}, when=_is_open(now)))

    def count(self, person: str, count: SignInCount, window: str, *, expires_at: datetime) -> int:
        """Count one more of a person's emails or wrong codes in an hour or a day, and return how many these are."""
        counting = Update(
            _count_key(person, count, window),
            assign={"expires_at": int(expires_at.timestamp())},
            add={"counted": 1},
        )
        return int(self._table.update(counting, returns="UPDATED_NEW")["counted"])

    def give_back(self, person: str, count: SignInCount, window: str) -> None:
        """Count one less, after `count`."""
        self._table.update(Update(_count_key(person, count, window), add={"counted": -1}))


def _is_open(now: datetime) -> ConditionBase:
    return Attr("used").not_exists() & Attr("expires_at").gt(int(now.timestamp()))


def _read(values: Values) -> SignInRequest:
    return SignInRequest(
        id=values["pk"].partition("#")[2],
        person=values["person"],
        language=values["language"],
        expires_at=datetime.fromtimestamp(int(values["expires_at"]), UTC),
        is_operators=values["is_operators"],
        tries=int(values["tries"]),
        is_used=values.get("used", False),
    )
