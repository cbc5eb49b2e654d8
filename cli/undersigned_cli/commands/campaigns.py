"""`undersigned campaign`: make, check, push and pull a campaign's folder; list campaigns, and close one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.colors import accents
from undersigned.base.errors import NotFoundError, UndersignedError
from undersigned.base.languages import SOURCE
from undersigned.campaigns.activity import perform
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.postal_codes import in_words
from undersigned.organizing.deleting import check_deletable, delete_campaign
from undersigned.organizing.overviews import Overview
from undersigned.workshop import described_settings, drafting, publishing, settings
from undersigned.workshop.draft_testing import ask_for_test
from undersigned.workshop.mistakes import MistakesError
from undersigned.workshop.pushing import PublishedCampaign, push_logged
from undersigned.workshop.rows.drafts import Drafts
from undersigned.workshop.targets import MOST_NOTES
from undersigned_cli import campaign_folder
from undersigned_cli.commands.options import (
    COMMAND_LINE,
    AsJson,
    Campaign,
    Folder,
    Reason,
    Yes,
    check_campaign,
    examples,
    on_stack,
)
from undersigned_cli.commands.output import ask, counted, say, show
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.workshop.campaigns import CompiledCampaign

_MOST_MISTAKES = 100
_MOST_NOTES = 20
_MOST_RECIPIENTS = 100

app = typer.Typer(
    no_args_is_help=True, help="Make, check, push and pull a campaign's folder; list, close and delete campaigns."
)


@app.command(epilog=examples("campaign new campaigns/my-campaign"))
def new(folder: Annotated[Path, typer.Argument(help="Folder to make.", metavar="DIR")]) -> None:
    """Make the folder of a new campaign, and say what to fill in."""
    campaign_folder.write_new(folder)
    check = f"undersigned campaign check {shlex.quote(str(folder))}"
    say(f"{folder} is the folder of a new campaign. Fill these in, then run `{check}`:")
    try:
        campaign_folder.read(folder)
    except MistakesError as error:
        for mistake in error.mistakes:
            say(f"  {mistake}")


@app.command(epilog=examples("campaign check campaigns/my-campaign"))
def check(folder: Folder) -> None:
    """Find every mistake in a campaign's folder, with its file, its line and how to correct it."""
    compiled = _read(folder)
    found = f"{counted(len(compiled.targets), 'recipient')}, {counted(len(compiled.letters), 'letter')}"
    say(f"{compiled.campaign.id}: {found}. No mistakes.")
    for line in _overview(compiled):
        say(f"  {line}")


def _overview(compiled: CompiledCampaign) -> Iterator[str]:
    campaign = compiled.campaign
    yield (
        f"personal data: kept until {campaign.kept_until}, then deleted"
        if campaign.kept_until
        else "personal data: kept until somebody erases it, because there is no `keep_for_days`"
    )
    for language in campaign.languages:
        version = campaign.letters.get(language)
        yield f"{language}: letter {version[:12]}" if version else f"{language}: no letter in this language"
    if campaign.accent:
        light, dark = accents(campaign.accent)
        yield f"accent {campaign.accent}: shown as {light.color} on light pages and {dark.color} on dark pages"
    for target in compiled.targets[:_MOST_RECIPIENTS]:
        yield f"{target.id}: {target.name} gets letters from {in_words(target.postal_codes, SOURCE)}"
    if len(compiled.targets) > _MOST_RECIPIENTS:
        yield f"and {len(compiled.targets) - _MOST_RECIPIENTS:,} more recipients"
    if by_hand := sum(target.by_hand for target in compiled.targets):
        yield f"by hand or post: {counted(by_hand, 'recipient')} without an email address"
    yield from map(str, compiled.notes[:_MOST_NOTES])
    if len(compiled.notes) > _MOST_NOTES:
        least = "at least " if len(compiled.notes) == MOST_NOTES else ""
        yield f"and {least}{len(compiled.notes) - _MOST_NOTES:,} more shared postal codes"


