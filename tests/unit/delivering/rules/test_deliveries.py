from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.deliveries import delivery_of
from undersigned.campaigns.rules.campaigns import Target
from undersigned.delivering.rules.bundles import Bundle, Signers
from undersigned.delivering.rules.deliveries import (
    OUTCOME_WITHIN,
    UNSETTLED_FOR,
    Attempt,
    Delivery,
    DeliveryKey,
    PacketRecord,
)
from undersigned.delivering.rules.mail_events import MailEvent, MailEventKind, after_event
from undersigned.delivering.rules.packets import (
    erased_by_packet,
    has_erased,
    packet_filename,
    packet_name,
    packet_spans,
)
from undersigned.delivering.rules.states import DeliveryState, Question

DATA_MODEL = Path(__file__).parents[4] / "docs" / "data-model.md"
KEY = DeliveryKey("trees", "oakton", "2026-11-30")
NINE = datetime(2026, 11, 30, 15, tzinfo=UTC)
SENDING = delivery_of(KEY, "sending", NINE, attempt=1, letters=3, last=Attempt(since=NINE))
TARGET = Target("oakton", "Police Chief", "Avery Sample", "Police", "Oakton", "chief@oakton.example", ())

# A state may change to any later one: an email that was delivered can still bounce, but not the reverse.
WAY: tuple[DeliveryState, ...] = ("sending", "sent", "delivered", "bounced", "complained")
STATE_OF: dict[MailEventKind, DeliveryState] = {
    "send": "sent",
    "delivery": "delivered",
    "bounce": "bounced",
    "complaint": "complained",
}


def event(kind: MailEventKind, minute: int = 1, attempt: int = 1, reason: str | None = None) -> MailEvent:
    at = NINE + timedelta(minutes=minute)
    about: dict[str, Any] = {"attempt": attempt, "message_id": f"message-{attempt}", "at": at, "reason": reason}
    return MailEvent(**asdict(KEY), kind=kind, permanent=kind == "bounce", **about)


def test_a_send_event_gives_the_delivery_its_message_id_and_time() -> None:
    delivery = after_event(SENDING, event("send"))

    assert delivery == SENDING.sent("message-1", NINE + timedelta(minutes=1))


def test_a_delivered_email_keeps_the_time_it_was_sent() -> None:
    delivery = after_event(after_event(SENDING, event("send", 1)), event("delivery", 2))

    assert delivery.state == "delivered"
    assert delivery.last.sent_at == NINE + timedelta(minutes=1)
    assert delivery.last.settled_at == NINE + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("delivery", "days", "state", "is_received"),
    [
        (replace(SENDING, state="in_doubt"), 4, "sent", True),
        (replace(SENDING, state="sent"), 4, "sent", True),
        (replace(SENDING, state="in_doubt"), -1, "in_doubt", False),
        (replace(SENDING, state="bounced"), 4, "bounced", True),
        (replace(SENDING, state="complained"), 4, "complained", True),
        (replace(SENDING, state="in_doubt").opened_again(), 4, "open", True),
        (after_event(replace(SENDING, state="in_doubt").opened_again(), event("send", 0)), 4, "sent", True),
        (after_event(replace(SENDING, state="in_doubt").opened_again(), event("delivery", 9)), 4, "delivered", True),
        (
            after_event(SENDING, event("bounce", 0)).opened_again().held(3, "chief@oakton.example", "stopped"),
            4,
            "held",
            True,
        ),
        (
            after_event(SENDING, event("bounce", 0)).opened_again().held(3, "chief@oakton.example", "stopped"),
            -1,
            "held",
            False,
        ),
    ],
)
def test_the_word_of_an_office_about_the_last_email_answers_what_nobody_else_knows(
    delivery: Delivery, days: int, state: DeliveryState, *, is_received: bool
) -> None:
    said = NINE + timedelta(days=days)
    seen = delivery.with_word_of(replace(TARGET, received={KEY.period: said, "2026-12-07": NINE}))
    assert (seen.state, delivery.received_at(replace(TARGET, received={KEY.period: said})) is not None) == (
        state,
        is_received,
    )
    assert delivery.with_word_of(replace(TARGET, received={"2026-12-07": said})) == delivery
    if state == "sent":
        assert (seen.question(said + timedelta(days=9)), seen.last.sent_at, seen.last.settled_at) == (None, NINE, said)


