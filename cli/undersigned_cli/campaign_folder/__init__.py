"""A campaign's folder, and what the command line does with it: read it, push it to a stack, render a letter of it."""

from undersigned_cli.campaign_folder.pushing import push
from undersigned_cli.campaign_folder.reading import read, read_text
from undersigned_cli.campaign_folder.rendering import render

__all__ = ["push", "read", "read_text", "render"]
