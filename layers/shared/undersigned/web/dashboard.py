"""The dashboard: the pages that show a campaign to its organizers, in the campaign's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from undersigned.domain.exports import EXPORTED
from undersigned.domain.languages import SOURCE, Message, languages, long_date, short_date, short_moment
from undersigned.domain.plans import too_soon
from undersigned.domain.providers import odd_ones
from undersigned.web.cursors import cursor_of, delivery_position
from undersigned.web.page import render_page
from undersigned.web.pages import DELIVERY_STATES, state_of_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.campaigns import Campaign, Roster, Target
    from undersigned.domain.controls import Action, AuditEntry
    from undersigned.domain.deliveries import Delivery, DeliveryKey, MailEventKind, Question
    from undersigned.domain.exports import Export, ExportState
    from undersigned.domain.plans import Outcome, PlanLine
    from undersigned.domain.providers import Provider
    from undersigned.domain.signatures import ReportedStatus, Signature, SignatureFilter
    from undersigned.services import organizing
    from undersigned.services.packing import DeliveryPreview
    from undersigned.web.page import Page

COLUMNS = ("recipient", "waiting", "sent", "last", "state")
"""The columns by which the table of targets can be sorted."""

_PROVIDERS_SHOWN = 8
_FEWEST_BARS, _MOST_DAYS = 14, 56
"""The chart's fewest bars, and the most days that it shows; for a longer campaign it shows weeks."""

_NOTICES: Mapping[str, Message] = {
    "paused": Message("Campaign paused. Nothing is sent until you resume it."),
    "resumed": Message("Campaign resumed. Waiting letters go out with the next delivery."),
    "delivered": Message("The emails go out within minutes."),
    "not-delivered": Message("Nothing was sent. The list says why."),
    "approved": Message("Approved. The emails go out within minutes."),
    "held": Message("Letters to this recipient are on hold."),
    "released": Message("Released. The letters go out with the next delivery."),
    "tested": Message("The test email is on its way to the organizer’s address, and to nobody else."),
    "settled-as-sent": Message("Recorded: the email was sent. We won’t ask about it again."),
    "retried": Message("We’re sending the delivery again. This takes a few minutes."),
    "removed": Message("The letter is erased, with everything that it said about its signer."),
    "removed-after-sending": Message(
        "The letter is erased, with everything that it said about its signer. We deleted the packet that has it, and "
        "are making it again without the letter. The office keeps the email and the packets that it already has. If "
        "the signer wants those deleted, ask the office."
    ),
    "released-letter": Message("The letter is released, and we’re sending the confirmation email again."),
    "asked": Message("We’re creating the file."),
    "none-found": Message("Nobody has signed with this email address."),
}
"""What a page says after someone pressed a button, by the word in its address."""

_EVENTS: Mapping[MailEventKind, Message] = {
    "send": Message("Our email service accepted it"),
    "delivery": Message("The office’s mail server accepted it"),
    "bounce": Message("It bounced"),
    "complaint": Message("Someone there marked it as spam"),
    "reject": Message("Our email service refused it"),
    "delivery_delay": Message("The office’s mail server is delaying it"),
}

STATUSES: Mapping[ReportedStatus, Message] = {
    "pending": Message.in_context("status of a letter", "Not confirmed yet"),
    "confirmed": Message.in_context("status of a letter", "Confirmed"),
    "withdrawn": Message.in_context("status of a letter", "Withdrawn"),
    "erased": Message.in_context("status of a letter", "Erased"),
    "quarantined": Message.in_context("status of a letter", "In quarantine"),
}

_QUARANTINE: Mapping[str, Message] = {
    "trap": Message("A field that people don’t see was filled in."),
    "too fast": Message("The form was sent faster than a person can type."),
    "form used": Message("Another letter was already signed with the same form."),
    "no form": Message("It didn’t come from our form, or from a site on the campaign’s list."),
    "no proof": Message("The browser’s proof of work was missing or wrong."),
    "erased before": Message("An earlier letter by the same person was erased."),
}

_EXPORT_STATES: Mapping[ExportState, Message] = {
    "queued": Message("Waiting to be created"),
    "running": Message("Being created"),
    "done": Message("Ready"),
    "failed": Message("Failed. Create a new one."),
}

