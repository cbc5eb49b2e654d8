"""Check which alarms go off, by what AWS sends to the metrics that they watch."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.aws_from_template import load_template
from tests.template.cloudwatch import Metric, is_on
from tests.template.reading import ALARM, of_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.template.cloudwatch import Values

TEMPLATE = load_template()
LEFT_OUT_AFTER = 3


def queue_metrics(queue: str, messages: Iterable[range]) -> Values:
    """Return what SQS sends about a queue each minute: messages are received at these seconds, and gone after the last.

    A message is hidden in between. ApproximateAgeOfOldestMessage leaves out those that were received more than three
    times ("Available CloudWatch metrics for Amazon SQS", SQS developer guide).
    """
    found: dict[Metric, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    listed = list(messages)
    for minute in range(max(tries.stop for tries in listed) // 60 + 1):
        second = minute * 60
        here = [tries for tries in listed if tries.start <= second < tries.stop]
        ages = [second - one.start for one in here if (second - one.start) // one.step < LEFT_OUT_AFTER]
        for name, value in (
            ("ApproximateNumberOfMessagesVisible", 0),
            ("ApproximateNumberOfMessagesNotVisible", len(here)),
            ("ApproximateAgeOfOldestMessage", max(ages, default=0)),
        ):
            found[Metric("AWS/SQS", name, queue)][minute].append(value)
    return found


def is_alarm_on(name: str, values: Values, now: int) -> bool:
    return is_on(of_type(TEMPLATE, ALARM)[name], values, now)


def test_an_email_to_sign_in_with_that_ses_does_not_take_raises_an_alarm_while_its_code_works() -> None:
    """It is tried every 20 seconds, for a quarter of an hour."""
    values = queue_metrics("PeopleMails", [range(0, 15 * 60, 20)])

    assert is_alarm_on("PeopleMailsWaitAlarm", values, 15)


def test_emails_to_sign_in_with_that_leave_at_once_raise_none() -> None:
    values = queue_metrics("PeopleMails", [range(start, start + 2) for start in range(30, 3600, 60)])

    assert not any(is_alarm_on("PeopleMailsWaitAlarm", values, now) for now in range(60))
