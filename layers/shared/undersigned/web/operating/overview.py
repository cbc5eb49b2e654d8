"""The overview of a campaign: its figures, and what needs attention."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from undersigned.domain.languages import Message, short_moment
from undersigned.domain.signing.providers import odd_ones
from undersigned.domain.signing.sources import NO_SOURCE, OTHER
from undersigned.web.counting.chart import chart
from undersigned.web.cursors import cursor_of
from undersigned.web.dashboard_frame import render_framed
from undersigned.web.delivering.recipients import headings, needs_approval_again, plan_rows, row_of
from undersigned.web.operating.attention import points

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from undersigned.domain.authoring.campaigns import Target
    from undersigned.domain.authoring.drafts import Draft
    from undersigned.domain.counting.screening import Evidence
    from undersigned.domain.signing.providers import Provider
    from undersigned.services.counting import organizing
    from undersigned.web.page import Page
    from undersigned.web.viewer import Viewer

_PROVIDERS_SHOWN = 8


def overview_page(  # noqa: PLR0913  (what the page shows)
    viewer: Viewer,
    found: organizing.Overview,
    by_day: Mapping[str, int],
    targets: organizing.Listing[organizing.TargetState],
    providers: tuple[Provider, ...],
    *,
    evidence: Evidence,
    held_back: Iterable[Target],
    overdue: Collection[str],
    by_source: Mapping[str, int],
    form_url: str,
    is_part: bool,
    period: str,
    draft: Draft | None,
    sort: str,
    descending: bool,
) -> Page:
    """Render the overview: the points that need attention, then the figures.

    `held_back` are all recipients whose letters are held back, on whatever page of the table they are. `overdue` has
    the ids of those of this page whose letters should have gone out. With `is_part`, the table has further pages.
    `draft` is the campaign's, if it has one.
    """
    rows = sorted(
        (row_of(viewer, state) for state in targets.items), key=lambda row: row.sorts_by(sort), reverse=descending
    )
    odd = odd_ones(providers)
    shown = {state.target.id for state in targets.items}
    attention = points(
        found,
        targets.items,
        (target for target in held_back if target.id not in shown),
        odd,
        evidence,
        overdue=overdue,
        is_part=is_part,
        today=date.fromisoformat(period),
        language=viewer.language,
    )
    waiting = sum(row.waiting for row in rows)
    lines = [line for state in targets.items for line in state.plan(found.campaign, found.controls, period)]
    awaiting = sum(line.letters for line in lines if line.outcome == "awaiting approval")
    return render_framed(
        "dashboard_overview.html",
        viewer.language,
        viewer,
        "overview",
        found=found,
        attention=attention,
        form_url=form_url,
        is_part=is_part,
        chart=chart(by_day, date.fromisoformat(period)),
        rows=rows,
        headings=headings(viewer, sort, descending=descending),
        next_cursor=cursor_of(targets.next_position),
        providers=[provider for rank, provider in enumerate(providers) if rank < _PROVIDERS_SHOWN or provider in odd],
        odd=odd,
        sources=_sources(viewer, by_source),
        waiting=waiting,
        sent=sum(row.sent for row in rows),
        awaiting=awaiting,
        plan=plan_rows(
            viewer,
            [
                line
                for state in targets.items
                for line in state.plan(found.campaign, found.controls, period, approved=True)
            ],
        ),
        sends=plan_rows(viewer, lines),
        can_send=any(line.outcome == "goes" for line in lines),
        needs_approval_again=not awaiting and needs_approval_again(lines),
        period=period,
        look=viewer.now.isoformat(),
        draft=draft if draft and not draft.is_published else None,
        next_delivery=_next_delivery(viewer, found, waiting if not is_part else None),
        next_by_cadence=short_moment(viewer.local(found.next_delivery), viewer.language),
        privacy=found.campaign.privacy_notice("", viewer.language),
    )


def _sources(viewer: Viewer, by_source: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the campaign's labels with their counts, then the counts of letters without one."""
    names = {
        OTHER: viewer.say(Message.in_context("source of letters", "Other labels")),
        NO_SOURCE: viewer.say(Message.in_context("source of letters", "No label")),
    }
    listed = dict.fromkeys((*viewer.campaign.sources, *sorted(by_source.keys() - names.keys()), *names))
    return (
        [(names.get(source, source), by_source.get(source, 0)) for source in listed] if viewer.campaign.sources else []
    )


def _next_delivery(viewer: Viewer, found: organizing.Overview, waiting: int | None) -> tuple[str, str | None]:
    """Return when letters go out next, and under which condition. `waiting` is None if not all were counted."""
    if found.controls.paused:
        return viewer.say(Message.in_context("next delivery", "None")), viewer.say(Message("the campaign is paused"))
    if not found.is_open and waiting == 0:
        why = Message("nobody can sign, and no letter is waiting")
        return viewer.say(Message.in_context("next delivery", "None")), viewer.say(why)
    approval = viewer.say(Message("when it is approved")) if found.campaign.approval else None
    day = short_moment(viewer.local(found.next_delivery), viewer.language)
    return day, approval
