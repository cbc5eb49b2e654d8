"""Simulated campaigns, and a state machine on the same platform."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.search.platform import Outage
from tests.search.simulated_campaign import Outcome, Simulation, campaign, simulate
from tests.search.simulation import replay
from tests.support import seeds
from tests.support.scale import scale
from tests.support.world import ROOT

pytestmark = pytest.mark.slow

_ACTS = (
    "sign", "sign", "sign_again", "sign_like_a_bot", "withdraw", "erase", "release_from_quarantine", "push",
    "push_new_chief", "break_mailbox", "hold", "release", "pause", "resume", "deliver_now", "send_now",
    "deploy", "visit", "change_cadence", "sign_twice", "deliver_to_one", "deliver_to_one_again",
    "hold_letters", "release_letters", "erase_letters",
)  # fmt: skip
_SHARES = (
    "crashes", "lost_answers", "conflicts", "throttles", "ses_errors", "ses_lost_answers", "ses_hangs",
    "silent_emails", "outages_after_emails", "refusals", "repeats", "preemptions", "short_runs",
)  # fmt: skip


class Campaign(RuleBasedStateMachine):
    """Hypothesis chooses what people do and what fails, on the platform of the simulation, and shortens what breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()

    @initialize(seed=st.integers(0, 10**6))
    def begin(self, seed: int) -> None:
        """Begin a campaign. The seed decides the order of what is due at once, and which calls fail."""
        self.run: Simulation = self.stack.enter_context(campaign(seed, 1))

    @rule(what=st.sampled_from(_ACTS))
    def act(self, what: str) -> None:
        getattr(self.run, what)()

    @rule(what=st.sampled_from(_SHARES), share=st.sampled_from([0, 0.01, 0.1]))
    def fail(self, what: str, share: float) -> None:
        setattr(self.run.platform.faults, what, share)

    @rule(case=st.sampled_from(["send", "delivery", "bounce", "complaint"]), share=st.sampled_from([0, 0.5, 1]))
    def lose_events(self, case: str, share: float) -> None:
        self.run.platform.faults.lost_events[case] = share

    @rule(
        what=st.sampled_from(["dynamodb", "sesv2", "sqs", "s3", "tally", "deliver", "send_confirmations"]),
        hours=st.sampled_from([0.1, 1, 20, 30]),
    )
    def stop(self, what: str, hours: float) -> None:
        faults, now = self.run.platform.faults, self.run.world.clock.now
        outage = Outage(what, now, now + timedelta(hours=hours))
        # No function answers people while the table fails.
        if what in {"tally", "deliver", "send_confirmations"}:
            faults.disabled.append(outage)
        else:
            faults.outages.append(outage._replace(ends=min(outage.ends, now + timedelta(hours=1))))

    @rule(hours=st.sampled_from([0.1, 1, 12, 48]))
    def time_passes(self, hours: float) -> None:
        self.run.pass_time(self.run.world.clock.now + timedelta(hours=hours))

    @rule()
    def week(self) -> None:
        """Run the schedules of a week that begins now."""
        now = self.run.world.clock.now
        self.run.plan_week(now + timedelta(hours=9))
        self.run.pass_time(now + timedelta(days=6))

    def teardown(self) -> None:
        with self.stack:
            self.run.come_to_an_end()
            assert not self.run.broken, "\n".join([*self.run.steps, *self.run.broken])


def test_any_steps_on_the_platform_lose_double_and_forget_nothing() -> None:
    run_state_machine_as_test(
        Campaign,
        settings=settings(
            max_examples=scale.steps,
            stateful_step_count=25,
            deadline=None,
            derandomize=seeds.IS_FIXED or not scale.is_long,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def check(outcome: Outcome) -> None:
    assert not outcome.broken, "\n".join([*outcome.steps, *outcome.broken, f"This was {replay(outcome)}"])


@pytest.mark.parametrize("seed", scale.stormy)
def test_a_campaign_loses_doubles_and_forgets_nothing(seed: int) -> None:
    outcome = simulate(seed, 5)
    check(outcome)
    assert outcome.letters
    assert outcome.faults


def test_a_new_campaign_loses_doubles_and_forgets_nothing() -> None:
    check(simulate(seeds.seed(), 5))


def test_many_campaigns_lose_double_and_forget_nothing() -> None:
    """Simulate them in a process of its own: it forks, so it must have no threads."""
    command = [sys.executable, "-m", "tests.search.simulation", *scale.campaigns]
    command += ["--figures-of", __file__] if scale.is_long else []
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


def test_a_seed_decides_everything() -> None:
    """Each process puts the texts of a set into another order."""
    command = (sys.executable, "-m", "tests.search.simulation", "--seed", "213", "--weeks", "2", "--processes", "1")

    def traces(order: str) -> list[str]:
        environment = os.environ | {"PYTHONHASHSEED": order}
        run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
        return re.findall(r"trace \w+", run.stdout)

    one = traces("1")
    assert one == traces("2")
    assert one
