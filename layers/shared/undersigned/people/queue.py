"""The queue of emails to people: codes to sign in with, invitations, and what organizers hear of their offices.

A message is `{<kind>: [<ids>]}`, with no address and no code.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from undersigned.base.queue import SqsQueue, read_json

if TYPE_CHECKING:
    from undersigned.base.stack import Stack

type PersonMail = Literal["sign-in", "invitation", "stop"]


def is_to_person(body: str) -> bool:
    """Say whether a message asks for an email to a person, not for a confirmation email. A damaged one doesn't."""
    try:
        read_person_mail(body)
    except ValueError:
        return False
    return True


def read_person_mail(body: str) -> tuple[PersonMail, list[str]]:
    """Read the kind of an email to a person, and the ids that it is about. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"sign-in": [str(request)]}:
            return "sign-in", [request]
        case {"invitation": [str(campaign), str(person)]}:
            return "invitation", [campaign, person]
        case {"stop": [str(campaign), str(target)]}:
            return "stop", [campaign, target]
        case _:
            error = 'an email to a person reads {"sign-in": […]}, {"invitation": […]} or {"stop": […]}'
            raise ValueError(error)


class PeopleMails(SqsQueue):
    """The queue of emails to people in SQS."""

    def put_sign_in(self, request: str) -> None:
        """Queue the email of a sign-in request."""
        self._put("sign-in", request)

    def put_invitation(self, campaign: str, person: str) -> None:
        """Queue the invitation of a campaign's person."""
        self._put("invitation", campaign, person)

    def put_stop(self, campaign: str, target: str) -> None:
        """Queue the email that tells the organizer of a stop."""
        self._put("stop", campaign, target)

    def _put(self, kind: PersonMail, *ids: str) -> None:
        self.send(json.dumps({kind: ids}))


def people_mails(stack: Stack) -> PeopleMails:
    """Return the stack's queue of emails to people."""
    return PeopleMails(stack.sqs, stack.settings.people_mails_url)
