"""AWS calls that fail, and people and services that try again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, override

from botocore.exceptions import ClientError

from tests.support.world import Answer, NotRecordedError, Watch
from undersigned.base.errors import ThrottledError
from undersigned.delivering.planning import NotPlannedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.support.world import World

_TRIES = 30

ALWAYS = 1_000_000


def refusal(operation: str, code: str, status: int = 400, *, reasons: Sequence[str] = ()) -> ClientError:
    """Return the error that boto3 raises for a refused call. `reasons` say why a transaction was canceled, by item."""
    answer: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, operation.rpartition(":")[2])


@dataclass
class Refusing(Watch):
    """Refuses each function's first `times` calls of each operation, as if botocore's own retries had failed, too.

    `codes` holds AWS's error codes by operation (`dynamodb:GetItem`). `only` selects calls by their parameters.
    """

    codes: Mapping[str, str]
    times: int = ALWAYS
    status: int = 400
    only: Callable[[Mapping[str, Any]], bool] = lambda _params: True
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    @override
    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        call = function, operation
        if operation in self.codes and self.only(params) and self.refused[call] < self.times:
            self.refused[call] += 1
            raise refusal(operation, self.codes[operation], status=self.status)


@dataclass
class Meanwhile(Watch):
    """Does something just before a function's next call of an operation, and something else just after that call."""

    world: World
    operation: str
    act: Callable[[], object]
    then: Callable[[], object] = lambda: None
    has_acted: bool = False

    @override
    def before(self, _function: str, operation: str, _params: Mapping[str, Any]) -> None:
        if operation == self.operation and not self.has_acted:
            self.has_acted, self.world.watch = True, None
            self.act()
            self.world.watch = self

    @override
    def after(self, _function: str, operation: str) -> None:
        if operation == self.operation and self.has_acted:
            self.world.watch = None
            self.then()


class KilledError(BaseException):
    """The process was killed. No `except Exception` sees this."""


def killed() -> None:
    raise KilledError


def patiently[T](act: Callable[[], T]) -> T:
    """Repeat an action while AWS or a page refuses it, as Lambda and people do."""
    for _ in range(_TRIES):
        try:
            done = act()
        except (ClientError, ThrottledError, NotPlannedError, NotRecordedError):
            continue
        if not (isinstance(done, Answer) and done.status == 503):
            return done
    message = f"refused {_TRIES} times"
    raise AssertionError(message)


def read_stream(world: World) -> None:
    """Hand new records to both readers. Send the emails that wait, however often they are refused."""
    world.run_stream()
    assert not world.given_up
    for _ in range(_TRIES):
        world.run_waiting_mails()
