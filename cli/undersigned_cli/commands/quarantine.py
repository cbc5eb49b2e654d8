"""`undersigned quarantine`: letters whose form looked like a bot's."""

from __future__ import annotations

from typing import Annotated

import typer

from undersigned.domain.errors import NotFoundError
from undersigned.services.delivery_controls import NotNowError
from undersigned_cli.commands.options import COMMAND_LINE, AsJson, Campaign, Why, console, on_stack, show
from undersigned_cli.stacks import Stack

app = typer.Typer(
    no_args_is_help=True,
    help="Letters whose form looked like a bot's. Their signers free them by the button in the mail, or you do.",
)

_REASONS = {
    "trap": "filled in a field that people don't see",
    "no form": "was not sent by a form of this campaign",
    "too fast": "was filled in within three seconds",
    "no proof": "lacks the proof of work",
    "erased before": "is fine, but an earlier letter of this signer was erased",
    "form used": "came by a form that another letter was signed with",
}


@app.command("list")
@on_stack
def list_(
    stack: Stack,
    campaign: Campaign,
    *,
    as_json: AsJson = False,
) -> None:
    """List the letters in quarantine, with what was odd about each."""
    table = stack.wiring().table
    columns = {"signer": "Letter", "signed": "Signed", "reason": "Its form", "name": "Name", "email": "E-mail"}
    rows: list[dict[str, object]] = [
        {
            "signer": row.signer,
            "signed": f"{row.signed_at:%Y-%m-%d %H:%M}",
            "reason": _REASONS.get(row.quarantine, row.quarantine),
            "name": row.name,
            "email": row.email,
        }
        for row in sorted(table.listed_signatures(campaign), key=lambda row: row.signed_at)
        if row.quarantine
    ]
    show(f"In quarantine: {campaign}", columns, rows, as_json=as_json)


@app.command()
@on_stack
def release(
    stack: Stack,
    campaign: Campaign,
    signer: Annotated[str, typer.Argument(help="The letter, as `list` shows it.")],
    *,
    why: Why = "",
) -> None:
    """Take a letter for a person's: its signer gets the mail with the button once more."""
    try:
        stack.wiring().organizing().release(campaign, signer, COMMAND_LINE, why)
    except (NotNowError, NotFoundError) as error:
        message = f"no letter {signer} of {campaign} is in quarantine; `undersigned quarantine list` shows them"
        raise NotFoundError(message) from error
    console.print("Released. Its signer gets the mail with the button again.")
