"""`undersigned backup` and `restore`: a campaign as one file, for another stack or for the archive."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from undersigned.aws import items, keys
from undersigned.domain.errors import UndersignedError
from undersigned.wiring import new_id
from undersigned_cli.backup import backup_file
from undersigned_cli.backup.backing_up import BackingUp
from undersigned_cli.backup.backup_file import BackupFile, Header, OtherSecretError
from undersigned_cli.backup.restoring import Decisions, Restoring, Survey, survey
from undersigned_cli.commands.options import COMMAND_LINE, RUN, AsJson, Campaign, examples, known_targets, on_stack, say
from undersigned_cli.commands.whole_files import whole
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.domain.deliveries import DeliveryKey
    from undersigned_cli.backup.backup_file import Line

_BETWEEN_NEWS = 500


class UndecidedError(UndersignedError):
    """Mails were under way when the backup was made, and somebody must say what became of them."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        rich_help_panel=RUN,
        epilog=examples(
            "backup my-campaign my-campaign.backup", "backup my-campaign old.backup --table recovered-table"
        ),
    )(backup)
    app.command(
        rich_help_panel=RUN,
        epilog=examples("restore my-campaign.backup --stack-name other-stack"),
    )(restore)


@on_stack
def backup(
    stack: Stack,
    campaign: Campaign,
    file: Annotated[Path, typer.Argument(help="The file to write; it holds personal data.", metavar="FILE")],
    *,
    table: Annotated[
        str | None, typer.Option(help="Read this table instead, such as one of a point-in-time recovery.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write all of a campaign to one file, for `restore`: letters, deliveries, audit; not the organizers' keys.

    Pause the campaign first if it is to move: what is sent after the file was made is not in it.
    """
    if table is not None:
        stack = replace(stack, outputs={**stack.outputs, "TableName": table})
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    paused = wiring.table.controls(campaign).paused
    header = Header(new_id(), campaign, wiring.now(), paused)
    wiring.delivery_controls().note(campaign, "backup", COMMAND_LINE, about=header.id)
    reading = BackingUp(stack.client("dynamodb"), wiring.settings.table_name, campaign)
    seen: Counter[str] = Counter()
    with whole(file) as out:
        written = backup_file.write(out, header, _counted(reading.lines(), seen), wiring.secret())
    if as_json:
        facts = asdict(header) | {"file": file, "items": written, **{kind: seen[kind] for kind in _KINDS}}
        _print_json(facts)
        return
    say(f"{seen['letters']:,} letters and {seen['deliveries']:,} deliveries written to {file}.")
    say("It holds names, addresses and words of signers: only you can read it here, and keep it so.")
    if seen["unfinished"] and not paused:
        say(
            f"{seen['unfinished']:,} deliveries are not done, and what they send from now on is not in the file. "
            f"To move the campaign, `undersigned pause {campaign}`, and make another one when they are done.",
            style="yellow",
        )


_KINDS = ("letters", "deliveries", "unfinished")


def _counted(lines: Iterable[Line], seen: Counter[str]) -> Iterator[Line]:
    """Count lines by their kind on their way, and tell how far it is."""
    with _progress() as progress:
        task = progress.add_task("backup", total=None)
        for count, line in enumerate(lines):
            if line.item["sk"]["S"].startswith(keys.DELIVERIES):
                seen["deliveries"] += 1
                seen["unfinished"] += items.read_delivery(items.from_item(line.item)).state in {"open", "sending"}
            elif line.item["pk"]["S"].startswith("SIGNATURE#") and not line.again:
                seen["letters"] += 1
            if count % _BETWEEN_NEWS == 0:
                progress.update(task, completed=count)
            yield line


@on_stack
def restore(
    stack: Stack,
    file: Annotated[Path, typer.Argument(help="What `backup` wrote.", metavar="FILE")],
    *,
    sent: Annotated[
        list[str] | None,
        typer.Option(help="This mail was under way, and has left: its letters don't go again.", metavar="TARGET/DAY"),
    ] = None,
    unsent: Annotated[
        list[str] | None,
        typer.Option(help="This mail was under way, and has not left: it goes again.", metavar="TARGET/DAY"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a backup's campaign into a stack that has none of its name; it is paused then, and no mail goes out.

    What was cut off is run again. The stack needs the secret of the one that made the file (docs/backups.md).
    """
    wiring = stack.wiring()
    source = BackupFile(file, wiring.secret())
    try:
        total = source.check()
    except OtherSecretError as error:
        message = (
            f"{error}, so no link in its mails would work here and people could sign twice. Give this stack that "
            "secret before anybody signs here: aws secretsmanager put-secret-value --secret-id "
            f"{wiring.settings.secret_arn} --secret-string …; a stack with campaigns of its own can't take it "
            "(docs/backups.md)"
        )
        raise OtherSecretError(message) from error
    found = survey(source.lines())
    decisions = _decisions(found, sent or [], unsent or [])
    restoring = Restoring(stack.client("dynamodb"), wiring.settings.table_name, source, found, decisions, wiring.now())
    stage = restoring.progress()
    if stage != "done":
        with _progress() as progress:
            task = progress.add_task("restore", total=total)
            for read in restoring.run():
                progress.update(task, completed=read)
    written = restoring.written
    if as_json:
        counts = {outcome: written[outcome] for outcome in ("put", "there", "expired")}
        _print_json(asdict(source.header) | {"items": total, **counts})
        return
    _tell(source.header, written, again=stage == "done")


def _decisions(found: Survey, sent: list[str], unsent: list[str]) -> Decisions:
    """Read what is said of mails under way; raises UndecidedError for one that nothing or two things are said of."""
    under_way = {f"{key.target}/{key.period}": key for key in found.under_way}
    if unknown := sorted({*sent, *unsent} - under_way.keys()):
        message = f"{unknown[0]} was not under way; these were: {', '.join(under_way) or 'none'}"
        raise typer.BadParameter(message)
    undecided = [name for name in under_way if (name in sent) == (name in unsent)]
    if undecided:
        name = undecided[0]
        message = (
            f"the mail {name} was under way when the backup was made: whether it has left can't be seen from here. "
            "Look at `undersigned deliveries` of the stack that sent it, or ask the office. Then say "
            f"--sent {name} (its letters don't go again) or --unsent {name} (they do)"
        )
        raise UndecidedError(message)

    def keys_of(names: list[str]) -> frozenset[DeliveryKey]:
        return frozenset(under_way[name] for name in names)

    return Decisions(keys_of(sent), keys_of(unsent))


def _tell(header: Header, written: Counter[str], *, again: bool) -> None:
    campaign = header.campaign
    if again:
        say(f"{campaign} was restored from this backup before; nothing was written.")
        return
    say(
        f"{campaign} is restored: {written['put']:,} items written, {written['there']:,} were there, "
        f"{written['expired']:,} letters had expired. No mail goes out: it is paused."
    )
    if not header.paused:
        say(
            f"It was not paused when the backup was made ({header.made_at:%Y-%m-%d %H:%M} UTC): what the other stack "
            "has sent since then would go a second time. Compare `undersigned deliveries` of both.",
            style="yellow",
        )
    say(f"See that the other stack sends nothing more of it; then `undersigned resume {campaign}`.")
    say(f"Organizers need new keys: `undersigned key create {campaign}`.")


def _progress() -> Progress:
    terminal = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f} items"),
        console=terminal,
        transient=True,
        disable=not terminal.is_terminal,
    )


def _print_json(values: dict[str, object]) -> None:
    typer.echo(json.dumps([values], indent=2, ensure_ascii=False, default=str))
