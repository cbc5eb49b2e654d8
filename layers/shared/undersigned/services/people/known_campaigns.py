"""Which campaigns there are, published or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from undersigned.base.errors import NotFoundError

if TYPE_CHECKING:
    from undersigned.aws.drafts import Drafts
    from undersigned.campaigns.catalog import Catalog


@dataclass(kw_only=True, frozen=True, slots=True)
class KnownCampaigns:
    """Says whether there is a campaign. One that was never published has only its draft."""

    catalog: Catalog
    drafts: Drafts

    def has(self, campaign: str) -> bool:
        """Say whether there is a campaign or a draft of one."""
        try:
            self.catalog.entry(campaign)
        except NotFoundError:
            return campaign in self.drafts.campaigns()
        return True
