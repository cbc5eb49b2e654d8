"""Test the canary: it follows letters through every step, names the step that is broken, and counts nowhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from logging import INFO
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests import world as worlds
from tests.aws_from_template import environment_of
from tests.emitted import metrics_in
from tests.permissions_from_template import granted, used
from tests.world import ADA, CONTEXT, PUBLIC_URL
from undersigned.aws.mail_domains import MailDomains
from undersigned.domain.canaries import CANARIES, OUTCOMES, SIGNER, SIMULATOR, canary_id
from undersigned.services.canary import Step
from undersigned.settings import Settings
from undersigned.web.own_pages import OwnPages
from undersigned.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.world import World

FATES = {"success": "delivery", "bounce": "bounce", "complaint": "complaint"}


@dataclass
class Around:
    """AWS and the internet around the canary, in which a step can be broken."""

    world: World
    broken: Step | None = None
    reported: int = 0
    posts: list[str] = field(default_factory=list)

    def post(self, path: str, values: Mapping[str, str]) -> int | None:
        self.posts.append(path)
        step = "confirm" if path.startswith("/confirm") else "sign"
        return 500 if step == self.broken else self.world.post(path, dict(values)).status

    def sleep(self, seconds: float) -> None:
        """Let time pass, in which AWS does what waits."""
        self.world.clock.advance(seconds=seconds)
        self.world.run_stream()
        if self.broken != "send":
            self.world.run_queue()
        for sent in self.world.deliveries[self.reported :]:
            self.reported += 1
            kind = sent.to.partition("+")[0]
            steps = {"success": "delivered", "bounce": "bounced", "complaint": "complained"}
            if steps[kind] != self.broken:
                self.world.feedback("send", sent)
                self.world.feedback(FATES[kind], sent)


@pytest.fixture
def around(world: World) -> Around:
    return Around(world)


@pytest.fixture
def run(world: World, around: Around, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Return a function that runs the canary's handler."""
    known = world.variables
    own = {name: known[name] for name in ("TABLE_NAME", "SECRET_ARN", "DELIVERY_QUEUE_URL", "API_URL")}
    environment = environment_of("CheckLetters", **own, OPERATOR_TOPIC=known["OPERATOR_TOPIC"])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    from functions.canary import app  # noqa: PLC0415  (it reads the environment)

    wiring = Wiring(
        Settings(environment), client=worlds._clients("CheckLetters"), clock=world.clock, sleep=around.sleep
    )
    monkeypatch.setattr(app, "canary", replace(wiring.canary(), browser=around))
    handler: Any = app.handler
    return lambda: handler({}, CONTEXT)["missed"]


def told(world: World) -> list[str]:
    assert world.memory
    return [subject for subject, _ in world.memory.told]


def test_all_steps_happen(world: World, run: Callable[[], Any]) -> None:
    assert run() is None
    assert told(world) == []
    assert {sent.to for sent in world.deliveries} == {f"{outcome}+tue@{SIMULATOR}" for outcome in OUTCOMES}


def test_it_does_not_depend_on_the_dns_of_the_simulator(
    world: World, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailDomains, "takes_none", lambda _domains, address: address.endswith(SIMULATOR))
    assert run() is None
    assert world.deliveries


@pytest.mark.parametrize("days", [(0, 1, 7)])
def test_it_runs_again_the_next_day_and_on_the_same_weekday(
    world: World, run: Callable[[], Any], days: tuple[int, ...]
) -> None:
    start = world.clock.now
    for day in days:
        world.clock.now = start + timedelta(days=day)
        assert run() is None, f"day {day}"
    assert len(world.deliveries) == 3 * len(days)


BROKEN: dict[Step, Callable[[World], None]] = {
    "sign": lambda _world: None,
    "confirmation email": lambda world: setattr(world, "refusal", "SendingPausedException"),
    "confirm": lambda _world: None,
    "count": lambda world: world.handlers.update(tally=lambda _event, _context: None),
    "send": lambda _world: None,
    "delivered": lambda _world: None,
    "bounced": lambda _world: None,
    "complained": lambda _world: None,
}


@pytest.mark.parametrize("step", BROKEN)
def test_a_broken_step_is_named(world: World, around: Around, run: Callable[[], Any], step: Step) -> None:
    around.broken = step
    BROKEN[step](world)

    assert run() == step
    assert told(world) == [f"Undersigned: the canary missed the step: {step}"]


