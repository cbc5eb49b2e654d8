"""AWS that says no, and people and services that try again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.world import CONTEXT, Answer, is_of_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.world import World

_TRIES = 30

FOR_EVER = 1_000_000


def refusal(operation: str, code: str, *, status: int = 400, reasons: Sequence[str] = ()) -> ClientError:
    """Return AWS's refusal of a call, as boto3 raises it; `reasons` are those of a canceled transaction's items."""
    answer: Any = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, operation.rpartition(":")[2])


@dataclass
class Refusing:
    """Refuses each function the first so many calls of each operation, after all that botocore tries by itself.

    `codes` are AWS's, by operation (`dynamodb:GetItem`); `only` says which calls are meant.
    """

    codes: Mapping[str, str]
    times: int = FOR_EVER
    status: int = 400
    only: Callable[[Mapping[str, Any]], bool] = lambda _params: True
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def before(self, function: str, operation: str, params: Mapping[str, Any]) -> None:
        call = function, operation
        if operation in self.codes and self.only(params) and self.refused[call] < self.times:
            self.refused[call] += 1
            raise refusal(operation, self.codes[operation], status=self.status)

    def after(self, function: str, operation: str) -> None:
        """Let it be."""

    def retries(self, function: str, operation: str) -> bool:
        """botocore has given up."""
        return False


def patiently[T](act: Callable[[], T]) -> T:
    """Do something again as long as AWS or the page says no, as Lambda and people do."""
    for _ in range(_TRIES):
        try:
            done = act()
        except ClientError:
            continue
        if not (isinstance(done, Answer) and done.status == 503):
            return done
    message = f"no luck in {_TRIES} tries"
    raise AssertionError(message)


def read_stream(world: World) -> None:
    """Hand new records to both readers, and what failed again."""
    while records := world.new_records():
        for function in ("send_confirmations", "tally"):
            left: Sequence[Any] = [record for record in records if function == "tally" or is_of_signature(record)]
            for _ in range(_TRIES):
                answer = world.handlers[function]({"Records": left}, CONTEXT) if left else {"batchItemFailures": []}
                failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
                left = [record for record in left if record["dynamodb"]["SequenceNumber"] in failed]
            assert not left, f"{function} failed {_TRIES} times"
