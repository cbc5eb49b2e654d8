"""Sign-ins by email: the requests for codes, and the numbers of a person's emails and wrong codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from boto3.dynamodb.conditions import Attr

from undersigned.base.rows import Row
from undersigned.base.table import NEW, Repository, Update, read_row
from undersigned.people.rules.people import MOST_TRIES, SignInRequest

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase


type SignInCount = Literal["MAILS", "INVITATIONS", "TESTS", "WRONG"]


@dataclass(frozen=True, slots=True)
class CountedSignIns(Row):
    """How many emails, tests and wrong codes a person had in a `window` (UTC).

    An hour for emails and tests, a day for wrong codes, and for tests by keys.
    """

    pk, sk = "SIGN_INS#{person}", "{count}#{window}"

    person: str
    count: SignInCount
    window: str
    counted: int
    expires_at: datetime


class SignIns(Repository):
    """Sign-ins in the table."""

    def put(self, request: SignInRequest) -> None:
        """Write a new request."""
        self._table.put(request.item(), NEW)

    def request(self, request: str) -> SignInRequest | None:
        """Read a request consistently."""
        values = self._table.get(SignInRequest.locate(id=request), consistent=True)
        return read_row(SignInRequest.read, values) if values else None

    def count_try(self, request: str, now: datetime) -> SignInRequest:
        """Count another try of a code. Raises ChangedError if there is no such request, or its tries are used up."""
        has_tries = Attr("tries").not_exists() | Attr("tries").lt(MOST_TRIES)
        can_try = _is_open(now) & has_tries
        counting = Update(SignInRequest.locate(id=request), add={"tries": 1}, when=can_try)
        return read_row(SignInRequest.read, self._table.update(counting, returns="ALL_NEW"))

    def use(self, request: str, now: datetime) -> None:
        """Mark a request as used. Raises ChangedError if it was used or has expired."""
        using = SignInRequest.written(is_used=True)
        self._table.update(Update(SignInRequest.locate(id=request), assign=using, when=_is_open(now)))

    def count(self, person: str, count: SignInCount, window: str, *, expires_at: datetime) -> int:
        """Count one more of a person's emails or wrong codes in an hour or a day, and return how many these are."""
        counting = Update(
            CountedSignIns.locate(person=person, count=count, window=window),
            assign=CountedSignIns.written(expires_at=expires_at),
            add={"counted": 1},
        )
        return int(self._table.update(counting, returns="UPDATED_NEW")["counted"])

    def give_back(self, person: str, count: SignInCount, window: str) -> None:
        """Count one less, after `count`."""
        key = CountedSignIns.locate(person=person, count=count, window=window)
        self._table.update(Update(key, add={"counted": -1}))


def _is_open(now: datetime) -> ConditionBase:
    return Attr("is_used").not_exists() & Attr("expires_at").gt(int(now.timestamp()))
