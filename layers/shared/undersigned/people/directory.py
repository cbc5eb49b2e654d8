"""The directory: who has which address, and who is the administrator of the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.people.rules.people import Member, Person, person_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from undersigned.people.rows.people import People


@dataclass(kw_only=True, frozen=True, slots=True)
class Directory:
    """Knows people. `admin_email` is the first administrator's address; empty if the stack has none."""

    people: People
    secret: Callable[[], str]
    admin_email: str

    def id_of(self, email: str) -> str:
        """Return the id of the person with an address, which `email_mistake` must have accepted."""
        return person_id(self.secret(), email)

    def is_administrator(self, person: str) -> bool:
        """Say whether a person is the stack's administrator."""
        return bool(self.admin_email) and person == self.id_of(self.admin_email)

    @property
    def has_administrator(self) -> bool:
        """Say whether the stack has an administrator."""
        return bool(self.admin_email)

    def person(self, person: str) -> Person | None:
        """Return a person who can sign in: the administrator, or one with a role in a campaign; None for others."""
        if self.is_administrator(person):
            return Person(person, self.admin_email)
        return next((member.person for member in self.people.campaigns_of(person)), None)

    def as_owner(self, person: Person, campaign: str) -> Member:
        """Return the administrator as an owner of a campaign."""
        return Member(campaign, person.id, person.email, "owner")
