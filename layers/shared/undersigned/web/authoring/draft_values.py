"""Drafts as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from undersigned.authoring.mistakes import MistakesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from undersigned.authoring.mistakes import Mistake
    from undersigned.domain.authoring.drafts import Draft
    from undersigned.services.authoring.drafting import Checked
    from undersigned.services.authoring.publishing_effects import Effects, TargetChange

MOST_MISTAKES = 100
"""The most mistakes, warnings or notes in an answer. `count` says how many there are."""


def draft_values(draft: Draft) -> Mapping[str, object]:
    """Return a draft. `settings` is null if campaign.toml is not TOML."""
    # Here, since it imports the TOML writer, and no other route needs it.
    from undersigned.authoring.settings_document import SettingsDocument

    try:
        settings = SettingsDocument.read(draft.files.get("campaign.toml", "")).values
    except MistakesError:
        settings = None
    return {
        "campaign": draft.campaign,
        "revision": draft.revision,
        "published": draft.is_published,
        "changed_by": draft.changed_by or None,
        "changed_at": draft.changed_at.isoformat() if draft.changed_at else None,
        "files": draft.files,
        "settings": settings,
        "earlier": [
            {"revision": it.revision, "changed_by": it.by, "changed_at": it.at and it.at.isoformat()}
            for it in draft.earlier
        ],
    }


def checked_values(checked: Checked) -> Mapping[str, object]:
    """Return the compiler's findings."""
    return {
        "mistakes": _first(checked.mistakes),
        "mistakes_count": len(checked.mistakes),
        "warnings": _first(checked.warnings),
        "notes": _first(checked.notes),
    }


def _first(found: Iterable[Mistake]) -> list[Mapping[str, object]]:
    return [
        {"file": mistake.file, "line": mistake.line, "column": mistake.column, "message": mistake.message}
        for mistake, _ in zip(found, range(MOST_MISTAKES), strict=False)
    ]


def effects_values(effects: Effects) -> Mapping[str, object]:
    """Return the effects of publishing."""
    return {
        "new": effects.is_new,
        "outdated": effects.is_outdated,
        "counts_all": effects.counts_all,
        "by_hand": effects.by_hand,
        "letters": [
            {
                "language": change.language,
                "version": change.version,
                "before": change.before,
                "signed": change.signed,
                "at_least": change.at_least,
            }
            for change in effects.letters
        ],
        "added": [change.id for change in effects.added],
        "changed": [_target(change) for change in effects.changed],
        "retired": [{"target": change.id, "waiting": change.waiting} for change in effects.retired],
        "settings": [
            {"name": change.name, "before": change.before, "after": change.after} for change in effects.settings
        ],
    }


def _target(change: TargetChange) -> Mapping[str, object]:
    return {
        "target": change.id,
        "changed": change.changed,
        "waiting": change.waiting,
        "bounced": [delivery.key.period for delivery in change.bounced],
    }
