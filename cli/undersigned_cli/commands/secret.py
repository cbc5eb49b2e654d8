"""`undersigned secret`: the keys that sign links, forms and sessions, and the CDN's proof."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.keyring import IN_USE_AFTER, KNOWN_FOR
from undersigned.campaigns.activity import record
from undersigned.campaigns.rows.campaigns import Campaigns
from undersigned_cli.cdn import replace_proof
from undersigned_cli.commands.options import COMMAND_LINE, examples, on_stack
from undersigned_cli.commands.output import ask, say
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.base.keyring import Keyring
    from undersigned.base.secret import Secret

app = typer.Typer(no_args_is_help=True, help="Replace the stack's secrets.")


@app.command(epilog=examples("secret rotate", "secret rotate --yes"))
@on_stack
def rotate(
    stack: DeployedStack,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, even if links stop working.")] = False,
) -> None:
    """Make new keys for links, forms and sessions. The keys before stay valid until the next rotation.

    Both secrets of the stack get one. Signers' ids don't change. The second rotation ends what was signed before the
    first one.
    """
    opened = stack.opened()
    now = opened.clock()
    ended = _ended_by_rotation(opened.stack_secret.keyring(), now)
    if ended:
        ask(f"{ended} Go on?", yes=yes)
    # Signers' links live longest, so theirs comes last: if this command fails, the next one ends none of them.
    _rotate(opened.organizers_secret, now)
    _rotate(opened.stack_secret, now)
    for campaign in Campaigns(opened.table).campaign_ids():
        record(opened, campaign, "rotate secret", COMMAND_LINE)
    say(f"The stack has new keys, and signs with them in {IN_USE_AFTER.seconds // 60} minutes.")
    say(ended or "Links in earlier emails work until the next rotation.")


def _rotate[K: Keyring](secret: Secret[K], now: datetime) -> None:
    secret.replace(secret.keyring().rotated(secrets.token_urlsafe(48), now))


@app.command("replace-proof", epilog=examples("secret replace-proof"))
@on_stack
def replace_proof_of_cdn(stack: DeployedStack) -> None:
    """Make a new proof. CloudFront needs it to name visitors. The last proof stays valid until the next rotation."""
    replace_proof(stack, secrets.token_urlsafe(48))
    say("CloudFront sends a new proof within minutes. If the earlier one leaked, repeat this in half an hour.")


def _ended_by_rotation(keyring: Keyring, now: datetime) -> str:
    """Say which links another rotation ends; empty if it ends none."""
    newest, *before = keyring.tokens
    if not before or newest.since is None:
        return ""
    until = min(newest.since, now)
    return (
        f"Links in emails sent before {until:%Y-%m-%d %H:%M} UTC stop working within {KNOWN_FOR.seconds // 60} minutes."
    )
