"""`undersigned counts`, `deliveries` and `deliver`: what a campaign has, what was sent, and sending it now."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from undersigned.domain.deliveries import DeliveryKey
from undersigned.domain.errors import NotFoundError, UndersignedError
from undersigned.domain.schedule import period_of
from undersigned.domain.tallies import TOTAL, counters_of, mark_of
from undersigned_cli.options import (
    DEFAULT_STACK,
    DEFAULT_STATE,
    AsJson,
    Campaign,
    Local,
    StackName,
    State,
    console,
    show,
    stack_of,
)

if TYPE_CHECKING:
    from undersigned.domain.campaigns import Target
    from undersigned.wiring import Wiring


class By(StrEnum):
    """What signatures are counted by."""

    target = "target"
    day = "day"
    hour = "hour"
    locality = "locality"


class CountsDifferError(UndersignedError):
    """The counts are not what the rows say."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(counts)
    app.command()(deliveries)
    app.command()(deliver)


def counts(  # noqa: PLR0913  (options)
    campaign: Campaign,
    *,
    by: Annotated[
        By, typer.Option(help="Count by target, by day or hour (UTC) of confirming, or by the signers' locality.")
    ] = By.target,
    recount: Annotated[bool, typer.Option("--recount", help="Read every row, and bring the counts in step.")] = False,
    as_json: AsJson = False,
    local: Local = False,
    stack_name: StackName = DEFAULT_STACK,
    state: State = DEFAULT_STATE,
) -> None:
    """Show how many people signed, by target, day, hour or locality."""
    wiring = stack_of(local=local, stack_name=stack_name, state=state).wiring()
    _known_targets(wiring, campaign)
    if recount:
        _recount(wiring, campaign)
    counters = wiring.table.counts(campaign)
    prefix = f"{by.value.upper()}#"
    rows: list[dict[str, object]] = [
        {by.value: name.removeprefix(prefix), "signatures": count}
        for name, count in sorted(counters.items())
        if name.startswith(prefix)
    ]
    rows.append({by.value: "total", "signatures": counters.get(TOTAL, 0)})
    show(f"Signatures of {campaign}", {by.value: by.value.title(), "signatures": "Signatures"}, rows, as_json=as_json)


def _recount(wiring: Wiring, campaign: str) -> None:
    """Count all rows anew; raises CountsDifferError when the counters are still not what the rows say."""
    truth: Counter[str] = Counter()
    late: list[tuple[str, str]] = []
    for signature in wiring.table.listed_signatures(campaign):
        truth.update(counters_of(mark_of(signature)))
        if signature.tallied != mark_of(signature):
            late.append((campaign, signature.signer))
    moved = wiring.tallying().count(late)
    kept = {name: count for name, count in wiring.table.counts(campaign).items() if count}
    console.print(f"{truth[TOTAL]:,} confirmed rows; {moved:,} were not counted before.")
    if kept != truth:
        message = (
            f"the counts differ from the rows by {sum((Counter(kept) - truth).values())} too many and "
            f"{sum((truth - Counter(kept)).values())} too few; if people sign just now, run it again"
        )
        raise CountsDifferError(message)


def _known_targets(wiring: Wiring, campaign: str) -> tuple[Target, ...]:
    if wiring.table.campaign(campaign) is None:
        known = ", ".join(wiring.table.campaign_ids()) or "none yet"
        message = f"there is no campaign {campaign!r}; the stack has: {known}"
        raise NotFoundError(message)
    return wiring.table.targets(campaign)


def deliveries(
    campaign: Campaign,
    *,
    as_json: AsJson = False,
    local: Local = False,
    stack_name: StackName = DEFAULT_STACK,
    state: State = DEFAULT_STATE,
) -> None:
    """Show what was sent to whom, and what became of it."""
    wiring = stack_of(local=local, stack_name=stack_name, state=state).wiring()
    rows: list[dict[str, object]] = [
        {
            "target": target.id,
            "period": delivery.key.period,
            "state": delivery.state,
            "letters": delivery.letters,
            "packets": delivery.packets,
            "bytes": delivery.bytes,
            "email": delivery.email,
            "sent_at": f"{delivery.sent_at:%Y-%m-%d %H:%M} UTC" if delivery.sent_at else None,
            "reason": delivery.reason,
            "message_id": delivery.message_id,
            "attempt": delivery.attempt,
        }
        for target in _known_targets(wiring, campaign)
        for delivery in wiring.table.deliveries(campaign, target.id)
    ]
    columns = {
        "target": "Target",
        "period": "Period",
        "state": "State",
        "letters": "Letters",
        "packets": "Packets",
        "bytes": "Bytes",
        "email": "To",
        "sent_at": "Sent",
        "reason": "Why",
    }
    show(f"Deliveries of {campaign}", columns, rows, as_json=as_json)


def deliver(
    campaign: Campaign,
    *,
    preview: Annotated[
        Path | None, typer.Option(help="Write the mails and packets that would go now into this folder; send nothing.")
    ] = None,
    local: Local = False,
    stack_name: StackName = DEFAULT_STACK,
    state: State = DEFAULT_STATE,
) -> None:
    """Send the letters that wait now, instead of at the weekly hour."""
    stack = stack_of(local=local, stack_name=stack_name, state=state)
    wiring = stack.wiring()
    targets = _known_targets(wiring, campaign)
    now = datetime.now(UTC)
    if preview is not None:
        _write_preview(wiring, campaign, targets, period_of(now, wiring.settings.delivery_time_zone), preview)
        return
    planned = stack.plan(campaign, now)
    queued = [delivery["target"] for delivery in planned["deliveries"]]
    for target in targets:
        if target.id in queued:
            console.print(f"{target.id}: on its way to {target.email}")
        elif wiring.table.has_waiting(campaign, target.id):
            console.print(f"{target.id}: has had its mail of {planned['period']}; what waits goes next time")
    console.print(f"{len(queued)} deliveries started; `undersigned deliveries {campaign}` shows what becomes of them.")


def _write_preview(wiring: Wiring, campaign: str, targets: tuple[Target, ...], period: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packing = wiring.packing(_report_replaced)
    found = 0
    for target in targets:
        preview = packing.preview(DeliveryKey(campaign, target.id, period))
        if preview is None:
            continue
        found += 1
        (folder / f"{target.id}.eml").write_bytes(preview.mail.as_bytes())
        for number, pdf in enumerate(preview.pdfs, start=1):
            (folder / f"{target.id}-{number:04d}.pdf").write_bytes(pdf)
        held = " (held: mail to this address came back)" if target.mail_state == "bounced" else ""
        console.print(f"{target.id}: {preview.mail.subject}{held}", markup=False, soft_wrap=True)
    console.print(f"{found} mails written to {folder}; nothing was sent.", soft_wrap=True)


def _report_replaced(key: DeliveryKey, packet: int, characters: dict[str, int]) -> None:
    listed = ", ".join(f"{character} ({count})" for character, count in characters.items())
    console.print(
        f"{key.target}, packet {packet}: no font has {listed}; \N{REPLACEMENT CHARACTER} stands there instead"
    )
