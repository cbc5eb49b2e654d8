"""The commands in a page of the docs, and what AWS's command line or ours would refuse of them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import typer
from botocore import xform_name
from botocore.session import get_session

from undersigned_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator


def code(page: str) -> Iterator[str]:
    """Return every piece of code in a page, in one line each and without comments."""
    for block in re.findall(r"^ *```(?:sh)?\n(.*?)```", page, flags=re.DOTALL | re.MULTILINE):
        yield " ".join(re.sub(r"( +# .*)?\n", " ; ", block.replace("\\\n", " ")).split())
    for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", page, flags=re.DOTALL)):
        yield " ".join(span.split())


def commands(program: str, page: str) -> list[str]:
    """Return a program's commands in a page, each up to the next program or the end."""
    one = re.compile(rf"(?<![\w/.=[-]){program} [a-z].*?(?=(?<![\w/.=-])(?:aws|undersigned) [a-z]|$)")
    return sorted({match[0].strip() for text in code(page) for match in one.finditer(text)})


OF_EVERY_COMMAND = {"query", "output", "region", "profile", "cli-binary-format", "cli-read-timeout", "max-items"}
"""Options of the AWS CLI itself ("Command line options in the AWS CLI", AWS CLI user guide)."""


def mistakes_in(command: str) -> list[str]:
    """Describe what the AWS CLI would refuse of a command."""
    _, service, operation, *_ = command.split()
    options = re.findall(r"(?<=\s)--([a-z0-9-]+)", command)
    session = get_session()
    if service not in session.get_available_services():
        return [f"there is no service {service}"]
    model = session.get_service_model(service)
    known = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in known:
        return [f"{service} has no {operation}"]
    shape: Any = model.operation_model(known[operation]).input_shape
    members = {xform_name(member, "-"): shape.members[member] for member in (shape.members if shape else {})}
    # A flag has no value, and another name to say no.
    flags = {f"no-{member}" for member, of in members.items() if of.type_name == "boolean"}
    return [
        f"{service} {operation} has no --{option}"
        for option in options
        if option not in members.keys() | flags | OF_EVERY_COMMAND
    ]


def our_mistakes(command: str) -> list[str]:
    """Describe what `undersigned` would refuse of a command: a command or an option that it doesn't have."""
    words = shlex.split(re.sub(r"[;|].*", "", command))[1:]
    here: Any = typer.main.get_command(app)
    while words and (subcommands := getattr(here, "commands", None)) is not None:
        if words[0] not in subcommands:
            return [f"there is no command {words[0]}"]
        here = subcommands[words.pop(0)]
    if getattr(here, "commands", None) is not None:
        # The text names a group of commands.
        return []
    known = {option for parameter in here.params for option in (*parameter.opts, *parameter.secondary_opts)}
    most = sum(1 for parameter in here.params if parameter.param_type_name == "argument")
    found = [f"{here.name} has no {word}" for word in words if word.startswith("-") and word not in known]
    values = {
        option: parameter
        for parameter in here.params
        for option in parameter.opts
        if parameter.param_type_name == "option" and not getattr(parameter, "is_flag", False)
    }
    arguments = [
        word
        for place, word in enumerate(words)
        if not word.startswith("-") and (place == 0 or words[place - 1] not in values)
    ]
    if len(arguments) > most:
        found.append(f"{here.name} takes {most} arguments, not {len(arguments)}")
    return found
