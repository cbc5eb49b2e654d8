"""Check that template.yaml follows the project's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.template import data_rules, failure_rules, function_rules, permission_rules
from undersigned_cli.local.template import load_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from undersigned_cli.local.template import Template

    type Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = [
    rule
    for module in (failure_rules, permission_rules, data_rules, function_rules)
    for name, rule in vars(module).items()
    if getattr(rule, "__module__", "") == module.__name__ and callable(rule) and not name.startswith("_")
]
"""Every public function of these modules."""


@pytest.mark.asvs(
    "5.3.1", "11.2.3", "12.3.1", "12.3.3", "13.2.1", "13.2.2", "13.2.3", "13.2.4", "16.2.3", "16.2.4", "16.4.2"
)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_template_follows_the_rule(rule: Rule) -> None:
    assert list(rule(load_template())) == []
