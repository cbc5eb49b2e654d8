"""What offices say on their pages: stops, and *Received*.

Strangers can reach the function that writes this. So it is a row of its own, and the function may write no target.

| row | pk | sk |
|---|---|---|
| office | `OFFICE#<campaign>` | `<target>` |

There is no row before an office says something.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr

from undersigned.base.errors import ChangedError
from undersigned.base.rows import Key, built, plain, read_moment
from undersigned.base.table import Check, Repository, Update, as_read, read_row
from undersigned.campaigns.rules.campaigns import Target
from undersigned.campaigns.rules.stops import Stop, mailbox_digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from boto3.dynamodb.conditions import ConditionBase

    from undersigned.base.rows import Values
    from undersigned.base.table import Write

STOPS = "stop_"
"""The beginning of the attributes that hold stops, each with the name of its mailbox."""

RECEIVED = "received_"
"""The beginning of the attributes with the moments of *Received*, each with the period."""

_TRIES = 5
"""How often a stop is changed that others change at the same time."""


def office_partition(campaign: str) -> str:
    """Return the partition of what a campaign's offices say."""
    return f"OFFICE#{campaign}"


def office_key(campaign: str, target: str) -> Key:
    """Return the key of what a target's office says."""
    return Key(office_partition(campaign), target)


def not_stopped(email: str) -> ConditionBase:
    """Return the condition on an office that nobody there stopped the emails to a mailbox."""
    return Attr(STOPS + mailbox_digest(email)).not_exists()


class OfficeRows(Repository):
    """What offices say, in the table."""

    def receive(self, campaign: str, target: str, period: str, at: datetime) -> None:
        """Note when an office said that it has the letters of a period. Raises ChangedError without its target."""
        said = Update(office_key(campaign, target), assign={RECEIVED + period: plain(at)})
        self._table.transact([said, _check_target(campaign, target, Attr("pk").exists())], wait_for_others=True)

    def change_stop(
        self, campaign: str, target: str, mailbox: str, change: Callable[[Stop | None], Stop | None]
    ) -> tuple[Stop | None, Stop | None]:
        """Change the stop of a mailbox, and return it before and after the change; None where there is no stop.

        `change` is called again if another process changes the stop at the same time. Raises ChangedError.
        """
        name, tries = STOPS + mailbox, iter(range(_TRIES - 1))
        while True:
            before = self._stop(campaign, target, name)
            after = change(before)
            if after == before:
                return before, after
            unchanged = as_read({name: plain(before)})
            writes: list[Write] = [Update(office_key(campaign, target), {name: plain(after)}, when=unchanged)]
            if before is None:  # No row is made of a campaign that is deleted meanwhile.
                writes.append(_check_target(campaign, target, Attr("pk").exists()))
            try:
                self._table.transact(writes, wait_for_others=True)
            except ChangedError:
                if next(tries, None) is None:
                    raise
            else:
                return before, after

    def _stop(self, campaign: str, target: str, name: str) -> Stop | None:
        values = self._table.get(office_key(campaign, target), consistent=True) or {}
        return read_row(lambda row: _read_stop(row[name]), values) if name in values else None


def _check_target(campaign: str, target: str, when: ConditionBase) -> Check:
    return Check(Target.locate(campaign=campaign, id=target), when)


def with_words(target: Target, office: Values | None) -> Target:
    """Return a target with what its office says, if there is such a row. Raises DamagedRowsError."""
    return read_row(lambda values: _add(target, values), office) if office else target


def _add(target: Target, values: Values) -> Target:
    return replace(
        target,
        stops={name.removeprefix(STOPS): _read_stop(values[name]) for name in sorted(values) if name.startswith(STOPS)},
        received={
            name.removeprefix(RECEIVED): read_moment(values[name])
            for name in sorted(values)
            if name.startswith(RECEIVED)
        },
    )


def _read_stop(values: Values) -> Stop:
    stop: Stop = built(Stop, values)
    return stop
