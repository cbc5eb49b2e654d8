from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from checks import audit
from checks.audit import Findings, judge, rounds

if TYPE_CHECKING:
    import pytest


def package(name: str, **found: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", **found}


def test_every_locked_version_is_in_a_round_and_no_round_names_a_package_twice() -> None:
    index = {"registry": "https://index.example/simple"}
    lock = {
        "package": [
            {"name": "boto3", "version": "1.1", "source": index},
            {"name": "boto3", "version": "1.2", "source": index},
            {"name": "jinja2", "version": "3.0", "source": index},
            {"name": "undersigned", "version": "0.1", "source": {"editable": "."}},
        ]
    }

    assert rounds(lock) == [["boto3==1.1", "jinja2==3.0"], ["boto3==1.2"]]


def test_a_vulnerable_version_is_named_with_the_fix() -> None:
    findings = judge(
        [package("jinja2", vulns=[{"id": "PYSEC-1", "fix_versions": ["1.1"]}]), package("babel", vulns=[])]
    )

    assert not findings.passed
    assert "jinja2 1.0: PYSEC-1; fixed in 1.1. Run: uv lock --upgrade-package jinja2" in findings.lines[0]


def test_a_vulnerability_without_a_fixed_version_says_so() -> None:
    assert "no version yet" in judge([package("jinja2", vulns=[{"id": "PYSEC-1", "fix_versions": []}])]).lines[0]


def test_packages_without_vulnerabilities_print_nothing() -> None:
    assert judge([package("jinja2", vulns=[])]) == Findings((), passed=True)


def test_no_answer_about_any_package_is_not_an_audit() -> None:
    findings = judge([package("jinja2", skip_reason="not found"), package("babel", skip_reason="not found")])

    assert not findings.passed
    assert findings.lines == ("PyPI knows none of the 2 locked versions; NOTHING was audited",)


def test_packages_without_an_answer_are_named() -> None:
    findings = judge([package("jinja2", vulns=[]), package("babel", skip_reason="not found")])

    assert findings == Findings(("1 of 2 packages were NOT audited: babel",), passed=True)


def test_an_audit_without_a_connection_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = SimpleNamespace(stdout="", stderr="requests.exceptions.ConnectionError: refused")
    monkeypatch.setattr(audit, "subprocess", SimpleNamespace(run=lambda *_, **__: refused, TimeoutExpired=TimeoutError))

    assert audit.main() == 1
    assert "NOTHING was audited" in capsys.readouterr().err
