"""Test work for many items at the same time."""

from __future__ import annotations

import threading
import time
from itertools import count, islice

import pytest

from undersigned.base.at_once import each_at_once


@pytest.mark.parametrize("at_once", [1, 3, 50])
def test_results_come_in_the_order_of_the_items(at_once: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.001 * (item % 3))
        return item * item

    assert list(each_at_once(work, range(20), at_once)) == [item * item for item in range(20)]
    assert list(each_at_once(work, (), at_once)) == []


def test_so_many_are_done_at_once_and_no_more() -> None:
    all_three = threading.Barrier(3, timeout=10)
    running, most = 0, 0
    lock = threading.Lock()

    def work(_item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_three.wait()
        with lock:
            running -= 1

    list(each_at_once(work, range(9), 3))
    assert most == 3


def test_endless_items_are_taken_only_a_few_ahead() -> None:
    taken = count()
    assert list(islice(each_at_once(lambda item: item, taken, 4), 10)) == list(range(10))
    assert next(taken) <= 10 + 2 * 4


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_error_is_raised(at_once: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(each_at_once(lambda item: 1 // item, [2, 1, 0, 1], at_once))
