"""The questions of the first deployment: at most six, each with an example, each answer checked at once."""

from __future__ import annotations

import sys
import textwrap
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import typer
from botocore.session import get_session

from undersigned.base.errors import UndersignedError
from undersigned_cli.commands.output import say
from undersigned_cli.deploying.samconfig import mistake_in_sender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from undersigned_cli.deploying.parameters import Parameter

_NONE = "none"
_WIDTH = 100
_WHEN = ("DeliveryDay", "DeliveryHour", "DeliveryTimeZone")


_NEEDED = ("lambda", "sesv2", "scheduler", "apigatewayv2", "dynamodb", "events", "secretsmanager", "sns", "sqs")
"""The services of template.yaml that not every region has. A region that has Lambda has its runtimes, and arm64."""


class NobodyAnswersError(UndersignedError):
    """There is no terminal at which a person could answer."""


class Questions:
    """Asks one question after the other."""

    def __init__(self, parameters: Mapping[str, Parameter], file: str) -> None:
        """Take the template's parameters. `file` is the file that gets the answers."""
        self._parameters = parameters
        self._file = file
        self._asked = 0

    def region(self, usual: str | None) -> str:
        """Ask for the region of AWS."""
        sentence = "The region of AWS, near the people who sign. The stack can't move later. For example: us-east-1"
        return self._ask("Region", sentence, usual, mistake_in_region)

    def settings(self) -> dict[str, str]:
        """Ask for the parameters that differ for each stack, and return them by name."""
        identity = self._parameter("SenderIdentity", "example.org")
        usual = identity if "@" in identity else f"letters@{identity}"
        sender = self._parameter(
            "SenderAddress", usual, usual=usual, also=lambda answer: mistake_in_sender(answer, identity)
        )
        operator = self._parameter("OperatorEmail", "operator@example.org; best an address that two people read")
        administrator = self._parameter(
            "AdminEmail", f"ada@example.org; type {_NONE} for nobody", usual=operator, nobody=_NONE
        )
        return {
            "SenderIdentity": identity,
            "SenderAddress": sender,
            "OperatorEmail": operator,
            "AdminEmail": administrator,
            **self._when(),
        }

    def _parameter(
        self,
        name: str,
        example: str,
        *,
        usual: str | None = None,
        nobody: str | None = None,
        also: Callable[[str], str | None] = lambda _: None,
    ) -> str:
        parameter = self._parameters[name]

        def mistake_in(answer: str) -> str | None:
            if not answer or answer == nobody:
                return None if answer else "is empty"
            return parameter.mistake_in(answer) or also(answer)

        answer = self._ask(name, f"{parameter.description}. For example: {example}", usual, mistake_in)
        return "" if answer == nobody else answer

    def _when(self) -> dict[str, str]:
        """Ask for day, hour and time zone together."""
        usual = " ".join(str(self._parameters[name].default) for name in _WHEN)

        def mistake_in(answer: str) -> str | None:
            parts = answer.split()
            if len(parts) != len(_WHEN):
                return f"is {answer!r}; give a day, an hour from 0 to 23 and a time zone, such as {usual}"
            checks = zip(_WHEN, parts, strict=True)
            wrong = ((name, self._parameters[name].mistake_in(part)) for name, part in checks)
            return next((f"is {answer!r}: {name} {mistake}" for name, mistake in wrong if mistake), None)

        sentence = f"When letters are sent each week: day, hour and time zone. For example: {usual}"
        given = zip(_WHEN, self._ask("Weekly", sentence, usual, mistake_in).split(), strict=True)
        return {name: self._parameters[name].plain(part) for name, part in given}

    def _ask(self, name: str, sentence: str, usual: str | None, mistake_in: Callable[[str], str | None]) -> str:
        if not sys.stdin.isatty():
            message = f"there is no {self._file}, and nobody is at the terminal to answer; deploy from a terminal first"
            raise NobodyAnswersError(message)
        self._asked += 1
        say("\n" + textwrap.fill(f"{self._asked}. {sentence}.", _WIDTH, subsequent_indent="   "))
        while True:
            answer = str(typer.prompt(f"   {name}", default=usual or "", show_default=bool(usual))).strip()
            mistake = mistake_in(answer)
            if mistake is None:
                return answer
            say(f"   {name} {mistake.rstrip('.')}.", style="red")


@cache
def regions() -> list[str]:
    """Return the regions that have every needed service."""
    session = get_session()
    return sorted(set.intersection(*(set(session.get_available_regions(service)) for service in _NEEDED)))


def mistake_in_region(region: str) -> str | None:
    """Return what is wrong with a region, or None."""
    known = regions()
    if region in known:
        return None
    similar = get_close_matches(region, known, n=3) or ["us-east-1", "eu-west-1"]
    return f"is {region!r}; give a region that has SES and Lambda, such as {', '.join(similar)}"