@app.command(epilog=examples("campaign push campaigns/my-campaign"))
@on_stack
def push(
    stack: DeployedStack,
    folder: Folder,
    *,
    draft: Annotated[
        bool, typer.Option("--draft", help="Write it as the campaign's draft, with any mistakes, and publish nothing.")
    ] = False,
    revision: Annotated[
        int | None, typer.Option(help="With --draft: the revision of the draft to replace, as pull --draft printed it.")
    ] = None,
    reason: Reason = "",
) -> None:
    """Write a campaign's folder to a stack. Pushing it again changes nothing.

    A letter that people may have signed never changes: if you edit it, new signers get a new version.
    """
    if revision is not None and not draft:
        message = "--revision needs --draft; without it, the folder is published at once"
        raise typer.BadParameter(message)
    if draft:
        _push_draft(stack, folder, revision)
        return
    compiled, opened = _read(folder), stack.opened()
    campaign = compiled.campaign
    pushed = push_logged(opened, PublishedCampaign.read(opened, campaign.id), compiled, "push", COMMAND_LINE, reason)
    say(f"{campaign.id}: {counted(pushed.targets, 'recipient')}.")
    for language, version in campaign.letters.items():
        if version in pushed.new_letters:
            say(f"  {language}: new letter version {version[:12]}")
        else:
            say(f"  {language}: letter version {version[:12]} is on the stack already")
    for target in pushed.retired:
        say(f"  {target} is no longer in targets.csv: it gets no new letters. Those that are waiting are still sent.")
    if campaign.kept_until:
        is_over = campaign.is_over(campaign.local(opened.clock()).date())
        say(
            f"  Personal data is kept until {campaign.kept_until}. "
            + (
                "That day is over, so the daily reconciliation deletes it now, for good. "
                "To keep it, push a larger `keep_for_days` at once."
                if is_over
                else "After that, it is deleted for good. The counts stay."
            ),
            style="yellow" if is_over else None,
        )
    unpublished = Drafts(opened).draft(campaign.id)
    if unpublished and not unpublished.is_published:
        say(f"  {unpublished.changed_by} has a draft with changes that are not published.")
    say(f"The form is at {stack.outputs['PublicUrl']}/campaigns/{campaign.id}")


def _push_draft(stack: DeployedStack, folder: Path, revision: int | None) -> None:
    files, unreadable = campaign_folder.read_files(folder)
    if unreadable:
        raise MistakesError(unreadable)
    campaign = settings.values_of(files.get(settings.FILE, "")).get("id")
    if not isinstance(campaign, str) or not campaign:
        message = f"{settings.FILE} has no `id`; add the name of the campaign"
        raise UndersignedError(message)
    opened = stack.opened()
    try:
        before = drafting.draft_of(opened, campaign)
    except NotFoundError:
        written = drafting.create(opened, campaign, COMMAND_LINE, files)
    else:
        if revision is None and not before.is_published:
            message = (
                f"{campaign} has a draft already, changed by {before.changed_by}; get it with `undersigned campaign "
                f"pull --draft {campaign} DIR`, or replace it with --revision {before.revision}"
            )
            raise UndersignedError(message)
        changes = dict.fromkeys(before.files) | files
        written = drafting.write(
            opened, campaign, before.revision if revision is None else revision, changes, COMMAND_LINE
        )
    say(f"{campaign}: this is the draft now, revision {written.revision}. Nothing is published.")
    for mistake in drafting.check(written).mistakes[:_MOST_MISTAKES]:
        say(f"  {mistake}")