def test_a_delivery_that_is_not_finished_is_named_the_next_day(
    world: World, around: Around, run: Callable[[], Any]
) -> None:
    world.sleep = lambda _seconds: None
    assert run() is None
    campaign = canary_id("success")
    [delivery] = world.wiring.deliveries.deliveries(campaign, "tue")
    world.wiring.deliveries.change(replace(delivery, state="open"), state=delivery.state, attempt=delivery.attempt)
    world.clock.advance(days=1)

    assert run() == "yesterday's letter"
    assert around.posts[6:] == []


def test_every_step_is_broken_once() -> None:
    assert BROKEN.keys() | {"yesterday's letter"} == set(get_args(Step))


def test_it_counts_nowhere(
    world: World, run: Callable[[], Any], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert world.memory
    assert run() is None

    assert metrics_in(capsys.readouterr().out) == {}
    # An error in a log is an email to the operator.
    assert [record.getMessage() for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []
    assert [item for item in world.memory.items() if item["pk"]["S"].startswith("MAILS#")] == []
    assert CANARIES.isdisjoint(world.wiring.campaigns.campaign_ids())
    assert not [key for key in world.plan()["deliveries"] if key["campaign"] in CANARIES]
    world.reconcile()
    world.report()
    assert "undersigned-canary" not in str(world.memory.told)
    assert not [
        record for record in caplog.records if getattr(record, "campaign", "") in CANARIES and record.levelno > INFO
    ]


def test_other_programs_hear_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = worlds.load_event("tally_confirmed")["Records"][0]
    sent = worlds.load_event("tally_delivery_sent")["Records"][0]
    with worlds.world(monkeypatch, publishes_events=True, fast=True):
        from functions.tally.publishing import _event_of  # noqa: PLC0415  (it reads the environment)

        for record in (signed, sent):
            own = record["dynamodb"]["Keys"]["pk"]["S"].split("#")[1]
            assert _event_of(record) is not None
            of_canary = json.loads(json.dumps(record).replace(own, canary_id("bounce")))
            assert _event_of(of_canary) is None


def test_strangers_who_use_its_form_have_a_budget(world: World, run: Callable[[], Any]) -> None:
    assert world.memory
    assert run() is None
    campaign = canary_id("success")
    world.post(f"/campaigns/{campaign}/signatures", {**ADA, "target": "tue", "form": ""})
    world.run_stream()

    assert [item for item in world.memory.items() if item["pk"]["S"].startswith("MAILS#")]


def test_strangers_with_other_addresses_of_the_simulator_have_a_budget_too(
    world: World, run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run() is None
    monkeypatch.setattr(MailDomains, "takes_none", lambda _domains, _address: False)

    def budgets() -> str:
        assert world.memory
        return str([item for item in world.memory.items() if item["pk"]["S"].startswith("MAILS#")])

    for address in (f"stranger@{SIMULATOR}", f"bounce@{SIMULATOR}", f"another@{SIMULATOR}"):
        before = budgets()
        letter = {**ADA, "email": address, "target": "tue", "form": ""}
        world.post(f"/campaigns/{canary_id('success')}/signatures", letter)
        world.run_stream()
        assert budgets() != before, address


def test_its_email_in_doubt_is_no_question_to_a_person(
    world: World, run: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert run() is None
    [delivery] = world.wiring.deliveries.deliveries(canary_id("success"), "tue")
    lost = replace(delivery, state="sending", sending_since=world.clock.now - timedelta(hours=2))
    world.wiring.deliveries.change(lost, state=delivery.state, attempt=delivery.attempt)
    caplog.clear()
    world.wiring.queue.put([delivery.key])
    world.run_queue()

    [line] = [record for record in caplog.records if record.getMessage() == "delivery"]
    assert (vars(line)["state"], line.levelno) == ("in_doubt", INFO)


def test_it_has_no_permission_that_it_does_not_use(run: Callable[[], Any], around: Around) -> None:
    assert run() is None
    around.broken = "send"
    around.world.clock.advance(days=1)
    assert run() == "send"

    assert {part for part in granted() - used if part.startswith("CheckLetters ")} == set()


def test_it_signs_with_an_address_that_nobody_reads() -> None:
    assert SIGNER == "success@simulator.amazonses.com"


def test_a_page_that_does_not_answer_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OwnPages("http://127.0.0.1:9").post("/confirm/x", {}) is None
    assert PUBLIC_URL.startswith("https://")