_ACTIONS: Mapping[Action, Message] = {
    "pause": Message("Paused the campaign"),
    "resume": Message("Resumed the campaign"),
    "approve": Message("Approved deliveries"),
    "approve again": Message("Approved deliveries within seven days of the last ones"),
    "hold": Message.in_context("activity log", "Put letters on hold"),
    "release": Message("Released letters"),
    "retry": Message("Sent a delivery again"),
    "settle as sent": Message("Decided that an email was sent"),
    "settle as not sent": Message("Decided that an email was not sent, and sent it again"),
    "retry again": Message("Sent a delivery again within seven days of another one"),
    "test": Message("Sent a test email"),
    "deliver": Message("Sent waiting letters early"),
    "deliver again": Message("Sent letters within seven days of the last email"),
    "push": Message("Changed the campaign"),
    "create key": Message("Created a key"),
    "revoke key": Message("Revoked a key"),
    "rotate secret": Message("Replaced the key of links in emails"),
    "remove": Message("Erased a letter"),
    "export": Message("Created a file of letters"),
    "backup": Message("Backed up the campaign"),
    "restore": Message("Restored the campaign from a backup"),
    "release from quarantine": Message("Released a letter from quarantine"),
}


_QUESTIONS: Mapping[Question, Message] = {
    "in doubt": Message("We don’t know whether the email left."),
    "no outcome": Message("The mail server has not answered for three days."),
    "bounced": Message("The email bounced."),
}