@pytest.mark.parametrize("state", get_args(DeliveryState))
def test_an_office_can_have_only_what_left_by_email_and_is_not_being_sent(state: DeliveryState) -> None:
    delivery = replace(SENDING, state=state)
    assert delivery.can_be_received == (state not in {"open", "sending", "empty"})
    assert not replace(delivery, attempt=0).can_be_received
    assert not replace(delivery, way="by hand").can_be_received


def test_a_bounce_keeps_its_reason() -> None:
    assert after_event(SENDING, event("bounce", reason="mailbox full")).reason == "mailbox full"


def test_a_rejected_email_counts_as_bounced() -> None:
    assert after_event(SENDING, event("reject")).state == "bounced"


def test_a_delay_changes_nothing() -> None:
    assert after_event(SENDING, event("delivery_delay")) == SENDING


def test_nothing_is_known_of_an_attempt_that_begins() -> None:
    bounced = replace(after_event(SENDING, event("bounce", reason="mailbox full")), erased=frozenset({"ada"}))
    begun = bounced.opened_again().begun([packet(1, 1, 2), packet(2, 3, 3)], "chief@oakton.example", NINE)

    assert (begun.state, begun.attempt, begun.letters, begun.reason) == ("sending", 2, 3, None)
    assert begun.last == Attempt(packets=2, bytes=2000, left_out=frozenset({"ada"}), since=NINE)
    assert (begun.erased, begun.question(NINE)) == (bounced.erased, None)


def test_what_ses_said_stays_when_a_person_sends_the_email_again() -> None:
    bounced = after_event(SENDING, event("bounce"))

    assert after_event(bounced.opened_again(), event("bounce", 2)).state == "open"


@pytest.mark.parametrize("order", list(permutations(STATE_OF)))
def test_events_in_any_order_end_in_the_last_state(order: tuple[MailEventKind, ...]) -> None:
    delivery = SENDING
    for kind in order:
        delivery = after_event(delivery, event(kind))

    assert delivery.state == "complained"


def test_a_second_bounce_does_not_replace_the_first() -> None:
    bounced = after_event(SENDING, event("bounce", 1, reason="mailbox full"))

    assert after_event(bounced, event("bounce", 2, reason="another")) == bounced


def test_an_event_of_an_earlier_attempt_changes_nothing() -> None:
    second = replace(SENDING, attempt=2)

    assert after_event(second, event("bounce", attempt=1)) == second


@given(st.lists(st.tuples(st.sampled_from(get_args(MailEventKind)), st.integers(1, 9), st.integers(1, 2))))
def test_a_state_never_goes_back_and_a_repeated_event_changes_nothing(
    events: list[tuple[MailEventKind, int, int]],
) -> None:
    delivery = SENDING
    for kind, minute, attempt in events:
        moved = after_event(delivery, event(kind, minute, attempt))
        assert WAY.index(moved.state) >= WAY.index(delivery.state)
        assert after_event(moved, event(kind, minute, attempt)) == moved
        delivery = moved

    reported = [
        STATE_OF.get(kind, "bounced") for kind, _, attempt in events if attempt == 1 and kind != "delivery_delay"
    ]
    assert delivery.state == max(reported, key=WAY.index, default="sending")


def test_a_transient_bounce_counts_unless_the_email_was_delivered_in_any_order() -> None:
    transient = replace(event("bounce"), permanent=False)

    assert after_event(SENDING, transient).state == "bounced"
    assert after_event(after_event(SENDING, transient), event("send")).state == "bounced"
    assert after_event(after_event(SENDING, transient), event("delivery")).state == "delivered"
    assert after_event(after_event(SENDING, event("delivery")), transient).state == "delivered"
    assert after_event(after_event(SENDING, transient), event("bounce")).last.permanent


def test_a_late_event_of_a_bounced_email_does_not_settle_the_held_delivery() -> None:
    held = replace(after_event(SENDING, event("bounce")), state="held")

    assert after_event(held, event("send")) == held
    assert after_event(held, event("delivery")) == held


def test_a_delivery_held_after_its_email_was_sent_is_settled_by_the_emails_event() -> None:
    assert after_event(replace(SENDING, state="held"), event("send")).state == "sent"


def test_a_bounced_delivery_is_unfinished() -> None:
    assert replace(SENDING, state="bounced").is_unfinished
    assert not replace(SENDING, state="bounced").is_settled


