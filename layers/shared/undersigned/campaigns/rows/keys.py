"""The keys of a campaign's rows: `campaigns.py` has the table of them, and other entities' transactions use them."""

from __future__ import annotations

from undersigned.base.rows import Key

SETTINGS = "META"
LETTERS = "LETTER#"
TARGETS = "TARGET#"


def campaign_partition(campaign: str) -> str:
    """Return the partition of a campaign, its letters, its targets and its controls."""
    return f"CAMPAIGN#{campaign}"


def campaign_key(campaign: str) -> Key:
    """Return the key of a campaign's settings."""
    return Key(campaign_partition(campaign), SETTINGS)


def letter_key(campaign: str, version: str) -> Key:
    """Return the key of a letter version."""
    return Key(campaign_partition(campaign), LETTERS + version)


def target_key(campaign: str, target: str) -> Key:
    """Return the key of a target."""
    return Key(campaign_partition(campaign), TARGETS + target)


def share_picture_key(campaign: str, language: str) -> Key:
    """Return the key of the picture beside a shared link in a language."""
    return Key(campaign_partition(campaign), f"PICTURE#{language}")


def controls_key(campaign: str) -> Key:
    """Return the key of the controls of a campaign's deliveries."""
    return Key(campaign_partition(campaign), "CONTROLS")


def audit_partition(campaign: str) -> str:
    """Return the partition of a campaign's activity log."""
    return f"AUDIT#{campaign}"
