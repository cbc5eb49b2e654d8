"""The dashboard: the pages that show a campaign to its organizers, in the language that they chose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from markupsafe import Markup

from undersigned.domain.authoring.campaigns import dashboard_path
from undersigned.domain.authoring.letters import render_html
from undersigned.domain.counting.exports import EXPORTED
from undersigned.domain.counting.screening import PLACES
from undersigned.domain.languages import (
    SOURCE,
    Message,
    languages,
    number,
    short_moment,
)
from undersigned.domain.people.actions import ACTIONS
from undersigned.domain.people.api_keys import includes
from undersigned.domain.signing.providers import odd_ones
from undersigned.domain.signing.sources import NO_SOURCE, OTHER
from undersigned.rendering.mail_reasons import in_words
from undersigned.services.counting.organizing import MOST_NAMES_READ
from undersigned.web.operating.attention import blocked_by, decisions, has_failed, of_delivery, of_target, points
from undersigned.web.cursors import cursor_of, delivery_position
from undersigned.web.dashboard_frame import render_framed
from undersigned.web.pages import DELIVERY_STATES, state_of_line
from undersigned.web.counting.posted_filters import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from undersigned.domain.authoring.campaigns import Campaign, Roster, Target
    from undersigned.domain.authoring.drafts import Draft
    from undersigned.domain.authoring.letters import Letter
    from undersigned.domain.counting.exports import Export, ExportState
    from undersigned.domain.counting.screening import Evidence, Place, ScreeningAction
    from undersigned.domain.delivering.controls import AuditEntry
    from undersigned.domain.delivering.deliveries import Delivery, DeliveryKey, MailEventKind
    from undersigned.domain.delivering.plans import Outcome, PlanLine
    from undersigned.domain.people.actions import Action, Deed
    from undersigned.domain.people.api_keys import Scope
    from undersigned.domain.signing.abuse_checks import Suspicion
    from undersigned.domain.signing.providers import Provider
    from undersigned.domain.signing.signatures import ReportedStatus, Signature, SignatureFilter
    from undersigned.services.counting import organizing
    from undersigned.services.counting.screening import Screened
    from undersigned.services.delivering.packing import DeliveryPreview
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
    "released": Message("The letters to this recipient go out again, with the next delivery."),
    "released-while-paused": Message("The letters to this recipient go out after the campaign is resumed."),
    "tested": Message("The test email is on its way to the organizer’s address, and to nobody else."),
    "test-sent": Message("The test email is on its way to you, and to nobody else."),
    "settled-as-sent": Message("Recorded: the email was sent. We won’t ask about it again."),
    "handed-over": Message(
        "Recorded: the office has the letters. Later letters wait until you save an address that takes email."
    ),
    "given-up": Message("Recorded: these letters are sent no more. You can still send them, on the delivery’s page."),
    "address-saved": Message("Saved. New letters go to this address. What bounced goes again only if you send it."),
    "retried": Message("We’re sending the delivery again. This takes a few minutes."),
    "removed": Message("The letter is erased, with everything that it said about its signer."),
    "removed-after-sending": Message(
        "The letter is erased, with everything that it said about its signer. We deleted the packet that has it. If "
        "the packet has other letters, we’re making it again without this one. The office keeps the email and the "
        "packets that it already has. If the signer wants those deleted, ask the office."
    ),
    "released-letter": Message("We’re sending its confirmation email again. The letter counts once it is confirmed."),
    "ended-hold": Message("Included. The letter goes out with the next delivery."),
    "ended-hold-while-paused": Message("Included. The letter goes out after the campaign is resumed."),
    "asked": Message("We’re creating the file."),
    "invited": Message("Invited. An email says how to sign in."),
    "role-changed": Message("The role is changed. It takes effect at once."),
    "person-removed": Message("Removed. They can’t open this campaign any more."),
    "key-revoked": Message("The key is revoked. It stopped working at once."),
    "none-found": Message("Nobody has signed with this email address."),
    "saved": Message("Saved in the draft. Nothing is published yet."),
    "saved-left": Message("Saved in the draft. Something is left to do on this page."),
    "taken-back": Message("The earlier version is the draft again. Nothing is published yet."),
    "published": Message("Published."),
    "website-added": Message("The website is in the draft. It may show the form once you publish."),
    "changed": Message("Somebody else changed the draft meanwhile. This is how it is now. Nothing was published."),
    "closed": Message("Closed. Within a minute, nobody can sign any more. Letters that wait still go out."),
    "reopened": Message("Open again. Within a minute, people can sign."),
    "deleting": Message("Part of the campaign is deleted. Press the button again until all of it is."),
    "not-deleted": Message("Nothing was deleted: type the campaign’s name to say that you mean it."),
    "discarded": Message("The draft is discarded. This is the campaign as it is published."),
}
"""The sentence of a page after somebody pressed a button, by the word in its address."""

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

_ANY_SUSPICION = Message.in_context("suspicion about a letter", "Any")

_SUSPICIONS: Mapping[Suspicion, Message] = {
    "trap": Message("A field that people don’t see was filled in."),
    "no form": Message("It didn’t come from our form, or from a site on the campaign’s list."),
    "erased before": Message("An earlier letter by the same person was erased."),
    "no mailbox": Message("The email address has a domain that takes no email, so none was sent."),
    "not signed": Message("People said of several forms from its network that they didn’t sign them."),
}

_PLACES: Mapping[Place, Message] = {
    "pending": STATUSES["pending"],
    "quarantined": STATUSES["quarantined"],
    "waiting": Message.in_context("where letters are", "Waiting for the next delivery"),
    "on hold": Message.in_context("where letters are", "On hold"),
    "in a delivery": Message.in_context("where letters are", "Sent, or being sent"),
    "withdrawn": STATUSES["withdrawn"],
}

_SCREENING: Mapping[ScreeningAction, tuple[Message, Message, Message]] = {
    "hold": (
        Message("Put letters on hold"),
        Message(
            "Waiting letters stay out of every delivery until you include them again. They still count. Letters that "
            "are not confirmed yet, and those that were sent, stay as they are."
        ),
        Message("Put on hold"),
    ),
    "release": (
        Message("Include letters that are on hold"),
        Message("Letters on hold go out with the next delivery."),
        Message("Include these letters"),
    ),
    "remove": (
        Message("Erase letters"),
        Message(
            "This erases everything that these letters say about their signers, for good, wherever the letters are. "
            "They no longer count. If a letter has already been sent, the recipient keeps the email and the packets "
            "that they have."
        ),
        Message("Yes, erase these letters"),
    ),
}
"""The title, the advice and the button of each action."""

_EXPORT_STATES: Mapping[ExportState, Message] = {
    "queued": Message("Waiting to be created"),
    "running": Message("Being created"),
    "done": Message("Ready"),
    "failed": Message("Failed. Create a new one."),
    "erased": Message("Deleted, because a letter was erased. Create a new one."),
}

_ACTIONS_ON_ONE: Mapping[Action, Message] = {
    "hold letters": Message("Put a letter on hold"),
    "release letters": Message("Included a letter again"),
    "remove letters": Message("Erased a letter"),
}
"""The words for the same actions if they reached one letter."""

_OF_ONE_LETTER = re.compile(r"[0-9a-f]{32}|1: .*", re.DOTALL)
"""The subject of such an entry: a letter's id, or a number and the criteria that selected so many."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the dashboard: its address, the values that it sends along, and the actions of its buttons."""

    address: str
    sent: Mapping[str, str]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """An organizer who looks at a campaign.

    `scope` is what they may do, `token` is what the page's forms send back, `now` is the moment that the page shows,
    and `done` is the word for what the organizer just did. `is_person` is false for somebody who signed in with a key.
    `chosen` is the language that they chose, if they did, and `here` the address of the page, to which the links to
    other languages lead. A campaign that is not published has only its draft.
    """

    campaign: Campaign
    scope: Scope
    token: str
    now: datetime
    done: str | None = None
    chosen: str | None = None
    here: str = ""
    is_person: bool = False
    is_published: bool = True

    @property
    def home(self) -> str:
        """Return the address of the campaign's dashboard. All its other pages and buttons are below it."""
        return dashboard_path(self.campaign.id)

    @property
    def language(self) -> str:
        """Return the chosen language, or else the campaign's, or English when that has no catalog."""
        known = (language for language in (self.chosen, self.campaign.language) if language in languages())
        return next(known, SOURCE)

    @property
    def notice(self) -> str | None:
        """Return the sentence about what the organizer just did."""
        notice = _NOTICES.get(self.done or "")
        return notice.in_language(self.language) if notice else None

    @property
    def may_manage(self) -> bool:
        """Say whether they may see letters and change things."""
        return includes(self.scope, "manage")

    @property
    def may_own(self) -> bool:
        """Say whether they may see and change people and keys."""
        return includes(self.scope, "own")

    def form(self, actions: Iterable[Action], values: Mapping[str, str]) -> Form | None:
        """Return the form with the buttons of actions that have one address; None for who may not do them.

        `values` fill in the address. The others are sent along.
        """
        deeds, sent = [ACTIONS[action] for action in actions], dict(values)
        if not includes(self.scope, deeds[0].scope):
            return None
        path = re.sub(r"<(\w+)>", lambda part: sent.pop(part[1]), deeds[0].posts_to)
        return Form(f"{self.home}{path}", {"token": self.token} | sent, tuple(deeds))

    def say(self, message: Message) -> str:
        """Return a message in the page's language."""
        return message.in_language(self.language)

    def state_of(self, delivery: Delivery) -> str:
        """Return a delivery's state. An attempt whose hour is over is in doubt before that is recorded."""
        is_in_doubt = delivery.question(self.now) == "in doubt"
        return self.say(DELIVERY_STATES["in_doubt" if is_in_doubt else delivery.state])

    def local(self, moment: datetime) -> datetime:
        """Return a moment in the campaign's time zone."""
        return self.campaign.local(moment)