@pytest.mark.parametrize("state", ["sent", "delivered", "complained", "empty"])
def test_a_settled_delivery_is_finished(state: DeliveryState) -> None:
    assert replace(SENDING, state=state).is_settled
    assert not replace(SENDING, state=state).is_unfinished


@pytest.mark.parametrize(("letters", "waits"), [(0, False), (1, True)])
def test_a_held_delivery_is_unfinished_if_it_has_letters(letters: int, waits: bool) -> None:  # noqa: FBT001
    assert replace(SENDING, state="held", letters=letters).is_unfinished is waits


@pytest.mark.parametrize(
    ("minutes", "until"),
    [(0, NINE + UNSETTLED_FOR), (59, NINE + UNSETTLED_FOR), (60, None), (600, None)],
)
def test_an_attempt_waits_an_hour_for_its_event(minutes: int, until: datetime | None) -> None:
    assert SENDING.may_have_event_until(NINE + timedelta(minutes=minutes)) == until


@pytest.mark.parametrize("state", ["open", "held"])
def test_a_delivery_that_is_not_being_sent_waits_for_no_event(state: DeliveryState) -> None:
    assert replace(SENDING, state=state).may_have_event_until(NINE) is None


SENT = SENDING.sent("message-1", NINE)
BOUNCED = after_event(SENDING, event("bounce"))


@pytest.mark.parametrize(
    ("delivery", "after_hours", "question"),
    [
        (SENDING, 0.9, None),
        (SENDING, 1, "in doubt"),
        (replace(SENDING, state="in_doubt"), 1, "in doubt"),
        (SENT, 71.9, None),
        (SENT, 72, "no outcome"),
        (SENT.settled_as_sent(NINE), 720, None),
        (after_event(SENT, event("delivery")), 720, None),
        (after_event(SENT, event("complaint")), 720, None),
        (BOUNCED, 0, "bounced"),
        (replace(BOUNCED, state="held"), 720, "bounced"),
        (replace(BOUNCED, state="open"), 720, None),
        (replace(SENDING, state="held"), 720, None),
        (replace(SENDING, state="open"), 720, None),
        (replace(SENDING, state="empty"), 720, None),
    ],
)
def test_what_a_person_has_to_decide(delivery: Delivery, after_hours: float, question: Question | None) -> None:
    assert delivery.question(NINE + timedelta(hours=after_hours)) == question


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("state", get_args(DeliveryState))
def test_an_email_that_may_have_arrived_keeps_its_week_until_a_person_decides(
    state: DeliveryState,
    permanent: bool,  # noqa: FBT001
) -> None:
    """So only one that bounced can be too soon to send again. The dashboard asks for a reason there."""
    delivery = replace(SENT, state=state, last=replace(SENT.last, permanent=permanent))
    question = delivery.question(NINE + timedelta(hours=720))

    assert delivery.occupies_week or question in {None, "bounced"}


PASSINGLY = replace(BOUNCED, last=replace(BOUNCED.last, permanent=False))
NEW = delivery_of(KEY, "open", NINE)
EXAMPLES = {
    "`open`": NEW,
    "`sending`": SENDING,
    "`in_doubt`": SENDING.in_doubt(),
    "`sent`": SENT,
    "`delivered`": after_event(SENT, event("delivery")),
    "`complained`": after_event(SENT, event("complaint")),
    "`bounced`": PASSINGLY,
    "`bounced` for good": BOUNCED,
    "`closed_unsent`": PASSINGLY.closed_unsent("nobody is there", NINE),
    "`closed_unsent` after a bounce for good": BOUNCED.closed_unsent("nobody is there", NINE),
    "`held`": NEW.held(3, "chief@oakton.example", "a complaint"),
    "`held` before a letter was sealed": NEW.held(0, "chief@oakton.example", "a complaint"),
    "`held` after a bounce": replace(PASSINGLY, state="held"),
    "`held` after a bounce for good": replace(BOUNCED, state="held"),
    "`empty`": NEW.emptied(),
}
COLUMNS = (
    "goes_on",
    "awaits_decision",
    "is_unfinished",
    "is_settled",
    "may_have_arrived",
    "occupies_week",
    "is_held_without_week",
)


