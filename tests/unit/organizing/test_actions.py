"""Check that docs and commands have what the table says that organizers can do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.main import get_command

from undersigned.organizing.actions import ACTIONS
from undersigned.people.rules.people import SCOPE_OF
from undersigned_cli.main import app

ROLES = {scope: role for role, scope in SCOPE_OF.items()}


def rows() -> list[str]:
    """Return the table of docs/organizer-api.md."""
    return [
        f"| {action}: {deed.said.in_language('en')} | {ROLES[deed.scope] if deed.page else ''} "
        f"| {deed.button.in_language('en') if deed.button else ''} "
        f"| {f'`{deed.command}`' if deed.command else ''} |"
        for action, deed in ACTIONS.items()
    ]


def test_the_docs_have_the_table_of_actions() -> None:
    text = (Path(__file__).parents[3] / "docs/organizer-api.md").read_text("utf-8")
    listed = text.partition("| action | role | button | command |\n")[2].splitlines()[1:]
    assert sorted(listed) == sorted(rows())


def test_each_action_has_a_command_that_exists() -> None:
    commands = get_command(app)
    for action, deed in ACTIONS.items():
        words = deed.command.split()
        found: Any = commands
        while words and words[0] in getattr(found, "commands", {}):
            found = found.commands[words.pop(0)]
        assert (found is not commands) == bool(deed.command), action
        options = {name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options, action
        assert "--yes" in options or not deed.asks, action
