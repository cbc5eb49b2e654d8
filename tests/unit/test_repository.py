"""Check that the contributor files (CI, issue forms, changelog) are up to date, and that each test module is alone."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.support.scale import SCALES
from undersigned import __version__

ROOT = Path(__file__).parents[2]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
READING = {"contents": "read"}


def parsed(file: Path) -> dict[str, Any]:
    return dict(yaml_parse(file.read_text(encoding="utf-8")))


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture
def workflow() -> dict[str, Any]:
    return parsed(ROOT / ".github" / "workflows" / "ci.yml")


def test_the_public_ci_runs_the_same_steps_as_ours(workflow: dict[str, Any]) -> None:
    ours = re.findall(r"^make .+$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE)
    job = workflow["jobs"]["ci"]
    commands = [step["run"] for step in job["steps"] if "run" in step]

    assert commands == ["make setup", "make ${{ matrix.step }}"]
    assert ["make setup", *(f"make {step}" for step in job["strategy"]["matrix"]["step"])] == ours


def test_the_public_ci_repeats_the_cases_of_ours_and_the_nightly_one_draws_new_ones(
    workflow: dict[str, Any],
) -> None:
    [ours] = re.findall(
        r"^export UNDERSIGNED_SEED=(\d+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    nightly = parsed(ROOT / ".github" / "workflows" / "nightly.yml")["jobs"]["nightly"]

    assert workflow["env"] == {"UNDERSIGNED_SEED": int(ours)}
    assert nightly["steps"][-1] == {"run": "make ${{ matrix.step }}"}
    assert "SEED" not in str(nightly)


def test_the_nightly_run_leaves_no_test_out() -> None:
    nightly = parsed(ROOT / ".github" / "workflows" / "nightly.yml")["jobs"]["nightly"]
    audit, *steps = nightly["strategy"]["matrix"]["step"]
    run = {argument for step in steps for argument in step.removeprefix("nightly ARGS=").strip('"').split()}

    assert audit == "audit"
    assert {file.relative_to(ROOT).parts[1] for file in (ROOT / "tests").rglob("test_*.py")} <= {
        name.removeprefix("tests/") for name in run
    }
    assert "tests/search/test_every_crash.py" in run


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_pins_each_action_to_a_commit(file: Path) -> None:
    actions = [step["uses"] for job in parsed(file)["jobs"].values() for step in job["steps"] if "uses" in step]

    assert actions
    assert [action for action in actions if not re.fullmatch(r"actions/\w+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_has_only_read_access_and_a_timeout(file: Path) -> None:
    workflow = parsed(file)

    assert workflow["permissions"] == READING
    assert all("permissions" not in job and job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_an_issue_form_has_a_name_a_description_and_a_required_question(form: Path) -> None:
    fields = parsed(form)

    assert fields["name"]
    assert fields["description"]
    assert any(field.get("validations", {}).get("required") for field in fields["body"])


def test_there_is_a_form_for_a_bug_and_one_for_a_feature() -> None:
    assert [form.stem for form in FORMS] == ["bug", "feature"]


def test_the_version_is_the_same_everywhere() -> None:
    places = {
        "CHANGELOG.md": r"^## (\d\S*) - ",
        "template.yaml": r'^Description: "Undersigned (\d\S*): ',
        "layers/shared/undersigned/assets/openapi.json": r'^    "version": "(.+)",$',
        ".github/ISSUE_TEMPLATE/bug.yml": r'^      placeholder: "(\d\S*)"$',
    }
    found = {
        place: re.findall(pattern, (ROOT / place).read_text(encoding="utf-8"), flags=re.MULTILINE)[0]
        for place, pattern in places.items()
    }

    assert found == dict.fromkeys(places, __version__)


def test_the_changelog_has_what_is_unreleased_and_then_each_release_with_its_day() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    [first, *headings] = re.findall(r"^## (.+)$", changelog, flags=re.MULTILINE)
    releases = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - \d{4}-\d\d-\d\d", heading) for heading in headings]
    numbers = [tuple(map(int, release.groups())) for release in releases if release]

    assert first == "Unreleased"
    assert all(releases), "a release's heading is: ## X.Y.Z - YYYY-MM-DD"
    assert numbers == sorted(numbers, reverse=True)


def imported_tests(source: str) -> list[str]:
    """Return the test modules and conftests that a module imports, wherever in it."""
    nodes = [*ast.walk(ast.parse(source))]
    names = [f"{node.module}.{it.name}" for node in nodes if isinstance(node, ast.ImportFrom) for it in node.names]
    names += [it.name for node in nodes if isinstance(node, ast.Import) for it in node.names]
    return [name for name in names if re.search(r"\.(?:test_\w+|conftest)(?:\.|$)", f".{name}")]


@pytest.mark.parametrize(
    "line",
    [
        "from tests.unit.test_keys import SIGNER",
        "from tests.unit import test_keys",
        "from tests.security.conftest import rotate",
        "from . import conftest",
        "import tests.unit.test_keys as keys",
        "def late():\n    from tests.unit.test_keys import SIGNER",
    ],
)
def test_an_import_of_a_test_module_is_found(line: str) -> None:
    assert len(imported_tests(line)) == 1


def test_no_module_imports_a_test_module_so_that_each_runs_alone_and_helpers_have_names() -> None:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    found = {file.relative_to(ROOT).as_posix(): imported_tests(file.read_text(encoding="utf-8")) for file in files}

    assert len(found) > 300
    assert {name: imports for name, imports in found.items() if imports} == {}


@pytest.mark.parametrize(
    "name",
    ["openapi.json", "first-campaign.md", "monday-morning.md", "what-the-office-gets.md", "when-something-is-wrong.md"],
)
def test_what_docs_share_with_the_pages_is_a_link_and_no_copy(name: str) -> None:
    assert (ROOT / "docs" / name).is_symlink()


def test_every_test_file_that_runs_on_moto_each_night_exists() -> None:
    files = {file.stem for file in (ROOT / "tests").rglob("test_*.py")}
    assert SCALES["nightly"].on_moto <= files
