"""CloudFormation templates as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as `!Ref Table`, as `{"Ref": "Table"}`."""


def _short_form(loader: Any, tag: str, node: Any) -> dict[str, Any]:  # noqa: ANN401  (PyYAML has no types)
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _short_form)


def read_template(file: Path) -> dict[str, Any]:
    """Read a template."""
    template: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506  (a safe loader)
    return template
