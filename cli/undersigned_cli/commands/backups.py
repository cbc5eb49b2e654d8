"""`undersigned backup` and `restore`: write a campaign to one file, to keep it or to move it to another stack."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.aws.deliveries import DELIVERIES, read_delivery
from undersigned.domain.errors import UndersignedError
from undersigned.wiring import new_id
from undersigned_cli.backup import backup_file
from undersigned_cli.backup.backing_up import BackingUp
from undersigned_cli.backup.backup_file import BackupFile, Header, OtherSecretError
from undersigned_cli.backup.restoring import Decisions, Restoring, Survey, survey
from undersigned_cli.commands.options import COMMAND_LINE, RUN, AsJson, Campaign, examples, known_targets, on_stack
from undersigned_cli.commands.output import counted, moment, progress_of, say, show_json
from undersigned_cli.stacks import Stack
from undersigned_cli.whole_files import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from undersigned.domain.deliveries import DeliveryKey
    from undersigned_cli.backup.backup_file import Line

_BETWEEN_UPDATES = 500


class UndecidedError(UndersignedError):
    """Emails were being sent when the backup was made, and a person must say whether they were sent."""


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
def backup(  # noqa: PLR0913  (options)
    stack: Stack,
    campaign: Campaign,
    file: Annotated[Path, typer.Argument(help="File to write. It contains personal data.", metavar="FILE")],
    *,
    table: Annotated[
        str | None, typer.Option(help="Read another table, such as one from a point-in-time recovery.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a whole campaign to one file, for `restore`: letters, deliveries, activity log, but no organizers' keys.

    Before you move a campaign, pause it: the file doesn't have what is sent later.
    """
    if file.is_file() and not force:
        # After a deletion it may be all that is left of a campaign.
        message = f"{file} is there already; name another file, or replace it with --force"
        raise UndersignedError(message)
    if table is not None:
        stack = replace(stack, outputs={**stack.outputs, "TableName": table})
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    paused = wiring.campaigns.controls(campaign).paused
    header = Header(new_id(), campaign, wiring.now(), paused)
    reading = BackingUp(wiring.table, campaign)
    seen: Counter[str] = Counter()
    with whole(file) as out:
        wiring.delivery_controls().record(campaign, "backup", COMMAND_LINE, about=header.id)
        written = backup_file.write(out, header, _counted(reading.lines(), seen), wiring.secret())
    if as_json:
        facts = asdict(header) | {"file": file, "items": written, **{kind: seen[kind] for kind in _KINDS}}
        show_json([facts])
        return
    deliveries = counted(seen["deliveries"], "delivery", "deliveries")
    say(f"{counted(seen['letters'], 'letter')} and {deliveries} written to {file}.")
    say(
        "The file contains signers' names, addresses and words. Only you can read it on this computer; keep it private."
    )
    if seen["unfinished"] and not paused:
        unfinished = counted(seen["unfinished"], "delivery is", "deliveries are")
        say(
            f"{unfinished} not finished, and the file doesn't have what they send from now on. To move the campaign, "
            f"run `undersigned pause {campaign}`, and make another backup when none is `sending`, in an hour at most. "
            "One that is `open` goes from the new stack.",
            style="yellow",
        )


_KINDS = ("letters", "deliveries", "unfinished")


def _counted(lines: Iterable[Line], seen: Counter[str]) -> Iterator[Line]:
    """Yield the lines, count them by kind, and show progress."""
    with progress_of("items") as progress:
        task = progress.add_task("backup", total=None)
        for count, line in enumerate(lines):
            if line.values["sk"].startswith(DELIVERIES):
                seen["deliveries"] += 1
                seen["unfinished"] += read_delivery(line.values).state in {"open", "sending"}
            elif line.values["pk"].startswith("SIGNATURE#") and not line.again:
                seen["letters"] += 1
            if count % _BETWEEN_UPDATES == 0:
                progress.update(task, completed=count)
            yield line


