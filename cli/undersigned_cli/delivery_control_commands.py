"""`undersigned pause`, `resume`, `approve`, `hold`, `release`, `retry` and `audit`: what an organizer decides."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError
from undersigned_cli.delivery_commands import moment
from undersigned_cli.options import (
    COMMAND_LINE,
    SEE,
    STEER,
    AsJson,
    Campaign,
    TargetId,
    Why,
    examples,
    known_targets,
    on_stack,
    say,
    show,
)
from undersigned_cli.stacks import Stack

if TYPE_CHECKING:
    from undersigned.wiring import Wiring

Period = Annotated[
    datetime | None, typer.Argument(help="The day of the delivery, such as 2026-11-30.", formats=["%Y-%m-%d"])
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command, example in (
        (pause, 'pause my-campaign --why "the letter has a mistake"'),
        (resume, "resume my-campaign"),
        (approve, "approve my-campaign 2026-11-30"),
        (hold, 'hold my-campaign evanston --why "the chief retires this week"'),
        (release, "release my-campaign evanston"),
        (retry, 'retry my-campaign evanston --why "the address is mended"'),
    ):
        app.command(rich_help_panel=STEER, epilog=examples(example))(command)
    app.command(rich_help_panel=SEE, epilog=examples("audit my-campaign --limit 20"))(audit)


@on_stack
def pause(stack: Stack, campaign: Campaign, *, why: Why = "") -> None:
    """Let nothing more of a campaign go out, until `resume`."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    wiring.delivery_controls().pause(campaign, COMMAND_LINE, why)
    say(f"{campaign} is paused: nothing goes out. `undersigned resume {campaign}` lets it go on.")


@on_stack
def resume(stack: Stack, campaign: Campaign, *, why: Why = "") -> None:
    """Let a campaign that is paused go on, with the next weekly delivery."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    wiring.delivery_controls().resume(campaign, COMMAND_LINE, why)
    say(f"{campaign} goes on with the next delivery; `undersigned deliver {campaign}` starts one now.")


@on_stack
def approve(stack: Stack, campaign: Campaign, period: Period = None, *, why: Why = "") -> None:
    """Let a week's deliveries begin in a campaign that asks for it; without a day, those of the last weekly hour."""
    wiring = stack.wiring()
    targets = {target.id: target for target in known_targets(wiring, campaign)}
    day = _day(period) or wiring.settings.schedule.last_period(wiring.now())
    plan = wiring.delivery_controls().approve(campaign, day, COMMAND_LINE, why)
    for key in plan.queued:
        say(f"{key.target}: on its way to {targets[key.target].email}")
    if wiring.table.controls(campaign).paused:
        say(f"{campaign} is paused: nothing goes before `undersigned resume {campaign}`.")
    say(f"{day} is approved; {len(plan.queued)} deliveries started.")


@on_stack
def hold(
    stack: Stack,
    campaign: Campaign,
    target: TargetId,
    *,
    why: Annotated[str, typer.Option(help="The reason; the letters' signers can read it.")],
) -> None:
    """Hold one addressee's letters back, until `release`."""
    wiring = stack.wiring()
    _check(wiring, campaign, target)
    wiring.delivery_controls().hold(campaign, target, COMMAND_LINE, why)
    say(f"{target}: its letters are held. `undersigned release {campaign} {target}` lets them go.")


@on_stack
def release(stack: Stack, campaign: Campaign, target: TargetId, *, why: Why = "") -> None:
    """Let an addressee's letters go that are held, with the next weekly delivery."""
    wiring = stack.wiring()
    _check(wiring, campaign, target)
    wiring.delivery_controls().release(campaign, target, COMMAND_LINE, why)
    say(f"{target}: its letters go with the next delivery; `undersigned deliver {campaign}` starts one now.")


@on_stack
def retry(stack: Stack, campaign: Campaign, target: TargetId, period: Period = None, *, why: Why = "") -> None:
    """Send a delivery again that failed or came back, once its address is mended; without a day, the last such one."""
    wiring = stack.wiring()
    _check(wiring, campaign, target)
    key = DeliveryKey(campaign, target, _day(period) or _last_unsent(wiring, campaign, target))
    wiring.delivery_controls().retry(key, COMMAND_LINE, why)
    say(f"{target}: the delivery of {key.period} is on its way again; `undersigned deliveries {campaign}` shows it.")


@on_stack
def audit(
    stack: Stack,
    campaign: Campaign,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many entries, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what, when and why, newest first."""
    wiring = stack.wiring()
    known_targets(wiring, campaign)
    rows: list[dict[str, object]] = [
        {
            "at": moment(entry.at),
            "action": entry.action,
            "about": entry.about or None,
            "by": entry.by,
            "why": entry.why or None,
        }
        for entry, _ in zip(wiring.table.audit(campaign), range(limit), strict=False)
    ]
    columns = {"at": "When", "action": "What", "about": "About", "by": "Who", "why": "Why"}
    show(f"What was done in {campaign}", columns, rows, as_json=as_json)


def _day(period: datetime | None) -> str | None:
    return period.date().isoformat() if period else None


def _last_unsent(wiring: Wiring, campaign: str, target: str) -> str:
    for delivery in wiring.table.deliveries(campaign, target):
        if delivery.state in {"open", "held", "bounced"}:
            return delivery.key.period
    message = (
        f"{target} has no delivery that failed, came back or is held; `undersigned deliveries {campaign}` shows all"
    )
    raise NotFoundError(message)


def _check(wiring: Wiring, campaign: str, target: str) -> None:
    known = [found.id for found in known_targets(wiring, campaign)]
    if target not in known:
        message = f"campaign {campaign!r} has no target {target!r}; it has {', '.join(known)}"
        raise NotFoundError(message)
