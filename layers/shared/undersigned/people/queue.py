"""The queue of emails to people: codes to sign in with, invitations, and what organizers hear of their offices."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.queue import SqsQueue, read_json

if TYPE_CHECKING:
    from undersigned.base.stack import Stack


@dataclass(frozen=True, slots=True)
class PersonMail:
    """An email to a person: the one of a sign-in request, or the invitation to a campaign."""

    request: str = ""
    campaign: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class StopMail:
    """The email that tells the organizer of a stop."""

    campaign: str
    target: str


def is_to_person(body: str) -> bool:
    """Say whether a message asks for an email to a person, not for a confirmation email. A damaged one doesn't."""
    try:
        read_person_mail(body)
    except ValueError:
        return False
    return True


def read_person_mail(body: str) -> PersonMail | StopMail:
    """Read the message of an email to a person. Raises ValueError if it is damaged."""
    match read_json(body):
        case {"sign_in": str(request)}:
            return PersonMail(request=request)
        case {"invitation": {"campaign": str(campaign), "person": str(person)}}:
            return PersonMail(campaign=campaign, person=person)
        case {"stop": [str(campaign), str(target)]}:
            return StopMail(campaign, target)
        case _:
            error = 'an email to a person reads {"sign_in": …}, {"invitation": {"campaign": …, …}} or {"stop": […]}'
            raise ValueError(error)


class PeopleMails(SqsQueue):
    """The queue of emails to people in SQS. Its messages have no address and no code."""

    def put_sign_in(self, request: str) -> None:
        """Queue the email of a sign-in request."""
        self.send(json.dumps({"sign_in": request}))

    def put_invitation(self, campaign: str, person: str) -> None:
        """Queue the invitation of a campaign's person."""
        self.send(json.dumps({"invitation": {"campaign": campaign, "person": person}}))

    def put_stop(self, campaign: str, target: str) -> None:
        """Queue the email that tells the organizer of a stop."""
        self.send(json.dumps({"stop": [campaign, target]}))


def people_mails(stack: Stack) -> PeopleMails:
    """Return the stack's queue of emails to people."""
    return PeopleMails(stack.sqs, stack.settings.people_mails_url)
