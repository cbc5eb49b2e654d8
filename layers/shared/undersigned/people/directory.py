"""The directory: who has which address, and who is the administrator of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.people.rows.people import People
from undersigned.people.rules.people import Person, person_id

if TYPE_CHECKING:
    from undersigned.base.stack import Stack


def id_of(stack: Stack, email: str) -> str:
    """Return the id of the person with an address, which `email_mistake` must have accepted."""
    return person_id(stack.secret(), email)


def is_administrator(stack: Stack, person: str) -> bool:
    """Say whether a person is the stack's administrator, whom a stack may be without."""
    email = stack.settings.admin_email
    return bool(email) and person == id_of(stack, email)


def find_person(stack: Stack, person: str) -> Person | None:
    """Return a person who can sign in: the administrator, or one with a role in a campaign; None for others."""
    if is_administrator(stack, person):
        return Person(person, stack.settings.admin_email)
    return next((member.person for member in People(stack.table).campaigns_of(person)), None)
