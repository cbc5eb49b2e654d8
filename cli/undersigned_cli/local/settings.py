"""The settings of a local stack, which the program that starts it passes on to its process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SENDER_IDENTITY = "enddemand.example"
ADMIN_EMAIL = f"administrator@{SENDER_IDENTITY}"
"""The administrator of a local stack. The inbox shows the emails with which they sign in."""

VARIABLES = {"FORMS_A_MINUTE": "300", "ACCEPT_RESERVED_DOMAINS": "true"}
"""Variables in place of the template's: everybody signs from here, with addresses like a@b.example."""

PARAMETERS = {
    "SenderIdentity": SENDER_IDENTITY,
    "SenderAddress": f"letters@{SENDER_IDENTITY}",
    "OperatorEmail": f"operator@{SENDER_IDENTITY}",
    "AdminEmail": ADMIN_EMAIL,
    # All signers of a demo or a test are on this machine, which counts as one network.
    "UnconfirmedMailsANetwork": "100000",
    "UnconfirmedMailsADomain": "100000",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The stack's ports on 127.0.0.1. 0 means any that is free."""

    front: int = 8000
    desk: int = 8001


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """How to run a stack: the folder of its state, its ports, whether schedules fire, and values in place of others."""

    state: Path
    ports: Ports
    schedules: bool
    parameters: Mapping[str, str]
    variables: Mapping[str, str]
