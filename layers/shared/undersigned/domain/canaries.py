"""The canary's campaigns: one for each outcome that SES's mailbox simulator can cause, with a target for each weekday.

They are not listed, so no plan, report, reconciliation or person sees them. Source of the addresses: "Using the mailbox
simulator manually", SES developer guide. Emails to them count in no quota and in no rate of bounces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from undersigned.domain.campaigns import Campaign, Organizer, Target
from undersigned.domain.letters import Letter
from undersigned.domain.schedule import DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from undersigned.domain.deliveries import DeliveryState
    from undersigned.domain.signatures import Signature

Outcome = Literal["success", "bounce", "complaint"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

STATE_OF: Mapping[Outcome, DeliveryState] = {"success": "delivered", "bounce": "bounced", "complaint": "complained"}
"""The state of a delivery to each target of a campaign."""

PREFIX = "undersigned-canary-"

SIMULATOR = "simulator.amazonses.com"

SIGNER = f"success@{SIMULATOR}"
"""The address that signs. Its confirmation email arrives, and nobody reads it."""

LETTER = Letter.of(
    "en",
    "This letter checks that letters arrive.\n\n{{ signature }}",
    "<p>This letter checks that letters arrive.</p>\n<p>{{ signature }}</p>",
)


def canary_id(outcome: Outcome) -> str:
    """Return the id of the campaign for an outcome."""
    return f"{PREFIX}{outcome}"


CANARIES = frozenset(map(canary_id, OUTCOMES))


def is_canary(campaign: str) -> bool:
    """Say whether a campaign is the canary's, which counts nowhere."""
    return campaign in CANARIES


def is_canarys_letter(signature: Signature) -> bool:
    """Say whether the canary signed a letter. A stranger can find the form, and emails to strangers need a budget.

    A stranger who signs with the canary's own address is the same signer, who gets a few emails a day.
    """
    return is_canary(signature.campaign) and signature.email == SIGNER


def canary_campaign(outcome: Outcome, time_zone: str) -> Campaign:
    """Return the campaign for an outcome."""
    return Campaign(
        id=canary_id(outcome),
        title="The canary",
        summary="Nobody reads these letters: once a day the stack checks that letters arrive.",
        organizer=Organizer("The operator of this stack", SIGNER),
        language="en",
        time_zone=time_zone,
        region="IL",
        goal=1,
        letter=LETTER.version,
        proof_of_work="never",
        street_address="no",
        own_words=False,
    )


def canary_target(outcome: Outcome, weekday: int) -> Target:
    """Return the target of a weekday (Monday is 0), so that two deliveries to a target are seven days apart."""
    day = DAYS[weekday].lower()
    return Target(
        id=day,
        title="Mailbox",
        name=f"{outcome} {day}",
        department="Mailbox simulator",
        locality="Seattle",
        email=f"{outcome}+{day}@{SIMULATOR}",
        postal_codes=(),
    )


def canary_form(form_token: str, weekday: int) -> dict[str, str]:
    """Return the values of the canary's form."""
    return {
        "name": "Canary",
        "email": SIGNER,
        "locality": "Seattle",
        "region": "WA",
        "postal_code": "98101",
        "signature": "Canary",
        "target": DAYS[weekday].lower(),
        "form": form_token,
    }