def test_the_docs_say_what_follows_from_each_state() -> None:
    rows = [("state", *(f"`{column}`" for column in COLUMNS))]
    for name, example in EXAMPLES.items():
        rows.append((name, *("yes" if getattr(example, column) else "no" for column in COLUMNS)))
    head, *lines = (f"| {' | '.join(row)} |\n" for row in rows)
    table = "".join([head, "|---" * len(rows[0]), "|\n", *lines])

    assert {example.state for example in EXAMPLES.values()} == set(get_args(DeliveryState))
    assert table in DATA_MODEL.read_text("utf-8")


def test_an_email_without_an_outcome_is_a_question_after_three_days() -> None:
    assert timedelta(days=3) == OUTCOME_WITHIN


@pytest.mark.parametrize("kind", ["send", "delivery", "complaint"])
def test_a_late_event_of_an_email_in_doubt_moves_it_on(kind: MailEventKind) -> None:
    assert after_event(replace(SENDING, state="in_doubt"), event(kind)).state == STATE_OF[kind]


@pytest.mark.parametrize("kind", ["send", "delivery", "complaint"])
def test_a_late_event_stops_the_second_email_after_a_person_said_that_it_was_not_sent(kind: MailEventKind) -> None:
    assert after_event(replace(SENDING, state="open"), event(kind)).state == STATE_OF[kind]


def test_a_repeated_event_does_not_undo_a_persons_decision() -> None:
    again, arrived = replace(BOUNCED, state="open"), replace(BOUNCED, state="sent")

    assert after_event(again, event("bounce")) == again
    assert after_event(again, event("send")) == again
    assert after_event(arrived, event("bounce")) == arrived
    assert after_event(replace(SENT, state="open"), event("send")).state == "open"
    assert after_event(replace(SENT, state="open"), event("delivery")).state == "delivered"


def test_an_empty_bundle_closes_its_delivery() -> None:
    assert Bundle(2, (), NINE).closes
    assert not Bundle(1, ("robin",), NINE).closes


def test_a_packet_has_up_to_250_letters() -> None:
    assert packet_spans(612, 250) == ((1, 250), (251, 500), (501, 612))


@given(st.integers(0, 3000), st.integers(1, 300))
def test_packets_cover_every_letter_exactly_once(letters: int, size: int) -> None:
    spans = packet_spans(letters, size)

    assert [number for first, last in spans for number in range(first, last + 1)] == list(range(1, letters + 1))
    assert all(last - first + 1 == size for first, last in spans[:-1])


def test_a_delivery_without_letters_has_no_packet() -> None:
    assert packet_spans(0, 250) == ()
    assert packet_spans(250, 250) == ((1, 250),)


def packet(number: int, first: int, last: int) -> PacketRecord:
    return PacketRecord(number, first, last, 1000, 0, NINE.date())


def test_a_packets_name_says_how_many_of_its_letters_are_erased() -> None:
    assert packet_name(KEY, 7, 0) == "packets/trees/2026-11-30/oakton/0007/0.pdf"
    assert packet_name(KEY, 7, 12) == "packets/trees/2026-11-30/oakton/0007/12.pdf"


def test_a_file_with_an_erased_letter_is_known_by_its_name() -> None:
    erased = erased_by_packet(["ada", "ben", "cyd", "dee", "eve"], {"cyd", "dee"}, 2)

    assert erased == {2: 2}
    names = [packet_name(KEY, number, without) for number in (1, 2, 3) for without in (0, 1, 2, 3)]
    assert [one for one in names if has_erased(one, erased)] == [packet_name(KEY, 2, 0), packet_name(KEY, 2, 1)]


def test_a_packets_file_name_has_campaign_office_and_day_and_its_number_if_there_are_several() -> None:
    assert packet_filename(KEY, 1, 1) == "trees-oakton-2026-11-30.pdf"
    assert packet_filename(KEY, 2, 3) == "trees-oakton-2026-11-30-2-of-3.pdf"


def test_a_delivery_without_an_email_names_no_packets() -> None:
    assert delivery_of(KEY, "open", NINE).packets_of_email([packet(1, 1, 2)]) == ()


def test_signers_are_kept_in_16_bytes_each() -> None:
    ids = ("00" * 16, "0123456789abcdef" * 2, "ff" * 16)
    signers = Signers(ids)
    assert (tuple(signers), len(signers), signers[1], signers[-1], signers[1:9]) == (ids, 3, ids[1], ids[2], ids[1:])
    assert not Signers(())
    with pytest.raises(IndexError):
        signers[3]
