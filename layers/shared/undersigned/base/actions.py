"""Actions: what organizers do. Each is a line with its words, its scope and its button, and a function that does it.

The dashboard's route, the command, the entry in the activity log and the notice follow from both.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from undersigned.base.languages import Message
    from undersigned.base.scopes import Scope
    from undersigned.base.stack import Stack


@dataclass(frozen=True, slots=True)
class Field:
    """What an action is given beside its campaign and its ids: how it is read, its label, and its words for a command.

    `read` raises an error with the way out for a text that can't be used. A field that `is_needed` can't be empty.
    """

    read: Callable[[str], Any]
    help: str
    label: Message | None = None
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did: the word of its notice, and its entry in the activity log; with `log` as None, there is none.

    By default the entry is about the action's ids, and has its reason.
    """

    word: str
    log: str | None = ""
    about: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something that organizers do. Without a page, only a command does it.

    `said` has its words in the activity log. The dashboard posts to `page`, below the campaign's address, with variable
    parts in angle brackets. The button sends the values in `sends`. `why` asks for a reason, which is required with
    `needs_why`. An action that `is_final` erases or closes, so its button doesn't look like a button that saves. With
    `asks`, its command shows what it is about, and asks this first. `do` does the action. It takes the stack, the
    campaign's id, the ids in `page`, the action's fields, and `by` if it must know who acts. `done` has a notice for
    each word that it returns.
    """

    said: Message
    command: str = ""
    page: str = ""
    button: Message | None = None
    why: Message | None = None
    sends: Mapping[str, str] = field(default_factory=dict)
    needs_why: bool = False
    is_final: bool = False
    asks: str = ""
    scope: Scope = "manage"
    do: Callable[..., Done] | None = None
    done: Mapping[str, Message] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the names of the ids in its page's address."""
        return tuple(re.findall(r"<(\w+)>", self.page))

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Yield its fields by name: the parameters of its function that are annotated with one."""
        for name, parameter in (inspect.signature(self.do, eval_str=True).parameters if self.do else {}).items():
            for told in getattr(parameter.annotation, "__metadata__", ()):
                if isinstance(told, Field):
                    yield name, told


ACTIONS: dict[str, Action] = {}
"""Every action by its name in the activity log."""


def action(name: str, said: Message, **how: Any) -> Callable[[Callable[..., Done]], Callable[..., Done]]:  # noqa: ANN401
    """Make a function the action of this name. `how` has the other values of `Action`."""

    def register(do: Callable[..., Done]) -> Callable[..., Done]:
        made = Action(said, do=do, **how)
        reason = dict(made.fields()).get("why")
        words: dict[str, Any] = {"why": reason.label, "needs_why": reason.is_needed} if reason else {}
        ACTIONS[name] = replace(made, **words)
        return do

    return register


def run(stack: Stack, name: str, campaign: str, given: Mapping[str, str], by: str) -> Done:
    """Read an action's fields, do it, and return what it did, with its entry in the log filled in.

    `given` has texts by the names of its ids and fields. Raises what the fields and the function raise.
    """
    chosen = ACTIONS[name]
    if chosen.do is None:
        message = f"nothing does {name!r} here"
        raise LookupError(message)
    ids = {part: given[part] for part in chosen.ids}
    values = {part: told.read(given.get(part, "")) for part, told in chosen.fields()}
    known = {"by": by} if "by" in inspect.signature(chosen.do).parameters else {}
    done = chosen.do(stack, campaign, **ids, **values, **known)
    return Done(
        done.word,
        done.log if done.log != "" else name,
        about=" ".join(ids.values()) if done.about is None else done.about,
        why=str(values.get("why", "")) if done.why is None else done.why,
    )
