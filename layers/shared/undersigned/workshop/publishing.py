"""Publishing: what it would change, and the publishing itself."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.workshop.drafting import check, draft_of
from undersigned.workshop.pushing import PublishedCampaign, push_logged
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.rules.drafts import ChangedMeanwhileError
from undersigned.workshop.writing import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.stack import Stack
    from undersigned.campaigns.rules.controls import Controls
    from undersigned.workshop.campaigns import CompiledCampaign
    from undersigned.workshop.rules.changes import Change
    from undersigned.workshop.rules.drafts import Draft


@dataclass(frozen=True, slots=True)
class ToPublish:
    """A draft beside the campaign as it is published. `compiled` is the draft.

    `changes` are what publishing changes. `before` and `after` are the campaign's files, without and with the changes;
    both are empty for a new campaign, and while the draft has mistakes.
    """

    published: PublishedCampaign
    controls: Controls
    compiled: CompiledCampaign
    changes: tuple[Change, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint of the campaign with which the draft was compared."""
        return hashlib.sha256(json.dumps(self.before, sort_keys=True).encode()).hexdigest()


def to_publish(stack: Stack, draft: Draft) -> ToPublish:
    """Compare a draft, whatever its mistakes are, with the campaign as it is published."""
    published, compiled = PublishedCampaign.read(stack, draft.campaign), check(draft)
    found = ToPublish(published, Campaigns(stack.table).controls(draft.campaign), compiled)
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
    draft = draft_of(stack, campaign)
    if draft.revision != revision:
        raise ChangedMeanwhileError(draft)
    found = to_publish(stack, draft)
    compiled = found.compiled.without_mistakes()
    if fingerprint != found.fingerprint:
        raise ChangedMeanwhileError(draft)
    push_logged(stack, found.published, compiled, "publish", by, why)
    if revision:
        # A change that somebody saves at this moment is not published.
        with suppress(ChangedMeanwhileError):
            Drafts(stack).set_published(draft)
