"""The benchmarks' goals, and what `make bench` does with them; what they measure is no unit test's business."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import __main__ as bench
from benchmarks.goals import Benchmark, Flat, Limit, NoFigureError, findings

if TYPE_CHECKING:
    from benchmarks.goals import Figures, Goal

FOLDER = Path(bench.__file__).parent


def benchmark_of(figures: Figures, *goals: Goal) -> Benchmark:
    return Benchmark("A benchmark", goals, lambda _size: figures)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    return tmp_path


def test_make_bench_runs_every_benchmark_there_is() -> None:
    found = {file.stem for file in FOLDER.glob("*.py") if "\nBENCHMARK = " in file.read_text(encoding="utf-8")}

    assert set(bench.BENCHMARKS) == found
    assert {file.stem for file in bench.RESULTS.glob("*.json")} == found


@pytest.mark.parametrize("name", bench.BENCHMARKS)
def test_the_kept_figures_meet_each_goal_of_what_is_counted(name: str) -> None:
    kept = json.loads((bench.RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    found = findings(bench.BENCHMARKS[name].goals, kept["figures"], "full")

    assert found
    assert [finding.row for finding in found if finding.fails] == []
    still_missed = {goal.rows for goal in bench.BENCHMARKS[name].goals if isinstance(goal, Limit) and goal.still > -inf}
    assert {finding.row for finding in found if finding.is_known} == still_missed, "a goal that is met is met"


def test_a_goal_that_is_known_to_be_missed_fails_once_the_figure_is_worse() -> None:
    goals = (Limit("dollars", at_most=20, still=23),)

    def of(value: float) -> tuple[bool, bool]:
        [finding] = findings(goals, {"dollars": value}, "full")
        return finding.fails, finding.is_known

    assert (of(19), of(22.9), of(23.1)) == ((False, False), (False, True), (True, False))


def test_a_benchmark_that_is_in_the_docs_is_written_there_only_in_full(
    monkeypatch: pytest.MonkeyPatch, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published: list[Figures] = []
    figures = {"rows": 1, "tables": {"by day": {"monday": {"rows": 1, "what": "a text"}}}}
    one = Benchmark("A benchmark", (Limit("rows", at_most=1),), lambda _size: figures, published.append)
    monkeypatch.setattr(bench, "BENCHMARKS", {"one": one})

    assert (bench.main(["--small"]), published) == (0, [])
    assert (bench.main([]), published) == (0, [figures])
    assert json.loads((results / "one.json").read_text(encoding="utf-8"))["figures"] == figures
    assert "a text" in capsys.readouterr().out


def test_a_missed_goal_fails_the_command_after_all_have_run(
    monkeypatch: pytest.MonkeyPatch, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = benchmark_of({"sign": {"calls": {"GetItem": 2, "PutItem": 2}}}, Limit("sign", ("calls",), at_most=3))
    second = benchmark_of({"count": {"calls": {"GetItem": 1}}}, Limit("count", ("calls",), at_most=1))
    monkeypatch.setattr(bench, "BENCHMARKS", {"first": first, "second": second})

    assert bench.main([]) == 1
    assert capsys.readouterr().err == "bench: missed a goal: first: sign, calls: 4, and the goal is ≤ 3\n"
    assert {file.name for file in results.iterdir()} == {"first.json", "second.json"}


def test_a_missed_goal_of_what_is_timed_is_only_shown(
    monkeypatch: pytest.MonkeyPatch, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = benchmark_of({"sign": {"cpu_ms": 9.5}}, Limit("sign", ("cpu_ms",), at_most=4, timed=True))
    monkeypatch.setattr(bench, "BENCHMARKS", {"slow": slow})

    assert bench.main([]) == 0
    assert "cpu ms ≤ 4: missed" in capsys.readouterr().out


def test_a_small_run_keeps_the_figures_of_the_last_full_one(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    goal = Limit("*", at_most=1)
    monkeypatch.setattr(bench, "BENCHMARKS", {"one": benchmark_of({"rows": 1}, goal)})

    assert bench.main(["--small"]) == 0
    assert list(results.iterdir()) == []


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(["speed"])

    assert "there is no benchmark 'speed'; there are calls, handler_cpu" in capsys.readouterr().err


def test_a_goal_that_fits_no_figure_is_an_error() -> None:
    with pytest.raises(NoFigureError, match="rows='sing'"):
        findings([Limit("sing", ("calls",), at_most=3)], {"sign": {"calls": 3}}, "full")


def test_a_goal_of_the_other_size_is_left_out() -> None:
    assert findings([Limit("99 letters", at_most=3, only="full")], {"9 letters": 1}, "small") == []


def test_columns_that_a_goal_names_together_are_added_up() -> None:
    [found] = findings(
        [Limit("visit*", ("style", "scripts"), at_most=8)], {"visit": {"style": 5, "scripts": 4}}, "full"
    )

    assert (found.value, found.fails) == (9, True)


@pytest.mark.parametrize(("last", "fails"), [(130, False), (140, True)])
def test_memory_is_flat_if_the_last_figure_is_close_to_the_first(last: int, fails: bool) -> None:  # noqa: FBT001
    figures = {"10 rows": {"peak_mb": 100}, "1,000 rows": {"peak_mb": last}}
    [found] = findings([Flat("* rows", "peak_mb")], figures, "full")

    assert (found.row, found.fails) == ("1,000 rows", fails)


def test_one_figure_alone_can_not_be_flat() -> None:
    with pytest.raises(NoFigureError):
        findings([Flat("* rows", "peak_mb")], {"10 rows": {"peak_mb": 100}}, "full")