@app.command(epilog=examples("campaign publish my-campaign --why 'a new chief'"))
@on_stack
def publish(
    stack: DeployedStack,
    campaign: Campaign,
    *,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Publish a campaign's draft. It says first what changes, and asks."""
    opened = stack.opened()
    draft = drafting.draft_of(opened, campaign)
    if mistakes := drafting.check(draft).mistakes:
        raise _exit_with(MistakesError(mistakes))
    found = publishing.to_publish(opened, draft)
    if not found.changes:
        say(f"{campaign}: the draft changes nothing.")
        return
    for change in found.changes:
        say(f"  {change}")
    ask(f"Publish this draft of {campaign}?", yes=yes)
    publishing.publish(opened, campaign, draft.revision, found.fingerprint, COMMAND_LINE, reason)
    say(f"{campaign} is published. The form is at {stack.outputs['PublicUrl']}/campaigns/{campaign}")


@app.command(epilog=examples("campaign pull my-campaign campaigns/my-campaign"))
@on_stack
def pull(
    stack: DeployedStack,
    campaign: Campaign,
    folder: Annotated[Path, typer.Argument(help="Folder to write the files to.", metavar="DIR")],
    *,
    draft: Annotated[bool, typer.Option("--draft", help="Write its draft, instead of what is published.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the files that are there.")] = False,
) -> None:
    """Write a campaign on a stack to a folder. Pushing the folder changes nothing."""
    opened = stack.opened()
    if draft:
        found = drafting.draft_of(opened, campaign)
        campaign_folder.write(folder, found.files, replaces=force)
        say(f"The draft of {campaign} is in {folder}.")
        say(f"To write it back: undersigned campaign push --draft {folder} --revision {found.revision}")
        return
    check_campaign(opened, campaign)
    published = PublishedCampaign.read(opened, campaign)
    campaign_folder.write(folder, published.files(opened), replaces=force)
    say(f"{campaign} is in {folder}.")


@app.command("list", epilog=examples("campaign list"))
@on_stack
def list_(stack: DeployedStack, *, as_json: AsJson = False) -> None:
    """List the campaigns of a stack, with their signatures."""
    opened = stack.opened()
    columns = {"campaign": "Campaign", "title": "Title", "signatures": "Signatures", "goal": "Goal", "state": "State"}
    rows: list[dict[str, object]] = []
    for campaign in Campaigns(opened.table).campaign_ids():
        found = Overview(opened, campaign)
        shown = found.campaign
        rows.append(
            {
                "campaign": campaign,
                "title": shown.title,
                "signatures": found.count.signatures,
                "goal": found.count.goal,
                "state": _state_of(found),
                "opens": shown.opens,
                "closes": shown.closes,
                "paused": found.controls.paused,
            }
        )
    known = {row["campaign"] for row in rows}
    rows += (
        {"campaign": campaign, "title": "", "signatures": 0, "goal": None, "state": "draft"}
        for campaign in Drafts(opened).campaigns()
        if campaign not in known
    )
    show("Campaigns", columns, rows, as_json=as_json)


def _state_of(found: Overview) -> str:
    if found.closed_on:
        return f"closed {found.closed_on}"
    opens = found.campaign.opens
    return f"opens {opens}" if opens and found.today < opens else "open"


@app.command("test", epilog=examples("campaign test my-campaign", "campaign test my-campaign --to ada@example.org"))
@on_stack
def send_test(
    stack: DeployedStack,
    campaign: Campaign,
    *,
    to: Annotated[str | None, typer.Option("--to", help="The address that gets it instead of the organizer's.")] = None,
) -> None:
    """Send the organizer the email that a recipient of the draft would get, as a test.

    It has one made-up letter and its packet, is marked as a test, and goes to no recipient. A campaign that was never
    published must have its organizer among its people, unless you give an address.
    """
    ask_for_test(stack.opened(), campaign, COMMAND_LINE, to=to)
    say(f"The email is on its way to {to or 'the organizer'}. Nothing was sent to anyone else.")


@app.command(epilog=examples("campaign close my-campaign --why 'the council has decided'"))
@on_stack
def close(stack: DeployedStack, campaign: Campaign, *, reason: Reason = "", yes: Yes = False) -> None:
    """Let nobody sign any more, within a minute. Letters that are confirmed are still sent."""
    opened = stack.opened()
    shown = Overview(opened, campaign)
    if shown.controls.closed_at:
        say(f"{campaign} is closed since {shown.campaign.local(shown.controls.closed_at):%Y-%m-%d %H:%M}.")
        return
    ask(f"Within a minute, nobody can sign {shown.campaign.title} any more. Close it?", yes=yes)
    perform(opened, "close", campaign, {"why": reason}, COMMAND_LINE)
    say(f"{campaign} is closed: within a minute, nobody can sign any more.")
    say("Letters that wait are still sent, and signers can confirm for 14 days.")
    say(f"To open it again: undersigned campaign reopen {campaign}")


@app.command(epilog=examples("campaign reopen my-campaign --why 'the vote is postponed'"))
@on_stack
def reopen(stack: DeployedStack, campaign: Campaign, *, reason: Reason = "") -> None:
    """Let people sign a closed campaign again, on the days in its campaign.toml."""
    opened = stack.opened()
    perform(opened, "reopen", campaign, {"why": reason}, COMMAND_LINE)
    found = Overview(opened, campaign)
    say(f"{campaign} is no longer closed; within a minute its state is: {_state_of(found)}.")


@app.command(epilog=examples("campaign delete my-campaign"))
@on_stack
def delete(stack: DeployedStack, campaign: Campaign, *, yes: Yes = False) -> None:
    """Delete a campaign that nobody has signed, or whose `keep_for_days` are over, with everything of it.

    It refuses while people can sign, while a letter holds personal data, and while a delivery is not finished.
    """
    opened = stack.opened()
    if Drafts(opened).draft(campaign) is None:
        check_campaign(opened, campaign)
    check_deletable(opened, campaign)
    ask(f"Delete {campaign}, with its counts, activity log and keys? Nobody can bring it back.", yes=yes)
    say(f"{campaign} is deleted: {counted(delete_campaign(opened, campaign).rows, 'row')}.")


@app.command(epilog=examples("campaign schema > campaign.schema.json"))
def schema() -> None:
    """Print the JSON Schema of campaign.toml. Editors use it to complete what people type."""
    typer.echo(described_settings.schema_text(), nl=False)


def _read(folder: Folder) -> CompiledCampaign:
    """Read a folder and print its mistakes or warnings."""
    try:
        compiled = campaign_folder.read(folder)
    except MistakesError as error:
        raise _exit_with(error) from None
    for warning in compiled.warnings:
        say(f"{warning} (a warning)", style="yellow")
    return compiled


def _exit_with(error: MistakesError) -> typer.Exit:
    """Print the mistakes, and return the exception that ends the command."""
    for mistake in error.mistakes[:_MOST_MISTAKES]:
        say(str(mistake))
    if len(error.mistakes) > _MOST_MISTAKES:
        say(f"These are the first {_MOST_MISTAKES}.")
    say(f"{counted(len(error.mistakes), 'mistake')}. Correct them, and try again.", style="red")
    return typer.Exit(1)
