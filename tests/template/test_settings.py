"""What the template tells functions, and what they ask, are the same."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.aws_from_template import ROOT, environment_of, load_template, variables_of
from tests.template.reading import functions

OF_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}
"""Powertools reads these by itself."""

FUNCTIONS = sorted(functions(load_template()))


def settings_read() -> set[str]:
    """Return every NAME in a `self._required("NAME")` or `self._optional("NAME")` of settings.py."""
    source = (ROOT / "layers" / "shared" / "undersigned" / "settings.py").read_text(encoding="utf-8")
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"_required", "_optional"}
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_only_what_settings_read(function: str) -> None:
    assert variables_of(load_template(), function).keys() <= settings_read() | OF_POWERTOOLS


def test_every_setting_is_told_to_some_function() -> None:
    told = {name for function in FUNCTIONS for name in variables_of(load_template(), function)}

    assert settings_read() | OF_POWERTOOLS == told


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_can_be_imported_with_what_the_function_is_told(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = environment_of(function, **dict.fromkeys(variables_of(load_template(), function), "1"))
    for name, value in {**told, "AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-east-2"}.items():
        monkeypatch.setenv(name, value)
    module, _, handler = functions(load_template())[function]["Handler"].rpartition(".")

    assert callable(getattr(importlib.import_module(module), handler))
