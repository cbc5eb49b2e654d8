"""`undersigned campaign`: check a campaign's folder, and push it to a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from undersigned.domain.colors import accents
from undersigned_cli import campaign_folder
from undersigned_cli.campaign_folder import CampaignFolder, CampaignFolderError
from undersigned_cli.campaign_folder import push as push_folder
from undersigned_cli.commands.options import Folder, console, on_stack
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.domain.campaigns import Campaign

app = typer.Typer(no_args_is_help=True, help="Check a campaign's folder, and push it to the stack.")


@app.command()
def check(folder: Folder) -> None:
    """Find every mistake in a campaign's folder, each with its file, line and way out."""
    found = _read(folder)
    campaign = found.campaign
    console.print(f"{campaign.id}: {len(found.targets)} targets, {len(found.letters)} letters. No mistakes.")
    for line in _overview(campaign):
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _overview(campaign: Campaign) -> Iterator[str]:
    for language in campaign.languages:
        version = campaign.letters.get(language)
        yield f"{language}: {f'letter {version[:12]}' if version else 'no letter of its own'}"
    if campaign.accent:
        light, dark = accents(campaign.accent)
        yield f"accent {campaign.accent}, as text can be read: {light.color} on light pages, {dark.color} on dark ones"


@app.command()
@on_stack
def push(
    stack: Stack,
    folder: Folder,
) -> None:
    """Write a campaign's folder to the stack; doing it twice changes nothing.

    A letter that people may have signed is never changed: other words are a new version, which new signers sign.
    """
    found = _read(folder)
    pushed = push_folder(found, stack.wiring().table)
    console.print(f"{found.campaign.id}: {pushed.targets} targets.")
    for language, letter in found.letters.items():
        news = "new letter version" if letter.version in pushed.new_letters else "letter version, known already,"
        console.print(f"  {language}: {news} {letter.version[:12]}")
    for target in pushed.retired:
        console.print(f"  {target} is not in targets.csv any more: it gets no new letters; those that wait still go.")
    console.print(f"The form is at {stack.outputs['PublicUrl']}/campaigns/{found.campaign.id}", soft_wrap=True)


def _read(folder: Folder) -> CampaignFolder:
    try:
        found = campaign_folder.read(folder)
    except CampaignFolderError as error:
        for mistake in error.mistakes:
            console.print(str(mistake), markup=False, soft_wrap=True)
        count = len(error.mistakes)
        console.print(f"{count} {'mistake' if count == 1 else 'mistakes'}; nothing was pushed.", style="red")
        raise typer.Exit(1) from None
    for warning in found.warnings:
        console.print(f"{warning} (a warning)", style="yellow", markup=False, soft_wrap=True)
    return found
