"""Which state has which ZIP codes."""

from __future__ import annotations

import pytest

from undersigned.workshop.regions import STATES, has_zip_code

IN_TWO_STATES = {
    "063": {"CT", "NY"},
    "755": {"AR", "TX"},
    "834": {"ID", "WY"},
    "967": {"AS", "HI"},
    "969": {"GU", "MP"},
}
MILITARY = {*map("09{}".format, range(10)), "340", *map("96{}".format, range(2, 7))}


def states_of(digits: str) -> set[str]:
    return {state for state in STATES if has_zip_code(state, digits)}


@pytest.mark.parametrize(
    ("digits", "state"),
    [
        *(("005", "NY"), ("006", "PR"), ("008", "VI"), ("055", "MA"), ("056", "VT"), ("196", "PA"), ("197", "DE")),
        *(("200", "DC"), ("201", "VA"), ("202", "DC"), ("206", "MD"), ("341", "FL"), ("397", "MS"), ("398", "GA")),
        *(("500", "IA"), ("569", "DC"), ("622", "IL"), ("733", "TX"), ("885", "TX"), ("889", "NV"), ("961", "CA")),
        *(("994", "WA"), ("995", "AK")),
    ],
)
def test_a_beginning_at_a_border_is_of_its_state(digits: str, state: str) -> None:
    assert states_of(digits) == {state}


def test_a_beginning_is_of_one_state_unless_a_town_is_across_the_border() -> None:
    several = {digits: states for number in range(1000) if len(states := states_of(digits := f"{number:03}")) > 1}
    assert several == IN_TWO_STATES


@pytest.mark.parametrize("digits", sorted({"000", "213", "343", "353", "533", "632", "771", "909", "987"} | MILITARY))
def test_beginnings_that_are_not_in_use_and_those_of_the_armed_forces_are_of_no_state(digits: str) -> None:
    assert states_of(digits) == set()
