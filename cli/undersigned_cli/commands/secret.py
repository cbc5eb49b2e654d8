"""`undersigned secret`: the key that signs the links in emails."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.keyring import IN_USE_AFTER, KNOWN_FOR
from undersigned_cli.commands.options import COMMAND_LINE, examples, on_stack
from undersigned_cli.commands.output import say
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from datetime import datetime

    from undersigned.domain.keyring import Keyring

app = typer.Typer(no_args_is_help=True, help="Replace the key that signs the links in emails.")


@app.callback()
def _group() -> None:
    """Make `rotate` a command of its own, although it is the only one."""


@app.command(epilog=examples("secret rotate", "secret rotate --yes"))
@on_stack
def rotate(
    stack: Stack,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask, even if links stop working.")] = False,
) -> None:
    """Make a new key for links, forms and sessions. The key before stays valid until the next rotation.

    Signers' ids don't change. The second rotation ends what was signed before the first one.
    """
    wiring = stack.wiring()
    keyring, now = wiring.stack_secret.keyring(), wiring.now()
    ended = _ended_by_rotation(keyring, now)
    if ended and not yes:
        typer.confirm(f"{ended} Go on?", abort=True)
    wiring.stack_secret.replace(keyring.rotated(secrets.token_urlsafe(48), now))
    for campaign in wiring.campaigns.campaign_ids():
        wiring.delivery_controls().record(campaign, "rotate secret", COMMAND_LINE)
    say(f"The stack has a new key, and signs with it in {IN_USE_AFTER.seconds // 60} minutes.")
    say(ended or "Links in earlier emails work until the next rotation.")


def _ended_by_rotation(keyring: Keyring, now: datetime) -> str:
    """Say which links another rotation ends; empty if it ends none."""
    newest, *before = keyring.tokens
    if not before or newest.since is None:
        return ""
    until = min(newest.since, now)
    return (
        f"Links in emails sent before {until:%Y-%m-%d %H:%M} UTC stop working within {KNOWN_FOR.seconds // 60} minutes."
    )
