"""Publishing: what it would change, and the publishing itself."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.controls import checked_reason
from undersigned.workshop.drafting import check, draft_of
from undersigned.workshop.pushing import PublishedCampaign, in_short, push
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import ChangedMeanwhileError
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.campaigns import Campaign, Target
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.rules.drafts import Draft


@dataclass(frozen=True, slots=True)
class ToPublish:
    """What the step that publishes a draft shows. `compiled` is the draft.

    `published` is the campaign as it is, with its `targets`, and `changes` what publishing changes, as the activity log
    names it. `before` and `after` are its files, without and with the changes; both are empty for a new campaign, and
    while the draft has mistakes.
    """

    published: Campaign | None
    controls: Controls
    compiled: CompiledCampaign
    changes: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the campaign with which the draft was compared."""
        return _fingerprint(self.before)


def to_publish(stack: Stack, draft: Draft) -> ToPublish:
    """Return what the step that publishes a draft shows, whatever its mistakes are."""
    published, compiled = PublishedCampaign.read(stack, draft.campaign), check(draft)
    controls, targets = Campaigns(stack.table).controls(draft.campaign), tuple(published.targets.values())
    found = ToPublish(published.settings, controls, compiled, targets=targets)
    if compiled.mistakes:
        return found
    found = replace(found, changes=published.changes(compiled))
    if published.settings is None:
        return found
    after = files_of(compiled.campaign, compiled.letters, compiled.targets)
    return replace(found, before=published.files(stack), after=after)


def publish(  # noqa: PLR0913, PLR0917  (what is published, and what was seen)
    stack: Stack, campaign: str, revision: int, fingerprint: str, by: str, why: str
) -> None:
    """Publish a draft that still has this revision, as `undersigned campaign push` does.

    Raises MistakesError, and publishes nothing then. Raises ChangedMeanwhileError if the draft has another revision, or
    if the campaign has changed since its changes were listed (its `fingerprint`), and GivenError for a reason that
    can't be kept.
    """
    from undersigned.workshop.printing.share_pictures import share_pictures

    why = checked_reason(why)
    draft, before = draft_of(stack, campaign), PublishedCampaign.read(stack, campaign)
    if draft.revision != revision:
        raise ChangedMeanwhileError(draft)
    compiled = check(draft).without_mistakes()
    if fingerprint != _fingerprint(before.files(stack) if before.settings else {}):
        raise ChangedMeanwhileError(draft)
    changes = in_short(before.changes(compiled))
    if changes:
        # The entry comes first, so that no change is without one.
        record(stack, campaign, "publish", by, about=changes, why=why)
    push(stack, compiled, before, share_pictures(compiled.campaign))
    if revision:
        # A change that somebody saves at this moment is not published.
        with suppress(ChangedMeanwhileError):
            Drafts(stack).set_published(draft)


def _fingerprint(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
