"""Changes of a published campaign, as the activity log keeps them: what differs, by name, never its contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

type Kind = Literal["new campaign", "settings", "letter", "added", "changed", "retired", "more"]

_MOST = 40
"""How many changes an entry of the activity log names. An item of the table is at most 400 kB."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a push makes.

    `of` is the language of a letter, the id of a target that was added, changed or retired, or the number of more
    changes. `names` are the attributes that differ, or the version of a letter.
    """

    kind: Kind
    of: str = ""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the change as the log keeps it: `settings (goal)`, `evanston (email)`, `skokie added`."""
        match self.kind:
            case "new campaign":
                return self.kind
            case "settings" | "changed":
                return f"{self.of or self.kind} ({', '.join(self.names)})"
            case "letter":
                return f"letter {self.of} {self.names[0]}"
            case "more":
                return f"and {self.of} more"
        return f"{self.of} {self.kind}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the change that the log keeps so. Raises ValueError for any other text."""
        of, _, what = text.partition(" ")
        if what.startswith("(") and what.endswith(")"):
            names = tuple(what[1:-1].split(", "))
            return cls("settings", names=names) if of == "settings" else cls("changed", of, names)
        match (of, *what.split(" ")):
            case ("new", "campaign"):
                return cls("new campaign")
            case ("letter", language, version):
                return cls("letter", language, (version,))
            case ("and", number, "more"):
                return cls("more", number)
            case (_, "added" | "retired"):
                return cls(cast("Kind", what), of)
        raise ValueError(text)


def in_short(changes: Sequence[Change]) -> str:
    """Return changes as an entry of the activity log keeps them; empty if there are none."""
    left_out = len(changes) - _MOST
    return "; ".join(map(str, [*changes[:_MOST], *([Change("more", str(left_out))] if left_out > 0 else [])]))