def doorstep(language: str, address: str) -> Page:
    """Render a page that loads an address from our own site, so that the browser sends its strict cookie."""
    return render_framed("dashboard_doorstep.html", language, address=address)


def problem(viewer: Viewer | None, language: str, title: Message, detail: Message) -> Page:
    """Render what is wrong and what to do, in the campaign's language, or in `language` without a campaign."""
    language = viewer.language if viewer else language
    said = title.in_language(language), detail.in_language(language)
    return render_framed("dashboard_problem.html", language, viewer, title=said[0], detail=said[1])


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
    """A target in the table. `state` says whether its email works, `needs_you` whether the organizer should act."""

    target: Target
    name: str
    waiting: int
    sent: int
    last: Delivery | None
    last_state: str
    state: str
    needs_you: bool

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
        viewer.state_of(last) if last else "",
        viewer.say(_state_of_target(target, bounced=bounced, in_question=bool(state.questions))),
        needs_you=bounced or target.is_held or bool(state.questions),
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


def overview(  # noqa: PLR0913  (what the page shows)
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
        (_row(viewer, state) for state in targets.items), key=lambda row: row.sorts_by(sort), reverse=descending
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
        headings=_headings(viewer, sort, descending=descending),
        next_cursor=cursor_of(targets.next_position),
        providers=[provider for rank, provider in enumerate(providers) if rank < _PROVIDERS_SHOWN or provider in odd],
        odd=odd,
        sources=_sources(viewer, by_source),
        waiting=waiting,
        sent=sum(row.sent for row in rows),
        awaiting=awaiting,
        plan=_plan_rows(
            viewer,
            [
                line
                for state in targets.items
                for line in state.plan(found.campaign, found.controls, period, approved=True)
            ],
        ),
        sends=_plan_rows(viewer, lines),
        can_send=any(line.outcome == "goes" for line in lines),
        needs_approval_again=not awaiting and _needs_approval_again(lines),
        period=period,
        look=viewer.now.isoformat(),
        draft=draft if draft and not draft.is_published else None,
        next_delivery=_next_delivery(viewer, found, waiting if not is_part else None),
        next_by_cadence=short_moment(viewer.local(found.next_delivery), viewer.language),
        privacy=found.campaign.privacy_notice("", viewer.language),
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


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A target's letters in a delivery that would be made now.

    `later` says how many other letters came after the approval, if any.
    """

    target: Target
    name: str
    letters: int
    outcome: Outcome
    state: str
    later: str


def _plan_rows(viewer: Viewer, lines: Iterable[PlanLine]) -> list[PlanRow]:
    return [
        PlanRow(
            line.target,
            line.target.addressed(viewer.language),
            line.letters,
            line.outcome,
            viewer.say(state_of_line(line, viewer.language)),
            _later(line, viewer.language),
        )
        for line in lines
    ]


def _later(line: PlanLine, language: str) -> str:
    if not line.later:
        return ""
    return Message.counted(
        "%(count)s more letter came after the approval, and waits for the next one.",
        "%(count)s more letters came after the approval, and wait for the next one.",
        line.later,
        {"count": number(line.later, language)},
    ).in_language(language)


def _needs_approval_again(lines: Iterable[PlanLine]) -> bool:
    """Say whether a second email within seven days needs an approval first."""
    return any(line.outcome == "too soon" and not line.may_begin for line in lines)


def target(  # noqa: PLR0913  (what the page shows)
    viewer: Viewer,
    state: organizing.TargetState,
    plan: Sequence[PlanLine],
    history: Sequence[Delivery],
    next_delivery: datetime,
    *,
    period: str,
) -> Page:
    """Render a target with its deliveries and the buttons for its letters; `plan` is that of a period as of now."""
    return render_framed(
        "dashboard_target.html",
        viewer.language,
        viewer,
        "overview",
        row=_row(viewer, state),
        attention=tuple(of_target(state, viewer.language)),
        plan=_plan_rows(viewer, plan),
        needs_approval_again=_needs_approval_again(plan),
        period=period,
        next_delivery=short_moment(viewer.local(next_delivery), viewer.language),
        history=[(delivery, viewer.state_of(delivery)) for delivery in history],
    )


def _advice_on_damage(evidence: Evidence) -> Message:
    return Message.counted(
        "No list shows it. Tell that person, unless they know already. Nothing is lost: once it is repaired, it goes "
        "with the next email.",
        "No list shows them. Tell that person, unless they know already. Nothing is lost: once they are repaired, they "
        "go with the next email.",
        evidence.left_out,
        {},
    )


def preview(viewer: Viewer, made: DeliveryPreview, evidence: Evidence, today: date) -> Page:
    """Render the email that a delivery would send to a target now."""
    return render_framed(
        "dashboard_preview.html",
        viewer.language,
        viewer,
        "overview",
        made=made,
        name=made.target.addressed(viewer.language),
        warnings=[viewer.say(sentence) for sentence in evidence.to_check(viewer.language, of_one_target=True)],
        damage=[viewer.say(sentence) for sentence in evidence.damage(viewer.language)],
        advice_on_damage=viewer.say(_advice_on_damage(evidence)),
        today=today,
    )


def deliveries(viewer: Viewer, found: Sequence[Delivery], last: DeliveryKey | None, roster: Roster) -> Page:
    """Render deliveries, newest first; `last` is the last of this page if there may be more."""
    return render_framed(
        "dashboard_deliveries.html",
        viewer.language,
        viewer,
        "deliveries",
        rows=[(made, _name(viewer, roster, made.key.target), viewer.state_of(made)) for made in found],
        next_cursor=cursor_of(delivery_position(last)),
    )


def delivery(viewer: Viewer, record: organizing.DeliveryRecord, state: organizing.TargetState) -> Page:
    """Render a delivery with its packets and the events of its email."""
    made = record.delivery
    acts, blocked = decisions(made, record.question, state), blocked_by(made, state)
    return render_framed(
        "dashboard_delivery.html",
        viewer.language,
        viewer,
        "deliveries",
        made=made,
        row=_row(viewer, state),
        state=viewer.state_of(made),
        why_not_sent=_reason(viewer, made, state.target),
        packets=[(packet, record.erased_from(packet)) for packet in record.packets],
        events=[
            (event, viewer.say(_EVENTS[event.kind]), in_words(event.reason, viewer.language)) for event in record.events
        ],
        point=of_delivery(state, made, record.question, viewer.language) if record.question else None,
        acts=acts,
        too_soon_after=blocked.last if blocked and has_failed(made, state) else None,
    )


def _reason(viewer: Viewer, made: Delivery, target: Target) -> str | None:
    """Return why a delivery is not sent, in the page's language; another mail server's words stay as they are."""
    if made.state != "held" or made.reason != target.held_because or target.held_because is None:
        return in_words(made.reason, viewer.language)
    if target.hold:
        return viewer.say(Message("The reason: “%(why)s”.", {"why": target.hold}))
    if target.complained_at:
        return viewer.say(Message("Someone at this office marked an earlier email as spam."))
    return viewer.say(Message("The address %(email)s takes no email.", {"email": target.email}))


def signatures(viewer: Viewer, found: organizing.Listing[Signature], wanted: SignatureFilter, roster: Roster) -> Page:
    """Render a list of letters, newest first, and the forms that search them."""
    next_cursor = cursor_of(found.next_position)
    kept = {
        "target": wanted.target,
        "status": wanted.status,
        "suspicion": wanted.suspicion,
        "cursor": next_cursor,
    }
    return render_framed(
        "dashboard_signatures.html",
        viewer.language,
        viewer,
        "signatures",
        rows=[
            (row, _name(viewer, roster, row.target), _status(viewer, row), _suspicion(viewer, row))
            for row in found.items
        ],
        ended_early=found.ended_early,
        wanted=wanted,
        targets=_choices(roster),
        statuses=[(name, viewer.say(message)) for name, message in STATUSES.items()],
        suspicions=_suspicions(viewer),
        next_address=f"?{urlencode({name: value for name, value in kept.items() if value})}" if next_cursor else None,
    )


def named(viewer: Viewer, found: organizing.Listing[Signature], name: str, roster: Roster) -> Page:
    """Render the letters whose name has the words that somebody looks for, newest first."""
    return render_framed(
        "dashboard_named.html",
        viewer.language,
        viewer,
        "signatures",
        rows=[
            (row, _name(viewer, roster, row.target), _status(viewer, row), _suspicion(viewer, row))
            for row in found.items
        ],
        name=name,
        ended_early=found.ended_early,
        most=MOST_NAMES_READ,
        next_cursor=cursor_of(found.next_position),
    )


def signature(
    viewer: Viewer, row: Signature, target: Target, signed: tuple[Target, Letter] | None, delivery: Delivery | None
) -> Page:
    """Render a letter as it was `signed`, its outcome, and its buttons."""
    whom, letter = signed or (target, None)
    html = render_html(letter.template, whom, row.details, letter.language) if letter else ""
    return render_framed(
        "dashboard_signature.html",
        viewer.language,
        viewer,
        "signatures",
        ("letter.css",),
        row=row,
        name=f"{target.addressed(viewer.language)}, {target.locality}",
        letter_html=Markup(html),  # noqa: S704  (the letter's rendering escapes every value)
        letter_language=letter.language if letter else "",
        delivered=viewer.state_of(delivery) if delivery else None,
        state=_status(viewer, row),
        suspicion=_suspicion(viewer, row),
    )


def _status(viewer: Viewer, row: Signature) -> str:
    if row.on_hold:
        return viewer.say(Message.in_context("status of a letter", "Confirmed, on hold"))
    if row.reported_status == "quarantined" and row.quarantine == "no mailbox":
        return viewer.say(Message.in_context("status of a letter", "Wrong email address"))
    return viewer.say(STATUSES[row.reported_status])


def _suspicion(viewer: Viewer, row: Signature) -> str | None:
    return _words_of(viewer, row.quarantine) if row.quarantine else None


def _words_of(viewer: Viewer, suspicion: str) -> str:
    """Return a suspicion in words; one that another version of the code wrote stays as it is."""
    known = next((message for name, message in _SUSPICIONS.items() if name == suspicion), None)
    return viewer.say(known) if known else suspicion


def _suspicions(viewer: Viewer) -> list[tuple[str, str]]:
    """Return the suspicions that a form offers to choose from."""
    known = [(name, viewer.say(message)) for name, message in _SUSPICIONS.items()]
    return [("any", viewer.say(_ANY_SUSPICION)), *known]


def screening(viewer: Viewer, evidence: Evidence) -> Page:
    """Render the evidence against the newest letters, and the form that selects letters."""
    return _screening(viewer, found=[*_criteria(viewer, evidence)], places=None, done=None)


def select_again(viewer: Viewer, typed: Mapping[str, str], wrong: Mapping[str, Message]) -> Page:
    """Render the form that selects letters again, with the typed values, and with the mistakes by field."""
    errors = {name: viewer.say(message) for name, message in wrong.items()}
    return _screening(viewer, places=None, done=None, typed=typed, errors=errors)


def screened(
    viewer: Viewer, wanted: SignatureFilter, found: Screened, after: str | None, done: Screened | None
) -> Page:
    """Render the places of the selected letters, the buttons for them, and the result of a button."""
    chosen = _as_posted(wanted)
    return _screening(
        viewer,
        places=[(viewer.say(_PLACES[place]), found.places[place]) for place in PLACES if place in found.places],
        actions=[(action, *map(viewer.say, words)) for action, words in _SCREENING.items() if found.reached_by(action)],
        criteria=_criteria_in_words(viewer, wanted),
        sample=[(row, _status(viewer, row)) for row in found.sample],
        wanted=[*chosen, ("cursor", cursor_of(after))],
        older=[*chosen, ("cursor", cursor_of(found.next_position))] if found.next_position else None,
        done=viewer.say(_done(done, viewer.language)) if done else None,
    )


def _screening(viewer: Viewer, **values: object) -> Page:
    typed_nothing = {"typed": dict.fromkeys(CRITERIA, ""), "errors": {}}
    return render_framed(
        "dashboard_screening.html",
        viewer.language,
        viewer,
        "signatures",
        (),
        suspicions=_suspicions(viewer),
        **(typed_nothing | values),
    )


def _criteria(viewer: Viewer, evidence: Evidence) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Return the evidence against letters, each piece with the values that select its letters."""
    for suspicion, letters in evidence.suspicions.items():
        yield _letters(viewer, letters, _words_of(viewer, suspicion)), [("suspicion", suspicion)]
    if wave := evidence.wave:
        when = short_moment(viewer.local(wave.first), viewer.language)
        words = viewer.say(Message("from one network within an hour, beginning on %(when)s", {"when": when}))
        hour = [("signed_from", wave.first.isoformat()), ("signed_before", wave.before.isoformat())]
        yield _letters(viewer, wave.letters, words), [("network", wave.network), *hour]
    if domain := evidence.domain:
        words = viewer.say(Message("with addresses at %(domain)s", {"domain": domain.name}))
        yield _letters(viewer, domain.letters, words), [("domain", domain.name)]
    if evidence.on_hold:
        yield _letters(viewer, evidence.on_hold, viewer.say(_PLACES["on hold"])), [("on_hold", "yes")]


def _letters(viewer: Viewer, letters: int, words: str) -> str:
    values = {"count": number(letters, viewer.language), "words": words}
    return viewer.say(Message.counted("%(count)s letter: %(words)s", "%(count)s letters: %(words)s", letters, values))


def _criteria_in_words(viewer: Viewer, wanted: SignatureFilter) -> list[tuple[str, str]]:
    suspicions = dict(_suspicions(viewer))
    criteria: list[tuple[Message, str | None]] = [
        (Message("Recipient"), wanted.target),
        (Message("Looks like a bot’s"), suspicions[wanted.suspicion] if wanted.suspicion else None),
        (Message("Domain of the email address"), wanted.domain),
        (Message("Network"), wanted.network),
        (Message("Signed from"), _local(viewer, wanted.signed_from)),
        (Message("Signed before"), _local(viewer, wanted.signed_before)),
        (Message.in_context("where letters are", "On hold"), viewer.say(Message("yes")) if wanted.on_hold else None),
    ]
    return [(viewer.say(label), value) for label, value in criteria if value]


def _local(viewer: Viewer, moment: datetime | None) -> str | None:
    return short_moment(viewer.local(moment), viewer.language) if moment else None


def _as_posted(wanted: SignatureFilter) -> list[tuple[str, str | None]]:
    moments = {"signed_from": wanted.signed_from, "signed_before": wanted.signed_before}
    return [
        ("target", wanted.target),
        ("suspicion", wanted.suspicion),
        ("domain", wanted.domain),
        ("network", wanted.network),
        *((name, moment.isoformat() if moment else None) for name, moment in moments.items()),
        ("on_hold", "yes" if wanted.on_hold else None),
    ]


def _done(done: Screened, language: str) -> Message:
    values: dict[str, object] = {"count": number(done.changed, language), "rest": number(done.under_way, language)}
    if done.under_way:
        return Message(
            "Letters changed: %(count)s. Another %(rest)s are in an email that is being sent: try again in an hour.",
            values,
        )
    return Message("Letters changed: %(count)s.", values)


def exports(viewer: Viewer, found: Sequence[Export], roster: Roster) -> Page:
    """Render the exports and the form that requests one."""
    return render_framed(
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
    return render_framed(
        "dashboard_audit.html",
        viewer.language,
        viewer,
        "audit",
        rows=[(entry, viewer.say(_what_happened(entry))) for entry in found.items],
        next_cursor=cursor_of(found.next_position),
    )


def _what_happened(entry: AuditEntry) -> Message:
    several = ACTIONS[entry.action].said
    return _ACTIONS_ON_ONE.get(entry.action, several) if _OF_ONE_LETTER.fullmatch(entry.about) else several


def _name(viewer: Viewer, roster: Roster, target: str) -> str:
    found = roster.by_id.get(target)
    return f"{found.addressed(viewer.language)}, {found.locality}" if found else target


def _choices(roster: Roster) -> list[tuple[str, str]]:
    return [(target.id, f"{target.locality}: {target.name}") for target in roster.by_id.values()]
