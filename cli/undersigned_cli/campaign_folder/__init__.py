"""A campaign's folder: read it, push it to a stack, or render a letter from it."""

from undersigned_cli.campaign_folder.pushing import changes_of, push
from undersigned_cli.campaign_folder.reading import read, read_text
from undersigned_cli.campaign_folder.rendering import render

__all__ = ["changes_of", "push", "read", "read_text", "render"]
