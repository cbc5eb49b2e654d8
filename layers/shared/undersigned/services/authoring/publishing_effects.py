"""Effects: the changes that publishing a campaign's files would make, and the letters that wait for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING

from undersigned.services.authoring.pushing import OF_THE_STACK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from undersigned.authoring.campaigns import CompiledCampaign
    from undersigned.aws.deliveries import Deliveries
    from undersigned.aws.signatures import Signatures
    from undersigned.domain.authoring.campaigns import Campaign, Target
    from undersigned.domain.delivering.deliveries import Delivery
    from undersigned.services.authoring.pushing import PublishedCampaign

MOST_PAGES = 50
"""How many pages of 100 letters are read to count who signed an earlier version."""


MOST_COUNTED = 200
"""The most changed targets, and retired ones, whose waiting letters are counted. Each takes four queries."""


@dataclass(frozen=True, slots=True)
class LetterChange:
    """A new letter version in a language. `before` is the version that people sign now; None in a new language.

    `signed` is how many confirmed letters of the earlier version there are; with `at_least`, there may be more.
    """

    language: str
    version: str
    before: str | None
    signed: int = 0
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class TargetChange:
    """A target that publishing adds, changes or retires. One of `before` and `after` can be None.

    `changed` are the names of its columns that differ. `waiting` letters are in its tray. `bounced` deliveries could be
    sent again to a new address.
    """

    before: Target | None
    after: Target | None
    changed: tuple[str, ...] = ()
    waiting: int = 0
    bounced: tuple[Delivery, ...] = ()

    @property
    def id(self) -> str:
        """Return the target's id."""
        target = self.after or self.before
        return target.id if target else ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting that differs: its name in `Campaign`, and both values as text; None where there is none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of publishing. A campaign that `is_new` has no form yet.

    With `is_outdated`, the campaign was published from elsewhere since the draft was made, and publishing undoes that.
    Unless `counts_all`, waiting letters and bounced deliveries are known of the first MOST_COUNTED targets only.
    `by_hand` is how many targets the campaign then has without an email address.
    """

    is_new: bool
    is_outdated: bool = False
    letters: tuple[LetterChange, ...] = ()
    added: tuple[TargetChange, ...] = ()
    changed: tuple[TargetChange, ...] = ()
    retired: tuple[TargetChange, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    counts_all: bool = True
    by_hand: int = 0

    @property
    def is_nothing(self) -> bool:
        """Say whether publishing changes nothing."""
        return not (self.is_new or self.letters or self.added or self.changed or self.retired or self.settings)


@dataclass(frozen=True, slots=True)
class EffectsOf:
    """Finds the effects."""

    signatures: Signatures
    deliveries: Deliveries
    now: datetime

    def publishing(self, compiled: CompiledCampaign, published: PublishedCampaign, *, is_outdated: bool) -> Effects:
        """Return the effects of publishing a compiled campaign over a published one."""
        name, before = compiled.campaign.id, published.settings
        by_hand = sum(target.by_hand for target in compiled.targets)
        if before is None:
            added = tuple(TargetChange(None, target) for target in compiled.targets)
            return Effects(is_new=True, added=added, by_hand=by_hand)
        known = {target.id: target for target in published.targets.values() if not target.retired}
        kept = {target.id for target in compiled.targets}
        gone = [target for target in known.values() if target.id not in kept]
        changes = [
            (target, changed)
            for target in compiled.targets
            if target.id in known and (changed := _differences(known[target.id], target))
        ]
        return Effects(
            is_new=False,
            is_outdated=is_outdated,
            letters=tuple(self._letters(before, compiled)),
            added=tuple(TargetChange(None, target) for target in compiled.targets if target.id not in known),
            changed=tuple(
                self._change(name, known[target.id], target, changed)
                if number < MOST_COUNTED
                else TargetChange(known[target.id], target, changed)
                for number, (target, changed) in enumerate(changes)
            ),
            retired=tuple(
                TargetChange(target, None, waiting=self._waiting(name, target) if number < MOST_COUNTED else 0)
                for number, target in enumerate(gone)
            ),
            counts_all=max(len(changes), len(gone)) <= MOST_COUNTED,
            settings=tuple(_settings(before, compiled.campaign)),
            by_hand=by_hand,
        )

    def _waiting(self, campaign: str, target: Target) -> int:
        return self.signatures.how_many_wait(campaign, target.id)

    def _letters(self, before: Campaign, compiled: CompiledCampaign) -> Iterator[LetterChange]:
        new = {
            language: letter.version
            for language, letter in compiled.letters.items()
            if before.letters.get(language) != letter.version
        }
        if not new:
            return
        signed, is_all = self._signed(before.id)
        for language, version in new.items():
            earlier = before.letters.get(language)
            yield LetterChange(language, version, earlier, signed[earlier or ""], at_least=not is_all)

    def _signed(self, campaign: str) -> tuple[Counter[str], bool]:
        """Return how many letters there are of each version, and whether all were read."""
        pages = list(islice(self.signatures.pages(campaign), MOST_PAGES + 1))
        rows = (row for page in pages[:MOST_PAGES] for row in page.rows)
        counted = Counter(row.letter for row in rows if row.status != "withdrawn" and row.email)
        return counted, len(pages) <= MOST_PAGES

    def _change(self, campaign: str, before: Target, after: Target, changed: tuple[str, ...]) -> TargetChange:
        has_new_address = before.email != after.email
        bounced = (
            delivery
            for delivery in (self.deliveries.deliveries(campaign, after.id) if has_new_address else ())
            if delivery.question(self.now) == "bounced"
        )
        return TargetChange(before, after, changed, self._waiting(campaign, after), tuple(bounced))


def _differences(before: Target, after: Target) -> tuple[str, ...]:
    names = (field.name for field in fields(after) if field.name not in OF_THE_STACK)
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _settings(before: Campaign, after: Campaign) -> Iterator[SettingChange]:
    old, new = _as_texts(before), _as_texts(after)
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield SettingChange(name, old.get(name), new.get(name))


def _as_texts(campaign: Campaign) -> Mapping[str, str | None]:
    """Return the settings by name, without the letters, whose changes are listed apart."""
    texts = {
        field.name: _text(getattr(campaign, field.name))
        for field in fields(campaign)
        if field.name not in {"id", "letter", "organizer", "translations"}
    }
    texts |= {
        f"organizer.{field.name}": _text(getattr(campaign.organizer, field.name))
        for field in fields(campaign.organizer)
    }
    for language, translation in campaign.translations.items():
        texts |= {f"{language}.title": translation.title, f"{language}.summary": translation.summary}
    return texts


def _text(value: object) -> str | None:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or None
    return str(value).lower() if isinstance(value, bool) else str(value) if value is not None else None