_ADVICE: Mapping[Question, Message] = {
    "in doubt": Message(
        "Our email service did not answer when we handed the email over. Ask the office whether it has it, then decide "
        "here. We don’t send it a second time unless you say that it did not arrive."
    ),
    "no outcome": Message(
        "Our email service accepted the email, and then nobody said whether it arrived. Ask the office whether it has "
        "it, then decide here."
    ),
    "bounced": Message(
        "We don’t send it again automatically. Find the correct address and have it changed in the campaign, then send "
        "it again. If the mailbox was full, just send it again. If the office has the email after all, say so here."
    ),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """An organizer who looks at a campaign.

    `may_manage` says whether the key may change things, `token` is what the page's forms send back, and `done` is the
    word for what the organizer just did.
    """

    campaign: Campaign
    may_manage: bool
    token: str
    done: str | None = None

    @property
    def language(self) -> str:
        """Return the campaign's language, or English when that language has no catalog."""
        return self.campaign.language if self.campaign.language in languages() else SOURCE

    @property
    def notice(self) -> str | None:
        """Return the sentence about what the organizer just did."""
        notice = _NOTICES.get(self.done or "")
        return notice.in_language(self.language) if notice else None

    def say(self, message: Message) -> str:
        """Return a message in the page's language."""
        return message.in_language(self.language)

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the campaign's time zone."""
        return self.campaign.local(moment)


def _page(template: str, language: str, viewer: Viewer | None = None, section: str = "", **values: object) -> Page:
    return render_page(
        template,
        language,
        ("page.css", "dashboard.css"),
        viewer.campaign.accent if viewer else None,
        viewer=viewer,
        section=section,
        day=lambda value: short_date(_day(value), language),
        moment=lambda value: short_moment(viewer.local(value) if viewer else value, language),
        **values,
    )


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def sign_in(language: str, error: str | None = None) -> Page:
    """Render the form that asks for a campaign and a key."""
    return _page("dashboard_sign_in.html", language, error=error)


def doorstep(language: str) -> Page:
    """Render a page that reloads the dashboard from our own site, so that the browser sends its strict cookie."""
    return _page("dashboard_doorstep.html", language)


def problem(viewer: Viewer, title: Message, detail: Message) -> Page:
    """Render what is wrong and what to do."""
    return _page("dashboard_problem.html", viewer.language, viewer, title=viewer.say(title), detail=viewer.say(detail))


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the chart: the first day that it counts, its count, and its position and height in the picture."""

    day: date
    count: int
    x: int
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Signatures by day, or by week for a long campaign. The picture is `width` wide and 100 high."""

    bars: tuple[Bar, ...]
    by_week: bool
    width: int
    peak: Bar
    total: int


def chart(by_day: Mapping[str, int], today: date) -> Chart | None:
    """Lay out the chart to today, from the first signature or from two weeks ago, whichever is earlier.

    Returns None when nobody has signed.
    """
    counted = {date.fromisoformat(day): count for day, count in by_day.items()}
    if not counted:
        return None
    last = max(today, *counted)
    first = min(*counted, last - timedelta(days=_FEWEST_BARS - 1))
    by_week = (last - first).days >= _MOST_DAYS
    if by_week:
        weeks: dict[date, int] = {}
        for day, count in counted.items():
            monday = _monday(day)
            weeks[monday] = weeks.get(monday, 0) + count
        first, counted = _monday(first), weeks
    step = timedelta(days=7 if by_week else 1)
    days = [first + index * step for index in range((last - first) // step + 1)]
    most = max(counted.values())
    bars = tuple(
        Bar(day, count, 10 * index, round(100 * count / most, 1))
        for index, day in enumerate(days)
        for count in [counted.get(day, 0)]
    )
    return Chart(bars, by_week, 10 * len(bars), max(bars, key=lambda bar: bar.count), sum(counted.values()))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Row:
    """A target in the table. `state` says whether its email works, `needs_you` whether the organizer should act.

    `questions` are the deliveries that wait for a decision, each with what to decide.
    """

    target: Target
    name: str
    waiting: int
    sent: int
    last: Delivery | None
    last_state: str
    state: str
    bounced: bool
    needs_you: bool
    questions: tuple[tuple[Delivery, str], ...]

    def sorts_by(self, column: str) -> tuple[object, ...]:
        """Return the row's sort key for a column."""
        values: dict[str, object] = {
            "recipient": self.target.locality.casefold(),
            "waiting": self.waiting,
            "sent": self.sent,
            "last": self.last.key.period if self.last else "",
            "state": (not self.needs_you, self.state),
        }
        return values[column], self.target.locality.casefold()


def _row(viewer: Viewer, state: organizing.TargetState) -> Row:
    target, last = state.target, state.last_delivery
    bounced = target.mail_state == "bounced" or any(question == "bounced" for _, question in state.questions)
    return Row(
        target,
        target.addressed(viewer.language),
        state.waiting,
        state.sent,
        last,
        viewer.say(DELIVERY_STATES[last.state]) if last else "",
        viewer.say(_state_of_target(target, bounced=bounced, in_question=bool(state.questions))),
        bounced=bounced,
        needs_you=bounced or target.is_held or bool(state.questions),
        questions=tuple((delivery, viewer.say(_QUESTIONS[question])) for delivery, question in state.questions),
    )


def _state_of_target(target: Target, *, bounced: bool, in_question: bool) -> Message:
    if target.hold:
        return Message.in_context("status of a recipient", "On hold: %(why)s", {"why": target.hold})
    if target.complained_at:
        return Message.in_context("status of a recipient", "On hold: someone there marked the email as spam")
    if bounced:
        return Message.in_context("status of a recipient", "Email bounced")
    if in_question:
        return Message.in_context("status of a recipient", "Nobody knows whether the email arrived")
    if target.retired:
        return Message.in_context("status of a recipient", "Gets no new letters")
    return Message.in_context("status of a recipient", "OK")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: the address that sorts by it, and its current `aria-sort`."""

    column: str
    label: str
    address: str
    sorted: str | None


def _headings(viewer: Viewer, sort: str, *, descending: bool) -> list[Heading]:
    labels = {
        "recipient": Message("Recipient"),
        "waiting": Message("Letters waiting"),
        "sent": Message("Letters sent"),
        "last": Message("Last delivery"),
        "state": Message("Status"),
    }
    headings = []
    for column in COLUMNS:
        current = ("descending" if descending else "ascending") if column == sort else None
        # Numbers start with the highest, and days with the newest.
        usual = "descending" if column in {"waiting", "sent", "last"} else "ascending"
        order = usual if current is None else "ascending" if current == "descending" else "descending"
        address = f"?{urlencode({'sort': column, 'order': order})}#recipients"
        headings.append(Heading(column, viewer.say(labels[column]), address, current))
    return headings


def overview(  # noqa: PLR0913  (what the page shows)
    viewer: Viewer,
    found: organizing.Overview,
    by_day: Mapping[str, int],
    targets: organizing.Listing[organizing.TargetState],
    providers: tuple[Provider, ...],
    *,
    period: str,
    sort: str,
    descending: bool,
) -> Page:
    """Render the overview: what needs attention first, then the figures."""
    rows = sorted(
        (_row(viewer, state) for state in targets.items), key=lambda row: row.sorts_by(sort), reverse=descending
    )
    odd = odd_ones(providers)
    waiting = sum(row.waiting for row in rows)
    lines = [line for state in targets.items for line in state.plan(found.campaign, found.controls, period)]
    return _page(
        "dashboard_overview.html",
        viewer.language,
        viewer,
        "overview",
        found=found,
        chart=chart(by_day, date.fromisoformat(period)),
        rows=rows,
        headings=_headings(viewer, sort, descending=descending),
        next_cursor=cursor_of(targets.next_position),
        providers=[provider for rank, provider in enumerate(providers) if rank < _PROVIDERS_SHOWN or provider in odd],
        odd=odd,
        waiting=waiting,
        sent=sum(row.sent for row in rows),
        awaiting=sum(line.letters for line in lines if line.outcome == "awaiting approval"),
        plan=_plan_rows(
            viewer,
            [
                line
                for state in targets.items
                for line in state.plan(found.campaign, found.controls, period, approved=True)
            ],
        ),
        can_send=any(line.outcome == "goes" for line in lines),
        troubled=[row for row in rows if row.needs_you],
        period=period,
        next_delivery=short_moment(viewer.local(found.next_delivery), viewer.language),
    )


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a delivery would do now with a target's letters.

    `again_from` is the first day on which a person can send them although it is too soon, if that is not today.
    """

    target: Target
    name: str
    letters: int
    outcome: Outcome
    state: str
    again_from: str | None


def _plan_rows(viewer: Viewer, lines: Iterable[PlanLine]) -> list[PlanRow]:
    return [
        PlanRow(
            line.target,
            line.target.addressed(viewer.language),
            line.letters,
            line.outcome,
            viewer.say(state_of_line(line, viewer.language)),
            _again_from(line, viewer.language),
        )
        for line in lines
    ]


def _again_from(line: PlanLine, language: str) -> str | None:
    if line.too_soon is None or line.too_soon.again_from.isoformat() == line.key.period:
        return None
    return long_date(line.too_soon.again_from, language)


def target(
    viewer: Viewer,
    state: organizing.TargetState,
    plan: Sequence[PlanLine],
    history: Sequence[Delivery],
    next_delivery: datetime,
) -> Page:
    """Render a target with its deliveries and the buttons for its letters; `plan` is what would be sent now."""
    return _page(
        "dashboard_target.html",
        viewer.language,
        viewer,
        "overview",
        row=_row(viewer, state),
        plan=_plan_rows(viewer, plan),
        next_delivery=short_moment(viewer.local(next_delivery), viewer.language),
        history=[(delivery, viewer.say(DELIVERY_STATES[delivery.state])) for delivery in history],
    )


def preview(viewer: Viewer, made: DeliveryPreview, today: date) -> Page:
    """Render the email that a delivery would send to a target now."""
    return _page(
        "dashboard_preview.html",
        viewer.language,
        viewer,
        "overview",
        made=made,
        name=made.target.addressed(viewer.language),
        today=today,
    )


def deliveries(viewer: Viewer, found: Sequence[Delivery], last: DeliveryKey | None, roster: Roster) -> Page:
    """Render deliveries, newest first; `last` is the last of this page if there may be more."""
    return _page(
        "dashboard_deliveries.html",
        viewer.language,
        viewer,
        "deliveries",
        rows=[
            (made, _name(viewer, roster, made.key.target), viewer.say(DELIVERY_STATES[made.state])) for made in found
        ],
        next_cursor=cursor_of(delivery_position(last)),
    )


def delivery(viewer: Viewer, record: organizing.DeliveryRecord, state: organizing.TargetState) -> Page:
    """Render a delivery with its packets and the events of its email."""
    made = record.delivery
    can_retry = viewer.may_manage and made.state in {"held", "bounced"} and not state.target.is_held
    blocked = None if made.occupies_week else too_soon(made.key.period, state.deliveries)
    return _page(
        "dashboard_delivery.html",
        viewer.language,
        viewer,
        "deliveries",
        made=made,
        row=_row(viewer, state),
        state=viewer.say(DELIVERY_STATES[made.state]),
        packets=[(packet, record.erased_from(packet)) for packet in record.packets],
        events=[(event, viewer.say(_EVENTS[event.kind])) for event in record.events],
        question=record.question,
        advice=viewer.say(advice) if (advice := _advice(record, state.target)) else None,
        can_retry=can_retry and not blocked,
        too_soon_after=blocked.last.day if can_retry and blocked else None,
    )


def _advice(record: organizing.DeliveryRecord, target: Target) -> Message | None:
    if record.question == "bounced" and record.delivery.email not in {None, target.email}:
        return Message(
            "The address is now %(email)s. We don’t send the email again automatically: send it now.",
            {"email": target.email},
        )
    return _ADVICE[record.question] if record.question else None


def signatures(viewer: Viewer, found: organizing.Listing[Signature], wanted: SignatureFilter, roster: Roster) -> Page:
    """Render a list of letters, newest first, and the forms that search them."""
    next_cursor = cursor_of(found.next_position)
    kept = {"target": wanted.target, "status": wanted.status, "cursor": next_cursor}
    return _page(
        "dashboard_signatures.html",
        viewer.language,
        viewer,
        "signatures",
        rows=[
            (row, _name(viewer, roster, row.target), viewer.say(STATUSES[row.reported_status])) for row in found.items
        ],
        ended_early=found.ended_early,
        wanted=wanted,
        targets=_choices(roster),
        statuses=[(name, viewer.say(message)) for name, message in STATUSES.items()],
        next_address=f"?{urlencode({name: value for name, value in kept.items() if value})}" if next_cursor else None,
    )


def signature(viewer: Viewer, row: Signature, roster: Roster) -> Page:
    """Render a letter with its buttons."""
    reason = _QUARANTINE.get(row.quarantine or "")
    return _page(
        "dashboard_signature.html",
        viewer.language,
        viewer,
        "signatures",
        row=row,
        name=_name(viewer, roster, row.target),
        state=viewer.say(STATUSES[row.reported_status]),
        suspicion=viewer.say(reason) if reason else row.quarantine,
    )


def exports(viewer: Viewer, found: Sequence[Export], roster: Roster) -> Page:
    """Render the exports and the form that requests one."""
    return _page(
        "dashboard_exports.html",
        viewer.language,
        viewer,
        "exports",
        rows=[
            (
                export,
                _name(viewer, roster, export.filter.target) if export.filter.target else None,
                viewer.say(STATUSES[export.filter.status]) if export.filter.status else None,
                viewer.say(_EXPORT_STATES[export.state]),
            )
            for export in found
        ],
        is_writing=any(export.state in {"queued", "running"} for export in found),
        targets=_choices(roster),
        statuses=[(name, viewer.say(STATUSES[name])) for name in EXPORTED],
    )


def audit(viewer: Viewer, found: organizing.Listing[AuditEntry]) -> Page:
    """Render the activity log, newest first."""
    return _page(
        "dashboard_audit.html",
        viewer.language,
        viewer,
        "audit",
        rows=[(entry, viewer.say(_ACTIONS[entry.action])) for entry in found.items],
        next_cursor=cursor_of(found.next_position),
    )


def _name(viewer: Viewer, roster: Roster, target: str) -> str:
    found = roster.by_id.get(target)
    return f"{found.addressed(viewer.language)}, {found.locality}" if found else target


def _choices(roster: Roster) -> list[tuple[str, str]]:
    return [(target.id, f"{target.locality}: {target.name}") for target in roster.by_id.values()]
