"""A person's own campaigns, for the dashboard's front page: each with its count and its points."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import DamagedRowsError, NotFoundError
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.organizing.overviews import Overview
from undersigned.people.rows.people import People
from undersigned.workshop.draft_settings import DraftSettings
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import DRAFTED, UnreadableDraftError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from undersigned.base.stack import Stack
    from undersigned.people.rules.people import Person, Role


@dataclass(frozen=True, slots=True)
class OwnCampaign:
    """A campaign in which a person has a role, with an overview that counts no letters.

    `has_changes` says that its draft has unpublished ones.
    """

    role: Role
    overview: Overview
    has_changes: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A person's campaigns by title, and those with only a draft: the id of each, and its title or again its id."""

    campaigns: tuple[OwnCampaign, ...]
    unpublished: tuple[tuple[str, str], ...]


def campaigns_of(stack: Stack, person: Person, *, is_administrator: bool) -> Own:
    """Return a person's campaigns; for an administrator, all of them."""
    roles: dict[str, Role] = {member.campaign: member.role for member in People(stack.table).campaigns_of(person.id)}
    if not roles and not is_administrator:
        return Own((), ())
    published = set(Campaigns(stack.table).campaign_ids())
    if is_administrator:
        roles |= dict.fromkeys(sorted(published), "owner")
    drafts = Drafts(stack).campaigns()
    found = sorted(_found(stack, roles, drafts), key=lambda own: own.overview.campaign.title.casefold())
    only_drafts = (name for name in drafts if name not in published and (is_administrator or name in roles))
    return Own(tuple(found), tuple((name, _title_of(stack, name)) for name in only_drafts))


def _title_of(stack: Stack, campaign: str) -> str:
    """Return the title of a draft; its campaign's id if it has none, can't be read or has just been discarded."""
    with suppress(UnreadableDraftError):
        draft = Drafts(stack).draft(campaign)
        return str((DraftSettings.read(draft.files.get(DRAFTED, "")).values.get("title") if draft else "") or campaign)
    return campaign


def _found(stack: Stack, roles: Mapping[str, Role], drafts: Sequence[str]) -> Iterator[OwnCampaign]:
    left = stack.limits.recipients_read
    for campaign, role in roles.items():
        try:
            found = Overview(stack, campaign, limit=left, counts_letters=False)
            found.read()
        except (DamagedRowsError, NotFoundError):
            # It has only a draft, is being deleted or restored, or is damaged.
            continue
        left -= len(found.targets.items)
        yield OwnCampaign(role, found, has_changes=campaign in drafts and Drafts(stack).has_changes(campaign))
