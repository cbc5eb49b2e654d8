"""Start the public API as Lambda does, and go on in several processes, as from a snapshot of it. Print what each has.

A process of its own: it forks, so it must have no threads, and it must not have served a request.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

from awslambdaric.lambda_runtime_hooks_runner import (  # type: ignore[import-untyped]
    run_after_restore,
    run_before_snapshot,
)

from functions.public_api import app, wired
from undersigned.wiring import new_id


def sockets() -> list[str]:
    """Return the sockets that this process has open."""
    links = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [str(link) for link in links if str(link).startswith("socket:")]


def found(clones: int) -> list[dict[str, object]]:
    """Return what each clone has after it is restored."""
    run_before_snapshot()
    # Python gives a fork a new one. A snapshot does not.
    state = random.getstate()
    seen = []
    for _ in range(clones):
        reading, writing = os.pipe()
        if not (child := os.fork()):
            random.setstate(state)
            run_after_restore()
            shards = vars(wired.stack.counts)["_random"]
            facts = {
                "random": random.random(),  # noqa: S311  (what botocore's pauses come from)
                "id": new_id(),
                "shards": [shards.randrange(1_000) for _ in range(5)],
                "sockets": sockets(),
            }
            os.write(writing, json.dumps(facts).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            seen.append(json.loads(pipe.read()))
        os.waitpid(child, 0)
    return seen


if __name__ == "__main__":
    assert callable(app.handler)
    json.dump({"at init": sockets(), "clones": found(int(sys.argv[1]))}, sys.stdout)
