"""`undersigned confirmations`: the emails that ask signers to confirm, of the whole stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned.campaigns.rules.controls import checked_reason
from undersigned.signing.rows.mail_budgets import MailBudgets
from undersigned.signing.rules.mail_budgets import LANES
from undersigned_cli.commands.options import COMMAND_LINE, AsJson, Reason, examples, on_stack
from undersigned_cli.commands.output import say, show_each
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from undersigned.signing.rules.signatures import Lane
    from undersigned_cli.commands.output import Columns

app = typer.Typer(
    no_args_is_help=True,
    help="See, stop and start the emails that ask signers to confirm. Nothing is lost: those of pending letters wait.",
)

_FORMS = {"clean": "clean forms", "suspicious": "suspicious forms"}


@app.command("show", epilog=examples("confirmations show", "confirmations show --json"))
@on_stack
def show_(stack: DeployedStack, *, as_json: AsJson = False) -> None:
    """Show whether confirmation emails go out, and what became of those of the last day."""
    opened = stack.opened()
    sending = MailBudgets(opened.table).sending(opened.clock())
    columns: Columns[Lane] = {
        "lane": ("Emails about", lambda lane: lane if as_json else _FORMS[lane]),
        "state": (
            "State",
            lambda lane: "stopped" if sending.stopped else "braked" if sending.is_braked(lane) else "on",
        ),
        "sent": ("Sent", lambda lane: sum(hour.sent[lane] for hour in sending.hours)),
        "bounced": ("Bounced", lambda lane: sum(hour.bounced[lane] for hour in sending.hours)),
        "complained": ("Marked as spam", lambda lane: sum(hour.complained[lane] for hour in sending.hours)),
    }
    show_each("Confirmation emails of the last day", columns, LANES, as_json=as_json)


@app.command(epilog=examples('confirmations stop --why "a wave of bots"'))
@on_stack
def stop(stack: DeployedStack, *, reason: Reason = "") -> None:
    """Stop the confirmation emails of all campaigns. They wait, and deliveries go on."""
    reason = checked_reason(reason)
    opened = stack.opened()
    MailBudgets(opened.table).stop()
    for campaign in Campaigns(opened.table).campaign_ids():
        record(opened, campaign, "stop confirmations", COMMAND_LINE, why=reason)
    say("Stopped. Confirmation emails wait until `undersigned confirmations start`.")


@app.command(epilog=examples("confirmations start"))
@on_stack
def start(stack: DeployedStack, *, reason: Reason = "") -> None:
    """Let confirmation emails go again after a stop or a brake. Earlier bounces no longer count."""
    reason = checked_reason(reason)
    opened = stack.opened()
    MailBudgets(opened.table).start(opened.clock())
    for campaign in Campaigns(opened.table).campaign_ids():
        record(opened, campaign, "start confirmations", COMMAND_LINE, why=reason)
    say("Started. Those that waited go within their budgets, in some minutes.")
