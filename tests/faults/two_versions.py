"""Two versions of the code on one table: each step of a letter's way by version 0.2 or by today's code."""

from __future__ import annotations

import hashlib
import importlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from tests import world as worlds
from tests.faults import version_0_2
from tests.faults.invariants import breaches
from tests.world import ADA, CAMPAIGN, CONTEXT, is_of_signature
from tests.world import world as in_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tests.faults.memory import Check
    from tests.world import World

type Version = Literal["0.2", "today"]

VERSIONS: tuple[Version, Version] = ("0.2", "today")

STEPS = {
    "sign": "public_api",
    "mail": "send_confirmations",
    "confirm": "public_api",
    "tally": "tally",
    "deliver": "deliver",
    "feedback": "record_feedback",
}
"""The steps, and the function of each. People sign in a form that the other version made, and get their emails; they
confirm; the letters are counted; those of the week are sealed, typeset and sent; SES's events are recorded. Today's
code plans the week, in a function that version 0.2 doesn't have."""

PEOPLE = ("Ada", "Bo")

_MONDAY = datetime(2026, 11, 30, 15, tzinfo=UTC)


def typeset_plainly(patch: pytest.MonkeyPatch, module: Callable[[str], Any]) -> None:
    """Let a version write the letters' text in place of a PDF."""
    packets = module("undersigned.rendering.packets")

    def plain(_cover: Any, letters: Any, _fonts: object) -> Any:
        pdf = "\n".join(map(repr, letters)).encode()
        return packets.Packet(pdf, hashlib.sha256(pdf).hexdigest(), {}, accessible=True)

    patch.setattr(packets, "typeset", plain)
    patch.setattr(module("undersigned.wiring"), "font_book", lambda: None)


@dataclass
class TwoVersions:
    """Both versions of each function, on one stack. Their processes stay warm.

    `refused` lists the steps that a version could not do, as `step: version, after` the versions before it.
    """

    world: World
    handlers: dict[Version, dict[str, Callable[[Any, Any], Any]]]
    forms: list[str] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def run(self, step: str, version: Version) -> None:
        """Run a step by a version."""
        self.use(STEPS[step], version)
        getattr(self, f"_{step}")(version)

    def use(self, function: str, version: Version) -> None:
        self.world.handlers[function] = self.handlers[version][function]

    def _sign(self, version: Version) -> None:
        other = VERSIONS[version == "0.2"]
        self.use("public_api", other)
        forms = [self.world.get(f"/campaigns/{CAMPAIGN}", as_json=True).json["form"] for _ in PEOPLE]
        self.use("public_api", version)
        self.world.clock.advance(minutes=1)
        for name, form in zip(PEOPLE, forms, strict=True):
            values = {
                **ADA,
                "name": name,
                "signature": name,
                "email": f"{name}@signers.example",
                "address_line": f"7 {name} Place",
                "form": form,
            }
            assert self.world.post(f"/campaigns/{CAMPAIGN}/signatures", values, as_json=True).status == 202

    def _mail(self, version: Version) -> None:
        self.records = self.world.new_records()
        signatures = [record for record in self.records if is_of_signature(record)]
        answer = self.world.handlers["send_confirmations"]({"Records": signatures}, CONTEXT)
        if answer["batchItemFailures"]:
            self.refused.append(f"mail by {version}")
            self.use("send_confirmations", "today")
            assert not self.world.handlers["send_confirmations"]({"Records": signatures}, CONTEXT)["batchItemFailures"]

    def _confirm(self, version: Version) -> None:
        for name in PEOPLE:
            [mail] = [sent for sent in self.world.sent if sent.to == f"{name}@signers.example"]
            answering = version
            self.use("public_api", answering)
            link = mail.link("confirm")
            if self.world.get(link).status != 200:
                assert self.world.post(link).status == 404
                self.refused.append(f"confirm by {version}")
                # The person presses it again when the deploy is over.
                answering = "today"
                self.use("public_api", answering)
            assert self.world.get(link).status == 200
            # Version 0.2 redirects to the letter.
            assert self.world.post(link).status == (200 if answering == "today" else 303)

    def _tally(self, _version: Version) -> None:
        records, self.records = self.records, []
        while records := [*records, *self.world.new_records()]:
            self.world.handlers["tally"]({"Records": records}, CONTEXT)
            records = []

    def _deliver(self, version: Version) -> None:
        self.world.clock.now = max(self.world.clock.now, _MONDAY)
        self.world.week()
        if not self.world.deliveries:
            self.refused.append(f"deliver by {version}")
            # The delivery waits in the queue.
            self.use("deliver", "today")
            self.world.run_queue()

    def _feedback(self, _version: Version) -> None:
        for mail in self.world.deliveries:
            for case in ("send", "delivery"):
                self.world.feedback(case, mail, way="rule")
                self.world.feedback(case, mail, way="topic")

    def finish_the_upgrade(self) -> None:
        """Run today's code only, and its reconciliation, a day later."""
        for function in self.handlers["today"]:
            self.use(function, "today")
        self.world.run_stream()
        self.world.clock.advance(hours=26)
        self.world.reconcile()

    def save(self) -> Callable[[], None]:
        """Return a function that restores all but what the processes have in memory."""
        world, memory = self.world, self.world.memory
        assert memory
        restore_memory, now, read = memory.save(), world.clock.now, dict(world._read)
        sent, records, refused = list(world.sent), list(self.records), list(self.refused)

        def restore() -> None:
            restore_memory()
            world.clock.now, world._read, world.sent = now, dict(read), list(sent)
            self.records, self.refused = list(records), list(refused)

        return restore


