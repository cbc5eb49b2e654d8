"""What links are for, and what holds for the links of each purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, NamedTuple

type SecretName = Literal["stack", "organizers"]
type Purpose = Literal["confirm", "letter", "disown", "packets", "office", "cover", "form", "person", "typed"]


class Terms(NamedTuple):
    """What holds for all links of a purpose: how long they work, the names of their parts, and the secret that signs.

    A link that is too old may still tell its first part.
    """

    valid_for: timedelta
    parts: tuple[str, ...]
    secret: SecretName = "stack"  # noqa: S105  (a name)
    tells_when_old: bool = False


_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)

PURPOSES: dict[Purpose, Terms] = {
    # It works for longer than its form, which says until when it can be confirmed. It then shows the letter's status.
    "confirm": Terms(400 * _DAY, ("campaign", "signer", "form"), tells_when_old=True),
    "letter": Terms(400 * _DAY, ("campaign", "signer"), tells_when_old=True),
    "disown": Terms(400 * _DAY, ("campaign", "signer"), tells_when_old=True),
    "packets": Terms(30 * _DAY, ("campaign", "target", "period")),
    # Who has it speaks for the office, so only an email to it has one.
    "office": Terms(400 * _DAY, ("campaign", "target", "mailbox")),
    # It is read years later, for as long as its key is accepted.
    "cover": Terms(36525 * _DAY, ("campaign", "target")),
    "form": Terms(2 * _DAY, ("campaign",)),
    # Links that let somebody act as an organizer have a secret of their own.
    "person": Terms(12 * _HOUR, ("person", "session"), "organizers"),
    # It is signed, not secret: it only goes back to the browser where its values were typed.
    "typed": Terms(12 * _HOUR, ("person", "path", "values"), "organizers"),
}
