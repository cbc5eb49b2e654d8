"""`undersigned deploy` and `undersigned remove-stack`, behind `make deploy` and `make remove-stack`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned_cli.commands.options import DEFAULT_STACK, RUN, Yes, examples
from undersigned_cli.commands.output import ask, say
from undersigned_cli.deploying.environments import Environments, find_uv
from undersigned_cli.deploying.in_aws import StackInAws
from undersigned_cli.deploying.parameters import parameters_of
from undersigned_cli.deploying.questions import Questions
from undersigned_cli.deploying.sam import Sam
from undersigned_cli.deploying.samconfig import SamConfig, Settings, SettingsError
from undersigned_cli.doctor import Doctor, txt_records
from undersigned_cli.local.template import ROOT as PROJECT
from undersigned_cli.stacks import StackError, session

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer()

_NAME = "[a-z][a-z0-9-]{0,29}"

Which = Annotated[
    str, typer.Argument(help="A second stack, such as `staging`; without it, the main one.", metavar="[STACK]")
]


@app.command(rich_help_panel=RUN, epilog=examples("deploy", "deploy staging"))
def deploy(which: Which = "", *, yes: Yes = False) -> None:
    """Create or update the stack in AWS from samconfig.toml in this checkout. The first time, ask for its settings."""
    file = _file_of(which)
    settings = file.read() if file.path.exists() else _first_settings(file)
    stack = _in_aws(file, settings)
    before = stack.parameters()
    if before is None:
        _check_identity(stack, file, settings.values)
        stack.delete_what_failed()
    else:
        _say_what_changes(before, settings.values)
    environments = Environments(find_uv(PROJECT), PROJECT, PROJECT / ".undersigned" / "environments")
    sam = Sam(environments, file.path, settings.values)
    sam.build()
    sam.deploy(is_new=before is None, asks=not yes)
    if stack.parameters() is None:
        say("Nothing was deployed.")
        return
    stack.protect_table()
    _say_what_to_do_next(stack, settings.values["SenderAddress"])


@app.command(rich_help_panel=RUN, epilog=examples("remove-stack staging"))
def remove_stack(which: Which = "", *, yes: Yes = False) -> None:
    """Delete the stack in AWS, after saying what stays: what people signed, and the key of their links."""
    file = _file_of(which)
    if not file.path.exists():
        message = f"there is no {file.path.name}, which says where the stack is; `make deploy` writes it from the stack"
        raise StackError(message)
    stack = _in_aws(file, file.read())
    if stack.parameters() is None:
        message = f"there is no stack {stack.name}"
        raise StackError(message)
    resources = stack.resources()
    say(f"The stack {stack.name} goes: its pages, functions, queues and alarms. These stay:")
    for logical_id, what in _STAYS:
        # A stack may use an identity that it did not make.
        if logical_id in resources:
            say(f"  {resources[logical_id]}: {what}")
    ask(f"Remove the stack {stack.name}?", yes=yes)
    stack.delete()
    say(f"{stack.name} is gone. docs/production.md says how to delete what stays (#remove-a-stack).")


_STAYS = (
    ("Table", "every letter, and what became of it"),
    ("PacketBucket", "the packets that were sent, which links in emails open"),
    ("DraftBucket", "the drafts of campaigns"),
    ("Secret", "the keys of links in emails, and of ids, without which everybody could sign again"),
    ("SenderEmailIdentity", "your domain in SES, which other programs may send from"),
)
"""The resources that a stack leaves behind, because template.yaml retains them, and why."""


def _file_of(which: str) -> SamConfig:
    if which and not re.fullmatch(_NAME, which):
        message = f"{which!r} can't be the name of a stack; give at most 30 small letters, digits and hyphens"
        raise typer.BadParameter(message)
    if not (PROJECT / "template.yaml").is_file():
        message = f"{PROJECT} has no template.yaml; deploy from a checkout of the project"
        raise StackError(message)
    name = f"{DEFAULT_STACK}-{which}" if which else DEFAULT_STACK
    path = Path(PROJECT, f"samconfig.{which}.toml" if which else "samconfig.toml")
    return SamConfig(path, name, parameters_of(PROJECT / "template.yaml"))


def _in_aws(file: SamConfig, settings: Settings) -> StackInAws:
    """Say which account and region these are, and return the stack there. Raises SettingsError for another account."""
    stack = StackInAws(file.stack, session(settings.region))
    account, name = stack.caller()
    if account != settings.account:
        message = (
            f"{file.path.name} says account {settings.account}, but this profile is of account {account}; "
            "choose the profile with AWS_PROFILE"
        )
        raise SettingsError(message)
    say(f"Stack {stack.name} in AWS account {account}, region {settings.region}, as {name}")
    return stack


def _first_settings(file: SamConfig) -> Settings:
    """Take the settings of the deployed stack, or ask for them; write the file."""
    questions = Questions(file.parameters, file.path.name)
    region = session().region_name
    found = StackInAws(file.stack, session(region)).parameters() if region else None
    if region is None or found is None:
        say(f"There is no {file.path.name} yet. Enter takes what is in brackets.")
        region = questions.region(region)
        found = StackInAws(file.stack, session(region)).parameters()
    stack = StackInAws(file.stack, session(region))
    account, name = stack.caller()
    if found is None:
        say(f"The stack is going to be in AWS account {account}, as {name}.")
        chosen = questions.settings()
        if stack.has_identity(chosen["SenderIdentity"]):
            say(f"SES has {chosen['SenderIdentity']} already, so the stack doesn't create it (ManageIdentity).")
            chosen["ManageIdentity"] = "false"
    else:
        chosen = {name: value for name, value in found.items() if name in file.parameters}
    defaults = {name: one.default for name, one in file.parameters.items() if one.default is not None}
    settings = Settings(region, account, {**defaults, **chosen})
    file.write(settings)
    say(f"{file.path.name} has the settings now{'' if found is None else ' of the deployed stack'}.")
    return settings


def _say_what_changes(before: Mapping[str, str], values: Mapping[str, str]) -> None:
    """Say which settings differ from the stack's: somebody may have deployed it from another computer."""
    for name, value in values.items():
        if before.get(name, value) != value:
            say(f"  {name}: {before[name]!r} becomes {value!r}")


def _check_identity(stack: StackInAws, file: SamConfig, values: Mapping[str, str]) -> None:
    identity = values["SenderIdentity"]
    if values["ManageIdentity"] == "true" and stack.has_identity(identity):
        message = (
            f"SES has {identity} already, so a new stack can't create it; "
            f'write ManageIdentity = "false" into {file.path.name}'
        )
        raise SettingsError(message)


def _say_what_to_do_next(stack: StackInAws, sender: str) -> None:
    doctor = Doctor(stack=stack.name, sender=sender, client=stack.client, txt=txt_records)
    todo = [finding for finding in doctor.findings() if finding.state != "ok"]
    say("\nWhat to do next" if todo else "\nThe stack is deployed.")
    for number, finding in enumerate(todo, start=1):
        say(f"{number}. {finding.check}: {finding.found}. {finding.todo[:1].upper()}{finding.todo[1:]}")
    option = "" if stack.name == DEFAULT_STACK else f" --stack-name {stack.name}"
    say(f"`undersigned doctor{option}` looks at all of this again.")
