"""`undersigned campaign`: check a campaign's folder, and push it to a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from undersigned.authoring.mistakes import MistakesError
from undersigned.domain.colors import accents
from undersigned_cli import campaign_folder
from undersigned_cli.commands.options import COMMAND_LINE, Folder, Reason, examples, on_stack
from undersigned_cli.commands.output import counted, say
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.authoring.campaigns import CompiledCampaign
    from undersigned.domain.campaigns import Campaign

app = typer.Typer(no_args_is_help=True, help="Check a campaign's folder, and push it to a stack.")


@app.command(epilog=examples("campaign check campaigns/my-campaign"))
def check(folder: Folder) -> None:
    """Find every mistake in a campaign's folder, with its file, its line and how to correct it."""
    compiled = _read(folder)
    found = f"{counted(len(compiled.targets), 'recipient')}, {counted(len(compiled.letters), 'letter')}"
    say(f"{compiled.campaign.id}: {found}. No mistakes.")
    for line in _overview(compiled.campaign):
        say(f"  {line}")


def _overview(campaign: Campaign) -> Iterator[str]:
    for language in campaign.languages:
        version = campaign.letters.get(language)
        yield f"{language}: letter {version[:12]}" if version else f"{language}: no letter in this language"
    if campaign.accent:
        light, dark = accents(campaign.accent)
        yield f"accent {campaign.accent}: shown as {light.color} on light pages and {dark.color} on dark pages"


@app.command(epilog=examples("campaign push campaigns/my-campaign"))
@on_stack
def push(
    stack: Stack,
    folder: Folder,
    *,
    reason: Reason = "",
) -> None:
    """Write a campaign's folder to a stack. Pushing it again changes nothing.

    A letter that people may have signed never changes: if you edit it, new signers get a new version.
    """
    compiled = _read(folder)
    campaign = compiled.campaign
    wiring = stack.wiring()
    if changes := campaign_folder.changes_of(compiled, wiring.campaigns):
        # First, so that no change goes without an entry.
        wiring.delivery_controls().record(campaign.id, "push", COMMAND_LINE, about=changes, why=reason)
    pushed = campaign_folder.push(compiled, wiring.campaigns)
    say(f"{campaign.id}: {counted(pushed.targets, 'recipient')}.")
    for language, version in campaign.letters.items():
        if version in pushed.new_letters:
            say(f"  {language}: new letter version {version[:12]}")
        else:
            say(f"  {language}: letter version {version[:12]} is on the stack already")
    for target in pushed.retired:
        say(f"  {target} is no longer in targets.csv: it gets no new letters. Those that are waiting are still sent.")
    say(f"The form is at {stack.outputs['PublicUrl']}/campaigns/{campaign.id}")


def _read(folder: Folder) -> CompiledCampaign:
    """Read a folder and print its mistakes or warnings."""
    try:
        compiled = campaign_folder.read(folder)
    except MistakesError as error:
        for mistake in error.mistakes:
            say(str(mistake))
        say(f"{counted(len(error.mistakes), 'mistake')}. Correct them, and try again.", style="red")
        raise typer.Exit(1) from None
    for warning in compiled.warnings:
        say(f"{warning} (a warning)", style="yellow")
    return compiled
