"""Check that each function reads exactly the variables that the template gives it."""

from __future__ import annotations

import ast
import importlib
from typing import TYPE_CHECKING

import pytest

from tests.template.reading import functions
from undersigned.base.settings import Settings, SettingsError
from undersigned_cli.local.template import ROOT, load_template, variables_of

if TYPE_CHECKING:
    from pathlib import Path

OF_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
"""Powertools reads these by itself."""

OPTIONAL = {
    "PUBLIC_URL",
    "CDN_PROOF_ARN",
    "ADMIN_EMAIL",
}
"""Without the first, an API takes its address from each request. Without the second,
there is no CDN, and without the last no administrator."""

FUNCTIONS = sorted(functions(load_template()))


def folder_of(function: str) -> Path:
    return ROOT.joinpath(*functions(load_template())[function]["Handler"].split(".")[:-2])


def checked_at_start(function: str) -> list[str]:
    """Return the settings that a function names when it wires its stack."""
    source = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder_of(function).glob("*.py")))
    [names] = [
        [ast.literal_eval(argument) for argument in call.args]
        for call in ast.walk(ast.parse(source.replace("from __future__ import annotations", "")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Settings(os.environ).check"
    ]
    return names


class Variables(dict[str, str]):
    """Environment variables that record which of them were read."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.read: set[str] = set()

    def get(self, name: str, default: object = None) -> str | None:  # type: ignore[override]
        self.read.add(name)
        return super().get(name)


def variables_for(function: str) -> dict[str, str]:
    variables = dict.fromkeys(variables_of(load_template(), function), "1")
    if "MAIL_BUDGETS" in variables:
        variables["MAIL_BUDGETS"] = "1 1 1 1"
    return variables


@pytest.mark.asvs("13.4.2")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_checks_every_variable_that_the_template_gives_it(function: str) -> None:
    variables = Variables(variables_for(function))
    Settings(variables).check(*checked_at_start(function))
    assert variables.read - OPTIONAL == variables_of(load_template(), function).keys() - OPTIONAL - OF_POWERTOOLS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_names_every_setting_that_is_missing(function: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings({}).check(*checked_at_start(function))
    needed = variables_of(load_template(), function).keys() - OPTIONAL - OF_POWERTOOLS
    assert {name for name in needed if name not in str(raised.value)} <= {"DELIVERY_HOUR", "DELIVERY_TIME_ZONE"}


def test_a_setting_that_is_not_a_number_is_named() -> None:
    with pytest.raises(SettingsError, match="BUNDLE_SIZE is 'many'; give a whole number"):
        Settings({"BUNDLE_SIZE": "many"}).check("bundle_size")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_can_be_imported_with_its_functions_variables(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        **variables_for(function),
        "AWS_REGION": "us-east-2",
        "AWS_DEFAULT_REGION": "us-east-2",
    }.items():
        monkeypatch.setenv(name, value)
    module, _, handler = functions(load_template())[function]["Handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), handler))
