"""The organizer who looks at a campaign’s pages, in the language that they chose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.actions import ACTIONS
from undersigned.base.errors import NotFoundError
from undersigned.base.languages import for_organizers, organizers_languages
from undersigned.base.scopes import includes
from undersigned.campaigns.catalog import find_campaign
from undersigned.campaigns.rules.campaigns import Roster, dashboard_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from undersigned.base.actions import Action
    from undersigned.base.languages import Message
    from undersigned.base.scopes import Scope
    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign

NOTICES: dict[str, Message] = {}
"""The sentence of a page after somebody pressed a button that is no action, by the word in its address.

The module of the button's route adds it. The sentences of actions are in `Action.done`.
"""


@dataclass(frozen=True, slots=True)
class DashboardForm:
    """A form of the dashboard: its addresses, the values that it sends along, and the actions of its buttons."""

    addresses: tuple[str, ...]
    sent: Mapping[str, str]
    deeds: tuple[Action, ...]

    @property
    def address(self) -> str:
        """Return the address of the first button."""
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class Viewer:
    """An organizer who looks at a campaign.

    `roster` has its targets, and `scope` is what they may do. `token` is what the page's forms send back, `now` is the
    moment that the page shows, and `done` is the word for what the organizer just did. `chosen` is the language that
    they chose, if they did. `here` is the address of the page, for the links to other languages. A campaign that is not
    published has only its draft.
    """

    campaign: Campaign
    roster: Roster
    scope: Scope
    token: str
    now: datetime
    done: str | None = None
    chosen: str | None = None
    here: str = ""
    is_published: bool = True

    @property
    def home(self) -> str:
        """Return the address of the campaign's dashboard. All its other pages and buttons are below it."""
        return dashboard_path(self.campaign.id)

    @property
    def language(self) -> str:
        """Return the chosen language, or else the campaign's, or English if organizers can't choose that."""
        return self.chosen if self.chosen in organizers_languages() else for_organizers(self.campaign.language)

    @property
    def notice(self) -> str | None:
        """Return the sentence about what the organizer just did."""
        of_actions = (action.done.get(self.done or "") for action in ACTIONS.values())
        notice = NOTICES.get(self.done or "") or next(filter(None, of_actions), None)
        return notice.in_language(self.language) if notice else None

    @property
    def may_manage(self) -> bool:
        """Say whether they may see letters and change things."""
        return includes(self.scope, "manage")

    @property
    def may_own(self) -> bool:
        """Say whether they may see and change people and keys."""
        return includes(self.scope, "own")

    def form(self, actions: Iterable[str], values: Mapping[str, str]) -> DashboardForm | None:
        """Return the form with the buttons of actions; None for who may not do them.

        `values` fill in the address. The others are sent along.
        """
        deeds, sent = [ACTIONS[action] for action in actions], dict(values)
        if not includes(self.scope, deeds[0].scope):
            return None
        paths = [re.sub(r"<(\w+)>", lambda part: values[part[1]], deed.page) for deed in deeds]
        for deed in deeds:
            for name in re.findall(r"<(\w+)>", deed.page):
                sent.pop(name, None)
        addresses = tuple(f"{self.home}{path}" for path in paths)
        return DashboardForm(addresses, {"token": self.token} | sent, tuple(deeds))

    def say(self, message: Message) -> str:
        """Return a message in the page's language."""
        return message.in_language(self.language)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the campaign's time zone."""
        return self.campaign.local(moment)


UNPUBLISHED: list[Callable[[Stack, str], Campaign]] = []
"""How a campaign is found that was never published: the workshop finds its draft. Raises NotFoundError."""


def found_campaign(stack: Stack, campaign: str) -> tuple[Campaign, Roster, bool]:
    """Return a campaign with its targets, and whether it is published. Until then it has its draft's settings.

    Raises NotFoundError.
    """
    try:
        entry = find_campaign(stack, campaign)
    except NotFoundError:
        for find in UNPUBLISHED:
            return find(stack, campaign), Roster.of(()), False
        raise
    return entry.campaign, entry.roster, True
