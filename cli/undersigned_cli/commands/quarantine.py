"""`undersigned quarantine`: letters whose form looks as if a bot filled it in."""

from __future__ import annotations

from typing import Annotated

import typer

from undersigned.domain.errors import NotFoundError, NotNowError
from undersigned.wiring import Wiring
from undersigned_cli.commands.options import COMMAND_LINE, AsJson, Campaign, Reason, examples, on_campaign, on_stack
from undersigned_cli.commands.output import say, show
from undersigned_cli.stacks import Stack

app = typer.Typer(
    no_args_is_help=True,
    help="List letters whose form looks as if a bot filled it in, and release those that a person signed.",
)

_READ_AHEAD = 100

_REASONS = {
    "trap": "a field that people don't see is filled in",
    "no form": "not sent by a form of this campaign",
    "erased before": "an earlier letter of this signer was erased",
    "no mailbox": "the email address has a domain that takes no email",
}


@app.command("list", epilog=examples("quarantine list my-campaign"))
@on_campaign
def list_(
    wiring: Wiring,
    campaign: Campaign,
    *,
    as_json: AsJson = False,
) -> None:
    """List the letters in quarantine, and why each is there."""
    columns = {
        "signer": "Signer",
        "signed": "Signed",
        "reason": "Reason",
        "email_waits": "Email waits",
        "name": "Name",
        "email": "Email",
    }
    rows: list[dict[str, object]] = [
        {
            "signer": row.signer,
            "signed": f"{row.signed_at:%Y-%m-%d %H:%M}",
            "reason": _REASONS.get(row.quarantine or "", row.quarantine),
            "email_waits": bool(row.mail_postponed),
            "name": row.name,
            "email": row.email,
        }
        # A damaged form is left out.
        for _, row in reversed([*wiring.forms.listed(campaign, read_ahead=_READ_AHEAD)])
        if row and row.quarantine
    ]
    show(f"Quarantine of {campaign}", columns, rows, as_json=as_json)


@app.command(epilog=examples("quarantine release my-campaign 0123456789abcdef0123456789abcdef"))
@on_stack
def release(
    stack: Stack,
    campaign: Campaign,
    signer: Annotated[
        str, typer.Argument(help="Id of the letter's signer, as `quarantine list` shows it.", metavar="SIGNER")
    ],
    *,
    reason: Reason = "",
) -> None:
    """Release a letter from quarantine: its signer gets the confirmation email again. Or release one from hold."""
    try:
        status = stack.wiring().counting.organizing.release(campaign, signer, COMMAND_LINE, reason)
    except (NotNowError, NotFoundError) as error:
        message = (
            f"{campaign} has no letter {signer} in quarantine; "
            f"to see those it has, run `undersigned quarantine list {campaign}`"
        )
        raise NotFoundError(message) from error
    if status == "confirmed":
        say("Released. The letter goes out with the next delivery.")
    else:
        say("Released. The signer gets the confirmation email again.")