@on_stack
def restore(
    stack: Stack,
    file: Annotated[Path, typer.Argument(help="File that `backup` wrote.", metavar="FILE")],
    *,
    sent: Annotated[
        list[str] | None,
        typer.Option(
            help="This email may have been sent, and was: its letters are not sent again.", metavar="TARGET/DAY"
        ),
    ] = None,
    unsent: Annotated[
        list[str] | None,
        typer.Option(
            help="This email may have been sent, and was not: its letters are sent again.", metavar="TARGET/DAY"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a campaign from a backup to a stack that doesn't have it. The campaign is paused, and no email is sent.

    If it is interrupted, run it again. The stack needs the secret of the stack that made the file: docs/backups.md.
    """
    wiring = stack.wiring()
    source = BackupFile(file, wiring.secret())
    try:
        total = source.check()
    except OtherSecretError as error:
        message = (
            f"{error}, so links in its emails would not work here, and people could sign twice. Before anyone signs "
            "here, give this stack the other secret: aws secretsmanager put-secret-value --secret-id "
            f"{wiring.settings.secret_arn} --secret-string …; a stack that has other campaigns can't take it; "
            "see docs/backups.md"
        )
        raise OtherSecretError(message) from error
    found = survey(source.lines())
    decisions = _decisions(found, sent or [], unsent or [])
    restoring = Restoring(wiring.table, source, found, decisions, wiring.now())
    stage = restoring.progress()
    if stage != "done":
        with progress_of("items") as progress:
            task = progress.add_task("restore", total=total)
            for read in restoring.run():
                progress.update(task, completed=read)
    written = restoring.written
    if as_json:
        counts = {outcome: written[outcome] for outcome in ("put", "there", "expired", "damaged")}
        show_json([asdict(source.header) | {"items": total, **counts}])
        return
    _report(source.header, written, again=stage == "done")


def _decisions(found: Survey, sent: list[str], unsent: list[str]) -> Decisions:
    """Read the decisions about emails that may have been sent; raises UndecidedError unless each has exactly one."""
    under_way = {f"{key.target}/{key.period}": key for key in found.under_way}
    if unknown := sorted({*sent, *unsent} - under_way.keys()):
        message = f"{unknown[0]} is not in question; these are: {', '.join(under_way) or 'none'}"
        raise typer.BadParameter(message)
    undecided = [name for name in under_way if (name in sent) == (name in unsent)]
    if undecided:
        name = undecided[0]
        message = (
            f"the email {name} may have been sent when the backup was made; the file doesn't say whether it was. "
            "Look at `undersigned deliveries` on the stack that sent it, or ask the recipient's office. Then add "
            f"--sent {name} (its letters are not sent again) or --unsent {name} (they are sent again)"
        )
        raise UndecidedError(message)

    def keys_of(names: list[str]) -> frozenset[DeliveryKey]:
        return frozenset(under_way[name] for name in names)

    return Decisions(keys_of(sent), keys_of(unsent))


def _report(header: Header, written: Counter[str], *, again: bool) -> None:
    campaign = header.campaign
    if again:
        say(f"{campaign} is restored from this backup already; nothing was written.")
        return
    say(
        f"{campaign} is restored: {counted(written['put'], 'item')} written, {written['there']:,} there already, "
        f"{counted(written['expired'], 'letter')} expired. The campaign is paused, so no email is sent."
    )
    if written["damaged"]:
        damaged = counted(written["damaged"], "row is damaged, and", "rows are damaged, and")
        say(f"{damaged} written as they are. `undersigned reconcile {campaign}` names them.", style="yellow")
    if not header.paused:
        say(
            f"It was not paused when the backup was made ({moment(header.made_at)}): what the other stack has sent "
            "since then would be sent a second time. Compare `undersigned deliveries` on both stacks.",
            style="yellow",
        )
    say(f"Make sure that the other stack sends nothing more of it. Then run `undersigned resume {campaign}`.")
    say(f"Organizers need new keys: run `undersigned key create {campaign}`.")
