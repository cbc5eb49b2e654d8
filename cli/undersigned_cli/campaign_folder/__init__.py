"""A campaign's folder, and what can be done with it: `read` it, `push` it to a stack, `render` a letter of it."""

from undersigned_cli.campaign_folder.pushing import push
from undersigned_cli.campaign_folder.reading import CampaignFolder, CampaignFolderError, read
from undersigned_cli.campaign_folder.rendering import render

__all__ = ["CampaignFolder", "CampaignFolderError", "push", "read", "render"]
