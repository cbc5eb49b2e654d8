"""`undersigned quarantine`: letters whose form looked like a bot's."""

from __future__ import annotations

from typing import Annotated

import typer

from undersigned.domain.errors import NotFoundError
from undersigned.services.ports import ChangedError
from undersigned.wiring import new_id
from undersigned_cli.options import (
    DEFAULT_STACK,
    DEFAULT_STATE,
    AsJson,
    Campaign,
    Local,
    StackName,
    State,
    console,
    show,
    stack_of,
)

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
def list_(
    campaign: Campaign,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack_name: StackName = DEFAULT_STACK,
    state: State = DEFAULT_STATE,
) -> None:
    """List the letters in quarantine, with what was odd about each."""
    table = stack_of(local=local, stack_name=stack_name, state=state).wiring().table
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
def release(
    campaign: Campaign,
    signer: Annotated[str, typer.Argument(help="The letter, as `list` shows it.")],
    *,
    local: Local = False,
    stack_name: StackName = DEFAULT_STACK,
    state: State = DEFAULT_STATE,
) -> None:
    """Take a letter for a person's: its signer gets the mail with the button once more."""
    table = stack_of(local=local, stack_name=stack_name, state=state).wiring().table
    try:
        table.release(campaign, signer, new_id())
    except ChangedError as error:
        message = f"no letter {signer} of {campaign} is in quarantine; `undersigned quarantine list` shows them"
        raise NotFoundError(message) from error
    console.print("Released. Its signer gets the mail with the button again.")
