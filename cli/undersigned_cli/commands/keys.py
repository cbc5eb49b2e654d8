"""`undersigned key`: keys for programs that read a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.errors import NotFoundError, UndersignedError
from undersigned.base.stack import Stack
from undersigned.people.keys import keys_of, make_key, revoke_key
from undersigned.people.rules.api_keys import DIGITS_SHOWN, KeyScope
from undersigned_cli.commands.options import (
    COMMAND_LINE,
    AsJson,
    Campaign,
    check_campaign,
    examples,
    on_campaign,
    on_stack,
)
from undersigned_cli.commands.output import counted, say, show_each
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from undersigned.people.rules.api_keys import ApiKey
    from undersigned_cli.commands.output import Columns

app = typer.Typer(no_args_is_help=True, help="Create, list and revoke keys for programs that read a campaign.")


_FEWEST_DIGITS = 4
"""The fewest digits that revoke a key. An empty text, as an unset variable gives, would fit any key."""


@app.command(epilog=examples("key create my-campaign --scope letters --label board"))
@on_campaign
def create(
    opened: Stack,
    campaign: Campaign,
    *,
    scope: Annotated[
        KeyScope, typer.Option(help="`counts`: numbers and deliveries. `letters`: who signed, too.")
    ] = "counts",
    label: Annotated[str, typer.Option("--label", help="What the key is for.")] = "",
) -> None:
    """Create a key with which a program reads one campaign for 90 days, and print it once. Only its hash is stored."""
    text, key = make_key(opened, campaign, scope, label, COMMAND_LINE)
    say(f"Key {key.digest[:DIGITS_SHOWN]} for {campaign}. It works until {key.valid_until:%Y-%m-%d}.")
    say("Copy it now: it is not shown again.")
    typer.echo(text)


@app.command("list", epilog=examples("key list my-campaign"))
@on_stack
def list_(
    stack: DeployedStack,
    campaign: Campaign,
    *,
    as_json: AsJson = False,
) -> None:
    """List a campaign's keys."""
    opened = stack.opened()
    keys = keys_of(opened, campaign)
    if not keys:
        check_campaign(opened, campaign)
    columns: Columns[ApiKey] = {
        "key": ("Key", lambda key: key.digest[:DIGITS_SHOWN]),
        "scope": ("Scope", lambda key: key.scope),
        "label": ("Label", lambda key: key.label),
        "by": ("Made by", lambda key: key.by),
        "created": ("Created", lambda key: f"{key.created_at:%Y-%m-%d}"),
        "expires": ("Expires", lambda key: f"{key.valid_until:%Y-%m-%d}"),
    }
    show_each(f"Keys of {campaign}", columns, keys, as_json=as_json)


@app.command(epilog=examples("key revoke my-campaign 0123456789ab"))
@on_stack
def revoke(
    stack: DeployedStack,
    campaign: Campaign,
    key: Annotated[str, typer.Argument(help="The key's first digits, as `key list` shows them.", metavar="KEY")],
) -> None:
    """Revoke a key. It stops working immediately."""
    if len(key) < _FEWEST_DIGITS:
        message = (
            f"{key!r} is too short for a key; give at least its first {_FEWEST_DIGITS} digits, "
            f"as `undersigned key list {campaign}` shows them"
        )
        raise UndersignedError(message)
    opened = stack.opened()
    found = [kept.digest for kept in keys_of(opened, campaign) if kept.digest.startswith(key)]
    if len(found) != 1:
        message = (
            f"{counted(len(found), 'key')} of {campaign} begin with {key!r}; "
            f"to see its keys, run `undersigned key list {campaign}`"
        )
        raise NotFoundError(message)
    revoke_key(opened, campaign, found[0], COMMAND_LINE)
    say(f"Key {found[0][:DIGITS_SHOWN]} is revoked.")
