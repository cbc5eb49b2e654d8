"""A campaign's folder: write it, read it, push it to a stack, or render a letter from it."""

from undersigned.workshop.pushing import PublishedCampaign, in_short, push
from undersigned_cli.campaign_folder.reading import read, read_files, read_text
from undersigned_cli.campaign_folder.rendering import render
from undersigned_cli.campaign_folder.writing import pull, write, write_new

__all__ = [
    "PublishedCampaign",
    "in_short",
    "pull",
    "push",
    "read",
    "read_files",
    "read_text",
    "render",
    "write",
    "write_new",
]
