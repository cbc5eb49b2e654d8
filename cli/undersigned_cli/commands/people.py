"""`undersigned person`: who may do what on the dashboard of a campaign."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.base.email_addresses import email_mistake
from undersigned.base.errors import NotFoundError, UndersignedError
from undersigned.base.stack import Stack
from undersigned.campaigns.activity import record
from undersigned.people import membership
from undersigned.people.directory import find_person, id_of
from undersigned.people.rows.people import People
from undersigned.people.rules.people import SIGN_IN_FOR, Role
from undersigned.people.signing_in import operators_code
from undersigned_cli.commands.options import COMMAND_LINE, AsJson, Campaign, examples, on_campaign, on_stack
from undersigned_cli.commands.output import counted, moment, say, show_each
from undersigned_cli.stacks import DeployedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from undersigned.people.rules.people import Member
    from undersigned_cli.commands.output import Columns

app = typer.Typer(no_args_is_help=True, help="Say who may do what on the dashboard of a campaign.")

Email = Annotated[str, typer.Argument(help="The person's email address.", metavar="EMAIL")]


@app.command("list", epilog=examples("person list my-campaign"))
@on_campaign
def list_(opened: Stack, campaign: Campaign, *, as_json: AsJson = False) -> None:
    """List a campaign's people."""
    columns: Columns[Member] = {
        "email": ("Email address", lambda member: member.person.email),
        "role": ("Role", lambda member: member.role),
        "by": ("Invited by", lambda member: member.by),
        "at": ("Invited", lambda member: moment(member.at)),
    }
    show_each(f"People of {campaign}", columns, membership.members_of(opened, campaign), as_json=as_json)


@app.command(epilog=examples("person add my-campaign maria@example.org --role owner"))
@on_campaign
def add(
    opened: Stack,
    campaign: Campaign,
    email: Email,
    *,
    role: Annotated[
        Role,
        typer.Option(help="`owner`: everything. `editor`: letters and deliveries. `viewer`: numbers, and no names."),
    ] = "viewer",
) -> None:
    """Give a person a role, and email them an invitation."""
    _check(email)
    added = membership.invite(opened, campaign, email.strip(), role, COMMAND_LINE)
    say(f"{added.person.email} is {role} of {campaign}. An email says how to sign in.")


@app.command(epilog=examples("person role my-campaign maria@example.org editor"))
@on_stack
def role(
    stack: DeployedStack, campaign: Campaign, email: Email, new: Annotated[Role, typer.Argument(metavar="ROLE")]
) -> None:
    """Change what a person may do. It takes effect at once."""
    opened = stack.opened()
    with _way_out(campaign):
        changed = membership.change_role(opened, campaign, _id_of(opened, email), new, COMMAND_LINE)
    say(f"{changed.person.email} is {new} of {campaign}.")


@app.command(epilog=examples("person remove my-campaign maria@example.org"))
@on_stack
def remove(
    stack: DeployedStack,
    campaign: Campaign,
    email: Email,
) -> None:
    """Remove a person from a campaign, and revoke their keys. Their sessions end at once."""
    opened = stack.opened()
    with _way_out(campaign):
        removed, keys = membership.remove(opened, campaign, _id_of(opened, email), COMMAND_LINE)
    say(f"{removed.email} is removed from {campaign}.")
    if keys:
        say(f"{counted(keys, 'key')} {'is' if keys == 1 else 'are'} revoked.")


@app.command(epilog=examples("person sign-in-link maria@example.org"))
@on_stack
def sign_in_link(stack: DeployedStack, email: Email) -> None:
    """Print a link and the code that it asks for: they sign a person in once. For when no email arrives."""
    opened = stack.opened()
    person = find_person(opened, _id_of(opened, email))
    if person is None:
        message = (
            f"nobody with the address {email} has a role in a campaign, nor is the administrator; "
            "to give one, run `undersigned person add CAMPAIGN EMAIL`"
        )
        raise NotFoundError(message)
    request, code = operators_code(opened, person)
    for member in People(opened.table).campaigns_of(person.id):
        record(opened, member.campaign, "print sign-in link", COMMAND_LINE, person.email)
    say(f"To sign in as {person.email}, open this link within {SIGN_IN_FOR.seconds // 60} minutes and type {code}:")
    typer.echo(f"{opened.settings.sender.public_url}/organizer/sign-in/{request}")


@contextmanager
def _way_out(campaign: str) -> Iterator[None]:
    """Say how to see a campaign's people, if it doesn't have the named person."""
    try:
        yield
    except NotFoundError as error:
        message = f"{error}; to see those it has, run `undersigned person list {campaign}`"
        raise NotFoundError(message) from error


def _id_of(opened: Stack, email: str) -> str:
    _check(email)
    return id_of(opened, email)


def _check(email: str) -> None:
    """Raise UndersignedError for an address that takes no email."""
    if mistake := email_mistake(email):
        raise UndersignedError(str(mistake))
