"""`undersigned dead-letters`: what functions gave up, and how it is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.errors import NotFoundError
from undersigned_cli.commands.options import AsJson, Yes, examples, on_stack
from undersigned_cli.commands.output import ask, counted, moment, say, show_each
from undersigned_cli.dead_letters import KINDS, DeadLetter, DeadLetters
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from undersigned_cli.commands.output import Columns

app = typer.Typer(
    no_args_is_help=True,
    help="See what functions gave up after all tries, and put back what still makes sense, once the cause is fixed.",
)

Queue = Annotated[
    str | None,
    typer.Argument(help=f"Dead-letter queue: {', '.join(KINDS)}. Without it, all of them.", metavar="QUEUE"),
]

_COLUMNS: Columns[DeadLetter] = {
    "queue": ("Queue", lambda letter: letter.queue),
    "since": ("Since", lambda letter: moment(letter.since)),
    "until": ("Kept until", lambda letter: moment(letter.until)),
    "about": ("About", lambda letter: letter.verdict.about),
    "put_back": ("Put back", lambda letter: letter.makes_sense),
    "why": ("Why not", lambda letter: letter.verdict.why),
}


@app.command("list", epilog=examples("dead-letters list", "dead-letters list DeliveriesFailed --json"))
@on_stack
def list_(stack: DeployedStack, queue: Queue = None, *, as_json: AsJson = False) -> None:
    """List dead letters, and whether each still makes sense. Changes nothing."""
    dead, letters = _read(stack, queue)
    for letter in letters:
        dead.release(letter)
    show_each("Dead letters", _COLUMNS, letters, as_json=as_json)


@app.command("put-back", epilog=examples("dead-letters put-back --dry-run", "dead-letters put-back DeliveriesFailed"))
@on_stack
def put_back(
    stack: DeployedStack,
    queue: Queue = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be put back.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Delete the letters that make no sense any more.")] = False,
    yes: Yes = False,
) -> None:
    """Put back the dead letters that still make sense. Finished work is recorded, and is not done twice."""
    dead, letters = _read(stack, queue)
    show_each("Dead letters", _COLUMNS, letters, as_json=False)
    sensible = [letter for letter in letters if letter.makes_sense]
    rest = [letter for letter in letters if not letter.makes_sense] if drop else []
    left = list(letters)
    try:
        if not (dry_run or sensible or rest):
            say(_nothing(len(letters)))
            return
        if dry_run:
            say(f"{counted(len(sensible), 'letter')} would be put back, {counted(len(rest), 'letter')} deleted.")
            return
        ask(f"Put back {len(sensible)}, and delete {len(rest)} of the others?", yes=yes)
        for letter in sensible:
            dead.put_back(letter)
            left.remove(letter)
        for letter in rest:
            dead.drop(letter)
            left.remove(letter)
    finally:
        for letter in left:
            dead.release(letter)
    say(f"{counted(len(sensible), 'letter')} put back, {counted(len(rest), 'letter')} deleted.")


def _nothing(senseless: int) -> str:
    nothing = "There is nothing to put back."
    if not senseless:
        return nothing
    letters = counted(senseless, "letter that makes", "letters that make")
    return f"{nothing} To delete the {letters} no sense any more, add --drop."


def _read(stack: DeployedStack, queue: str | None) -> tuple[DeadLetters, list[DeadLetter]]:
    if queue is not None and queue not in KINDS:
        message = f"there is no dead-letter queue {queue!r}; the stack has {', '.join(KINDS)}"
        raise NotFoundError(message)
    known: dict[str, str] = {}

    def physical_id(logical_id: str) -> str:
        if logical_id not in known:
            known[logical_id] = _physical_id(stack, logical_id)
        return known[logical_id]

    dead = DeadLetters(opened=stack.opened(), client=stack.client, physical_id=physical_id)
    return dead, [letter for name in ([queue] if queue else KINDS) for letter in dead.letters(name)]


def _physical_id(stack: DeployedStack, logical_id: str) -> str:
    found = stack.client("cloudformation").describe_stack_resource(StackName=stack.name, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])
