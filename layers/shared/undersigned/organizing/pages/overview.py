"""The overview of a campaign: its figures, and what needs attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.base.languages import Message, short_moment
from undersigned.campaigns.cursors import cursor_of
from undersigned.organizing.pages.attention import points
from undersigned.organizing.pages.chart import chart
from undersigned.organizing.pages.recipients import headings, plan_rows, row_of
from undersigned.people.dashboard_frame import render_framed
from undersigned.signing.rules.sources import NO_SOURCE, ON_PAPER, OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.base.page import Page
    from undersigned.organizing.overviews import Overview
    from undersigned.people.viewer import Viewer


def overview_page(viewer: Viewer, found: Overview, form_url: str, sort: str, *, descending: bool) -> Page:
    """Render the overview: the points that need attention, then the figures."""
    states = found.targets.items
    lines = found.plan(*states)
    rows = sorted((row_of(viewer, state) for state in states), key=lambda row: row.sorts_by(sort), reverse=descending)
    waiting = sum(row.waiting for row in rows)
    going = [line for line in lines if line.outcome == "goes"]
    return render_framed(
        "organizing/pages/overview.html",
        viewer.language,
        viewer,
        "overview",
        found=found,
        attention=points(found, viewer.language),
        form_url=form_url,
        is_part=found.is_part,
        chart=chart(found.counts_by("day"), found.today),
        rows=rows,
        headings=headings(viewer, sort, descending=descending),
        next_cursor=cursor_of(found.targets.next_position),
        sources=_sources(viewer, found.counts_by("source")),
        waiting=waiting,
        sent=sum(row.sent for row in rows),
        to_print=sum(made.letters_left for state in states for made in state.deliveries if made.is_ready_to_print),
        undelivered=sum(
            made.letters
            for state in states
            for made in state.deliveries
            if made.is_unfinished and not made.received_at(state.target)
        ),
        on_paper=sum(row.target.on_paper.letters for row in rows if row.target.on_paper),
        sends=plan_rows(viewer, lines),
        can_send=bool(going),
        sends_now=sum(line.letters for line in going if not line.begun),
        seen_at=viewer.now.isoformat(),
        draft=found.draft if viewer.may_manage else None,
        next_delivery=_next_delivery(viewer, found, waiting if not found.is_part else None),
        next_by_cadence=short_moment(viewer.local(found.next_delivery), viewer.language),
        privacy=found.campaign.privacy_notice("", viewer.language),
    )


def _sources(viewer: Viewer, by_source: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the labels with their counts, then the counts of letters without one; nothing if none are counted."""
    names = {
        OTHER: viewer.say(Message.in_context("source of letters", "Other labels")),
        NO_SOURCE: viewer.say(Message.in_context("source of letters", "No label")),
    }
    listed = dict.fromkeys((*viewer.campaign.sources, *sorted(by_source.keys() - names.keys())))
    if viewer.campaign.sources:
        listed |= dict.fromkeys(names)
    names[ON_PAPER] = viewer.say(Message.in_context("source of letters", "Code on the paper form"))
    return [(names.get(source, source), by_source.get(source, 0)) for source in listed]


def _next_delivery(viewer: Viewer, found: Overview, waiting: int | None) -> tuple[str, str | None]:
    """Return when letters go out next, and under which condition. `waiting` is None if not all were counted."""
    if found.controls.paused:
        return viewer.say(Message.in_context("next delivery", "None")), viewer.say(Message("the campaign is paused"))
    if not found.is_open and waiting == 0:
        why = Message("nobody can sign, and no letter is waiting")
        return viewer.say(Message.in_context("next delivery", "None")), viewer.say(why)
    if found.campaign.send_now_only:
        return viewer.say(Message("When somebody presses “Send now”")), None
    return short_moment(viewer.local(found.next_delivery), viewer.language), None
