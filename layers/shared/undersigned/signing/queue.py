"""The queue of confirmation emails, and its dead letters. Messages name forms, and no person."""

from __future__ import annotations

import json
from itertools import batched, chain
from typing import TYPE_CHECKING

from undersigned.base.at_once import each_at_once
from undersigned.base.queue import BATCH, SqsQueue, read_json
from undersigned.signing.rules.forms import FormName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from undersigned.base.stack import Stack


def waiting_message(form: FormName) -> str:
    """Return the body of the message that asks for a form's email."""
    return json.dumps(form._asdict())


def read_waiting_message(body: str) -> FormName:
    """Read which form's email a message asks for. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"campaign": str(campaign), "signer": str(signer), "form": str(form)}:
            return FormName(campaign, signer, form)
        case _:
            error = 'a waiting email reads {"campaign": …, "signer": …, "form": …}'
            raise ValueError(error)


class WaitingMails(SqsQueue):
    """The queue of confirmation emails in SQS."""

    def put_all(self, forms: Sequence[FormName], at_once: int = 1) -> list[FormName]:
        """Queue emails, ten in each of `at_once` calls (SQS takes no more). Return the emails that SQS did not take."""
        if len(forms) == 1:
            self.send(waiting_message(forms[0]))
            return []

        def not_taken(some: Sequence[FormName]) -> list[FormName]:
            return [some[number] for number in self.send_batch([waiting_message(form) for form in some])]

        return [*chain.from_iterable(each_at_once(not_taken, batched(forms, BATCH, strict=False), at_once))]


def waiting_mails(stack: Stack) -> WaitingMails:
    """Return the stack's queue of confirmation emails."""
    return WaitingMails(stack.sqs, stack.settings.waiting_mails_url)


def dead_mails(stack: Stack) -> SqsQueue:
    """Return the dead letters of that queue, which a person can put back."""
    return SqsQueue(stack.sqs, stack.settings.dead_mails_url)
