"""Work for many items, some of them at the same time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future


def each_at_once[T, R](work: Callable[[T], R], items: Iterable[T], at_once: int) -> Iterator[R]:
    """Do the work for each item, `at_once` of them at a time, each in a thread of its own. Yield the results in order.

    At most twice as many items are taken before their results are, so memory stays flat. Raises the first error.
    """
    if at_once == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(at_once) as pool:
        begun: deque[Future[R]] = deque()
        for item in items:
            if len(begun) == 2 * at_once:
                yield begun.popleft().result()
            begun.append(pool.submit(work, item))
        while begun:
            yield begun.popleft().result()
