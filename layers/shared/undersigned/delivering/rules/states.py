"""The states of a delivery in one table: which event leads where, and what a person may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

DeliveryState = Literal[
    "open", "sending", "in_doubt", "sent", "delivered", "bounced", "closed_unsent", "complained", "held", "empty"
]
"""`in_doubt`: nobody knows whether the email left; `held`: its target's letters are held; `empty`: it has no letter."""

Report = Literal["send", "passing bounce", "delivery", "bounce", "complaint"]
"""What SES reports about an email. After a *bounce*, the address takes no email."""

Decision = Literal["retry", "settle as sent", "settle as not sent", "close unsent", "hand over"]
"""What a person decides about a delivery."""

Event = Literal["begin", "ready", "take", "refuse", "doubt", "hold", "go on", "empty"] | Report | Decision
"""What happens to a delivery. Its worker causes the first of these.

It begins an attempt, or makes packets ready to print; SES takes or refuses the email, or leaves it in doubt for an
hour; its target is held, and goes on; or no letter is left.
"""

Question = Literal["in doubt", "no outcome", "bounced"]
"""The questions that a person decides about a delivery: did its email leave, did it arrive, what is done now."""

Situation = Question | Literal["ready to print"]
"""What a delivery waits for, if it waits for a person."""


class StateRules(NamedTuple):
    """Which state follows each event, and what a person may do, by the situation; None is any other situation."""

    after: Mapping[Event, DeliveryState]
    may: Mapping[Situation | None, tuple[Decision, ...]]


REPORTS: Mapping[Event, DeliveryState] = {
    "send": "sent",
    "passing bounce": "bounced",
    "delivery": "delivered",
    "bounce": "bounced",
    "complaint": "complained",
}
"""The state after each report. Each is news after those before it: after a delivery, a passing bounce is an
out-of-office reply."""

_LATE: Mapping[Event, DeliveryState] = {
    "delivery": "delivered",
    "bounce": "bounced",
    "complaint": "complained",
}
"""The reports that can be news about an email that has arrived or bounced."""

_SETTLE: tuple[Decision, ...] = ("settle as sent", "settle as not sent")
_SETTLED: Mapping[Event, DeliveryState] = {"settle as sent": "sent", "settle as not sent": "open"}
_AGAIN_OR_NEVER: tuple[Decision, ...] = ("retry", "close unsent")
_UNSENT: Mapping[Event, DeliveryState] = {"retry": "open", "close unsent": "closed_unsent"}
_BEGUN: Mapping[Event, DeliveryState] = {"begin": "sending", "ready": "sent", "hold": "held", "empty": "empty"}

STATES: Mapping[DeliveryState, StateRules] = {
    "open": StateRules({**_BEGUN, "retry": "open", **REPORTS}, {None: ("retry",)}),
    "sending": StateRules(
        {"take": "sent", "refuse": "open", "doubt": "in_doubt", **_SETTLED, **REPORTS}, {"in doubt": _SETTLE}
    ),
    "in_doubt": StateRules({**_SETTLED, **REPORTS}, {"in doubt": _SETTLE}),
    "sent": StateRules(
        {**_SETTLED, **_UNSENT, "hand over": "delivered", **REPORTS},
        {"no outcome": _SETTLE, "ready to print": (*_AGAIN_OR_NEVER, "hand over")},
    ),
    "delivered": StateRules(_LATE, {}),
    "bounced": StateRules({**_UNSENT, **_LATE}, {"bounced": _AGAIN_OR_NEVER}),
    "closed_unsent": StateRules({"retry": "open", **_LATE}, {None: ("retry",)}),
    "complained": StateRules({}, {}),
    "held": StateRules(
        {**_BEGUN, "go on": "open", **_UNSENT, **REPORTS}, {None: ("retry",), "bounced": _AGAIN_OR_NEVER}
    ),
    "empty": StateRules({}, {}),
}
"""The rules of each state. An event that a state doesn't list changes nothing."""
