from __future__ import annotations

from typing import Any

import pytest

from undersigned.base.errors import MailRefusedError, UncertainError
from undersigned.base.sending_once import Claim, send_once

STACK: Any = None


class Witness(Claim):
    """A claim and a mailbox that note what is done, and fail where a test says."""

    def __init__(self, *, is_free: bool = True, fails: str = "") -> None:
        self.is_free, self.fails, self.done = is_free, fails, list[str]()

    def _do(self, what: str) -> None:
        self.done.append(what)
        if self.fails == what:
            raise MailRefusedError if what == "send" else OSError

    def take(self, _stack: Any) -> bool:
        self._do("take")
        return self.is_free

    def write(self) -> Any:
        self._do("write")

    def send(self, _mail: Any) -> str:
        self._do("send")
        return "id"

    def note_sent(self, _stack: Any) -> None:
        self._do("note sent")

    def note_failed(self, _stack: Any, error: Exception) -> None:
        self._do(f"note {type(error).__name__}")


def sent(witness: Witness) -> bool:
    mailbox: Any = witness
    return send_once(STACK, mailbox, witness, witness.write)


def test_an_email_is_claimed_before_it_is_sent_and_noted_afterwards() -> None:
    witness = Witness()
    assert sent(witness)
    assert witness.done == ["take", "write", "send", "note sent"]


def test_an_email_that_may_not_be_sent_is_not_even_written() -> None:
    witness = Witness(is_free=False)
    assert not sent(witness)
    assert witness.done == ["take"]


@pytest.mark.parametrize(
    ("fails", "error", "done"),
    [
        ("take", OSError, ["take"]),
        ("write", OSError, ["take", "write", "note OSError"]),
        ("send", MailRefusedError, ["take", "write", "send", "note MailRefusedError"]),
        ("note sent", UncertainError, ["take", "write", "send", "note sent"]),
    ],
)
def test_a_failure_at_any_step_is_raised_and_no_later_step_is_done(
    fails: str, error: type[Exception], done: list[str]
) -> None:
    witness = Witness(fails=fails)
    with pytest.raises(error):
        sent(witness)
    assert witness.done == done
