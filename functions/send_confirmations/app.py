"""Send the emails that forms and people request.

The table's stream puts confirmation emails into a queue. A schedule queues the emails that were over a budget. Only the
queue's worker sends them. The schedule's run also tells signers of answers.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from undersigned.base.settings import Settings
from undersigned.base.stack import Stack
from undersigned.delivering.office import tell_of_stop
from undersigned.delivering.telling import tell_waiting
from undersigned.people.people_post import send_each, send_invitation, send_sign_in
from undersigned.people.queue import is_to_person
from undersigned.signing.confirmation_emails import queue_postponed, queue_requested, send_queued

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from undersigned.people.queue import PersonMail

logger = Logger()

_TO_FINISH = 60_000
"""Milliseconds in which an email that has begun is sent."""

_TO_PEOPLE: Mapping[PersonMail, Callable[..., str]] = {
    "sign-in": send_sign_in,
    "invitation": send_invitation,
    "stop": tell_of_stop,
}


def make_handler(stack: Stack) -> Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]:
    """Return what Lambda calls with a batch of the table's stream or of a queue, or by schedule, without records.

    The records named in the answer come again.
    """

    @logger.inject_lambda_context(clear_state=True)
    def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        records = event.get("Records")
        if records is None:
            queue_postponed(stack)
            tell_waiting(stack, lambda: context.get_remaining_time_in_millis() > _TO_FINISH)
            return {}
        if records[0].get("eventSource") != "aws:sqs":
            return queue_requested(stack, records)
        # Each queue has batches of its own.
        if is_to_person(records[0]["body"]):
            return send_each(stack, records, _TO_PEOPLE)
        return send_queued(stack, records)

    return handle


handler = make_handler(
    Stack(
        Settings(os.environ).check(
            "table_name",
            "secret_arn",
            "organizers_secret_arn",
            "sender",
            "configuration_set",
            "waiting_mails_url",
            "dead_mails_url",
            "people_mails_url",
            "schedule",
            "budget_sizes",
            "accepts_reserved_domains",
            "mails_at_once",
        )
    )
)
