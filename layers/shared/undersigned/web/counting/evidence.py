"""The evidence against letters as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from undersigned.domain.counting.screening import DomainShare, Evidence, Wave


def evidence_values(found: Evidence) -> dict[str, object]:
    """Return the evidence against letters."""
    return {
        "letters": found.letters,
        "suspicions": dict(found.suspicions),
        "wave": _wave_values(found.wave) if found.wave else None,
        "domain": _domain_values(found.domain) if found.domain else None,
        "on_hold": found.on_hold,
        "damaged": found.left_out,
    }


def _wave_values(wave: Wave) -> dict[str, object]:
    return {
        "network": wave.network,
        "letters": wave.letters,
        "first": wave.first.isoformat(),
        "last": wave.last.isoformat(),
    }


def _domain_values(domain: DomainShare) -> dict[str, object]:
    return {"domain": domain.name, "letters": domain.letters}