@contextmanager
def both_versions(patch: pytest.MonkeyPatch, check: Check = version_0_2.allow) -> Iterator[TwoVersions]:
    """Make a stack with both versions of each function. `check` checks the calls of version 0.2."""
    # The document of the API is today's.
    patch.setattr(worlds, "breach_of", lambda *_: None)
    for module in (importlib.import_module, version_0_2.module):
        typeset_plainly(patch, module)
        patch.setattr(module("undersigned.services.packing"), "PACKET_SIZE", 1)
    with in_memory(patch, fast=True, bundle_size=1) as world:
        old = {function: version_0_2.start(world, patch, function, check) for function in version_0_2.FUNCTIONS_OF_0_2}
        yield TwoVersions(world, {"0.2": old, "today": dict(world.handlers)})


def every_order(versions: TwoVersions) -> Iterator[tuple[tuple[Version, ...], list[str]]]:
    """Go each way, and yield which version did each step, and what is wrong at its end."""
    yield from _ways_after(versions, ())


def _ways_after(versions: TwoVersions, done: tuple[Version, ...]) -> Iterator[tuple[tuple[Version, ...], list[str]]]:
    if len(done) == len(STEPS):
        yield done, _wrong(versions)
        return
    for version in VERSIONS:
        restore = versions.save()
        versions.run(list(STEPS)[len(done)], version)
        yield from _ways_after(versions, (*done, version))
        restore()


def _wrong(versions: TwoVersions) -> list[str]:
    """Return what is wrong before the first reconciliation after the upgrade, and after it."""
    before = [found for found in breaches(versions.world) if not found.startswith(_COUNTED_DIFFERENTLY)]
    versions.finish_the_upgrade()
    return before + breaches(versions.world) + _not_delivered(versions.world)


def _not_delivered(world: World) -> list[str]:
    states = [delivery.state for delivery in world.wiring.deliveries.deliveries(CAMPAIGN, "evanston")]
    return [] if states == ["delivered"] else [f"the deliveries are {states}"]


_COUNTED_DIFFERENTLY = tuple(
    f"counter {name}" for name in ("TOWN#", "PROVIDER#", "REACHED#", "LOCALITY#", "SIGNED#", "CONFIRMED#", "SUSPICION#")
)
"""Version 0.2 names these counters by what people typed, and has none of suspicions. The total, and those of targets,
days and hours, are equal in both versions at any time."""
